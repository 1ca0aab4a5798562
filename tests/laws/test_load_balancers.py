# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers, target groups, listeners and rules: what they refuse, call dangerous, leave alone, wait for or find wrong in a sheet."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from ansible_collections.msp.aws.plugins.module_utils import _client
from tests.laws.stage import ACCOUNT, REGION, VAULT, examples
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, task, write

BALANCERS, GROUPS, LISTENERS, RULES = "elbv2_load_balancers", "elbv2_target_groups", "elbv2_listeners", "elbv2_listener_rules"
SERVICES = "ec2_vpc_endpoint_services"
FORBIDDEN = [dict(type="fixed-response", fixed_response_config=dict(status_code="403"))]


def confirm(kind, name):
    return [f"{kind}/{name}"]


@pytest.fixture
def balancers(stage):
    stage.prepare(BALANCERS)
    stage.run(BALANCERS, examples(BALANCERS).make)
    return stage


@pytest.fixture
def groups(stage, said):
    stage.prepare(GROUPS)
    stage.run(GROUPS, examples(GROUPS).make)
    return stage


@pytest.fixture
def listeners(stage):
    stage.prepare(LISTENERS)
    stage.run(LISTENERS, examples(LISTENERS).make)
    return stage


@pytest.fixture
def rules(stage):
    stage.prepare(RULES)
    stage.run(RULES, examples(RULES).make)
    return stage


def shown(stage, name):
    return client(stage, "elbv2").describe_load_balancers(Names=[name])["LoadBalancers"][0]


def listening(stage, name="acme-web"):
    found = client(stage, "elbv2").describe_listeners(LoadBalancerArn=shown(stage, name)["LoadBalancerArn"])["Listeners"]
    return {one.get("Port"): one for one in found}


def listener(port=443, balancer="acme-web", **options):
    return dict(load_balancer=balancer, port=port, **options)


def rule(name="api", **options):
    return dict(load_balancer="acme-web", port=80, name=name, **options)


# -- load balancers


def test_a_zone_more_is_harmless_and_a_zone_less_needs_a_confirmation(balancers):
    harmless(balancers, BALANCERS, dict(name="acme-web", subnet_mappings=[dict(subnet="acme-d")]))
    assert len(shown(balancers, "acme-web")["AvailabilityZones"]) == 3
    assert "would take its nodes out of" in dangerous(balancers, BALANCERS, dict(name="acme-web", subnet_mappings=dict(remove=[dict(subnet="acme-a")])))
    assert "at least two Availability Zones" in refused(
        balancers, BALANCERS, dict(name="acme-web", subnet_mappings=dict(set=[dict(subnet="acme-c")])), confirm=confirm(BALANCERS, "acme-web")
    )
    assert "takes no zone off" in refused(
        balancers, BALANCERS, dict(name="acme-inspection", subnet_mappings=dict(set=[dict(subnet="acme-c")])), confirm=confirm(BALANCERS, "acme-inspection")
    )


def test_subnets_that_cannot_be_are_told_with_their_zone_and_their_room(balancers):
    write(balancers, "ec2_subnets", dict(name="acme-a2", vpc="acme", cidr_block="10.20.9.0/28", availability_zone=f"{REGION}a"))
    message = refused(balancers, BALANCERS, dict(name="acme-web", subnet_mappings=[dict(subnet="acme-a2")]))
    assert f"both lie in {REGION}a" in message
    write(balancers, "ec2_network_interfaces", *(dict(name=f"i{number}", subnet="acme-a2") for number in range(4)))
    new = dict(name="new", type="network", scheme="internal", subnet_mappings=[dict(subnet="acme-a2")])
    assert "has 7 free addresses; 8 are needed" in refused(balancers, BALANCERS, new)
    one = dict(name="new", type="application", scheme="internal", subnet_mappings=[dict(subnet="acme-a")])
    assert "at least two Availability Zones" in refused(balancers, BALANCERS, one)


def test_nobody_is_let_in_from_the_internet_because_nobody_said(balancers):
    new = dict(name="new", type="network", subnet_mappings=[dict(subnet="acme-a")])
    assert "say internal or internet-facing" in refused(balancers, BALANCERS, new)
    assert "a Gateway Load Balancer has none" in refused(balancers, BALANCERS, dict(new, type="gateway", scheme="internal"))


