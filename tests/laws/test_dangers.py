# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: one test for each note of catalog/dangers.yml.

Each plays the same wish twice from the same account: ours, then the other one as a playbook runs it. What is looked at is read with boto3.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.laws.outside import OUTSIDE, wait_for_ports
from tests.laws.stage import ACCOUNT, REGION, VAULT, entries, examples
from tests.laws.test_gateways import client, dangerous, harmless, refused, task, unconfirmed, write

ALARMS, CONFIG, GROUPS, SECRETS, TRAILS = "cloudwatch_alarms", "config_configuration_recorder", "logs_log_groups", "secretsmanager_secrets", "cloudtrail_trails"
ACLS, ADDRESSES, ENDPOINTS, NATS, SUBNETS = "ec2_network_acls", "ec2_elastic_ips", "ec2_vpc_endpoints", "ec2_nat_gateways", "ec2_subnets"
TABLES, VGWS, VPCS, WALLS = "ec2_route_tables", "ec2_vpn_gateways", "ec2_vpcs", "ec2_security_groups"
AMAZONS = "arn:aws:iam::aws:policy/"
SERVERS = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal=dict(Service="ec2.amazonaws.com"), Action="sts:AssumeRole")])
ALL = dict(rule_number=100, rule_action="allow", protocol="-1", cidr_block="0.0.0.0/0")
OWNED = dict(Owner="infra")


@pytest.fixture
def account(stage):
    stage.double.reset()
    return stage


def both(stage, look, ours, other):
    """What `look` sees after ours, and after the other one, each from the account as it is now."""
    stage.double.snapshot("before the danger")
    ours()
    left = look()
    stage.double.restore("before the danger")
    other()
    return left, look()


def named(answer, name):
    """The one thing of an answer of EC2 that has this name and is there."""
    things = next(value for value in answer.values() if isinstance(value, list))
    return next(one for one in things if dict(Key="Name", Value=name) in one.get("Tags", []) and one.get("State") not in ("deleted", "deleting"))


# -- IAM


def test_iam_user_sets_passwords_anew(account, theirs):
    """Ours makes a first password where there is none and never calls UpdateLoginProfile."""
    iam = client(account, "iam")
    write(account, "iam_users", dict(name="alice"))
    iam.create_login_profile(UserName="alice", Password="Chosen-by-alice-1", PasswordResetRequired=True)

    def look():
        return iam.get_login_profile(UserName="alice")["LoginProfile"]["PasswordResetRequired"]

    def ours():
        assert not write(account, "iam_login_profiles", dict(user="alice", password_reset_required=False))["changed"]

    assert both(account, look, ours, lambda: theirs("amazon.aws.iam_user", name="alice", state="present", password="From-the-sheet-1")) == (True, False)


def test_iam_access_key_makes_a_key_in_every_run(account, theirs):
    write(account, "iam_users", dict(name="alice"))

    def look():
        return len(client(account, "iam").list_access_keys(UserName="alice")["AccessKeyMetadata"])

    def ours():
        for dummy in range(3):
            write(account, "iam_access_keys", dict(user="alice", secret="acme/alice", purpose="backup"))

    assert both(account, look, ours, lambda: theirs("amazon.aws.iam_access_key", user_name="alice", times=2)) == (1, 2)


def test_iam_access_key_shows_the_secret(account, theirs):
    """Ours puts it into a secret and shows neither."""
    write(account, "iam_users", dict(name="alice"), dict(name="bob"))
    told = json.dumps(write(account, "iam_access_keys", dict(user="alice", secret="acme/alice", purpose="backup")))
    kept = json.loads(client(account, "secretsmanager").get_secret_value(SecretId="acme/alice")["SecretString"])["SecretAccessKey"]
    assert kept not in told
    assert re.search(r'"secret_access_key": "[A-Za-z0-9/+=]{30,}"', theirs("amazon.aws.iam_access_key", user_name="bob"))


def test_iam_access_key_deletes_the_oldest_key(account, theirs):
    """Ours refuses a third key and names the two."""
    iam = client(account, "iam")
    write(account, "iam_users", dict(name="alice"))
    made = [iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"] for dummy in range(2)]

    def look():
        return made[0] in [key["AccessKeyId"] for key in iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]]

    def ours():
        assert made[0] in refused(account, "iam_access_keys", dict(user="alice", secret="acme/alice", purpose="backup"))

    assert both(account, look, ours, lambda: theirs("amazon.aws.iam_access_key", user_name="alice", rotate_keys=True)) == (True, False)


@pytest.fixture
def role(account):
    policies = [f"{AMAZONS}ReadOnlyAccess", f"{AMAZONS}IAMReadOnlyAccess"]
    write(account, "iam_roles", dict(name="acme", assume_role_policy=SERVERS, max_session_duration=7200, managed_policies=policies))
    return account


def test_iam_role_detaches_policies(role, theirs):
    one_more = [f"{AMAZONS}AmazonSSMManagedInstanceCore"]

    def look():
        return {policy["PolicyName"] for policy in client(role, "iam").list_attached_role_policies(RoleName="acme")["AttachedPolicies"]}

    left, taken = both(
        role,
        look,
        lambda: harmless(role, "iam_roles", dict(name="acme", managed_policies=one_more)),
        lambda: theirs("amazon.aws.iam_role", name="acme", assume_role_policy_document=SERVERS, managed_policies=one_more),
    )
    assert left == {"ReadOnlyAccess", "IAMReadOnlyAccess", "AmazonSSMManagedInstanceCore"} and taken == {"AmazonSSMManagedInstanceCore"}


def test_iam_role_makes_an_instance_profile(account, theirs):
    left, made = both(
        account,
        lambda: [profile["InstanceProfileName"] for profile in client(account, "iam").list_instance_profiles()["InstanceProfiles"]],
        lambda: write(account, "iam_roles", dict(name="acme", assume_role_policy=SERVERS)),
        lambda: theirs("amazon.aws.iam_role", name="acme", assume_role_policy_document=SERVERS),
    )
    assert (left, made) == ([], ["acme"])


def test_iam_role_shortens_sessions(role, theirs):
    """UpdateRole with a description alone falls back to an hour, which the same run then asks of nobody."""
    left, cut = both(
        role,
        lambda: client(role, "iam").get_role(RoleName="acme")["Role"]["MaxSessionDuration"],
        lambda: harmless(role, "iam_roles", dict(name="acme", description="servers")),
        lambda: theirs("amazon.aws.iam_role", name="acme", assume_role_policy_document=SERVERS, description="servers", purge_policies=False),
    )
    assert (left, cut) == (7200, 3600)


def test_iam_managed_policy_strips_amazons_policy_from_everybody(account, theirs):
    """Asked to remove a policy by a name which only Amazon's has, ours finds nothing."""
    iam = client(account, "iam")
    iam.create_group(GroupName="admins")
    iam.attach_group_policy(GroupName="admins", PolicyArn=f"{AMAZONS}AdministratorAccess")
    gone = dict(name="AdministratorAccess", state="absent")
    left, taken = both(
        account,
        lambda: len(iam.list_attached_group_policies(GroupName="admins")["AttachedPolicies"]),
        lambda: write(account, "iam_policies", gone, confirm=["iam_policies/AdministratorAccess"]),
        lambda: theirs("amazon.aws.iam_managed_policy", **gone),
    )
    assert (left, taken) == (1, 0)


def allowing(action):
    return dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Action=action, Resource="*")])


def test_iam_managed_policy_deletes_the_oldest_version(account, theirs):
    """Ours asks first."""
    for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject", "s3:GetObjectTagging"):
        write(account, "iam_policies", dict(name="acme", policy=allowing(action)))
    sixth, arn = allowing("s3:GetBucketLocation"), f"arn:aws:iam::{ACCOUNT}:policy/acme"
    left, taken = both(
        account,
        lambda: "v1" in [version["VersionId"] for version in client(account, "iam").list_policy_versions(PolicyArn=arn)["Versions"]],
        lambda: unconfirmed(account, "iam_policies", dict(name="acme", policy=sixth)),
        lambda: theirs("amazon.aws.iam_managed_policy", name="acme", policy=sixth),
    )
    assert (left, taken) == (True, False)


def test_iam_group_is_removed_by_half(account, theirs):
    """With its confirmation ours removes the whole of it; the other one takes out members and policies, and fails at an inline policy."""
    iam, gone = client(account, "iam"), dict(name="acme", state="absent")
    write(account, "iam_groups", dict(name="acme", inline_policies=dict(read=allowing("s3:GetObject"))))
    write(account, "iam_users", dict(name="alice", groups=["acme"]))
    left, half = both(
        account,
        lambda: [(group["GroupName"], iam.get_group(GroupName=group["GroupName"])["Users"]) for group in iam.list_groups()["Groups"]],
        lambda: write(account, "iam_groups", gone, confirm=["iam_groups/acme"]),
        lambda: theirs("amazon.aws.iam_group", **gone),
    )
    assert (left, half) == ([], [("acme", [])])


