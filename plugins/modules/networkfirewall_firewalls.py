#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _networkfirewall, _tags
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of
from ansible_collections.msp.aws.plugins.module_utils._documents import deep, flat
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, items, ref, tags, to_make

# An endpoint comes in ten to fifteen minutes.
SECONDS = 1800
# Option → member, and the call that writes it
PROTECTIONS = dict(
    delete_protection=("DeleteProtection", "update_firewall_delete_protection"),
    subnet_change_protection=("SubnetChangeProtection", "update_subnet_change_protection"),
    firewall_policy_change_protection=("FirewallPolicyChangeProtection", "update_firewall_policy_change_protection"),
)
# What a protection stands before
PROTECTED = dict(subnet_mappings="subnet_change_protection", firewall_policy="firewall_policy_change_protection")
MAPPING = dict(subnet="SubnetId", ip_address_type="IPAddressType")
LOG = dict(
    log_type="LogType",
    log_group="LogDestination.logGroup",
    bucket_name="LogDestination.bucketName",
    prefix="LogDestination.prefix",
    delivery_stream="LogDestination.deliveryStream",
)
DESTINATIONS = dict(log_group="CloudWatchLogs", bucket_name="S3", delivery_stream="KinesisDataFirehose")
LOGGING = ("log_destinations", "enable_monitoring_dashboard")


def find(aws, wanted):
    return _networkfirewall.listed(aws, "list_firewalls", "Firewalls", "FirewallName", "FirewallArn")


def look(aws, ids):
    """AWS describes one at a time."""
    return [_have(_described(aws, arn)) for arn in ids]


def read(aws, have, names):
    """The list gives names only."""
    described = _described(aws, have["id"])
    if described["FirewallStatus"]["Status"] == "DELETING":
        raise Problem(f"{have['id']} is being deleted: run again when it is gone")
    found = _have(described)
    if set(LOGGING) & set(names):
        found.update(_logging(aws.network_firewall.describe_logging_configuration(FirewallArn=have["id"])))
    return found


def _described(aws, arn):
    return aws.network_firewall.describe_firewall(FirewallArn=arn)


def _have(described):
    firewall, attachments = described["Firewall"], _attachments(described)
    return dict(
        id=firewall["FirewallArn"],
        name=firewall["FirewallName"],
        vpc=firewall.get("VpcId"),
        firewall_policy=firewall.get("FirewallPolicyArn"),
        subnet_mappings=[flat(MAPPING, one) for one in firewall.get("SubnetMappings", [])],
        _token=described.get("UpdateToken"),
        _moving=_moving(described),
        _failed=_failure(described),
        _zones={attachment.get("SubnetId"): zone for zone, attachment in attachments.items()},
        _endpoints={attachment.get("SubnetId"): attachment.get("EndpointId") for attachment in attachments.values()},
        **{option: firewall.get(member) for option, (member, dummy) in PROTECTIONS.items()},
        **_networkfirewall.common(firewall),
    )


def _attachments(described):
    """Zone → how far its endpoint is."""
    return {zone: state.get("Attachment") or {} for zone, state in (described["FirewallStatus"].get("SyncStates") or {}).items()}


def _logging(described):
    configs = (described.get("LoggingConfiguration") or {}).get("LogDestinationConfigs", [])
    return dict(
        log_destinations=[flat(LOG, config) for config in configs],
        enable_monitoring_dashboard=described.get("EnableMonitoringDashboard", False),
        _logs=configs,
    )


def create(aws, want):
    """Protections in the creating call too: AWS switches all on that it does not name, so the sheet has to say each of them."""
    mappings = to_make(want, "subnet_mappings")
    firewall = aws.network_firewall.create_firewall(
        FirewallName=want["name"],
        FirewallPolicyArn=want["firewall_policy"],
        VpcId=want["vpc"],
        SubnetMappings=[deep(MAPPING, one, {}) for one in mappings],
        **{member: want[option] for option, (member, dummy) in PROTECTIONS.items() if option in want},
        **_networkfirewall.described(want),
        **_networkfirewall.tagged(want),
    )["Firewall"]
    with aws.reading():
        described = _described(aws, firewall["FirewallArn"])
    return dict(_have(described), log_destinations=[], enable_monitoring_dashboard=False, _logs=[])


# ---- until AWS is done