def test_scheme_and_type_are_for_ever(balancers):
    assert "scheme cannot change" in refused(balancers, BALANCERS, dict(name="acme-web", scheme="internal"))
    assert "type cannot change" in refused(balancers, BALANCERS, dict(name="acme-web", type="network"))


def test_security_groups(balancers):
    """A network one that was made without groups never gets any; what a group lets in is lost with it."""
    harmless(balancers, BALANCERS, dict(name="acme-web", security_groups=["acme-partner"]))
    assert "no longer let in what" in dangerous(balancers, BALANCERS, dict(name="acme-web", security_groups=dict(remove=["acme-lb"])))
    last = dict(name="acme-web", security_groups=dict(set=[]))
    assert "the last one" in refused(balancers, BALANCERS, last, confirm=confirm(BALANCERS, "acme-web"))
    write(balancers, BALANCERS, dict(name="bare", type="network", scheme="internal", subnet_mappings=[dict(subnet="acme-a")]))
    assert "without security groups" in refused(balancers, BALANCERS, dict(name="bare", security_groups=["acme-lb"]))
    off = dict(name="acme-api", enforce_security_group_inbound_rules_on_private_link_traffic="off")
    assert "through PrivateLink" in dangerous(balancers, BALANCERS, off)


def test_addresses_stay_as_long_as_the_zone_stays(balancers):
    write(balancers, "ec2_elastic_ips", dict(name="another"))
    moved = dict(name="acme-api", subnet_mappings=[dict(subnet="acme-a", elastic_ip="another")])
    assert "cannot change: take the subnet off" in refused(balancers, BALANCERS, moved)


def test_what_lets_more_through_or_tells_less_needs_a_confirmation(balancers):
    assert "while AWS WAF does not answer" in dangerous(balancers, BALANCERS, dict(name="acme-web", attributes={"waf.fail_open.enabled": True}))
    assert "would no longer write access logs" in dangerous(balancers, BALANCERS, dict(name="acme-web", access_logs=dict(enabled=False)))
    harmless(balancers, BALANCERS, dict(name="acme-web", attributes={"idle_timeout.timeout_seconds": 90}))
    ec2 = client(balancers, "ec2")
    for subnet in ec2.describe_subnets()["Subnets"]:
        if {"Key": "Name", "Value": "acme-a"} in subnet.get("Tags", []) or {"Key": "Name", "Value": "acme-c"} in subnet.get("Tags", []):
            block = dict(a="2001:db8:1:1::/64", c="2001:db8:1:2::/64")[subnet["AvailabilityZone"][-1]]
            ec2.associate_subnet_cidr_block(SubnetId=subnet["SubnetId"], Ipv6CidrBlock=block)
    assert "ipv4 is to be dualstack" in dangerous(balancers, BALANCERS, dict(name="acme-web", ip_address_type="dualstack"))


def test_a_bucket_that_may_not_be_written_is_told_with_what_its_policy_lacks(balancers):
    write(balancers, "s3_buckets", dict(name="acme-closed"))
    logs = dict(name="acme-api", access_logs=dict(enabled=True, bucket="acme-closed", prefix="api"))
    message = balancers.run(BALANCERS, task(BALANCERS, logs), fails=True)["msg"]
    assert "Access Denied for bucket" in message and "s3:PutObject to the Service logdelivery.elasticloadbalancing.amazonaws.com" in message
    assert "enabled needs a bucket" in refused(balancers, BALANCERS, dict(name="acme-api", access_logs=dict(enabled=True)))
    harmless(balancers, BALANCERS, dict(logs, access_logs=dict(logs["access_logs"], bucket="acme-lb-logs")))


def test_what_is_protected_or_in_use_stays(balancers):
    gone = dict(name="acme-web", state="absent")
    assert "it is protected" in refused(balancers, BALANCERS, gone, confirm=confirm(BALANCERS, "acme-web"))
    write(balancers, SERVICES, dict(name="acme", network_load_balancers=["acme-api"], acceptance_required=True))
    message = balancers.run(BALANCERS, task(BALANCERS, dict(name="acme-api", state="absent"), confirm=confirm(BALANCERS, "acme-api")), fails=True)["msg"]
    assert "associated with another service" in message and shown(balancers, "acme-api")


