# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers as hosts: by the inventories beside the contract's, which ask EC2, and by playbooks/servers.yml, which asks for what the sheet names."""

from __future__ import annotations

import json
import os
import subprocess

import boto3
import pytest

from tests.integration.conftest import ACCOUNT, SECRET
from tests.playbook import BIN, ROOT, warnings_in

REGION = "ap-northeast-1"
KEYS = dict(AWS_ACCESS_KEY_ID=f"AKIA{ACCOUNT}ENGR", AWS_SECRET_ACCESS_KEY=SECRET)
AMAZON_AWS = "Passing `disable_lookups` to `template` is deprecated"  # by the inventory plugin itself
SHOWN = """
- hosts: all:!contract
  gather_facts: false
  vars:
    shown_names: [inventory_hostname, group_names, ansible_host, ansible_connection, ansible_aws_ssm_instance_id, ansible_aws_ssm_bucket_name]
  tasks:
    - ansible.builtin.copy:
        content: "{{ dict(shown_names | zip(shown_names | map('extract', hostvars[inventory_hostname]))) | to_json }}"
        dest: "{{ shown }}/{{ inventory_hostname }}.json"
      delegate_to: localhost
      connection: local
"""


@pytest.fixture
def launch(double):
    ec2 = boto3.client("ec2", endpoint_url=double.url, region_name=REGION, aws_access_key_id=f"AKIA{ACCOUNT}OTHR", aws_secret_access_key="x" * 20)
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    image = next(image["ImageId"] for image in ec2.describe_images(Owners=["amazon"])["Images"] if image.get("Platform") != "windows")

    def run(**tags):
        specification = [dict(ResourceType="instance", Tags=[dict(Key=key, Value=value) for key, value in tags.items()])]
        one = dict(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, InstanceType="t3.micro")
        return ec2.run_instances(**one, TagSpecifications=specification)["Instances"][0]

    return run


def inventory(double, folder, **credentials):
    """What ansible-inventory makes of it: hostvars and groups."""
    environment = dict(os.environ, AWS_ENDPOINT_URL=double.url, ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"), **credentials)
    command = [BIN / "ansible-inventory", "-i", folder, "--list"]
    run = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr
    assert not [warning for warning in warnings_in(run.stderr) if AMAZON_AWS not in warning]
    made = json.loads(run.stdout, object_hook=lambda table: table.get("__ansible_unsafe", table))
    return made["_meta"]["hostvars"], {group: set(about.get("hosts", ())) for group, about in made.items() if group != "_meta"}


def test_the_inventory_of_a_customer_has_the_tagged_instances_and_the_way_in_by_systems_manager(double, launch, tmp_path):
    ours, _stranger = launch(Name="smp-web01"), launch(Name="somebody-else")
    double.clear_calls()
    config = tmp_path / "config"
    keys = f"aws_access_key_id = {KEYS['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {SECRET}"
    config.write_text(f"[profile smp]\nregion = {REGION}\n{keys}\n", encoding="utf-8")
    hosts, groups = inventory(double, ROOT / "inventories" / "demo_servers", AWS_CONFIG_FILE=str(config))
    assert groups["linux_servers"] == {"smp-web01", "smp-onpremise01"}
    assert hosts["smp-web01"]["ansible_connection"] == "amazon.aws.aws_ssm"
    assert hosts["smp-web01"]["ansible_aws_ssm_instance_id"] == ours["InstanceId"]
    assert hosts["smp-web01"]["ansible_host"] == ours["PrivateIpAddress"]
    assert hosts["smp-onpremise01"]["ansible_connection"] == "ansible.builtin.ssh"
    assert not [call for call in double.calls() if call["write"] and call["service"] == "ec2"]


def test_the_template_chooses_by_the_tag_of_the_contract_and_comes_in_by_ssh(double, launch):
    ours = launch(Name="acme-web01", Contract="ACME-2026-001", Role="web")
    launch(Name="acme-of-another-contract", Contract="ACME-2025-007")
    hosts, groups = inventory(double, ROOT / "inventories" / "template_servers", **KEYS)
    assert groups["linux_servers"] == groups["role_web"] == {"acme-web01"}
    assert hosts["acme-web01"]["ansible_host"] == ours["PrivateIpAddress"]
    assert hosts["acme-web01"]["ansible_user"] == "ec2-user"
    assert "ansible_connection" not in hosts["acme-web01"]


def shown(customer, *arguments, **more):
    play = customer.folder / "shown.yml"
    play.write_text(SHOWN, encoding="utf-8")
    place = customer.folder / "shown"
    place.mkdir(exist_ok=True)
    result = customer.play("servers", play, "-e", f"shown={place}", *arguments, **more)
    return result, {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in place.glob("*.json")}


def sheet(customer, *names):
    customer.sheet(ec2_instances=[*(dict(name=name) for name in names), dict(name="old", state="absent")])


def test_the_sheet_makes_hosts_of_its_instances(customer, launch):
    ours = launch(Name="acme-web01")
    launch(Name="somebody-else")
    customer.sheet(monitoring=dict(ec2=[dict(name="acme-web01"), dict(name="i-0123456789abcdef0")]))
    dummy, watched = shown(customer)
    assert set(watched) == {"acme-web01"}
    sheet(customer, "acme-web01")
    result, hosts = shown(customer, "-e", "servers_connection=ssm", "-e", "servers_bucket=acme-ansible")
    (one,) = hosts.values()
    assert (one["inventory_hostname"], one["ansible_host"]) == ("acme-web01", ours["PrivateIpAddress"])
    assert one["ansible_connection"] == "amazon.aws.aws_ssm"
    assert (one["ansible_aws_ssm_instance_id"], one["ansible_aws_ssm_bucket_name"]) == (ours["InstanceId"], "acme-ansible")
    assert set(one["group_names"]) == {"acme_servers", "linux_servers"}
    assert SECRET not in result.output
    assert customer.writes() == []


def test_a_server_that_is_missing_or_there_twice_stops_the_run(customer, launch):
    launch(Name="acme-web01")
    launch(Name="acme-web01")
    for names, told in ((["acme-web01"], "acme-web01"), (["acme-web01", "acme-db01"], "acme-db01")):
        sheet(customer, *names)
        result = customer.play("servers", rc=2)
        assert told in result.output
