# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What buckets and life cycle policies of backups refuse and call dangerous, and what a second run must not see otherwise."""

from __future__ import annotations

import contextlib
import json
from types import SimpleNamespace

import pytest

from ansible_collections.msp.aws.plugins.module_utils._options import Problem
from tests.laws.stage import ACCOUNT, KINDS, REGION, examples
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, task, write

BUCKETS, POLICIES = "s3_buckets", "dlm_lifecycle_policies"
RULES = dict(
    lifecycle_rules="status",
    replication_rules="status, priority, destination_bucket, delete_marker_replication",
    topic_configurations="topic, events",
    queue_configurations="queue_arn, events",
    lambda_function_configurations="lambda_function_arn, events",
    intelligent_tiering_configurations="status, tierings",
    inventory_configurations="is_enabled, destination_bucket, format, included_object_versions, frequency",
)
COPY = dict(id="copy", status="Enabled", priority=1, destination_bucket="acme-other", delete_marker_replication="Disabled")
OPEN = dict(Version="2012-10-17", Statement=[dict(Sid="RequireTls", Effect="Deny", Principal="*", Action="s3:*", Resource="arn:aws:s3:::acme")])


@pytest.fixture
def buckets(stage):
    """An empty bucket, and one that somebody has put something into; both keep versions."""
    stage.prepare(BUCKETS)
    write(stage, BUCKETS, dict(name="acme", versioning="Enabled"), dict(name="acme-used", versioning="Enabled"))
    client(stage, "s3").put_object(Bucket="acme-used", Key="a", Body=b"a")
    return stage


@pytest.mark.parametrize("option", RULES)
def test_a_new_rule_says_all_that_s3_needs(buckets, option):
    message = refused(buckets, BUCKETS, {"name": "acme", option: [dict(id="new")]})
    assert f"{option} 'new' is new and needs {RULES[option]}" in message


def test_a_destination_that_does_not_let_s3_in_is_told_with_what_to_do(buckets):
    entry = dict(name="acme", topic_configurations=[dict(id="all", topic="acme-closed", events=["s3:ObjectCreated:*"])])
    write(buckets, "sns_topics", dict(name="acme-closed"))
    failed = buckets.run(BUCKETS, task(BUCKETS, entry), fails=True)
    assert "s3_buckets acme: Unable to validate the following destination" in failed["msg"] and "publishers: [s3.amazonaws.com]" in failed["msg"]
    write(buckets, "sns_topics", dict(name="acme-closed", publishers=["s3.amazonaws.com"]))
    assert write(buckets, BUCKETS, entry)["changed"] and not write(buckets, BUCKETS, entry)["changed"]


