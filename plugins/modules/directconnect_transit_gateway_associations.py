#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _directconnect, _networks, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, ref

TYPE = "direct-connect-gateway"
# The attachment shows a moment after the association does.
ATTACHMENT_SECONDS = 300


def find(aws, wanted):
    """Names and tags are those of the attachments that they are for the transit gateways; these are in the account of the transit gateway."""
    attachments = _attachments(aws)
    elsewhere = {gateway_id for (dummy, gateway_id), one in attachments.items() if one["ResourceOwnerId"] != aws.account}
    # The attachment of what was just accepted may not show yet.
    elsewhere |= {want["transit_gateway"] for want in wanted or [] if want.get("direct_connect_gateway_owner_account", aws.account) != aws.account}
    said = {(want.get("direct_connect_gateway"), want.get("transit_gateway")): want for want in wanted or []}
    found = _directconnect.in_this_account(aws, "transitGateway", lambda: elsewhere, wanted)
    return [_have(one, attachments.get(_place(one)), said.get(_place(one), {})) for one in found]


def _attachments(aws):
    filters = [dict(Name="resource-type", Values=[TYPE])]
    found = aws.pages("ec2", "describe_transit_gateway_attachments", "TransitGatewayAttachments", Filters=filters)
    return {(one["ResourceId"], one["TransitGatewayId"]): one for one in found if one["State"] not in ("deleting", "deleted")}


def _place(association):
    return association["direct_connect_gateway"], association["_associated"]


def _have(association, attachment, want):
    """A proposal can bear neither name nor tags: what this side says of them is written when the other one has accepted it."""
    later = association["_association"] is None and association["accept"] is None
    return dict(
        association,
        transit_gateway=association["_associated"],
        _attachment=attachment and attachment["TransitGatewayAttachmentId"],
        **(dict(name=want.get("name"), tags=want.get("tags", {})) if later else _tags.name_and_tags(attachment or {})),
    )


def read(aws, have, names):
    """Nothing more; but who looks hears of what waits for somebody."""
    _directconnect.tell_proposal(aws, have, names)
    return {}


def foresee(aws, want):
    """What AWS would refuse, told with what stands in the way."""
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
    """Begun here. AWS makes an attachment of it, which gets name and tags when it is there: in `update`, or where nobody waits in the run that does."""
    gateway = _directconnect.ask(aws, _transit_gateways).get(want["transit_gateway"])
    if gateway is None or gateway["OwnerId"] != aws.account:
        raise _directconnect.nobody_proposed(want["transit_gateway"], want)
    if "accept" in want:
        raise Problem(_directconnect.NOT_ASKED)
    foresee(aws, want)
    if not _directconnect.prefixes_of(want):
        raise Problem("allowed_prefixes: a transit gateway needs one at least, because they are all that is advertised to the customer's sites")
    made = _have(_directconnect.associate(aws, want, want["transit_gateway"]), None, want)
    return made if aws.patient else dict(made, name=want.get("name"), tags=want.get("tags", {}))


def update(aws, have, change):
    if {"name", "tags"} & change.keys():
        _name(aws, have, change)
    return _directconnect.update_prefixes(aws, have, change)


def _name(aws, have, change):
    attachment = have["_attachment"]
    if not attachment and not aws.check_mode:
        what = f"attachment of {have['direct_connect_gateway']} to {have['transit_gateway']}"
        attachment = aws.wait(what, lambda: _attachments(aws).get(_place(have)), bool, ATTACHMENT_SECONDS)["TransitGatewayAttachmentId"]
    if attachment:
        _tags.update(aws, dict(have, id=attachment), change)


def refuse(want, have, change):
    said = [name for name in ("name", "tags") if name in change]
    if have and have["accept"] is not None and said:
        owner = have["associated_gateway_owner_account"]
        raise Problem(f"{', '.join(said)}: the attachment is account {owner}'s, and so is its name: leave {' and '.join(said)} out here")
    _directconnect.refuse_acceptance(want, have, change)


def faults(entries, sheet):
    """Two ASNs, one kind for each Direct Connect gateway, and names that mean one attachment."""
    yield from _networks.claimed_twice(entries, "name")
    yield from _directconnect.faults_of_other_kind(entries, sheet, "directconnect_virtual_gateway_associations")
    asns = {kind: {one.get("name"): one.get("amazon_side_asn") for one in sheet.get(kind) or []} for kind in ("directconnect_gateways", "ec2_transit_gateways")}
    for index, entry in enumerate(entries):
        ours = asns["directconnect_gateways"].get(entry.get("direct_connect_gateway"))
        theirs = asns["ec2_transit_gateways"].get(entry.get("transit_gateway"))
        if ours is not None and ours == theirs and entry.get("state") != "absent":
            yield index, "transit_gateway", "alike", dict(value=ours, other=f"amazon_side_asn: {entry['direct_connect_gateway']}, {entry['transit_gateway']}")


KIND = Kind(
    name="directconnect_transit_gateway_associations",
    identity=("direct_connect_gateway", "transit_gateway"),
    named_by="name",
    asked_by=("directconnect_transit_gateway_associations",),
    options=dict(
        name=Option(),
        direct_connect_gateway=ref("directconnect_gateways", elsewhere=True, fixed=True),
        transit_gateway=ref("ec2_transit_gateways", elsewhere=True, fixed=True),
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
    refuse=refuse,
    foresee=foresee,
    faults=faults,
    seconds=_directconnect.ASSOCIATION_SECONDS,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