def _moving(described):
    """Traffic goes through it only when each of its endpoints is there and all have the policy."""
    status, attachments = described["FirewallStatus"], _attachments(described).values()
    missing = {one["SubnetId"] for one in described["Firewall"].get("SubnetMappings", [])} - {attachment.get("SubnetId") for attachment in attachments}
    states = [status["Status"], status.get("ConfigurationSyncStateSummary"), *(attachment.get("Status") for attachment in attachments)]
    if missing:
        return f"no endpoint in {', '.join(sorted(missing))} yet"
    return next((state for state in states if state in ("PROVISIONING", "PENDING", "CREATING", "DELETING")), None)


def _failure(described):
    status = described["FirewallStatus"]
    if status["Status"] == "READY" and status.get("ConfigurationSyncStateSummary") == "IN_SYNC":
        return None
    said = [f"{zone}: {one.get('Status')} {one.get('StatusMessage', '')}".strip() for zone, one in _attachments(described).items()]
    return f"it is {status['Status']} and {status.get('ConfigurationSyncStateSummary')}; {'; '.join(said)}"


def _ready(aws, arn):
    """The firewall when AWS is done with one change of it, and takes the next."""
    have = aws.wait(f"firewall {arn}", lambda: look(aws, [arn])[0], lambda seen: not seen["_moving"], limit=SECONDS)
    if have["_failed"]:
        raise Problem(f"{arn}: {have['_failed']}")
    return have


# ---- changes


def update(aws, have, change):
    """First what stands in the way, then what is protected, and last the protections that come on again."""
    if "subnet_mappings" in change:
        _zones_are_free(aws, have, change["subnet_mappings"])
        _nothing_leads_there(aws, have, [one["subnet"] for one in change["subnet_mappings"].remove])
    _networkfirewall.update_tags(aws, have, change)
    _switch(aws, have, change, on=False)
    if "description" in change:
        _write(aws, have, "update_firewall_description", Description=change["description"] or "")
    if "encryption_configuration" in change:
        encryption = _networkfirewall.encryption(change["encryption_configuration"])
        _write(aws, have, "update_firewall_encryption_configuration", EncryptionConfiguration=encryption)
    if "firewall_policy" in change:
        _write(aws, have, "associate_firewall_policy", FirewallPolicyArn=change["firewall_policy"])
        have["_token"] = _ready(aws, have["id"])["_token"]
    if "subnet_mappings" in change:
        _move(aws, have, change["subnet_mappings"])
    _switch(aws, have, change, on=True)
    if change.keys() & set(LOGGING):
        _log(aws, have, change)


def _write(aws, have, operation, **arguments):
    """Each write changes the token with which the next one has to come."""
    have["_token"] = getattr(aws.network_firewall, operation)(FirewallArn=have["id"], UpdateToken=have["_token"], **arguments)["UpdateToken"]


def _switch(aws, have, change, on):
    for option, (member, operation) in PROTECTIONS.items():
        if change.get(option) is on:
            _write(aws, have, operation, **{member: on})


def _move(aws, have, delta):
    """The new endpoints first: what is to be led to them finds them there."""
    if delta.add:
        _write(aws, have, "associate_subnets", SubnetMappings=[deep(MAPPING, one, {}) for one in delta.add])
        have["_token"] = _ready(aws, have["id"])["_token"]
    if delta.remove:
        _write(aws, have, "disassociate_subnets", SubnetIds=[one["subnet"] for one in delta.remove])
        have["_token"] = _ready(aws, have["id"])["_token"]


def _zones_are_free(aws, have, delta):
    """AWS takes one subnet in each zone, so in one that is taken the old one has to go first, and traffic of the zone with it."""
    zones = aws.once(_zones) if delta.add else {}
    taken = {zone: subnet for subnet, zone in have["_zones"].items()}
    for one in delta.add:
        other = taken.get(zones.get(one["subnet"]))
        if other:
            raise Problem(f"{one['subnet']} lies in {zones[one['subnet']]}, where {other} is the firewall's subnet: take that one off in a run of its own")


def _zones(aws):
    return {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in aws.pages("ec2", "describe_subnets", "Subnets")}


