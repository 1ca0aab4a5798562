# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: one test for each note of catalog/dangers.yml.

Each plays the same wish twice from the same account: ours, then the other one as a playbook runs it. What is looked at is read with boto3.
"""

from __future__ import annotations

import json
import re
import sys

import pytest

from tests.laws.outside import OUTSIDE, wait_for_ports
from tests.laws.stage import ACCOUNT, REGION, VAULT, entries, examples
from tests.laws.test_gateways import client, dangerous, harmless, refused, task, unconfirmed, write
from tests.playbook import run_playbook

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


@pytest.fixture
def theirs(stage, tmp_path):
    """Runs a module of another collection as a playbook does, `times` over; gives what the run printed, with results. It may fail, late or soon."""

    def run(module, *more, times=1, **arguments):
        play = dict(hosts="localhost", gather_facts=False, tasks=[{module: arguments}] * times)
        (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
        keys = dict(AWS_ACCESS_KEY_ID=f"AKIA{ACCOUNT}OTHR", AWS_SECRET_ACCESS_KEY="x" * 20)
        access = dict(keys, AWS_ENDPOINT_URL=stage.double.url, AWS_REGION=REGION)
        local = ["-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", "-v"]
        return run_playbook([tmp_path / "play.yml", *local, *more], access, rc=None, allow={".": "another's module"}).output

    return run


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
def trail(stage):
    stage.prepare(TRAILS)
    stage.run(TRAILS, examples(TRAILS).make)
    return stage


def test_cloudtrail_makes_a_trail_of_one_region(trail, theirs):
    """Asked for name and bucket alone, which the module demands."""
    left, narrowed = both(
        trail,
        lambda: client(trail, "cloudtrail").get_trail(Name="acme-trail")["Trail"]["IsMultiRegionTrail"],
        lambda: write(trail, TRAILS, dict(name="acme-trail", s3_bucket_name="acme-trail")),
        lambda: theirs("amazon.aws.cloudtrail", name="acme-trail", s3_bucket_name="acme-trail"),
    )
    assert (left, narrowed) == (True, False)


def test_cloudtrail_starts_a_stopped_trail(trail, theirs):
    write(trail, TRAILS, dict(name="acme-files", logging=False), confirm=[f"{TRAILS}/acme-files"])
    left, started = both(
        trail,
        lambda: client(trail, "cloudtrail").get_trail_status(Name="acme-files")["IsLogging"],
        lambda: harmless(trail, TRAILS, dict(name="acme-files", tags=OWNED)),
        lambda: theirs("amazon.aws.cloudtrail", name="acme-files", s3_bucket_name="acme-archive", tags=OWNED),
    )
    assert (left, started) == (False, True)


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
    """Two groups, two servers; an interface with one of the groups and further addresses, which is one of the servers'."""
    write(network, WALLS, *(dict(name=name, vpc="acme", description=name) for name in ("web", "monitored")))
    server = dict(image_id="ami-02b76b739f98bb809", instance_type="m7i.large", subnet="a")
    write(network, "ec2_instances", dict(server, name="one"), dict(server, name="two"))
    own = dict(secondary_private_ip_addresses=["10.20.1.21", "10.20.1.22"], security_groups=["web"], attachment=dict(instance="one", device_index=1))
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


def test_ec2_eni_takes_further_addresses_off(interfaces, ec2, theirs):
    """Asked for one."""
    left, taken = both(
        interfaces,
        lambda: len(interface(ec2)["PrivateIpAddresses"]),
        lambda: write(interfaces, "ec2_network_interfaces", dict(name="inside", secondary_private_ip_addresses=["10.20.1.21"])),
        lambda: theirs("amazon.aws.ec2_eni", eni_id=interface(ec2)["NetworkInterfaceId"], secondary_private_ip_address_count=1),
    )
    assert (left, taken) == (3, 2)


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
    """Or fails: AWS has one route to a service in a table."""
    tables = [named(ec2.describe_route_tables(), name)["RouteTableId"] for name in ("one", "other")]
    wish = dict(vpc_id=vpc_id(ec2), service=f"com.amazonaws.{REGION}.s3", vpc_endpoint_type="Gateway")

    def look():
        found = ec2.describe_vpc_endpoints(Filters=[dict(Name="service-name", Values=[wish["service"]])])["VpcEndpoints"]
        return [sorted(one["RouteTableIds"]) for one in found]

    harmless(endpoints, ENDPOINTS, dict(name="s3", vpc="acme", route_tables=["other"]))
    assert look() == [sorted(tables)]
    assert "RouteAlreadyExists" in theirs("amazon.aws.ec2_vpc_endpoint", **wish, route_table_ids=tables[:1])


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
