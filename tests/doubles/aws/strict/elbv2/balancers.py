# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers: where they can stand, the way to being active, and what holds them."""

from __future__ import annotations

import hashlib

from moto.ec2.exceptions import InvalidSecurityGroupNotFoundError, InvalidSubnetIdError
from moto.elbv2 import models

from ..passing import LOOKS
from ..rules import Refused
from . import attributes, tags
from .book import BOOK, balancer_of, invalid, name_is_sound, once_again, page, wrong

KINDS = {"application": "app", "network": "net", "gateway": "gwy"}
FREE = 8
RULES = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
ADDRESSES = ("AllocationId", "PrivateIPv4Address", "IPv6Address")


# -- where it stands ------------------------------------------------------------------------------


def subnet_of(elbv2, subnet_id):
    try:
        return elbv2.ec2_backend.get_subnet(subnet_id)
    except InvalidSubnetIdError:
        raise Refused("SubnetNotFound", f"The subnet ID '{subnet_id}' is not valid") from None


def mappings_of(elbv2, kind, Subnets, SubnetMappings):
    """SubnetMappings: "You must specify either subnets or subnet mappings, but not both", "only one subnet per Availability Zone";
    "[Application Load Balancers] You must specify subnets from at least two Availability Zones".
    """
    if bool(Subnets) == bool(SubnetMappings):
        raise invalid("You must specify either subnets or subnet mappings, but not both")
    mappings = [dict(one) for one in SubnetMappings or [{"SubnetId": one} for one in Subnets]]
    subnets = [subnet_of(elbv2, one["SubnetId"]) for one in mappings]
    zones = [one.availability_zone for one in subnets]
    if len(set(zones)) < len(zones):
        raise wrong("A load balancer cannot be attached to multiple subnets in the same Availability Zone")
    if len({one.vpc_id for one in subnets}) > 1:
        raise wrong("All subnets must belong to the same VPC")
    if kind == "application" and len(zones) < 2:
        raise invalid("At least two subnets in two different Availability Zones must be specified")
    return subnets, mappings


def room(subnets):
    """ALB guide, "Subnets for your load balancer": "at least a /27 bitmask and at least 8 free IP addresses per subnet"."""
    for one in subnets:
        if one.available_ip_address_count < FREE:
            raise Refused("InvalidSubnet", f"Not enough IP space available in {one.id}. ELB requires at least {FREE} free IP addresses in each subnet.")


def addresses_fit(elbv2, kind, scheme, mappings, own=None):
    """SubnetMapping: Elastic IP addresses "for an internet-facing load balancer", private ones "for an internal load balancer", of Network Load Balancers."""
    for one in mappings:
        if any(one.get(member) for member in ADDRESSES) and kind != "network":
            raise wrong(f"Load balancers of the type {kind} have no addresses of their own in subnet mappings")
        allocation = one.get("AllocationId")
        if allocation and scheme != "internet-facing":
            raise wrong("Elastic IP addresses are for internet-facing load balancers")
        if one.get("PrivateIPv4Address") and scheme != "internal":
            raise wrong("Private IPv4 addresses are for internal load balancers")
        if allocation:
            address = next((one for one in elbv2.ec2_backend.addresses if one.allocation_id == allocation), None)
            if address is None:
                raise Refused("AllocationIdNotFound", f"The allocation ID '{allocation}' does not exist")
            others = [other for other in elbv2.load_balancers.values() if other is not own]
            if address.association_id or any(held.get("AllocationId") == allocation for other in others for held in other.mappings.values()):
                raise Refused("ResourceInUse", f"The allocation ID '{allocation}' is already in use")


def reaches_the_internet(elbv2, subnets):
    """ALB guide, "Create an Application Load Balancer": the VPC of an internet-facing one has an internet gateway."""
    vpc = subnets[0].vpc_id
    if not any(one.vpc and one.vpc.id == vpc for one in elbv2.ec2_backend.internet_gateways.values()):
        raise Refused("InvalidSubnet", f"VPC {vpc} has no internet gateway")