def test_one_on_its_way_is_waited_for_and_not_made_twice(stage):
    stage.prepare(BALANCERS)
    entry = dict(name="acme", type="network", scheme="internal", subnet_mappings=[dict(subnet="acme-a")])
    stage.double.faults([dict(fault="die_after", at=1, of="write")])
    stage.run(BALANCERS, task(BALANCERS, entry), fails=True)
    stage.double.clear_faults()
    stage.double.clear_calls()
    assert not write(stage, BALANCERS, entry)["changed"]
    assert stage.reads().count("elbv2:DescribeLoadBalancers") > 2 and shown(stage, "acme")["State"]["Code"] == "active"


def test_the_end_is_waited_for_until_its_interfaces_are_gone(balancers, monkeypatch):
    """They hold subnets and security groups for some minutes more."""
    ec2 = client(balancers, "ec2")
    described = f"ELB {shown(balancers, 'acme-api')['LoadBalancerArn'].partition('loadbalancer/')[2]}"
    subnet = shown(balancers, "acme-api")["AvailabilityZones"][0]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet, Description=described)["NetworkInterface"]["NetworkInterfaceId"]
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            ec2.delete_network_interface(NetworkInterfaceId=interface)

    monkeypatch.setattr(_client.time, "sleep", sleep)
    write(balancers, BALANCERS, dict(name="acme-api", state="absent"), confirm=confirm(BALANCERS, "acme-api"))
    assert len(pauses) >= 3


def test_sheets_of_load_balancers():
    zone = dict(ec2_subnets=[dict(name=name, vpc="acme", cidr_block="10.0.0.0/24", availability_zone=f"{REGION}a") for name in ("a", "b")])
    both = dict(name="x", type="network", scheme="internal", subnet_mappings=[dict(subnet="a"), dict(subnet="b")])
    assert faults(BALANCERS, both, **zone) == [(0, "subnet_mappings", "same_zone")]
    for name, code in {"internal-x": "reserved_start", "-x": "pattern", "a_b": "pattern", "x" * 33: "pattern"}.items():
        assert faults(BALANCERS, dict(name=name)) == [(0, "name", code)]
    assert faults(BALANCERS, dict(name="x", type="gateway", scheme="internal")) == [(0, "scheme", "one_of")]


@pytest.mark.parametrize(("name", "said"), [("internal-x", "begins with internal-"), ("a_b", "not possible: _;"), ("x" * 33, "1 to 32 of them")])
def test_names_are_refused_in_the_plan(balancers, name, said):
    assert said in refused(balancers, BALANCERS, dict(name=name, type="network", scheme="internal", subnet_mappings=[dict(subnet="acme-a")]))


def test_listeners_that_are_not_named_stay(listeners, theirs):
    """Gap of amazon.aws.elb_application_lb: run without listeners it deletes all of them, and of the rules those made by hand."""
    harmless(listeners, BALANCERS, dict(name="acme-web", tags=dict(Env="prod")))
    assert set(listening(listeners)) == {80, 443}
    there = shown(listeners, "acme-web")
    told = dict(name="acme-web", state="present", scheme="internal", subnets=[zone["SubnetId"] for zone in there["AvailabilityZones"]])
    theirs("amazon.aws.elb_application_lb", **told, security_groups=there["SecurityGroups"])
    assert listening(listeners) == {}


# -- target groups


def health(stage, name="acme-web"):
    elbv2 = client(stage, "elbv2")
    arn = elbv2.describe_target_groups(Names=[name])["TargetGroups"][0]["TargetGroupArn"]
    found = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return [(one["Target"]["Id"], one["Target"].get("Port"), one["TargetHealth"]["State"]) for one in found]


def test_targets_that_are_not_named_stay(groups, theirs):
    """Gap of community.aws.elb_target_group: run without targets it deregisters all, those of an Auto Scaling group too."""
    before = health(groups)
    harmless(groups, GROUPS, dict(name="acme-web", health_check_path="/alive"))
    assert health(groups) == before and len(before) == 2
    vpc = client(groups, "elbv2").describe_target_groups(Names=["acme-web"])["TargetGroups"][0]["VpcId"]
    theirs("community.aws.elb_target_group", name="acme-web", protocol="http", port=80, vpc_id=vpc, state="present")
    assert {state for dummy, dummy, state in health(groups)} == {"draining"}


def test_a_target_leaves_with_a_confirmation_and_its_draining_is_no_difference(groups):
    harmless(groups, GROUPS, dict(name="acme-web", targets=[dict(instance="acme-web01", port=8081)]))
    assert "would send no more requests to" in dangerous(groups, GROUPS, dict(name="acme-web", targets=dict(remove=[dict(instance="acme-web02", port=8080)])))
    assert "draining" in {state for dummy, dummy, state in health(groups)}
    harmless(groups, GROUPS, dict(name="acme-web", targets=[dict(instance="acme-web02", port=8080)]))
    assert {state for dummy, dummy, state in health(groups)} == {"unused"}


