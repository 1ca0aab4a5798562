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
