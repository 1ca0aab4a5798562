#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _elbv2, _networks, _shapes
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, explain
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, Unknown, fixed, items, merged, ref, refs, tags, to_make

# A Network Load Balancer takes a few minutes, and after its end AWS keeps its interfaces for some more.
SECONDS = 900
# Elastic Load Balancing guides: so many addresses of a subnet have to be free.
FREE = 8
OWN = "internal-"  # begins the names that AWS makes
PRIVATE_LINK = "enforce_security_group_inbound_rules_on_private_link_traffic"
# Attributes that are options of their own, because what they name is made after load balancers
LOGS = {
    option: {name: f"{option}.s3.{name}" for name in ("enabled", "bucket", "prefix")} for option in ("access_logs", "connection_logs", "health_check_logs")
}
RESERVED = {key: option for option, keys in LOGS.items() for key in keys.values()}
DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"
DELETION_PROTECTION = "deletion_protection.enabled"
FAIL_OPEN = "waf.fail_open.enabled"


def find(aws, wanted):
    balancers = aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")
    tagged = _elbv2.tags_of(aws, [one["LoadBalancerArn"] for one in balancers if _elbv2.chosen(wanted, one["LoadBalancerArn"], one["LoadBalancerName"])])
    return [_have(one, tagged.get(one["LoadBalancerArn"], {})) for one in balancers]


def look(aws, ids):
    """How far they are, from the one list, because for an ARN that is not known everywhere yet the API would raise."""
    listed = aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")
    return [dict(id=one["LoadBalancerArn"], **_progress(one)) for one in listed if one["LoadBalancerArn"] in ids]


def _progress(balancer):
    state = balancer.get("State") or {}
    return dict(
        _moving="provisioning" if state.get("Code") == "provisioning" else None,
        _failed=f"it is failed: {state.get('Reason') or 'AWS does not say why'}. Remove it and make it anew" if state.get("Code") == "failed" else None,
    )


def _have(balancer, tagged):
    return dict(
        id=balancer["LoadBalancerArn"],
        name=balancer["LoadBalancerName"],
        type=balancer.get("Type"),
        scheme=balancer.get("Scheme"),
        subnet_mappings=[_mapping(zone) for zone in balancer.get("AvailabilityZones", [])],
        security_groups=balancer.get("SecurityGroups", []),
        ip_address_type=balancer.get("IpAddressType"),
        tags=tagged,
        _vpc=balancer.get("VpcId"),
        **_progress(balancer),
        **{PRIVATE_LINK: balancer.get("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic")},
    )


def _mapping(zone):
    addresses = {member: value for address in zone.get("LoadBalancerAddresses", []) for member, value in address.items()}
    return _elbv2.to_sheet(MAPPING, dict(addresses, SubnetId=zone["SubnetId"]))


def read(aws, have, names):
    if not {"attributes", *LOGS} & set(names):
        return {}
    return _told(aws.elbv2.describe_load_balancer_attributes(LoadBalancerArn=have["id"])["Attributes"])


def _told(attributes):
    found = _elbv2.by_key(attributes)
    logs = {option: {name: found[key] for name, key in keys.items() if found.get(key)} for option, keys in LOGS.items()}
    return dict(
        attributes={key: value for key, value in found.items() if key not in RESERVED},
        **{option: {**log, "enabled": log.get("enabled") == "true"} for option, log in logs.items() if f"{option}.s3.enabled" in found},
    )


def create(aws, want):
    mappings = to_make(want, "subnet_mappings")
    groups = to_make(want, "security_groups")
    options = dict(Scheme="scheme", IpAddressType="ip_address_type")
    balancer = aws.elbv2.create_load_balancer(
        Name=want["name"],
        Type=want["type"],
        SubnetMappings=[_as_mapping(one) for one in mappings],
        **{member: want[option] for member, option in options.items() if option in want},
        **({"SecurityGroups": groups} if groups else {}),
        **_elbv2.tagged(want.get("tags", {})),
    )["LoadBalancers"][0]
    with aws.reading():
        attributes = aws.elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])["Attributes"]
    return {**_have(balancer, want.get("tags", {})), **_told(attributes)}


def _as_mapping(item):
    return _elbv2.to_aws(MAPPING, item)


