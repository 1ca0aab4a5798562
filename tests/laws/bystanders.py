# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others have in the account: one of everything that the kinds deal with, made by boto3 alone and named by nobody's sheet."""

from __future__ import annotations

import json
import re
import urllib.request

import boto3

from ansible_collections.msp.aws.plugins.module_utils import _certificates
from tests.laws.outside import an_archive, wait_for_ports
from tests.laws.stage import ACCOUNT, REGION, MackerelStage, Stage

NAME = "bystander-7f3a"
OTHER = "999900001111"
TAGS = [dict(Key="Name", Value=NAME), dict(Key="Owner", Value=NAME)]
# Not a thing but what the double keeps over all things: tags, metric filters, rules and names of a whole service, how often a managed policy is attached,
# in what order launch templates came.
READS = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Action="s3:GetObject", Resource="*")])
COMMON = re.compile(
    r"/(tagger|tagging_service|aws_managed_policies|launch_template_insert_order|launch_template_name_to_ids)(/|$)"
    r"|^logs/[^/]+/[^/]+/filters$|^lambda/[^/]+/[^/]+/_lambdas$|^events/[^/]+/[^/]+/event_buses/default$"
)
TRUSTED = dict(Service=["ec2.amazonaws.com", "config.amazonaws.com", "firehose.amazonaws.com", "lambda.amazonaws.com", "logs.amazonaws.com"])
TRUST = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal=TRUSTED, Action="sts:AssumeRole")])


def plant_bystanders(double):
    def client(service, region=REGION, account=ACCOUNT):
        return boto3.client(service, endpoint_url=double.url, region_name=region, aws_access_key_id=f"AKIA{account}OTHR", aws_secret_access_key="x" * 20)

    network(client("ec2"))
    walls(client("network-firewall"), client("ec2"))
    offer(client("ec2"), client("elbv2"))
    serve(client("ec2"), client("elbv2"))
    transit(client)
    site_to_site(client("ec2"))
    direct_connect(client)
    people(client("iam"))
    vpn(client)
    client("secretsmanager").create_secret(Name=f"{NAME}-value", SecretString=NAME, Description=NAME, Tags=TAGS)
    role = client("iam").get_role(RoleName=NAME)["Role"]["Arn"]
    store(client("s3"))
    watch(client("sns"), client("cloudwatch"), client("logs"))
    back_up(client("firehose"), client("logs"), role)
    answer(client, role)
    scale(client)
    spend(client("budgets"))
    blog(client("lightsail"))
    # There is one in a Region, so theirs is in another one.
    client("guardduty", "eu-west-1").create_detector(Enable=True, Tags=dict(Owner=NAME))
    guard(client)
    audit(client("s3"), client("cloudtrail"), client("config"), client("config", "eu-west-1"), role)
    client("dlm").create_lifecycle_policy(
        ExecutionRoleArn=role,
        Description=NAME,
        State="ENABLED",
        PolicyDetails=dict(
            ResourceTypes=["VOLUME"],
            TargetTags=[dict(Key="Owner", Value=NAME)],
            Schedules=[dict(Name=NAME, CreateRule=dict(Interval=24, IntervalUnit="HOURS"), RetainRule=dict(Count=3))],
        ),
    )


def network(ec2):
    def tagged(kind):
        return [dict(ResourceType=kind, Tags=TAGS)]

    vpc = ec2.create_vpc(CidrBlock="10.250.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.250.1.0/24", TagSpecifications=tagged("subnet"))["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway"))["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tagged("route-table"))["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.create_network_acl(VpcId=vpc, TagSpecifications=tagged("network-acl"))
    group = ec2.create_security_group(GroupName=NAME, Description=NAME, VpcId=vpc, TagSpecifications=tagged("security-group"))["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[dict(IpProtocol="tcp", FromPort=22, ToPort=22, IpRanges=[dict(CidrIp="10.250.0.0/16")])])
    ec2.create_network_interface(SubnetId=subnet, Groups=[group], TagSpecifications=tagged("network-interface"))
    ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=tagged("volume"))
    ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip"))
    ec2.create_key_pair(KeyName=NAME, TagSpecifications=tagged("key-pair"))
    ec2.create_dhcp_options(DhcpConfigurations=[dict(Key="domain-name", Values=[NAME])], TagSpecifications=tagged("dhcp-options"))
    ec2.create_vpn_gateway(Type="ipsec.1", TagSpecifications=tagged("vpn-gateway"))
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, InstanceType="t3.micro", TagSpecifications=tagged("instance"))


