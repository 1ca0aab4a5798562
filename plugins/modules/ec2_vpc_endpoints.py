#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from difflib import get_close_matches

from ansible_collections.msp.aws.plugins.module_utils import _policies, _tags, _tokens
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref, refs, to_make

# AWS answers these in lower case, and its service model writes them with a capital.
GONE = ("deleting", "deleted")
DEAD = (*GONE, "failed", "rejected", "expired")

# Systems Manager User Guide, "Improve the security of EC2 instances by using VPC endpoints": what the agents of servers speak with.
SSM = ("ssm", "ssmmessages")
# The same page: "Starting with version 3.3.40.0 of SSM Agent" ssmmessages is used instead, where there is one.
OLDER_SSM = "ec2messages"
SERVICE = re.compile(r"com\.amazonaws\.[a-z0-9-]+\.(\w+)")

# The type of an endpoint of which none is named
GATEWAY = "Gateway"
OF_OTHERS = "com.amazonaws.vpce."

# Option → member. Lists are whole in CreateVpcEndpoint, and Add… and Remove… in ModifyVpcEndpoint.
CREATED_WITH = dict(vpc="VpcId", service_name="ServiceName", service_region="ServiceRegion", vpc_endpoint_type="VpcEndpointType")
VALUES = dict(ip_address_type="IpAddressType", private_dns_enabled="PrivateDnsEnabled")
LISTS = dict(route_tables="RouteTableIds", subnets="SubnetIds", security_groups="SecurityGroupIds")
ADDRESSES = dict(subnet="SubnetId", ipv4="Ipv4", ipv6="Ipv6")
DNS = dict(
    dns_record_ip_type="DnsRecordIpType",
    private_dns_only_for_inbound_resolver_endpoint="PrivateDnsOnlyForInboundResolverEndpoint",
)


def find(aws, wanted):
    """Without those that belong to a service of AWS, such as a firewall's: only that service can change or remove them."""
    endpoints = aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints")
    named = wanted is None or any("subnet_configurations" in entry for entry in wanted)
    addresses = _addresses(aws) if named else {}
    found = [_have(endpoint, addresses) for endpoint in endpoints if _state(endpoint) not in DEAD and not endpoint.get("RequesterManaged")]
    _warn_of_half_a_set(found, wanted or [], aws.warn)
    return found


def _warn_of_half_a_set(found, wanted, warn):
    """Without the others a server is managed as little as without any, and by their own names only where private DNS leads there."""
    for vpc in dict.fromkeys(entry.get("vpc") for entry in wanted if _of_ssm(entry)):
        named = [entry for entry in wanted if entry.get("vpc") == vpc and _of_ssm(entry)]
        by_name = {_of_ssm(one): one for one in (*(have for have in found if have["vpc"] == vpc and _of_ssm(have)), *named)}
        lacking = [name for name in SSM if name not in by_name]
        entries = ",".join(str(entry.get("name") or entry.get("id")) for entry in named)  # the same before the VPC has an id
        if lacking:
            has, older = ", ".join(sorted(by_name)), "" if OLDER_SSM in by_name else f"; agents before 3.3.40 need {OLDER_SSM} too"
            warn(f"ec2_vpc_endpoints {entries}: for Systems Manager it has {has}, and lacks {', '.join(lacking)}, unless it reaches them otherwise{older}")
        for name in sorted(name for name, one in by_name.items() if one.get("private_dns_enabled") is False):
            warn(f"ec2_vpc_endpoints {entries}: {name} is without private DNS, so the agents of Systems Manager do not find it")


def _of_ssm(endpoint):
    """Which of those that agents of Systems Manager speak with it is; nothing where it is another."""
    service = SERVICE.fullmatch(str(endpoint.get("service_name")))
    return service[1] if service and service[1] in (*SSM, OLDER_SSM) else ""


def look(aws, ids):
    """Without the addresses, of which an endpoint itself tells nothing."""
    found = [_have(endpoint) for endpoint in _described(aws, ids)]
    return [{name: value for name, value in have.items() if name != "subnet_configurations"} for have in found]


def _described(aws, ids):
    return aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=[dict(Name="vpc-endpoint-id", Values=ids)])


def _addresses(aws):
    """Interface → subnet and addresses: of its addresses an endpoint itself tells nothing."""
    filters = [dict(Name="interface-type", Values=["vpc_endpoint"])]
    return {one["NetworkInterfaceId"]: _configuration(one) for one in aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters)}


def _configuration(interface):
    ipv6 = next((address["Ipv6Address"] for address in interface.get("Ipv6Addresses") or []), None)
    return dict(subnet=interface["SubnetId"], ipv4=interface.get("PrivateIpAddress"), **({"ipv6": ipv6} if ipv6 else {}))