def test_a_function_that_does_not_let_s3_in_is_told_in_the_plan(buckets):
    """Whose policy names another bucket, or that is not there; one whose policy names this bucket is taken."""
    which = dict(FunctionName="acme-scan", StatementId="used", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", SourceAccount=ACCOUNT)
    client(buckets, "lambda").add_permission(**which, SourceArn="arn:aws:s3:::acme-used")
    for name in ("acme-scan", "acme-nobody"):
        scan = dict(id="scan", lambda_function_arn=f"arn:aws:lambda:ap-northeast-1:{ACCOUNT}:function:{name}", events=["s3:ObjectCreated:*"])
        assert f"function:{name} is not there, or does not let S3 in" in refused(buckets, BUCKETS, dict(name="acme", lambda_function_configurations=[scan]))
    scan["lambda_function_arn"] = scan["lambda_function_arn"].replace("nobody", "scan")
    assert write(buckets, BUCKETS, dict(name="acme-used", lambda_function_configurations=[scan]))["changed"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (dict(replication_rules=[COPY]), "replication_rules need replication_role"),
        (dict(replication_role="acme-s3-replication"), "replication_role needs replication_rules"),
        (dict(replication_role="acme-s3-replication", replication_rules=dict(set=[])), "replication_role needs replication_rules"),
        (dict(object_lock_default_retention=dict(mode="GOVERNANCE", days=1)), "which can never be switched off again"),
        (dict(encryption=dict(kms_master_key_id="alias/acme")), "needs the sse_algorithm aws:kms"),
        (dict(encryption=dict(sse_algorithm="AES256", kms_master_key_id="alias/acme")), "needs the sse_algorithm aws:kms"),
        (dict(policy=OPEN), "belongs to require_tls"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_the_plan(buckets, options, said):
    before = buckets.gather(BUCKETS)
    for name in ("acme", "acme-new"):
        assert said in refused(buckets, BUCKETS, dict(options, name=name))
    assert buckets.gather(BUCKETS) == before


def test_role_and_rules_of_replication_go_together(buckets):
    write(buckets, BUCKETS, dict(name="acme-other", versioning="Enabled"))
    write(buckets, BUCKETS, dict(name="acme", replication_role="acme-s3-replication", replication_rules=[COPY]))
    assert "only be taken away together" in refused(buckets, BUCKETS, dict(name="acme", clear=["replication_role"]))
    alone = dict(name="acme", replication_role="acme-s3-replication", replication_rules=dict(remove=[dict(id="copy")]))
    assert "replication_role needs replication_rules" in refused(buckets, BUCKETS, alone)
    harmless(buckets, BUCKETS, dict(name="acme", clear=["replication_role", "replication_rules"]))


def test_object_lock_is_never_switched_off(buckets):
    write(buckets, BUCKETS, dict(name="acme", object_lock_enabled_for_bucket=True))
    assert "by nobody" in refused(buckets, BUCKETS, dict(name="acme", object_lock_enabled_for_bucket=False))
    assert not write(buckets, BUCKETS, dict(name="acme-other", object_lock_enabled_for_bucket=False))["diff"]["before"]


def test_a_bucket_with_something_in_it_stays(buckets):
    gone = dict(name="acme-used", state="absent")
    assert "the bucket is not empty" in refused(buckets, BUCKETS, gone, confirm=["s3_buckets/acme-used"])
    client(buckets, "s3").delete_object(Bucket="acme-used", Key="a")
    assert "earlier versions or delete markers" in refused(buckets, BUCKETS, gone, confirm=["s3_buckets/acme-used"])


def test_a_name_that_no_new_bucket_can_have_is_refused_and_what_has_it_is_known_by_its_id(buckets):
    assert "ends with -an" in refused(buckets, BUCKETS, dict(name="acme-an"))
    client(buckets, "s3").create_bucket(Bucket="theirs-an", CreateBucketConfiguration=dict(LocationConstraint=REGION))
    [theirs] = [one for one in buckets.gather(BUCKETS) if one["name"] == "theirs-an"]
    assert theirs["id"] == "theirs-an" and list(KINDS[BUCKETS].faults([theirs], {})) == []
    write(buckets, BUCKETS, dict(id="theirs-an", name="theirs-an", versioning="Enabled"))
    assert [one for one in buckets.gather(BUCKETS) if one["name"] == "theirs-an"][0]["versioning"] == "Enabled"


def test_a_bucket_can_lie_in_the_own_namespace_of_the_account(buckets):
    own = f"acme-123456789012-{REGION}-an"
    write(buckets, BUCKETS, dict(name=own, versioning="Enabled"))
    assert [one["versioning"] for one in buckets.gather(BUCKETS) if one["name"] == own and "id" not in one] == ["Enabled"]
    for other in (own.replace("1234", "9999"), own.replace(REGION, "eu-west-1")):
        assert f"here it ends with -123456789012-{REGION}-an" in refused(buckets, BUCKETS, dict(name=other))


def test_a_bucket_of_another_region_is_left_alone(buckets):
    elsewhere = dict(LocationConstraint="eu-west-1")
    client(buckets, "s3", "eu-west-1").create_bucket(Bucket="acme-far", CreateBucketConfiguration=elsewhere)
    for entry in (dict(name="acme-far", versioning="Enabled"), dict(name="acme-far", state="absent")):
        assert f"exists in eu-west-1, this run works in {REGION}" in refused(buckets, BUCKETS, entry, confirm=["s3_buckets/acme-far"])
    assert "acme-far" not in [bucket["name"] for bucket in buckets.gather(BUCKETS)]


DANGERS = dict(
    public=(dict(public_access_block=dict(block_public_policy=False)), "would switch off block_public_policy"),
    versions=(dict(versioning="Suspended"), "would stop keeping earlier versions"),
    lock=(dict(object_lock_enabled_for_bucket=True), "can never be switched off again"),
    age=(dict(lifecycle_rules=[dict(id="old", status="Enabled", expiration_days=30)]), "old (prefix none: everything)"),
    date=(dict(lifecycle_rules=[dict(id="old", status="Enabled", prefix="a/", expiration_date="2030-01-01")]), "old (prefix a/)"),
    versions_age=(dict(lifecycle_rules=[dict(id="old", status="Enabled", noncurrent_version_expiration_days=30)]), "would delete objects"),
)


@pytest.mark.parametrize(("options", "said"), DANGERS.values(), ids=DANGERS)
def test_what_loses_or_shows_objects_needs_a_confirmation_where_there_are_any(buckets, options, said):
    assert said in dangerous(buckets, BUCKETS, dict(options, name="acme-used"))
    harmless(buckets, BUCKETS, dict(options, name="acme"))


def test_a_retention_that_nobody_can_end_needs_a_confirmation(buckets):
    locked = dict(name="acme-used", object_lock_enabled_for_bucket=True)
    write(buckets, BUCKETS, dict(locked, object_lock_default_retention=dict(mode="GOVERNANCE", days=1)), confirm=["s3_buckets/acme-used"])
    assert "not even the account's root user" in dangerous(buckets, BUCKETS, dict(name="acme-used", object_lock_default_retention=dict(mode="COMPLIANCE")))
    assert "for the whole retention" in dangerous(buckets, BUCKETS, dict(name="acme-used", object_lock_default_retention=dict(days=2)))


def test_rules_that_delete_no_more_than_before_need_no_confirmation(buckets):
    moved = dict(id="old", noncurrent_version_transitions=[dict(noncurrent_days=9, storage_class="GLACIER")])
    write(buckets, BUCKETS, dict(name="acme-used", lifecycle_rules=[dict(id="old", status="Disabled", expiration_days=30)]))
    harmless(buckets, BUCKETS, dict(name="acme-used", lifecycle_rules=[moved]))
    for change in (dict(status="Enabled"), dict(expiration_days=20), dict(prefix="a/"), dict(tags=dict(Kind="tmp"))):
        assert "would delete objects" in dangerous(buckets, BUCKETS, dict(name="acme-used", lifecycle_rules=[dict(change, id="old")]))
    harmless(buckets, BUCKETS, dict(name="acme-used", lifecycle_rules=[dict(id="old", noncurrent_version_transitions=[])]))
    harmless(buckets, BUCKETS, dict(name="acme-used", lifecycle_rules=dict(remove=[dict(id="old")])))


def test_numbers_in_tags_mean_their_digits_wherever_tags_stand(buckets):
    entry = dict(name="acme", tags=dict(Cost=4711), lifecycle_rules=[dict(id="old", status="Enabled", expiration_days=9, tags=dict(Days=9))])
    write(buckets, BUCKETS, entry)
    assert not write(buckets, BUCKETS, entry)["changed"]


def test_a_policy_is_the_same_however_its_actions_are_spelt(buckets):
    def policy(*actions):
        share = dict(Effect="Allow", Principal=dict(AWS="arn:aws:iam::210987654321:root"), Action=list(actions), Resource="arn:aws:s3:::acme/*")
        return dict(name="acme", policy=dict(Version="2012-10-17", Statement=[share]))

    write(buckets, BUCKETS, policy("s3:GetObject"))
    assert not write(buckets, BUCKETS, policy("S3:getObject"))["changed"]
    assert write(buckets, BUCKETS, policy("s3:GetObject", "s3:PutObject"))["changed"]


NARROWED = [dict(Resource="arn:aws:s3:::acme/public/*"), dict(Action="s3:PutObject"), dict(Principal=dict(AWS="arn:aws:iam::210987654321:root"))]


@pytest.mark.parametrize("narrower", NARROWED)
def test_a_demand_for_tls_that_somebody_narrowed_is_seen_and_goes_only_where_the_plan_shows_it(buckets, narrower):
    s3, wanted = client(buckets, "s3"), dict(name="acme", require_tls=True)
    write(buckets, BUCKETS, wanted)
    policy = json.loads(s3.get_bucket_policy(Bucket="acme")["Policy"])
    policy["Statement"][0].update(narrower)
    s3.put_bucket_policy(Bucket="acme", Policy=json.dumps(policy))
    found = next(one for one in buckets.gather(BUCKETS) if one["name"] == "acme")
    assert found["require_tls"] is False and found["policy"]["Statement"][0]["Sid"] == "RequireTls"
    assert "a Sid stands only once" in refused(buckets, BUCKETS, wanted)
    result = write(buckets, BUCKETS, dict(wanted, clear=["policy"]))
    assert "policy" in result["diff"]["before"]["acme"] and not write(buckets, BUCKETS, wanted)["changed"]


# -- life cycle policies of backups


DAILY, WEEKLY = "acme-prod-daily", "acme-prod-weekly"


@pytest.fixture
def policies(stage):
    stage.prepare(POLICIES)
    stage.run(POLICIES, examples(POLICIES).make)
    return stage


@pytest.mark.parametrize(
    ("schedule", "needed"),
    [
        (dict(retain_count=3), "cron_expression or interval"),
        (dict(cron_expression="cron(0 1 * * ? *)"), "retain_count or retain_interval"),
    ],
)
def test_a_new_schedule_says_when_and_how_long(policies, schedule, needed):
    new = next(entry for entry in examples(POLICIES).make["lifecycle_policies"] if entry["name"] == DAILY)
    for entry in (dict(name=DAILY), dict(new, name="acme-new")):
        assert f"schedule 'new' is new and needs {needed}" in refused(policies, POLICIES, dict(entry, schedules=[dict(schedule, name="new")]))


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (dict(name="daily", retain_count=6), "would keep 6 generations instead of 7 generations in schedule daily"),
        (dict(name="daily", retain_interval=30, retain_interval_unit="DAYS"), "would keep 30 DAYS instead of 7 generations in schedule daily"),
        (dict(name="hourly", retain_count=100), "would keep 100 generations instead of 1 DAYS in schedule hourly"),
        (dict(name="hourly", retain_interval_unit="WEEKS"), "would keep 1 WEEKS instead of 1 DAYS in schedule hourly"),
    ],
)
def test_keeping_less_or_by_another_measure_needs_a_confirmation(policies, schedule, said):
    assert said in dangerous(policies, POLICIES, dict(name=DAILY, schedules=[schedule]))


def test_one_confirmation_is_asked_for_all_that_it_deletes(policies):
    fewer = [dict(name="daily", retain_count=6), dict(name="hourly", retain_interval_unit="WEEKS")]
    said = dangerous(policies, POLICIES, dict(name=DAILY, schedules=fewer))
    assert "in schedule daily: what is beyond that is deleted; would keep 1 WEEKS" in said


def test_keeping_more_needs_none(policies):
    harmless(policies, POLICIES, dict(name=DAILY, schedules=[dict(name="daily", retain_count=8), dict(name="hourly", retain_interval=2)]))
    harmless(policies, POLICIES, dict(name=DAILY, schedules=[dict(name="daily", copy_tags=False)]))


def test_images_that_reboot_their_instances_need_a_confirmation(policies):
    assert "would reboot the instances" in dangerous(policies, POLICIES, dict(name=WEEKLY, no_reboot=False))
    harmless(policies, POLICIES, dict(name=WEEKLY, no_reboot=True))


def test_a_policy_that_dlm_cannot_carry_out_says_why():
    """The role or a key may lack a permission, which DLM tells only afterwards."""
    broken = dict(State="ERROR", StatusMessage="the role lacks ec2:CreateSnapshots")
    aws = SimpleNamespace(reading=contextlib.nullcontext, dlm=SimpleNamespace(get_lifecycle_policy=lambda **dummy: dict(Policy=broken)))
    with pytest.raises(Problem, match="DLM cannot carry out policy policy-1: the role lacks ec2:CreateSnapshots"):
        KINDS[POLICIES].create.__globals__["_sound"](aws, "policy-1")


def test_numbers_in_tags_of_a_policy_mean_their_digits(policies):
    schedule = dict(name="daily", tags_to_add=dict(Keep=7))
    entry = dict(name=DAILY, target_tags=dict(Backup=1), exclude_data_volume_tags=dict(Tier=3), tags=dict(Cost=4711), schedules=[schedule])
    write(policies, POLICIES, entry)
    assert not write(policies, POLICIES, entry)["changed"]


OLD_TOO_SOON = dict(noncurrent_days=29, storage_class="STANDARD_IA")


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (dict(transitions=[dict(days=29, storage_class="STANDARD_IA")]), ("transitions.days", "least")),
        (dict(transitions=[dict(days=30, storage_class="STANDARD_IA"), dict(days=59, storage_class="GLACIER")]), ("transitions.days", "least")),
        (dict(transitions=[dict(days=90, storage_class="GLACIER"), dict(days=30, storage_class="DEEP_ARCHIVE")]), ("transitions.days", "least")),
        (dict(transitions=[dict(days=90, storage_class="GLACIER")], expiration_days=90), ("expiration_days", "least")),
        (dict(transitions=[dict(days=90, storage_class="GLACIER")], expiration_date="2030-04-01"), ("transitions", "one_of")),
        (dict(transitions=[dict(days=90, storage_class="GLACIER"), dict(days=180, storage_class="GLACIER")]), ("transitions", "item_twice")),
        (dict(noncurrent_version_transitions=[OLD_TOO_SOON]), ("noncurrent_version_transitions.noncurrent_days", "least")),
        (dict(tags=dict(a="b"), expired_object_delete_marker=True), ("expired_object_delete_marker", "one_of")),
        (dict(object_size_greater_than=5, abort_incomplete_multipart_upload_days=7), ("abort_incomplete_multipart_upload_days", "one_of")),
        (dict(object_size_greater_than=5, object_size_less_than=5, expiration_days=1), ("object_size_less_than", "least")),
        (dict(noncurrent_version_expiration_days=1, newer_noncurrent_versions=101), ("newer_noncurrent_versions", "most")),
        (dict(expiration_days=0), ("expiration_days", "least")),
    ],
)
def test_a_life_cycle_that_s3_refuses_is_told_in_the_sheet_and_in_the_plan(buckets, rule, fault):
    option, code = fault
    new = dict(rule, id="new", status="Enabled")
    for rules in ([new], dict(set=[new])):
        assert [found for found in faults(BUCKETS, dict(name="acme", lifecycle_rules=rules)) if found[1:] == (f"lifecycle_rules.{option}", code)]
    if rule.get("expiration_days") != 0:
        assert f"lifecycle_rules 'new': {option}: " in refused(buckets, BUCKETS, dict(name="acme", lifecycle_rules=[new]))