def vpn(client):
    """An authority like ours, a certificate of its own, and an endpoint with a target network."""
    valid = [dict(Key="NotBefore", Value="2024-01-01T00:00:00Z"), dict(Key="NotAfter", Value="2034-01-01T00:00:00Z")]
    tagged = [dict(Key="CertificateAuthority", Value=NAME), *valid]
    told = dict(CertificateAuthority=NAME, NotBefore="2024-01-01T00:00:00Z", NotAfter="2034-01-01T00:00:00Z")
    tagged = [dict(Key=key, Value=value) for key, value in told.items()]
    client("secretsmanager").create_secret(Name=NAME, SecretString=NAME, Tags=tagged)
    text, dummy = _certificates.new_authority(f"{NAME}.example.com", 400)
    held = json.loads(text)
    certificate = client("acm").import_certificate(Certificate=held["certificate"], PrivateKey=held["private_key"], Tags=TAGS)["CertificateArn"]
    ec2 = client("ec2")
    subnet = ec2.describe_subnets(Filters=[dict(Name="tag:Name", Values=[NAME])])["Subnets"][0]["SubnetId"]
    endpoint = ec2.create_client_vpn_endpoint(
        ClientCidrBlock="172.20.0.0/22",
        ServerCertificateArn=certificate,
        AuthenticationOptions=[dict(Type="certificate-authentication", MutualAuthentication=dict(ClientRootCertificateChainArn=certificate))],
        ConnectionLogOptions=dict(Enabled=False),
        TagSpecifications=[dict(ResourceType="client-vpn-endpoint", Tags=TAGS)],
    )["ClientVpnEndpointId"]
    ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint, SubnetId=subnet)
    ec2.authorize_client_vpn_ingress(ClientVpnEndpointId=endpoint, TargetNetworkCidr="10.250.0.0/16", AuthorizeAllGroups=True)


def own_subnet(ec2):
    return ec2.describe_subnets(Filters=[dict(Name="tag:Name", Values=[NAME])])["Subnets"][0]


def walls(firewall, ec2):
    source = dict(RulesString='drop tcp any any -> any 23 (msg:"telnet"; sid:1; rev:1;)')
    group = firewall.create_rule_group(RuleGroupName=NAME, Type="STATEFUL", Capacity=10, RuleGroup=dict(RulesSource=source), Tags=TAGS)
    actions = dict(StatelessDefaultActions=["aws:forward_to_sfe"], StatelessFragmentDefaultActions=["aws:forward_to_sfe"])
    groups = [dict(ResourceArn=group["RuleGroupResponse"]["RuleGroupArn"])]
    policy = firewall.create_firewall_policy(FirewallPolicyName=NAME, FirewallPolicy=dict(actions, StatefulRuleGroupReferences=groups), Tags=TAGS)
    subnet = own_subnet(ec2)
    where = dict(VpcId=subnet["VpcId"], SubnetMappings=[dict(SubnetId=subnet["SubnetId"])])
    firewall.create_firewall(FirewallName=NAME, FirewallPolicyArn=policy["FirewallPolicyResponse"]["FirewallPolicyArn"], **where, Tags=TAGS)


def offer(ec2, balancers):
    balancer = balancers.create_load_balancer(Name=NAME, Type="network", Subnets=[own_subnet(ec2)["SubnetId"]])["LoadBalancers"][0]["LoadBalancerArn"]
    tags = [dict(ResourceType="vpc-endpoint-service", Tags=TAGS)]
    ec2.create_vpc_endpoint_service_configuration(NetworkLoadBalancerArns=[balancer], TagSpecifications=tags)


