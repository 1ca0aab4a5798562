# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The third contestant: what an engineer would write with boto3 alone, for this one job. List once, then do what is missing.

`python -m benchmarks.plain prepare` makes the VPC and the topic and prints their ids, `apply SHEET` does the work,
and `verify SHEET` is the referee: it fails when anything of the sheet is not in the account, whoever was to put it there.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3

VPC = "bench"
RULE = {"protocol": "IpProtocol", "from_port": "FromPort", "to_port": "ToPort"}
ALARM = {
    "name": "AlarmName",
    "namespace": "Namespace",
    "metric_name": "MetricName",
    "statistic": "Statistic",
    "period": "Period",
    "evaluation_periods": "EvaluationPeriods",
    "threshold": "Threshold",
    "comparison_operator": "ComparisonOperator",
}


class Job(NamedTuple):
    """One kind: how to list it (by name, in the sheet's words, with the id), make one, and change one."""

    things: str
    listed: Callable[[dict], dict[str, dict]]
    create: Callable[[dict, dict], Any]
    update: Callable[[dict, dict, dict], Any]


@functools.cache
def client(service: str) -> Any:
    return boto3.client(service)


def as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def as_dict(tags: list[dict[str, str]] | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def pages(service: str, operation: str, result: str, **arguments: Any) -> Iterator[dict]:
    for page in client(service).get_paginator(operation).paginate(**arguments):
        yield from page[result]


# ---- subnets


def list_subnets(sheet: dict) -> dict[str, dict]:
    found = {}
    for subnet in pages("ec2", "describe_subnets", "Subnets", Filters=[{"Name": "vpc-id", "Values": [sheet["vpc_id"]]}]):
        tags = as_dict(subnet.get("Tags"))
        name = tags.pop("Name", "")
        found[name] = {"id": subnet["SubnetId"], "cidr_block": subnet["CidrBlock"], "availability_zone": subnet["AvailabilityZone"], "tags": tags}
    return found


def create_subnet(sheet: dict, want: dict) -> None:
    tags = as_list({"Name": want["name"], **want["tags"]})
    place = {"VpcId": sheet["vpc_id"], "CidrBlock": want["cidr_block"], "AvailabilityZone": want["availability_zone"]}
    client("ec2").create_subnet(**place, TagSpecifications=[{"ResourceType": "subnet", "Tags": tags}])


def update_subnet(sheet: dict, want: dict, have: dict) -> None:
    client("ec2").create_tags(Resources=[have["id"]], Tags=as_list(dict(want["tags"].items() - have["tags"].items())))


# ---- security groups


def list_groups(sheet: dict) -> dict[str, dict]:
    groups = pages("ec2", "describe_security_groups", "SecurityGroups", Filters=[{"Name": "vpc-id", "Values": [sheet["vpc_id"]]}])
    return {
        group["GroupName"]: {
            "id": group["GroupId"],
            "description": group["Description"],
            "ingress": [
                {**{option: permission[member] for option, member in RULE.items() if member in permission}, "cidr_ipv4": block["CidrIp"]}
                for permission in group["IpPermissions"]
                for block in permission["IpRanges"]
            ],
            "tags": as_dict(group.get("Tags")),
        }
        for group in groups
    }


def create_group(sheet: dict, want: dict) -> None:
    ec2 = client("ec2")
    tags = [{"ResourceType": "security-group", "Tags": as_list(want["tags"])}]
    made = ec2.create_security_group(VpcId=sheet["vpc_id"], GroupName=want["name"], Description=want["description"], TagSpecifications=tags)
    ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpPermissions=[permission(rule) for rule in want["ingress"]])


def update_group(sheet: dict, want: dict, have: dict) -> None:
    missing = [permission(rule) for rule in want["ingress"] if rule not in have["ingress"]]
    client("ec2").authorize_security_group_ingress(GroupId=have["id"], IpPermissions=missing)


def permission(rule: dict) -> dict:
    return {**{member: rule[option] for option, member in RULE.items()}, "IpRanges": [{"CidrIp": rule["cidr_ipv4"]}]}


# ---- alarms


def list_alarms(sheet: dict) -> dict[str, dict]:
    return {
        alarm["AlarmName"]: {
            **{option: alarm[member] for option, member in ALARM.items()},
            "dimensions": {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]},
            "alarm_actions": [action.rpartition(":")[2] for action in alarm["AlarmActions"]],
        }
        for alarm in pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmTypes=["MetricAlarm"])
    }


def put_alarm(sheet: dict, want: dict, have: dict | None = None) -> None:
    client("cloudwatch").put_metric_alarm(
        **{member: want[option] for option, member in ALARM.items()},
        Dimensions=[{"Name": name, "Value": value} for name, value in want["dimensions"].items()],
        AlarmActions=[sheet["topic_arn"]],
    )


# ---- all three

JOBS = (
    Job("subnets", list_subnets, create_subnet, update_subnet),
    Job("security_groups", list_groups, create_group, update_group),
    Job("alarms", list_alarms, put_alarm, put_alarm),
)


def prepare() -> dict[str, str]:
    """What the three kinds stand on."""
    tags = [{"ResourceType": "vpc", "Tags": as_list({"Name": VPC})}]
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]
    return {"vpc_id": vpc["VpcId"], "topic_arn": client("sns").create_topic(Name=VPC)["TopicArn"]}


def differs(want: dict, have: dict) -> bool:
    """Whether anything that the sheet names is not so. Only what it names counts."""
    return any(missing(value, have.get(name)) for name, value in want.items() if name not in ("name", "vpc"))


def missing(want: Any, have: Any) -> bool:
    if isinstance(want, dict):
        return not want.items() <= have.items()
    if isinstance(want, list):
        return not all(item in have for item in want)
    return want != have


def apply(sheet: dict) -> None:
    for job in JOBS:
        found = job.listed(sheet) if sheet[job.things] else {}
        for want in sheet[job.things]:
            have = found.get(want["name"])
            if have is None:
                job.create(sheet, want)
            elif differs(want, have):
                job.update(sheet, want, have)


def verify(sheet: dict) -> None:
    for job in JOBS:
        found = job.listed(sheet)
        wrong = [want["name"] for want in sheet[job.things] if want["name"] not in found or differs(want, found[want["name"]])]
        if wrong:
            sys.exit(f"{job.things} that are not as the sheet says: {', '.join(wrong)}")


def main() -> None:
    if sys.argv[1] == "prepare":
        print(json.dumps(prepare()))
    else:
        sheet = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
        {"apply": apply, "verify": verify}[sys.argv[1]](sheet)


if __name__ == "__main__":
    main()
