#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _directconnect, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, ref

TYPE = "direct-connect-gateway"
# The attachment shows a moment after the association does.
ATTACHMENT_SECONDS = 300


def find(aws, wanted):
    """Their names and tags are those of the attachments that they are for the transit gateways."""
    attachments = _attachments(aws)
    elsewhere = [gateway_id for (dummy, gateway_id), one in attachments.items() if one["ResourceOwnerId"] != aws.account]
    found = _directconnect.in_this_account(aws, "transitGateway", lambda: elsewhere, wanted)
    there = [_as_meant(_have(one, attachments.get(_place(one))), aws.account, wanted or []) for one in found]
    _tell_nameless(aws, there, wanted or [])
    return there


def _tell_nameless(aws, there, wanted):
    """Who means such a one by a name alone would be told that there is none."""
    nameless = ", ".join(have["id"] for have in there if have["name"] is None and _nameless(have, aws.account))
    missing = ", ".join(str(want["name"]) for want in wanted if want.keys() == {"name"} and want["name"] not in {have["name"] for have in there})
    if nameless and missing:
        aws.warn(f"{missing} is not there by its name; {nameless} can bear none: write both gateways, or the id, to mean one of these")


def _attachments(aws):
    filters = [dict(Name="resource-type", Values=[TYPE])]
    found = aws.pages("ec2", "describe_transit_gateway_attachments", "TransitGatewayAttachments", Filters=filters)
    return {(one["ResourceId"], one["TransitGatewayId"]): one for one in found if one["State"] not in ("deleting", "deleted")}


def _place(association):
    return association["direct_connect_gateway"], association["_associated"]


def _have(association, attachment):
    return dict(
        association,
        transit_gateway=association["_associated"],
        _attachment=attachment and attachment["TransitGatewayAttachmentId"],
        **_tags.name_and_tags(attachment or {}),
    )


def _nameless(have, account):
    """Nothing of it here can bear a name: a proposal, and an attachment that is another account's."""
    return not have["_association"] or have["associated_gateway_owner_account"] != account


def _as_meant(have, account, wanted):
    """What can bear no name is meant by its two gateways, or its id, and is called as the entry calls it."""
    if _nameless(have, account):
        for want in wanted:
            if want.get("id") == have["id"] or (want.get("direct_connect_gateway"), want.get("transit_gateway")) == _place(have):
                return dict(have, name=want.get("name"), tags=want.get("tags") or {})
    return have


def read(aws, have, names):
    """Nothing more; but who looks hears of what waits for somebody."""
    _directconnect.tell_proposal(aws, have)
    return {}


def foresee(aws, want):
    """What AWS would refuse, told with what stands in the way; and nobody's association that would lose a prefix."""
    _refuse_loss(_there(aws, want), want)
    _directconnect.refuse_other_kind(aws, want["direct_connect_gateway"], "transit")
    asns = _directconnect.ask(aws, _asns)
    ours, theirs = want["direct_connect_gateway"], want["transit_gateway"]
    # What this run is still to make has no ASN yet; create asks again.
    if ours in asns and asns[ours] == asns.get(theirs):
        raise Problem(f"{ours} and {theirs} have the same ASN, {asns[ours]}: AWS wants two. Neither changes easily, so make one of them anew")


def _asns(aws):
    """The ASN of every gateway of both kinds by its id."""
    found = {one["directConnectGatewayId"]: int(one["amazonSideAsn"]) for one in _directconnect.gateways(aws)}
    found.update((gateway_id, int(one["Options"]["AmazonSideAsn"])) for gateway_id, one in _transit_gateways(aws).items())
    return found


def _transit_gateways(aws):
    """Those that are shared with this account too."""
    return {one["TransitGatewayId"]: one for one in aws.pages("ec2", "describe_transit_gateways", "TransitGateways")}


def create(aws, want):
    """Begun here; AWS makes an attachment of it, whose tags bear the name: `update` writes it when that is there. What a broken run left without a name is
    the one that is meant.
    """
    there = _there(aws, want)
    if there is None:
        there = _begin(aws, want)
    else:
        _refuse_named(there, want)
        _refuse_loss(there, want)
    if there["_attachment"] or (aws.patient and not _nameless(there, aws.account)):
        return there
    # Who does not wait leaves the name to the next run, and what can bear none is called as the entry calls it.
    return dict(there, name=want["name"], tags=want.get("tags", {}))


