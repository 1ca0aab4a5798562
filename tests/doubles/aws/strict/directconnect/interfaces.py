# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual interfaces: one's own, and those that a carrier allocates on its connection for another account to confirm."""

from __future__ import annotations

import ipaddress
import re

from moto.directconnect.models import directconnect_backends
from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random

from .book import BOOK, Staged, Thing, everywhere, found, kept, new_id, page, refused, shown_tags
from .connections import GONE, connection_of
from .gateways import associations_of, attached_to, gateway_of

MTUS = (1500, 8500)
SERVES = {"private": "virtualPrivateGateway", "transit": "transitGateway"}


class Interface(Thing):
    def __init__(self, backend, connection, kind, given):
        super().__init__(backend, given["virtualInterfaceName"], given.get("tags"))
        self.id = new_id("dxvif", backend, self.name, kept(backend, "interfaces"))
        self.type, self.connection_id, self.location = kind, connection.id, connection.location
        self.connection_owner = connection.owner
        self.vlan = given["vlan"]
        self.asn = given.get("asnLong") or given.get("asn")
        self.mtu = given.get("mtu", 1500)
        self.auth_key = given.get("authKey") or mock_random.get_random_hex(24)
        self.family = given.get("addressFamily", "ipv4")
        self.amazon_address, self.customer_address = given.get("amazonAddress"), given.get("customerAddress")
        if not self.amazon_address and self.family == "ipv4":
            self.amazon_address, self.customer_address = "169.254.255.1/30", "169.254.255.2/30"
        self.virtual_gateway_id, self.gateway_id = given.get("virtualGatewayId"), given.get("directConnectGatewayId")
        self.prefixes = [one["cidr"] for one in given.get("routeFilterPrefixes", [])]
        self.site_link = bool(given.get("enableSiteLink"))
        self.amazon_side_asn = 64512
        self.peers = {}

    def described(self, state):
        peer = {"asn": self.short_asn, "asnLong": self.asn, "authKey": self.auth_key, "addressFamily": self.family, "bgpPeerState": "available"}
        peer["bgpStatus"] = "up" if state == "available" else "down"
        shown = {
            "ownerAccount": self.owner,
            "virtualInterfaceId": self.id,
            "location": self.location,
            "connectionId": self.connection_id,
            "virtualInterfaceType": self.type,
            "virtualInterfaceName": self.name,
            "vlan": self.vlan,
            "asn": self.short_asn,
            "asnLong": self.asn,
            "amazonSideAsn": self.amazon_side_asn,
            "authKey": self.auth_key,
            "amazonAddress": self.amazon_address,
            "customerAddress": self.customer_address,
            "addressFamily": self.family,
            "virtualInterfaceState": state,
            "customerRouterConfig": f"<logical_connection id='{self.id}'><bgp_auth_key>{self.auth_key}</bgp_auth_key></logical_connection>",
            "mtu": None if self.type == "public" else self.mtu,
            "jumboFrameCapable": True,
            "virtualGatewayId": self.virtual_gateway_id or "",
            "directConnectGatewayId": self.gateway_id or "",
            "routeFilterPrefixes": [{"cidr": one} for one in self.prefixes],
            "bgpPeers": [{**peer, "bgpPeerId": f"dxpeer-{self.id[6:]}", "amazonAddress": self.amazon_address, "customerAddress": self.customer_address}],
            "region": self.region,
            "tags": shown_tags(self),
            "siteLinkEnabled": self.site_link,
        }
        shown["bgpPeers"] += [one.described(one.look()) for one in list(self.peers.values()) if one.state != "deleted"]
        shown["bgpPeers"] = [{member: value for member, value in one.items() if value is not None} for one in shown["bgpPeers"]]
        return {member: value for member, value in shown.items() if value is not None}

    @property
    def short_asn(self):
        """VirtualInterface.asnLong: "When using a 4-byte asnLong, the API response returns 0 for the legacy asn attribute"."""
        return self.asn if self.asn <= 2147483646 else 0


