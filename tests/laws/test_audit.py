# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What watches over the account: what trails and AWS Config refuse, call dangerous, find in the account and leave alone."""

from __future__ import annotations

import json

import pytest

from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from tests.laws.stage import ACCOUNT, REGION, examples
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, write

TRAILS, CONFIG, BUCKETS = "cloudtrail_trails", "config_configuration_recorder", "s3_buckets"
ENTRY = f"{CONFIG}/configuration_recorder"
MANAGEMENT = dict(field="eventCategory", equals=["Management"])
EVERYTHING = dict(name="all", field_selectors=[MANAGEMENT])


def key(number):
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number:08d}-0000-4000-8000-123456789abc"


# -- trails


@pytest.fixture
def trails(stage):
    stage.prepare(TRAILS)
    write(stage, TRAILS, dict(name="acme", s3_bucket_name="acme-archive", is_multi_region_trail=True, enable_log_file_validation=True, logging=True))
    return stage


def test_what_switches_a_trail_off_needs_a_confirmation(trails):
    for option, said in (
        ("logging", "stop recording what is done in the account"),
        ("is_multi_region_trail", "in all other Regions"),
        ("enable_log_file_validation", "chain of digest files"),
        ("include_global_service_events", "such as IAM"),
    ):
        assert said in dangerous(trails, TRAILS, {"name": "acme", option: False})
        if option != "is_multi_region_trail":  # a trail of all Regions could not leave global services out
            harmless(trails, TRAILS, {"name": "acme", option: True})


def test_what_goes_silent_or_open_needs_a_confirmation(trails):
    logs = dict(cloud_watch_logs_log_group="/acme/cloudtrail", cloud_watch_logs_role="acme-trail-logs")
    harmless(trails, TRAILS, dict(name="acme", sns_topic="acme-trail", kms_key_id=key(1), **logs))
    assert "tell the topic" in dangerous(trails, TRAILS, dict(name="acme", clear=["sns_topic"]))
    assert "no longer encrypt" in dangerous(trails, TRAILS, dict(name="acme", clear=["kms_key_id"]))
    assert "alarms on it fall silent" in dangerous(trails, TRAILS, dict(name="acme", clear=list(logs)))


def test_log_group_and_role_go_together(trails):
    assert "go together" in refused(trails, TRAILS, dict(name="acme", cloud_watch_logs_log_group="/acme/cloudtrail"))
    assert "go together" in refused(trails, TRAILS, dict(name="new", s3_bucket_name="acme-archive", cloud_watch_logs_role="acme-trail-logs"))


def test_a_trail_of_all_regions_records_global_services(trails):
    assert "needs include_global_service_events" in refused(trails, TRAILS, dict(name="acme", include_global_service_events=False))
    assert faults(TRAILS, dict(name="acme", is_multi_region_trail=True, include_global_service_events=False)) == [(0, "include_global_service_events", "needs")]


def test_selectors_of_one_sort_never_drop_those_of_the_other_unsaid(trails):
    harmless(trails, TRAILS, dict(name="acme", advanced_event_selectors=[EVERYTHING]))
    basic = dict(name="acme", event_selectors=[dict(read_write_type="All", include_management_events=True)])
    assert "if that is meant, clear them too" in refused(trails, TRAILS, basic)
    assert "drop the advanced event selectors all" in dangerous(trails, TRAILS, dict(basic, clear=["advanced_event_selectors"]))
    narrow = dict(name="acme", event_selectors=[dict(read_write_type="WriteOnly", exclude_management_event_sources=["kms.amazonaws.com"])])
    assert "management events that read" in dangerous(trails, TRAILS, narrow)
    assert "clear them too" in refused(trails, TRAILS, dict(name="acme", advanced_event_selectors=[EVERYTHING]))
    assert "name event_selectors as they shall be" in refused(trails, TRAILS, dict(name="acme", clear=["event_selectors"]))
    assert "drop the event selectors" in dangerous(trails, TRAILS, dict(name="acme", advanced_event_selectors=[EVERYTHING], clear=["event_selectors"]))
    assert faults(TRAILS, dict(basic, advanced_event_selectors=[EVERYTHING])) == [(0, "advanced_event_selectors", "one_of")]