def _state(endpoint):
    return endpoint["State"].lower()


def _have(endpoint, addresses=()):
    there = [addresses[interface] for interface in endpoint.get("NetworkInterfaceIds", []) if interface in addresses]
    return dict(
        id=endpoint["VpcEndpointId"],
        vpc=endpoint["VpcId"],
        service_name=endpoint.get("ServiceName"),
        service_region=endpoint.get("ServiceRegion"),
        vpc_endpoint_type=endpoint["VpcEndpointType"],
        route_tables=endpoint.get("RouteTableIds", []),
        subnets=endpoint.get("SubnetIds", []),
        security_groups=[group["GroupId"] for group in endpoint.get("Groups", [])],
        subnet_configurations=sorted(there, key=lambda one: one["subnet"]),
        policy=_policies.document(endpoint.get("PolicyDocument")) or None,
        _moving=_state(endpoint) if _state(endpoint) == "pending" else None,
        _failed=_failure(endpoint),
        **{option: endpoint.get(member) for option, member in VALUES.items()},
        **{option: endpoint.get("DnsOptions", {}).get(member) for option, member in DNS.items()},
        **_tags.name_and_tags(endpoint),
    )


def _failure(endpoint):
    """A service of another account may ask its owner first (pendingAcceptance): then our side is done."""
    if _state(endpoint) not in DEAD:
        return None
    return f"it is {endpoint['State']}: {endpoint.get('LastError', {}).get('Message') or endpoint.get('FailureReason')}"


def foresee(aws, want):
    """What AWS does not offer in the Region. Of a service of another account it tells only those who may connect, and so the run does."""
    name, kind = want["service_name"], want.get("vpc_endpoint_type", GATEWAY)
    if name.startswith(OF_OTHERS):
        return
    region = want.get("service_region", aws.region)
    offered = aws.once(_offered, region)
    if name not in offered:
        near = "".join(f", but {one}" for one in get_close_matches(name, offered, 1))
        raise Problem(f"service_name: AWS offers no endpoints of {name!r} in {region}{near}")
    if kind not in offered[name]:
        raise Problem(f"vpc_endpoint_type: {name} has endpoints of the type {', '.join(sorted(offered[name]))}, and this would be one of the type {kind}")
    if kind == GATEWAY:
        leading = aws.once(_leading)
        for table in to_make(want, "route_tables"):
            if (table, name) in leading:
                raise Problem(f"route_tables: {table} leads to {name} by {leading[table, name]} already: take it out of that one first, or leave it out here")


def _leading(aws):
    """Route table and service → the gateway endpoint by which it leads there; it takes one."""
    endpoints = aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=[dict(Name="vpc-endpoint-type", Values=[GATEWAY])])
    alive = (endpoint for endpoint in endpoints if _state(endpoint) not in DEAD)
    return {(table, endpoint["ServiceName"]): endpoint["VpcEndpointId"] for endpoint in alive for table in endpoint.get("RouteTableIds", [])}


def _offered(aws, region):
    """Service → types of its endpoints."""
    elsewhere = {} if region == aws.region else dict(ServiceRegions=[region])
    found = {}
    for service in aws.pages("ec2", "describe_vpc_endpoint_services", "ServiceDetails", **elsewhere):
        found.setdefault(service["ServiceName"], set()).update(one["ServiceType"] for one in service["ServiceType"])
    return found


def create(aws, want):
    """Everything in the one call: an interface endpoint without a group of its own would stand in the VPC's default group."""
    arguments = _settings(want)
    arguments.update((member, want[option]) for option, member in CREATED_WITH.items() if option in want)
    arguments.update((member, to_make(want, option)) for option, member in LISTS.items() if option in want)
    arguments["TagSpecifications"], ended = _tags.specifications("vpc-endpoint", want), aws.once(_ended)
    order = aws.ec2.create_vpc_endpoint
    endpoint = _tokens.make(aws, order, arguments, lambda answer: answer["VpcEndpoint"]["VpcEndpointId"], lambda one: _look(aws, one), ended)
    return dict(_have(endpoint), subnet_configurations=want.get("subnet_configurations", []))


def _settings(named):
    """What the entry, or the change, says of everything but lists, as both calls take it."""
    arguments = {member: named[option] for option, member in VALUES.items() if option in named}
    dns = {member: named[option] for option, member in DNS.items() if option in named}
    if dns:
        arguments["DnsOptions"] = dns
    if "subnet_configurations" in named:
        fixed_ones = named["subnet_configurations"]
        arguments["SubnetConfigurations"] = [{member: one[option] for option, member in ADDRESSES.items() if one.get(option)} for one in fixed_ones]
    if "policy" in named:
        arguments["PolicyDocument"] = _policies.text(named["policy"])
    return arguments