def _begin(aws, want):
    gateway = _directconnect.ask(aws, _transit_gateways).get(want["transit_gateway"])
    if gateway is None or gateway["OwnerId"] != aws.account:
        raise _directconnect.nobody_proposed(want["transit_gateway"], want)
    if "accept" in want:
        raise Problem(_directconnect.NOT_ASKED)
    foresee(aws, want)
    if not _directconnect.prefixes_of(want):
        raise Problem("allowed_prefixes: a transit gateway needs one at least, because they are all that is advertised to the customer's sites")
    return _have(_directconnect.associate(aws, want, want["transit_gateway"]), None)


def _there(aws, want):
    """The association of the two gateways, whatever its name."""
    places = ("direct_connect_gateway", "transit_gateway")
    return next((one for one in _directconnect.ask(aws, find, None) if all(one[place] == want[place] for place in places)), None)


def _refuse_named(there, want):
    if there["name"] not in (None, want["name"]):
        raise Problem(f"{there['id']} has the name {there['name']!r} already. Add its id to the entry to mean that one")


def _refuse_loss(there, want):
    """What has no name is taken over as it is: a creation is confirmed by nobody."""
    given = want.get("allowed_prefixes") or {}
    if there and not there["name"]:
        stay = set(given.get("set", there["allowed_prefixes"])) - set(given.get("remove", ()))
        gone = ", ".join(sorted(set(there["allowed_prefixes"]) - stay))
        if gone:
            told = f"{there['id']} of {there['_associated']} is there without a name, and the sites would lose {gone}"
            raise Problem(f"allowed_prefixes: {told}. Add its id to the entry to mean that one, or name these prefixes too")


def _attached(aws, association):
    """The association when its attachment shows."""
    what = f"attachment of {association['direct_connect_gateway']} to {association['transit_gateway']}"
    return aws.wait(what, lambda: _there(aws, association), lambda have: have and have["_attachment"], ATTACHMENT_SECONDS)


def update(aws, have, change):
    if {"name", "tags"} & change.keys() and not _nameless(have, aws.account):
        _write_tags(aws, have, change)
    return _directconnect.update_prefixes(aws, have, change)


def _write_tags(aws, have, change):
    if not have["_attachment"] and not aws.check_mode:
        there = _attached(aws, have)
        # It may have a name that did not show before.
        if "name" in change and have["name"] is None:
            _refuse_named(there, change)
        have = dict(have, _attachment=there["_attachment"])
    if have["_attachment"]:
        _tags.update(aws, dict(have, id=have["_attachment"]), change)


def faults(entries, sheet):
    """Two ASNs, what is allowed is a block, and one kind for each Direct Connect gateway."""
    yield from _directconnect.faults_of_prefixes(entries)
    yield from _directconnect.faults_of_other_kind(entries, sheet, "directconnect_virtual_gateway_associations")
    asns = {kind: {one.get("name"): one.get("amazon_side_asn") for one in sheet.get(kind) or []} for kind in ("directconnect_gateways", "ec2_transit_gateways")}
    for index, entry in enumerate(entries):
        ours = asns["directconnect_gateways"].get(entry.get("direct_connect_gateway"))
        theirs = asns["ec2_transit_gateways"].get(entry.get("transit_gateway"))
        if ours is not None and ours == theirs and entry.get("state") != "absent":
            yield index, "transit_gateway", "alike", dict(value=ours, other=f"amazon_side_asn: {entry['direct_connect_gateway']}, {entry['transit_gateway']}")


KIND = Kind(
    name="directconnect_transit_gateway_associations",
    identity=("name",),
    options=dict(
        name=Option(),
        direct_connect_gateway=ref("directconnect_gateways", elsewhere=True, fixed=True, required=True),
        transit_gateway=ref("ec2_transit_gateways", elsewhere=True, fixed=True, required=True),
        **_directconnect.between_accounts(),
        allowed_prefixes=_directconnect.prefixes(),
        tags=_tags.beside_name(),
    ),
    find=find,
    look=_directconnect.progress_of_associations,
    read=read,
    create=create,
    update=update,
    delete=_directconnect.disassociate,
    danger=_directconnect.danger_of_association,
    refuse=_directconnect.refuse_acceptance,
    foresee=foresee,
    faults=faults,
    seconds=_directconnect.ASSOCIATION_SECONDS,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