def test_the_port_of_the_group_may_be_said_or_left_out(groups):
    for port in ({}, dict(port=80)):
        assert not write(groups, GROUPS, dict(name="acme-web", targets=[dict(instance="acme-web01", **port)]))["changed"]
    assert not write(groups, GROUPS, dict(name="acme-dns", targets=[dict(ip_address="10.20.1.53", availability_zone=f"{REGION}a")]))["changed"]


def test_what_the_checks_find_is_told(groups, said):
    elbv2 = client(groups, "elbv2")
    write(groups, BALANCERS, dict(name="acme-dns", type="network", scheme="internal", subnet_mappings=[dict(subnet="acme-a")]))
    write(groups, LISTENERS, listener(53, "acme-dns", protocol="TCP_UDP", default_actions=[dict(type="forward", target_group="acme-dns")]))
    groups.run(GROUPS, task(GROUPS, dict(name="acme-dns", targets=[dict(ip_address="10.20.1.53")])), check=True)
    assert elbv2 and any("10.20.1.53:53 is unhealthy (Target.Timeout" in text for text in said)


def test_a_group_in_use_stays_and_says_who_uses_it(rules):
    gone = dict(name="acme-api", state="absent")
    message = rules.run(GROUPS, task(GROUPS, gone, confirm=confirm(GROUPS, "acme-api")), fails=True)["msg"]
    assert "load balancers whose listeners or rules lead to it (acme-web)" in message
    write(rules, RULES, rule(state="absent"), confirm=confirm(RULES, "acme-web/80/api"))
    assert write(rules, GROUPS, gone, confirm=confirm(GROUPS, "acme-api"))["changed"]


def a_function(stage):
    trust = dict(Effect="Allow", Principal=dict(Service="lambda.amazonaws.com"), Action="sts:AssumeRole")
    document = json.dumps(dict(Version="2012-10-17", Statement=[trust]))
    role = client(stage, "iam").create_role(RoleName="forms", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("forms.py", "def handler(event, context):\n    pass\n")
    how = dict(Runtime="python3.12", Role=role, Handler="forms.handler", Code=dict(ZipFile=archive.getvalue()))
    return client(stage, "lambda").create_function(FunctionName="forms", **how)["FunctionArn"]


def test_a_function_and_another_load_balancer_as_targets(groups):
    function = a_function(groups)
    target = dict(name="acme-forms", targets=[dict(lambda_function=function)])
    assert "does not have permission to invoke" in groups.run(GROUPS, task(GROUPS, target), fails=True)["msg"]
    may = dict(Action="lambda:InvokeFunction", Principal="elasticloadbalancing.amazonaws.com", StatementId="elb")
    client(groups, "lambda").add_permission(FunctionName="forms", **may)
    harmless(groups, GROUPS, target)
    where = [dict(subnet="acme-a"), dict(subnet="acme-c")]
    write(groups, BALANCERS, dict(name="acme-web", type="application", scheme="internal", subnet_mappings=where))
    fixed = dict(name="acme-fixed", target_type="alb", protocol="TCP", port=80, vpc="acme", targets=[dict(load_balancer="acme-web")])
    assert "has no listener on port 80" in groups.run(GROUPS, task(GROUPS, fixed), fails=True)["msg"]
    write(groups, LISTENERS, listener(80, protocol="HTTP", default_actions=FORBIDDEN))
    harmless(groups, GROUPS, fixed)
    (found,) = [one for one in groups.gather(GROUPS) if one["name"] == "acme-fixed"]
    assert found["targets"] == [dict(load_balancer="acme-web", port=80)]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (dict(name="new", target_type="instance"), "protocol, port, vpc must be named"),
        (dict(name="new", target_type="lambda", port=80), "a group of functions has none"),
        (dict(name="new-", target_type="lambda"), "not ending with '-'"),
        (dict(name="acme-web", targets=[dict(ip_address="10.20.1.1")]), "whose targets are named by instance"),
        (dict(name="acme-web", port=81), "port cannot change"),
        (dict(name="acme-web", protocol="HTTPS"), "protocol cannot change"),
    ],
)
def test_target_groups_that_are_refused_in_the_plan(groups, entry, message):
    assert message in refused(groups, GROUPS, entry)