def serve(ec2, balancers):
    """A load balancer in two zones with a listener, a rule, and a group with one target."""
    subnet = own_subnet(ec2)
    zone = next(name for name in (f"{REGION}a", f"{REGION}c") if name != subnet["AvailabilityZone"])
    other = ec2.create_subnet(VpcId=subnet["VpcId"], CidrBlock="10.250.2.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    where = dict(Subnets=[subnet["SubnetId"], other], Scheme="internal")
    balancer = balancers.create_load_balancer(Name=f"{NAME}-web", **where, Tags=TAGS)["LoadBalancers"][0]["LoadBalancerArn"]
    group = balancers.create_target_group(Name=NAME, Protocol="HTTP", Port=80, VpcId=subnet["VpcId"], TargetType="ip", Tags=TAGS)
    lead = [dict(Type="forward", TargetGroupArn=group["TargetGroups"][0]["TargetGroupArn"])]
    balancers.register_targets(TargetGroupArn=lead[0]["TargetGroupArn"], Targets=[dict(Id="10.250.1.99")])
    listener = balancers.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=lead, Tags=TAGS)["Listeners"][0]["ListenerArn"]
    path = dict(Field="path-pattern", PathPatternConfig=dict(Values=["/x"]))
    balancers.create_rule(ListenerArn=listener, Priority=10, Conditions=[path], Actions=lead, Tags=TAGS)


def transit(client):
    """A gateway shared with another account, its VPC and a peering attached, and a route table of its own."""
    ec2 = client("ec2")

    def tagged(kind):
        return [dict(ResourceType=kind, Tags=TAGS)]

    def gateway(asn):
        made = ec2.create_transit_gateway(Options=dict(AmazonSideAsn=asn), TagSpecifications=tagged("transit-gateway"))["TransitGateway"]
        at_rest(ec2.describe_transit_gateways, TransitGatewayIds=[made["TransitGatewayId"]])
        return made

    one, other = gateway(65010), gateway(65011)
    vpc = ec2.create_vpc(CidrBlock="10.251.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.251.1.0/24")["Subnet"]["SubnetId"]
    place = dict(TransitGatewayId=one["TransitGatewayId"])
    ec2.create_transit_gateway_vpc_attachment(**place, VpcId=vpc, SubnetIds=[subnet], TagSpecifications=tagged("transit-gateway-attachment"))
    peer = dict(PeerTransitGatewayId=other["TransitGatewayId"], PeerAccountId=ACCOUNT, PeerRegion=REGION)
    ec2.create_transit_gateway_peering_attachment(**place, **peer, TagSpecifications=tagged("transit-gateway-attachment"))
    table = ec2.create_transit_gateway_route_table(**place, TagSpecifications=tagged("transit-gateway-route-table"))["TransitGatewayRouteTable"]
    at_rest(ec2.describe_transit_gateway_route_tables)
    ec2.create_transit_gateway_route(TransitGatewayRouteTableId=table["TransitGatewayRouteTableId"], DestinationCidrBlock="10.252.0.0/16", Blackhole=True)
    tags = [dict(key=tag["Key"], value=tag["Value"]) for tag in TAGS]
    client("ram").create_resource_share(name=NAME, principals=["999988887777"], resourceArns=[one["TransitGatewayArn"]], tags=tags)
    client("ram", account="999988887777").create_resource_share(name=NAME, principals=[ACCOUNT])
    for look in (ec2.describe_transit_gateway_attachments, ec2.describe_transit_gateway_peering_attachments):
        at_rest(look)


def site_to_site(ec2):
    """A router of theirs, connected to both of their gateways."""

    def tagged(kind):
        return [dict(ResourceType=kind, Tags=TAGS)]

    router = ec2.create_customer_gateway(Type="ipsec.1", BgpAsn=65099, IpAddress="203.0.113.99", TagSpecifications=tagged("customer-gateway"))
    mine = [dict(Name="tag:Name", Values=[NAME])]
    gateway = ec2.describe_vpn_gateways(Filters=mine)["VpnGateways"][0]["VpnGatewayId"]
    hub = ec2.describe_transit_gateways(Filters=mine)["TransitGateways"][0]["TransitGatewayId"]
    arguments = dict(Type="ipsec.1", CustomerGatewayId=router["CustomerGateway"]["CustomerGatewayId"], TagSpecifications=tagged("vpn-connection"))
    static = ec2.create_vpn_connection(**arguments, VpnGatewayId=gateway, Options=dict(StaticRoutesOnly=True))["VpnConnection"]["VpnConnectionId"]
    ec2.create_vpn_connection(**arguments, TransitGatewayId=hub)
    at_rest(ec2.describe_customer_gateways)
    at_rest(ec2.describe_vpn_connections)
    ec2.create_vpn_connection_route(VpnConnectionId=static, DestinationCidrBlock="10.253.0.0/16")