def test_what_nobody_named_in_the_selectors_stays(trails):
    cloudtrail = client(trails, "cloudtrail")
    objects = [dict(Type="AWS::S3::Object", Values=["arn:aws:s3:::x/"])]
    cloudtrail.put_event_selectors(TrailName="acme", EventSelectors=[dict(ReadWriteType="WriteOnly", DataResources=objects)])
    harmless(trails, TRAILS, dict(name="acme", event_selectors=[dict(read_write_type="All")]))
    assert cloudtrail.get_event_selectors(TrailName="acme")["EventSelectors"][0]["DataResources"] == objects
    unnamed = dict(FieldSelectors=[dict(Field="eventCategory", Equals=["Management"])])
    cloudtrail.put_event_selectors(TrailName="acme", AdvancedEventSelectors=[unnamed])
    harmless(trails, TRAILS, dict(name="acme", advanced_event_selectors=[EVERYTHING]))
    assert unnamed in cloudtrail.get_event_selectors(TrailName="acme")["AdvancedEventSelectors"]


def test_every_single_data_event_needs_a_confirmation(trails):
    everything = [dict(include_management_events=True, data_resources=[dict(type="AWS::S3::Object", values=["arn:aws:s3"])])]
    assert "charged for, every single data event of AWS::S3::Object" in dangerous(trails, TRAILS, dict(name="acme", event_selectors=everything))
    data = [dict(field="eventCategory", equals=["Data"]), dict(field="resources.type", equals=["AWS::Lambda::Function"])]
    entry = dict(name="data", s3_bucket_name="acme-archive", advanced_event_selectors=[dict(name="λ", field_selectors=data)])
    assert "AWS::Lambda::Function" in trails.run(TRAILS, dict(trails=[entry]), check=True)["entries"][0]["confirm"]
    empty = dict(name="acme", advanced_event_selectors=[dict(name="empty")], clear=["event_selectors"])
    assert "new and needs field_selectors" in refused(trails, TRAILS, empty)


def test_insights_look_at_what_is_recorded(trails):
    rate, errors = dict(insight_type="ApiCallRateInsight"), dict(insight_type="ApiErrorRateInsight")
    assert "of Data needs data events" in refused(trails, TRAILS, dict(name="acme", insight_selectors=[dict(rate, event_categories=["Management", "Data"])]))
    reads = [dict(read_write_type="ReadOnly")]
    assert "needs management events that write" in refused(trails, TRAILS, dict(name="acme", event_selectors=reads, insight_selectors=[errors, rate]))
    harmless(trails, TRAILS, dict(name="acme", insight_selectors=[rate]))
    assert "needs management events that write" in refused(trails, TRAILS, dict(name="acme", event_selectors=reads)), "one that is there"
    new = dict(name="new", s3_bucket_name="acme-archive", logging=True)
    files = [dict(include_management_events=False, data_resources=[dict(type="AWS::S3::Object", values=["arn:aws:s3:::acme-prod-files/"])])]
    assert "needs management events that read or write" in refused(trails, TRAILS, dict(new, event_selectors=files, insight_selectors=[errors]))
    write(trails, TRAILS, dict(new, event_selectors=files, insight_selectors=[dict(errors, event_categories=["Data"])]))


def test_an_organization_is_recorded_only_with_a_confirmation(trails):
    client(trails, "organizations").create_organization(FeatureSet="ALL")
    assert "every account of the organization" in dangerous(trails, TRAILS, dict(name="acme", is_organization_trail=True))
    assert "the other accounts of the organization" in dangerous(trails, TRAILS, dict(name="acme", is_organization_trail=False))


def test_trails_of_other_regions_are_told_and_never_changed(trails):
    write(trails, BUCKETS, dict(name="acme-far", deliveries=[dict(service="cloudtrail.amazonaws.com")]))
    client(trails, "cloudtrail", "us-east-1").create_trail(Name="far", S3BucketName="acme-far", IsMultiRegionTrail=True)
    before = trails.double.state()
    assert "home Region is us-east-1" in refused(trails, TRAILS, dict(name="far", s3_bucket_name="acme-archive"))
    confirm = [f"{TRAILS}/far"]
    assert "home Region is us-east-1" in refused(trails, TRAILS, dict(name="far", state="absent"), confirm=confirm)
    assert trails.double.state() == before
    assert "far" not in [trail["name"] for trail in trails.gather(TRAILS)]