def test_iam_instance_profile_swaps_the_role(account, theirs):
    """Servers are without rights meanwhile; ours asks first."""
    for name in ("acme", "other"):
        write(account, "iam_roles", dict(name=name, assume_role_policy=SERVERS))
    write(account, "iam_instance_profiles", dict(name="acme", role="acme"))
    left, swapped = both(
        account,
        lambda: client(account, "iam").get_instance_profile(InstanceProfileName="acme")["InstanceProfile"]["Roles"][0]["RoleName"],
        lambda: unconfirmed(account, "iam_instance_profiles", dict(name="acme", role="other")),
        lambda: theirs("amazon.aws.iam_instance_profile", name="acme", role="other"),
    )
    assert (left, swapped) == ("acme", "other")


@pytest.fixture
def passwords(account):
    """A strict policy, and how to look at it."""
    words = dict(minimum_password_length=14, require_symbols=True, require_numbers=True, require_uppercase_characters=True)
    write(account, "iam_password_policy", dict(words, require_lowercase_characters=True, allow_users_to_change_password=True, max_password_age=90))
    return lambda: client(account, "iam").get_account_password_policy()["PasswordPolicy"]


def test_iam_password_policy_writes_in_check_mode(account, passwords, theirs):
    left, written = both(
        account,
        lambda: passwords()["MinimumPasswordLength"],
        lambda: account.run("iam_password_policy", task("iam_password_policy", dict(minimum_password_length=8)), check=True),
        lambda: theirs("amazon.aws.iam_password_policy", "--check", state="present", min_pw_length=8),
    )
    assert (left, written) == (14, 8)


def test_iam_password_policy_resets_what_is_not_named(account, passwords, theirs):
    names = ("RequireSymbols", "RequireNumbers", "AllowUsersToChangePassword", "ExpirePasswords")
    left, reset = both(
        account,
        lambda: [passwords()[name] for name in names],
        lambda: harmless(account, "iam_password_policy", dict(minimum_password_length=16)),
        lambda: theirs("amazon.aws.iam_password_policy", state="present", min_pw_length=16),
    )
    assert left == [True] * 4 and reset == [False] * 4


# -- buckets, AWS Config and CloudTrail


@pytest.fixture
def bucket(account):
    blocks = dict(ignore_public_acls=True, block_public_policy=True, restrict_public_buckets=True, block_public_acls=False)
    write(account, "s3_buckets", dict(name="acme", public_access_block=blocks, require_tls=True))
    return account


def test_s3_bucket_switches_other_blocks_off(bucket, theirs):
    left, opened = both(
        bucket,
        lambda: list(client(bucket, "s3").get_public_access_block(Bucket="acme")["PublicAccessBlockConfiguration"].values()),
        lambda: harmless(bucket, "s3_buckets", dict(name="acme", public_access_block=dict(block_public_acls=True))),
        lambda: theirs("amazon.aws.s3_bucket", name="acme", public_access=dict(block_public_acls=True)),
    )
    assert left == [True] * 4 and sorted(opened) == [False] * 3 + [True]


def test_s3_bucket_replaces_the_policy(bucket, theirs):
    """Ours has a word for what a service needs, which becomes a statement beside the others."""
    s3, service = client(bucket, "s3"), "config.amazonaws.com"
    deliver = dict(Sid="Deliver", Effect="Allow", Principal=dict(Service=service), Action="s3:PutObject", Resource="arn:aws:s3:::acme/*")
    left, replaced = both(
        bucket,
        lambda: {statement["Effect"] for statement in json.loads(s3.get_bucket_policy(Bucket="acme")["Policy"])["Statement"]},
        lambda: harmless(bucket, "s3_buckets", dict(name="acme", deliveries=[dict(service=service)])),
        lambda: theirs("amazon.aws.s3_bucket", name="acme", policy=dict(Version="2012-10-17", Statement=[deliver])),
    )
    assert (left, replaced) == ({"Allow", "Deny"}, {"Allow"})


@pytest.fixture
def config(stage):
    stage.prepare(CONFIG)
    write(stage, CONFIG, examples(CONFIG).make["configuration_recorder"])
    return stage


def test_config_recorder_drops_the_recording_mode(config, theirs):
    def look():
        return client(config, "config").describe_configuration_recorders()["ConfigurationRecorders"][0]["recordingMode"]

    arn = client(config, "iam").get_role(RoleName="acme-config")["Role"]["Arn"]
    everything = dict(all_supported=True, include_global_types=True)
    own = look()
    left, dropped = both(
        config,
        look,
        lambda: write(config, CONFIG, dict(role="acme-config", service_linked_role=False), confirm=[f"{CONFIG}/configuration_recorder"]),
        lambda: theirs("community.aws.config_recorder", name="default", role_arn=arn, recording_group=everything),
    )
    assert left == own and "recordingModeOverrides" in own and "recordingModeOverrides" not in dropped


def test_config_delivery_channel_takes_the_topic_off(config, theirs):
    left, taken = both(
        config,
        lambda: "snsTopicARN" in client(config, "config").describe_delivery_channels()["DeliveryChannels"][0],
        lambda: harmless(config, CONFIG, dict(delivery_frequency="Six_Hours")),
        lambda: theirs("community.aws.config_delivery_channel", name="default", s3_bucket="acme-config", delivery_frequency="Six_Hours"),
    )
    assert (left, taken) == (True, False)


def test_config_recorder_never_starts(stage, theirs):
    stage.prepare(CONFIG)
    arn = client(stage, "iam").get_role(RoleName="acme-config")["Role"]["Arn"]
    left, still = both(
        stage,
        lambda: [status["recording"] for status in client(stage, "config").describe_configuration_recorder_status()["ConfigurationRecordersStatus"]],
        lambda: write(stage, CONFIG, dict(name="default", role="acme-config", s3_bucket_name="acme-config", recording=True)),
        lambda: theirs("community.aws.config_recorder", name="default", role_arn=arn, recording_group=dict(all_supported=True)),
    )
    assert (left, still) == ([True], [False])


@pytest.fixture
def trails(stage):
    """What makes one of the two trails of the examples, and a look at it: the other module takes the first that it sees."""
    stage.prepare(TRAILS)

    def make(number, **options):
        entry = entries(TRAILS, examples(TRAILS).make)[number]
        write(stage, TRAILS, dict(entry, **options))
        return lambda: client(stage, "cloudtrail").get_trail(Name=entry["name"])["Trail"]

    return make


def test_cloudtrail_makes_a_trail_of_one_region(stage, trails, theirs):
    """Asked for name and bucket alone, which the module demands."""
    trail, wish = trails(0), dict(name="acme-trail", s3_bucket_name="acme-trail")
    left, narrowed = both(stage, lambda: trail()["IsMultiRegionTrail"], lambda: write(stage, TRAILS, wish), lambda: theirs("amazon.aws.cloudtrail", **wish))
    assert (left, narrowed) == (True, False)


def test_cloudtrail_starts_a_stopped_trail(stage, trails, theirs):
    trails(1, logging=False)
    left, started = both(
        stage,
        lambda: client(stage, "cloudtrail").get_trail_status(Name="acme-files")["IsLogging"],
        lambda: harmless(stage, TRAILS, dict(name="acme-files", tags=OWNED)),
        lambda: theirs("amazon.aws.cloudtrail", name="acme-files", s3_bucket_name="acme-archive", tags=OWNED),
    )
    assert (left, started) == (False, True)


def test_cloudtrail_includes_global_events(stage, trails, theirs):
    trail = trails(1, include_global_service_events=False)
    left, included = both(
        stage,
        lambda: trail()["IncludeGlobalServiceEvents"],
        lambda: harmless(stage, TRAILS, dict(name="acme-files", tags=OWNED)),
        lambda: theirs("amazon.aws.cloudtrail", name="acme-files", s3_bucket_name="acme-archive", tags=OWNED),
    )
    assert (left, included) == (False, True)


def test_config_rule_takes_away_what_it_is_not_told(stage, theirs):
    stage.prepare("config_rules")
    stage.run("config_rules", examples("config_rules").make)

    def look():
        rules = client(stage, "config").describe_config_rules(ConfigRuleNames=["acme-ssh"])["ConfigRules"]
        return rules[0]["Description"], "Scope" in rules[0]

    left, taken = both(
        stage,
        look,
        lambda: harmless(stage, "config_rules", dict(name="acme-ssh", description="closed")),
        lambda: theirs("community.aws.config_rule", name="acme-ssh", description="closed", source=dict(owner="AWS", identifier="INCOMING_SSH_DISABLED")),
    )
    assert (left, taken) == (("closed", True), ("closed", False))


# -- secrets


@pytest.fixture
def secret(account):
    """It rotates on Sundays, another account reads it; and a look at it."""
    OUTSIDE[SECRETS](account.client)
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:acme-rotation"
    partner = dict(allowing("secretsmanager:GetSecretValue"))
    partner["Statement"] = [dict(partner["Statement"][0], Principal=dict(AWS="arn:aws:iam::210987654321:root"))]
    rotation = dict(lambda_arn=function, schedule_expression="cron(0 18 ? * SUN *)")
    write(account, SECRETS, dict(name="acme", secret_string="x", description="mail", policy=partner, rotation=rotation))
    return lambda: client(account, "secretsmanager").describe_secret(SecretId="acme")


def test_secretsmanager_secret_cancels_the_rotation(account, secret, theirs):
    left, cancelled = both(
        account,
        lambda: secret().get("RotationEnabled", False),
        lambda: harmless(account, SECRETS, dict(name="acme", tags=OWNED)),
        lambda: theirs("community.aws.secretsmanager_secret", name="acme", secret="x", description="mail", tags=OWNED),
    )
    assert (left, cancelled) == (True, False)


