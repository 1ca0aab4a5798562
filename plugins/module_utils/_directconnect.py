# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kinds of Direct Connect share: lists and tags in its own words, virtual interfaces in sheet form, and what a gateway serves already.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _networks, _tags
from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._options import Delta, Option, Problem, Unknown, fixed

# AWS goes on showing what is gone for a while.
GONE = ("deleting", "deleted", "rejected")
CONFIRMING = "confirming"
UP = "available"  # a connection
# A virtual interface comes up within minutes where the connection is there; until the other router speaks BGP it is down.
INTERFACE_SECONDS = 900
# 10 to 40 minutes are usual for an association.
ASSOCIATION_SECONDS = 2400
NOTE_SECONDS = 300
ASSOCIATIONS = ("directconnect_transit_gateway_associations", "directconnect_virtual_gateway_associations")
INTERFACES = ("directconnect_hosted_virtual_interfaces", "directconnect_virtual_interfaces")
TYPES = ("private", "public", "transit")
NOT_ASKED = "accept is for the side that is asked, the owner of the Direct Connect gateway: leave it out here"


def listed(aws: Aws, operation: str, result: str, **arguments: Any) -> list[dict[str, Any]]:
    """All of a list, also where boto3 does not know that it has pages."""
    if aws.directconnect.can_paginate(operation):
        return aws.pages("directconnect", operation, result, **arguments)
    found, more = [], dict(arguments)
    while True:
        page = getattr(aws.directconnect, operation)(**more)
        found += page.get(result) or []
        if not page.get("nextToken"):
            return found
        more["nextToken"] = page["nextToken"]


def ask(aws: Aws, look: Callable[..., Any], *arguments: Any) -> Any:
    """What look(aws, …) finds; a plan asks once for all entries, and a run anew."""
    if aws.check_mode:
        return aws.once(look, *arguments)
    with aws.reading():
        return look(aws, *arguments)


# ---- tags, whose keys are spelt in small letters here


def tags_of(thing: Mapping[str, Any]) -> dict[str, str]:
    return _tags.as_dict(dict(Key=tag["key"], Value=tag.get("value") or "") for tag in thing.get("tags") or [])


def tagged(want: Mapping[str, Any]) -> dict[str, Any]:
    """The tags of a creating call, which does not take an empty list."""
    return dict(tags=[dict(key=key, value=str(value)) for key, value in want["tags"].items()]) if want.get("tags") else {}