def test_a_bucket_that_lets_nobody_deliver_is_explained(trails):
    write(trails, BUCKETS, dict(name="acme-closed"))
    result = trails.run(TRAILS, dict(trails=[dict(name="new", s3_bucket_name="acme-closed")]), fails=True)
    assert "name deliveries: [{service: cloudtrail.amazonaws.com}] of the bucket in s3_buckets" in result["msg"]
    write(trails, BUCKETS, dict(name="acme-closed", deliveries=[dict(service="cloudtrail.amazonaws.com")], request_payer="Requester"))
    assert "where the requester pays" in trails.run(TRAILS, dict(trails=[dict(name="new", s3_bucket_name="acme-closed")]), check=True, fails=True)["msg"]


def test_where_there_is_no_room_for_a_trail_those_that_are_there_are_listed(trails):
    write(trails, TRAILS, *(dict(name=f"acme-{number}", s3_bucket_name="acme-archive") for number in range(4)))
    message = trails.run(TRAILS, dict(trails=[dict(name="acme-five", s3_bucket_name="acme-archive")]), fails=True)["msg"]
    assert f"acme-3 ({REGION})" in message and "as many trails as AWS allows" in message


def test_a_delivery_that_fails_is_warned_of(trails, capsys):
    client(trails, "s3").delete_bucket_policy(Bucket="acme-archive")
    assert not trails.run(TRAILS, dict(trails=[dict(name="acme", logging=True)]), check=True)["changed"]
    assert "trail acme does not reach its bucket: AccessDenied" in capsys.readouterr().err


def test_a_key_may_be_written_as_alias(trails):
    kms = client(trails, "kms")
    made = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/acme-trail", TargetKeyId=made)
    client(trails, "cloudtrail").update_trail(Name="acme", KmsKeyId=made)
    for spelt in ("alias/acme-trail", made.rpartition("/")[2], made):
        assert not write(trails, TRAILS, dict(name="acme", kms_key_id=spelt))["changed"]
    assert trails.run(TRAILS, dict(trails=[dict(name="acme", kms_key_id="alias/other")]), check=True)["changed"]


def test_another_bucket_moves_nothing_else_of_a_trail(trails):
    write(trails, TRAILS, dict(name="acme", tags=dict(Owner="infra"), kms_key_id=key(1)))
    before = trails.double.state()
    assert not write(trails, TRAILS, dict(name="acme", s3_bucket_name="acme-archive"))["changed"]
    harmless(trails, TRAILS, dict(name="acme", s3_bucket_name="acme-trail"))
    trail = client(trails, "cloudtrail").describe_trails()["trailList"][0]
    assert trail["IsMultiRegionTrail"] and trail["LogFileValidationEnabled"] and trail["KmsKeyId"] == key(1)
    path = next(path for path in before if path.startswith("cloudtrail/") and path.endswith("trails/acme"))
    moved = {name for name, value in trails.double.state()[path].items() if before[path].get(name) != value}
    assert moved == {"bucket_name"}


# -- AWS Config


@pytest.fixture
def config(stage):
    stage.prepare(CONFIG)
    return stage


BASIS = dict(name="default", role="acme-config", s3_bucket_name="acme-config", recording=True)


def recorder(stage):
    return client(stage, "config").describe_configuration_recorders()["ConfigurationRecorders"][0]


def test_a_recorder_under_another_name_is_told(config):
    write(config, CONFIG, dict(BASIS, name="old", delivery_channel_name="first"))
    assert "this account has 'old', which keeps its name: write name: old" in refused(config, CONFIG, BASIS)
    assert "this account has 'first'" in refused(config, CONFIG, dict(delivery_channel_name="default"))
    assert write(config, CONFIG, dict(delivery_frequency="Six_Hours"))["entries"][0]["changed"] == ["delivery_frequency"]