class Peer(Staged):
    """A further BGP peer. "IPv6 addresses are automatically assigned from the Amazon pool of IPv6 addresses"."""

    def __init__(self, interface, given):
        self.family, self.asn = given["addressFamily"], given.get("asnLong") or given.get("asn")
        self.id = f"dxpeer-{interface.id[6:]}-{self.family}"
        self.auth_key = given.get("authKey") or mock_random.get_random_hex(24)
        self.amazon_address, self.customer_address = given.get("amazonAddress"), given.get("customerAddress")
        if self.family == "ipv6":
            self.amazon_address, self.customer_address = "2001:db8:1::1/125", "2001:db8:1::2/125"
        self.be(("pending",), "available")

    def described(self, state):
        return {
            "bgpPeerId": self.id,
            "asn": self.asn if self.asn <= 2147483646 else 0,
            "asnLong": self.asn,
            "authKey": self.auth_key,
            "addressFamily": self.family,
            "amazonAddress": self.amazon_address,
            "customerAddress": self.customer_address,
            "bgpPeerState": state,
            "bgpStatus": "up" if state == "available" else "down",
        }


def sound(given, kind):
    """NewPrivateVirtualInterface, NewTransitVirtualInterface, NewPublicVirtualInterface."""
    if not re.fullmatch(r"[a-z0-9-]{1,100}", given.get("virtualInterfaceName") or ""):
        raise refused("virtualInterfaceName: a maximum of 100 characters, a-z, 0-9 and a hyphen (-).")
    asn = given.get("asnLong") or given.get("asn") or 0
    if not 1 <= asn <= 4294967294 or ("asnLong" not in given and asn > 2147483646):
        raise refused(f"ASN {asn} is not valid.")
    if not 1 <= (given.get("vlan") or 0) <= 4094:
        raise refused(f"VLAN {given.get('vlan')} is not valid.")
    if given.get("mtu", 1500) not in MTUS:
        raise refused("A MTU value must be either 1500 or 8500.")
    if "authKey" in given and not 6 <= len(given["authKey"]) <= 80:
        raise refused("authKey: a minimum length of 6 characters and a maximum length of 80 characters.")
    addresses = [given.get("amazonAddress"), given.get("customerAddress")]
    addresses_are_sound(addresses, given.get("addressFamily", "ipv4"))
    if kind == "public" and not (given.get("routeFilterPrefixes") and (all(addresses) or given.get("addressFamily") == "ipv6")):
        raise refused("A public virtual interface needs its addresses and the prefixes to advertise.")


def addresses_are_sound(addresses, family):
    """CreatePublicVirtualInterface, CreateBGPPeer: "Custom IPv6 addresses are not supported."."""
    if any(addresses) and (family == "ipv6" or not all(addresses)):
        raise refused("Give both addresses, or none; IPv6 addresses are assigned by AWS.")
    for one in addresses:
        try:
            ipaddress.ip_interface(one or "0.0.0.0/0")
        except ValueError:
            raise refused(f"{one} is not a valid address.") from None


def vlan_is_free(connection, vlan, region):
    used = [one for one in everywhere(region, "interfaces") if one.connection_id == connection.id and one.state not in GONE]
    if any(one.vlan == vlan for one in used):
        raise refused(f"VLAN {vlan} is in use on {connection.id}.")
    if connection.vlan and (used or connection.vlan != vlan):
        # Guide, hosted connections: one virtual interface each, on the VLAN that the partner has set
        raise refused(f"Hosted connection {connection.id} takes one virtual interface, on VLAN {connection.vlan}.")


def target(backend, kind, virtual_gateway_id, gateway_id):
    """Confirm…/Create…VirtualInterface: a virtual private gateway or a Direct Connect gateway; and one kind per Direct Connect gateway."""
    if kind == "transit" and (virtual_gateway_id or not gateway_id):
        raise refused("A transit virtual interface needs a Direct Connect gateway.")
    if kind == "private" and bool(virtual_gateway_id) == bool(gateway_id):
        raise refused("A private virtual interface needs either a virtual private gateway or a Direct Connect gateway.")
    if virtual_gateway_id and virtual_gateway_id not in ec2_backends[backend.account_id][backend.region_name].vpn_gateways:
        raise refused(f"Virtual private gateway {virtual_gateway_id} does not exist.")
    if gateway_id:
        gateway = gateway_of(backend, gateway_id, "available")
        others = [one.id for one in associations_of(backend, gateway_id) if one.type != SERVES[kind]]
        others += [one.id for one in attached_to(gateway_id) if one.type != kind]
        if others:
            raise refused(f"Direct Connect gateway {gateway_id} serves {', '.join(others)} already.")
        return gateway.asn
    return 64512


