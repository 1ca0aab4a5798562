# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What gateways, their addresses and endpoints refuse, call dangerous or find wrong in a sheet; and how a test asks for that."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.msp.aws.plugins.module_utils._options import Problem
from ansible_collections.msp.aws.plugins.plugin_utils import sheets
from tests.laws.stage import KINDS, REGION, examples

INTERNET, VPN, ADDRESSES, NATS, ENDPOINTS = "ec2_internet_gateways", "ec2_vpn_gateways", "ec2_elastic_ips", "ec2_nat_gateways", "ec2_vpc_endpoints"


# -- what other files of laws ask for too


def client(stage, service, region=REGION):
    return stage.client(service, region=region)


def task(kind, *entries, **more):
    return {KINDS[kind].things: entries[0] if KINDS[kind].single else list(entries), **more}


def write(stage, kind, *entries, **more):
    return stage.run(kind, task(kind, *entries, **more))


def refused(stage, kind, entry, **more):
    """The message: the plan says it already, apply says the same and writes nothing, and the entry is named."""
    stage.double.clear_calls()
    planned = stage.run(kind, task(kind, entry, **more), check=True, fails=True)
    applied = stage.run(kind, task(kind, entry, **more), fails=True)
    assert stage.writes() == []
    assert planned["msg"] == applied["msg"] and f"{kind} {KINDS[kind].label(entry)}: " in applied["msg"]
    return applied["msg"]


def dangerous(stage, kind, entry):
    """Why it needs a confirmation: the plan tells, nothing is written without it, and with it the change is done, once and for all."""
    name = f"{kind}/{KINDS[kind].label(entry)}"
    stage.double.clear_calls()
    why = stage.run(kind, task(kind, entry), check=True)["entries"][0]["confirm"]
    unconfirmed = stage.run(kind, task(kind, entry), fails=True)
    assert stage.writes() == [] and why in unconfirmed["msg"] and name in why
    assert stage.run(kind, task(kind, entry, confirm=[name]))["changed"] and stage.writes() != []
    assert not stage.run(kind, task(kind, entry))["changed"]
    return why


def unconfirmed(stage, kind, entry):
    """Why it needs a confirmation; it is not done without."""
    stage.double.clear_calls()
    why = stage.run(kind, task(kind, entry), check=True)["entries"][0]["confirm"]
    assert why in stage.run(kind, task(kind, entry), fails=True)["msg"] and stage.writes() == []
    return why


def harmless(stage, kind, entry):
    """Done without a confirmation."""
    plan = stage.run(kind, task(kind, entry), check=True)
    assert plan["changed"] and "confirm" not in plan["entries"][0]
    assert stage.run(kind, task(kind, entry))["changed"]


def faults(kind, *entries, **sheet):
    """What the kind finds wrong in a sheet as (index, option, code), each of which the whole sheet's check can say in both languages."""
    found = [fault[:3] for fault in KINDS[kind].faults(list(entries), sheet)]
    told = sheets.faults({**sheet, kind: entries[0] if KINDS[kind].single else list(entries)})
    said = {(fault.option, fault.code) for fault in told if fault.text("ja") != fault.text("en")}
    assert {fault[1:] for fault in found} <= said
    return found


# -- gateways of a VPC


@pytest.fixture
def network(stage):
    """Two VPCs, and a subnet in the first."""
    stage.double.reset()
    write(stage, "ec2_vpcs", dict(name="acme", cidr_block="10.20.0.0/16"), dict(name="other", cidr_block="10.30.0.0/16"))
    write(stage, "ec2_subnets", dict(name="a", vpc="acme", cidr_block="10.20.1.0/24", availability_zone="ap-northeast-1a"))
    return stage