def test_what_a_new_recorder_records_without_being_told_is_told(config, monkeypatch):
    said = []
    monkeypatch.setattr(Aws, "warn", lambda aws, text: said.append(text))
    for often, more in (("CONTINUOUS, at each change", {}), ("(DAILY)", dict(recording_frequency="DAILY"))):
        config.run(CONFIG, dict(configuration_recorder=dict(BASIS, **more)), check=True)
        (text,) = said
        assert "resources of every type" in text and often in text
        said.clear()
    write(config, CONFIG, dict(BASIS, recording_strategy="ALL_SUPPORTED_RESOURCE_TYPES"))
    config.run(CONFIG, dict(configuration_recorder=BASIS), check=True)
    assert said == []


def test_what_exists_is_taken_over_and_nothing_unnamed_moves(config):
    write(config, CONFIG, examples(CONFIG).make["configuration_recorder"])
    before, channel = recorder(config), client(config, "config").describe_delivery_channels()["DeliveryChannels"][0]
    harmless(config, CONFIG, dict(recording_frequency="DAILY"))
    assert recorder(config) == {**before, "recordingMode": {**before["recordingMode"], "recordingFrequency": "DAILY"}}
    harmless(config, CONFIG, dict(s3_kms_key_arn=key(2)))
    assert client(config, "config").describe_delivery_channels()["DeliveryChannels"][0] == {**channel, "s3KmsKeyArn": key(2)}


def test_a_recorder_works_with_one_role(config):
    without = {name: value for name, value in BASIS.items() if name != "role"}
    assert "works with one role" in refused(config, CONFIG, without)
    assert "works with one role" in refused(config, CONFIG, dict(BASIS, service_linked_role=True))
    assert faults(CONFIG, dict(BASIS, service_linked_role=True)) == [(0, "role", "one_of")]
    write(config, CONFIG, dict(without, service_linked_role=True))
    assert "works with one role" in refused(config, CONFIG, dict(service_linked_role=False))


def test_the_linked_role_is_made_once(config):
    client(config, "iam").create_service_linked_role(AWSServiceName="config.amazonaws.com")
    config.double.clear_calls()
    write(config, CONFIG, dict(name="default", service_linked_role=True))
    assert "iam:CreateServiceLinkedRole" not in config.writes()


def test_recording_needs_a_channel_and_a_channel_a_bucket(config):
    lonely = dict(name="default", role="acme-config")
    assert "name s3_bucket_name too" in refused(config, CONFIG, dict(lonely, recording=True))
    assert "needs s3_bucket_name" in refused(config, CONFIG, dict(lonely, s3_key_prefix="x"))
    write(config, CONFIG, lonely)
    harmless(config, CONFIG, dict(s3_bucket_name="acme-config", recording=True))


def test_members_go_with_their_strategy(config):
    assert "goes with recording_strategy INCLUSION" in refused(config, CONFIG, dict(BASIS, resource_types=["AWS::S3::Bucket"]))
    exclusion = dict(BASIS, recording_strategy="EXCLUSION_BY_RESOURCE_TYPES")
    assert "needs exclusion_by_resource_types" in refused(config, CONFIG, exclusion)
    assert "goes with recording_strategy ALL" in refused(
        config, CONFIG, dict(exclusion, exclusion_by_resource_types=["AWS::S3::Bucket"], include_global_resource_types=True)
    )


def test_what_would_be_recorded_no_longer_needs_a_confirmation(config):
    write(config, CONFIG, dict(BASIS, include_global_resource_types=True))
    assert "no longer record users, groups, roles and policies of IAM" in dangerous(config, CONFIG, dict(include_global_resource_types=False))
    exclusion = dict(recording_strategy="EXCLUSION_BY_RESOURCE_TYPES", exclusion_by_resource_types=["AWS::S3::Bucket"])
    assert "no longer record AWS::S3::Bucket" in dangerous(config, CONFIG, exclusion)
    assert "record AWS::EC2::VPC" in dangerous(config, CONFIG, dict(exclusion_by_resource_types=["AWS::EC2::VPC"]))
    harmless(config, CONFIG, dict(exclusion_by_resource_types=dict(remove=["AWS::EC2::VPC"])))
    inclusion = dict(recording_strategy="INCLUSION_BY_RESOURCE_TYPES", resource_types=["AWS::EC2::VPC", "AWS::S3::Bucket"])
    assert "anything but AWS::EC2::VPC, AWS::S3::Bucket" in dangerous(config, CONFIG, inclusion)
    assert "no longer record AWS::EC2::VPC" in dangerous(config, CONFIG, dict(resource_types=dict(remove=["AWS::EC2::VPC"])))
    harmless(config, CONFIG, dict(recording_strategy="ALL_SUPPORTED_RESOURCE_TYPES"))
    assert "would stop the recording" in dangerous(config, CONFIG, dict(recording=False))


