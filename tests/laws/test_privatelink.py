# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoint services: who may connect, who is let in and put out; and what a consumer's endpoint is told."""

from __future__ import annotations

import boto3
import pytest

from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from tests.laws.stage import REGION, examples
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, task, write

SERVICES, ENDPOINTS = "ec2_vpc_endpoint_services", "ec2_vpc_endpoints"
OTHER = "210987654321"


def consumer(stage):
    return boto3.client("ec2", endpoint_url=stage.double.url, region_name=REGION, aws_access_key_id=f"AKIA{OTHER}XXXX", aws_secret_access_key="x")


@pytest.fixture
def services(stage):
    """The examples' services, and an endpoint of another account that waits to be let in."""
    stage.prepare(SERVICES)
    stage.run(SERVICES, examples(SERVICES).make)
    ec2 = consumer(stage)
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    name = next(one["ServiceName"] for one in configurations(stage) if {"Key": "Name", "Value": "acme-api"} in one["Tags"])
    stage.waiting = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=name, VpcEndpointType="Interface", PrivateDnsEnabled=False)["VpcEndpoint"]["VpcEndpointId"]
    return stage


def configurations(stage):
    return client(stage, "ec2").describe_vpc_endpoint_service_configurations()["ServiceConfigurations"]


def service(stage, name="acme-api"):
    return next(one for one in stage.gather(SERVICES) if one["name"] == name)


def state(stage):
    return consumer(stage).describe_vpc_endpoints(VpcEndpointIds=[stage.waiting])["VpcEndpoints"][0]["State"]


def test_nobody_is_let_in_or_put_out_who_is_not_named(services):
    harmless(services, SERVICES, dict(name="acme-api", tags=dict(Env="test")))
    assert state(services) == "pendingAcceptance"
    harmless(services, SERVICES, dict(name="acme-api", accepted_endpoints=[services.waiting]))
    assert state(services) == "available" and service(services)["accepted_endpoints"] == [services.waiting]


def test_a_connection_is_cut_with_a_confirmation_only(services):
    harmless(services, SERVICES, dict(name="acme-api", accepted_endpoints=[services.waiting]))
    assert f"would cut the connections of {services.waiting}" in dangerous(
        services, SERVICES, dict(name="acme-api", accepted_endpoints=dict(remove=[services.waiting]))
    )
    assert state(services) == "rejected" and service(services)["rejected_endpoints"] == [services.waiting]
    assert "AWS forgets no rejection" in refused(services, SERVICES, dict(name="acme-api", rejected_endpoints=dict(remove=[services.waiting])))
    harmless(services, SERVICES, dict(name="acme-api", accepted_endpoints=[services.waiting]))
    assert "would cut the connections" in dangerous(services, SERVICES, dict(name="acme-api", rejected_endpoints=[services.waiting]))


def test_a_request_is_rejected_without_a_confirmation(services):
    harmless(services, SERVICES, dict(name="acme-api", rejected_endpoints=[services.waiting]))
    assert state(services) == "rejected"


def test_who_did_not_ask_is_not_let_in(services):
    for option in ("accepted_endpoints", "rejected_endpoints"):
        assert "did not ask for a connection" in refused(services, SERVICES, {"name": "acme-api", option: ["vpce-0123456789abcdef0"]})


def test_a_service_with_connections_stays(services):
    gone, confirmed = dict(name="acme-api", state="absent"), ["ec2_vpc_endpoint_services/acme-api"]
    assert f"endpoints connected or waiting, and not in rejected_endpoints ({services.waiting})" in refused(services, SERVICES, gone, confirm=confirmed)
    write(services, SERVICES, dict(name="acme-api", rejected_endpoints=[services.waiting]))
    assert write(services, SERVICES, gone, confirm=confirmed)["changed"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dict(allowed_principals=["*"]), "would let every AWS account ask"),
        (dict(payer_responsibility="ServiceOwner"), "which AWS does not take back"),
        (dict(acceptance_required=False), "without being asked"),
        (dict(private_dns_name="other.acme.example.jp"), "would make api.acme.example.jp no longer lead"),
        (dict(clear=["private_dns_name"]), "would make api.acme.example.jp no longer lead"),
        (dict(supported_ip_address_types=dict(set=["ipv6"])), "would take ipv4 off the service"),
    ],
)
def test_what_exposes_costs_or_cuts_needs_a_confirmation(services, change, said):
    assert said in dangerous(services, SERVICES, dict(name="acme-api", **change))


def test_a_public_service_needs_a_confirmation_from_the_beginning(services):
    arn = service(services, "acme-internal")["network_load_balancers"]
    new = dict(name="new", acceptance_required=True, network_load_balancers=arn, allowed_principals=["*"])
    assert "would let every AWS account ask" in dangerous(services, SERVICES, new)


