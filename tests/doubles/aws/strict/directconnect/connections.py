# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports (connections), LAGs of them, and connections that a carrier hosts on its own port."""

from __future__ import annotations

from .book import BOOK, Thing, everywhere, found, kept, new_id, page, refused, shown_tags

# DescribeLocations for Tokyo, as far as it is needed
LOCATIONS = {
    "EqTY2": {"speeds": ["1G", "10G", "100G"], "macsec": ["10G", "100G"], "providers": ["Equinix, Inc.", "NTT Communications"]},
    "AtTDC": {"speeds": ["1G", "10G"], "macsec": [], "providers": ["AT TOKYO"]},
}
# AllocateHostedConnection.bandwidth
HOSTED_SPEEDS = ("50Mbps", "100Mbps", "200Mbps", "300Mbps", "400Mbps", "500Mbps", "1Gbps", "2Gbps", "5Gbps", "10Gbps", "25Gbps")
GONE = ("deleting", "deleted", "rejected")
DAYS = 5  # how long AWS reviews, and then the provider needs: longer than other states
LOA = b"%PDF-1.4 LOA-CFA"


class Connection(Thing):
    def __init__(self, backend, name, location, bandwidth, tags):
        super().__init__(backend, name, tags)
        self.id = self.connection_id = new_id("dxcon", backend, name, kept(backend, "connections"))  # moto's tagging API asks for the longer name
        self.location, self.bandwidth = location, bandwidth
        self.provider_name = self.partner_name = self.vlan = self.lag_id = self.parent_id = None
        self.mac_sec = False
        self.encryption_mode = "no_encrypt"
        self.interconnect = False

    def described(self, state):
        shown = {
            "ownerAccount": self.owner,
            "connectionId": self.id,
            "connectionName": self.name,
            "connectionState": state,
            "region": self.region,
            "location": self.location,
            "bandwidth": self.bandwidth,
            "vlan": self.vlan,
            "partnerName": self.partner_name,
            "providerName": self.provider_name,
            "lagId": self.lag_id,
            "jumboFrameCapable": True,
            "macSecCapable": None if self.vlan else self.mac_sec,
            "encryptionMode": self.encryption_mode if self.mac_sec else None,
            "tags": shown_tags(self),
        }
        return {member: value for member, value in shown.items() if value is not None}


class Lag(Thing):
    def __init__(self, backend, name, location, bandwidth, tags):
        super().__init__(backend, name, tags)
        self.id = self.lag_id = new_id("dxlag", backend, name, kept(backend, "lags"))
        self.location, self.bandwidth = location, bandwidth
        self.minimum_links = 0

    def described(self, state, connections=()):
        shown = {"lagId": self.id, "lagName": self.name, "lagState": state, "location": self.location, "connectionsBandwidth": self.bandwidth}
        shown |= {"ownerAccount": self.owner, "region": self.region, "minimumLinks": self.minimum_links, "tags": shown_tags(self)}
        return {**shown, "numberOfConnections": len(connections), "connections": [one.described(one.state) for one in connections]}


def connection_of(backend, connection_id):
    one = found(kept(backend, "connections"), connection_id, "Connection")
    if one.state in ("deleted", "rejected"):
        raise refused(f"Connection {connection_id} is deleted.")
    return one


def described(one, state):
    return one.described(state)


@BOOK.adds("DescribeLocations")
def describe_locations(backend, **_):
    def shown(code, facts):
        speeds = {"availablePortSpeeds": facts["speeds"], "availableMacSecPortSpeeds": facts["macsec"], "availableProviders": facts["providers"]}
        return {"locationCode": code, "locationName": code, "region": backend.region_name, **speeds}

    return {"locations": [shown(code, facts) for code, facts in LOCATIONS.items()]}


