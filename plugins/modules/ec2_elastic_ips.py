#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _holds, _network_holders, _networks, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref

TARGETS = ("instance", "network_interface")
ASSOCIATION = (*TARGETS, "private_ip_address")
REVERSE_DNS_SECONDS = 600


def find(aws, wanted):
    records = {record["AllocationId"]: record for record in aws.pages("ec2", "describe_addresses_attribute", "Addresses", Attribute="domain-name")}
    return [_have(address, records.get(address["AllocationId"], {})) for address in _addresses(aws)]


def _addresses(aws):
    return aws.pages("ec2", "describe_addresses", "Addresses")


def _have(address, record):
    interface = address.get("NetworkInterfaceId") or None
    instance = address.get("InstanceId") or None
    return dict(
        id=address["AllocationId"],
        public_ip=address["PublicIp"],
        public_ipv4_pool=address.get("PublicIpv4Pool"),
        instance=instance,
        network_interface=None if instance else interface,
        private_ip_address=address.get("PrivateIpAddress") or None,
        domain_name=record.get("PtrRecord", "").rstrip(".") or None,
        _interface=interface,
        _association=address.get("AssociationId") or None,
        **_tags.name_and_tags(address),
    )


def read(aws, have, names):
    """An address of an instance is always one of its interface too: shown is what the sheet says, and the instance when it says neither."""
    if "network_interface" in names and "instance" not in names:
        return dict(instance=None, network_interface=have["_interface"])
    return {}


def create(aws, want):
    if any(target in want for target in TARGETS):
        _nothing_is_pushed_off(aws, _target(aws, want))
    arguments = dict(Domain="vpc", TagSpecifications=_tags.specifications("elastic-ip", want))
    if "public_ip" in want:
        arguments["Address"] = want["public_ip"]
    if "public_ipv4_pool" in want:
        arguments["PublicIpv4Pool"] = want["public_ipv4_pool"]
    address = aws.ec2.allocate_address(**arguments)
    return _have(dict(address, Tags=arguments["TagSpecifications"][0]["Tags"]), {})


def update(aws, have, change):
    if any(change.get(option) for option in ASSOCIATION):
        _associate(aws, have, _target(aws, change, have["_interface"]))
    elif any(option in change for option in ASSOCIATION):
        aws.ec2.disassociate_address(AssociationId=have["_association"])
    _tags.update(aws, have, change)
    if "domain_name" in change:
        _set_domain_name(aws, have, change["domain_name"])


def _target(aws, wanted, interface=None):
    """What AssociateAddress wants to hear: the interface, and which of its private addresses unless the first."""
    private_ip = wanted.get("private_ip_address")
    if wanted.get("instance"):
        interface = _interface_of(aws, wanted["instance"], private_ip)
    return dict(NetworkInterfaceId=wanted.get("network_interface") or interface, **(dict(PrivateIpAddress=private_ip) if private_ip else {}))


def _interface_of(aws, instance, private_ip):
    """The one with the private address, else the primary one. AWS itself takes an instance for a place only as long as it has one interface."""
    mine = [one for one in aws.once(_interfaces) if one.get("Attachment", {}).get("InstanceId") == instance]
    fits = [one for one in mine if private_ip in [address["PrivateIpAddress"] for address in one["PrivateIpAddresses"]]]
    primary = [one for one in mine if one["Attachment"]["DeviceIndex"] == 0]
    if not (fits if private_ip else primary):
        raise Problem(f"instance: no interface of {instance} has the private address {private_ip}" if mine else f"instance: {instance} has no interface")
    return (fits or primary)[0]["NetworkInterfaceId"]


def _interfaces(aws):
    return aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces")


def _associate(aws, have, target):
    _nothing_is_pushed_off(aws, target, have["id"])
    # It may move only from where it was when the move was confirmed; one that was free a moment ago stays where somebody else put it.
    aws.ec2.associate_address(AllocationId=have["id"], AllowReassociation=bool(have["_association"]), **target)