@pytest.mark.parametrize("kind", [INTERNET, VPN])
def test_a_second_gateway_of_a_vpc_is_refused_before_it_is_made(network, kind):
    write(network, kind, dict(name="first", vpc="acme"), dict(name="free"))
    before = network.gather(kind)
    for name in ("second", "free"):
        message = refused(network, kind, dict(name=name, vpc="acme"))
        assert "already has" in message and "add its id" in message
    assert network.gather(kind) == before


@pytest.mark.parametrize("kind", [INTERNET, VPN])
def test_the_gateway_that_is_there_is_taken_over_by_its_id(network, kind):
    gateway = write(network, kind, dict(name="first", vpc="acme"))["entries"][0]["id"]
    assert write(network, kind, dict(id=gateway, name="mine", vpc="acme"))["entries"][0]["changed"] == ["name"]


@pytest.mark.parametrize("kind", [INTERNET, VPN])
def test_a_gateway_moves_only_in_two_runs(network, kind):
    write(network, kind, dict(name="first", vpc="acme"))
    assert "Take it off in a run of its own" in refused(network, kind, dict(name="first", vpc="other"), confirm=[f"{kind}/first"])
    assert "would take the" in dangerous(network, kind, dict(name="first", clear=["vpc"]))
    harmless(network, kind, dict(name="first", vpc="other"))


@pytest.mark.parametrize("kind", [INTERNET, VPN])
def test_a_sheet_gives_a_vpc_one_gateway(kind):
    one, other, gone = dict(name="one", vpc="acme"), dict(name="other", vpc="acme"), dict(name="gone", vpc="acme", state="absent")
    assert faults(kind, one, gone, other, dict(name="free")) == [(2, "vpc", "claimed")]
    assert faults(kind, gone, one, dict(name="elsewhere", vpc="other")) == []


def test_the_asn_of_a_vpn_gateway_stays(network):
    write(network, VPN, dict(name="first", amazon_side_asn=64620))
    assert "amazon_side_asn cannot change after creation" in refused(network, VPN, dict(name="first", amazon_side_asn=64621))


# -- addresses


@pytest.fixture
def addresses(stage):
    """Interfaces, a server and three addresses, two of which are in use."""
    stage.prepare(ADDRESSES)
    stage.run(ADDRESSES, examples(ADDRESSES).make)
    return stage


def test_an_address_never_pushes_another_one_off(addresses):
    before = addresses.gather(ADDRESSES)
    for place in (dict(instance="acme-web"), dict(network_interface="acme-mail"), dict(network_interface="acme-mail", private_ip_address="10.20.1.10")):
        assert "Take that one off first" in refused(addresses, ADDRESSES, dict(name="acme-partner", **place))
        assert "Take that one off first" in refused(addresses, ADDRESSES, dict(name="acme-new", **place))
    assert addresses.gather(ADDRESSES) == before
    harmless(addresses, ADDRESSES, dict(name="acme-partner", network_interface="acme-mail", private_ip_address="10.20.1.11"))


def test_of_an_instance_with_two_interfaces_the_one_with_the_private_address_is_meant_or_the_primary_one(addresses):
    """Also where both are made in one run: the second interface comes before the address."""
    write(addresses, ADDRESSES, dict(name="acme-web", clear=["instance"]), confirm=[f"{ADDRESSES}/acme-web"])
    second = dict(name="acme-web-2", subnet="acme-a", private_ip_address="10.20.1.40", attachment=dict(instance="acme-web", device_index=1))
    write(addresses, "ec2_network_interfaces", second)
    first = {one["InstanceId"]: one for one in addresses.client("ec2").describe_instances()["Reservations"][0]["Instances"]}
    primary, other = sorted(next(iter(first.values()))["NetworkInterfaces"], key=lambda one: one["Attachment"]["DeviceIndex"])
    placed = [dict(name="acme-web", instance="acme-web"), dict(name="acme-partner", instance="acme-web", private_ip_address="10.20.1.40")]
    assert "no interface of i-" in refused(addresses, ADDRESSES, dict(placed[1], private_ip_address="10.20.1.99"))
    addresses.run(ADDRESSES, dict(elastic_ips=placed))
    shown = {one["NetworkInterfaceId"]: one for one in addresses.client("ec2").describe_addresses()["Addresses"] if one.get("InstanceId")}
    assert {one: shown[one]["PrivateIpAddress"] for one in shown} == {primary["NetworkInterfaceId"]: "10.20.1.30", other["NetworkInterfaceId"]: "10.20.1.40"}
    assert not addresses.run(ADDRESSES, dict(elastic_ips=placed))["changed"]