def groups_fit(elbv2, groups, vpc):
    for group in groups:
        try:
            found = elbv2.ec2_backend.get_security_group_from_id(group)
        except InvalidSecurityGroupNotFoundError:
            found = None
        if found is None:
            raise Refused("InvalidSecurityGroup", f"Security group '{group}' does not exist")
        if found.vpc_id != vpc:
            raise wrong(f"One or more security groups are invalid: {group} is not in {vpc}")


def dualstack_fits(kind, ip_address_type, subnets):
    """SetIpAddressType: dualstack-without-public-ipv4 is for Application Load Balancers; ALB guide: dualstack needs subnets with IPv6 blocks."""
    if ip_address_type == "dualstack-without-public-ipv4" and kind != "application":
        raise invalid(f"The IP address type {ip_address_type} is not supported for load balancers of the type {kind}")
    for one in subnets if (ip_address_type or "ipv4") != "ipv4" else ():
        if not one.ipv6_cidr_block_associations:
            raise Refused("InvalidSubnet", f"You must specify subnets with an associated IPv6 CIDR block: {one.id}")


# -- making ---------------------------------------------------------------------------------------


@BOOK.adds("CreateLoadBalancer")
def create(elbv2, Name, Subnets, SubnetMappings, SecurityGroups, Scheme, Type, IpAddressType, Tags, **more):
    """Name: "must not begin with internal-"; Scheme: "The default is an Internet-facing load balancer. You can't specify a scheme for a
    Gateway Load Balancer"; SecurityGroups: "[Application Load Balancers and Network Load Balancers]".
    """
    name_is_sound(Name)
    if Name.startswith("internal-"):
        raise invalid(f"The load balancer name '{Name}' cannot begin with 'internal-'")
    kind = Type or "application"
    if kind == "gateway" and (Scheme or SecurityGroups):
        raise invalid("A Gateway Load Balancer has neither a scheme nor security groups")
    asked = dict(more, Subnets=Subnets, Mappings=SubnetMappings, Groups=SecurityGroups, Scheme=Scheme, Type=kind, IpAddressType=IpAddressType, Tags=Tags)
    there = next((one for one in elbv2.load_balancers.values() if one.name == Name), None)
    if once_again(there, asked):
        return {"LoadBalancers": [shown(there)]}
    if there is not None:
        raise Refused("DuplicateLoadBalancerName", f"A load balancer with the same name '{Name}' exists, but with different settings")
    scheme = None if kind == "gateway" else Scheme or "internet-facing"
    subnets, mappings = mappings_of(elbv2, kind, Subnets, SubnetMappings)
    room(subnets)
    if scheme == "internet-facing":
        reaches_the_internet(elbv2, subnets)
    addresses_fit(elbv2, kind, scheme, mappings)
    groups_fit(elbv2, SecurityGroups or [], subnets[0].vpc_id)
    dualstack_fits(kind, IpAddressType, subnets)
    balancer = elbv2.create_load_balancer(
        name=Name,
        security_groups=SecurityGroups or default_groups(elbv2, kind, subnets[0].vpc_id),
        subnet_ids=[one.id for one in subnets],
        scheme=scheme,
        loadbalancer_type=kind,
        tags=Tags,
    )
    balancer.asked, balancer.mappings, balancer.private_link = asked, {one["SubnetId"]: one for one in mappings}, None
    balancer.ip_address_type = IpAddressType or "ipv4"
    balancer.attrs = attributes.defaults(attributes.BALANCERS[kind])
    # State.Code: "The initial state of the load balancer is provisioning". The state of the double shows where that ends.
    balancer.state, balancer._tick = "active", LOOKS + 1
    return {"LoadBalancers": [shown(balancer)]}


