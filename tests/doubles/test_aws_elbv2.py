# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elastic Load Balancing: what moto forgives."""

from __future__ import annotations

import json

import pytest

from tests.certificates import authority

FORBIDDEN = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}]
INVALID, WRONG, ACTION = "ValidationError", "InvalidConfigurationRequest", "InvalidLoadBalancerAction"
PATH = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/x"]}}]


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def elbv2(aws):
    return aws("elbv2")


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnets(ec2, vpc):
    """In the zones a and c, and a second one in a."""
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")["Subnet"]["SubnetId"]
        for number, zone in enumerate("aca")
    ]


def balancer(elbv2, subnets, name="web", **more):
    given = {"Name": name, "Scheme": "internal", "Subnets": subnets[:2], **more}
    return elbv2.create_load_balancer(**{member: value for member, value in given.items() if value is not None})["LoadBalancers"][0]["LoadBalancerArn"]


def group(elbv2, vpc, name="web", **more):
    given = {"Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": vpc, **more}
    return elbv2.create_target_group(**{member: value for member, value in given.items() if value is not None})["TargetGroups"][0]["TargetGroupArn"]


def listener(elbv2, arn, **more):
    given = {"LoadBalancerArn": arn, "Protocol": "HTTP", "Port": 80, "DefaultActions": FORBIDDEN, **more}
    return elbv2.create_listener(**{member: value for member, value in given.items() if value is not None})["Listeners"][0]["ListenerArn"]


def forward(arn, **config):
    return [{"Type": "forward", "TargetGroupArn": arn, **config}]


@pytest.fixture
def certificate(aws):
    from ansible_collections.msp.aws.plugins.module_utils import _certificates

    def make(name):
        held = json.loads(_certificates.new_authority(name, 400)[0])
        return aws("acm").import_certificate(Certificate=held["certificate"], PrivateKey=held["private_key"])["CertificateArn"]

    return make


# -- load balancers


@pytest.mark.parametrize("name", ["internal-x", "-x", "x-", "a_b", "x" * 33])
def test_names(elbv2, subnets, vpc, refused, name):
    given = {"Scheme": "internal", "Subnets": subnets[:2]}
    refused(INVALID, elbv2.create_load_balancer, Name=name, **given)
    if not name.startswith("internal"):
        refused(INVALID, elbv2.create_target_group, Name=name, Protocol="HTTP", Port=80, VpcId=vpc)


def test_the_same_order_again_is_the_same_thing_and_another_one_is_not(elbv2, subnets, vpc, refused):
    one = balancer(elbv2, subnets)
    assert balancer(elbv2, subnets) == one
    refused("DuplicateLoadBalancerName", elbv2.create_load_balancer, Name="web", Type="network", Subnets=subnets[:1], Scheme="internal")
    assert group(elbv2, vpc) == group(elbv2, vpc)
    refused("DuplicateTargetGroupName", elbv2.create_target_group, Name="web", Protocol="HTTP", Port=81, VpcId=vpc)
    assert listener(elbv2, one) == listener(elbv2, one)
    refused("DuplicateListener", elbv2.create_listener, LoadBalancerArn=one, Protocol="HTTPS", Port=80, DefaultActions=FORBIDDEN)


def test_where_it_can_stand(ec2, elbv2, subnets, refused):
    create = elbv2.create_load_balancer
    internal = {"Name": "x", "Scheme": "internal"}
    refused(INVALID, create, **internal)
    refused(INVALID, create, **internal, Subnets=subnets[:2], SubnetMappings=[{"SubnetId": subnets[0]}])
    refused(INVALID, create, **internal, Subnets=subnets[:1])
    refused(WRONG, create, **internal, Subnets=[subnets[0], subnets[2]])
    refused("SubnetNotFound", create, **internal, Subnets=["subnet-0123456789abcdef0", subnets[0]])
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    foreign = ec2.create_subnet(VpcId=other, CidrBlock="10.9.0.0/28", AvailabilityZone="ap-northeast-1c")["Subnet"]["SubnetId"]
    refused(WRONG, create, **internal, Subnets=[subnets[0], foreign])
    for dummy in range(4):
        ec2.create_network_interface(SubnetId=foreign)
    refused("InvalidSubnet", create, **internal, Type="network", Subnets=[foreign])
    refused("InvalidSubnet", create, Name="x", Type="network", Subnets=subnets[:1])  # nobody said internal, and there is no internet gateway
    refused("InvalidSecurityGroup", create, **internal, Subnets=subnets[:2], SecurityGroups=["sg-0123456789abcdef0"])
    refused("InvalidSubnet", create, **internal, Subnets=subnets[:2], IpAddressType="dualstack")
    refused(INVALID, create, **internal, Type="networks", Subnets=subnets[:2])


