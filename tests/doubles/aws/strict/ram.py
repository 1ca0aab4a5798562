# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RAM: resource shares with their resources and principals, and the invitations that accounts outside of the organization accept.

moto's shares have no associations that come and go, no invitations and no tags, so their operations are answered here.
"""

from __future__ import annotations

import re

from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random
from moto.ram.exceptions import InvalidParameterException, MalformedArnException, UnknownResourceException
from moto.ram.models import ResourceShare, ram_backends

from .passing import Passing
from .rules import Refused, RuleBook

BOOK = RuleBook("ram", invalid="InvalidParameterException", mismatch="IdempotentParameterMismatchException")
ACCOUNT = re.compile(r"\d{12}")
GONE = ("DISASSOCIATED", "DELETED")


class Association(Passing):
    """Of a resource or a principal; `external` principals wait until they accept."""

    def __init__(self, external=False):
        self.external = external
        self.created = utcnow().replace(microsecond=0)
        self.accepted = not external
        self.be("ASSOCIATING", "ASSOCIATED" if self.accepted else "ASSOCIATING")


class Share(ResourceShare, Passing):
    def __init__(self, ram, name, external, tags):
        super().__init__(ram.account_id, ram.region_name, name=name, allowExternalPrincipals=external)
        del self.status  # what moto keeps; ours changes with time
        self.resources, self.guests = {}, {}
        self.invitations = {}  # account -> {arn, status, sent}
        self.tags = dict(tags)
        self.be("PENDING", "ACTIVE")

    def told(self):
        return {
            "resourceShareArn": self.arn,
            "name": self.name,
            "owningAccountId": self.owning_account_id,
            "allowExternalPrincipals": self.allow_external_principals,
            "status": self.state,
            "tags": [{"key": key, "value": value} for key, value in self.tags.items()],
            "creationTime": self.creation_time,
            "lastUpdatedTime": self.last_updated_time,
            "featureSet": "STANDARD",
        }


def reaches(owner, region, arn, account):
    """Whether a resource of the owner is shared with the account, which has accepted where it had to."""
    by_region = dict.get(ram_backends, owner, {})
    ram = dict.get(by_region, region)
    for share in ram.resource_shares if ram is not None else ():
        guest = share.guests.get(account)
        if share.settled != "DELETED" and arn in live(share.resources) and guest and guest.settled not in GONE and guest.accepted:
            return True
    return False


def live(associations):
    return {name: one for name, one in associations.items() if one.settled not in GONE}


def share_of(ram, arn):
    if not re.fullmatch(r"arn:[^:]+:ram:[^:]+:\d{12}:resource-share/[0-9a-f-]+", arn or ""):
        raise Refused("MalformedArnException", f"The specified resource share ARN {arn} is not valid. Verify the ARN and try again.")
    found = next((share for share in ram.resource_shares if share.arn == arn and share.state != "DELETED"), None)
    if found is None:
        raise Refused("UnknownResourceException", f"ResourceShare {arn} could not be found.")
    return found


def check(ram, share, resources, principals):
    """What moto knows of ARNs and principals, and that a transit gateway is there and one's own."""
    probe = ResourceShare(ram.account_id, ram.region_name, name="probe")
    try:
        probe.add_principals(list(principals))
        probe.add_resources(list(resources))
    except (InvalidParameterException, MalformedArnException, UnknownResourceException) as error:
        raise Refused(type(error).__name__, error.message) from None
    for arn in resources:
        if ":transit-gateway/" in arn:
            gateway_is_there(ram, arn)
    outside = [one for one in principals if ACCOUNT.fullmatch(one)]
    if outside and not share["external"]:
        message = f"Principal {outside[0]} is not in your AWS organization. You do not have permission to add external AWS accounts to a resource share."
        raise Refused("OperationNotPermittedException", message)


def gateway_is_there(ram, arn):
    from moto.ec2.models import ec2_backends

    gateway = ec2_backends[ram.account_id][ram.region_name].transit_gateways.get(arn.rpartition("/")[2])
    if gateway is None or gateway.arn != arn or gateway.settled == "deleted":
        raise Refused("UnknownResourceException", f"Resource {arn} could not be found.")


def add(share, resources, principals):
    for arn in resources:
        if arn not in live(share.resources):
            share.resources[arn] = Association()
    for one in principals:
        if one in live(share.guests):
            continue
        share.guests[one] = Association(external=bool(ACCOUNT.fullmatch(one)))
        if ACCOUNT.fullmatch(one):
            arn = f"{share.arn.replace('resource-share/', 'resource-share-invitation/')[:-36]}{mock_random.uuid4()}"
            share.invitations[one] = {"arn": arn, "status": "PENDING", "sent": utcnow().replace(microsecond=0)}


def told(share, entity, kind, one):
    return {
        "resourceShareArn": share.arn,
        "resourceShareName": share.name,
        "associatedEntity": entity,
        "associationType": kind,
        "status": one.look(),
        "creationTime": one.created,
        "lastUpdatedTime": one.created,
        "external": one.external,
    }


