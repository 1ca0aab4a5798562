#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _elbv2, _networks, _shapes
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, items, ref, tags

ONCE = dict(
    target_type="TargetType",
    protocol="Protocol",
    protocol_version="ProtocolVersion",
    port="Port",
    vpc="VpcId",
    ip_address_type="IpAddressType",
)
HEALTH = dict(
    health_check_enabled="HealthCheckEnabled",
    health_check_protocol="HealthCheckProtocol",
    health_check_port="HealthCheckPort",
    health_check_path="HealthCheckPath",
    health_check_interval_seconds="HealthCheckIntervalSeconds",
    health_check_timeout_seconds="HealthCheckTimeoutSeconds",
    healthy_threshold_count="HealthyThresholdCount",
    unhealthy_threshold_count="UnhealthyThresholdCount",
)
NEEDED = ("protocol", "port", "vpc")  # but by functions
# Type of the targets → the option that names one
TARGETS = {"instance": "instance", "ip": "ip_address", "lambda": "lambda_function", "alb": "load_balancer"}
# Of a target that is on its way out: what the group no longer has
LEAVING = ("draining", "unhealthy.draining")


# ---- what is there


def find(aws, wanted):
    groups = aws.pages("elbv2", "describe_target_groups", "TargetGroups")
    mine = [one for one in groups if _elbv2.chosen(wanted, one["TargetGroupArn"], one["TargetGroupName"])]
    tagged = _elbv2.tags_of(aws, [one["TargetGroupArn"] for one in mine])
    return [_have(one, tagged.get(one["TargetGroupArn"], {}), _named_targets(wanted, one)) for one in groups]


def _named_targets(wanted, group):
    """How the sheet spells the targets of a group: with a port of their own or without. None where nobody says."""
    for entry in wanted or ():
        if _elbv2.chosen([entry], group["TargetGroupArn"], group["TargetGroupName"]):
            return [item for things in entry.get("targets", {}).values() for item in things]
    return []


def _have(group, tagged, named=()):
    return dict(
        id=group["TargetGroupArn"],
        name=group["TargetGroupName"],
        matcher=_elbv2.to_sheet(MATCHER, group.get("Matcher") or {}),
        tags=tagged,
        _named=named,
        _balancers=group.get("LoadBalancerArns", []),
        **{option: group.get(member) for option, member in {**ONCE, **HEALTH}.items()},
    )


def read(aws, have, names):
    found = {}
    if "attributes" in names:
        found["attributes"] = _elbv2.by_key(aws.elbv2.describe_target_group_attributes(TargetGroupArn=have["id"])["Attributes"])
    if "targets" in names:
        health = aws.elbv2.describe_target_health(TargetGroupArn=have["id"])["TargetHealthDescriptions"]
        found["targets"] = [_target(have, one["Target"]) for one in health if one["TargetHealth"].get("State") not in LEAVING]
        _tell_unhealthy(aws, have, health)
    return found


def _tell_unhealthy(aws, have, health):
    """A registration always succeeds; whether requests arrive is seen only here."""
    for one in health:
        state = one["TargetHealth"]
        if state.get("State") == "unhealthy":
            target = f"{one['Target']['Id']}:{one['Target'].get('Port', '')}".rstrip(":")
            aws.warn(f"{have['name']}: {target} is unhealthy ({state.get('Reason')}: {state.get('Description')}); do its security groups let the checks in?")


def _target(have, target):
    """A target as the sheet spells it: the port of the group and the zone that AWS finds out need not be said."""
    option = TARGETS[have["target_type"]]
    item = {option: target["Id"], "port": target.get("Port"), "availability_zone": target.get("AvailabilityZone")}
    for bare in (one for one in have["_named"] if one.get(option) == target["Id"]):
        if bare.get("port") is None and item["port"] == have["port"]:
            item["port"] = None
        if bare.get("availability_zone") is None:
            item["availability_zone"] = None
    return {name: value for name, value in item.items() if value is not None}


# ---- writing


def create(aws, want):
    """Attributes and targets come afterwards."""
    arguments = {member: want[option] for option, member in {**ONCE, **HEALTH}.items() if option in want}
    if "matcher" in want:
        arguments["Matcher"] = _elbv2.to_aws(MATCHER, want["matcher"])
    group = aws.elbv2.create_target_group(Name=want["name"], **arguments, **_elbv2.tagged(want.get("tags", {})))["TargetGroups"][0]
    with aws.reading():
        attributes = aws.elbv2.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])["Attributes"]
    return dict(_have(group, want.get("tags", {})), attributes=_elbv2.by_key(attributes), targets=[])


def update(aws, have, change):
    """New targets before others leave, so that there is always somebody who answers."""
    which = dict(TargetGroupArn=have["id"])
    checks = {member: change[option] for option, member in HEALTH.items() if option in change}
    if "matcher" in change:
        checks["Matcher"] = _elbv2.to_aws(MATCHER, change["matcher"])
    if checks:
        aws.elbv2.modify_target_group(**which, **checks)
    if "attributes" in change:
        aws.elbv2.modify_target_group_attributes(**which, Attributes=_elbv2.as_attributes(change["attributes"]))
    if "targets" in change:
        add, remove = ([_description(have, item) for item in items] for items in (change["targets"].add, change["targets"].remove))
        if add:
            aws.elbv2.register_targets(**which, Targets=add)
        if remove:
            aws.elbv2.deregister_targets(**which, Targets=remove)
    _elbv2.update_tags(aws, have, change)