def _ended(aws):
    """Ids of endpoints that came to nothing or are no more."""
    return {endpoint["VpcEndpointId"] for endpoint in aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints") if _state(endpoint) in DEAD}


def _look(aws, endpoint_id):
    return next(iter(_described(aws, [endpoint_id])), None)


def update(aws, have, change):
    """One call, so that names, addresses and groups never contradict each other."""
    _tags.update(aws, have, change)
    arguments = _settings(change)
    for option, member in LISTS.items():
        if option in change:
            arguments[f"Add{member}"], arguments[f"Remove{member}"] = change[option].add, change[option].remove
    if arguments:
        aws.ec2.modify_vpc_endpoint(VpcEndpointId=have["id"], **{member: value for member, value in arguments.items() if value != []})
    return "pending" if arguments else None


def _as_named(wanted, found):
    """Whether the named subnets have the named addresses; what is said of no other is left alone."""
    there = {one.get("subnet"): one for one in found}
    return all({**there.get(one.get("subnet"), {}), **one} == there.get(one.get("subnet")) for one in wanted)


def danger(have, change):
    if not have:
        return None
    reasons = []
    moving = [one["subnet"] for one in change.get("subnet_configurations", ()) if one["subnet"] in have["subnets"]]
    if moving:
        reasons.append(f"would replace the endpoint's network interfaces in {', '.join(moving)}, and cut what is connected to them")
    if "subnets" in change and change["subnets"].remove:
        reasons.append(f"would delete the endpoint's addresses in {len(change['subnets'].remove)} subnets, and break what is connected to them")
    if "route_tables" in change and change["route_tables"].remove:
        reasons.append(f"would send what goes to {have['service_name']} on {len(change['route_tables'].remove)} route tables another way, or nowhere")
    if change.get("private_dns_enabled") is False:
        reasons.append(f"would make the names of {have['service_name']} resolve to public addresses again")
    return " and ".join(reasons) or None


def delete(aws, have):
    for refused in aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[have["id"]]).get("Unsuccessful", []):
        raise Problem(f"{refused['Error']['Code']}: {refused['Error']['Message']}")
    # Its network interfaces stand in the way of their subnets until it is really gone.
    aws.wait(f"deletion of {have['id']}", lambda: _look(aws, have["id"]), lambda seen: not seen or _state(seen) == "deleted", limit=600)


def faults(entries, sheet):
    """The private names of a service are answered only where the VPC resolves names and gives them."""
    vpcs = {vpc.get("name"): vpc for vpc in sheet.get("ec2_vpcs") or []}
    for index, entry in enumerate(entries):
        switches = vpcs.get(entry.get("vpc"), {})
        off = [name for name in ("enable_dns_support", "enable_dns_hostnames") if switches.get(name) is False]
        if entry.get("private_dns_enabled") and off:
            yield index, "private_dns_enabled", "needs", dict(value=True, other=f"ec2_vpcs {entry['vpc']} {', '.join(f'{name}: true' for name in off)}")


KIND = Kind(
    name="ec2_vpc_endpoints",
    identity=("vpc", "name"),
    options=dict(
        name=Option(),
        vpc=ref("ec2_vpcs", fixed=True, required=True),
        service_name=fixed(required=True, api="CreateVpcEndpoint.ServiceName"),
        service_region=fixed(api="CreateVpcEndpoint.ServiceRegion"),
        vpc_endpoint_type=fixed(api="CreateVpcEndpoint.VpcEndpointType"),
        route_tables=refs("ec2_route_tables", within="vpc"),
        subnets=refs("ec2_subnets", within="vpc"),
        security_groups=refs("ec2_security_groups", within="vpc"),
        subnet_configurations=Option(
            "list",
            "dict",
            same=_as_named,
            options=dict(subnet=ref("ec2_subnets", within="vpc", required=True), ipv4=Option(), ipv6=Option()),
        ),
        ip_address_type=Option(api="ModifyVpcEndpoint.IpAddressType"),
        private_dns_enabled=Option("bool"),
        private_dns_only_for_inbound_resolver_endpoint=Option("bool"),
        dns_record_ip_type=Option(api="ModifyVpcEndpoint.DnsOptions.DnsRecordIpType"),
        policy=_policies.policy(),
        tags=_tags.beside_name(),
    ),
    find=find,
    look=look,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    foresee=foresee,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