def _nothing_leads_there(aws, have, subnets):
    endpoints = {have["_endpoints"].get(subnet) for subnet in subnets} - {None}
    users = [called for dummy, called in _leading_there(aws, endpoints)]
    if users:
        raise Problem(f"routes of {', '.join(users)} lead to its endpoints {', '.join(sorted(endpoints))}: lead them elsewhere in a run of its own")


def _leading_there(aws, endpoints):
    """Id and name of the route tables that lead to these. AWS takes an endpoint away under the routes to it."""
    tables = aws.once(_route_tables) if endpoints else []
    leading = [table for table in tables if {route.get("GatewayId") for route in table["Routes"]} & endpoints]
    return sorted((table["RouteTableId"], _tags.name_and_tags(table)["name"] or table["RouteTableId"]) for table in leading)


def _route_tables(aws):
    return aws.pages("ec2", "describe_route_tables", "RouteTables")


def _log(aws, have, change):
    dashboard = dict(EnableMonitoringDashboard=True) if have["enable_monitoring_dashboard"] else {}
    steps = list(_steps(have["_logs"], change["log_destinations"])) if "log_destinations" in change else []
    for configs in steps:
        _put_logs(aws, have, configs, **dashboard)
    if "enable_monitoring_dashboard" in change:
        _put_logs(aws, have, steps[-1] if steps else have["_logs"], EnableMonitoringDashboard=change["enable_monitoring_dashboard"])


def _steps(configs, delta):
    """The list after each step: AWS takes one change of one destination with each call. Where the type of one changes, the old one goes and a new one comes."""
    configs = {config["LogType"]: config for config in configs}
    moved = [(old, new) for old, new in delta.change if _type(old) != _type(new)]
    for item in [*delta.remove, *(old for old, dummy in moved)]:
        del configs[item["log_type"]]
        yield list(configs.values())
    for item in [*(new for old, new in delta.change if (old, new) not in moved), *(new for dummy, new in moved), *delta.add]:
        configs[item["log_type"]] = dict(deep(LOG, item, configs.get(item["log_type"], {})), LogDestinationType=_type(item))
        yield list(configs.values())


def _put_logs(aws, have, configs, **more):
    aws.network_firewall.update_logging_configuration(FirewallArn=have["id"], LoggingConfiguration=dict(LogDestinationConfigs=configs), **more)


def _type(item):
    return next(kind for option, kind in DESTINATIONS.items() if item.get(option))


def delete(aws, have):
    with aws.reading():
        described = _staying(aws, have["id"])
    if described:
        if _have(described)["delete_protection"]:
            raise Problem("delete_protection is on: write delete_protection: false, and let that be done in a run of its own")
        aws.network_firewall.delete_firewall(FirewallArn=have["id"])
    # Policy, subnets and VPC are free when it is really gone.
    aws.wait(f"deletion of {have['id']}", lambda: [one["id"] for one in find(aws, None)], lambda arns: have["id"] not in arns, limit=SECONDS)


# ---- what is dangerous or wrong


def holders(aws, haves):
    """AWS would delete its endpoints under the routes that lead to them."""
    for have in haves:
        for table, called in _leading_there(aws, _endpoints(aws, have["id"])):
            # A table that this run has changed, and that still leads there, is not free of it.
            freed = (("ec2_route_tables", table),) if aws.check_mode else ()
            yield Holder(have["id"], "route tables that lead to its endpoints", called, freed)


def _endpoints(aws, firewall):
    described = _staying(aws, firewall)
    return set(_have(described)["_endpoints"].values()) - {None} if described else set()


def _staying(aws, firewall):
    """It as AWS describes it, unless it is on its way out, or is gone: an earlier run may have begun with that."""
    try:
        described = _described(aws, firewall)
    except AWS_ERRORS as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None
    return None if described["FirewallStatus"]["Status"] == "DELETING" else described


def danger(have, change):
    if not change:
        return "would be deleted with its endpoints and log destinations" if have else None
    reasons, subnets = [], change.get("subnet_mappings")
    if subnets and subnets.add:
        reasons.append(f"would start {len(subnets.add)} firewall endpoints, each of which costs by the hour and by its traffic")
    if have and subnets and subnets.remove:
        reasons.append(f"would delete the endpoints in {', '.join(one['subnet'] for one in subnets.remove)} and stop filtering there")
    if have and "firewall_policy" in change:
        reasons.append(f"would filter by {change['firewall_policy']} instead of {have['firewall_policy']}, from one moment to the next")
    if have and "log_destinations" in change and change["log_destinations"].remove:
        reasons.append(f"would no longer log {', '.join(one['log_type'] for one in change['log_destinations'].remove)}")
    return " and ".join(reasons) or None


