# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tickets from the request to the completion report, as an engineer carries them out."""

from __future__ import annotations

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from threading import Event

import boto3
import openpyxl
import pytest

from tests.integration.conftest import ACCOUNT, SECRET
from tests.playbook import ROOT, run_playbook

JST = timezone(timedelta(hours=9))
AGREED = dict(
    number="ACME-1",
    customer="Acme",
    account_id=ACCOUNT,
    region="ap-northeast-1",
    language="en",
    applied_on="2020-01-06",
    plans=[{"plan": "advanced", "from": "2020-02-01"}],
    operation=dict(components=dict(ec2=2)),
)


def days(number):
    return (datetime.now(JST) + timedelta(days=number)).strftime("%Y-%m-%d %H:%M")


def somebody(double, service="ec2"):
    """Somebody else at the account."""
    keys = dict(aws_access_key_id=f"AKIA{ACCOUNT}OTHR", aws_secret_access_key="x")
    return boto3.client(service, endpoint_url=double.url, region_name="ap-northeast-1", **keys)


def callback(name):
    return dict(ANSIBLE_CALLBACK_PLUGINS=str(ROOT / "tests" / "callbacks"), ANSIBLE_CALLBACKS_ENABLED=name)


class Desk:
    """A customer with a server that runs, and the ledger of his tickets."""

    def __init__(self, customer, server):
        self.customer, self.double, self.server = customer, customer.double, server
        self.ledger = dict(directory=str(customer.folder / "ledger"))

    def request(self, operation, ticket="REQ-1", **more):
        parameters = {"ec2.change_instance_type": dict(instance_type="t3.large")}.get(operation, {})
        told = dict(contract="ACME-1", ticket=ticket, operation=operation, target="web", parameters=parameters, received=days(-20), wished=days(-1))
        return {**told, **more}

    def operate(self, request, phase="plan", rc=0, env=None, allow=None, **variables):
        given = dict(operation_request=request, operation_ledger=self.ledger, operation_phase=phase, operation_directory=str(self.customer.folder / "results"))
        return self.customer.play("operate", "-e", json.dumps(dict(given, **variables)), rc=rc, env=env, allow=allow)

    def killed(self, request, before, **variables):
        """A run that carries it out and is killed right before this task."""
        return self.operate(request, "apply", rc=-signal.SIGKILL, env=dict(callback("dies"), DIES_BEFORE=before), **variables)

    def records(self, ticket="REQ-1"):
        return [json.loads(path.read_text()) for path in sorted((self.customer.folder / "ledger" / "ACME-1" / ticket).glob("*.json"))]

    def approval(self, ticket="REQ-1"):
        plan = next(record["content"] for record in reversed(self.records(ticket)) if record["kind"] == "plan")
        return dict(by="Yamada", plan=plan["hash"])

    @contextmanager
    def somebody_stops_it_afterwards(self):
        """Gives the environment of a run that waits, when its work is in the ledger and before it is verified, until somebody has stopped the server."""
        stopped = self.customer.folder / "stopped"
        over = Event()

        def stop():
            while [record["kind"] for record in self.records()][-1:] != ["result"]:
                assert not over.wait(0.02), "the run never got to a result"
            somebody(self.double).stop_instances(InstanceIds=[self.server])
            stopped.touch()

        with ThreadPoolExecutor(1) as beside:
            stopping = beside.submit(stop)
            try:
                yield dict(callback("waits"), WAITS_BEFORE="See what would still be done", WAITS_FOR=str(stopped))
            finally:
                over.set()
            stopping.result(timeout=1)

    def seen(self):
        client = somebody(self.double)
        for dummy in range(4):
            (one,) = client.describe_instances(InstanceIds=[self.server])["Reservations"][0]["Instances"]
        return one["InstanceType"], one["State"]["Name"]


@pytest.fixture
def desk(customer):
    customer.contract(**AGREED)
    client = somebody(customer.double)
    images = client.describe_images(Filters=[dict(Name="architecture", Values=["x86_64"])])["Images"]
    image = [one["ImageId"] for one in images if one.get("Platform") != "windows"][0]
    named = [dict(ResourceType="instance", Tags=[dict(Key="Name", Value="web")])]
    made = client.run_instances(ImageId=image, InstanceType="t3.medium", MinCount=1, MaxCount=1, TagSpecifications=named)
    customer.double.transition("ec2::instance", progression="manual", times=1)
    yield Desk(customer, made["Instances"][0]["InstanceId"])
    customer.double.transition("ec2::instance", progression="immediate")