def test_an_address_in_use_moves_and_goes_only_with_a_confirmation(addresses):
    why = dangerous(addresses, ADDRESSES, dict(name="acme-mail", network_interface="acme-mail-2", private_ip_address="10.20.1.20"))
    assert "(10.20.1.10) and cut what goes through it" in why
    assert "(10.20.1.30) and cut" in dangerous(addresses, ADDRESSES, dict(name="acme-web", clear=["instance"]))
    harmless(addresses, ADDRESSES, dict(name="acme-web", instance="acme-web"))


def test_an_address_in_use_is_not_released(addresses):
    gone = dict(name="acme-mail", state="absent")
    assert "interfaces or instances that use it (acme-mail)" in refused(addresses, ADDRESSES, gone, confirm=["ec2_elastic_ips/acme-mail"])


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (dict(name="acme-partner", instance="acme-web", network_interface="acme-mail"), "An address has one place"),
        (dict(name="acme-partner", private_ip_address="10.20.1.11"), "does not say whose it is"),
        (dict(name="acme-mail", clear=["private_ip_address"]), "cannot be taken away alone"),
        (dict(name="acme-partner", public_ip="203.0.113.21"), "public_ip cannot change after creation"),
        (dict(name="acme-partner", instance="acme-gone"), "there is no 'acme-gone' among ec2_instances"),
    ],
)
def test_an_impossible_place_is_refused_in_the_plan(addresses, entry, said):
    assert said in refused(addresses, ADDRESSES, entry)


def test_a_name_of_an_address_is_the_same_with_and_without_its_dot(addresses):
    for name in ("mail.acme.example.", "MAIL.acme.example"):
        assert not write(addresses, ADDRESSES, dict(name="acme-mail", domain_name=name))["changed"]


def test_a_reverse_name_that_aws_does_not_take_says_why():
    answer = dict(PtrRecord="", PtrRecordUpdate=dict(Status="FAILED", Reason="no A record"))
    look = KINDS[ADDRESSES].update.__globals__["_domain_name"]
    with pytest.raises(Problem, match="the name stays as it is. AWS says FAILED: no A record"):
        look(Answers(describe_addresses_attribute=[answer]), "eipalloc-1", "the name")


class Answers:
    """What AWS says of things that fail after a while, which the double never does: its states change at once."""

    def __init__(self, **answers):
        self.answers = answers

    def pages(self, service, operation, result, **dummy):
        return self.answers[operation]

    def wait(self, what, look, until, limit):
        seen = look()
        assert until(seen)
        return seen


def test_a_sheet_gives_a_place_one_address():
    web, mail = dict(instance="web"), dict(network_interface="mail")
    both = [(0, "network_interface", "one_of")]
    assert faults(ADDRESSES, dict(name="a", **web, **mail)) == both
    assert faults(ADDRESSES, dict(name="a", **web), dict(name="b", **mail), dict(name="c", **web)) == [(2, "instance", "claimed")]
    one, other = dict(mail, private_ip_address="10.0.0.1"), dict(mail, private_ip_address="10.0.0.2")
    assert faults(ADDRESSES, dict(name="a", **one), dict(name="b", **other)) == []
    assert faults(ADDRESSES, dict(name="a", **one), dict(name="b", **one)) == [(1, "network_interface", "claimed")]


# -- NAT gateways