def write_tags(aws: Aws, resource: str, have: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    """TagResource and UntagResource; `resource` is dxcon, dxvif or dx-gateway, which has no Region."""
    meta = aws.directconnect.meta
    region = "" if resource == "dx-gateway" else meta.region_name
    arn = f"arn:{meta.partition}:directconnect:{region}:{have['_owner']}:{resource}/{have['id']}"
    _tags.write(have, change, aws.directconnect.tag_resource, aws.directconnect.untag_resource, resourceArn=arn)


# ---- what carriers make


def not_offered(what: str, there: Iterable[str], hint: str) -> Problem:
    """Why something that only a carrier can make is not there, and what to do."""
    return Problem(
        f"no carrier has {what} for this account and Region. There are: {', '.join(there) or 'none'}. "
        f"Ask the carrier when it comes, for which account id, and {hint}"
    )


def await_note(aws: Aws, thing_id: str, state: Callable[[], str | None], before: str) -> None:
    """AWS takes note of a confirmation a moment after it: who looks in that moment would confirm again."""
    aws.wait(f"confirmation of {thing_id}", state, lambda seen: seen != before, limit=NOTE_SECONDS)


# ---- connections


def connections(aws: Aws) -> list[dict[str, Any]]:
    """The account's own ports, and the connections that carriers host for it."""
    return [one for one in listed(aws, "describe_connections", "connections") if one["connectionState"] not in GONE]


def is_hosted(connection: Mapping[str, Any]) -> bool:
    """Only a connection that a carrier hosts on its port has a VLAN of its own."""
    return bool(connection.get("vlan"))


# ---- virtual interfaces


def interfaces(aws: Aws, hosted: bool) -> list[dict[str, Any]]:
    """The account's virtual interfaces on its own connections, or those that a carrier has put on one of its own for this account."""
    return [one for one in _described(aws) if one["virtualInterfaceState"] not in GONE and one["_mine"] and hosted == (one["_connection_state"] is None)]


def _described(aws: Aws) -> list[dict[str, Any]]:
    """Each with the state of its connection, None where that is a carrier's. What this account has put on its connection for another one is that one's."""
    own = {one["connectionId"]: one for one in connections(aws)}
    own.update({one["lagId"]: dict(one, connectionState=one["lagState"]) for one in listed(aws, "describe_lags", "lags")})
    found = []
    for one in listed(aws, "describe_virtual_interfaces", "virtualInterfaces"):
        connection = own.get(one["connectionId"])
        mine = connection is None or connection["ownerAccount"] == one["ownerAccount"]
        found.append(dict(one, _connection_state=connection and connection["connectionState"], _mine=mine))
    return found


def progress_of_interfaces(aws: Aws, ids: list[str]) -> list[dict[str, Any]]:
    """How far they are; of one that is made and carries nothing the engineer is told."""
    found = [dict(in_sheet_form(one), _name=one["virtualInterfaceName"]) for one in _described(aws) if one["virtualInterfaceId"] in ids]
    for have in found:
        if not have["_moving"]:
            tell_state(aws, have["_name"], have)
    return found


def in_sheet_form(interface: Mapping[str, Any]) -> dict[str, Any]:
    """AWS is at work on one that is pending where its connection is there; else nobody waits, but everybody is told."""
    return dict(
        id=interface["virtualInterfaceId"],
        virtual_interface_type=interface["virtualInterfaceType"],
        vlan=interface["vlan"],
        asn=interface.get("asnLong") or interface.get("asn"),
        amazon_address=interface.get("amazonAddress") or None,
        customer_address=interface.get("customerAddress") or None,
        virtual_gateway=interface.get("virtualGatewayId") or None,
        direct_connect_gateway=interface.get("directConnectGatewayId") or None,
        tags=tags_of(interface),
        _owner=interface["ownerAccount"],
        _state=interface["virtualInterfaceState"],
        _moving="pending" if interface["virtualInterfaceState"] == "pending" and interface.get("_connection_state") in (None, UP) else None,
        _failed=f"it is {interface['virtualInterfaceState']}" if interface["virtualInterfaceState"] in GONE else None,
        _bgp=[(peer.get("addressFamily"), peer.get("bgpStatus")) for peer in interface.get("bgpPeers") or []],
    )


def look_at_interface(aws: Aws, interface_id: str) -> dict[str, Any]:
    found = listed(aws, "describe_virtual_interfaces", "virtualInterfaces", virtualInterfaceId=interface_id)
    return found[0] if found else {}


def state_of_interface(aws: Aws, interface_id: str) -> str | None:
    return look_at_interface(aws, interface_id).get("virtualInterfaceState")


def await_interface_end(aws: Aws, interface_id: str) -> None:
    """Its gateway and its connection cannot go before."""
    gone = (None, "deleted", "rejected")
    aws.wait(f"deletion of {interface_id}", lambda: state_of_interface(aws, interface_id), lambda state: state in gone, limit=INTERFACE_SECONDS)


def tell_state(aws: Aws, name: str, have: Mapping[str, Any]) -> None:
    """What an engineer has to know of a virtual interface through which nothing goes."""
    if have["_state"] == "verifying":
        aws.warn(f"{name} is verifying: AWS checks who owns the prefixes and the ASN; after 72 working hours a question of theirs waits in the account's mail")
    elif have["_state"] == "pending":
        aws.warn(f"{name} is pending: it comes up when its connection does")
    elif have["_state"] == "down":
        peers = ", ".join(f"{family} {status}" for family, status in have["_bgp"]) or "none"
        aws.warn(f"{name} is down (BGP peers: {peers}): VLAN, addresses, ASN or BGP key differ at the other router, or it is not connected yet")


# ---- what a gateway serves: virtual private gateways and private virtual interfaces, or transit gateways and transit ones


def associations(aws: Aws, gateway_id: str | None, associated_id: str | None = None) -> list[dict[str, Any]]:
    """Those of a Direct Connect gateway, or of a gateway behind one."""
    which = dict(directConnectGatewayId=gateway_id) if gateway_id else dict(associatedGatewayId=associated_id)
    found = listed(aws, "describe_direct_connect_gateway_associations", "directConnectGatewayAssociations", **which)
    return [one for one in found if one["associationState"] not in ("disassociating", "disassociated") and one.get("associatedGateway")]


def all_associations(aws: Aws) -> list[dict[str, Any]]:
    """Those of the account's Direct Connect gateways, whoever has the other gateway. AWS lists them gateway by gateway only."""
    return [one for gateway in gateways(aws) for one in associations(aws, gateway["directConnectGatewayId"])]


def gateways(aws: Aws) -> list[dict[str, Any]]:
    found = listed(aws, "describe_direct_connect_gateways", "directConnectGateways")
    return [one for one in found if one["directConnectGatewayState"] not in GONE]


def _serves(aws: Aws, gateway_id: str) -> list[tuple[str, str]]:
    associated = [(one["associatedGateway"]["id"], one["associatedGateway"]["type"]) for one in associations(aws, gateway_id)]
    return associated + [(one["virtualInterfaceId"], one["attachmentType"]) for one in _attachments(aws, gateway_id)]


def _attachments(aws: Aws, gateway_id: str) -> list[dict[str, Any]]:
    """The virtual interfaces that lead to it, whoever has them."""
    found = listed(aws, "describe_direct_connect_gateway_attachments", "directConnectGatewayAttachments", directConnectGatewayId=gateway_id)
    return [one for one in found if one.get("attachmentState") not in ("detaching", "detached")]


def refuse_other_kind(aws: Aws, gateway_id: str | None, kind: str) -> None:
    """A Direct Connect gateway serves one kind, private or transit; AWS would refuse the other. Of another account's it does not tell."""
    if gateway_id is None or isinstance(gateway_id, Unknown) or gateway_id not in {one["directConnectGatewayId"] for one in aws.once(gateways)}:
        return
    others = [thing for thing, of in ask(aws, _serves, gateway_id) if of.lower().startswith("transit") != (kind == "transit")]
    if others:
        served = f"Direct Connect gateway {gateway_id} serves {', '.join(others)} already"
        raise Problem(f"{served}. One gateway serves private virtual interfaces and virtual private gateways, or transit ones: this needs a second gateway")


def holders_of_gateways(aws: Aws, haves: Iterable[Mapping[str, Any]]) -> Iterator[Holder]:
    """DeleteDirectConnectGateway: "You must first delete all virtual interfaces that are attached … and disassociate all virtual private gateways"."""
    for have in haves:
        for one in associations(aws, have["id"]):
            yield Holder(have["id"], "gateways behind it", one["associatedGateway"]["id"], _any_of(ASSOCIATIONS, one["associationId"]))
        for one in _attachments(aws, have["id"]):
            yield Holder(have["id"], "virtual interfaces that lead to it", one["virtualInterfaceId"], _any_of(INTERFACES, one["virtualInterfaceId"]))


def holders_of_connections(aws: Aws, haves: Iterable[Mapping[str, Any]]) -> Iterator[Holder]:
    """User guide, "Delete a connection": there must be no virtual interfaces on it, and it must be in no LAG."""
    going = {have["id"]: have for have in haves}
    for have in going.values():
        if have.get("lag"):
            yield Holder(have["id"], "LAGs that it belongs to", have["lag"])
    for one in listed(aws, "describe_virtual_interfaces", "virtualInterfaces"):
        if one["connectionId"] in going and one["virtualInterfaceState"] not in GONE:
            told = f"{one['virtualInterfaceId']} {one['virtualInterfaceName']}"
            yield Holder(one["connectionId"], "virtual interfaces on it", told, _any_of(INTERFACES, one["virtualInterfaceId"]))


def _any_of(kinds: Iterable[str], thing_id: str) -> tuple[tuple[str, str], ...]:
    return tuple((kind, thing_id) for kind in kinds)


def failure(state: str, thing: Mapping[str, Any], alive: Iterable[str]) -> str | None:
    """Why AWS made nothing of it, as far as it says."""
    return None if state in alive else f"it is {state}: {thing.get('stateChangeError') or 'AWS does not say why'}"


def look_at_association(aws: Aws, association_id: str) -> dict[str, Any]:
    found = listed(aws, "describe_direct_connect_gateway_associations", "directConnectGatewayAssociations", associationId=association_id)
    return found[0] if found else {}


def association_in_sheet_form(aws: Aws, association: Mapping[str, Any], proposal: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An association, with what is proposed of it and not accepted yet."""
    prefixes = [one["cidr"] for one in association.get("allowedPrefixesToDirectConnectGateway") or []]
    return dict(
        _of_two_accounts(aws, association, proposal),
        id=association["associationId"],
        allowed_prefixes=_requested(proposal) if proposal else prefixes,
        _association=association["associationId"],
        _existing=prefixes,
        _state=association["associationState"],
        _moving=association["associationState"] if association["associationState"] in ("associating", "updating") else None,
        _failed=failure(association["associationState"], association, ("associating", "updating", "associated")),
    )


def _proposal_in_sheet_form(aws: Aws, proposal: Mapping[str, Any]) -> dict[str, Any]:
    """What is proposed, and is no association before it is accepted."""
    has = dict(id=proposal["proposalId"], allowed_prefixes=_requested(proposal), _association=None, _existing=[], _state="requested", _moving=None)
    return dict(_of_two_accounts(aws, proposal, proposal), **has)


def _requested(proposal: Mapping[str, Any]) -> list[str]:
    return [one["cidr"] for one in proposal.get("requestedAllowedPrefixesToDirectConnectGateway") or []]


def _of_two_accounts(aws: Aws, thing: Mapping[str, Any], proposal: Mapping[str, Any] | None) -> dict[str, Any]:
    """Whose both gateways are. Only the side that is asked accepts."""
    other = thing["associatedGateway"]
    asked = thing["directConnectGatewayOwnerAccount"] == aws.account != other["ownerAccount"]
    return dict(
        direct_connect_gateway=thing["directConnectGatewayId"],
        direct_connect_gateway_owner_account=thing["directConnectGatewayOwnerAccount"],
        associated_gateway_owner_account=other["ownerAccount"],
        accept=proposal is None if asked else None,
        _associated=other["id"],
        _proposal=proposal and proposal["proposalId"],
    )


def progress_of_associations(aws: Aws, ids: list[str]) -> list[dict[str, Any]]:
    """How far they are; AWS tells of one at a time. A proposal waits for people, and so for nothing here."""
    found = []
    for one in ids:
        association = look_at_association(aws, one)
        if association:
            found.append(association_in_sheet_form(aws, association))
        else:
            found += [_proposal_in_sheet_form(aws, proposal) for proposal in _proposals(aws, proposalId=one)]
    return found


def in_this_account(aws: Aws, kind: str, there: Callable[[], Iterable[str]], wanted: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Associations and proposals in which this account and Region takes part with either gateway, in sheet form.

    `there()` are the ids of its own gateways that may be behind another account's Direct Connect gateway: AWS has to be asked of each, so it is done only
    where somebody may mean such an association.
    """
    mine = {one["directConnectGatewayId"] for one in gateways(aws)}
    found = {_pair(one): one for gateway_id in sorted(mine) for one in associations(aws, gateway_id)}
    if wanted is None or any(want.get("direct_connect_gateway") not in mine for want in wanted):
        taken = {one["associatedGateway"]["id"] for one in found.values()} if kind == "virtualPrivateGateway" else set()
        for gateway_id in sorted(set(there()) - taken):
            found.update((_pair(one), one) for one in associations(aws, None, gateway_id))
    proposed = {_pair(one): one for one in _proposals(aws)}
    has = [association_in_sheet_form(aws, one, proposed.get(pair)) for pair, one in found.items() if _concerns(aws, one, kind)]
    return has + [_proposal_in_sheet_form(aws, one) for pair, one in proposed.items() if pair not in found and _concerns(aws, one, kind)]


def _pair(thing: Mapping[str, Any]) -> tuple[str, str]:
    return thing["directConnectGatewayId"], thing["associatedGateway"]["id"]


def _proposals(aws: Aws, **which: Any) -> list[dict[str, Any]]:
    """Those that wait. What was accepted or withdrawn is shown for some days more."""
    found = listed(aws, "describe_direct_connect_gateway_association_proposals", "directConnectGatewayAssociationProposals", **which)
    return [one for one in found if one["proposalState"] == "requested" and one.get("associatedGateway")]


def _concerns(aws: Aws, thing: Mapping[str, Any], kind: str) -> bool:
    """Own gateways of another Region are the matter of that one; those of another account have none here."""
    other = thing["associatedGateway"]
    return other["type"] == kind and (other["ownerAccount"] != aws.account or other.get("region") == aws.region)


def allowed(prefixes: Any) -> list[dict[str, str]]:
    return [dict(cidr=prefix) for prefix in prefixes]


def prefixes_of(want: Mapping[str, Any]) -> list[str]:
    """Those that an entry names to be there."""
    given = want.get("allowed_prefixes") or {}
    return [*(given.get("add") or []), *(given.get("set") or [])]


def associate(aws: Aws, want: Mapping[str, Any], gateway_id: str) -> dict[str, Any]:
    """The new association in sheet form, or the proposal of one to the account that owns the Direct Connect gateway."""
    theirs = want.get("direct_connect_gateway_owner_account", aws.account)
    if theirs != aws.account:
        return _propose(aws, dict(want, direct_connect_gateway_owner_account=theirs), gateway_id, prefixes_of(want), [])
    if want["direct_connect_gateway"] not in {one["directConnectGatewayId"] for one in aws.once(gateways)}:
        raise Problem(f"direct_connect_gateway_owner_account: write whose {want['direct_connect_gateway']} is, because it is not of this account")
    arguments = dict(directConnectGatewayId=want["direct_connect_gateway"], gatewayId=gateway_id)
    if prefixes_of(want):
        arguments["addAllowedPrefixesToDirectConnectGateway"] = allowed(prefixes_of(want))
    return association_in_sheet_form(aws, aws.directconnect.create_direct_connect_gateway_association(**arguments)["directConnectGatewayAssociation"])


def _propose(aws: Aws, want: Mapping[str, Any], gateway_id: str, add: Iterable[str], remove: Iterable[str]) -> dict[str, Any]:
    arguments = dict(
        directConnectGatewayId=want["direct_connect_gateway"],
        directConnectGatewayOwnerAccount=want["direct_connect_gateway_owner_account"],
        gatewayId=gateway_id,
    )
    both = dict(addAllowedPrefixesToDirectConnectGateway=add, removeAllowedPrefixesToDirectConnectGateway=remove)
    arguments.update({member: allowed(prefixes) for member, prefixes in both.items() if prefixes})
    made = aws.directconnect.create_direct_connect_gateway_association_proposal(**arguments)["directConnectGatewayAssociationProposal"]
    have = _proposal_in_sheet_form(aws, made)
    tell_proposal(aws, have)
    return have


def tell_proposal(aws: Aws, have: Mapping[str, Any], names: Iterable[str] = ()) -> None:
    """Whose turn it is, unless the entry names the answer."""
    if have["_proposal"] and have["accept"] is None:
        account = have["direct_connect_gateway_owner_account"]
        aws.warn(f"{have['_associated']} is proposed to {have['direct_connect_gateway']}: account {account} has to accept that (proposal {have['_proposal']})")
    elif have["_proposal"] and "accept" not in names:
        account = have["associated_gateway_owner_account"]
        aws.warn(f"account {account} has proposed {have['_associated']} for {have['direct_connect_gateway']} (proposal {have['_proposal']}): accept it, or not")


def nobody_proposed(gateway_id: str, want: Mapping[str, Any]) -> Problem:
    """Only the owner of the other gateway can begin."""
    return Problem(f"nobody has proposed {gateway_id} for {want['direct_connect_gateway']}: its owner has to do that first")


def update_prefixes(aws: Aws, have: dict[str, Any], change: Mapping[str, Any]) -> str | None:
    """Where two accounts take part, the owner of the Direct Connect gateway decides and the other one proposes."""
    if change.get("accept"):
        return _accept(aws, have, change)
    if "allowed_prefixes" not in change:
        return None
    if have["direct_connect_gateway_owner_account"] != aws.account:
        _propose_anew(aws, have, _after(have, change))
        return None
    delta = change["allowed_prefixes"]
    both = dict(addAllowedPrefixesToDirectConnectGateway=delta.add, removeAllowedPrefixesToDirectConnectGateway=delta.remove)
    arguments = {member: allowed(prefixes) for member, prefixes in both.items() if prefixes}
    aws.directconnect.update_direct_connect_gateway_association(associationId=have["id"], **arguments)
    return "updating"


def _accept(aws: Aws, have: dict[str, Any], change: Mapping[str, Any]) -> str:
    """The proposal becomes an association, which is what is waited for."""
    arguments = dict(
        directConnectGatewayId=have["direct_connect_gateway"],
        proposalId=have["_proposal"],
        associatedGatewayOwnerAccount=have["associated_gateway_owner_account"],
    )
    if "allowed_prefixes" in change:
        arguments["overrideAllowedPrefixesToDirectConnectGateway"] = allowed(_after(have, change))
    made = aws.directconnect.accept_direct_connect_gateway_association_proposal(**arguments)["directConnectGatewayAssociation"]
    have["id"] = made["associationId"]
    return made["associationState"]


def _propose_anew(aws: Aws, have: Mapping[str, Any], after: list[str]) -> None:
    """A proposal cannot change, so another one takes its place."""
    if have["_proposal"]:
        aws.directconnect.delete_direct_connect_gateway_association_proposal(proposalId=have["_proposal"])
    add, remove = ([prefix for prefix in one if prefix not in other] for one, other in ((after, have["_existing"]), (have["_existing"], after)))
    if add or remove or not have["_association"]:
        _propose(aws, have, have["_associated"], add, remove)


def _after(have: Mapping[str, Any], change: Mapping[str, Any]) -> list[str]:
    """The prefixes when the change is done and accepted."""
    delta = change.get("allowed_prefixes") or Delta([], [], [])
    return [prefix for prefix in have["allowed_prefixes"] if prefix not in delta.remove] + list(delta.add)


def disassociate(aws: Aws, have: Mapping[str, Any]) -> None:
    """What waits is withdrawn, or rejected by whoever is asked."""
    if have["_proposal"]:
        aws.directconnect.delete_direct_connect_gateway_association_proposal(proposalId=have["_proposal"])
    if have["_association"]:
        aws.directconnect.delete_direct_connect_gateway_association(associationId=have["_association"])
        _await_end_of_association(aws, have["_association"])


def _await_end_of_association(aws: Aws, association_id: str) -> None:
    gone = (None, "disassociated")
    state = partial(look_at_association, aws, association_id)
    aws.wait(f"deletion of {association_id}", lambda: state().get("associationState"), lambda seen: seen in gone, limit=ASSOCIATION_SECONDS)


def refuse_acceptance(want: Mapping[str, Any], have: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    """The other account's word is held against the proposal before it is accepted, and what waits is accepted before it changes."""
    if have and "accept" in change and have["accept"] is None:
        raise Problem(NOT_ASKED)
    if have.get("accept") and "accept" in change:
        raise Problem("what is accepted cannot go back to waiting: remove it (state: absent) or leave accept out")
    if change.get("accept") and have and "associated_gateway_owner_account" not in want:
        told = "the account that is expected to have proposed it; it is held against the proposal before that is accepted"
        raise Problem(f"accept: write associated_gateway_owner_account too, {told}")
    beyond = set(have.get("allowed_prefixes") or ()) - set(want.get("allowed_prefixes", {}).get("add") or ())
    if change.get("accept") and have and "add" in want.get("allowed_prefixes", {}) and beyond:
        raise Problem(f"accept: {', '.join(sorted(beyond))} is proposed too, and allowed_prefixes does not name it: write all of them, with set")
    if have.get("accept") is False and "allowed_prefixes" in change and not change.get("accept"):
        raise Problem(f"allowed_prefixes: account {have['associated_gateway_owner_account']} has proposed others: name them together with accept, true")
    if have.get("_proposal") and have["accept"] is None and "allowed_prefixes" in change and "set" not in want["allowed_prefixes"]:
        raise Problem("allowed_prefixes: a proposal cannot change, another one takes its place: write all that it shall say, with set")


def danger_of_association(have: Mapping[str, Any], change: Mapping[str, Any]) -> str | None:
    if have and not change:
        if have["_association"]:
            return f"would delete the association, and cut all that goes between the customer's sites and {have['_associated']}"
        return f"would {'withdraw' if have['accept'] is None else 'reject'} the proposal of {have['_associated']} for {have['direct_connect_gateway']}"
    after = _after(have, change) if have and {"allowed_prefixes", "accept"} & change.keys() else None
    gone = [prefix for prefix in have["_existing"] if prefix not in after] if after is not None else []
    return f"would no longer advertise {', '.join(gone)} of {have['_associated']}: the customer's sites lose these routes at once" if gone else None


def between_accounts() -> dict[str, Option]:
    """What an entry says of the other account."""
    left = "It is left as it is: ask its owner what it is for"
    return dict(
        direct_connect_gateway_owner_account=fixed(remedy=left),
        associated_gateway_owner_account=fixed(remedy=left),
        accept=Option("bool"),
    )


def prefixes() -> Option:
    return Option("list", "str", many=True, wrong=_networks.wrong_block)


def faults_of_other_kind(entries: Any, sheet: Mapping[str, Any], other: str) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """A Direct Connect gateway that the same sheet associates with both kinds of gateways."""
    theirs = {one.get("direct_connect_gateway") for one in sheet.get(other) or [] if one.get("state") != "absent"}
    for index, entry in enumerate(entries):
        if entry.get("state") != "absent" and entry.get("direct_connect_gateway") in theirs - {None}:
            both = "directconnect_virtual_gateway_associations, directconnect_transit_gateway_associations"
            yield index, "direct_connect_gateway", "one_of", dict(value=entry["direct_connect_gateway"], other=both)