@BOOK.patch(models.ELBv2Backend, "create_load_balancer")
def its_arn_tells_its_type(original, elbv2, *args, **kwargs):
    """LoadBalancer.LoadBalancerArn: loadbalancer/net/name/id, where moto writes app for all. The id is made of the name, so that an ARN can be foretold."""
    kind = KINDS[kwargs.get("loadbalancer_type") or "application"]
    make_arn = models.make_arn_for_load_balancer

    def make(account_id, lb_id, name, region_name):
        told = hashlib.sha256(f"{account_id}/{region_name}/{name}".encode()).hexdigest()[:16]
        return make_arn(account_id=account_id, lb_id=told, name=name, region_name=region_name).replace("loadbalancer/app/", f"loadbalancer/{kind}/")

    models.make_arn_for_load_balancer = make
    try:
        return original(elbv2, *args, **kwargs)
    finally:
        models.make_arn_for_load_balancer = make_arn


def default_groups(elbv2, kind, vpc):
    """ALB guide: without security groups it has the default one of the VPC."""
    return [one.id for one in elbv2.ec2_backend.groups[vpc].values() if one.name == "default"] if kind == "application" else []


# -- looking --------------------------------------------------------------------------------------


def shown(balancer):
    groups = {"SecurityGroups": balancer.security_groups} if balancer.security_groups else {}
    link = {RULES: balancer.private_link} if balancer.private_link else {}
    return {
        "LoadBalancerArn": balancer.arn,
        "DNSName": balancer.dns_name,
        "CanonicalHostedZoneId": balancer.canonical_hosted_zone_id,
        "CreatedTime": balancer.created_time,
        "LoadBalancerName": balancer.name,
        **({"Scheme": balancer.scheme} if balancer.scheme else {}),
        "VpcId": balancer.vpc_id,
        "State": {"Code": "provisioning" if balancer._tick else balancer.state},
        "Type": balancer.type,
        "AvailabilityZones": [
            {"ZoneName": subnet.availability_zone, "SubnetId": subnet.id, "LoadBalancerAddresses": addresses(balancer.mappings[subnet.id])}
            for subnet in balancer.subnets
        ],
        "IpAddressType": balancer.ip_address_type,
        **groups,
        **link,
    }


def addresses(mapping):
    held = {name: mapping[name] for name in ADDRESSES if name in mapping}
    return [held] if held else []


@BOOK.adds("DescribeLoadBalancers")
def describe(elbv2, LoadBalancerArns, Names, Marker, PageSize, **_):
    """What is named and not there is an error: LoadBalancerNotFoundException."""
    found = [balancer_of(elbv2, arn) for arn in LoadBalancerArns] if LoadBalancerArns else list(elbv2.load_balancers.values())
    missing = set(Names or []) - {one.name for one in found}
    if missing:
        raise Refused("LoadBalancerNotFound", f"Load balancers '[{', '.join(sorted(missing))}]' not found")
    if Names:
        found = [one for one in found if one.name in Names]
    for one in found:
        one._tick = max(one._tick - 1, 0)
    return page([shown(one) for one in found], Marker, PageSize, "LoadBalancers")


# -- changing -------------------------------------------------------------------------------------