def test_a_gateway_one_has_neither_scheme_nor_groups(elbv2, subnets, refused):
    refused(INVALID, elbv2.create_load_balancer, Name="x", Type="gateway", Scheme="internal", Subnets=subnets[:1])
    arn = balancer(elbv2, subnets[:1], Type="gateway", Scheme=None)
    assert "Scheme" not in elbv2.describe_load_balancers()["LoadBalancers"][0]
    refused(WRONG, elbv2.set_subnets, LoadBalancerArn=arn, Subnets=[subnets[1]])
    refused(WRONG, elbv2.set_security_groups, LoadBalancerArn=arn, SecurityGroups=["sg-0123456789abcdef0"])


def test_it_is_provisioning_for_a_while_and_the_state_is_where_that_ends(elbv2, subnets, double):
    arn = balancer(elbv2, subnets)
    before = double.state("elbv2/")
    seen = [elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["State"]["Code"] for dummy in range(4)]
    assert seen == ["provisioning", "provisioning", "active", "active"] and double.state("elbv2/") == before


def test_addresses_of_its_own(ec2, elbv2, subnets, vpc, refused):
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address, other = (ec2.allocate_address(Domain="vpc")["AllocationId"] for dummy in range(2))
    mapping = [{"SubnetId": subnets[0], "AllocationId": address}]
    create = elbv2.create_load_balancer
    refused(WRONG, create, Name="x", Type="network", Scheme="internal", SubnetMappings=mapping)
    refused(WRONG, create, Name="x", SubnetMappings=[*mapping, {"SubnetId": subnets[1]}])
    refused("AllocationIdNotFound", create, Name="x", Type="network", SubnetMappings=[{**mapping[0], "AllocationId": "eipalloc-0"}])
    arn = balancer(elbv2, subnets, Type="network", Scheme=None, Subnets=None, SubnetMappings=mapping)
    assert elbv2.describe_load_balancers()["LoadBalancers"][0]["AvailabilityZones"][0]["LoadBalancerAddresses"] == [{"AllocationId": address}]
    refused("ResourceInUse", create, Name="y", Type="network", SubnetMappings=mapping)
    refused(WRONG, elbv2.set_subnets, LoadBalancerArn=arn, SubnetMappings=[{"SubnetId": subnets[0], "AllocationId": other}])
    elbv2.set_subnets(LoadBalancerArn=arn, SubnetMappings=[{"SubnetId": subnets[1], "AllocationId": other}])


def test_groups_of_a_network_one_are_for_ever_or_never(ec2, elbv2, subnets, vpc, refused):
    one = ec2.create_security_group(GroupName="a", Description="a", VpcId=vpc)["GroupId"]
    bare = balancer(elbv2, subnets, Type="network")
    refused(WRONG, elbv2.set_security_groups, LoadBalancerArn=bare, SecurityGroups=[one])
    held = balancer(elbv2, subnets, name="held", Type="network", SecurityGroups=[one])
    link = {"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": "off"}
    elbv2.set_security_groups(LoadBalancerArn=held, SecurityGroups=[one], **link)
    assert elbv2.describe_load_balancers(Names=["held"])["LoadBalancers"][0].items() >= link.items()
    refused(INVALID, elbv2.set_security_groups, LoadBalancerArn=held, SecurityGroups=[])
    refused(WRONG, elbv2.set_security_groups, LoadBalancerArn=balancer(elbv2, subnets, name="alb"), SecurityGroups=[one], **link)


def test_what_holds_one(ec2, elbv2, subnets, vpc, refused):
    arn = balancer(elbv2, subnets, Type="network")
    protection = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=protection)
    refused("OperationNotPermitted", elbv2.delete_load_balancer, LoadBalancerArn=arn)
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{**protection[0], "Value": "false"}])
    service = ec2.create_vpc_endpoint_service_configuration(NetworkLoadBalancerArns=[arn])["ServiceConfiguration"]["ServiceId"]
    refused("ResourceInUse", elbv2.delete_load_balancer, LoadBalancerArn=arn)
    ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service])
    target = group(elbv2, vpc, Protocol="TCP")
    listener(elbv2, arn, Protocol="TCP", DefaultActions=forward(target))
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    assert "LoadBalancerArns" not in (found := elbv2.describe_target_groups()["TargetGroups"][0]) or found["LoadBalancerArns"] == []


