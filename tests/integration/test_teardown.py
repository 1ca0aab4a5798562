# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A customer leaves: all that a sheet has made goes in one run, as its plan says."""

from __future__ import annotations

import json

from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

KINDS = kinds()
WEB = dict(cidr_ipv4="0.0.0.0/0", protocol="tcp", from_port=443, to_port=443)
ALL = dict(rule_number=100, rule_action="allow", protocol="-1", cidr_block="0.0.0.0/0")
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
SHEET = dict(
    ec2_vpcs=[dict(name="acme", cidr_block="10.20.0.0/16"), dict(name="shared", cidr_block="10.30.0.0/16")],
    ec2_subnets=[
        dict(name=f"acme-{zone}", vpc="acme", cidr_block=f"10.20.{number}.0/24", availability_zone=f"ap-northeast-1{zone}") for number, zone in enumerate("ac")
    ],
    ec2_internet_gateways=[dict(name="acme", vpc="acme")],
    ec2_elastic_ips=[dict(name="acme-nat"), dict(name="acme-web", instance="acme-web01")],
    ec2_nat_gateways=[dict(name="acme", subnet="acme-a", elastic_ip="acme-nat")],
    ec2_vpc_peering_connections=[dict(name="acme-shared", vpc="acme", peer_vpc="shared")],
    ec2_security_groups=[
        dict(name="acme-web", vpc="acme", description="web", ingress=[WEB]),
        dict(name="acme-app", vpc="acme", description="app", ingress=[dict(security_group="acme-web", protocol="tcp", from_port=8080, to_port=8080)]),
    ],
    ec2_route_tables=[
        dict(name="acme-public", vpc="acme", subnets=["acme-a"], routes=[dict(destination_cidr_block="0.0.0.0/0", internet_gateway="acme")]),
        dict(name="acme-private", vpc="acme", subnets=["acme-c"], routes=[dict(destination_cidr_block="0.0.0.0/0", nat_gateway="acme")]),
    ],
    ec2_network_acls=[dict(name="acme", vpc="acme", subnets=["acme-a", "acme-c"], ingress=[ALL], egress=[ALL])],
    ec2_instances=[dict(name="acme-web01", image_parameter=IMAGE, instance_type="t3.micro", subnet="acme-a", security_groups=["acme-web"])],
    ec2_network_interfaces=[dict(name="acme-second", subnet="acme-a", attachment=dict(instance="acme-web01", device_index=1))],
    ec2_volumes=[dict(name="acme-data", availability_zone="ap-northeast-1a", size=20, attachments=[dict(instance="acme-web01", device="/dev/sdf")])],
    iam_groups=[dict(name="acme-ops")],
    iam_users=[dict(name="acme-yamada", groups=["acme-ops"])],
)


def gone(kind, entry):
    return dict({name: entry[name] for name in KINDS[kind].identity}, state="absent")


def done(result, *actions):
    return sorted(f"{one['kind']}/{one['entry']}" for action in actions for one in result[action])


def test_all_goes_in_one_run_as_its_plan_says(customer):
    customer.setup(**SHEET)
    customer.sheet(**{kind: [gone(kind, entry) for entry in entries] for kind, entries in SHEET.items()})
    customer.setup("--check")
    planned = customer.result()["result"]
    assert done(planned, "failed") == [] and len(planned["deleted"]) == sum(map(len, SHEET.values()))
    customer.setup("-e", json.dumps(dict(confirm=done(planned, "deleted"))))
    assert done(customer.result()["result"], "deleted") == done(planned, "deleted")
    assert customer.setup().changed == 0 and customer.writes() == []