def test_principals_that_are_not_named_stay(services):
    harmless(services, SERVICES, dict(name="acme-api", allowed_principals=["arn:aws:iam::345678901234:root"]))
    assert service(services)["allowed_principals"] == [f"arn:aws:iam::{OTHER}:root", "arn:aws:iam::345678901234:root"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (dict(name="new", acceptance_required=True), "has at least one load balancer"),
        (dict(name="acme-api", network_load_balancers=dict(set=[])), "has at least one load balancer"),
        (dict(name="acme-inspection", private_dns_name_verified=True), "no private_dns_name to verify"),
    ],
)
def test_services_that_are_refused_in_the_plan(services, entry, said):
    assert said in refused(services, SERVICES, entry, confirm=[f"ec2_vpc_endpoint_services/{entry['name']}"])


def test_a_record_that_is_not_there_is_told_and_the_next_run_goes_on(services):
    write(services, SERVICES, dict(name="acme-internal", private_dns_name="new.acme.example.jp"), confirm=["ec2_vpc_endpoint_services/acme-internal"])
    entry = dict(name="acme-internal", private_dns_name_verified=True)
    message = services.run(SERVICES, task(SERVICES, entry), fails=True)["msg"]
    record = next(one["PrivateDnsNameConfiguration"] for one in configurations(services) if one.get("PrivateDnsName") == "new.acme.example.jp")
    assert f"TXT record {record['Name']} with the value {record['Value']}" in message
    route53 = client(services, "route53")
    change = dict(Name=f"{record['Name']}.new.acme.example.jp", Type="TXT", TTL=60, ResourceRecords=[dict(Value=f'"{record["Value"]}"')])
    zone = route53.list_hosted_zones()["HostedZones"][0]["Id"]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=dict(Changes=[dict(Action="CREATE", ResourceRecordSet=change)]))
    harmless(services, SERVICES, entry)
    assert "not taken back" in refused(services, SERVICES, dict(name="acme-internal", private_dns_name_verified=False))


def test_a_sheet_has_one_type_of_balancer_and_one_answer():
    both = dict(name="a", network_load_balancers=["n"], gateway_load_balancers=["g"])
    assert faults(SERVICES, both) == [(0, "gateway_load_balancers", "one_of")]
    assert faults(SERVICES, dict(name="a", accepted_endpoints=["vpce-1"], rejected_endpoints=["vpce-1"])) == [(0, "rejected_endpoints", "contradiction")]


# -- the consumer's side


def test_an_endpoint_that_waits_for_its_provider_is_done(services):
    """Our side is done; and the next run makes no second one."""
    name = next(one["ServiceName"] for one in configurations(services) if {"Key": "Name", "Value": "acme-api"} in one["Tags"])
    entry = dict(name="partner", vpc="acme", vpc_endpoint_type="Interface", service_name=name, subnets=["acme-a"], private_dns_enabled=False)
    harmless(services, ENDPOINTS, entry)
    assert not write(services, ENDPOINTS, entry)["changed"]


def test_a_service_that_does_not_let_us_in_is_told(services):
    entry = dict(
        name="partner", vpc="acme", vpc_endpoint_type="Interface", service_name=f"com.amazonaws.vpce.{REGION}.vpce-svc-0123456789abcdef0", subnets=["acme-a"]
    )
    assert "InvalidServiceName" in services.run(ENDPOINTS, task(ENDPOINTS, entry), fails=True)["msg"]


def test_endpoints_of_systems_manager_are_told_when_they_are_not_all(stage, monkeypatch):
    stage.double.reset()
    stage.prepare("ec2_vpc_endpoints")
    said = []
    monkeypatch.setattr(Aws, "warn", lambda aws, text: said.append(text))
    subnet = stage.gather("ec2_subnets")[0]

    def endpoint(service, **more):
        return dict(name=service, vpc=subnet["vpc"], service_name=f"com.amazonaws.ap-northeast-1.{service}", vpc_endpoint_type="Interface", **more)

    def told(*entries, check=True):
        said.clear()
        stage.run("ec2_vpc_endpoints", task("ec2_vpc_endpoints", *entries), check=check)
        return [text.partition("for Systems Manager")[2] or text for text in said]

    ssm, messages, older = (endpoint(service, private_dns_enabled=True) for service in ("ssm", "ssmmessages", "ec2messages"))
    (text,) = told(ssm)
    assert text.endswith("has ssm, and lacks ssmmessages, unless it reaches them otherwise; agents before 3.3.40 need ec2messages too")
    (text,) = told(older)
    assert text.endswith("has ec2messages, and lacks ssm, ssmmessages, unless it reaches them otherwise")
    assert told(ssm, messages) == [] == told(ssm, messages, older), "the agents of today need no third"
    told(messages, older, check=False)
    assert told(ssm) == [], "those that are there already count"
    assert "ssm is without private DNS" in told(endpoint("ssm", private_dns_enabled=False))[0]
    assert told(endpoint("sqs")) == []


def test_another_fixed_address_needs_a_confirmation(stage):
    stage.prepare(ENDPOINTS)
    stage.run(ENDPOINTS, examples(ENDPOINTS).make)
    why = dangerous(stage, ENDPOINTS, dict(vpc="acme", name="acme-ssm", subnet_configurations=[dict(subnet="acme-a", ipv4="10.20.1.60")]))
    assert "would replace the endpoint's network interfaces" in why
