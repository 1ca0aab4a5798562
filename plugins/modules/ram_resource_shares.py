#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, refs, tags

SECONDS = 300
GATEWAY = ":transit-gateway/"
# Option → member of the requests; gateways are resources like others
LISTS = dict(principals="principals", resource_arns="resourceArns", transit_gateways="resourceArns")
LIVE = ("ASSOCIATING", "ASSOCIATED", "SUSPENDED", "SUSPENDING", "RESTORING")


def find(aws, wanted):
    return [have for have in _all(aws) if have["_status"] in ("PENDING", "ACTIVE")]


def look(aws, ids):
    return [have for have in _all(aws, resourceShareArns=ids) if have["id"] in ids]


def _all(aws, **which):
    associations = {}
    for one in [*_associations(aws, "PRINCIPAL", **which), *_associations(aws, "RESOURCE", **which)]:
        associations.setdefault(one["resourceShareArn"], []).append(one)
    return [_have(share, associations.get(share["resourceShareArn"], [])) for share in _shares(aws)]


def _shares(aws):
    return aws.pages("ram", "get_resource_shares", "resourceShares", resourceOwner="SELF")


def _associations(aws, kind, **which):
    return aws.pages("ram", "get_resource_share_associations", "resourceShareAssociations", associationType=kind, **which)


def _have(share, associations):
    live = [one for one in associations if one["status"] in LIVE]
    resources = [one["associatedEntity"] for one in live if one["associationType"] == "RESOURCE"]
    return dict(
        id=share["resourceShareArn"],
        name=share["name"],
        allow_external_principals=share.get("allowExternalPrincipals"),
        principals=[one["associatedEntity"] for one in live if one["associationType"] == "PRINCIPAL"],
        transit_gateways=[arn.rpartition("/")[2] for arn in resources if GATEWAY in arn],
        resource_arns=[arn for arn in resources if GATEWAY not in arn],
        tags=_tags.as_dict(dict(Key=tag["key"], Value=tag["value"]) for tag in share.get("tags", [])),
        _status=share["status"],
        _moving=_moving(share, associations),
        _failed=_failure(share, associations),
    )


def _moving(share, associations):
    """The share itself, its resources, or those that leave it."""
    states = [share["status"], *(one["status"] for one in associations if _coming(one))]
    return next((state for state in states if state in ("PENDING", "ASSOCIATING", "DISASSOCIATING")), None)


def _failure(share, associations):
    if share["status"] != "ACTIVE":
        return f"it is {share['status']}: {share.get('statusMessage') or 'AWS does not say why'}"
    failed = [one for one in associations if one["status"] == "FAILED"]
    return "; ".join(f"{one['associatedEntity']} could not be put into the share: {one.get('statusMessage') or 'AWS does not say why'}" for one in failed)


def _coming(association):
    """A principal of another organization is associated when it has accepted, which can take days."""
    return association["status"] == "DISASSOCIATING" or (association["status"] == "ASSOCIATING" and association["associationType"] == "RESOURCE")


def create(aws, want):
    arguments = dict(name=want["name"], tags=_tag_list(want.get("tags", {})))
    if "allow_external_principals" in want:
        arguments["allowExternalPrincipals"] = want["allow_external_principals"]
    return _have(aws.ram.create_resource_share(**arguments)["resourceShare"], [])


def _tag_list(values):
    return [dict(key=key, value=str(value)) for key, value in values.items()]


def _settled(aws, share_arn):
    """When AWS is done with one change of it, and takes the next."""
    seen = aws.wait(f"resource share {share_arn}", lambda: look(aws, [share_arn]), lambda seen: seen and not seen[0]["_moving"], limit=SECONDS)
    if seen[0]["_failed"]:
        raise Problem(f"{share_arn}: {seen[0]['_failed']}")


