# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: buckets, AWS Config and CloudTrail."""

from __future__ import annotations

import json

import pytest

from tests.laws.dangers import OWNED, both
from tests.laws.stage import entries, examples
from tests.laws.test_gateways import client, harmless, write

CONFIG, TRAILS = "config_configuration_recorder", "cloudtrail_trails"


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