def test_half_a_rule_is_told_with_the_half_that_is_there(buckets):
    write(buckets, BUCKETS, dict(name="acme", lifecycle_rules=[dict(id="down", status="Enabled", transitions=[dict(days=90, storage_class="GLACIER")])]))
    half = dict(name="acme", lifecycle_rules=[dict(id="down", expiration_days=90)])
    assert faults(BUCKETS, half) == []
    assert "lifecycle_rules 'down': expiration_days: 90 is less than the least allowed, 91" in refused(buckets, BUCKETS, half)


@pytest.mark.parametrize(
    ("schedule", "fault"),
    [
        (dict(interval=5, interval_unit="HOURS"), ("interval", "choice")),
        (dict(cron_expression="cron(0 17 * * MON)"), ("cron_expression", "pattern")),
        (dict(cron_expression="cron(0 17 * * * *)"), ("cron_expression", "pattern")),
        (dict(cron_expression="cron(* 17 * * ? *)"), ("cron_expression", "pattern")),
        (dict(cron_expression="cron(0 25 * * ? *)"), ("cron_expression", "pattern")),
        (dict(interval=24, interval_unit="HOURS", times=["25:00"]), ("times", "pattern")),
        (dict(interval=24, interval_unit="HOURS", retain_interval=101, retain_interval_unit="YEARS"), ("retain_interval", "most")),
        (dict(cron_expression="cron(0 17 ? * MON *)", retain_count=3, deprecate_count=4), ("deprecate_count", "most")),
    ],
)
def test_a_schedule_that_dlm_refuses_is_told_in_the_sheet_and_in_the_plan(stage, schedule, fault):
    stage.prepare(POLICIES)
    new = dict(dict(name="new", retain_count=7) if "retain_interval" not in schedule else dict(name="new"), **schedule)
    entry = dict(examples(POLICIES).make["lifecycle_policies"][0], name="acme-new", schedules=[new])
    for schedules in ([new], dict(set=[new])):
        assert faults(POLICIES, dict(entry, schedules=schedules)) == [(0, f"schedules.{fault[0]}", fault[1])]
    assert f"{fault[0]}: " in refused(stage, POLICIES, entry)