def create(backend, kind, connection_id, given):
    connection = connection_of(backend, connection_id)
    if connection.state not in ("pending", "available", "down"):
        raise refused(f"Connection {connection_id} is in state {connection.state}.")
    sound(given, kind)
    vlan_is_free(connection, given["vlan"], backend.region_name)
    asn = target(backend, kind, given.get("virtualGatewayId"), given.get("directConnectGatewayId")) if kind != "public" else 64512
    one = Interface(backend, connection, kind, given)
    one.amazon_side_asn = asn
    one.be(("verifying", "pending") if kind == "public" else ("pending",), "available")
    kept(backend, "interfaces")[one.id] = one
    return one.described(one.state)


@BOOK.adds("CreatePrivateVirtualInterface")
def create_private(backend, connectionId, newPrivateVirtualInterface, **_):
    return create(backend, "private", connectionId, newPrivateVirtualInterface)


@BOOK.adds("CreateTransitVirtualInterface")
def create_transit(backend, connectionId, newTransitVirtualInterface, **_):
    return {"virtualInterface": create(backend, "transit", connectionId, newTransitVirtualInterface)}


@BOOK.adds("CreatePublicVirtualInterface")
def create_public(backend, connectionId, newPublicVirtualInterface, **_):
    return create(backend, "public", connectionId, newPublicVirtualInterface)


def allocate(backend, kind, connection_id, owner, given):
    """Allocate…VirtualInterface: "Until then, the virtual interface is in the Confirming state"."""
    connection = connection_of(backend, connection_id)
    sound(given, kind)
    vlan_is_free(connection, given["vlan"], backend.region_name)
    theirs = directconnect_backends[owner][backend.region_name]
    one = Interface(theirs, connection, kind, given)
    one.state = "confirming"
    kept(theirs, "interfaces")[one.id] = one
    return one.described(one.state)


@BOOK.adds("AllocatePrivateVirtualInterface")
def allocate_private(backend, connectionId, ownerAccount, newPrivateVirtualInterfaceAllocation, **_):
    return allocate(backend, "private", connectionId, ownerAccount, newPrivateVirtualInterfaceAllocation)


@BOOK.adds("AllocateTransitVirtualInterface")
def allocate_transit(backend, connectionId, ownerAccount, newTransitVirtualInterfaceAllocation, **_):
    return {"virtualInterface": allocate(backend, "transit", connectionId, ownerAccount, newTransitVirtualInterfaceAllocation)}


@BOOK.adds("AllocatePublicVirtualInterface")
def allocate_public(backend, connectionId, ownerAccount, newPublicVirtualInterfaceAllocation, **_):
    return allocate(backend, "public", connectionId, ownerAccount, newPublicVirtualInterfaceAllocation)


def own(backend, interface_id):
    one = found(kept(backend, "interfaces"), interface_id, "Virtual interface")
    if one.state in ("deleted", "rejected"):
        raise refused(f"Virtual interface {interface_id} is {one.state}.")
    return one


def confirm(backend, kind, interface_id, virtual_gateway_id=None, gateway_id=None):
    one = own(backend, interface_id)
    if one.type != kind or one.state != "confirming":
        raise refused(f"{interface_id} is a {one.type} virtual interface in state {one.state}.")
    if kind != "public":
        one.amazon_side_asn = target(backend, kind, virtual_gateway_id, gateway_id)
    one.virtual_gateway_id, one.gateway_id = virtual_gateway_id, gateway_id
    one.be(("verifying", "pending") if kind == "public" else ("pending",), "available")
    return {"virtualInterfaceState": one.state}


@BOOK.adds("ConfirmPrivateVirtualInterface")
def confirm_private(backend, virtualInterfaceId, virtualGatewayId, directConnectGatewayId, **_):
    return confirm(backend, "private", virtualInterfaceId, virtualGatewayId, directConnectGatewayId)


@BOOK.adds("ConfirmTransitVirtualInterface")
def confirm_transit(backend, virtualInterfaceId, directConnectGatewayId, **_):
    return confirm(backend, "transit", virtualInterfaceId, None, directConnectGatewayId)


@BOOK.adds("ConfirmPublicVirtualInterface")
def confirm_public(backend, virtualInterfaceId, **_):
    return confirm(backend, "public", virtualInterfaceId)


