# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be there before a kind's first example, and what no kind makes: others made it, by boto3 alone."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import boto3

SERVICES = "ec2_vpc_endpoint_services"
TRUST = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal=dict(Service="lambda.amazonaws.com"), Action="sts:AssumeRole")])


def load_balancers_and_a_zone(client: Callable[[str], Any]) -> None:
    """Load balancers for services, and the record which proves whose the private DNS name is."""
    subnets = [subnet["SubnetId"] for subnet in client("ec2").describe_subnets()["Subnets"] if {"Key": "Name", "Value": "acme-a"} in subnet.get("Tags", [])]
    for name, kind in (("acme-api", "network"), ("acme-api-2", "network"), ("acme-inspection", "gateway")):
        client("elbv2").create_load_balancer(Name=name, Type=kind, Subnets=subnets)
    zone = client("route53").create_hosted_zone(Name="acme.example.jp", CallerReference="acme")["HostedZone"]["Id"]
    name, value = "_776e1ffc0d2cb14f698b.api.acme.example.jp", '"vpce:6bf3e24390481f9b5069"'
    record = dict(Name=name, Type="TXT", TTL=300, ResourceRecords=[dict(Value=value)])
    client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=dict(Changes=[dict(Action="UPSERT", ResourceRecordSet=record)]))


def a_rotating_function(client: Callable[[str], Any]) -> None:
    role = client("iam").create_role(RoleName="acme-rotation", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("rotate.py", "def handler(event, context):\n    pass\n")
    code = dict(ZipFile=archive.getvalue())
    client("lambda").create_function(FunctionName="acme-rotation", Runtime="python3.12", Role=role, Handler="rotate.handler", Code=code)


def prefix_lists(client: Callable[[str], Any]) -> None:
    for name, block in {"acme-offices": "203.0.113.0/24", "acme-blocked": "198.51.100.0/24"}.items():
        client("ec2").create_managed_prefix_list(PrefixListName=name, Entries=[dict(Cidr=block)], MaxEntries=5, AddressFamily="IPv4")


def a_root_user_with_mfa(client: Callable[[str], Any]) -> None:
    """Signed by the root user of the account, which the double knows by the key's last letters."""
    keys = dict(aws_access_key_id="AKIA123456789012ROOT", aws_secret_access_key="x")
    root = boto3.client("iam", endpoint_url=client("iam").meta.endpoint_url, region_name="ap-northeast-1", **keys)
    root.enable_mfa_device(UserName="root", SerialNumber="arn:aws:iam::123456789012:mfa/root", AuthenticationCode1="123456", AuthenticationCode2="654321")


OUTSIDE = {
    SERVICES: load_balancers_and_a_zone,
    "ec2_transit_gateway_route_tables": prefix_lists,
    "iam_root_user": a_root_user_with_mfa,
    "secretsmanager_secrets": a_rotating_function,
}
