# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an instance is launched with, whether one launch says it or a template for many.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _instances, _volumes
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem

METADATA = dict(
    http_tokens="HttpTokens",
    http_put_response_hop_limit="HttpPutResponseHopLimit",
    http_endpoint="HttpEndpoint",
    http_protocol_ipv6="HttpProtocolIpv6",
    instance_metadata_tags="InstanceMetadataTags",
)
# What RunInstances and LaunchTemplateData take under the same name, and what they take inside something else.
MEMBERS = dict(
    instance_type="InstanceType",
    key_pair="KeyName",
    user_data="UserData",
    ebs_optimized="EbsOptimized",
    disable_api_termination="DisableApiTermination",
    disable_api_stop="DisableApiStop",
    instance_initiated_shutdown_behavior="InstanceInitiatedShutdownBehavior",
)
INSIDE = dict(
    instance_profile=("IamInstanceProfile", "Name"),
    monitoring=("Monitoring", "Enabled"),
    cpu_credits=("CreditSpecification", "CpuCredits"),
    tenancy=("Placement", "Tenancy"),
)
EBS = dict(_volumes.MEMBERS, size="VolumeSize", delete_on_termination="DeleteOnTermination")

# What the model of EC2 says in words only: types with credits, bytes of user data, hops.
BURSTABLE = ("t2", "t3", "t3a", "t4g")
USER_DATA = 16 * 1024
HOPS = 64


def metadata_options() -> Option:
    where = "RunInstances.MetadataOptions"
    options = {name: Option(api=f"{where}.{member}") for name, member in METADATA.items()}
    options["http_put_response_hop_limit"] = Option("int", api=f"{where}.HttpPutResponseHopLimit")
    return Option("dict", options=options)


def volume_options() -> dict[str, Option]:
    """Of a volume that is made at launch."""
    return dict(_volumes.options(), delete_on_termination=Option("bool"))


def ebs(volume: Mapping[str, Any]) -> dict[str, Any]:
    return {EBS[option]: value for option, value in volume.items() if option in EBS}


def metadata(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {METADATA[option]: value for option, value in wanted.items()}


def burstable(instance_type: Any) -> bool:
    return str(instance_type).partition(".")[0] in BURSTABLE


def refuse_credits(instance_type: Any) -> None:
    if not burstable(instance_type):
        raise Problem(f"cpu_credits: only instances of the types {', '.join(BURSTABLE)} have credits, this one is {instance_type}")


def faults(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What no launch takes, as (option, code, facts)."""
    if entry.get("cpu_credits") and entry.get("instance_type") and not burstable(entry["instance_type"]):
        yield "cpu_credits", "needs", dict(value=entry["cpu_credits"], other=f"instance_type: {' / '.join(BURSTABLE)}")
    if len(str(entry.get("user_data") or "").encode()) > USER_DATA:
        yield "user_data", "longest", dict(value="…", limit=USER_DATA)
    hops = (entry.get("metadata_options") or {}).get("http_put_response_hop_limit")
    if hops is not None and not 1 <= int(hops) <= HOPS:
        code, limit = ("least", 1) if int(hops) < 1 else ("most", HOPS)
        yield "metadata_options.http_put_response_hop_limit", code, dict(value=hops, limit=limit)


# ---- images


def image(aws: Aws, image_id: str) -> dict[str, Any]:
    """DescribeImages of one."""
    try:
        return aws.ec2.describe_images(ImageIds=[image_id])["Images"][0]
    except AWS_ERRORS as error:
        if code_of(error) not in ("InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "InvalidAMIID.Unavailable"):
            raise
        raise Problem(f"image_id: there is no image {image_id!r} in this Region that this account may use") from error


def refuse_image(aws: Aws, found: Mapping[str, Any], instance_type: str) -> None:
    """Only what is available is launched, and only with a type of its architecture."""
    if found["State"] != "available":
        raise Problem(f"image_id: {found['ImageId']} is {found['State']}: only one that is available can be launched")
    offered = aws.once(_architectures, instance_type)
    if found.get("Architecture") not in (None, *offered):
        raise Problem(f"instance_type: {instance_type} has not the architecture of {found['ImageId']}, {found['Architecture']} ({', '.join(offered)})")


def _architectures(aws: Aws, instance_type: str) -> list[str]:
    found = _instances.types(aws, [instance_type])
    if not found:
        raise Problem(f"instance_type: there is no type {instance_type!r} in this Region")
    return found[instance_type]["ProcessorInfo"]["SupportedArchitectures"]