def test_sheets_of_target_groups():
    whole = dict(name="x", target_type="instance", protocol="HTTP", port=80, vpc="v")
    assert faults(GROUPS, dict(whole, targets=[dict(instance="a", ip_address="10.0.0.1")])) == [(0, "targets", "one_of")]
    assert faults(GROUPS, dict(whole, targets=[dict(instance="a"), dict(instance="a", port=80)])) == [(0, "targets", "item_twice")]
    assert faults(GROUPS, dict(whole, targets=[dict(instance="a"), dict(instance="a", port=81)])) == []
    assert faults(GROUPS, dict(whole, name="a.b")) == [(0, "name", "pattern")]


# -- listeners


def test_what_leads_requests_elsewhere_or_turns_clients_away_needs_a_confirmation(listeners):
    for options, why in (
        (dict(default_actions=FORBIDDEN), "would lead requests that no rule is for elsewhere"),
        (dict(ssl_policy="ELBSecurityPolicy-2016-08"), "would turn clients away"),
        (dict(mutual_authentication=dict(mode="off")), "would ask clients for certificates in another way"),
        (dict(additional_certificates=dict(remove=["acme-shop"])), "would no longer show"),
        (dict(protocol="HTTP"), "would speak HTTP instead of HTTPS"),
    ):
        assert why in dangerous(listeners, LISTENERS, listener(**options))
    assert "Certificates" not in listening(listeners)[443]


def test_clients_are_verified_against_a_trust_store(listeners):
    """It goes with the mode, and comes back only with it."""
    store = client(listeners, "elbv2").describe_trust_stores()["TrustStores"][0]["TrustStoreArn"]

    def mutual(**said):
        return listener(mutual_authentication=said)

    assert "verify needs a trust_store" in refused(listeners, LISTENERS, mutual(mode="verify"))
    assert "trust_store belongs to the mode verify, and this is passthrough" in refused(listeners, LISTENERS, mutual(trust_store="acme-partners"))
    dangerous(listeners, LISTENERS, mutual(mode="verify", trust_store="acme-partners", ignore_client_certificate_expiry=True))
    assert listening(listeners)[443]["MutualAuthentication"] == dict(Mode="verify", TrustStoreArn=store, IgnoreClientCertificateExpiry=True)
    assert not write(listeners, LISTENERS, mutual(trust_store=store))["changed"]
    dangerous(listeners, LISTENERS, mutual(mode="off"))
    assert listening(listeners)[443]["MutualAuthentication"] == dict(Mode="off")


STORES = "elbv2_trust_stores"


def revocations(stage):
    arn = stage.run(STORES, task(STORES, dict(name="acme-partners")))["entries"][0]["id"]
    return client(stage, "elbv2").describe_trust_store_revocations(TrustStoreArn=arn)["TrustStoreRevocations"]


def test_a_revocation_list_is_missed_only_with_a_confirmation_and_in_a_new_version_never(stage):
    stage.prepare(STORES)
    stage.run(STORES, examples(STORES).make)
    first = dict(s3_bucket="acme-authorities", s3_key="partners.crl")
    stage.double.clear_calls()
    harmless(stage, STORES, dict(name="acme-partners", revocations=dict(set=[dict(first, s3_object_version="null")])))
    wrote = [name.partition(":")[2] for name in stage.writes() if "Revocation" in name]
    assert wrote == ["AddTrustStoreRevocations", "RemoveTrustStoreRevocations"] and [one["RevocationId"] for one in revocations(stage)] == [2]
    assert "would let clients in again whose certificates partners.crl" in dangerous(stage, STORES, dict(name="acme-partners", revocations=dict(set=[])))
    assert revocations(stage) == []


def test_a_revocation_list_of_unknown_origin_is_told_and_left_alone(stage, said):
    """Its number is all that AWS tells; also when a run has broken off, in which one was just to come that is noted by now."""
    stage.prepare(STORES)
    arn = stage.run(STORES, examples(STORES).make)["entries"][0]["id"]
    content = dict(S3Bucket="acme-authorities", S3Key="devices.crl")
    client(stage, "elbv2").add_trust_store_revocations(TrustStoreArn=arn, RevocationContents=[content])
    client(stage, "elbv2").add_tags(ResourceArns=[arn], Tags=[dict(Key="RevocationList:coming", Value="acme-authorities - partners.crl")])
    entry = dict(name="acme-partners", revocations=dict(set=[dict(s3_bucket="acme-authorities", s3_key="partners.crl")]))
    assert not write(stage, STORES, entry)["changed"]
    assert any("acme-partners: nothing tells of which objects its revocation lists 2 are" in text for text in said)