def update(aws, have, change):
    """Who comes, comes before who goes. Guests from outside are let in before they come, and shut out after they have gone."""
    share, external = dict(resourceShareArn=have["id"]), change.get("allow_external_principals")
    named = {**({"name": change["name"]} if "name" in change else {}), **({"allowExternalPrincipals": True} if external else {})}
    if named:
        aws.ram.update_resource_share(**share, **named)
    coming, going = _members(have, change, "add"), _members(have, change, "remove")
    if coming:
        aws.ram.associate_resource_share(**share, **coming)
        _settled(aws, have["id"])
        _tell_who_must_accept(aws, have, coming.get("principals", []))
    if going:
        aws.ram.disassociate_resource_share(**share, **going)
    if going and external is False:
        _settled(aws, have["id"])
    if external is False:
        aws.ram.update_resource_share(**share, allowExternalPrincipals=False)
    _tags.write(have, change, aws.ram.tag_resource, aws.ram.untag_resource, **share)
    return "DISASSOCIATING" if going else None


def _members(have, change, verb):
    found = {}
    for option, member in LISTS.items():
        values = getattr(change[option], verb) if option in change else []
        if values:
            found.setdefault(member, []).extend(_arn(have, value) if option == "transit_gateways" else value for value in values)
    return found


def _arn(have, gateway_id):
    """A share and what it shares belong to one account and Region."""
    partition, dummy, region, account = have["id"].split(":")[1:5]
    return f"arn:{partition}:ec2:{region}:{account}{GATEWAY}{gateway_id}"


def _tell_who_must_accept(aws, have, principals):
    with aws.reading():
        there = _associations(aws, "PRINCIPAL", resourceShareArns=[have["id"]])
    waiting = [one["associatedEntity"] for one in there if one["status"] == "ASSOCIATING" and one["associatedEntity"] in principals]
    if waiting:
        aws.warn(
            f"{have['name']}: {', '.join(waiting)} must accept the invitation to the resource share {have['id']} (AWS RAM, shared with me). "
            "It lapses after 12 hours, or seven days for some types of resources"
        )


def danger(have, change):
    if not have:
        return None
    if not change:
        guests = ", ".join(have["principals"]) or "nobody"
        return f"would share nothing any more with {guests}: what they attached stays, but they can neither see nor change it"
    going = _members(have, change, "remove")
    reasons = []
    if going.get("principals"):
        reasons.append(f"take what is shared from {', '.join(going['principals'])}")
    if going.get("resourceArns"):
        reasons.append(f"share {', '.join(going['resourceArns'])} with nobody of this share any more")
    if change.get("allow_external_principals"):
        reasons.append("let it be shared with accounts outside of the organization")
    return f"would {' and '.join(reasons)}" if reasons else None


def delete(aws, have):
    aws.ram.delete_resource_share(resourceShareArn=have["id"])

    def look():
        return next((share["status"] for share in _shares(aws) if share["resourceShareArn"] == have["id"]), None)

    aws.wait(f"deletion of {have['id']}", look, lambda status: status in ("DELETED", None), limit=SECONDS)


def _wrong_principal(value):
    """CreateResourceShare.principals: an account, the ARN of an organization or of a part of it, of a role or a user, or a service."""
    sound = re.fullmatch(r"[0-9]{12}|arn:[^:\s]+:(organizations|iam)::\S+|[a-z0-9.-]+\.amazonaws\.com", str(value))
    return None if sound else ("pattern", "123456789012, arn:aws:organizations::123456789012:ou/…")


KIND = Kind(
    name="ram_resource_shares",
    identity=("name",),
    options=dict(
        name=Option(),
        allow_external_principals=Option("bool"),
        principals=Option("list", "str", many=True, wrong=_wrong_principal),
        transit_gateways=refs("ec2_transit_gateways"),
        resource_arns=Option("list", "str", many=True),
        tags=tags(),
    ),
    find=find,
    look=look,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    # A resource or share that was made a moment ago is not known to all of its servers yet.
    seconds=SECONDS,
    not_yet=(r"UnknownResourceException", r"InvalidStateTransitionException"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