def test_secretsmanager_secret_deletes_the_policy(account, secret, theirs):
    left, deleted = both(
        account,
        lambda: "ResourcePolicy" in client(account, "secretsmanager").get_resource_policy(SecretId="acme"),
        lambda: harmless(account, SECRETS, dict(name="acme", tags=OWNED)),
        lambda: theirs("community.aws.secretsmanager_secret", name="acme", secret="x", description="mail", tags=OWNED),
    )
    assert (left, deleted) == (True, False)


def test_secretsmanager_secret_rotates_in_check_mode(account, secret, theirs):
    left, cancelled = both(
        account,
        lambda: secret().get("RotationEnabled", False),
        lambda: account.run(SECRETS, task(SECRETS, dict(name="acme", clear=["rotation"])), check=True),
        lambda: theirs("community.aws.secretsmanager_secret", "--check", name="acme", secret="x", description="mail"),
    )
    assert (left, cancelled) == (True, False)


def test_secretsmanager_secret_replaces_the_schedule(account, secret):
    """Of the function alone, ours sees no difference. The other one's call would rotate at once, for which the double has no function to run."""
    before = secret()["RotationRules"]
    assert not write(account, SECRETS, dict(name="acme", rotation=dict(lambda_arn=secret()["RotationLambdaARN"])))["changed"]
    assert secret()["RotationRules"] == before == dict(ScheduleExpression="cron(0 18 ? * SUN *)")


def test_secretsmanager_secret_rotates_at_once(account, theirs):
    """Its wish is a schedule. The double has no function that it could run, and says so where a call asks it to."""
    OUTSIDE[SECRETS](account.client)
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:acme-rotation"
    write(account, SECRETS, dict(name="acme", secret_string="x"))
    harmless(account, SECRETS, dict(name="acme", rotation=dict(lambda_arn=function, automatically_after_days=30)))
    told = theirs("community.aws.secretsmanager_secret", name="acme", secret="x", rotation_lambda=function, rotation_interval=31)
    assert "the function would have to run" in told


def test_secretsmanager_secret_writes_the_old_value_back(account, theirs):
    write(account, SECRETS, dict(name="acme", secret_string="of the sheet"))
    client(account, "secretsmanager").put_secret_value(SecretId="acme", SecretString="rotated since")
    left, old = both(
        account,
        lambda: client(account, "secretsmanager").get_secret_value(SecretId="acme")["SecretString"],
        lambda: write(account, SECRETS, dict(name="acme", secret_string="of the sheet")),
        lambda: theirs("community.aws.secretsmanager_secret", name="acme", secret="of the sheet"),
    )
    assert (left, old) == ("rotated since", "of the sheet")


def test_secretsmanager_secret_makes_a_version_in_every_run(account, theirs):
    """Of a secret with a key of the customer's that is not named again."""
    write(account, SECRETS, dict(name="acme", secret_string="x", kms_key_id="alias/acme"))
    left, more = both(
        account,
        lambda: client(account, "secretsmanager").get_secret_value(SecretId="acme")["VersionId"],
        lambda: write(account, SECRETS, dict(name="acme", secret_string="x")),
        lambda: theirs("community.aws.secretsmanager_secret", name="acme", secret="x"),
    )
    assert left != more


# -- networks


@pytest.fixture
def network(account):
    """A VPC with two subnets and an internet gateway, and a VPC beside it."""
    write(account, VPCS, dict(name="acme", cidr_block="10.20.0.0/16"), dict(name="other", cidr_block="10.30.0.0/16"))
    blocks = dict(a="10.20.1.0/24", c="10.20.2.0/24")
    write(account, SUBNETS, *(dict(name=zone, vpc="acme", cidr_block=block, availability_zone=f"{REGION}{zone}") for zone, block in blocks.items()))
    write(account, "ec2_internet_gateways", dict(name="acme", vpc="acme"))
    return account


@pytest.fixture
def ec2(network):
    return client(network, "ec2")


def vpc_id(ec2, name="acme"):
    return named(ec2.describe_vpcs(), name)["VpcId"]


def subnet_id(ec2, name="a"):
    return named(ec2.describe_subnets(), name)["SubnetId"]


def test_ec2_vpc_net_makes_a_second_vpc_of_a_renamed_one(network, ec2, theirs):
    left, more = both(
        network,
        lambda: len(ec2.describe_vpcs(Filters=[dict(Name="cidr", Values=["10.20.0.0/16"])])["Vpcs"]),
        lambda: write(network, VPCS, dict(id=vpc_id(ec2), name="renamed", cidr_block="10.20.0.0/16")),
        lambda: theirs("amazon.aws.ec2_vpc_net", name="renamed", cidr_block="10.20.0.0/16"),
    )
    assert (left, more) == (1, 2)