def both(share, resources, principals):
    found = [told(share, arn, "RESOURCE", share.resources[arn]) for arn in resources]
    return found + [told(share, one, "PRINCIPAL", share.guests[one]) for one in principals]


@BOOK.adds("CreateResourceShare")
def create_resource_share(ram, name, resourceArns, principals, allowExternalPrincipals, tags, **_):
    """CreateResourceShare.allowExternalPrincipals: "The default value is true"."""
    external = True if allowExternalPrincipals is None else allowExternalPrincipals
    check(ram, {"external": external}, resourceArns or [], principals or [])
    share = Share(ram, name, external, {tag["key"]: tag["value"] for tag in tags or []})
    add(share, resourceArns or [], principals or [])
    ram.resource_shares.append(share)
    return {"resourceShare": share.told()}


@BOOK.adds("GetResourceShares")
def get_resource_shares(ram, resourceOwner, resourceShareArns, resourceShareStatus, name, **_):
    """GetResourceShares: SELF, or OTHER-ACCOUNTS, whose shares were accepted. A deleted one stays visible for a while."""
    if resourceOwner == "SELF":
        shares = list(ram.resource_shares)
    else:
        shares = [share for share in everywhere(ram) if (guest := share.guests.get(ram.account_id)) and guest.accepted and guest.settled not in GONE]
    for arn in resourceShareArns or []:
        if not any(share.arn == arn for share in shares):
            raise Refused("UnknownResourceException", f"ResourceShare {arn} could not be found.")
    found = [
        share
        for share in shares
        if (not resourceShareArns or share.arn in resourceShareArns)
        and name in (None, share.name)
        and resourceShareStatus in (None, share.state)
    ]
    shown = [share.told() for share in found]
    for share in shares:  # time also passes for what is not asked for
        share.look()
    return {"resourceShares": shown}


def everywhere(ram):
    for account, by_region in list(dict.items(ram_backends)):
        backend = dict.get(by_region, ram.region_name)
        if backend is not None and account != ram.account_id:
            yield from backend.resource_shares


@BOOK.adds("GetResourceShareAssociations")
def get_resource_share_associations(ram, associationType, resourceShareArns, resourceArn, principal, associationStatus, **_):
    """GetResourceShareAssociations: resourceArn only for RESOURCE, principal only for PRINCIPAL; of shares that one owns."""
    if (associationType == "PRINCIPAL" and resourceArn) or (associationType == "RESOURCE" and principal):
        raise Refused("InvalidParameterException", "resourceArn is for the type RESOURCE, principal for the type PRINCIPAL")
    for arn in resourceShareArns or []:
        if not any(share.arn == arn for share in ram.resource_shares):
            raise Refused("UnknownResourceException", f"ResourceShare {arn} could not be found.")
    found = []
    for share in ram.resource_shares:
        if resourceShareArns and share.arn not in resourceShareArns:
            continue
        associations = share.guests if associationType == "PRINCIPAL" else share.resources
        wanted = principal if associationType == "PRINCIPAL" else resourceArn
        found += [told(share, entity, associationType, one) for entity, one in associations.items() if wanted in (None, entity)]
    return {"resourceShareAssociations": [one for one in found if associationStatus in (None, one["status"])]}


@BOOK.adds("UpdateResourceShare")
def update_resource_share(ram, resourceShareArn, name, allowExternalPrincipals, **_):
    """UpdateResourceShare: what is not named stays. Guests from outside stand against allowExternalPrincipals = false."""
    share = share_of(ram, resourceShareArn)
    outside = [guest for guest, one in live(share.guests).items() if one.external]
    if allowExternalPrincipals is False and outside:
        raise Refused("OperationNotPermittedException", f"The resource share has external principals: {', '.join(outside)}")
    share.name = name or share.name
    if allowExternalPrincipals is not None:
        share.allow_external_principals = allowExternalPrincipals
    share.last_updated_time = utcnow()
    return {"resourceShare": share.told()}


@BOOK.adds("AssociateResourceShare")
def associate_resource_share(ram, resourceShareArn, resourceArns, principals, **_):
    """AssociateResourceShare: of an active share; who is outside gets an invitation."""
    share = share_of(ram, resourceShareArn)
    active(share)
    check(ram, {"external": share.allow_external_principals}, resourceArns or [], principals or [])
    add(share, resourceArns or [], principals or [])
    return {"resourceShareAssociations": both(share, resourceArns or [], principals or [])}


def active(share):
    if share.state != "ACTIVE":
        raise Refused("InvalidStateTransitionException", f"ResourceShare {share.arn} is {share.state}")