def direct_connect(client):
    """A gateway with their virtual private gateway, a port with a virtual interface, and what a carrier hosts for them."""
    mine, ec2 = client("directconnect"), client("ec2")
    tags = [dict(key=tag["Key"], value=tag["Value"]) for tag in TAGS]
    gateway = mine.create_direct_connect_gateway(directConnectGatewayName=NAME, amazonSideAsn=65020, tags=tags)["directConnectGateway"]
    port = mine.create_connection(location="EqTY2", bandwidth="10Gbps", connectionName=NAME, tags=tags)["connectionId"]
    carrier = client("directconnect", account="888877776666")
    interconnect = carrier.create_interconnect(interconnectName=NAME, bandwidth="10Gbps", location="EqTY2")["interconnectId"]
    hosted = dict(ownerAccount=ACCOUNT, bandwidth="50Mbps", connectionName=NAME, vlan=300)
    carrier.allocate_hosted_connection(connectionId=interconnect, **hosted)
    theirs = carrier.create_connection(location="EqTY2", bandwidth="10Gbps", connectionName=NAME)["connectionId"]
    told = dict(virtualInterfaceName=NAME, vlan=301, asnLong=65000, tags=tags)
    carrier.allocate_private_virtual_interface(connectionId=theirs, ownerAccount=ACCOUNT, newPrivateVirtualInterfaceAllocation=told)
    at_rest(mine.describe_direct_connect_gateways)
    wait_for_ports(client)
    where = dict(directConnectGatewayId=gateway["directConnectGatewayId"])
    mine.create_private_virtual_interface(connectionId=port, newPrivateVirtualInterface=dict(told, **where))
    virtual = ec2.describe_vpn_gateways(Filters=[dict(Name="tag:Name", Values=[NAME])])["VpnGateways"][0]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=virtual, VpcId=own_subnet(ec2)["VpcId"])
    mine.create_direct_connect_gateway_association(**where, gatewayId=virtual)
    at_rest(mine.describe_direct_connect_gateway_associations, **where)
    second = mine.create_direct_connect_gateway(directConnectGatewayName=f"{NAME}-transit", amazonSideAsn=65021, tags=tags)["directConnectGateway"]
    at_rest(mine.describe_direct_connect_gateways)
    transit_gateway = ec2.describe_transit_gateways(Filters=[dict(Name="options.amazon-side-asn", Values=["65010"])])["TransitGateways"][0]["TransitGatewayId"]
    where = dict(directConnectGatewayId=second["directConnectGatewayId"])
    mine.create_direct_connect_gateway_association(**where, gatewayId=transit_gateway, addAllowedPrefixesToDirectConnectGateway=[dict(cidr="10.251.0.0/16")])
    at_rest(mine.describe_direct_connect_gateway_associations, **where)


def at_rest(look, **which):
    """Look until nothing changes any more."""
    for dummy in range(3):
        look(**which)


def people(iam):
    iam.create_group(GroupName=NAME)
    iam.create_user(UserName=NAME, Tags=TAGS)
    iam.create_login_profile(UserName=NAME, Password="Bystander-7f3a!")
    iam.create_access_key(UserName=NAME)
    iam.add_user_to_group(GroupName=NAME, UserName=NAME)
    iam.create_policy(PolicyName=NAME, PolicyDocument=json.dumps(READS), Tags=TAGS)
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST), Tags=TAGS)
    send = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Action="firehose:PutRecord", Resource="*")])
    iam.put_role_policy(RoleName=NAME, PolicyName=NAME, PolicyDocument=json.dumps(send))
    iam.create_instance_profile(InstanceProfileName=NAME)
    iam.add_role_to_instance_profile(InstanceProfileName=NAME, RoleName=NAME)


def store(s3):
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration=dict(LocationConstraint=REGION))
    s3.put_bucket_tagging(Bucket=NAME, Tagging=dict(TagSet=TAGS))
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration=dict(Status="Enabled"))