def test_attributes_are_those_of_the_type(elbv2, subnets, vpc, refused):
    web, net = balancer(elbv2, subnets), balancer(elbv2, subnets, name="net", Type="network")
    modify = elbv2.modify_load_balancer_attributes

    def attributes(key, value):
        return [{"Key": key, "Value": value}]

    for arn, key, value in (
        (web, "no.such.key", "1"),
        (net, "idle_timeout.timeout_seconds", "60"),
        (web, "idle_timeout.timeout_seconds", "4001"),
        (web, "deletion_protection.enabled", "yes"),
        (web, "dns_record.client_routing_policy", "any_availability_zone"),
    ):
        refused(INVALID, modify, LoadBalancerArn=arn, Attributes=attributes(key, value))
    target, tcp = group(elbv2, vpc), group(elbv2, vpc, name="tcp", Protocol="TCP")
    slow = "slow_start.duration_seconds"
    for arn, key, value in ((target, "proxy_protocol_v2.enabled", "true"), (tcp, slow, "60"), (target, slow, "5")):
        refused(INVALID, elbv2.modify_target_group_attributes, TargetGroupArn=arn, Attributes=attributes(key, value))
    arn = listener(elbv2, web)
    refused(INVALID, elbv2.modify_listener_attributes, ListenerArn=arn, Attributes=attributes("tcp.idle_timeout.seconds", "60"))