@pytest.fixture
def nats(stage):
    """A public and a private NAT gateway, and a third address."""
    stage.prepare(NATS)
    stage.run(NATS, examples(NATS).make)
    return stage


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (dict(name="new", subnet="acme-public-a"), "a public NAT gateway needs an elastic_ip"),
        (dict(name="new", subnet="acme-public-a", connectivity_type="public"), "a public NAT gateway needs an elastic_ip"),
        (dict(name="new", subnet="acme-private-a", connectivity_type="private", elastic_ip="acme-nat-a-3"), "has no Elastic IP addresses"),
        (dict(name="new", subnet="acme-private-a", connectivity_type="private", secondary_elastic_ips=["acme-nat-a-3"]), "has no Elastic IP addresses"),
        (dict(name="acme-office", secondary_elastic_ips=["acme-nat-a-3"]), "has no Elastic IP addresses"),
        (dict(name="acme-nat-a", elastic_ip="acme-nat-a-3"), "elastic_ip cannot change after creation"),
    ],
)
def test_addresses_that_a_nat_gateway_cannot_have_are_refused_in_the_plan(nats, entry, said):
    before = nats.gather(NATS)
    assert said in refused(nats, NATS, entry)
    assert nats.gather(NATS) == before


def test_an_address_leaves_a_nat_gateway_only_with_a_confirmation(nats):
    harmless(nats, NATS, dict(name="acme-nat-a", secondary_elastic_ips=["acme-nat-a-3"]))
    assert "off the NAT gateway" in dangerous(nats, NATS, dict(name="acme-nat-a", secondary_elastic_ips=dict(remove=["acme-nat-a-2"])))
    assert "off the NAT gateway" in dangerous(nats, NATS, dict(name="acme-nat-a", secondary_elastic_ips=dict(set=[])))


def test_a_nat_gateway_that_fails_says_why_and_counts_as_not_there(network):
    """AWS makes it first, and finds out afterwards that the VPC has no internet gateway."""
    write(network, ADDRESSES, dict(name="acme"))
    entry = dict(name="acme", subnet="a", elastic_ip="acme")
    assert "failed. AWS says Gateway.NotAttached" in network.run(NATS, task(NATS, entry), fails=True)["msg"]
    assert network.gather(NATS) == []
    write(network, INTERNET, dict(name="acme", vpc="acme"))
    assert write(network, NATS, entry)["changed"]


def test_an_address_that_did_not_come_says_why():
    check = KINDS[NATS].update.__globals__["_all_came"]
    address = dict(AllocationId="eipalloc-1", Status="failed", FailureMessage="the address is in use")
    gateway = dict(NatGatewayId="nat-1", State="available", NatGatewayAddresses=[address])
    with pytest.raises(Problem, match="eipalloc-1 did not come to nat-1.*the address is in use"):
        check(gateway, ["eipalloc-1"])


def test_what_a_sheet_says_wrong_of_nat_gateways():
    private = dict(name="a", connectivity_type="private")
    assert faults(NATS, dict(private, elastic_ip="x", secondary_elastic_ips=["y"])) == [
        (0, "elastic_ip", "one_of"),
        (0, "secondary_elastic_ips", "one_of"),
    ]
    assert faults(NATS, private, dict(name="b", connectivity_type="public")) == [(1, "connectivity_type", "needs")]


# -- endpoints


@pytest.fixture
def endpoints(stage):
    stage.prepare(ENDPOINTS)
    stage.run(ENDPOINTS, examples(ENDPOINTS).make)
    return stage


def test_what_an_endpoint_loses_needs_a_confirmation(endpoints):
    ssm = dict(vpc="acme", name="acme-ssm")
    harmless(endpoints, ENDPOINTS, dict(vpc="acme", name="acme-s3", route_tables=["acme-c"]))
    assert "on 1 route tables another way" in dangerous(endpoints, ENDPOINTS, dict(vpc="acme", name="acme-s3", route_tables=dict(remove=["acme-a"])))
    why = dangerous(endpoints, ENDPOINTS, dict(ssm, subnets=dict(set=["acme-a"]), private_dns_enabled=False))
    assert "addresses in 1 subnets" in why and "resolve to public addresses" in why
    harmless(endpoints, ENDPOINTS, dict(ssm, private_dns_enabled=True))


