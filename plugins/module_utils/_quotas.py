# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many vCPUs of a family of types an account may run On-Demand, which EC2 itself says only at the start.

Private to the collection. Capacity reservations that nobody uses count as well and are not looked at, so a start can still meet the quota.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _instances
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of

# EC2 Instance Types guide, "Amazon EC2 instance type quotas" (docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html), "On-Demand Instance
# quotas": the quota of a family, by how its types are called.
STANDARD = "L-1216C47A"
FAMILIES = {
    **dict.fromkeys(("a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"), STANDARD),
    **dict.fromkeys(("g", "gr", "vt"), "L-DB2E81BA"),
    "dl": "L-6E869C2A",
    "f": "L-74FC7D96",
    "hpc": "L-F7808C92",
    "inf": "L-1945791B",
    "p": "L-417A185B",
    "trn": "L-2C3B7624",
    "u": "L-43DA4232",
    "x": "L-7295265B",
}


def family(instance_type: str) -> str | None:
    """The code of its quota: m7i.large is of the family m, u-6tb1.metal of u."""
    return FAMILIES.get(re.match("[a-z]*", instance_type).group())


def against_vcpus(aws: Aws, instance: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Why an instance that runs with the old type could not be started with the new one. Who asks for no more of the same quota always can."""
    quota = family(new["InstanceType"])
    if quota is None or (old and family(old["InstanceType"]) == quota and _vcpus(new) <= _vcpus(old)):
        return
    running = [name for one, name in _running(aws) if one != instance["InstanceId"] and family(name) == quota]
    types = _instances.types(aws, {*running}) if running else {}
    used, limit = sum(_vcpus(types[name]) for name in running if name in types), _limit(aws, instance, quota)
    if limit is not None and used + _vcpus(new) > limit:
        yield (
            f"{new['InstanceType']} has {_vcpus(new)} vCPUs, and of the {limit:.0f} that the account may run of such types (quota {quota}) "
            f"{used} are in use by others: have the quota raised first"
        )


def _vcpus(described: Mapping[str, Any]) -> int:
    """Of the type, whatever an instance was told to use of them."""
    return described["VCpuInfo"]["DefaultVCpus"]


def _running(aws: Aws) -> list[tuple[str, str]]:
    """Id and type of what counts: On-Demand Instances that run, but for those on hosts of their own."""
    filters = [dict(Name="instance-state-name", Values=["pending", "running"])]
    with aws.reading():
        found = [one for group in aws.pages("ec2", "describe_instances", "Reservations", Filters=filters) for one in group["Instances"]]
    return [(one["InstanceId"], one["InstanceType"]) for one in found if not one.get("InstanceLifecycle") and one["Placement"].get("Tenancy") != "host"]


def _limit(aws: Aws, instance: Mapping[str, Any], quota: str) -> float | None:
    """What the account has, else what all have. Who may not look goes on, and a start that meets the quota is told then."""
    asked = dict(ServiceCode="ec2", QuotaCode=quota)
    try:
        with aws.reading():
            return aws.service_quotas.get_service_quota(**asked)["Quota"]["Value"]
    except AWS_ERRORS as error:
        if code_of(error) == "NoSuchResourceException":
            with aws.reading():
                return aws.service_quotas.get_aws_default_service_quota(**asked)["Quota"]["Value"]
        if code_of(error) != "AccessDeniedException":
            raise
    aws.warn(f"{_instances.label(instance)}: nobody could see whether the quota {quota} of vCPUs leaves room for its new type")
    return None
