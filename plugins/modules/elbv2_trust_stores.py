#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _elbv2, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, fixed, items, tags

BUNDLE = dict(
    ca_certificates_bundle_s3_bucket="CaCertificatesBundleS3Bucket",
    ca_certificates_bundle_s3_key="CaCertificatesBundleS3Key",
    ca_certificates_bundle_s3_object_version="CaCertificatesBundleS3ObjectVersion",
)
LIST = dict(s3_bucket="S3Bucket", s3_key="S3Key", s3_object_version="S3ObjectVersion")
CREATING = "CREATING"
# A tag for each revocation list with the object that it was, because AWS tells its number only; the first one before the list itself is there.
NOTE = "RevocationList:"
COMING = f"{NOTE}coming"


def find(aws, wanted):
    mine = [one for one in _listed(aws) if _elbv2.chosen(wanted, one["TrustStoreArn"], one["Name"])]
    tagged = _elbv2.tags_of(aws, [one["TrustStoreArn"] for one in mine])
    return [dict(_have(one), **_noted(tagged.get(one["TrustStoreArn"], {}))) for one in mine]


def _noted(found):
    """The tags, and apart from them what those of the revocation lists say."""
    notes = {key: value for key, value in found.items() if key.startswith(NOTE)}
    return dict(tags={key: value for key, value in found.items() if key not in notes}, _notes=notes)


def _listed(aws):
    return aws.pages("elbv2", "describe_trust_stores", "TrustStores")


def _have(store):
    return dict(id=store["TrustStoreArn"], name=store["Name"], _moving=store["Status"] if store["Status"] == CREATING else None)


def read(aws, have, names):
    """The revocation lists whose object is known. Others stay as they are, and are told."""
    if "revocations" not in names:
        return {}
    found = aws.pages("elbv2", "describe_trust_store_revocations", "TrustStoreRevocations", TrustStoreArn=have["id"])
    lists = {one["RevocationId"]: have["_notes"].get(f"{NOTE}{one['RevocationId']}") for one in found}
    unknown = [number for number, note in lists.items() if note is None]
    if unknown and have["_notes"].get(COMING, "") not in ("", *lists.values()):
        lists[unknown.pop()] = have["_notes"][COMING]  # a run broke off before it could note the number
    if unknown:
        aws.warn(f"{have['name']}: nothing tells of which objects its revocation lists {', '.join(map(str, unknown))} are; they are left alone")
    known = {number: note for number, note in lists.items() if note is not None}
    # One that was added twice, because a list did not show it yet, is there once all the same, and goes as a whole.
    return dict(revocations=[_item(note) for note in dict.fromkeys(known.values())], _lists=known)


def _note(item):
    return " ".join([item["s3_bucket"], item.get("s3_object_version") or "-", item["s3_key"]])


def _item(note):
    bucket, version, key = note.split(" ", 2)
    return dict(s3_bucket=bucket, s3_key=key, **({} if version == "-" else {"s3_object_version": version}))


def look(aws, ids):
    return [_have(one) for one in _listed(aws) if one["TrustStoreArn"] in ids]


def create(aws, want):
    """AWS copies the bundle, and says nothing of where it came from."""
    arguments = {member: want[option] for option, member in BUNDLE.items() if option in want}
    made = aws.elbv2.create_trust_store(Name=want["name"], **arguments, **_elbv2.tagged(want.get("tags", {})))["TrustStores"][0]
    return dict(_have(made), tags=want.get("tags", {}), revocations=[], _notes={}, _lists={})


def update(aws, have, change):
    _elbv2.update_tags(aws, have, change)
    if "revocations" in change:
        _revoke(aws, have, change["revocations"])


def _revoke(aws, have, delta):
    """What comes before what goes, so that a list in a new version is never missing."""
    store, lists = dict(TrustStoreArn=have["id"]), dict(have["_lists"])
    notes = {f"{NOTE}{number}": note for number, note in lists.items()}
    _write_notes(aws, have, {key: note for key, note in notes.items() if key not in have["_notes"]})
    for item in delta.add:
        _write_notes(aws, have, {COMING: _note(item)})
        content = {member: item[option] for option, member in LIST.items() if item.get(option)}
        made = aws.elbv2.add_trust_store_revocations(**store, RevocationContents=[content])["TrustStoreRevocations"]
        _write_notes(aws, have, {f"{NOTE}{one['RevocationId']}": _note(item) for one in made})
    removed = [_note(item) for item in delta.remove]
    gone = [number for number, note in lists.items() if note in removed]
    if gone:
        aws.elbv2.remove_trust_store_revocations(**store, RevocationIds=gone)
    left = {*(key for key in have["_notes"] if key not in notes), *(f"{NOTE}{number}" for number in gone), *([COMING] if delta.add else [])}
    if left:
        aws.elbv2.remove_tags(ResourceArns=[have["id"]], TagKeys=sorted(left))


def _write_notes(aws, have, notes):
    if notes:
        aws.elbv2.add_tags(ResourceArns=[have["id"]], Tags=_tags.as_list(notes))


def delete(aws, have):
    """AWS refuses it while a listener uses it."""
    aws.elbv2.delete_trust_store(TrustStoreArn=have["id"])


def danger(have, change):
    """A list that another version of its object takes the place of is not missed."""
    delta = change.get("revocations") if have else None
    if not delta:
        return None
    staying = {_object(item) for item in [*have["revocations"], *delta.add] if item not in delta.remove}
    lost = [item["s3_key"] for item in delta.remove if _object(item) not in staying]
    return f"would let clients in again whose certificates {', '.join(lost)} revokes" if lost else None


def _object(item):
    return item["s3_bucket"], item["s3_key"]


KIND = Kind(
    name="elbv2_trust_stores",
    identity=("name",),
    options=dict(
        name=fixed(api="CreateTrustStore.Name"),
        ca_certificates_bundle_s3_bucket=Option(required=True, write_only=True, api="CreateTrustStore.CaCertificatesBundleS3Bucket"),
        ca_certificates_bundle_s3_key=Option(required=True, write_only=True, api="CreateTrustStore.CaCertificatesBundleS3Key"),
        ca_certificates_bundle_s3_object_version=Option(write_only=True, api="CreateTrustStore.CaCertificatesBundleS3ObjectVersion"),
        revocations=items(
            key=tuple(LIST),
            options=dict(
                s3_bucket=Option(required=True, api="AddTrustStoreRevocations.RevocationContents.S3Bucket"),
                # What a tag can hold, beside the bucket and a version.
                s3_key=Option(required=True, limits=dict(max=150, pattern=r"^[\w .:/=+@-]+$")),
                s3_object_version=Option(api="AddTrustStoreRevocations.RevocationContents.S3ObjectVersion"),
            ),
        ),
        tags=tags(),
    ),
    find=find,
    read=read,
    look=look,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    not_yet=_elbv2.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
