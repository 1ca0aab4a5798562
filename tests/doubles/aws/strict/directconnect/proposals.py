# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Associations between two accounts: the owner of a virtual private or transit gateway proposes one, the owner of the Direct Connect gateway accepts it."""

from __future__ import annotations

from moto.directconnect.models import directconnect_backends
from moto.moto_api._internal import mock_random

from .associations import GOING, associated, cidrs, fitting
from .book import BOOK, HOME, Staged, everywhere, found, kept, page, refused
from .gateways import gateways


class Proposal(Staged):
    def __init__(self, backend, gateway, kind, associated_id, existing, requested):
        self.id = str(mock_random.uuid4())
        self.owner, self.region, self.gateway_owner = backend.account_id, backend.region_name, gateway.owner
        self.gateway_id, self.type, self.associated_id = gateway.id, kind, associated_id
        self.existing, self.requested = list(existing), list(requested)
        self.state = "requested"

    def described(self, state):
        return {
            "proposalId": self.id,
            "directConnectGatewayId": self.gateway_id,
            "directConnectGatewayOwnerAccount": self.gateway_owner,
            "proposalState": state,
            "associatedGateway": {"id": self.associated_id, "type": self.type, "ownerAccount": self.owner, "region": self.region},
            "existingAllowedPrefixesToDirectConnectGateway": [{"cidr": one} for one in self.existing],
            "requestedAllowedPrefixesToDirectConnectGateway": [{"cidr": one} for one in self.requested],
        }


def seen_by(backend):
    return {one.id: one for one in everywhere(HOME, "proposals") if backend.account_id in (one.owner, one.gateway_owner)}


@BOOK.adds("CreateDirectConnectGatewayAssociationProposal")
def create_proposal(
    backend,
    directConnectGatewayId,
    directConnectGatewayOwnerAccount,
    gatewayId,
    addAllowedPrefixesToDirectConnectGateway,
    removeAllowedPrefixesToDirectConnectGateway,
    **_,
):
    """Of what is associated already, a proposal changes the prefixes (guide, updating the allowed prefixes)."""
    gateway = found(gateways(directconnect_backends[directConnectGatewayOwnerAccount][HOME]), directConnectGatewayId, "Direct Connect gateway")
    add, gone = cidrs(addAllowedPrefixesToDirectConnectGateway), cidrs(removeAllowedPrefixesToDirectConnectGateway)
    there = association_of(gateway.id, gatewayId)
    existing = there.prefixes if there else []
    if set(gone) - set(existing) or set(add) & set(existing) or (there and not (add or gone)):
        raise refused(f"The prefixes of {gatewayId} cannot be changed so.")
    requested = [one for one in existing if one not in gone] + add
    if there is None:
        kind, dummy, requested = fitting(backend, gateway, gatewayId, requested)
    elif there.owner != backend.account_id:
        raise refused(f"{gatewayId} does not exist or is not owned by the caller.")
    else:
        kind = there.type
    if any((one.gateway_id, one.associated_id, one.state) == (gateway.id, gatewayId, "requested") for one in everywhere(HOME, "proposals")):
        raise refused(f"A proposal to associate {gatewayId} with {gateway.id} exists already.")
    proposal = Proposal(backend, gateway, kind, gatewayId, existing, requested)
    kept(directconnect_backends[backend.account_id][HOME], "proposals")[proposal.id] = proposal
    return {"directConnectGatewayAssociationProposal": proposal.described(proposal.state)}


def association_of(gateway_id, associated_id):
    alike = [one for one in everywhere(HOME, "associations") if (one.gateway_id, one.associated_id) == (gateway_id, associated_id)]
    return next((one for one in alike if one.state not in GOING), None)


@BOOK.adds("DescribeDirectConnectGatewayAssociationProposals")
def describe_proposals(backend, directConnectGatewayId, proposalId, associatedGatewayId, nextToken, maxResults, **_):
    """Both sides see them, those that were accepted or deleted too, which AWS forgets some days later."""
    things = [
        one
        for one in seen_by(backend).values()
        if proposalId in (None, one.id) and directConnectGatewayId in (None, one.gateway_id) and associatedGatewayId in (None, one.associated_id)
    ]
    return page("directConnectGatewayAssociationProposals", things, nextToken, maxResults, lambda one, state: one.described(state))


def open_proposal(backend, proposal_id):
    proposal = found(seen_by(backend), proposal_id, "Direct Connect Gateway Association Proposal")
    if proposal.state != "requested":
        raise refused(f"Direct Connect Gateway Association Proposal {proposal_id} has been {proposal.state}!")
    return proposal


@BOOK.adds("AcceptDirectConnectGatewayAssociationProposal")
def accept_proposal(backend, directConnectGatewayId, proposalId, associatedGatewayOwnerAccount, overrideAllowedPrefixesToDirectConnectGateway, **_):
    """Guide: "The owner of the Direct Connect gateway can optionally override any requested prefixes"."""
    proposal = open_proposal(backend, proposalId)
    if proposal.gateway_owner != backend.account_id:
        raise refused(f"Proposal {proposalId} is accepted by the owner of the Direct Connect gateway.")
    if (proposal.gateway_id, proposal.owner) != (directConnectGatewayId, associatedGatewayOwnerAccount):
        raise refused(f"Proposal {proposalId} is not for {directConnectGatewayId} from account {associatedGatewayOwnerAccount}.")
    prefixes = cidrs(overrideAllowedPrefixesToDirectConnectGateway) or proposal.requested
    association = association_of(proposal.gateway_id, proposal.associated_id)
    if association is None:
        theirs = directconnect_backends[proposal.owner][proposal.region]
        gateway = found(gateways(backend), proposal.gateway_id, "Direct Connect gateway")
        association = associated(theirs, gateway, proposal.associated_id, prefixes)
    elif association.state != "associated":
        raise refused(f"Association {association.id} is in state {association.state}.")
    else:
        association.prefixes = list(prefixes)
        association.be(("updating",), "associated")
    proposal.state = "accepted"
    return {"directConnectGatewayAssociation": association.described(association.state)}


@BOOK.adds("DeleteDirectConnectGatewayAssociationProposal")
def delete_proposal(backend, proposalId, **_):
    """Guide: its maker deletes one that is pending, the owner of the Direct Connect gateway rejects it so; "after an association proposal is accepted, you
    can't delete it".
    """
    proposal = open_proposal(backend, proposalId)
    proposal.state = "deleted"
    return {"directConnectGatewayAssociationProposal": proposal.described(proposal.state)}