def test_a_shorter_retention_needs_a_confirmation(config):
    write(config, CONFIG, BASIS)
    assert "more than 365 days ago, where 2557 days are kept" in dangerous(config, CONFIG, dict(retention_period_in_days=365))
    harmless(config, CONFIG, dict(retention_period_in_days=400))


def test_a_bucket_config_cannot_write_to_is_explained_and_the_next_run_goes_on(config):
    write(config, BUCKETS, dict(name="acme-closed"))
    entry = dict(BASIS, s3_bucket_name="acme-closed")
    assert "name deliveries: [{service: config.amazonaws.com}]" in config.run(CONFIG, dict(configuration_recorder=entry), fails=True)["msg"]
    write(config, BUCKETS, dict(name="acme-closed", deliveries=[dict(service="config.amazonaws.com")]))
    harmless(config, CONFIG, entry)


def test_a_recorder_that_fails_is_told_at_the_start_and_warned_of_later(config, capsys):
    linked = dict(name="default", service_linked_role=True, s3_bucket_name="acme-config", recording=False)
    write(config, CONFIG, linked)
    client(config, "s3").delete_bucket_policy(Bucket="acme-config")
    failed = config.run(CONFIG, dict(configuration_recorder=dict(linked, recording=True)), fails=True)
    assert "was started and fails: AccessDenied: Insufficient delivery policy" in failed["msg"]
    assert not config.run(CONFIG, dict(configuration_recorder=dict(linked, recording=True)), check=True)["changed"]
    assert "AWS Config records but fails: AccessDenied" in capsys.readouterr().err


def test_what_control_tower_keeps_is_left_alone(config):
    role = client(config, "iam").get_role(RoleName="acme-config")["Role"]["Arn"]
    tower = "aws-controltower-BaselineConfigRecorder"
    client(config, "config").put_configuration_recorder(ConfigurationRecorder=dict(name=tower, roleARN=role))
    for entry in (dict(recording_frequency="DAILY"), dict(state="absent")):
        assert "kept by AWS Control Tower" in refused(config, CONFIG, entry, confirm=[ENTRY])
    assert recorder(config)["recordingMode"] == dict(recordingFrequency="CONTINUOUS")


def test_a_services_own_recorder_is_no_recorder_of_the_sheet(config):
    client(config, "config").put_service_linked_configuration_recorder(ServicePrincipal="securityhub.amazonaws.com")
    assert config.gather(CONFIG) == []
    assert write(config, CONFIG, BASIS)["entries"][0]["action"] == "created"


# -- who may deliver to a bucket


def test_deliveries_stand_beside_the_policy_of_others(config):
    s3 = client(config, "s3")
    theirs = dict(Sid="Theirs", Effect="Allow", Principal=dict(AWS=f"arn:aws:iam::{ACCOUNT}:root"), Action="s3:GetObject", Resource="arn:aws:s3:::acme-x/*")
    write(config, BUCKETS, dict(name="acme-x"))
    s3.put_bucket_policy(Bucket="acme-x", Policy=json.dumps(dict(Version="2012-10-17", Statement=[theirs])))
    harmless(config, BUCKETS, dict(name="acme-x", deliveries=[dict(service="config.amazonaws.com"), dict(service="config.amazonaws.com", prefix="a/b")]))
    statements = json.loads(s3.get_bucket_policy(Bucket="acme-x")["Policy"])["Statement"]
    assert statements[0] == theirs and len({statement["Sid"] for statement in statements}) == 3
    assert statements[2]["Resource"] == ["arn:aws:s3:::acme-x", f"arn:aws:s3:::acme-x/a/b/AWSLogs/{ACCOUNT}/*"]
    assert all(statement["Condition"] == dict(StringEquals={"aws:SourceAccount": ACCOUNT}) for statement in statements[1:])
    gone = dict(name="acme-x", deliveries=dict(remove=[dict(service="config.amazonaws.com", prefix="a/b")]))
    assert "stop config.amazonaws.com from delivering" in dangerous(config, BUCKETS, gone)
    assert "stop config.amazonaws.com from delivering" in dangerous(config, BUCKETS, dict(name="acme-x", clear=["deliveries"]))
    assert json.loads(s3.get_bucket_policy(Bucket="acme-x")["Policy"])["Statement"] == [theirs]