@BOOK.adds("DisassociateResourceShare")
def disassociate_resource_share(ram, resourceShareArn, resourceArns, principals, **_):
    """DisassociateResourceShare: of what is associated; by the owner, or by a guest of itself."""
    if [ram.account_id] == principals and not resourceArns:
        return leave(ram, resourceShareArn)
    share = share_of(ram, resourceShareArn)
    active(share)
    for entity, associations in [(arn, share.resources) for arn in resourceArns or []] + [(one, share.guests) for one in principals or []]:
        if entity not in live(associations):
            raise Refused("UnknownResourceException", f"{entity} is not associated with {share.arn}")
        associations[entity].be("DISASSOCIATING", "DISASSOCIATED")
        associations[entity].accepted = False
        share.invitations.pop(entity, None)
    return {"resourceShareAssociations": both(share, resourceArns or [], principals or [])}


def leave(ram, share_arn):
    share = next((one for one in everywhere(ram) if one.arn == share_arn), None)
    guest = share and live(share.guests).get(ram.account_id)
    if not guest or not guest.accepted:
        raise Refused("UnknownResourceException", f"ResourceShare {share_arn} could not be found.")
    guest.be("DISASSOCIATING", "DISASSOCIATED")
    guest.accepted = False
    share.invitations.pop(ram.account_id, None)
    return {"resourceShareAssociations": both(share, [], [ram.account_id])}


@BOOK.adds("DeleteResourceShare")
def delete_resource_share(ram, resourceShareArn, **_):
    """DeleteResourceShare: "it only stops the sharing of those resources through this resource share"."""
    share = share_of(ram, resourceShareArn)
    share.be("DELETING", "DELETED")
    for one in [*share.resources.values(), *share.guests.values()]:
        one.be("DISASSOCIATING", "DISASSOCIATED")
    share.invitations.clear()
    return {"returnValue": True}


@BOOK.adds("GetResourceShareInvitations")
def get_resource_share_invitations(ram, resourceShareInvitationArns, resourceShareArns, **_):
    """GetResourceShareInvitations: those that this account has received."""
    found = [
        invitation(share, ram.account_id)
        for share in everywhere(ram)
        if ram.account_id in share.invitations and (not resourceShareArns or share.arn in resourceShareArns)
    ]
    wanted = resourceShareInvitationArns
    return {"resourceShareInvitations": [one for one in found if not wanted or one["resourceShareInvitationArn"] in wanted]}


def invitation(share, account):
    one = share.invitations[account]
    return {
        "resourceShareInvitationArn": one["arn"],
        "resourceShareName": share.name,
        "resourceShareArn": share.arn,
        "senderAccountId": share.owning_account_id,
        "receiverAccountId": account,
        "invitationTimestamp": one["sent"],
        "status": one["status"],
    }


@BOOK.adds("AcceptResourceShareInvitation")
def accept_resource_share_invitation(ram, resourceShareInvitationArn, **_):
    """AcceptResourceShareInvitation: by the account that received it, once."""
    for share in everywhere(ram):
        one = share.invitations.get(ram.account_id)
        if one and one["arn"] == resourceShareInvitationArn:
            if one["status"] != "PENDING":
                raise Refused("ResourceShareInvitationAlreadyAcceptedException", "The invitation was accepted already")
            one["status"] = "ACCEPTED"
            guest = share.guests[ram.account_id]
            guest.accepted, guest.state = True, "ASSOCIATED"
            return {"resourceShareInvitation": invitation(share, ram.account_id)}
    raise Refused("ResourceShareInvitationArnNotFoundException", f"{resourceShareInvitationArn} does not exist")


@BOOK.adds("RejectResourceShareInvitation")
def reject_resource_share_invitation(ram, resourceShareInvitationArn, **_):
    """RejectResourceShareInvitation: what waits, once."""
    for share in everywhere(ram):
        one = share.invitations.get(ram.account_id)
        if one and one["arn"] == resourceShareInvitationArn:
            if one["status"] != "PENDING":
                raise Refused(f"ResourceShareInvitationAlready{one['status'].capitalize()}Exception", f"The invitation was {one['status'].lower()} already")
            one["status"] = "REJECTED"
            share.guests[ram.account_id].be("DISASSOCIATED", "DISASSOCIATED")
            return {"resourceShareInvitation": invitation(share, ram.account_id)}
    raise Refused("ResourceShareInvitationArnNotFoundException", f"{resourceShareInvitationArn} does not exist")


@BOOK.adds("TagResource")
def tag_resource(ram, resourceShareArn, tags, **_):
    """TagResource: "You must specify either resourceShareArn, or resourceArn"."""
    if any(tag["key"].lower().startswith("aws:") for tag in tags):
        raise Refused("InvalidParameterException", "The prefix aws: is reserved")
    share_of(ram, resourceShareArn).tags.update({tag["key"]: tag["value"] for tag in tags})
    return {}


@BOOK.adds("UntagResource")
def untag_resource(ram, resourceShareArn, tagKeys, **_):
    share = share_of(ram, resourceShareArn)
    for key in tagKeys:
        share.tags.pop(key, None)
    return {}