def order_is_possible(location, bandwidth, provider, mac_sec):
    """CreateConnection: the locations, speeds and providers are those of DescribeLocations."""
    facts = LOCATIONS.get(location)
    if facts is None:
        raise refused(f"Location {location} is invalid.")
    speed = bandwidth.removesuffix("bps")
    if speed not in facts["speeds"] or (mac_sec and speed not in facts["macsec"]):
        raise refused(f"Bandwidth {bandwidth} is not available at {location}.")
    if provider and provider not in facts["providers"]:
        raise refused(f"Provider {provider} is not available at {location}.")


@BOOK.adds("CreateConnection")
def create_connection(backend, location, bandwidth, connectionName, lagId, tags, providerName, requestMACSec, **_):
    """CreateConnection; Connection.connectionState: "requested: The initial state of a standard connection"."""
    order_is_possible(location, bandwidth, providerName, requestMACSec)
    if lagId:
        suits(found(kept(backend, "lags"), lagId, "LAG"), location, bandwidth)
    one = Connection(backend, connectionName, location, bandwidth, tags)
    one.lag_id, one.provider_name = lagId, providerName
    one.mac_sec = bool(requestMACSec)
    one.encryption_mode = "should_encrypt" if requestMACSec else "no_encrypt"
    one.be(("requested",) * DAYS + ("pending",) * DAYS, "available")
    kept(backend, "connections")[one.id] = one
    return one.described(one.state)


@BOOK.adds("DescribeConnections")
def describe_connections(backend, connectionId, nextToken, maxResults, **_):
    things = [one for one in kept(backend, "connections").values() if not one.interconnect]
    if connectionId:
        things = [found({one.id: one for one in things}, connectionId, "Connection")]
    return page("connections", things, nextToken, maxResults, described)


@BOOK.adds("UpdateConnection")
def update_connection(backend, connectionId, connectionName, encryptionMode, **_):
    """UpdateConnection.encryptionMode: "The valid values are no_encrypt, should_encrypt, and must_encrypt"; "MACsec is unavailable on hosted connections"."""
    one = connection_of(backend, connectionId)
    if encryptionMode and (encryptionMode not in ("no_encrypt", "should_encrypt", "must_encrypt") or not one.mac_sec):
        raise refused(f"Encryption mode {encryptionMode} is not possible for {connectionId}.")
    one.name = connectionName or one.name
    one.encryption_mode = encryptionMode or one.encryption_mode
    return one.described(one.state)


@BOOK.adds("DeleteConnection")
def delete_connection(backend, connectionId, **_):
    """Connection.connectionState: "rejected: A hosted connection in the ordering state ... if it is deleted by the customer". Guide, delete a
    connection: virtual interfaces and a LAG hold it.
    """
    one = connection_of(backend, connectionId)
    if one.lag_id:
        raise refused(f"Connection {connectionId} belongs to LAG {one.lag_id}; disassociate it first.")
    on_it = [interface.id for interface in everywhere(backend.region_name, "interfaces") if interface.connection_id == one.id and interface.state not in GONE]
    if on_it:
        raise refused(f"Connection {connectionId} has virtual interfaces: {', '.join(on_it)}.")
    if one.settled == "ordering":
        one.state = "rejected"
    else:
        one.be(("deleting",), "deleted")
    return one.described(one.state)


@BOOK.adds("DescribeLoa")
def describe_loa(backend, connectionId, **_):
    """Connection.connectionState: "requested ... until the Letter of Authorization (LOA) is sent to the customer"."""
    one = connection_of(backend, connectionId)
    if one.state in ("requested", "ordering") or one.vlan:
        raise refused(f"The LOA-CFA of {connectionId} is not available.")
    return {"loaContent": LOA, "loaContentType": "application/pdf"}


# -- LAGs -------------------------------------------------------------------------------------------


def suits(lag, location, bandwidth):
    """AssociateConnectionWithLag: "hosted on the same Direct Connect endpoint as the LAG, and its bandwidth must match"."""
    if (lag.location, lag.bandwidth) != (location, bandwidth):
        raise refused(f"LAG {lag.id} is at {lag.location} with {lag.bandwidth}.")


def members(backend, lag_id):
    return [one for one in kept(backend, "connections").values() if one.lag_id == lag_id and one.state not in GONE]