@BOOK.adds("SetSubnets")
def set_subnets(elbv2, LoadBalancerArn, Subnets, SubnetMappings, IpAddressType, **_):
    """SetSubnets: "The specified subnets replace the previously enabled subnets"; "[Gateway Load Balancers] ... You must include all subnets that
    were enabled previously, with their existing configurations". NLB guide: the addresses of a zone are fixed as long as it is enabled.
    """
    balancer = balancer_of(elbv2, LoadBalancerArn)
    subnets, mappings = mappings_of(elbv2, balancer.type, Subnets, SubnetMappings)
    if subnets[0].vpc_id != balancer.vpc_id:
        raise wrong(f"The subnets are not in {balancer.vpc_id}")
    after = {one["SubnetId"]: one for one in mappings}
    if balancer.type == "gateway" and balancer.mappings.keys() - after.keys():
        raise wrong("You must include all subnets that were enabled previously")
    for subnet, held in balancer.mappings.items():
        if subnet in after and any(after[subnet].get(name) != held.get(name) for name in ADDRESSES if after[subnet].get(name)):
            raise wrong(f"The addresses in {subnet} cannot change")
    room([one for one in subnets if one.id not in balancer.mappings])
    addresses_fit(elbv2, balancer.type, balancer.scheme, mappings, own=balancer)
    dualstack_fits(balancer.type, IpAddressType or balancer.ip_address_type, subnets)
    balancer.subnets, balancer.mappings = subnets, {name: balancer.mappings.get(name, one) for name, one in after.items()}
    balancer.ip_address_type = IpAddressType or balancer.ip_address_type
    return {"AvailabilityZones": shown(balancer)["AvailabilityZones"], "IpAddressType": balancer.ip_address_type}


@BOOK.adds("SetSecurityGroups")
def set_groups(elbv2, LoadBalancerArn, SecurityGroups, **given):
    """SetSecurityGroups: "You can't perform this operation on a Network Load Balancer unless you specified a security group for the load balancer
    when you created it. You can't associate a security group with a Gateway Load Balancer".
    """
    balancer = balancer_of(elbv2, LoadBalancerArn)
    if balancer.type == "gateway" or (balancer.type == "network" and not balancer.security_groups):
        raise wrong("You cannot set security groups on a load balancer that was made without them")
    if not SecurityGroups:
        raise invalid("At least one security group must be specified")
    if given.get(RULES) and balancer.type != "network":
        raise wrong(f"{RULES} is for Network Load Balancers")
    groups_fit(elbv2, SecurityGroups, balancer.vpc_id)
    balancer.security_groups = list(SecurityGroups)
    balancer.private_link = given.get(RULES) or balancer.private_link
    return {"SecurityGroupIds": balancer.security_groups, **({RULES: balancer.private_link} if balancer.private_link else {})}


@BOOK.adds("SetIpAddressType")
def set_type(elbv2, LoadBalancerArn, IpAddressType, **_):
    balancer = balancer_of(elbv2, LoadBalancerArn)
    dualstack_fits(balancer.type, IpAddressType, balancer.subnets)
    balancer.ip_address_type = IpAddressType
    return {"IpAddressType": IpAddressType}


@BOOK.adds("DeleteLoadBalancer")
def delete(elbv2, LoadBalancerArn, **_):
    """DeleteLoadBalancer: "also deletes its listeners. You can't delete a load balancer if deletion protection is enabled. If the load balancer does
    not exist or has already been deleted, the call succeeds". PrivateLink guide: one that an endpoint service stands on is in use.
    """
    balancer = elbv2.load_balancers.get(LoadBalancerArn)
    if balancer is None:
        return
    if balancer.attrs.get("deletion_protection.enabled") == "true":
        raise Refused("OperationNotPermitted", f"Load balancer '{LoadBalancerArn}' cannot be deleted because deletion protection is enabled")
    for service in elbv2.ec2_backend.configurations.values():
        if LoadBalancerArn in [*service.network_load_balancer_arns, *service.gateway_load_balancer_arns]:
            raise Refused("ResourceInUse", f"Load balancer '{LoadBalancerArn}' cannot be deleted because it is currently associated with another service")
    for group in elbv2.target_groups.values():
        if any(target["Id"] == LoadBalancerArn for target in group.targets.values()):
            raise Refused("ResourceInUse", f"Load balancer '{LoadBalancerArn}' is a target of '{group.arn}'")
    from .listeners import remove

    for listener in list(balancer.listeners.values()):
        remove(elbv2, listener)
    del elbv2.load_balancers[LoadBalancerArn]
    tags.forget(elbv2, LoadBalancerArn)