def test_logs_need_a_bucket_that_may_be_written(aws, elbv2, subnets, refused):
    arn, s3 = balancer(elbv2, subnets), aws("s3")

    def attributes(name):
        return [{"Key": "access_logs.s3.enabled", "Value": "true"}, {"Key": "access_logs.s3.bucket", "Value": name}]

    modify = elbv2.modify_load_balancer_attributes
    refused(INVALID, modify, LoadBalancerArn=arn, Attributes=attributes(""))
    refused(WRONG, modify, LoadBalancerArn=arn, Attributes=attributes("nobodys"))
    for name, region in (("logs", "ap-northeast-1"), ("far", "eu-west-1")):
        aws("s3", region=region).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
        assert "Access Denied" in refused(WRONG, modify, LoadBalancerArn=arn, Attributes=attributes("logs"))
    assert "same region" in refused(WRONG, modify, LoadBalancerArn=arn, Attributes=attributes("far"))
    allow = {"Effect": "Allow", "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}, "Action": "s3:PutObject"}
    s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Resource": "arn:aws:s3:::logs/*"}]}))
    modify(LoadBalancerArn=arn, Attributes=attributes("logs"))


# -- target groups


def test_target_groups_fit_together(elbv2, vpc, refused):
    create = elbv2.create_target_group
    for code, given in (
        (INVALID, {"Protocol": "HTTP", "Port": 80}),
        (INVALID, {"Protocol": "GENEVE", "Port": 80, "VpcId": vpc}),
        (WRONG, {"Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "alb"}),
        (WRONG, {"Protocol": "HTTP", "Port": 80, "VpcId": vpc, "HealthCheckProtocol": "TCP"}),
        (WRONG, {"Protocol": "TCP", "Port": 80, "VpcId": vpc, "HealthCheckProtocol": "UDP"}),
        (WRONG, {"Protocol": "TCP", "Port": 80, "VpcId": vpc, "ProtocolVersion": "HTTP2"}),
        (WRONG, {"Protocol": "HTTP", "Port": 80, "VpcId": vpc, "HealthCheckEnabled": False}),
        (INVALID, {"TargetType": "lambda", "Port": 80}),
    ):
        refused(code, create, Name="x", **given)
    arn = group(elbv2, vpc)
    refused(WRONG, elbv2.modify_target_group, TargetGroupArn=arn, HealthCheckProtocol="TCP")
    refused(INVALID, elbv2.modify_target_group, TargetGroupArn=arn, HealthCheckTimeoutSeconds=60)
    refused(INVALID, elbv2.modify_target_group, TargetGroupArn=arn, HealthCheckIntervalSeconds=4)


def test_targets(ec2, elbv2, subnets, vpc, refused):
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]

    def instance(subnet):
        return ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, InstanceType="t3.micro")["Instances"][0]["InstanceId"]

    arn, one = group(elbv2, vpc), instance(subnets[0])
    register = elbv2.register_targets
    refused("InvalidTarget", register, TargetGroupArn=arn, Targets=[{"Id": "i-0123456789abcdef0"}])
    register(TargetGroupArn=arn, Targets=[{"Id": one}, {"Id": one, "Port": 8080}])

    def told():
        found = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return [(each["Target"]["Port"], each["TargetHealth"]["State"]) for each in found]

    assert told() == [(80, "unused"), (8080, "unused")], "no load balancer uses the group"
    web = balancer(elbv2, subnets)
    listener(elbv2, web, DefaultActions=forward(arn))
    elbv2.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": one}, {"Id": "i-0123456789abcdef0"}])
    assert [told() for dummy in range(3)] == [[(8080, "healthy"), (80, "draining")]] * 2 + [[(8080, "healthy")]]
    ec2.stop_instances(InstanceIds=[one])
    refused("InvalidTarget", register, TargetGroupArn=arn, Targets=[{"Id": one}])
    addresses = group(elbv2, vpc, name="ip", TargetType="ip")
    for target in ({"Id": "8.8.8.8"}, {"Id": "172.16.0.1"}, {"Id": "nowhere"}):
        refused(INVALID, register, TargetGroupArn=addresses, Targets=[target])
    register(TargetGroupArn=addresses, Targets=[{"Id": "172.16.0.1", "AvailabilityZone": "all"}, {"Id": "10.0.1.9"}])
    zones = [each["Target"]["AvailabilityZone"] for each in elbv2.describe_target_health(TargetGroupArn=addresses)["TargetHealthDescriptions"]]
    assert zones == ["all", "ap-northeast-1c"]
    alb = group(elbv2, vpc, name="alb", TargetType="alb", Protocol="TCP", Port=81)
    refused("InvalidTarget", register, TargetGroupArn=alb, Targets=[{"Id": web}])


def test_a_group_is_for_one_load_balancer_and_stays_while_it_is_used(elbv2, subnets, vpc, refused):
    arn, one, other = group(elbv2, vpc), balancer(elbv2, subnets), balancer(elbv2, subnets, name="other")
    held = listener(elbv2, one, DefaultActions=forward(arn))
    given = {"LoadBalancerArn": other, "Protocol": "HTTP", "Port": 80, "DefaultActions": forward(arn)}
    refused("TargetGroupAssociationLimit", elbv2.create_listener, **given)
    refused("ResourceInUse", elbv2.delete_target_group, TargetGroupArn=arn)
    elbv2.delete_listener(ListenerArn=held)
    elbv2.create_listener(**given)
    net = balancer(elbv2, subnets, name="net", Type="network")
    refused("IncompatibleProtocols", elbv2.create_listener, LoadBalancerArn=net, Protocol="TCP", Port=80, DefaultActions=forward(arn))


# -- listeners


def test_listeners_fit_their_load_balancer(elbv2, subnets, refused):
    web = balancer(elbv2, subnets)
    create = elbv2.create_listener
    for given in ({"Protocol": "TCP", "Port": 80}, {"Port": 80}, {"Protocol": "HTTP"}, {"Protocol": "HTTPS", "Port": 443}, {"Protocol": "HTTP", "Port": 70000}):
        refused(INVALID, create, LoadBalancerArn=web, DefaultActions=FORBIDDEN, **given)
    refused("LoadBalancerNotFound", create, LoadBalancerArn=f"{web}x", DefaultActions=FORBIDDEN, Protocol="HTTP", Port=80)
    plain = elbv2.describe_listeners(ListenerArns=[listener(elbv2, web)])["Listeners"][0]
    assert "SslPolicy" not in plain and "Certificates" not in plain


def test_certificates(aws, elbv2, subnets, refused, certificate):
    web, one, other = balancer(elbv2, subnets), certificate("a.example.jp"), certificate("b.example.jp")
    secure = {"LoadBalancerArn": web, "Protocol": "HTTPS", "Port": 443, "DefaultActions": FORBIDDEN}
    create = elbv2.create_listener
    refused("CertificateNotFound", create, **secure, Certificates=[{"CertificateArn": f"{one}x"}])
    asked = aws("acm").request_certificate(DomainName="c.example.jp", ValidationMethod="DNS")["CertificateArn"]
    refused("UnsupportedCertificate", create, **secure, Certificates=[{"CertificateArn": asked}])
    refused(INVALID, create, **secure, Certificates=[{"CertificateArn": one}, {"CertificateArn": other}])
    refused("SSLPolicyNotFound", create, **secure, Certificates=[{"CertificateArn": one}], SslPolicy="x")
    arn = listener(elbv2, web, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": one}])
    which = {"ListenerArn": arn}

    def listed():
        return [(found["CertificateArn"], found["IsDefault"]) for found in elbv2.describe_listener_certificates(**which)["Certificates"]]

    refused("OperationNotPermitted", elbv2.remove_listener_certificates, **which, Certificates=[{"CertificateArn": one}])
    refused("ResourceInUseException", aws("acm").delete_certificate, CertificateArn=one)
    elbv2.modify_listener(**which, Certificates=[{"CertificateArn": other}])
    assert listed() == [(other, True), (one, False)], "the old default one stays on the list"
    assert [found["CertificateArn"] for found in elbv2.describe_listeners(ListenerArns=[arn])["Listeners"][0]["Certificates"]] == [other]
    elbv2.remove_listener_certificates(**which, Certificates=[{"CertificateArn": one}])
    aws("acm").delete_certificate(CertificateArn=one)
    refused(INVALID, elbv2.modify_listener, **which, Protocol="HTTP", SslPolicy="ELBSecurityPolicy-2016-08")
    elbv2.modify_listener(**which, Protocol="HTTP")
    assert listed() == []
    refused(INVALID, elbv2.modify_listener, **which, Protocol="HTTPS", Certificates=[{"CertificateArn": other}])
    refused(WRONG, elbv2.add_listener_certificates, **which, Certificates=[{"CertificateArn": other}])


def test_actions(elbv2, subnets, vpc, refused, certificate):
    web, arn = balancer(elbv2, subnets), group(elbv2, vpc)
    create, given = elbv2.create_listener, {"LoadBalancerArn": web, "Protocol": "HTTP", "Port": 80}
    oidc = {"Issuer": "https://i", "AuthorizationEndpoint": "https://a", "TokenEndpoint": "https://t", "UserInfoEndpoint": "https://u", "ClientId": "c"}
    login = [{"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": oidc}, {**FORBIDDEN[0], "Order": 2}]
    for code, actions in (
        (ACTION, login[:1]),
        (ACTION, login),
        (ACTION, [{**FORBIDDEN[0], "Order": 1}, {**forward(arn)[0], "Order": 2}]),
        (INVALID, [FORBIDDEN[0], forward(arn)[0]]),
        (INVALID, [{"Type": "forward"}]),
        ("TargetGroupNotFound", forward(f"{arn}x")),
        (INVALID, forward(arn, ForwardConfig={"TargetGroups": [{"TargetGroupArn": arn, "Weight": 1000}]})),
        (INVALID, forward(arn, ForwardConfig={"TargetGroupStickinessConfig": {"Enabled": True}})),
        (ACTION, [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}]),
        (INVALID, [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "302"}}]),
        (ACTION, [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "image/png"}}]),
    ):
        refused(code, create, **given, DefaultActions=actions)
    secure = {"LoadBalancerArn": web, "Protocol": "HTTPS", "Port": 443, "Certificates": [{"CertificateArn": certificate("a.example.jp")}]}
    refused(INVALID, create, **secure, DefaultActions=login)
    login[0]["AuthenticateOidcConfig"]["ClientSecret"] = "s"
    made = create(**secure, DefaultActions=login)["Listeners"][0]
    assert "ClientSecret" not in str(made)
    del login[0]["AuthenticateOidcConfig"]["ClientSecret"]
    refused(INVALID, elbv2.modify_listener, ListenerArn=made["ListenerArn"], DefaultActions=login)
    login[0]["AuthenticateOidcConfig"]["UseExistingClientSecret"] = True
    elbv2.modify_listener(ListenerArn=made["ListenerArn"], DefaultActions=login)
    told = elbv2.describe_listeners(ListenerArns=[listener(elbv2, web, DefaultActions=forward(arn))])["Listeners"][0]["DefaultActions"][0]
    assert told["TargetGroupArn"] == told["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"] == arn


# -- rules


def test_rules(elbv2, subnets, refused):
    web = listener(elbv2, balancer(elbv2, subnets))

    def rule(priority):
        return elbv2.create_rule(ListenerArn=web, Priority=priority, Conditions=PATH, Actions=FORBIDDEN)["Rules"][0]["RuleArn"]

    one, other = rule(10), rule(20)
    refused("PriorityInUse", elbv2.create_rule, ListenerArn=web, Priority=10, Conditions=PATH, Actions=FORBIDDEN)
    refused(INVALID, elbv2.create_rule, ListenerArn=web, Priority=50001, Conditions=PATH, Actions=FORBIDDEN)
    move = elbv2.set_rule_priorities
    refused("PriorityInUse", move, RulePriorities=[{"RuleArn": one, "Priority": 20}])
    move(RulePriorities=[{"RuleArn": one, "Priority": 20}, {"RuleArn": other, "Priority": 10}])
    told = elbv2.describe_rules(ListenerArn=web)["Rules"]
    assert [(found["RuleArn"], found["Priority"]) for found in told[:2]] == [(other, "10"), (one, "20")] and told[2]["IsDefault"]
    for call in (elbv2.delete_rule, lambda RuleArn: elbv2.modify_rule(RuleArn=RuleArn, Conditions=PATH)):
        refused("OperationNotPermitted", call, RuleArn=told[2]["RuleArn"])
    net = listener(elbv2, balancer(elbv2, subnets, name="gw"), Port=81)
    assert net and refused("RuleNotFound", elbv2.delete_rule, RuleArn=f"{one}x")


@pytest.mark.parametrize(
    "conditions",
    [
        [],
        [{"Field": "path"}],
        [*PATH, *PATH],
        [{"Field": "path-pattern", "Values": ["/a", "/b"]}],
        [{"Field": "source-ip", "Values": ["10.0.0.0/8"]}],
        [{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.1/8"]}}],
        [{"Field": "http-header", "HttpHeaderConfig": {"Values": ["x"]}}],
        [{"Field": "host-header"}],
    ],
)
def test_conditions_that_are_refused(elbv2, subnets, refused, conditions):
    web = listener(elbv2, balancer(elbv2, subnets))
    refused(INVALID, elbv2.create_rule, ListenerArn=web, Priority=1, Conditions=conditions, Actions=FORBIDDEN)


def test_network_load_balancers_have_no_rules(elbv2, subnets, vpc, refused):
    net = balancer(elbv2, subnets, Type="network")
    arn = listener(elbv2, net, Protocol="TCP", DefaultActions=forward(group(elbv2, vpc, Protocol="TCP")))
    refused("UnsupportedProtocol", elbv2.create_rule, ListenerArn=arn, Priority=1, Conditions=PATH, Actions=FORBIDDEN)


# -- tags


def test_tags(elbv2, subnets, refused):
    arn = balancer(elbv2, subnets)
    refused(INVALID, elbv2.describe_tags, ResourceArns=[arn] * 21)
    refused("LoadBalancerNotFound", elbv2.describe_tags, ResourceArns=[f"{arn}x"])
    refused("DuplicateTagKeys", elbv2.add_tags, ResourceArns=[arn], Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])
    refused(INVALID, elbv2.add_tags, ResourceArns=[arn], Tags=[{"Key": "aws:a", "Value": "1"}])
    elbv2.add_tags(ResourceArns=[arn], Tags=[{"Key": str(number), "Value": "1"} for number in range(50)])
    refused("TooManyTags", elbv2.add_tags, ResourceArns=[arn], Tags=[{"Key": "50", "Value": "1"}])


def test_all_of_it_survives_a_restore(elbv2, subnets, vpc, double):
    web, arn = balancer(elbv2, subnets), group(elbv2, vpc)
    held = listener(elbv2, web, DefaultActions=forward(arn))
    elbv2.create_rule(ListenerArn=held, Priority=1, Conditions=PATH, Actions=forward(arn), Tags=[{"Key": "Name", "Value": "x"}])
    before = double.state("elbv2/")
    assert web in str(before) and held in str(before) and arn in str(before)
    double.snapshot("balanced")
    elbv2.delete_load_balancer(LoadBalancerArn=web)
    assert double.state("elbv2/") != before
    double.restore("balanced")
    assert double.state("elbv2/") == before


# -- trust stores


@pytest.fixture
def store(aws):
    aws("s3").create_bucket(Bucket="bundles", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    for key, body in zip(("ca.pem", "ca.crl"), authority("ca", revoked=3), strict=True):
        aws("s3").put_object(Bucket="bundles", Key=key, Body=body)
    aws("s3").put_object(Bucket="bundles", Key="empty.pem", Body="nothing")
    return {"Name": "partners", "CaCertificatesBundleS3Bucket": "bundles", "CaCertificatesBundleS3Key": "ca.pem"}


def test_a_trust_store_needs_its_bundle_and_a_name_of_its_own(elbv2, store, refused):
    refused("CaCertificatesBundleNotFound", elbv2.create_trust_store, **{**store, "CaCertificatesBundleS3Key": "none.pem"})
    refused("InvalidCaCertificatesBundle", elbv2.create_trust_store, **{**store, "CaCertificatesBundleS3Key": "empty.pem"})
    made = elbv2.create_trust_store(**store)["TrustStores"][0]
    assert (made["Status"], made["NumberOfCaCertificates"]) == ("CREATING", 1)
    refused("DuplicateTrustStoreName", elbv2.create_trust_store, **store)


def test_a_trust_store_in_use_stays(elbv2, subnets, store, certificate, refused):
    arn = elbv2.create_trust_store(**store)["TrustStores"][0]["TrustStoreArn"]
    https = {"Protocol": "HTTPS", "Port": 443, "Certificates": [{"CertificateArn": certificate("www")}]}
    where, verify = balancer(elbv2, subnets), {"Mode": "verify", "TrustStoreArn": arn}
    given = {"LoadBalancerArn": where, "DefaultActions": FORBIDDEN, **https, "MutualAuthentication": verify}
    refused("TrustStoreNotReady", elbv2.create_listener, **given)
    assert [one["Status"] for dummy in range(2) for one in elbv2.describe_trust_stores()["TrustStores"]] == ["CREATING", "ACTIVE"]
    refused("TrustStoreNotFound", elbv2.create_listener, **{**given, "MutualAuthentication": {**verify, "TrustStoreArn": f"{arn}0"}})
    there = elbv2.create_listener(**given)["Listeners"][0]["ListenerArn"]
    refused("TrustStoreInUse", elbv2.delete_trust_store, TrustStoreArn=arn)
    elbv2.delete_listener(ListenerArn=there)
    elbv2.delete_trust_store(TrustStoreArn=arn)
    assert elbv2.describe_trust_stores()["TrustStores"] == []


def test_revocation_lists_are_copied_from_a_bucket_and_told_by_their_number(elbv2, store, refused):
    arn = elbv2.create_trust_store(**store)["TrustStores"][0]["TrustStoreArn"]

    def content(key):
        return {"TrustStoreArn": arn, "RevocationContents": [{"S3Bucket": "bundles", "S3Key": key}]}

    refused("RevocationContentNotFound", elbv2.add_trust_store_revocations, **content("none.crl"))
    refused("InvalidRevocationContent", elbv2.add_trust_store_revocations, **content("ca.pem"))
    refused("TrustStoreNotFound", elbv2.add_trust_store_revocations, **{**content("ca.crl"), "TrustStoreArn": f"{arn}0"})
    told = [elbv2.add_trust_store_revocations(**content("ca.crl"))["TrustStoreRevocations"][0] for dummy in range(2)]
    assert [(one["RevocationId"], one["NumberOfRevokedEntries"]) for one in told] == [(1, 3), (2, 3)] and "S3Key" not in told[0]
    assert elbv2.describe_trust_stores()["TrustStores"][0]["TotalRevokedEntries"] == 6
    refused("RevocationIdNotFound", elbv2.remove_trust_store_revocations, TrustStoreArn=arn, RevocationIds=[1, 7])
    elbv2.remove_trust_store_revocations(TrustStoreArn=arn, RevocationIds=[1])
    refused("RevocationIdNotFound", elbv2.describe_trust_store_revocations, TrustStoreArn=arn, RevocationIds=[1])
    assert elbv2.describe_trust_store_revocations(TrustStoreArn=arn)["TrustStoreRevocations"] == [told[1]]
    again = {**content("ca.crl"), "RevocationContents": content("ca.crl")["RevocationContents"] * 30}
    refused("TooManyTrustStoreRevocationEntries", elbv2.add_trust_store_revocations, **again)