@BOOK.adds("DescribeVirtualInterfaces")
def describe_virtual_interfaces(backend, connectionId, virtualInterfaceId, nextToken, maxResults, **_):
    """DescribeVirtualInterfaces: deleted ones are shown for a while; the owner of a connection sees what it allocated to others."""
    me = backend.account_id
    things = [one for one in everywhere(backend.region_name, "interfaces") if me in (one.owner, one.connection_owner)]
    if virtualInterfaceId:
        things = [found({one.id: one for one in things}, virtualInterfaceId, "Virtual interface")]
    chosen = [one for one in things if connectionId in (None, one.connection_id)]
    return page("virtualInterfaces", chosen, nextToken, maxResults, lambda one, state: one.described(state))


@BOOK.adds("UpdateVirtualInterfaceAttributes")
def update_virtual_interface_attributes(backend, virtualInterfaceId, mtu, enableSiteLink, virtualInterfaceName, **_):
    """UpdateVirtualInterfaceAttributes: "of the specified virtual private interface"; SiteLink goes through a Direct Connect gateway."""
    one = own(backend, virtualInterfaceId)
    if one.state not in ("available", "down"):
        raise refused(f"Virtual interface {virtualInterfaceId} is in state {one.state}.")
    if mtu is not None:
        if mtu not in MTUS or one.type == "public":
            raise refused("A MTU value must be either 1500 or 8500, and of a private or transit virtual interface.")
        one.mtu = mtu
    if enableSiteLink is not None:
        if not one.gateway_id:
            raise refused("SiteLink needs a Direct Connect gateway.")
        one.site_link = enableSiteLink
    one.name = virtualInterfaceName or one.name
    return one.described(one.state)


@BOOK.adds("AssociateVirtualInterface")
def associate_virtual_interface(backend, virtualInterfaceId, connectionId, **_):
    """AssociateVirtualInterface: "If the target connection or LAG has an associated virtual interface with a conflicting VLAN ..., the operation fails."."""
    one, connection = own(backend, virtualInterfaceId), connection_of(backend, connectionId)
    vlan_is_free(connection, one.vlan, backend.region_name)
    one.connection_id, one.location, one.connection_owner = connection.id, connection.location, connection.owner
    one.be(("pending",), one.settled)
    return one.described(one.state)


@BOOK.adds("CreateBGPPeer")
def create_bgp_peer(backend, virtualInterfaceId, newBGPPeer, **_):
    """CreateBGPPeer: "the BGP peer cannot be in the same address family as an existing BGP peer on the virtual interface" (without logical redundancy)."""
    one, given = own(backend, virtualInterfaceId), newBGPPeer or {}
    family, asn = given.get("addressFamily"), given.get("asnLong") or given.get("asn") or 0
    if family not in ("ipv4", "ipv6") or not 1 <= asn <= 4294967294:
        raise refused("A BGP peer needs an address family and an ASN.")
    if "authKey" in given and not 6 <= len(given["authKey"]) <= 80:
        raise refused("authKey: a minimum length of 6 characters and a maximum length of 80 characters.")
    addresses_are_sound([given.get("amazonAddress"), given.get("customerAddress")], family)
    if family == one.family or any(peer.family == family and peer.state != "deleted" for peer in one.peers.values()):
        raise refused(f"{virtualInterfaceId} has a BGP peer of {family} already.")
    peer = Peer(one, given)
    one.peers[peer.id] = peer
    return {"virtualInterface": one.described(one.state)}


@BOOK.adds("DeleteBGPPeer")
def delete_bgp_peer(backend, virtualInterfaceId, bgpPeerId, **_):
    """DeleteBGPPeer: "You cannot delete the last BGP peer from a virtual interface"."""
    one = own(backend, virtualInterfaceId)
    peer = found(one.peers, bgpPeerId, "BGP peer")
    if peer.state in ("deleting", "deleted"):
        raise refused(f"BGP peer {bgpPeerId} is {peer.state}.")
    peer.be(("deleting",), "deleted")
    return {"virtualInterface": one.described(one.state)}


@BOOK.adds("DeleteVirtualInterface")
def delete_virtual_interface(backend, virtualInterfaceId, **_):
    """VirtualInterface.virtualInterfaceState: "If a virtual interface in the Confirming state is deleted by the virtual interface owner, [it] enters the
    Rejected state."
    """
    one = own(backend, virtualInterfaceId)
    if one.state == "confirming":
        one.state = "rejected"
    else:
        one.be(("deleting",), "deleted")
    return {"virtualInterfaceState": one.state}