def _description(have, item):
    more = dict(Port=item.get("port"), AvailabilityZone=item.get("availability_zone"))
    return dict(Id=item[TARGETS[have["target_type"]]], **{member: value for member, value in more.items() if value is not None})


def delete(aws, have):
    aws.elbv2.delete_target_group(TargetGroupArn=have["id"])


def holders(aws, haves):
    for have in haves:
        for balancer in have["_balancers"]:
            freed = (("elbv2_load_balancers", balancer), ("elbv2_listeners", None), ("elbv2_listener_rules", None))
            yield Holder(have["id"], "load balancers whose listeners or rules lead to it", balancer.split("/")[-2], freed)


# ---- what is dangerous or wrong


def danger(have, change):
    leaving = change["targets"].remove if have and "targets" in change else []
    if not leaving:
        return None
    named = ", ".join(str(item.get(TARGETS[have["target_type"]])) for item in leaving)
    return f"would send no more requests to {named}, and cut what is still open when the deregistration delay is over"


def refuse(want, have, change):
    after = {**have, **change}
    kind = after.get("target_type")
    if not have and kind:
        missing = [option for option in NEEDED if option not in want]
        extra = [option for option in NEEDED if option in want]
        if kind != "lambda" and missing:
            raise Problem(f"does not exist, and to create it {', '.join(missing)} must be named")
        if kind == "lambda" and extra:
            raise Problem(f"{', '.join(extra)}: a group of functions has none")
    if "targets" in change:
        fault = next((told for item in change["targets"].add for told in [_target_fault(kind, item)] if told), None)
        if fault:
            raise Problem(f"targets: {fault}")


def _target_fault(kind, item):
    named = [option for option in TARGETS.values() if item.get(option)]
    if named != [TARGETS.get(kind, named)] and kind in TARGETS:
        return f"{', '.join(named) or item} in a group of the type {kind}, whose targets are named by {TARGETS[kind]}"
    return None


def foresee(aws, want):
    if _elbv2.bad_name(want["name"]):
        raise Problem(f"name: {_shapes.said('pattern', value=want['name'], limit=_elbv2.NAME)}")


def faults(entries, sheet):
    """Names that AWS refuses; one target in each item, of the group's type."""
    for index, entry in enumerate(entries):
        if _elbv2.bad_name(entry.get("name")) and "id" not in entry:
            yield index, "name", "pattern", dict(value=entry.get("name"), limit=_elbv2.NAME)
        seen = []
        for item in _named(entry.get("targets")):
            named = [option for option in TARGETS.values() if item.get(option)]
            expected = TARGETS.get(entry.get("target_type"))
            if len(named) != 1 or (expected and named != [expected]):
                yield index, "targets", "one_of", dict(value=item, other=expected or ", ".join(TARGETS.values()), item=item)
                continue
            # The port of the group is the one of a target that names none.
            same = (item[named[0]], str(item.get("port") or entry.get("port")))
            if same in seen:
                yield index, "targets", "item_twice", dict(value=item, item=item)
            seen.append(same)


def _named(value):
    things = [*(value.get("add") or []), *(value.get("set") or [])] if isinstance(value, dict) else value or []
    return [thing for thing in things if isinstance(thing, dict)]


MATCHER = dict(http_code=Option(), grpc_code=Option())
KIND = Kind(
    name="elbv2_target_groups",
    identity=("name",),
    options=dict(
        name=Option(),
        target_type=fixed(required=True, api="CreateTargetGroup.TargetType"),
        protocol=fixed(api="CreateTargetGroup.Protocol"),
        protocol_version=fixed(),
        port=fixed("int", api="CreateTargetGroup.Port"),
        vpc=ref("ec2_vpcs", fixed=True),
        ip_address_type=fixed(api="CreateTargetGroup.IpAddressType"),
        health_check_enabled=Option("bool"),
        health_check_protocol=Option(api="CreateTargetGroup.HealthCheckProtocol"),
        health_check_port=Option(),
        health_check_path=Option(api="CreateTargetGroup.HealthCheckPath"),
        health_check_interval_seconds=Option("int", api="CreateTargetGroup.HealthCheckIntervalSeconds"),
        health_check_timeout_seconds=Option("int", api="CreateTargetGroup.HealthCheckTimeoutSeconds"),
        healthy_threshold_count=Option("int", api="CreateTargetGroup.HealthyThresholdCount"),
        unhealthy_threshold_count=Option("int", api="CreateTargetGroup.UnhealthyThresholdCount"),
        matcher=Option("dict", options=MATCHER),
        attributes=_elbv2.attributes(),
        targets=items(
            key=(*TARGETS.values(), "port", "availability_zone"),
            options=dict(
                instance=ref("ec2_instances"),
                ip_address=Option(wrong=_networks.wrong_address),
                lambda_function=Option(),
                load_balancer=ref("elbv2_load_balancers"),
                port=Option("int", api="RegisterTargets.Targets.Port"),
                availability_zone=Option(),
            ),
        ),
        tags=tags(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    holders=holders,
    faults=faults,
    # An instance must run before it can be a target.
    not_yet=(*_elbv2.NOT_YET, r"\(InvalidTarget\).*not in the running state"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