def test_weights_alone_are_written_over_what_is_there(listeners):
    """What an action does not name stays: the stickiness between the groups."""
    shift = [dict(target_group="acme-blue", weight=10), dict(target_group="acme-green", weight=90)]
    entry = listener(default_actions=[dict(type="forward", forward_config=dict(target_groups=shift))])
    write(listeners, LISTENERS, entry, confirm=confirm(LISTENERS, "acme-web/443"))
    config = listening(listeners)[443]["DefaultActions"][0]["ForwardConfig"]
    assert [one["Weight"] for one in config["TargetGroups"]] == [10, 90]
    assert config["TargetGroupStickinessConfig"] == dict(Enabled=True, DurationSeconds=3600)


def test_a_port_is_moved_by_id(listeners):
    arn = listening(listeners)[80]["ListenerArn"]
    assert "would listen on port 8080 and no longer on 80" in dangerous(listeners, LISTENERS, dict(id=arn, port=8080))
    assert set(listening(listeners)) == {443, 8080}


def test_encryption_needs_what_belongs_to_it(listeners):
    new = dict(load_balancer="acme-web", port=8443, protocol="HTTPS", default_actions=FORBIDDEN)
    assert "HTTPS needs a certificate" in refused(listeners, LISTENERS, new)
    bare = listener(80, protocol="HTTPS", certificate="acme-www")
    assert "it needs an ssl_policy" in refused(listeners, LISTENERS, bare, confirm=confirm(LISTENERS, "acme-web/80"))
    assert "additional_certificates: HTTP has none" in refused(listeners, LISTENERS, listener(80, additional_certificates=["acme-www"]))
    secure = dict(protocol="HTTPS", certificate="acme-www", ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06")
    assert "would speak HTTPS instead of HTTP" in dangerous(listeners, LISTENERS, listener(80, **secure))


def test_a_certificate_that_is_not_issued_is_told_with_what_it_waits_for(listeners):
    acm = client(listeners, "acm")
    arn = acm.request_certificate(DomainName="new.acme.example", ValidationMethod="DNS")["CertificateArn"]
    entry = listener(8443, protocol="HTTPS", certificate=arn, default_actions=FORBIDDEN)
    message = listeners.run(LISTENERS, task(LISTENERS, entry), fails=True)["msg"]
    assert f"ACM says of {arn}: PENDING_VALIDATION; DNS needs" in message and "CNAME" in message
    elsewhere = arn.replace(ACCOUNT, "210987654321")
    message = listeners.run(LISTENERS, task(LISTENERS, listener(additional_certificates=[elsewhere])), fails=True)["msg"]
    assert "CertificateNotFound" in message and f"ACM says of {elsewhere}" in message


def test_the_old_default_certificate_stays_until_the_sheet_says_so(listeners):
    harmless(listeners, LISTENERS, listener(certificate="acme-shop"))
    (found,) = [one for one in listeners.gather(LISTENERS) if one["port"] == 443]
    assert found["certificate"] == "acme-shop" and found["additional_certificates"] == ["acme-www"]


def test_further_certificates_are_compared_and_not_only_made(listeners, theirs):
    """Gap of amazon.aws.elb_application_lb: of a listener that is there only the first certificate is compared."""
    harmless(listeners, LISTENERS, listener(465, "acme-mail", additional_certificates=["acme-shop"]))
    write(listeners, LISTENERS, listener(additional_certificates=dict(remove=["acme-shop"])), confirm=confirm(LISTENERS, "acme-web/443"))
    there, elbv2 = shown(listeners, "acme-web"), client(listeners, "elbv2")
    certificates = client(listeners, "acm").list_certificates(Includes=dict(keyTypes=["EC_prime256v1", "RSA_2048"]))["CertificateSummaryList"]
    names = {one["DomainName"]: one["CertificateArn"] for one in certificates}
    both = [dict(CertificateArn=names[name]) for name in ("www.acme.example", "shop.acme.example")]
    told = dict(Protocol="HTTPS", Port=443, Certificates=both, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06")
    actions = [dict(Type="forward", TargetGroupName="acme-green")]
    asked = dict(name="acme-web", scheme="internal", subnets=[zone["SubnetId"] for zone in there["AvailabilityZones"]], security_groups=there["SecurityGroups"])
    theirs("amazon.aws.elb_application_lb", **asked, purge_listeners=False, listeners=[dict(told, DefaultActions=actions)])
    certificates = elbv2.describe_listener_certificates(ListenerArn=listening(listeners)[443]["ListenerArn"])["Certificates"]
    assert [one["CertificateArn"] for one in certificates] == [names["www.acme.example"]]
    harmless(listeners, LISTENERS, listener(additional_certificates=["acme-shop"]))


OIDC = {
    "issuer": "https://id.acme.example",
    "authorization_endpoint": "https://id.acme.example/auth",
    "token_endpoint": "https://id.acme.example/token",
    "user_info_endpoint": "https://id.acme.example/info",
    "client_id": "acme-web",
}


def test_a_client_secret_is_never_shown_and_stays_where_nobody_names_it(listeners):
    secret = VAULT["acme_mail_key"]
    actions = [dict(type="authenticate-oidc", authenticate_oidc_config=dict(OIDC, client_secret=secret)), dict(type="forward", target_group="acme-green")]
    result = write(listeners, LISTENERS, listener(default_actions=actions), confirm=confirm(LISTENERS, "acme-web/443"))
    assert secret not in json.dumps(result) and secret not in json.dumps(listeners.gather(LISTENERS))
    assert not write(listeners, LISTENERS, listener(default_actions=actions))["changed"]
    again = [dict(type="authenticate-oidc", authenticate_oidc_config=dict(OIDC, scope="openid email")), dict(type="forward", target_group="acme-green")]
    write(listeners, LISTENERS, listener(default_actions=again), confirm=confirm(LISTENERS, "acme-web/443"))
    first, second = listening(listeners)[443]["DefaultActions"]
    assert first["AuthenticateOidcConfig"]["Scope"] == "openid email" and second["Type"] == "forward"


def test_a_gateways_listener_takes_every_port(listeners):
    write(listeners, BALANCERS, dict(name="acme-gwlb", type="gateway", subnet_mappings=[dict(subnet="acme-a")]))
    write(listeners, GROUPS, dict(name="acme-appliances", target_type="ip", protocol="GENEVE", port=6081, vpc="acme"))
    entry = listener(0, "acme-gwlb", default_actions=[dict(type="forward", target_group="acme-appliances")])
    assert "only the listener of a Gateway Load Balancer has none" in refused(listeners, LISTENERS, dict(entry, protocol="TCP"))
    harmless(listeners, LISTENERS, entry)
    assert set(listening(listeners, "acme-gwlb")) == {None}
    assert not write(listeners, LISTENERS, entry)["changed"]


def test_sheets_of_listeners():
    whole = listener(80, protocol="HTTP")
    for actions in ([], [dict(type="forward")], [dict(type="forward", target_group="a"), *FORBIDDEN], [dict(type="redirect")]):
        assert all(fault == (0, "default_actions", "one_of") for fault in faults(LISTENERS, dict(whole, default_actions=actions)))
        assert bool(faults(LISTENERS, dict(whole, default_actions=actions))) == bool(actions)
    assert faults(LISTENERS, dict(whole, certificate="arn:aws:acm:::certificate/a")) == [(0, "certificate", "needs")]


def test_actions_that_lead_nowhere_are_refused_in_the_plan(listeners):
    for actions in ([dict(type="forward")], [*FORBIDDEN, dict(type="forward", target_group="acme-blue")]):
        assert "write exactly one of" in refused(listeners, LISTENERS, listener(8080, protocol="HTTP", default_actions=actions))


# -- rules


def test_a_rule_is_known_by_its_name_and_a_priority_that_somebody_has_is_refused(rules):
    """With the priority as its identity a sheet would have turned somebody's rule into its own."""
    new = rule("new", priority=20, conditions=[dict(field="path-pattern", values=["/new"])], actions=FORBIDDEN)
    assert "priority 20 is that of admin: give that one another priority in a run of its own" in refused(rules, RULES, new)
    assert "priority 20 is that of admin" in refused(rules, RULES, rule(priority=20), confirm=confirm(RULES, "acme-web/80/api"))


def test_rules_move_behind_one_another_in_one_run(rules):
    both = [rule("api", priority=20), rule("admin", priority=30)]
    rules.run(RULES, task(RULES, *both, confirm=[f"{RULES}/acme-web/80/{name}" for name in ("api", "admin")]))
    assert {one["name"]: one["priority"] for one in rules.gather(RULES)} == dict(api=20, admin=30)


def test_what_moves_requests_needs_a_confirmation(rules):
    assert "instead of 10" in dangerous(rules, RULES, rule(priority=15))
    assert "would take other requests" in dangerous(rules, RULES, rule(conditions=[dict(field="path-pattern", values=["/api"])]))
    assert "would lead its requests elsewhere" in dangerous(rules, RULES, rule(actions=FORBIDDEN))


def test_conditions_are_the_same_in_any_order(rules):
    methods = dict(field="http-request-method", http_request_method_config=dict(values=["POST", "GET"]))
    turned = [methods, dict(field="path-pattern", values=["/v2/*", "/api/*"])]
    assert not write(rules, RULES, rule(conditions=turned))["changed"]


def test_conditions_of_every_field(rules):
    every = [
        dict(field="host-header", values=["a.acme.example"]),
        dict(field="http-header", http_header_config=dict(http_header_name="X-From", values=["partner"])),
        dict(field="query-string", query_string_config=dict(values=[dict(key="v", value="1"), dict(value="x")])),
        dict(field="source-ip", source_ip_config=dict(values=["203.0.113.0/24"])),
    ]
    entry = rule("every", priority=40, conditions=every, actions=FORBIDDEN)
    harmless(rules, RULES, entry)
    assert not write(rules, RULES, entry)["changed"]
    (found,) = [one for one in rules.gather(RULES) if one["name"] == "every"]
    assert not write(rules, RULES, found)["changed"]


def test_a_rule_waits_for_its_listener(rules):
    entry = dict(rule("new", priority=1, conditions=[dict(field="path-pattern", values=["/"])], actions=FORBIDDEN), port=8080)
    assert rules.run(RULES, task(RULES, entry), check=True)["changed"], "the same run may make the listener"
    assert "there is no listener on port 8080" in rules.run(RULES, task(RULES, entry), fails=True)["msg"]
    write(rules, LISTENERS, listener(8080, protocol="HTTP", default_actions=FORBIDDEN))
    harmless(rules, RULES, entry)


def test_rules_made_by_hand_stay(rules, theirs):
    """Gap of amazon.aws.elb_application_lb: purge_rules takes away what its listener does not name."""
    arn = listening(rules)[80]["ListenerArn"]
    elbv2 = client(rules, "elbv2")
    fixed = [dict(Type="fixed-response", FixedResponseConfig=dict(StatusCode="404"))]
    elbv2.create_rule(ListenerArn=arn, Priority=99, Conditions=[dict(Field="path-pattern", Values=["/hand"])], Actions=fixed)
    write(rules, RULES, rule(tags=dict(Env="test")))
    assert len(elbv2.describe_rules(ListenerArn=arn)["Rules"]) == 4
    there = shown(rules, "acme-web")
    asked = dict(name="acme-web", scheme="internal", subnets=[zone["SubnetId"] for zone in there["AvailabilityZones"]], security_groups=there["SecurityGroups"])
    named = dict(Protocol="HTTP", Port=80, DefaultActions=[dict(Type="forward", TargetGroupName="acme-web")], Rules=[])
    theirs("amazon.aws.elb_application_lb", **asked, listeners=[named])
    assert len(elbv2.describe_rules(ListenerArn=listening(rules)[80]["ListenerArn"])["Rules"]) < 4


def test_sheets_of_rules():
    whole = rule(priority=1, conditions=[dict(field="path-pattern", values=["/"])], actions=FORBIDDEN)
    assert faults(RULES, whole, dict(whole, name="b")) == [(1, "priority", "alike")]
    assert faults(RULES, dict(whole, conditions=[dict(field="source-ip", values=["10.0.0.0/8"])])) == [(0, "conditions", "needs")]
    assert faults(RULES, dict(whole, actions=[dict(type="forward")])) == [(0, "actions", "one_of")]


def test_conditions_without_what_their_field_needs_are_refused_in_the_plan(rules):
    bare = rule(conditions=[dict(field="http-header", values=["x"])])
    assert "http-header needs http_header_config" in refused(rules, RULES, bare, confirm=confirm(RULES, "acme-web/80/api"))