def refuse(want, have, change):
    for option, protection in PROTECTED.items():
        if have and option in change and change.get(protection, have.get(protection)):
            raise Problem(f"{option} is to change, and {protection} is on: write {protection}: false in the same entry, and true again in a later run")
    subnets = change.get("subnet_mappings")
    if have and subnets:
        if len(subnets.remove) >= len(have["subnet_mappings"]) + len(subnets.add):
            raise Problem("subnet_mappings: a firewall keeps at least one subnet")
        for old, new in subnets.change:
            raise Problem(
                f"subnet_mappings: the ip_address_type of {old['subnet']} cannot change from {old.get('ip_address_type')} to {new['ip_address_type']}"
            )
    logs = change.get("log_destinations")
    fault = _networkfirewall.needs_key(change.get("encryption_configuration"))
    for item in logs.coming if logs else ():
        fault = fault or _log_fault(item)
    if fault:
        raise Problem(fault)


def _log_fault(item):
    if len([option for option in DESTINATIONS if item.get(option)]) != 1:
        return f"log_destinations: exactly one of {', '.join(DESTINATIONS)} must be named for {item['log_type']}"
    if item.get("prefix") and not item.get("bucket_name"):
        return f"log_destinations: {item['log_type']} has a prefix, which only buckets have"
    return None


def faults(entries, sheet):
    """One subnet for each zone, as far as the sheet says where its subnets lie; one destination for each log type."""
    zones = {(subnet.get("vpc"), subnet.get("name")): subnet.get("availability_zone") for subnet in sheet.get("ec2_subnets", [])}
    for index, entry in enumerate(entries):
        seen = {}
        for mapping in _named(entry.get("subnet_mappings")):
            subnet = mapping.get("subnet")
            zone = zones.get((entry.get("vpc"), str(subnet).rpartition("/")[2]))
            if zone and seen.setdefault(zone, subnet) != subnet:
                yield index, "subnet_mappings", "same_zone", dict(value=subnet, other=seen[zone], limit=zone, item=mapping)
        for item in _named(entry.get("log_destinations")):
            if len([option for option in DESTINATIONS if item.get(option)]) != 1:
                yield index, "log_destinations", "one_of", dict(value=item, other=", ".join(DESTINATIONS), item=item)


def _named(value):
    things = [*(value.get("add") or []), *(value.get("set") or [])] if isinstance(value, dict) else value or []
    return [thing for thing in things if isinstance(thing, dict)]


KIND = Kind(
    name="networkfirewall_firewalls",
    service=_networkfirewall.SERVICE,
    identity=("name",),
    options=dict(
        name=Option(api="CreateFirewall.FirewallName"),
        vpc=ref("ec2_vpcs", fixed=True, required=True),
        firewall_policy=ref("networkfirewall_firewall_policies", required=True, elsewhere=True),
        subnet_mappings=items(
            key=("subnet",),
            required=True,
            options=dict(
                subnet=ref("ec2_subnets", within="vpc", required=True),
                ip_address_type=Option(api="CreateFirewall.SubnetMappings.IPAddressType"),
            ),
        ),
        delete_protection=Option("bool", required=True),
        subnet_change_protection=Option("bool", required=True),
        firewall_policy_change_protection=Option("bool", required=True),
        description=Option(clearable=True, api="CreateFirewall.Description"),
        encryption_configuration=_networkfirewall.encryption_option("CreateFirewall"),
        log_destinations=items(
            key=("log_type",),
            one_of=(*DESTINATIONS, "prefix"),
            options=dict(
                log_type=Option(required=True, api="UpdateLoggingConfiguration.LoggingConfiguration.LogDestinationConfigs.LogType"),
                log_group=ref("logs_log_groups"),
                bucket_name=Option(),
                prefix=Option(),
                delivery_stream=Option(),
            ),
        ),
        enable_monitoring_dashboard=Option("bool"),
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
    holders=holders,
    faults=faults,
    seconds=SECONDS,
    not_yet=_networkfirewall.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
