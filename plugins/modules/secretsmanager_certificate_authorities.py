#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime

from ansible_collections.msp.aws.plugins.module_utils import _certificates, _secrets, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, tags

OWN = (_certificates.AUTHORITY, _certificates.NOT_BEFORE, _certificates.NOT_AFTER)


def find(aws, wanted):
    return [_have(secret["name"], secret["tags"]) for secret in _secrets.holding(aws, _certificates.AUTHORITY)]


def _have(name, tagged):
    """The tags of the secret say it all, so that nobody who only looks has to read the private key."""
    begin, end = (datetime.strptime(tagged[tag], _certificates.WHEN) for tag in (_certificates.NOT_BEFORE, _certificates.NOT_AFTER))
    return dict(
        id=name,
        name=name,
        common_name=tagged[_certificates.AUTHORITY],
        validity_days=(end - begin).days,
        tags={key: value for key, value in tagged.items() if key not in OWN},
        _not_after=end,
    )


def create(aws, want):
    """Certificate and private key come into being in the secret, so no broken run can leave one without the other."""
    if want["name"] in aws.once(_secrets.names):  # looked for first, so that a plan says it too
        raise Problem(f"there is already a secret {want['name']!r}, which holds no certificate authority: nothing was written to it")
    text, validity = _certificates.new_authority(want["common_name"], want["validity_days"])
    tagged = {_certificates.AUTHORITY: want["common_name"], **validity, **_tags.split({}, want)[0]}
    arguments = dict(KmsKeyId=want["kms_key_id"]) if "kms_key_id" in want else {}
    aws.secretsmanager.create_secret(
        Name=want["name"],
        Description=f"Private certificate authority {want['common_name']}",
        SecretString=text,
        Tags=_tags.as_list(tagged),
        **arguments,
    )
    return _have(want["name"], tagged)


def update(aws, have, change):
    _tags.write(have, change, aws.secretsmanager.tag_resource, aws.secretsmanager.untag_resource, SecretId=have["name"])


def refuse(want, have, change):
    own = sorted(set(OWN) & (change.get("tags") or {}).keys())
    if own:
        raise Problem(f"tags: {', '.join(own)} say what the secret holds and are not for the sheet")


def danger(have, change):
    if change or not have:
        return None
    return (
        f"would delete the private key of the authority {have['common_name']}: nothing it has signed can be renewed any more, "
        "and a new authority means new profiles for everybody (Secrets Manager can restore it for 30 days)"
    )


def delete(aws, have):
    aws.secretsmanager.delete_secret(SecretId=have["name"])


KIND = Kind(
    name="secretsmanager_certificate_authorities",
    identity=("name",),
    options=dict(
        name=fixed(api="CreateSecret.Name"),
        common_name=fixed(required=True, api="CreateSecret.Tags.Value"),
        validity_days=fixed("int", required=True, wrong=_certificates.wrong_days),
        kms_key_id=Option(write_only=True, api="CreateSecret.KmsKeyId"),
        tags=tags(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