def update(aws, have, change):
    """The zones first, of which what is free tells whether they can be; then who may come in, and last what the load balancer does."""
    after = merged(KIND.options, have, change)
    which = dict(LoadBalancerArn=have["id"])
    if "subnet_mappings" in change:
        fresh = {one["subnet"] for one in change["subnet_mappings"].add}
        _check_zones(_subnets(aws, after["subnet_mappings"]), after["subnet_mappings"], have["type"], fresh)
        aws.elbv2.set_subnets(**which, SubnetMappings=[_as_mapping(one) for one in after["subnet_mappings"]])
    if {"security_groups", PRIVATE_LINK} & change.keys():
        link = {"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": change[PRIVATE_LINK]} if PRIVATE_LINK in change else {}
        aws.elbv2.set_security_groups(**which, SecurityGroups=after["security_groups"], **link)
    if "ip_address_type" in change:
        aws.elbv2.set_ip_address_type(**which, IpAddressType=change["ip_address_type"])
    attributes = dict(change.get("attributes", {}))
    for option, keys in LOGS.items():
        attributes.update({keys[name]: value for name, value in change.get(option, {}).items()})
    if attributes:
        _write(aws, have["id"], attributes)
    _elbv2.update_tags(aws, have, change)


def _write(aws, arn, attributes):
    """AWS tries whether it may write into a bucket, and does not say which statement is missing."""
    try:
        aws.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=_elbv2.as_attributes(attributes))
    except AWS_ERRORS as error:
        if "bucket" not in str(error).lower():
            raise
        raise Problem(
            f"{explain(error, aws.last_call)}. The bucket has to be there, in this Region, encrypted with SSE-S3 for an Application Load Balancer, and its "
            f"policy has to allow s3:PutObject to the Service {DELIVERY} under PREFIX/AWSLogs/ACCOUNT/*: write that into the policy of the bucket (s3_buckets)"
        ) from error


def _subnets(aws, mappings):
    """The subnets that are there already, as EC2 describes them."""
    ids = {one["subnet"] for one in mappings if not isinstance(one["subnet"], Unknown)}
    return [one for one in aws.once(_all_subnets) if one["SubnetId"] in ids] if ids else []


def _all_subnets(aws):
    return aws.pages("ec2", "describe_subnets", "Subnets")


def _check_zones(subnets, mappings, kind, fresh):
    """What AWS would refuse of the subnets, as far as it is known where they lie."""
    by_zone = {}
    for subnet in subnets:
        other = by_zone.setdefault(subnet["AvailabilityZone"], subnet["SubnetId"])
        if other != subnet["SubnetId"]:
            raise Problem(f"subnet_mappings: {other} and {subnet['SubnetId']} both lie in {subnet['AvailabilityZone']}; a zone has one subnet")
        if subnet["SubnetId"] in fresh and subnet.get("AvailableIpAddressCount", FREE) < FREE:
            raise Problem(f"subnet_mappings: {subnet['SubnetId']} has {subnet['AvailableIpAddressCount']} free addresses; {FREE} are needed")
    if kind == "application" and len(subnets) == len(mappings) and len(by_zone) < 2:
        raise Problem("subnet_mappings: an Application Load Balancer stands in at least two Availability Zones")


def delete(aws, have):
    with aws.reading():
        attributes = _elbv2.by_key(aws.elbv2.describe_load_balancer_attributes(LoadBalancerArn=have["id"])["Attributes"])
    if attributes.get(DELETION_PROTECTION) == "true":
        raise Problem(f"it is protected: write attributes: {{{DELETION_PROTECTION}: false}}, and let that be done in a run of its own")
    aws.elbv2.delete_load_balancer(LoadBalancerArn=have["id"])

    def left():
        listed = [one["LoadBalancerArn"] for one in aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")]
        return [have["id"]] if have["id"] in listed else _interfaces(aws, have["id"])

    # Subnets, security groups and addresses are free when its interfaces are gone too.
    aws.wait(f"deletion of {have['id']}", left, lambda seen: not seen, limit=SECONDS)


def _interfaces(aws, arn):
    described = [dict(Name="description", Values=[f"ELB {arn.partition('loadbalancer/')[2]}"])]
    return [one["NetworkInterfaceId"] for one in aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=described)]


# ---- what is dangerous or wrong


def danger(have, change):
    if not have:
        return None
    if not change:
        return "would be deleted with its listeners and their rules; its DNS name would lead nowhere"
    reasons = []
    leaving, groups = (change[option].remove if option in change else [] for option in ("subnet_mappings", "security_groups"))
    if leaving:
        reasons.append(f"would take its nodes out of {', '.join(one['subnet'] for one in leaving)}, and cut the connections through them")
    if groups:
        reasons.append(f"would no longer let in what {', '.join(groups)} let in")
    if "ip_address_type" in change:
        reasons.append(f"would take addresses away or give it further ones ({have['ip_address_type']} is to be {change['ip_address_type']})")
    if change.get(PRIVATE_LINK) == "off":
        reasons.append("would let in whatever comes through PrivateLink, whatever its security groups say")
    for option in LOGS:
        if change.get(option, {}).get("enabled") is False:
            reasons.append(f"would no longer write {option.replace('_', ' ')}")
    if _elbv2.text(change.get("attributes", {}).get(FAIL_OPEN)) == "true":
        reasons.append("would let requests through unfiltered while AWS WAF does not answer")
    return " and ".join(reasons) or None