def watch(sns, cloudwatch, logs):
    topic = sns.create_topic(Name=NAME, Tags=TAGS)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=f"{NAME}@example.com")
    how = dict(Namespace=NAME, MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")
    cloudwatch.put_metric_alarm(AlarmName=NAME, AlarmActions=[topic], **how)
    logs.create_log_group(logGroupName=NAME, tags=dict(Owner=NAME))
    transformation = dict(metricName="m", metricNamespace=NAME, metricValue="1")
    logs.put_metric_filter(logGroupName=NAME, filterName=NAME, filterPattern="ERROR", metricTransformations=[transformation])


def guard(client):
    """There is one hub in a Region, and of the others one in an account: theirs are in another Region or account."""
    for region, account in (("eu-west-1", ACCOUNT), (REGION, OTHER)):
        hub = client("securityhub", region, account)
        hub.enable_security_hub(EnableDefaultStandards=False, Tags=dict(Owner=NAME))
        (standard,) = (one["StandardsArn"] for one in hub.describe_standards()["Standards"] if "foundational" in one["StandardsArn"])
        hub.batch_enable_standards(StandardsSubscriptionRequests=[dict(StandardsArn=standard)])
        at_rest(hub.get_enabled_standards)
        off = dict(StandardsArn=standard, SecurityControlId="IAM.6", AssociationStatus="DISABLED", UpdatedReason=NAME)
        assert not hub.batch_update_standards_control_associations(StandardsControlAssociationUpdates=[off])["UnprocessedAssociationUpdates"]
    hub.create_finding_aggregator(RegionLinkingMode="SPECIFIED_REGIONS", Regions=["us-east-1"])
    shield = client("shield", REGION, OTHER)
    shield.create_subscription()
    address = client("ec2", REGION, OTHER).allocate_address(Domain="vpc")["AllocationId"]
    shield.create_protection(Name=NAME, ResourceArn=f"arn:aws:ec2:{REGION}:{OTHER}:eip-allocation/{address}", Tags=TAGS)


def back_up(firehose, logs, role):
    bucket = dict(RoleARN=role, BucketARN=f"arn:aws:s3:::{NAME}", Prefix=NAME)
    stream = firehose.create_delivery_stream(DeliveryStreamName=NAME, ExtendedS3DestinationConfiguration=bucket, Tags=TAGS)["DeliveryStreamARN"]
    at_rest(firehose.describe_delivery_stream, DeliveryStreamName=NAME)
    logs.put_subscription_filter(logGroupName=NAME, filterName=NAME, filterPattern="", destinationArn=stream, roleArn=role)


def answer(client, role):
    """A function with a variable, a statement and a reservation, an alias with what is provisioned, which a queue and a rule invoke."""
    queue = client("sqs").create_queue(QueueName=NAME)["QueueUrl"]
    source = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    reads = dict(Effect="Allow", Action=["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], Resource=source)
    client("iam").put_role_policy(RoleName=NAME, PolicyName="queue", PolicyDocument=json.dumps(dict(Version="2012-10-17", Statement=[reads])))
    functions, which = client("lambda"), dict(FunctionName=NAME)
    told = dict(Runtime="python3.13", Handler="app.handler", Environment=dict(Variables=dict(OWNER=NAME)), Tags=dict(Owner=NAME))
    functions.create_function(**which, Role=role, Code=dict(ZipFile=an_archive()), **told)
    functions.add_permission(**which, StatementId=NAME, Action="lambda:InvokeFunction", Principal="events.amazonaws.com")
    functions.put_function_concurrency(**which, ReservedConcurrentExecutions=5)
    functions.put_function_event_invoke_config(**which, MaximumRetryAttempts=1)
    functions.create_event_source_mapping(**which, EventSourceArn=source)
    target = dict(Id=NAME, Arn=functions.get_function(**which)["Configuration"]["FunctionArn"])
    client("events").put_rule(Name=NAME, ScheduleExpression="rate(1 day)", Tags=TAGS)
    client("events").put_targets(Rule=NAME, Targets=[target])
    while functions.get_function_configuration(**which)["LastUpdateStatus"] == "InProgress":
        pass
    version = functions.publish_version(**which)["Version"]
    functions.create_alias(**which, Name=NAME, FunctionVersion=version, Description=NAME)
    functions.put_provisioned_concurrency_config(**which, Qualifier=NAME, ProvisionedConcurrentExecutions=1)
    while functions.get_provisioned_concurrency_config(**which, Qualifier=NAME)["Status"] == "IN_PROGRESS":
        pass


def scale(client):
    """A group of servers with all that hangs on a group; what it launches has come into service."""
    ec2, scaling = client("ec2"), client("autoscaling")
    data = dict(ImageId="ami-02b76b739f98bb809", InstanceType="t3.micro")
    ec2.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData=data, TagSpecifications=[dict(ResourceType="launch-template", Tags=TAGS)])
    template = dict(LaunchTemplateSpecification=dict(LaunchTemplateName=NAME, Version="$Latest"), Overrides=[dict(InstanceType="t3.micro")])
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=NAME,
        MixedInstancesPolicy=dict(LaunchTemplate=template, InstancesDistribution=dict(OnDemandBaseCapacity=1)),
        MinSize=1,
        MaxSize=2,
        DefaultCooldown=60,
        TerminationPolicies=["OldestInstance"],
        HealthCheckType="ELB",
        HealthCheckGracePeriod=600,
        VPCZoneIdentifier=own_subnet(ec2)["SubnetId"],
        Tags=[dict(tag, ResourceId=NAME, ResourceType="auto-scaling-group", PropagateAtLaunch=True) for tag in TAGS],
    )
    which = dict(AutoScalingGroupName=NAME)
    scaling.suspend_processes(**which, ScalingProcesses=["AZRebalance"])
    scaling.enable_metrics_collection(**which, Metrics=["GroupTotalInstances"], Granularity="1Minute")
    scaling.put_lifecycle_hook(**which, LifecycleHookName=NAME, LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING")
    scaling.put_scheduled_update_group_action(**which, ScheduledActionName=NAME, Recurrence="0 1 * * *", TimeZone="Asia/Tokyo", MinSize=1)
    tracking = dict(PredefinedMetricSpecification=dict(PredefinedMetricType="ASGAverageCPUUtilization"), TargetValue=50.0)
    scaling.put_scaling_policy(**which, PolicyName=NAME, PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=tracking)
    topic = client("sns").create_topic(Name=NAME)["TopicArn"]
    scaling.put_notification_configuration(**which, TopicARN=topic, NotificationTypes=["autoscaling:EC2_INSTANCE_LAUNCH_ERROR"])
    while scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"][0]["Instances"][0]["LifecycleState"] == "Pending":
        pass


def blog(lightsail):
    lightsail.create_instances(instanceNames=[NAME], availabilityZone=f"{REGION}a", blueprintId="wordpress", bundleId="micro_3_0")
    when = dict(metricName="CPUUtilization", comparisonOperator="GreaterThanThreshold", threshold=80, evaluationPeriods=3)
    lightsail.put_alarm(alarmName=f"{NAME}-cpu", monitoredResourceName=NAME, **when, contactProtocols=["Email"], tags=[dict(key="Owner", value=NAME)])


def spend(budgets):
    limit = dict(BudgetName=NAME, BudgetType="COST", TimeUnit="MONTHLY", BudgetLimit=dict(Amount="1", Unit="USD"))
    notification = dict(NotificationType="ACTUAL", ComparisonOperator="GREATER_THAN", Threshold=80.0)
    told = [dict(Notification=notification, Subscribers=[dict(SubscriptionType="EMAIL", Address=f"{NAME}@example.com")])]
    budgets.create_budget(AccountId=ACCOUNT, Budget=limit, NotificationsWithSubscribers=told, ResourceTags=TAGS)


def audit(s3, cloudtrail, config, config_elsewhere, role):
    """There is one recorder in a Region: this one is in another, and in ours is one that an AWS service has for itself."""
    bucket = f"{NAME}-audit"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=dict(LocationConstraint=REGION))
    services = dict(Service=["cloudtrail.amazonaws.com", "config.amazonaws.com"])
    allowed = dict(Effect="Allow", Principal=services, Action="s3:*", Resource=[f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"])
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(dict(Version="2012-10-17", Statement=[allowed])))
    cloudtrail.create_trail(Name=NAME, S3BucketName=bucket, IsMultiRegionTrail=True, TagsList=TAGS)
    selector = dict(Name=NAME, FieldSelectors=[dict(Field="eventCategory", Equals=["Management"])])
    cloudtrail.put_event_selectors(TrailName=NAME, AdvancedEventSelectors=[selector])
    cloudtrail.start_logging(Name=NAME)
    config_elsewhere.put_configuration_recorder(ConfigurationRecorder=dict(name=NAME, roleARN=role), Tags=TAGS)
    config_elsewhere.put_delivery_channel(DeliveryChannel=dict(name=NAME, s3BucketName=bucket))
    config_elsewhere.start_configuration_recorder(ConfigurationRecorderName=NAME)
    config_elsewhere.put_retention_configuration(RetentionPeriodInDays=365)
    config.put_service_linked_configuration_recorder(ServicePrincipal="securityhub.amazonaws.com")


def plant_in_mackerel(double):
    """One of everything in the organization; other calls than the door's, and what only the console makes."""

    def post(path, **body):
        request = urllib.request.Request(f"{double.url}/api/v0{path}", data=json.dumps(body).encode(), method="POST")
        request.add_header("X-Api-Key", double.key)
        request.add_header("Content-Type", "application/json")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            return json.load(answer)

    post("/services", name=NAME, memo=NAME)
    post(f"/services/{NAME}/roles", name=NAME, memo=NAME)
    for path in (f"/services/{NAME}", f"/services/{NAME}/roles/{NAME}"):
        put = urllib.request.Request(f"{double.url}/api/v0{path}/metadata/owner", data=json.dumps(NAME).encode(), method="PUT")
        put.add_header("X-Api-Key", double.key)
        put.add_header("Content-Type", "application/json")
        urllib.request.urlopen(put, timeout=20).close()
    role = f"{NAME}:{NAME}"
    threshold = dict(operator=">", warning=80, critical=90)
    monitors = [
        dict(type="host", metric="cpu%", duration=3, scopes=[role], isMute=True, **threshold),
        dict(type="connectivity", scopes=[NAME], alertStatusOnGone="WARNING"),
        dict(type="service", service=NAME, metric="jobs", duration=1, **threshold),
        dict(type="external", url="https://bystander.example.jp/", headers=[dict(name="Authorization", value=NAME)], dualstack="auto"),
        dict(type="expression", expression=f'avg(roleSlots("{role}", "loadavg5"))', **threshold),
        dict(type="anomalyDetection", scopes=[role], warningSensitivity="normal"),
        dict(type="query", query="container.cpu.utilization", **threshold),
    ]
    ids = [post("/monitors", name=f"{NAME} {one['type']}", memo=NAME, **one)["id"] for one in monitors]
    channel = post("/channels", type="webhook", name=NAME, url=f"https://bystander.example.jp/{NAME}", events=["alert"], enabledGraphImage=True)["id"]
    double.plant("channels", type="chatwork", name=NAME, suspendedAt=None)
    lists = dict(childNotificationGroupIds=[], childChannelIds=[channel], monitors=[dict(id=ids[0], skipDefault=True)], services=[dict(name=NAME)])
    post("/notification-groups", name=NAME, notificationLevel="critical", **lists)
    post("/alert-group-settings", name=NAME, memo=NAME, roleScopes=[role], monitorScopes=[ids[0]], notificationInterval=60)
    post("/downtimes", name=NAME, memo=NAME, start=1700000000, duration=60, monitorScopes=[ids[1]])
    post("/graph-annotations", **{"title": NAME, "from": 1700000000, "to": 1700000060, "service": NAME, "roles": [NAME]})
    widget = dict(type="markdown", title=NAME, markdown=NAME, layout=dict(x=0, y=0, width=24, height=4))
    post("/dashboards", title=NAME, memo=NAME, urlPath=NAME, widgets=[widget])
    services = dict(EC2=dict(enable=True, role=role, excludedMetrics=["ec2.network.in"]))
    reached = dict(roleArn=f"arn:aws:iam::{OTHER}:role/{NAME}", externalId=NAME, region=REGION, includedTags="", excludedTags="")
    post("/aws-integrations", name=NAME, memo=NAME, services=services, **reached)
    post("/invitations", email=f"{NAME}@example.jp", authority="viewer")
    double.plant("users", screenName=NAME, email=f"{NAME}-member@example.jp", authority="collaborator", joinedAt=1600000000)
    host = dict(size="standard", status="maintenance", memo=NAME, isRetired=False, createdAt=1600000000, roles={NAME: [NAME]}, interfaces=[], meta={})
    double.plant("hosts", name=NAME, customIdentifier=f"{NAME}.ec2.amazonaws.com", **host)


PLANT = {Stage: plant_bystanders, MackerelStage: plant_in_mackerel}
LEAST = {Stage: 40, MackerelStage: 20}