@BOOK.adds("CreateLag")
def create_lag(backend, numberOfConnections, location, connectionsBandwidth, lagName, tags, **_):
    order_is_possible(location, connectionsBandwidth, None, None)
    lag = Lag(backend, lagName, location, connectionsBandwidth, tags)
    lag.state = "available"
    kept(backend, "lags")[lag.id] = lag
    for number in range(numberOfConnections):
        create_connection(backend, location, connectionsBandwidth, f"{lagName}-{number + 1}", lag.id, None, None, None)
    return lag.described(lag.state, members(backend, lag.id))


@BOOK.adds("DescribeLags")
def describe_lags(backend, lagId, nextToken, maxResults, **_):
    things = kept(backend, "lags")
    chosen = [found(things, lagId, "LAG")] if lagId else list(things.values())
    return page("lags", chosen, nextToken, maxResults, lambda one, state: one.described(state, members(backend, one.id)))


@BOOK.adds("AssociateConnectionWithLag")
def associate_connection_with_lag(backend, connectionId, lagId, **_):
    one = connection_of(backend, connectionId)
    suits(found(kept(backend, "lags"), lagId, "LAG"), one.location, one.bandwidth)
    one.lag_id = lagId
    return one.described(one.state)


@BOOK.adds("DisassociateConnectionFromLag")
def disassociate_connection_from_lag(backend, connectionId, lagId, **_):
    """DisassociateConnectionFromLag: "below its setting for minimum number of operational connections, the request fails, except when it's the last"."""
    one = connection_of(backend, connectionId)
    lag = found(kept(backend, "lags"), lagId, "LAG")
    if one.lag_id != lagId:
        raise refused(f"Connection {connectionId} is not associated with {lagId}.")
    left = len(members(backend, lagId)) - 1
    if 0 < left < lag.minimum_links:
        raise refused(f"LAG {lagId} needs {lag.minimum_links} links.")
    one.lag_id = None
    return one.described(one.state)


# -- connections that a carrier hosts -----------------------------------------------------------------


@BOOK.adds("CreateInterconnect")
def create_interconnect(backend, interconnectName, bandwidth, location, tags, **_):
    order_is_possible(location, bandwidth, None, None)
    one = Connection(backend, interconnectName, location, bandwidth, tags)
    one.interconnect = True
    one.state = "available"
    kept(backend, "connections")[one.id] = one
    return {"interconnectId": one.id, "interconnectName": one.name, "interconnectState": one.state, "location": location, "bandwidth": bandwidth}


@BOOK.adds("AllocateHostedConnection")
def allocate_hosted_connection(backend, connectionId, ownerAccount, bandwidth, connectionName, vlan, tags, **_):
    """AllocateHostedConnection, ConfirmConnection: "initially in the Ordering state, and remains ... until the owner confirms"."""
    port = connection_of(backend, connectionId)
    if not port.interconnect or bandwidth not in HOSTED_SPEEDS:
        raise refused(f"{connectionId} is no interconnect, or {bandwidth} is not possible.")
    if any(one.parent_id == port.id and one.vlan == vlan and one.state not in GONE for one in everywhere(backend.region_name, "connections")):
        raise refused(f"VLAN {vlan} is in use on {connectionId}.")
    from moto.directconnect.models import directconnect_backends

    theirs = directconnect_backends[ownerAccount][backend.region_name]
    one = Connection(theirs, connectionName, port.location, bandwidth, tags)
    one.parent_id, one.vlan, one.partner_name = port.id, vlan, port.name
    one.state = "ordering"
    kept(theirs, "connections")[one.id] = one
    return one.described(one.state)


@BOOK.adds("ConfirmConnection")
def confirm_connection(backend, connectionId, **_):
    """ConfirmConnection: it "is initially in the Ordering state, and remains in this state until the owner confirms"."""
    one = connection_of(backend, connectionId)
    if one.state != "ordering":
        raise refused(f"Connection {connectionId} is in state {one.state}, it cannot be confirmed.")
    one.be(("pending",), "available")
    return {"connectionState": one.state}