def test_ec2_vpc_subnet_stops_public_addresses(network, ec2, theirs):
    write(network, SUBNETS, dict(name="a", vpc="acme", map_public_ip_on_launch=True))
    left, stopped = both(
        network,
        lambda: named(ec2.describe_subnets(), "a")["MapPublicIpOnLaunch"],
        lambda: harmless(network, SUBNETS, dict(name="a", vpc="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_vpc_subnet", vpc_id=vpc_id(ec2), cidr="10.20.1.0/24", tags=dict(OWNED, Name="a")),
    )
    assert (left, stopped) == (True, False)


def test_ec2_vpc_subnet_takes_the_ipv6_block_off(network, ec2, theirs):
    write(network, VPCS, dict(name="acme", amazon_provided_ipv6_cidr_block=True))
    block = named(ec2.describe_vpcs(), "acme")["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].replace("/56", "/64")
    write(network, SUBNETS, dict(name="a", vpc="acme", ipv6_cidr_block=block))

    def look():
        return [one["Ipv6CidrBlockState"]["State"] for one in named(ec2.describe_subnets(), "a")["Ipv6CidrBlockAssociationSet"]]

    left, taken = both(
        network,
        look,
        lambda: harmless(network, SUBNETS, dict(name="a", vpc="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_vpc_subnet", vpc_id=vpc_id(ec2), cidr="10.20.1.0/24", tags=dict(OWNED, Name="a")),
    )
    assert left == ["associated"] and "associated" not in taken


def test_ec2_vpc_subnet_passes_over_another_zone(network, ec2, theirs):
    """Where a subnet is cannot change; ours says so in place of "ok"."""
    assert "cannot change after creation" in refused(network, SUBNETS, dict(name="a", vpc="acme", availability_zone=f"{REGION}d"))
    told = theirs("amazon.aws.ec2_vpc_subnet", vpc_id=vpc_id(ec2), cidr="10.20.1.0/24", az=f"{REGION}d")
    assert "failed=0" in told and '"changed": false' in told
    assert named(ec2.describe_subnets(), "a")["AvailabilityZone"] == f"{REGION}a"


def test_ec2_vpc_igw_makes_a_second_gateway(network, ec2, theirs):
    """There is one of this name, which nothing is attached to yet."""
    write(network, "ec2_internet_gateways", dict(name="waiting"))
    left, more = both(
        network,
        lambda: len(ec2.describe_internet_gateways(Filters=[dict(Name="tag:Name", Values=["waiting"])])["InternetGateways"]),
        lambda: harmless(network, "ec2_internet_gateways", dict(name="waiting", vpc="other")),
        lambda: theirs("amazon.aws.ec2_vpc_igw", vpc_id=vpc_id(ec2, "other"), tags=dict(Name="waiting")),
    )
    assert (left, more) == (1, 2)


@pytest.fixture
def attached(network, ec2):
    """Where the VPN gateway is attached."""
    write(network, VGWS, dict(name="acme", vpc="acme", amazon_side_asn=64620))
    return lambda: [one["VpcId"] for one in named(ec2.describe_vpn_gateways(), "acme")["VpcAttachments"] if one["State"] == "attached"]


def test_ec2_vpc_vgw_detaches_the_gateway(network, ec2, attached, theirs):
    left, detached = both(
        network,
        attached,
        lambda: harmless(network, VGWS, dict(name="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_vpc_vgw", name="acme", tags=OWNED),
    )
    assert (left, detached) == ([vpc_id(ec2)], [])


def test_ec2_vpc_vgw_moves_the_gateway(network, ec2, attached, theirs):
    """Ours wants the cut to be made on its own, which needs a confirmation."""
    left, moved = both(
        network,
        attached,
        lambda: refused(network, VGWS, dict(name="acme", vpc="other")),
        lambda: theirs("amazon.aws.ec2_vpc_vgw", name="acme", vpc_id=vpc_id(ec2, "other")),
    )
    assert (left, moved) == ([vpc_id(ec2)], [vpc_id(ec2, "other")])


def test_ec2_vpc_vgw_passes_over_another_asn(network, ec2, attached, theirs):
    assert "cannot change after creation" in refused(network, VGWS, dict(name="acme", amazon_side_asn=64621))
    told = theirs("amazon.aws.ec2_vpc_vgw", name="acme", vpc_id=vpc_id(ec2), asn=64621)
    assert "failed=0" in told and '"changed": false' in told
    assert named(ec2.describe_vpn_gateways(), "acme")["AmazonSideAsn"] == 64620


def test_ec2_vpc_nat_gateway_makes_one_more_in_every_run(network, ec2, theirs):
    """With an address each, which costs as well."""
    write(network, ADDRESSES, dict(name="nat"))

    def ours():
        for dummy in range(2):
            write(network, NATS, dict(name="acme", subnet="a", elastic_ip="nat"))

    left, more = both(
        network,
        lambda: (len(ec2.describe_nat_gateways()["NatGateways"]), len(ec2.describe_addresses()["Addresses"])),
        ours,
        lambda: theirs("amazon.aws.ec2_vpc_nat_gateway", subnet_id=subnet_id(ec2), tags=dict(Name="acme"), times=2),
    )
    assert (left, more) == ((1, 1), (2, 3))


def test_ec2_vpc_nat_gateway_takes_any_gateway_of_the_subnet(network, ec2, theirs):
    """Asked for a private one beside a public one, it hands out and renames that."""
    write(network, ADDRESSES, dict(name="nat"))
    write(network, NATS, dict(name="acme", subnet="a", elastic_ip="nat"))
    wish = dict(subnet_id=subnet_id(ec2), connectivity_type="private", if_exist_do_not_create=True, tags=dict(Name="office"))
    left, renamed = both(
        network,
        lambda: {one["ConnectivityType"]: one["Tags"][0]["Value"] for one in ec2.describe_nat_gateways()["NatGateways"]},
        lambda: write(network, NATS, dict(name="office", subnet="a", connectivity_type="private")),
        lambda: theirs("amazon.aws.ec2_vpc_nat_gateway", **wish),
    )
    assert left == dict(public="acme", private="office") and renamed == dict(public="office")


# -- route tables


@pytest.fixture
def tables(network):
    """One with a default route, a subnet and a propagating gateway; and another one."""
    write(network, VGWS, dict(name="acme", vpc="acme"))
    out = dict(destination_cidr_block="0.0.0.0/0", internet_gateway="acme")
    write(network, TABLES, dict(name="one", vpc="acme", routes=[out], subnets=["a"], propagating_vpn_gateways=["acme"]), dict(name="other", vpc="acme"))
    return network


def subnets_of(ec2, name):
    return sorted(one["SubnetId"] for one in named(ec2.describe_route_tables(), name)["Associations"] if "SubnetId" in one)


def test_ec2_vpc_route_table_deletes_the_routes(tables, ec2, theirs):
    left, deleted = both(
        tables,
        lambda: "0.0.0.0/0" in [route.get("DestinationCidrBlock") for route in named(ec2.describe_route_tables(), "one")["Routes"]],
        lambda: harmless(tables, TABLES, dict(name="one", vpc="acme", subnets=["c"])),
        lambda: theirs("amazon.aws.ec2_vpc_route_table", vpc_id=vpc_id(ec2), tags=dict(Name="one"), subnets=["c"], purge_subnets=False),
    )
    assert (left, deleted) == (True, False)


def test_ec2_vpc_route_table_takes_the_other_subnets_off(tables, ec2, theirs):
    a, c = subnet_id(ec2), subnet_id(ec2, "c")
    left, taken = both(
        tables,
        lambda: subnets_of(ec2, "one"),
        lambda: harmless(tables, TABLES, dict(name="one", vpc="acme", subnets=["c"])),
        lambda: theirs("amazon.aws.ec2_vpc_route_table", vpc_id=vpc_id(ec2), tags=dict(Name="one"), subnets=["c"], purge_routes=False),
    )
    assert left == sorted([a, c]) and taken == [c]


def test_ec2_vpc_route_table_loses_a_subnet_on_its_way(tables, ec2, theirs):
    """After its run the subnet has the main table; ours moves it in one call, with a confirmation."""
    moved = dict(name="other", vpc="acme", subnets=["a"])
    left, lost = both(
        tables,
        lambda: subnets_of(ec2, "other"),
        lambda: dangerous(tables, TABLES, moved),
        lambda: theirs("amazon.aws.ec2_vpc_route_table", vpc_id=vpc_id(ec2), tags=dict(Name="other"), subnets=["a"], purge_routes=False),
    )
    assert (left, lost) == ([subnet_id(ec2)], [])


def test_ec2_vpc_route_table_makes_a_second_table(tables, ec2, theirs):
    """For one tag more."""
    left, more = both(
        tables,
        lambda: len(ec2.describe_route_tables(Filters=[dict(Name="tag:Name", Values=["one"])])["RouteTables"]),
        lambda: harmless(tables, TABLES, dict(name="one", vpc="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_vpc_route_table", vpc_id=vpc_id(ec2), tags=dict(OWNED, Name="one"), purge_routes=False),
    )
    assert (left, more) == (1, 2)


def test_ec2_vpc_route_table_never_stops_a_propagation(tables, ec2, theirs):
    left, still = both(
        tables,
        lambda: len(named(ec2.describe_route_tables(), "one")["PropagatingVgws"]),
        lambda: dangerous(tables, TABLES, dict(name="one", vpc="acme", propagating_vpn_gateways=dict(set=[]))),
        lambda: theirs("amazon.aws.ec2_vpc_route_table", vpc_id=vpc_id(ec2), tags=dict(Name="one"), propagating_vgw_ids=[], purge_routes=False),
    )
    assert (left, still) == (0, 1)


# -- security groups and network ACLs


WEB = dict(protocol="tcp", from_port=443, to_port=443, cidr_ipv4="0.0.0.0/0")


@pytest.fixture
def wall(network, ec2):
    """A group with a rule, and how to look at its rules."""
    write(network, WALLS, dict(name="web", vpc="acme", description="web", ingress=[WEB]))

    def look():
        (group,) = ec2.describe_security_groups(Filters=[dict(Name="group-name", Values=["web"])])["SecurityGroups"]
        return [block["CidrIp"] for rule in group["IpPermissions"] for block in rule["IpRanges"]]

    return look


def test_ec2_security_group_revokes_the_rules(network, ec2, wall, theirs):
    left, revoked = both(
        network,
        wall,
        lambda: harmless(network, WALLS, dict(name="web", vpc="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_security_group", name="web", description="web", vpc_id=vpc_id(ec2), tags=OWNED),
    )
    assert (left, revoked) == (["0.0.0.0/0"], [])


def test_ec2_security_group_leaves_the_old_rule_open(network, ec2, wall, theirs):
    """One rule in the place of another, and no other rule moves: ours has add and remove, the other one either adds or takes all that is not named."""
    office = dict(WEB, cidr_ipv4="203.0.113.0/24")
    rule = dict(proto="tcp", from_port=443, to_port=443, cidr_ip="203.0.113.0/24")
    left, open_still = both(
        network,
        wall,
        lambda: harmless(network, WALLS, dict(name="web", vpc="acme", ingress=dict(add=[office], remove=[WEB]))),
        lambda: theirs("amazon.aws.ec2_security_group", name="web", description="web", vpc_id=vpc_id(ec2), rules=[rule], purge_rules=False),
    )
    assert left == ["203.0.113.0/24"] and "0.0.0.0/0" in open_still


def test_ec2_security_group_makes_a_group_of_a_wrong_name(network, ec2, wall, theirs):
    rule = dict(proto="tcp", from_port=22, to_port=22, group_name="bastoin", group_desc="wrong")
    entry = dict(name="web", vpc="acme", ingress=[dict(protocol="tcp", from_port=22, to_port=22, security_group="bastoin")])
    left, made = both(
        network,
        lambda: "bastoin" in [group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]],
        lambda: refused(network, WALLS, entry),
        lambda: theirs("amazon.aws.ec2_security_group", name="web", description="web", vpc_id=vpc_id(ec2), rules=[rule], purge_rules=False),
    )
    assert (left, made) == (False, True)


@pytest.fixture
def acl(network, ec2):
    """One that lets everything through, with a subnet; and how to look at it."""
    write(network, ACLS, dict(name="web", vpc="acme", ingress=[ALL], egress=[ALL], subnets=["a"]))
    return lambda: ec2.describe_network_acls(Filters=[dict(Name="tag:Name", Values=["web"])])["NetworkAcls"][0]


def rules(acl):
    return [(one["Egress"], one["RuleNumber"]) for one in acl["Entries"] if one["RuleNumber"] < 32767]


def test_ec2_vpc_nacl_empties_the_one_of_another_vpc(network, ec2, theirs):
    """Asked for a new one in a VPC which has none of the name."""
    write(network, ACLS, dict(name="web", vpc="acme", ingress=[ALL], egress=[ALL]))

    def look():
        return [(len(rules(acl)), acl["VpcId"]) for acl in ec2.describe_network_acls(Filters=[dict(Name="tag:Name", Values=["web"])])["NetworkAcls"]]

    left, emptied = both(
        network,
        look,
        lambda: write(network, ACLS, dict(name="web", vpc="other")),
        lambda: theirs("amazon.aws.ec2_vpc_nacl", name="web", vpc_id=vpc_id(ec2, "other")),
    )
    assert sorted(left) == sorted([(2, vpc_id(ec2)), (0, vpc_id(ec2, "other"))]) and emptied == [(0, vpc_id(ec2))]


def test_ec2_vpc_nacl_deletes_the_rules(network, ec2, acl, theirs):
    left, deleted = both(
        network,
        lambda: rules(acl()),
        lambda: harmless(network, ACLS, dict(name="web", vpc="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_vpc_nacl", name="web", vpc_id=vpc_id(ec2), subnets=[subnet_id(ec2)], tags=OWNED),
    )
    assert sorted(left) == [(False, 100), (True, 100)] and deleted == []


def test_ec2_vpc_nacl_sends_the_subnets_back(network, ec2, acl, theirs):
    every = [[100, "all", "allow", "0.0.0.0/0", None, None, None, None]]
    left, back = both(
        network,
        lambda: [one["SubnetId"] for one in acl()["Associations"]],
        lambda: harmless(network, ACLS, dict(name="web", vpc="acme", tags=OWNED)),
        lambda: theirs("amazon.aws.ec2_vpc_nacl", name="web", vpc_id=vpc_id(ec2), ingress=every, egress=every, tags=OWNED),
    )
    assert (left, back) == ([subnet_id(ec2)], [])


def test_ec2_vpc_nacl_lets_a_rule_be_missing_while_it_changes(network, ec2, acl, theirs):
    """Deleted and made again; ours replaces it in one call."""
    other = [[100, "all", "deny", "0.0.0.0/0", None, None, None, None]]
    every = [[100, "all", "allow", "0.0.0.0/0", None, None, None, None]]
    denied = dict(rule_number=100, rule_action="deny")
    network.double.clear_calls()
    left, missing = both(
        network,
        lambda: "ec2:DeleteNetworkAclEntry" in network.writes(),
        lambda: write(network, ACLS, dict(name="web", vpc="acme", ingress=[denied]), confirm=[f"{ACLS}/acme/web"]),
        lambda: theirs("amazon.aws.ec2_vpc_nacl", name="web", vpc_id=vpc_id(ec2), subnets=[subnet_id(ec2)], ingress=other, egress=every),
    )
    assert (left, missing) == (False, True)
    assert [one["RuleAction"] for one in acl()["Entries"] if one["RuleNumber"] == 100 and not one["Egress"]] == ["deny"]


# -- addresses, interfaces, endpoints


def test_ec2_eip_allocates_one_more_in_every_run(account, theirs):
    def ours():
        for dummy in range(2):
            write(account, ADDRESSES, dict(name="acme"))

    left, more = both(
        account,
        lambda: len(client(account, "ec2").describe_addresses()["Addresses"]),
        ours,
        lambda: theirs("amazon.aws.ec2_eip", in_vpc=True, tags=dict(Name="acme"), times=2),
    )
    assert (left, more) == (1, 2)


def test_ec2_eip_takes_any_free_address(account, theirs):
    """That of a partner's firewall list, say, which is kept for later."""
    write(account, ADDRESSES, dict(name="partner"))
    left, taken = both(
        account,
        lambda: sorted(one["Tags"][0]["Value"] for one in client(account, "ec2").describe_addresses()["Addresses"]),
        lambda: write(account, ADDRESSES, dict(name="acme")),
        lambda: theirs("amazon.aws.ec2_eip", in_vpc=True, reuse_existing_ip_allowed=True, tags=dict(Name="acme")),
    )
    assert (left, taken) == (["acme", "partner"], ["acme"])


@pytest.fixture
def interfaces(network):
    """Two groups, two servers; an interface with one of the groups, which is one of the servers'."""
    write(network, WALLS, *(dict(name=name, vpc="acme", description=name) for name in ("web", "monitored")))
    server = dict(image_id="ami-02b76b739f98bb809", instance_type="m7i.large", subnet="a")
    write(network, "ec2_instances", dict(server, name="one"), dict(server, name="two"))
    own = dict(security_groups=["web"], attachment=dict(instance="one", device_index=1))
    write(network, "ec2_network_interfaces", dict(own, name="inside", subnet="a", private_ip_address="10.20.1.20"))
    return network


def interface(ec2):
    return ec2.describe_network_interfaces(Filters=[dict(Name="tag:Name", Values=["inside"])])["NetworkInterfaces"][0]


def group_id(ec2, name):
    return ec2.describe_security_groups(Filters=[dict(Name="group-name", Values=[name])])["SecurityGroups"][0]["GroupId"]


def test_ec2_eni_takes_the_other_groups_off(interfaces, ec2, theirs):
    left, taken = both(
        interfaces,
        lambda: sorted(group["GroupName"] for group in interface(ec2)["Groups"]),
        lambda: harmless(interfaces, "ec2_network_interfaces", dict(name="inside", security_groups=["monitored"])),
        lambda: theirs("amazon.aws.ec2_eni", eni_id=interface(ec2)["NetworkInterfaceId"], security_groups=[group_id(ec2, "monitored")]),
    )
    assert (left, taken) == (["monitored", "web"], ["monitored"])


def test_ec2_eni_takes_an_interface_away_from_its_server(interfaces, ec2, theirs):
    """Ours asks first."""
    other = named(dict(all=[one for found in ec2.describe_instances()["Reservations"] for one in found["Instances"]]), "two")["InstanceId"]
    first = interface(ec2)["Attachment"]["InstanceId"]
    wish = dict(instance_id=other, attached=True, device_index=2, force_detach=True)
    left, moved = both(
        interfaces,
        lambda: interface(ec2).get("Attachment", {}).get("InstanceId"),
        lambda: unconfirmed(interfaces, "ec2_network_interfaces", dict(name="inside", attachment=dict(instance="two", device_index=2))),
        lambda: theirs("amazon.aws.ec2_eni", eni_id=interface(ec2)["NetworkInterfaceId"], **wish),
    )
    assert left == first and moved != first


@pytest.fixture
def endpoints(network):
    """A gateway endpoint of one table, and one with a network interface in one subnet."""
    write(network, TABLES, dict(name="one", vpc="acme"), dict(name="other", vpc="acme"))
    write(network, WALLS, dict(name="web", vpc="acme", description="web"))
    where = dict(service_name=f"com.amazonaws.{REGION}.ssm", vpc_endpoint_type="Interface", subnets=["a"], security_groups=["web"], private_dns_enabled=False)
    through = dict(service_name=f"com.amazonaws.{REGION}.s3", vpc_endpoint_type="Gateway", route_tables=["one"])
    write(network, ENDPOINTS, dict(through, name="s3", vpc="acme"), dict(where, name="ssm", vpc="acme"))
    return network


def test_ec2_vpc_endpoint_makes_a_second_one_for_a_table_more(endpoints, ec2, theirs):
    """Which AWS refuses, because a table has one route to a service: so the table stays without."""
    tables = sorted(named(ec2.describe_route_tables(), name)["RouteTableId"] for name in ("one", "other"))
    wish = dict(vpc_id=vpc_id(ec2), service=f"com.amazonaws.{REGION}.s3", vpc_endpoint_type="Gateway")
    assert "RouteAlreadyExists" in theirs("amazon.aws.ec2_vpc_endpoint", **wish, route_table_ids=tables)
    harmless(endpoints, ENDPOINTS, dict(name="s3", vpc="acme", route_tables=["other"]))
    found = ec2.describe_vpc_endpoints(Filters=[dict(Name="service-name", Values=[wish["service"]])])["VpcEndpoints"]
    assert [sorted(one["RouteTableIds"]) for one in found] == [tables]


def test_ec2_vpc_endpoint_passes_over_another_subnet(endpoints, ec2, theirs):
    wish = dict(vpc_id=vpc_id(ec2), service=f"com.amazonaws.{REGION}.ssm", vpc_endpoint_type="Interface")
    both_subnets = [subnet_id(ec2), subnet_id(ec2, "c")]

    def look():
        return len(ec2.describe_vpc_endpoints(Filters=[dict(Name="service-name", Values=[wish["service"]])])["VpcEndpoints"][0]["SubnetIds"])

    left, passed = both(
        endpoints,
        look,
        lambda: write(endpoints, ENDPOINTS, dict(name="ssm", vpc="acme", subnets=["c"]), confirm=[f"{ENDPOINTS}/acme/ssm"]),
        lambda: theirs("amazon.aws.ec2_vpc_endpoint", **wish, vpc_endpoint_subnets=both_subnets),
    )
    assert (left, passed) == (2, 1)


# -- VPN and Direct Connect


@pytest.fixture
def router(account):
    """A customer gateway, and how to look at its name and ASN."""
    write(account, "ec2_customer_gateways", dict(name="acme", bgp_asn=65010, ip_address="203.0.113.10"))

    def look():
        found = client(account, "ec2").describe_customer_gateways()["CustomerGateways"]
        return sorted((one["Tags"][0]["Value"], one["BgpAsn"]) for one in found)

    return look


def test_ec2_customer_gateway_renames_in_check_mode(account, router, theirs):
    gateway = client(account, "ec2").describe_customer_gateways()["CustomerGateways"][0]["CustomerGatewayId"]
    renamed = task("ec2_customer_gateways", dict(id=gateway, name="renamed"))
    left, written = both(
        account,
        router,
        lambda: account.run("ec2_customer_gateways", renamed, check=True),
        lambda: theirs("community.aws.ec2_customer_gateway", "--check", name="renamed", ip_address="203.0.113.10", bgp_asn=65010),
    )
    assert (left, written) == ([("acme", "65010")], [("renamed", "65010")])


def test_ec2_customer_gateway_takes_another_one_for_its_own(account, router, theirs):
    """The address alone says which one it is; of another ASN at the same address it renames the one that is there."""
    left, taken = both(
        account,
        router,
        lambda: write(account, "ec2_customer_gateways", dict(name="second", bgp_asn=65011, ip_address="203.0.113.10")),
        lambda: theirs("community.aws.ec2_customer_gateway", name="second", ip_address="203.0.113.10", bgp_asn=65011),
    )
    assert left == [("acme", "65010"), ("second", "65011")] and taken == [("second", "65010")]


@pytest.fixture
def connection(stage):
    """One VPN connection, and what of it there is."""
    kind = "ec2_vpn_connections"
    stage.prepare(kind)
    stage.run(kind, task(kind, entries(kind, examples(kind).make)[0]))

    def look():
        return [one for one in client(stage, "ec2").describe_vpn_connections()["VpnConnections"] if one["State"] not in ("deleting", "deleted")]

    return look


def test_ec2_vpc_vpn_deletes_the_only_connection(stage, connection, theirs):
    """Asked to remove one without a word of which."""

    def ours():
        assert "is needed to say which one" in stage.run("ec2_vpn_connections", task("ec2_vpn_connections", dict(state="absent")), fails=True)["msg"]

    left, deleted = both(
        stage,
        lambda: len(connection()),
        ours,
        lambda: theirs("amazon.aws.ec2_vpc_vpn", state="absent", delay=1),
    )
    assert (left, deleted) == (1, 0)


def test_ec2_vpc_vpn_shows_the_keys(stage, connection, theirs):
    (there,) = connection()
    told = json.dumps([stage.gather("ec2_vpn_connections"), stage.run("ec2_vpn_connections", examples("ec2_vpn_connections").make, check=True)])
    assert VAULT["acme_vpn_key_1"] not in told
    wish = dict(vpn_connection_id=there["VpnConnectionId"], static_only=there["Options"]["StaticRoutesOnly"])
    assert VAULT["acme_vpn_key_1"] in theirs("amazon.aws.ec2_vpc_vpn", **wish)


def test_directconnect_gateway_deletes_the_associations(stage, theirs):
    """And says that nothing changed."""
    kind, direct = "directconnect_virtual_gateway_associations", client(stage, "directconnect")
    stage.prepare(kind)
    stage.run(kind, examples(kind).make)
    where = dict(directConnectGatewayId=direct.describe_direct_connect_gateways()["directConnectGateways"][0]["directConnectGatewayId"])
    told = []
    left, deleted = both(
        stage,
        lambda: [one["associationState"] for one in direct.describe_direct_connect_gateway_associations(**where)["directConnectGatewayAssociations"]],
        lambda: harmless(stage, "directconnect_gateways", dict(name="acme-dxgw", tags=OWNED)),
        lambda: told.append(theirs("community.aws.directconnect_gateway", name="acme-dxgw", amazon_asn="64620")),
    )
    assert set(left) == {"associated"} and "associated" not in deleted and '"changed": false' in told[0]


def test_directconnect_connection_takes_a_port_out_of_its_lag(stage, theirs):
    kind = "directconnect_connections"
    stage.prepare(kind)
    stage.run(kind, examples(kind).make)
    same = dict(name="acme-lag-1", location="EqTY2", bandwidth="10Gbps")

    def look():
        return [bool(one.get("lagId")) for one in client(stage, "directconnect").describe_connections()["connections"] if one["connectionName"] == "acme-lag-1"]

    left, out = both(
        stage,
        look,
        lambda: harmless(stage, kind, dict(same, tags=OWNED)),
        lambda: theirs("community.aws.directconnect_connection", state="present", **same),
    )
    assert (left, out) == ([True], [False])


def test_directconnect_connection_gives_the_port_up(stage, theirs):
    """Its order takes days, its cross connect too."""
    kind = "directconnect_connections"
    stage.prepare(kind)
    stage.run(kind, examples(kind).make)
    wait_for_ports(stage.client)
    own = port_id(stage, "acme-tdc-1")
    moved = dict(name="acme-tdc-1", location="EqTY2", bandwidth="10Gbps")

    def look():
        found = client(stage, "directconnect").describe_connections()["connections"]
        return own in [one["connectionId"] for one in found if one["connectionState"] == "available"]

    left, gone = both(
        stage,
        look,
        lambda: refused(stage, kind, moved),
        lambda: theirs("community.aws.directconnect_connection", state="present", forced_update=True, **moved),
    )
    assert (left, gone) == (True, False)


@pytest.fixture
def interface_of_a_port(stage):
    """A private virtual interface, another port beside its own; and where it is."""
    kind, direct = "directconnect_virtual_interfaces", client(stage, "directconnect")
    stage.prepare(kind)
    stage.run(kind, examples(kind).make)
    port = "directconnect_connections"
    write(stage, port, dict(name="other", location="EqTY2", bandwidth="10Gbps"), confirm=[f"{port}/other"])
    wait_for_ports(stage.client)
    names = {one["connectionId"]: one["connectionName"] for one in direct.describe_connections()["connections"]}
    return lambda: {one["virtualInterfaceName"]: names[one["connectionId"]] for one in direct.describe_virtual_interfaces()["virtualInterfaces"]}


def port_id(stage, name):
    return next(one["connectionId"] for one in client(stage, "directconnect").describe_connections()["connections"] if one["connectionName"] == name)


def test_directconnect_virtual_interface_moves_a_live_one(stage, interface_of_a_port, theirs):
    """And prints its BGP key. Ours refuses in the plan."""
    told, own = [], interface_of_a_port()["acme-private"]
    wish = dict(state="present", name="acme-private", public=False, connection_id=port_id(stage, "other"))
    left, moved = both(
        stage,
        lambda: interface_of_a_port()["acme-private"],
        lambda: told.append(refused(stage, "directconnect_virtual_interfaces", dict(name="acme-private", connection="other"))),
        lambda: told.append(theirs("community.aws.directconnect_virtual_interface", **wish)),
    )
    assert (left, moved) == (own, "other")
    assert "connection cannot change after creation" in told[0] and VAULT["acme_bgp_key"] in told[1]


def test_directconnect_virtual_interface_makes_up_vlan_and_asn(stage, interface_of_a_port, theirs):
    """100 and 65000, which the carrier knows nothing of; ours demands them."""
    kind, direct = "directconnect_virtual_interfaces", client(stage, "directconnect")
    gateway = next(one for one in direct.describe_direct_connect_gateways()["directConnectGateways"] if one["directConnectGatewayName"] == "acme-dxgw")
    wish = dict(state="present", name="new", public=False, connection_id=port_id(stage, "other"), direct_connect_gateway_id=gateway["directConnectGatewayId"])
    entry = dict(name="new", connection="other", virtual_interface_type="private", direct_connect_gateway="acme-dxgw")
    left, made = both(
        stage,
        lambda: [(one["vlan"], one["asn"]) for one in direct.describe_virtual_interfaces()["virtualInterfaces"] if one["virtualInterfaceName"] == "new"],
        lambda: refused(stage, kind, entry),
        lambda: theirs("community.aws.directconnect_virtual_interface", **wish),
    )
    assert (left, made) == ([], [(100, 65000)])


# -- AWS Certificate Manager


def test_acm_certificate_deletes_every_one_of_a_domain(account, theirs):
    """Ours knows a certificate by its name."""
    acm = client(account, "acm")
    for name in ("old", "new"):
        acm.request_certificate(DomainName="www.acme.example.jp", Tags=[dict(Key="Name", Value=name)])
    left, deleted = both(
        account,
        lambda: len(acm.list_certificates()["CertificateSummaryList"]),
        lambda: write(account, "acm_certificates", dict(name="old", state="absent"), confirm=["acm_certificates/old"]),
        lambda: theirs("community.aws.acm_certificate", state="absent", domain_name="www.acme.example.jp"),
    )
    assert (left, deleted) == (1, 0)


# -- transit gateways and Network Firewall


def test_ec2_transit_gateway_passes_over_a_change(account, theirs):
    ec2 = client(account, "ec2")
    write(account, "ec2_transit_gateways", dict(name="acme", description="acme", vpn_ecmp_support="enable"))
    left, passed = both(
        account,
        lambda: ec2.describe_transit_gateways()["TransitGateways"][0]["Options"]["VpnEcmpSupport"],
        lambda: write(account, "ec2_transit_gateways", dict(name="acme", vpn_ecmp_support="disable"), confirm=["ec2_transit_gateways/acme"]),
        lambda: theirs("amazon.aws.ec2_transit_gateway", description="acme", vpn_ecmp_support=False),
    )
    assert (left, passed) == ("disable", "enable")


@pytest.fixture
def attachment(stage):
    """Of a VPC with one subnet, and how to look at it."""
    kind, ec2 = "ec2_transit_gateway_vpc_attachments", client(stage, "ec2")
    stage.prepare(kind)
    stage.run(kind, examples(kind).make)
    there = named(ec2.describe_transit_gateway_vpc_attachments(), "acme")["TransitGatewayAttachmentId"]
    return lambda: ec2.describe_transit_gateway_vpc_attachments(TransitGatewayAttachmentIds=[there])["TransitGatewayVpcAttachments"][0]


def test_ec2_transit_gateway_vpc_attachment_swaps_the_subnets(stage, attachment, theirs):
    there, more = attachment(), subnet_id(client(stage, "ec2"), "acme-tgw-c")
    left, swapped = both(
        stage,
        lambda: attachment()["SubnetIds"],
        lambda: write(stage, "ec2_transit_gateway_vpc_attachments", dict(name="acme", vpc="acme", subnets=["acme-tgw-c"])),
        lambda: theirs("amazon.aws.ec2_transit_gateway_vpc_attachment", id=there["TransitGatewayAttachmentId"], subnets=[more], wait=False),
    )
    assert sorted(left) == sorted([*there["SubnetIds"], more]) and swapped == [more]


def test_ec2_transit_gateway_vpc_attachment_takes_the_name_away(stage, attachment, theirs):
    """With all other tags, where none are named."""
    there = attachment()
    left, taken = both(
        stage,
        lambda: len(attachment().get("Tags", [])),
        lambda: harmless(stage, "ec2_transit_gateway_vpc_attachments", dict(name="acme", vpc="acme", ipv6_support="enable")),
        lambda: theirs("amazon.aws.ec2_transit_gateway_vpc_attachment", id=there["TransitGatewayAttachmentId"], ipv6_support=True, wait=False),
    )
    assert (left, taken) == (len(there["Tags"]), 0)


def domains(*targets):
    return dict(RulesSourceList=dict(Targets=list(targets), TargetTypes=["TLS_SNI"], GeneratedRulesType="ALLOWLIST"))


@pytest.fixture
def filters(account):
    """Two rule groups, and a policy with one of them and one of AWS's, which only tells."""
    strict = dict(type="STATEFUL", capacity=10, rule_order="STRICT_ORDER")
    domain = dict(strict, name="domains", rules_source=domains(".example.jp"), ip_sets=dict(HOME_NET=["10.0.0.0/8"]))
    telnet = dict(strict, name="telnet", rules_source=dict(RulesString='drop tcp any any -> any 23 (msg:"telnet"; sid:2; rev:1;)'))
    write(account, "networkfirewall_rule_groups", domain, telnet)
    managed = dict(rule_group=MANAGED, priority=300, override_action="DROP_TO_ALERT")
    actions = dict(stateless_default_actions=["aws:forward_to_sfe"], stateless_fragment_default_actions=["aws:drop"])
    groups = [dict(rule_group="domains", priority=100), managed]
    write(account, "networkfirewall_firewall_policies", dict(actions, name="acme", rule_order="STRICT_ORDER", stateful_rule_groups=groups))
    return client(account, "network-firewall")


MANAGED = f"arn:aws:network-firewall:{REGION}:aws-managed:stateful-rulegroup/ThreatSignaturesMalwareStrictOrder"


def test_networkfirewall_rule_group_wipes_home_net(account, filters, theirs):
    """With new domains that name no sources."""
    kind, wish = "networkfirewall_rule_groups", dict(domain_names=[".example.com"], filter_https=True, action="allow")
    left, wiped = both(
        account,
        lambda: filters.describe_rule_group(RuleGroupName="domains", Type="STATEFUL")["RuleGroup"].get("RuleVariables", {}).get("IPSets"),
        lambda: write(account, kind, dict(name="domains", rules_source=domains(".example.com")), confirm=[f"{kind}/domains"]),
        lambda: theirs("community.aws.networkfirewall_rule_group", name="domains", type="stateful", domain_list=wish),
    )
    assert left == dict(HOME_NET=dict(Definition=["10.0.0.0/8"])) and not wiped


def test_networkfirewall_policy_numbers_the_groups_anew(account, filters, theirs):
    """And lets a group drop that was to tell only."""
    kind = "networkfirewall_firewall_policies"

    def look():
        references = filters.describe_firewall_policy(FirewallPolicyName="acme")["FirewallPolicy"]["StatefulRuleGroupReferences"]
        return {one["ResourceArn"].rpartition("/")[2]: (one["Priority"], one.get("Override", {}).get("Action")) for one in references}

    managed = MANAGED.rpartition("/")[2]
    left, anew = both(
        account,
        look,
        lambda: write(account, kind, dict(name="acme", stateful_rule_groups=[dict(rule_group="telnet", priority=200)])),
        lambda: theirs("community.aws.networkfirewall_policy", name="acme", stateful_rule_groups=["domains", "telnet", MANAGED]),
    )
    assert left == {"domains": (100, None), "telnet": (200, None), managed: (300, "DROP_TO_ALERT")}
    assert anew == {"domains": (1, None), "telnet": (2, None), managed: (3, None)}


def test_networkfirewall_takes_zones_off(stage, theirs):
    kind, wall, ec2 = "networkfirewall_firewalls", client(stage, "network-firewall"), client(stage, "ec2")
    stage.prepare(kind)
    stage.run(kind, examples(kind).make)
    write(stage, kind, dict(name="acme", subnet_change_protection=False), confirm=[f"{kind}/acme"])
    a, c, d = (subnet_id(ec2, f"acme-fw-{zone}") for zone in "acd")
    left, taken = both(
        stage,
        lambda: {one["SubnetId"] for one in wall.describe_firewall(FirewallName="acme")["Firewall"]["SubnetMappings"]},
        lambda: write(stage, kind, dict(name="acme", subnet_mappings=[dict(subnet="acme-fw-d")]), confirm=[f"{kind}/acme"]),
        lambda: theirs("community.aws.networkfirewall", name="acme", subnets=[a, d], wait=False),
    )
    assert left == {a, c, d} and c not in taken


# -- alarms, logs and notifications


@pytest.fixture
def alarm(account):
    """Silenced for maintenance; it tells a topic. And how to look at it."""
    write(account, "sns_topics", dict(name="acme"))
    metric = dict(namespace="AWS/EC2", metric_name="CPUUtilization", statistic="Average", period=300, evaluation_periods=1)
    rule = dict(metric, comparison_operator="GreaterThanThreshold", threshold=90)
    write(account, ALARMS, dict(rule, name="acme", alarm_actions=["acme"], actions_enabled=False))
    return lambda: client(account, "cloudwatch").describe_alarms()["MetricAlarms"][0]


LOWER = dict(name="acme", namespace="AWS/EC2", metric_name="CPUUtilization", statistic="Average", period=300, evaluation_periods=1, threshold=80)


def test_cloudwatch_metric_alarm_takes_the_actions_off(account, alarm, theirs):
    left, taken = both(
        account,
        lambda: len(alarm()["AlarmActions"]),
        lambda: harmless(account, ALARMS, dict(name="acme", threshold=80)),
        lambda: theirs("amazon.aws.cloudwatch_metric_alarm", state="present", comparison="GreaterThanThreshold", **LOWER),
    )
    assert (left, taken) == (1, 0)


def test_cloudwatch_metric_alarm_ends_the_silence(account, alarm, theirs):
    left, loud = both(
        account,
        lambda: alarm()["ActionsEnabled"],
        lambda: harmless(account, ALARMS, dict(name="acme", threshold=80)),
        lambda: theirs("amazon.aws.cloudwatch_metric_alarm", state="present", comparison="GreaterThanThreshold", **LOWER),
    )
    assert (left, loud) == (False, True)


@pytest.fixture
def group(account):
    """A log group with a stream."""
    write(account, GROUPS, dict(name="/acme", retention_in_days=400))
    client(account, "logs").create_log_stream(logGroupName="/acme", logStreamName="web")
    return client(account, "logs")


def test_cloudwatchlogs_log_group_deletes_the_group(account, group, theirs):
    """For 2557 days, which AWS knows and the module does not."""
    left, deleted = both(
        account,
        lambda: [(one["logGroupName"], one["retentionInDays"]) for one in group.describe_log_groups()["logGroups"]],
        lambda: harmless(account, GROUPS, dict(name="/acme", retention_in_days=2557)),
        lambda: theirs("amazon.aws.cloudwatchlogs_log_group", log_group_name="/acme", retention=2557),
    )
    assert (left, deleted) == ([("/acme", 2557)], [])


def test_cloudwatchlogs_log_group_writes_in_check_mode(account, group, theirs):
    left, written = both(
        account,
        lambda: group.describe_log_groups()["logGroups"][0]["retentionInDays"],
        lambda: account.run(GROUPS, task(GROUPS, dict(name="/acme", retention_in_days=30)), check=True),
        lambda: theirs("amazon.aws.cloudwatchlogs_log_group", "--check", log_group_name="/acme", retention=30),
    )
    assert (left, written) == (400, 30)


def test_cloudwatchlogs_log_group_makes_the_group_anew(account, group, theirs):
    """With overwrite, which sounds like its settings, and is its logs."""
    left, anew = both(
        account,
        lambda: len(group.describe_log_streams(logGroupName="/acme")["logStreams"]),
        lambda: write(account, GROUPS, dict(name="/acme", retention_in_days=545)),
        lambda: theirs("amazon.aws.cloudwatchlogs_log_group", log_group_name="/acme", retention=545, overwrite=True),
    )
    assert (left, anew) == (1, 0)


def test_cloudwatchlogs_log_group_passes_over_a_key(account, group, theirs):
    key = client(account, "kms").create_key()["KeyMetadata"]["Arn"]
    left, passed = both(
        account,
        lambda: group.describe_log_groups()["logGroups"][0].get("kmsKeyId"),
        lambda: write(account, GROUPS, dict(name="/acme", kms_key_id=key), confirm=[f"{GROUPS}//acme"]),
        lambda: theirs("amazon.aws.cloudwatchlogs_log_group", log_group_name="/acme", kms_key_id=key),
    )
    assert (left, passed) == (key, None)


def test_cloudwatchlogs_log_group_metric_filter_takes_a_longer_name_for_its_own(account, group, theirs):
    """Asked for "errors" beside the same of the name "errors-all", it makes none and says that nothing changed."""
    count = dict(metric_name="errors", metric_namespace="acme", metric_value="1")
    write(account, "logs_metric_filters", dict(log_group="/acme", name="errors-all", filter_pattern="ERROR", metric_transformations=[count]))
    wish = dict(state="present", log_group_name="/acme", filter_name="errors", filter_pattern="ERROR", metric_transformation=dict(count, unit="None"))
    left, none = both(
        account,
        lambda: [one["filterName"] for one in group.describe_metric_filters(logGroupName="/acme")["metricFilters"]],
        lambda: write(account, "logs_metric_filters", dict(log_group="/acme", name="errors", filter_pattern="ERROR", metric_transformations=[count])),
        lambda: theirs("amazon.aws.cloudwatchlogs_log_group_metric_filter", **wish),
    )
    assert (sorted(left), none) == (["errors", "errors-all"], ["errors-all"])


@pytest.fixture
def servers(account):
    """The group of the examples; what tells of it."""
    account.prepare("autoscaling_groups")
    account.run("autoscaling_groups", examples("autoscaling_groups").make)
    scaling = client(account, "autoscaling")
    # With a mixed instances policy the other one fails.
    scaling.update_auto_scaling_group(AutoScalingGroupName="acme-web", LaunchTemplate=dict(LaunchTemplateName="acme-web", Version="1"))
    return scaling


def test_autoscaling_group_resets_what_is_not_named(account, servers, theirs):
    kept = ("HealthCheckType", "HealthCheckGracePeriod", "DefaultCooldown", "TerminationPolicies")

    def look():
        (told,) = servers.describe_auto_scaling_groups(AutoScalingGroupNames=["acme-web"])["AutoScalingGroups"]
        return told["MaxSize"], *(told[name] for name in kept), [one["ProcessName"] for one in told["SuspendedProcesses"]], len(told["EnabledMetrics"])

    wish = dict(name="acme-web", max_size=9, wait_for_instances=False)
    assert both(
        account,
        look,
        lambda: harmless(account, "autoscaling_groups", dict(name="acme-web", max_size=9)),
        lambda: theirs({"amazon.aws.autoscaling_group": wish}),
    ) == ((9, "ELB", 300, 180, ["OldestLaunchTemplate", "Default"], ["AZRebalance"], 2), (9, "EC2", 300, 300, ["Default"], [], 0))


def test_autoscaling_group_overwrites_the_notifications(account, servers, theirs):
    arn = next(one["TopicArn"] for one in client(account, "sns").list_topics()["Topics"] if one["TopicArn"].endswith(":acme-alerts"))

    def look():
        told = servers.describe_notification_configurations(AutoScalingGroupNames=["acme-web"])["NotificationConfigurations"]
        return [one["NotificationType"].rpartition(":")[2] for one in told if one["TopicARN"] == arn]

    audited = dict(topic="acme-audit", notification_types=["autoscaling:EC2_INSTANCE_LAUNCH"])
    assert both(
        account,
        look,
        lambda: harmless(account, "autoscaling_groups", dict(name="acme-web", notifications=[audited])),
        lambda: theirs({"amazon.aws.autoscaling_group": dict(name="acme-web", notification_topic=arn, wait_for_instances=False)}),
    ) == (["EC2_INSTANCE_LAUNCH_ERROR"], [f"EC2_INSTANCE_{what}" for what in ("LAUNCH", "LAUNCH_ERROR", "TERMINATE", "TERMINATE_ERROR")])


def test_lambda_resets_what_is_not_named(account, theirs):
    account.prepare("lambda_functions")
    account.run("lambda_functions", examples("lambda_functions").make)
    functions, which = client(account, "lambda"), dict(FunctionName="acme-import")

    def look():
        while functions.get_function_configuration(**which)["LastUpdateStatus"] == "InProgress":
            pass
        told = functions.get_function_configuration(**which)
        return told["MemorySize"], told["Timeout"], "VpcConfig" in told, sorted(told["Environment"]["Variables"])

    def ours():
        harmless(account, "lambda_functions", dict(name="acme-import", environment=dict(LOG_LEVEL="INFO")))

    before = functions.get_function_configuration(**which)
    wish = dict(name="acme-import", runtime=before["Runtime"], role=before["Role"], handler=before["Handler"], environment_variables=dict(LOG_LEVEL="INFO"))
    names = ["LOG_LEVEL", "ORDERS_TOKEN", "STAGE"]
    assert both(account, look, ours, lambda: theirs({"amazon.aws.lambda": wish})) == ((256, 30, True, names), (128, 3, False, ["LOG_LEVEL"]))


def test_sns_topic_unsubscribes_everybody(account, theirs):
    """Who reads by mail has to confirm anew."""
    sns = client(account, "sns")
    write(account, "sns_topics", dict(name="acme"))
    write(account, "sns_subscriptions", dict(topic="acme", protocol="email", endpoint="ops@acme.example.jp"))
    account.double.confirm()
    arn = sns.list_topics()["Topics"][0]["TopicArn"]
    left, gone = both(
        account,
        lambda: len(sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]),
        lambda: harmless(account, "sns_topics", dict(name="acme", display_name="Acme")),
        lambda: theirs("community.aws.sns_topic", name="acme", display_name="Acme"),
    )
    assert (left, gone) == (1, 0)


def test_sns_topic_replaces_the_policy(account, theirs):
    """Ours has a word for a service that publishes, which becomes a statement beside the others."""
    sns, service = client(account, "sns"), "config.amazonaws.com"
    write(account, "sns_topics", dict(name="acme", publishers=["cloudwatch.amazonaws.com"]))
    arn = sns.list_topics()["Topics"][0]["TopicArn"]
    publish = dict(Sid="Config", Effect="Allow", Principal=dict(Service=service), Action="sns:Publish", Resource=arn)
    left, replaced = both(
        account,
        lambda: "cloudwatch.amazonaws.com" in sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"],
        lambda: harmless(account, "sns_topics", dict(name="acme", publishers=[service])),
        lambda: theirs("community.aws.sns_topic", name="acme", policy=dict(Version="2012-10-17", Statement=[publish])),
    )
    assert (left, replaced) == (True, False)


# -- tags, of nearly all of them


def test_tags_that_are_not_named_go(network, ec2, theirs):
    kept, wish = dict(CostCenter="4711"), dict(tags=OWNED)
    write(network, VPCS, dict(name="acme", tags=kept))
    write(network, SUBNETS, dict(name="a", vpc="acme", tags=kept))
    write(network, WALLS, dict(name="web", vpc="acme", description="web", tags=kept))
    write(network, "s3_buckets", dict(name="acme", tags=kept))
    write(network, "iam_users", dict(name="alice", tags=kept))
    write(network, "iam_roles", dict(name="acme", assume_role_policy=SERVERS, tags=kept))
    write(network, GROUPS, dict(name="/acme", tags=kept))
    iam = client(network, "iam")

    def look():
        tagged = dict(
            vpc=named(ec2.describe_vpcs(), "acme")["Tags"],
            subnet=named(ec2.describe_subnets(), "a")["Tags"],
            group=ec2.describe_security_groups(Filters=[dict(Name="group-name", Values=["web"])])["SecurityGroups"][0]["Tags"],
            bucket=client(network, "s3").get_bucket_tagging(Bucket="acme")["TagSet"],
            user=iam.list_user_tags(UserName="alice")["Tags"],
            role=iam.list_role_tags(RoleName="acme")["Tags"],
            logs=[dict(Key=key, Value=value) for key, value in client(network, "logs").list_tags_log_group(logGroupName="/acme")["tags"].items()],
        )
        return {what for what, tags in tagged.items() if dict(Key="CostCenter", Value="4711") in tags}

    def ours():
        own = {VPCS: dict(name="acme"), SUBNETS: dict(name="a", vpc="acme"), WALLS: dict(name="web", vpc="acme"), "s3_buckets": dict(name="acme")}
        for kind, entry in {**own, "iam_users": dict(name="alice"), "iam_roles": dict(name="acme"), GROUPS: dict(name="/acme")}.items():
            harmless(network, kind, dict(entry, **wish))

    others = {
        "amazon.aws.ec2_vpc_net": dict(vpc_id=vpc_id(ec2), name="acme", cidr_block="10.20.0.0/16", **wish),
        "amazon.aws.ec2_vpc_subnet": dict(vpc_id=vpc_id(ec2), cidr="10.20.1.0/24", tags=dict(OWNED, Name="a")),
        "amazon.aws.ec2_security_group": dict(name="web", description="web", vpc_id=vpc_id(ec2), **wish),
        "amazon.aws.s3_bucket": dict(name="acme", **wish),
        "amazon.aws.iam_user": dict(name="alice", state="present", **wish),
        "amazon.aws.iam_role": dict(name="acme", assume_role_policy_document=SERVERS, **wish),
        "amazon.aws.cloudwatchlogs_log_group": dict(log_group_name="/acme", **wish),
    }
    left, gone = both(network, look, ours, lambda: theirs(others))
    assert left == {"vpc", "subnet", "group", "bucket", "user", "role", "logs"} and gone == set()