def _nothing_is_pushed_off(aws, target, own=None):
    """A private address has one Elastic IP address, and AWS would take away the one that is there without a word.

    A plan asks once for all entries.
    """
    with aws.reading():
        found = aws.once(_addresses) if aws.check_mode else _addresses(aws)
    for address in found:
        there = address.get("NetworkInterfaceId") == target["NetworkInterfaceId"] and address["AllocationId"] != own
        if there and target.get("PrivateIpAddress") in (None, address.get("PrivateIpAddress")):
            place = address.get("InstanceId") or target["NetworkInterfaceId"]
            raise Problem(
                f"{place} already has {address['PublicIp']} ({address['AllocationId']}) on {address.get('PrivateIpAddress')}. "
                "Take that one off first, or name another private_ip_address of it"
            )


def _set_domain_name(aws, have, name):
    """AWS takes a name only after it has seen that the name leads to the address, which takes a moment."""
    if name:
        aws.ec2.modify_address_attribute(AllocationId=have["id"], DomainName=name)
    else:
        aws.ec2.reset_address_attribute(AllocationId=have["id"], Attribute="domain-name")
    what = f"the reverse DNS name of {have['public_ip']}"
    aws.wait(what, lambda: _domain_name(aws, have["id"], what), lambda found: _same_name(found, name or ""), limit=REVERSE_DNS_SECONDS)


def _domain_name(aws, allocation_id, what):
    records = aws.pages("ec2", "describe_addresses_attribute", "Addresses", Attribute="domain-name", AllocationIds=[allocation_id])
    record = next(iter(records), {})
    pending = record.get("PtrRecordUpdate") or {}
    if pending.get("Status", "PENDING") != "PENDING":
        raise Problem(f"{what} stays as it is. AWS says {pending['Status']}: {pending.get('Reason')}")
    return record.get("PtrRecord", "")


def _same_name(one, other):
    return one.rstrip(".").lower() == other.rstrip(".").lower()


def danger(have, change):
    if not change:
        return "; ".join(("would be deleted", _holds.told(have["tags"])))
    if have.get("_association") and any(option in change for option in ASSOCIATION):
        place = f"{have['instance'] or have['_interface']} ({have['private_ip_address']})"
        return f"would take {have['public_ip']} off {place} and cut what goes through it"
    return None


def refuse(want, have, change):
    if all(target in want for target in TARGETS):
        raise Problem("instance and network_interface are both named. An address has one place: name one of them")
    named = any(target in want for target in TARGETS)
    if change.get("private_ip_address") and not have.get("_association") and not named:
        raise Problem("private_ip_address alone does not say whose it is: name the instance or network_interface too")
    if change.get("private_ip_address", "") is None and not any(target in change for target in TARGETS):
        raise Problem("private_ip_address cannot be taken away alone: take away the instance or network_interface, and it goes along")


def delete(aws, have):
    if have["domain_name"]:
        # AWS keeps an address locked as long as it has a name of its own.
        _set_domain_name(aws, have, None)
    aws.ec2.release_address(AllocationId=have["id"])


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        if all(entry.get(target) for target in TARGETS):
            yield index, "network_interface", "one_of", dict(value=entry["network_interface"], other=", ".join(TARGETS))
    for target in TARGETS:
        yield from _networks.claimed_twice(entries, target, "private_ip_address")


KIND = Kind(
    name="ec2_elastic_ips",
    identity=("name",),
    options=dict(
        name=Option(),
        public_ip=fixed(wrong=_networks.wrong_address),
        public_ipv4_pool=fixed(),
        instance=ref("ec2_instances", clearable=True),
        network_interface=ref("ec2_network_interfaces", clearable=True),
        private_ip_address=Option(clearable=True, wrong=_networks.wrong_address),
        domain_name=Option(clearable=True, same=_same_name),
        tags=_tags.beside_name(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    holders=_network_holders.of_elastic_ips,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