def test_a_ticket_from_its_plan_to_its_report_and_once(desk):
    request = desk.request("ec2.change_instance_type")
    desk.operate(request)
    assert desk.customer.writes() == [] and [record["kind"] for record in desk.records()] == ["request", "plan"]
    assert "has to be approved" in desk.operate(request, "apply", rc=2).output and desk.customer.writes() == []
    desk.operate(request, "apply", operation_approval=desk.approval())
    assert desk.customer.writes() == ["ec2:StopInstances", "ec2:ModifyInstanceAttribute", "ec2:StartInstances"]
    assert desk.seen() == ("t3.large", "running")
    assert [record["kind"] for record in desk.records()] == ["request", "plan", "approval", "claim", "before", "result", "end"]
    results = desk.customer.folder / "results"
    customer, internal = ((results / f"REQ-1-{edition}.html").read_text(encoding="utf-8") for edition in ("customer", "internal"))
    assert "t3.medium" in customer and desk.records()[-1]["hash"] in customer and "StopInstances" not in customer
    assert "StopInstances" in internal and SECRET not in internal + customer
    assert openpyxl.load_workbook(results / "REQ-1-customer.xlsx")
    desk.operate(request, "apply")
    assert desk.customer.writes() == [] and len(desk.records()) == 7
    assert "another content" in desk.operate(dict(request, target="other"), "apply", rc=2).output
    heads = {"REQ-1": desk.records()[-1]["hash"]}
    verify = ["-i", "localhost,", ROOT / "playbooks" / "verify_evidence.yml", "-e", json.dumps(dict(operation_ledger=desk.ledger, operation_heads=heads))]
    run_playbook(verify)
    spoilt = desk.customer.folder / "ledger" / "ACME-1" / "REQ-1" / "0003.json"
    spoilt.write_text(spoilt.read_text().replace("Yamada", "Tanaka"))
    assert "record 0003 (approval) was changed" in run_playbook(verify, rc=2).output


def test_what_was_to_be_made_is_not_taken_from_others(desk):
    iam = somebody(desk.double, "iam")
    iam.create_group(GroupName="operators")
    iam.create_user(UserName="taro")
    request = desk.request("iam.create_user", target="taro", parameters=dict(groups=["operators"]))
    assert "There is a taro already, and it differs" in desk.operate(request, rc=2).output and desk.customer.writes() == []
    desk.operate(dict(request, ticket="REQ-2", target="hanako"))
    assert "has to be approved" in desk.operate(dict(request, ticket="REQ-2", target="hanako"), "apply", rc=2).output and desk.customer.writes() == []
    desk.operate(dict(request, ticket="REQ-2", target="hanako"), "apply", operation_approval=desk.approval("REQ-2"))
    assert desk.customer.writes() == ["iam:CreateUser", "iam:AddUserToGroup"] and desk.records("REQ-2")[-1]["content"]["outcome"] == "done"


def test_an_approval_is_for_one_plan_only(desk):
    request = desk.request("ec2.change_instance_type")
    desk.operate(request)
    approval = desk.approval()
    somebody(desk.double).stop_instances(InstanceIds=[desk.server])
    output = desk.operate(request, "apply", rc=2, operation_approval=approval).output
    assert "is not the plan of now" in output and "stopped" in output and desk.customer.writes() == []


@pytest.mark.parametrize("write", [1, 2, 3])
def test_killed_at_every_write_the_next_run_ends_it(desk, write):
    request = desk.request("ec2.change_instance_type")
    desk.operate(request)
    desk.double.faults([dict(fault="die_after", at=write, of="write")])
    desk.operate(request, "apply", rc=2, operation_approval=desk.approval())
    desk.double.clear_faults()
    desk.operate(request, "apply")
    assert desk.seen() == ("t3.large", "running") and desk.records()[-1]["content"]["outcome"] == "done"


@pytest.mark.parametrize("by_itself", [False, True])
def test_what_is_not_so_afterwards_goes_back_by_itself_only_where_the_approval_says_so(desk, by_itself):
    request = desk.request("ec2.change_instance_type")
    desk.operate(request)
    with desk.somebody_stops_it_afterwards() as waits:
        output = desk.operate(request, "apply", rc=2, env=waits, operation_approval=dict(desk.approval(), roll_back=by_itself)).output
    way_back = "operation_phase=roll_back -e"
    customer, internal = ((desk.customer.folder / "results" / f"REQ-1-{edition}.html").read_text(encoding="utf-8") for edition in ("customer", "internal"))
    assert "something is still to be done" in output and way_back not in customer
    assert (desk.records()[-1]["kind"], way_back in output, way_back in internal) == (("end", False, False) if by_itself else ("failure", True, True))
    assert desk.seen() == (("t3.medium", "running") if by_itself else ("t3.large", "stopped"))
    assert ("rolled back" in customer, "Report on unfinished work" in customer) == (by_itself, not by_itself)