def refuse(want, have, change):
    for option in LOGS:
        log = {**(have.get(option) or {}), **(change.get(option) or {})}
        if log.get("enabled") and not log.get("bucket"):
            raise Problem(f"{option}: enabled needs a bucket")
    if not have:
        return
    mappings = change.get("subnet_mappings")
    if mappings and mappings.change:
        names = ", ".join(old["subnet"] for old, dummy in mappings.change)
        raise Problem(f"subnet_mappings: the addresses in {names} cannot change: take the subnet off in a run of its own, and put it on with the new ones")
    if mappings and mappings.remove and have["type"] == "gateway":
        raise Problem("subnet_mappings: AWS takes no zone off a Gateway Load Balancer")
    if "security_groups" in change and have["type"] == "network" and not have["security_groups"]:
        raise Problem("security_groups: a Network Load Balancer that was made without security groups cannot get any: make a new one under another name")
    _networks.refuse_no_groups(KIND.options, have, change)


def foresee(aws, want):
    for code, limit in _name_faults(want["name"]):
        raise Problem(f"name: {_shapes.said(code, value=want['name'], limit=limit)}")
    if want["type"] == "gateway":
        named = [option for option in ("scheme", "security_groups") if want.get(option)]
        if named:
            raise Problem(f"{', '.join(named)}: a Gateway Load Balancer has none")
    elif "scheme" not in want:
        raise Problem("scheme: say internal or internet-facing; AWS would make it internet-facing")
    mappings = to_make(want, "subnet_mappings")
    _check_zones(_subnets(aws, mappings), mappings, want["type"], fresh={one["subnet"] for one in mappings})


def _name_faults(name):
    """Why AWS refuses a name: a code and a limit."""
    if str(name).startswith(OWN):
        yield "reserved_start", OWN
    elif _elbv2.bad_name(name):
        yield "pattern", _elbv2.NAME


def faults(entries, sheet):
    """Names that AWS refuses, and one subnet for each zone, as far as the sheet says where its subnets lie."""
    zones = {}
    for subnet in sheet.get("ec2_subnets", []):
        for spelling in (subnet.get("name"), f"{subnet.get('vpc')}/{subnet.get('name')}"):
            zones.setdefault(spelling, set()).add(subnet.get("availability_zone"))
    for index, entry in enumerate(entries):
        for code, limit in _name_faults(entry.get("name")) if "id" not in entry else ():
            yield index, "name", code, dict(value=entry.get("name"), limit=limit)
        seen = {}
        for mapping in _named(entry.get("subnet_mappings")):
            subnet = mapping.get("subnet")
            (zone,) = zones.get(subnet, set()) if len(zones.get(subnet, ())) == 1 else (None,)
            if zone and seen.setdefault(zone, subnet) != subnet:
                yield index, "subnet_mappings", "same_zone", dict(value=subnet, other=seen[zone], limit=zone, item=mapping)
        if entry.get("type") == "gateway" and entry.get("scheme"):
            yield index, "scheme", "one_of", dict(value=entry["scheme"], other="type: gateway, scheme")


def _named(value):
    things = [*(value.get("add") or []), *(value.get("set") or [])] if isinstance(value, dict) else value or []
    return [thing for thing in things if isinstance(thing, dict)]


def _log():
    return Option("dict", options=dict(enabled=Option("bool"), bucket=Option(), prefix=Option()))


MAPPING = dict(
    subnet=ref("ec2_subnets", required=True),
    elastic_ip=ref("ec2_elastic_ips"),
    private_ipv4_address=Option(wrong=_networks.wrong_address),
    ipv6_address=Option(wrong=_networks.wrong_address),
)
KIND = Kind(
    name="elbv2_load_balancers",
    identity=("name",),
    options=dict(
        name=Option(),
        type=fixed(required=True, api="CreateLoadBalancer.Type"),
        scheme=fixed(api="CreateLoadBalancer.Scheme"),
        subnet_mappings=items(key=("subnet",), required=True, options=MAPPING),
        security_groups=refs("ec2_security_groups"),
        enforce_security_group_inbound_rules_on_private_link_traffic=Option(api="SetSecurityGroups.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"),
        ip_address_type=Option(api="CreateLoadBalancer.IpAddressType"),
        attributes=_elbv2.attributes(RESERVED),
        **{option: _log() for option in LOGS},
        tags=tags(),
    ),
    find=find,
    look=look,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    faults=faults,
    seconds=SECONDS,
    not_yet=_elbv2.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
