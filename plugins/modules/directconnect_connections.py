#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _directconnect
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref, tags

ENCRYPTION_MODES = ("no_encrypt", "should_encrypt", "must_encrypt")
SECONDS = 300
TOLD = dict(
    requested="AWS reviews the order for up to 72 hours, and asks back by mail to the address of the account. The LOA-CFA can be fetched when it is pending",
    pending="fetch the LOA-CFA (directconnect_loa) and have the cross connect made. Port hours are billed from then on, or 90 days after the order",
    down="the link is down",
)


def find(aws, wanted):
    return [_have(one) for one in _directconnect.connections(aws) if not _directconnect.is_hosted(one)]


def _have(connection):
    return dict(
        id=connection["connectionId"],
        name=connection["connectionName"],
        location=connection["location"],
        bandwidth=connection["bandwidth"],
        provider_name=connection.get("providerName") or None,
        request_mac_sec=connection.get("macSecCapable") or False,
        encryption_mode=connection.get("encryptionMode") or None,
        lag=connection.get("lagId") or None,
        tags=_directconnect.tags_of(connection),
        _owner=connection["ownerAccount"],
        _state=connection["connectionState"],
    )


def read(aws, have, names):
    """AWS and the provider need days: nobody waits for them, but everybody is told."""
    if have["_state"] in TOLD:
        aws.warn(f"{have['name']} ({have['id']}) is {have['_state']}: {TOLD[have['_state']]}")
    return {}


def foresee(aws, want):
    """What the location does not have."""
    locations = aws.once(_locations)
    location, bandwidth, provider = want["location"], want["bandwidth"], want.get("provider_name")
    if location not in locations:
        raise Problem(f"location: {location!r} is not one of {', '.join(sorted(locations))}")
    facts = locations[location]
    speeds = facts.get("availableMacSecPortSpeeds" if want.get("request_mac_sec") else "availablePortSpeeds") or []
    if _speed(bandwidth) not in map(_speed, speeds):
        with_macsec = " with MACsec" if want.get("request_mac_sec") else ""
        raise Problem(f"bandwidth: {location} does not have {bandwidth}{with_macsec}, but {', '.join(speeds) or 'nothing'}")
    if provider and provider not in facts.get("availableProviders", []):
        raise Problem(f"provider_name: {provider!r} is not one of those at {location}: {', '.join(facts.get('availableProviders', []))}")


def _locations(aws):
    return {one["locationCode"]: one for one in _directconnect.listed(aws, "describe_locations", "locations")}


def _speed(text):
    """10Gbps as AWS lists it, 10G."""
    return text.removesuffix("bps")


def create(aws, want):
    arguments = dict(location=want["location"], bandwidth=want["bandwidth"], connectionName=want["name"], **_directconnect.tagged(want))
    members = dict(provider_name="providerName", request_mac_sec="requestMACSec", lag="lagId")
    arguments.update((member, want[option]) for option, member in members.items() if option in want)
    have = _have(aws.directconnect.create_connection(**arguments))
    return {**have, **read(aws, have, [])}


def update(aws, have, change):
    renamed = dict(name="connectionName", encryption_mode="encryptionMode")
    changed = {member: change[option] for option, member in renamed.items() if option in change}
    if changed:
        aws.directconnect.update_connection(connectionId=have["id"], **changed)
    if change.get("lag"):
        aws.directconnect.associate_connection_with_lag(connectionId=have["id"], lagId=change["lag"])
    elif "lag" in change:
        aws.directconnect.disassociate_connection_from_lag(connectionId=have["id"], lagId=have["lag"])
    _directconnect.write_tags(aws, "dxcon", have, change)


def refuse(want, have, change):
    if change.get("encryption_mode") and not {**have, **want}.get("request_mac_sec"):
        raise Problem("encryption_mode: this port has no MACsec (request_mac_sec), which it can only get when it is ordered")


def danger(have, change):
    if not have:
        port = f"{change['bandwidth']} at {change['location']}"
        return f"would order a port ({port}), whose hours AWS bills from when it is available, or from 90 days after the order"
    if not change:
        return f"would give up the port at {have['location']} for good; the cross connect is still to be cancelled with its provider"
    reasons = []
    if "lag" in change:
        reasons.append(f"would interrupt the connection to {'take it out of its LAG' if change['lag'] is None else 'put it into another LAG'}")
    if "encryption_mode" in change:
        reasons.append("would change the MACsec encryption, and cut the connection where the other router has not the same")
    return " and ".join(reasons) or None


def delete(aws, have):
    aws.directconnect.delete_connection(connectionId=have["id"])
    aws.wait(f"deletion of {have['id']}", lambda: _look(aws, have["id"]), lambda state: state in (None, "deleted"), limit=SECONDS)


def _look(aws, connection_id):
    found = aws.directconnect.describe_connections(connectionId=connection_id)["connections"]
    return found[0]["connectionState"] if found else None


KIND = Kind(
    name="directconnect_connections",
    identity=("name",),
    options=dict(
        name=Option(),
        location=fixed(required=True),
        bandwidth=fixed(required=True),
        provider_name=fixed(),
        request_mac_sec=fixed("bool"),
        encryption_mode=Option(choices=ENCRYPTION_MODES),
        lag=ref("directconnect_lags", clearable=True),
        tags=tags(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    holders=_directconnect.holders_of_connections,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