def test_a_refused_date_lets_no_call_through(desk):
    request = desk.request("ec2.change_instance_type", received=days(0), wished=days(1))
    output = desk.operate(request, "apply", rc=2).output
    assert "third business day" in output and desk.customer.writes() == [] and not (desk.customer.folder / "ledger").exists()


def test_a_setting_goes_and_comes_back_and_its_ledger_may_be_in_s3(desk):
    client = somebody(desk.double)
    vpc = client.describe_vpcs()["Vpcs"][0]["VpcId"]
    client.create_security_group(GroupName="web", Description="web servers", VpcId=vpc)
    before = desk.double.state("ec2/")
    keys = dict(aws_access_key_id=f"AKIA{ACCOUNT}OTHR", aws_secret_access_key="x")
    boto3.client("s3", endpoint_url=desk.double.url, region_name="us-east-1", **keys).create_bucket(Bucket="msp-ledger")
    desk.ledger = dict(bucket="msp-ledger", region="us-east-1")
    rule = dict(vpc=vpc, rule_action="add", direction="ingress", protocol="tcp", from_port=443, to_port=443, cidr_ipv4="203.0.113.0/24")
    request = desk.request("ec2.change_security_group", parameters=rule)
    desk.operate(request, "apply")
    assert [call for call in desk.customer.writes() if call.startswith("ec2")] == ["ec2:AuthorizeSecurityGroupIngress"]
    output = desk.operate(request, "roll_back", rc=2).output
    assert "close the last ingress rule" in output
    group = f"ec2_security_groups/{vpc}/web"
    desk.operate(request, "roll_back", confirm=[group, "ec2_security_groups/web"])
    assert [call for call in desk.customer.writes() if call.startswith("ec2")] == ["ec2:RevokeSecurityGroupIngress"]
    assert desk.double.state("ec2/") == before
    assert "cannot be rolled back" in desk.operate(request, "roll_back", rc=2).output


def test_what_a_module_warns_of_is_in_the_ledger_and_in_the_papers_of_ours(desk):
    client = somebody(desk.double)
    vpc = client.describe_vpcs()["Vpcs"][0]["VpcId"]
    named = [dict(ResourceType="network-acl", Tags=[dict(Key="Name", Value="web")])]
    client.create_network_acl(VpcId=vpc, TagSpecifications=named)
    rule = dict(direction="ingress", rule_number=100, rule_action="allow", protocol="tcp", from_port=443, to_port=443, cidr_block="0.0.0.0/0")
    request = desk.request("vpc.change_network_acl", parameters=dict(vpc=vpc, change="add", **rule))
    one_way = "An ACL keeps no state"
    desk.operate(request, allow={one_way: "nothing is let out"})
    desk.operate(request, "apply", operation_approval=desk.approval(), allow={one_way: "nothing is let out"})
    told = {record["kind"]: [one_way in text for text in record["content"].get("warnings", ())] for record in desk.records()}
    assert told["plan"] == told["result"] == [True]
    papers = {name: (desk.customer.folder / "results" / f"REQ-1-{name}.html").read_text() for name in ("procedure", "customer", "internal")}
    assert {name: text.count(one_way) for name, text in papers.items()} == dict(procedure=1, customer=0, internal=1)


def test_a_target_that_is_none_is_not_made(desk):
    vpc = somebody(desk.double).describe_vpcs()["Vpcs"][0]["VpcId"]
    rule = dict(vpc=vpc, rule_action="add", direction="ingress", protocol="tcp", from_port=443, to_port=443, cidr_ipv4="203.0.113.0/24")
    desk.operate(desk.request("ec2.change_security_group", target="wbe", parameters=rule), "apply", rc=2)
    assert desk.customer.writes() == [] and not (desk.customer.folder / "ledger").exists()


@pytest.mark.parametrize(("operation", "target"), [("iam.delete_user", "nobody"), ("ec2.change_instance_type", "web")])
def test_a_request_that_would_change_nothing_is_refused(desk, operation, target):
    """Whether what it names is not there, or is so already; a setting, or an action."""
    parameters = dict(instance_type="t3.medium") if target == "web" else {}
    output = desk.operate(desk.request(operation, target=target, parameters=parameters), "apply", rc=2).output
    assert f"would change nothing of {target}" in output and desk.customer.writes() == [] and not (desk.customer.folder / "ledger").exists()


def test_what_was_not_requested_is_not_taken_from_elsewhere(desk):
    """Beside the request, such as in group_vars, it would be in no plan that anybody approves."""
    output = desk.operate(desk.request("iam.delete_user", target="nobody"), rc=2, ops_iam_user="somebody").output
    assert "also set outside of the request" in output
    renewal = desk.request("vpc.renew_client_vpn_certificate", target="vpn", parameters=dict(server_certificate="new"))
    assert "ops_vpc_clients_told is also set outside" in desk.operate(renewal, rc=2, ops_vpc_clients_told=True).output
