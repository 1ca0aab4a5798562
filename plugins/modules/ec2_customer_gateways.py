#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress

from ansible_collections.msp.aws.plugins.module_utils import _network_holders, _networks, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref

# There is one type, and the API wants to be told.
TYPE = "ipsec.1"
SECONDS = 300
DEAD = ("deleting", "deleted")
# Up to here an ASN has one member of the API, above it another.
PLAIN_ASN = 2**31 - 1
LAST_ASN = 2**32 - 1
# What makes two orders the same one for AWS.
SAME = ("ip_address", "bgp_asn", "certificate", "device_name")


def find(aws, wanted):
    """AWS goes on showing deleted gateways for a while."""
    return [_have(gateway) for gateway in _list(aws) if gateway["State"] not in DEAD]


def _list(aws, *filters):
    return aws.pages("ec2", "describe_customer_gateways", "CustomerGateways", Filters=list(filters))


def _have(gateway):
    asn = gateway.get("BgpAsnExtended") or gateway.get("BgpAsn")
    return dict(
        id=gateway["CustomerGatewayId"],
        ip_address=gateway.get("IpAddress") or None,
        bgp_asn=int(asn) if asn else None,
        certificate=gateway.get("CertificateArn") or None,
        device_name=gateway.get("DeviceName") or None,
        _moving=gateway["State"] if gateway["State"] == "pending" else None,
        _failed=f"it is {gateway['State']}: AWS does not say why" if gateway["State"] in DEAD else None,
        **_tags.name_and_tags(gateway),
    )


def look(aws, ids):
    """By a filter: for an id that is not known everywhere yet the API would raise instead of finding nothing."""
    return [_have(gateway) for gateway in _list(aws, dict(Name="customer-gateway-id", Values=ids))]


def foresee(aws, want):
    """AWS would answer with the one that is there, whatever it is called, and make none."""
    for other in aws.once(_others):
        if other["ip_address"] and other["ip_address"] == want.get("ip_address"):
            if all(other[name] == want.get(name) for name in SAME):
                raise Problem(
                    f"{other['id']} ({other['name']}) has this address, ASN and device name already. To give it this name, add its id to the entry; "
                    "for a second one behind the same address, name another device_name"
                )
            told = f"{other['id']} ({other['name']}) has the address {other['ip_address']} too, with ASN {other['bgp_asn']}"
            aws.warn(f"ec2_customer_gateways {want['name']}: {told}")


def _others(aws):
    return find(aws, None)


def create(aws, want):
    asn = want["bgp_asn"]
    arguments = {"Type": TYPE, "BgpAsn" if asn <= PLAIN_ASN else "BgpAsnExtended": asn, "TagSpecifications": _tags.specifications("customer-gateway", want)}
    members = dict(ip_address="IpAddress", certificate="CertificateArn", device_name="DeviceName")
    arguments.update({member: want[option] for option, member in members.items() if want.get(option)})
    made = aws.ec2.create_customer_gateway(**arguments)["CustomerGateway"]
    with aws.reading():
        have = next(iter(look(aws, [made["CustomerGatewayId"]])), None) or _have(made)
    if have["name"] != want["name"]:
        raise Problem(f"AWS answered with {have['id']} ({have['name']}), which has this address, ASN and device name already: nothing was made")
    return have


def update(aws, have, change):
    _tags.update(aws, have, change)


def refuse(want, have, change):
    if not 1 <= change.get("bgp_asn", 1) <= LAST_ASN:
        raise Problem(f"bgp_asn: {change['bgp_asn']} is no ASN (1 to {LAST_ASN})")


def _address(text):
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _same_address(one, other):
    return one == other or (_address(one) is not None and _address(one) == _address(other))


def delete(aws, have):
    aws.ec2.delete_customer_gateway(CustomerGatewayId=have["id"])


def faults(entries, sheet):
    """For AWS two entries with the same address, ASN, certificate and device name are one gateway."""
    seen = {}
    for index, entry in enumerate(entries):
        if entry.get("state") == "absent":
            continue
        asn, address = entry.get("bgp_asn"), entry.get("ip_address")
        if isinstance(asn, int) and not 1 <= asn <= LAST_ASN:
            yield index, "bgp_asn", "least" if asn < 1 else "most", dict(value=asn, limit=1 if asn < 1 else LAST_ASN)
        key = tuple(entry.get(name) for name in SAME)
        if address and asn and key in seen:
            yield index, "ip_address", "overlap", dict(value=address, other=address, other_entry=seen[key])
        seen.setdefault(key, index)


KIND = Kind(
    name="ec2_customer_gateways",
    identity=("name",),
    needs_one=(("ip_address", "certificate"),),
    options=dict(
        name=Option(),
        ip_address=fixed(same=_same_address, wrong=_networks.wrong_address),
        bgp_asn=fixed("int", required=True),
        certificate=ref("acm_certificates", fixed=True),
        device_name=fixed(),
        tags=_tags.beside_name(),
    ),
    find=find,
    look=look,
    create=create,
    update=update,
    delete=delete,
    refuse=refuse,
    foresee=foresee,
    holders=_network_holders.of_customer_gateways,
    faults=faults,
    seconds=SECONDS,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