def test_private_names_in_a_vpc_whose_sheet_switches_names_off():
    wanted, vpc = dict(name="ssm", vpc="acme", private_dns_enabled=True), dict(name="acme", enable_dns_support=True, enable_dns_hostnames=False)
    assert faults(ENDPOINTS, wanted, ec2_vpcs=[vpc]) == [(0, "private_dns_enabled", "needs")]
    for harmless_one, where in ((dict(wanted, private_dns_enabled=False), vpc), (wanted, dict(vpc, enable_dns_hostnames=True)), (wanted, dict(vpc, name="b"))):
        assert faults(ENDPOINTS, harmless_one, ec2_vpcs=[where]) == []


def test_the_service_of_an_endpoint_stays(endpoints):
    entry = dict(vpc="acme", name="acme-ssm", service_name=f"com.amazonaws.{REGION}.logs")
    assert "service_name cannot change after creation" in refused(endpoints, ENDPOINTS, entry)


@pytest.mark.parametrize(("kind", "asn"), [(VPN, 7224), ("directconnect_gateways", 65535), ("ec2_transit_gateways", 70000)])
def test_the_asn_of_amazons_side_is_a_private_one(stage, kind, asn):
    stage.double.reset()
    assert f"{asn} is no private ASN, which is 64512 to 65534 or 4200000000 to 4294967294" in refused(stage, kind, dict(name="acme", amazon_side_asn=asn))
    harmless(stage, kind, dict(name="acme", amazon_side_asn=4294967294))


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (dict(service_name=f"com.amazonaws.{REGION}.secretmanager", vpc_endpoint_type="Interface"), f"but com.amazonaws.{REGION}.secretsmanager"),
        (dict(service_name=f"com.amazonaws.{REGION}.logs"), "has endpoints of the type Interface, and this would be one of the type Gateway"),
        (dict(service_name="shop:api", vpc_endpoint_type="Interface"), f"AWS offers no endpoints of 'shop:api' in {REGION}"),
    ],
)
def test_a_service_that_is_not_offered_is_refused_in_the_plan(endpoints, service, said):
    assert said in refused(endpoints, ENDPOINTS, dict(vpc="acme", name="new", **service))


def test_an_endpoint_that_fails_says_why():
    dead = dict(VpcEndpointId="vpce-1", VpcId="vpc-1", VpcEndpointType="Interface", State="Failed", LastError=dict(Message="no such service"))
    (have,) = KINDS[ENDPOINTS].look(Answers(describe_vpc_endpoints=[dead]), ["vpce-1"])
    assert not have["_moving"] and have["_failed"] == "it is Failed: no such service"


def test_an_endpoint_that_aws_does_not_delete_is_a_failure():
    """DeleteVpcEndpoints answers with success and lists what it left."""
    left = dict(Unsuccessful=[dict(Error=dict(Code="OperationNotPermitted", Message="managed by a service"))])
    aws = SimpleNamespace(ec2=SimpleNamespace(delete_vpc_endpoints=lambda **dummy: left))
    with pytest.raises(Problem, match="OperationNotPermitted: managed by a service"):
        KINDS[ENDPOINTS].delete(aws, dict(id="vpce-1"))


def test_a_route_table_leads_to_a_service_by_one_endpoint(endpoints):
    there = next(one for one in endpoints.gather(ENDPOINTS) if one["vpc_endpoint_type"] == "Gateway")
    second = {**{name: there[name] for name in ("vpc", "service_name", "route_tables")}, "name": "second"}
    assert "already: take it out of that one first, or leave it out here" in refused(endpoints, ENDPOINTS, second)