def test_a_statement_that_somebody_has_altered_goes_only_where_the_plan_shows_it(config):
    s3, entry = client(config, "s3"), dict(name="acme-x", deliveries=[dict(service="config.amazonaws.com")])
    write(config, BUCKETS, entry)
    policy = json.loads(s3.get_bucket_policy(Bucket="acme-x")["Policy"])
    policy["Statement"][0]["Action"] = "s3:PutObject"
    s3.put_bucket_policy(Bucket="acme-x", Policy=json.dumps(policy))
    assert "a Sid stands only once" in refused(config, BUCKETS, entry)
    harmless(config, BUCKETS, dict(entry, clear=["policy"]))
    assert "without a slash" in refused(config, BUCKETS, dict(name="acme-x", deliveries=[dict(service="config.amazonaws.com", prefix="/a")]))


# -- rules of AWS Config

RULES = "config_rules"
SSH = dict(name="acme-ssh", source_identifier="INCOMING_SSH_DISABLED")


@pytest.fixture
def judged(stage):
    stage.prepare(RULES)
    write(stage, RULES, SSH)
    return stage


def test_without_a_recorder_nothing_is_judged_and_the_plan_says_so(stage):
    stage.double.reset()
    assert "records nothing in this Region" in refused(stage, RULES, SSH)
    on_its_way = {CONFIG: ["configuration_recorder"]}
    assert stage.run(RULES, dict(rules=[SSH]), check=True, sheet_names=on_its_way)["changed"]


def test_a_rule_of_others_is_not_written_over(judged):
    trust = dict(ConfigRuleName="theirs", Source=dict(Owner="CUSTOM_POLICY", CustomPolicyDetails=dict(PolicyRuntime="guard-2.x.x", PolicyText="rule x {}")))
    client(judged, "config").put_config_rule(ConfigRule=trust)
    before = judged.double.state("config/")
    assert "CUSTOM_POLICY" in refused(judged, RULES, dict(name="theirs", description="ours"))
    judged.run(RULES, dict(rules=[dict(name="theirs", state="absent")], confirm=[f"{RULES}/theirs"]), fails=True)
    assert judged.double.state("config/") == before and [one["name"] for one in judged.gather(RULES)] == ["acme-ssh"]


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (dict(resource_id="sg-1"), "exactly one of resource_types"),
        (dict(resource_types=["AWS::S3::Bucket", "AWS::EC2::Instance"], resource_id="x"), "exactly one of resource_types"),
        (dict(tag_value="prod"), "needs tag_key"),
    ],
)
def test_a_scope_is_said_in_one_way(judged, scope, said):
    assert said in refused(judged, RULES, dict(SSH, scope=scope))


def test_a_rule_keeps_its_source_and_goes_only_with_a_confirmation(judged):
    assert "source_identifier cannot change" in refused(judged, RULES, dict(SSH, source_identifier="S3_BUCKET_VERSIONING_ENABLED"))
    assert "with what it has found" in judged.run(RULES, dict(rules=[dict(name="acme-ssh", state="absent")]), fails=True)["msg"]


@pytest.mark.parametrize("value", [90, "90", True])
def test_a_parameter_is_a_text_however_it_is_written(judged, value):
    keys = dict(name="acme-keys", source_identifier="ACCESS_KEYS_ROTATED", input_parameters=dict(maxAccessKeyAge=value))
    write(judged, RULES, keys)
    assert not judged.run(RULES, dict(rules=[dict(keys, input_parameters=dict(maxAccessKeyAge=str(value).lower()))]), check=True)["changed"]
