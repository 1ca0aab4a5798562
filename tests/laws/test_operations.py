# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laws that every operation obeys, each played with the example of its row; and what only some of them can show."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest
from ansible.module_utils.common.yaml import yaml_load
from botocore.session import get_session

from ansible_collections.msp.aws.plugins.module_utils import _images, _instances
from ansible_collections.msp.aws.plugins.modules import (
    dlm_lifecycle_policies,
    ec2_apply_os_patches,
    ec2_handle_retirement,
    ec2_reboot_instance,
)
from ansible_collections.msp.aws.plugins.plugin_utils import _effects, _operation_plans
from ansible_collections.msp.aws.plugins.plugin_utils._operations import operations
from tests.laws.operations import MAKING, OPERATIONS, Desk, sample
from tests.laws.privileges import ROOT, actions, calls_in_operation
from tests.laws.stage import ACCOUNT, REGION

TYPE, GROUP, REBOOT = "ec2.change_instance_type", "ec2.change_security_group", "ec2.reboot_instance"
IMAGE, GENERATIONS, RETIREMENT = "ec2.create_image", "ec2.change_dlm_retention", "ec2.handle_retirement"
PATCHES, REPLACE = "ec2.apply_os_patches", "ec2.replace_volume_from_snapshot"
START, STOP = "ec2.start_instance", "ec2.stop_instance"
ASKS = "ssm:SendCommand"  # by which one that is done once only asks
ONCE = {name for name, row in OPERATIONS.items() if row.get("once")}
# The way back of what goes on inside a server is there; the image that was made before stays.
RETURNING = [name for name, row in OPERATIONS.items() if row["roll_back"] == "automatic" and not row.get("inside")]


VERBS = sorted(path for path in (ROOT / "plugins" / "modules").glob("*.py") if "VERB = Verb(" in path.read_text(encoding="utf-8"))


@pytest.fixture(params=list(OPERATIONS))
def operation(request):
    return request.param


def told(result):
    """What a result says of the work, as far as a plan can know it."""
    return dict(entries=[{name: one[name] for name in ("entry", "action", "changed")} for one in result["entries"]], diff=result["diff"])


def begun(plan, hours=1):
    """What the frame tells a run that goes on where another broke off, that one so long ago that CloudTrail shows all of it."""
    return dict(plan.get("facts", {}), at=(datetime.now(UTC) - timedelta(hours=hours)).isoformat())


def undone(operation, plan):
    return _operation_plans.undo(OPERATIONS[operation], plan)


def server(desk):
    """The server of the examples, as somebody else sees it."""
    return instance_called(desk, "acme-batch01")


def instance_called(desk, name):
    reservations = desk.stage.client("ec2").describe_instances()["Reservations"]
    return next(one for group in reservations for one in group["Instances"] if {"Key": "Name", "Value": name} in one["Tags"])


# ---- every operation


def test_the_plan_predicts_the_apply_and_writes_nothing(desk, operation):
    state = desk.double.state()
    plan = desk.run(operation, check=True)
    assert plan["changed"] and desk.writes() == [] and desk.double.state() == state
    applied = desk.run(operation)
    assert applied["changed"] and told(plan) == told(applied) and desk.writes()


def test_what_is_approved_is_told_in_japanese(desk, operation):
    for entry in desk.run(operation, check=True)["entries"]:
        (danger,) = _operation_plans.dangers(dict(entries=[entry])) or [None]
        assert danger is None or danger not in _effects.in_japanese(danger), danger


def test_a_second_run_is_quiet(desk, operation):
    plan = desk.run(operation, check=True)
    desk.run(operation)
    for check in (True, False):
        count = len(desk.writes())
        assert not desk.run(operation, check=check, before=begun(plan))["changed"] and len(desk.writes()) == count


def test_what_it_is_not_about_stays_byte_identical(desk, operation):
    """Seen through the double's own state: what moves has the target in it, and nobody else's server has another type or state."""
    before, states, own = desk.double.state(), desk.states(), desk.members(operation)
    (entry,) = desk.run(operation)["entries"]
    after, moved_states = desk.double.state(), desk.states()
    name = OPERATIONS[operation]["example"]["target"]
    # What is gone has no id any more; its tags had it, unless its name is its id.
    target = entry.get("id") or next((path.rpartition("/")[2] for path, tags in before.items() if "/tags/" in path and f'"{name}"' in json.dumps(tags)), name)
    moved = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    # What it makes of the target is its own.
    others = [path for path in moved if path in before or operation not in MAKING]
    words = {target, *own, *desk.members(operation)}
    assert all(any(word in path + json.dumps([before.get(path), after.get(path)]) for word in words) for path in others), others
    assert {other: state for other, state in states.items() if other != name} == {other: state for other, state in moved_states.items() if other != name}


@pytest.mark.parametrize("fault", ["die", "die_after"])
def test_killed_at_every_write_the_next_run_ends_it(desk, operation, fault):
    """Nothing twice, nothing lost, nothing left stopped that was running."""
    plan, running = desk.run(operation, check=True), desk.states()
    desk.run(operation)
    writes, whole = desk.writes(), desk.states()
    if operation not in (START, STOP):
        assert {name: whole[name][1] for name in running} == {name: state for name, (dummy, state) in running.items()}
    for k in range(1, len(writes) + 1):
        desk.open()
        desk.double.faults([dict(fault=fault, at=k, of="write")])
        desk.run(operation, fails=True)
        desk.double.clear_faults()
        desk.run(operation, before=begun(plan))
        executed = [f"{call['service']}:{call['operation']}" for call in desk.double.calls() if call["write"] and call["executed"]]
        assert desk.states() == whole and executed == writes, f"{fault} at write {k}"


@pytest.mark.parametrize("starting", [TYPE, IMAGE, RETIREMENT, START])
def test_killed_before_it_was_seen_well_it_is_not_told_as_done(desk, starting, monkeypatch):
    """What was started and does not come up is no end, whichever run began it."""
    desk.open(starting)
    plan = desk.run(starting, check=True)
    desk.run(starting)
    last = len(desk.writes())
    desk.open()
    desk.double.faults([dict(fault="die_after", at=last, of="write")])
    desk.run(starting, fails=True)
    desk.double.clear_faults()
    monkeypatch.setattr(_instances, "WELL_SECONDS", 1)
    desk.double.instance_types(impaired=["m7i.xlarge", "m7i.large", "t3.micro"])
    assert "InstanceStatus impaired" in desk.run(starting, before=begun(plan), fails=True)["msg"]


@pytest.mark.parametrize("fault", ["throttle", "server_error_after", "timeout_after"])
def test_a_bad_moment_is_survived_or_told(desk, operation, fault):
    """What is done once is not tried again by itself: the next run sees what became of it."""
    plan = desk.run(operation, check=True)
    desk.run(operation)
    writes, whole = desk.writes(), desk.states()
    for k in range(1, len(writes) + 1):
        desk.open()
        desk.double.faults([dict(fault=fault, at=k, of="write")])
        desk.run(operation, fails=operation in ONCE and writes[k - 1] != ASKS)
        desk.double.clear_faults()
        desk.run(operation, before=begun(plan))
        assert desk.states() == whole


def test_a_refusal_touches_nothing_more_and_names_the_call(desk, operation):
    states = desk.states()
    desk.double.faults([dict(fault="denied", at=1, of="write", times=0)])
    result = desk.run(operation, fails=True)
    assert desk.states() == states and desk.writes()[0] in result["msg"]


@pytest.mark.parametrize("returning", RETURNING)
def test_the_way_back_leads_to_a_byte_equal_account(desk, returning):
    before = desk.double.state()
    plan = desk.run(returning, check=True)
    desk.run(returning)
    assert desk.double.state() != before
    desk.run(returning, undo=undone(returning, plan))
    assert comparable(desk.double.state()) == comparable(before)


def comparable(state):
    """Without what is no setting: what has ended, which AWS goes on showing for a while; ids of associations and attachments that are made anew, and their
    times; tokens of versions and revisions; when a budget or a mapping was changed. An empty description or dictionary is none.
    """
    gone = {path.rpartition("/")[2] for path, thing in state.items() if ended(thing)}
    kept = {path: lasting(thing) for path, thing in state.items() if path.rpartition("/")[2] not in gone}
    told = json.dumps(kept, sort_keys=True).replace('"description": ""', '"description": null')
    moments = r'("(?:LastUpdatedTime|last_modified)": )[\d.]+'
    for passing in (r"(iip-assoc|eni-attach|eipassoc)-\w+", r'("(?:attach_time|launch_time|modified|revision)": ")[^"]+', moments):
        told = re.sub(passing, r"\g<1>0", told)
    return json.loads(told)


def ended(thing):
    return isinstance(thing, dict) and any(thing.get(name) in ("deleted", "disassociated") for name in ("state", "settled"))


def lasting(thing):
    if not isinstance(thing, dict):
        return thing
    kept = {name: lasting(inner) for name, inner in thing.items() if name != "token" and not ended(inner)}
    return {name: inner for name, inner in kept.items() if inner != {}}


def test_it_needs_no_more_and_no_less_than_its_policy(desk, operation):
    """docs/iam/operations: what is called while the example is planned, killed, gone on with and brought back, and what stands in the code beside."""
    shipped = json.loads((ROOT / "docs" / "iam" / "operations" / f"{operation}.json").read_text(encoding="utf-8"))["Statement"][0]["Action"]
    assert shipped == actions(desk.calls_of(operation) | calls_in_operation(operation)), "make iam"


@pytest.mark.parametrize("operation", operations().keys() - OPERATIONS.keys())
def test_what_is_only_inside_a_server_needs_what_stands_in_its_tasks(operation):
    shipped = json.loads((ROOT / "docs" / "iam" / "operations" / f"{operation}.json").read_text(encoding="utf-8"))["Statement"][0]["Action"]
    assert shipped == actions(calls_in_operation(operation)), "make iam"


@pytest.mark.parametrize("policy", sorted((ROOT / "docs" / "iam").rglob("*.json")), ids=lambda path: path.stem)
def test_whoever_makes_something_with_tags_may_tag(policy):
    """EC2 asks for ec2:CreateTags where a creating call carries tags."""
    allowed = json.loads(policy.read_text(encoding="utf-8"))["Statement"][0]["Action"]
    model = get_session().get_service_model("ec2")
    known = {f"ec2:{name}": model.operation_model(name).input_shape for name in model.operation_names}
    tagging = [action for action in allowed if known.get(action) is not None and "TagSpecifications" in known[action].members]
    assert not tagging or "ec2:CreateTags" in allowed, tagging


def test_the_example_uses_the_modules_of_the_row(operation):
    assert Desk.module(operation) == OPERATIONS[operation]["module"]
    assert set(sample(operation)) >= {OPERATIONS[operation]["target"]}


# ---- instance types


def test_without_capacity_it_comes_back_with_its_old_type_and_runs(desk):
    states = desk.states()
    before = desk.double.state()
    desk.double.instance_types(no_capacity=["m7i.xlarge"])
    result = desk.run(TYPE, fails=True)
    assert result["returned"] and "InsufficientInstanceCapacity" in result["msg"] and "old type m7i.large" in result["msg"]
    assert desk.states() == states and comparable(desk.double.state()) == comparable(before)


def test_with_failing_status_checks_it_comes_back_too(desk, monkeypatch):
    monkeypatch.setattr(_instances, "WELL_SECONDS", 1)
    desk.double.instance_types(impaired=["m7i.xlarge"])
    states = desk.states()
    result = desk.run(TYPE, fails=True)
    assert result["returned"] and "impaired" in result["msg"] and desk.states() == states


def test_where_the_old_type_cannot_start_either_it_says_what_to_do(desk):
    desk.double.instance_types(no_capacity=["m7i.xlarge", "m7i.large"])
    result = desk.run(TYPE, fails=True)
    assert not result["returned"] and "Run this ticket again" in result["msg"]
    assert desk.states()["acme-batch01"] == ("m7i.large", "stopped")
    desk.double.instance_types()
    desk.run(TYPE, before=dict(instance_type="m7i.large", state="running"))
    assert desk.states()["acme-batch01"] == ("m7i.xlarge", "running")


def test_whatever_goes_wrong_it_is_not_left_stopped(desk, monkeypatch):
    start, states = _instances.start, desk.states()

    def broken(*dummy):
        monkeypatch.setattr(_instances, "start", start)
        raise KeyError("nobody thought of this")

    monkeypatch.setattr(_instances, "start", broken)
    result = desk.run(TYPE, fails=True)
    assert result["returned"] and "please report it: KeyError" in result["msg"] and desk.states() == states


def test_one_that_was_stopped_stays_stopped_and_interrupts_nobody(desk):
    desk.stage.client("ec2").stop_instances(InstanceIds=[server(desk)["InstanceId"]])
    desk.states()
    desk.double.clear_calls()
    desk.run(TYPE, confirmed=False)
    assert desk.writes() == ["ec2:ModifyInstanceAttribute"] and desk.states()["acme-batch01"] == ("m7i.xlarge", "stopped")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("m7g.large", "architecture x86_64"),
        ("m4.large", "is a migration"),
        ("m7i.gigantic", "there is no type"),
        ("t3.nano", "private addresses"),
    ],
)
def test_a_type_that_does_not_fit_is_refused_in_the_plan(desk, wanted, said):
    variables = dict(sample(TYPE), ops_ec2_instance_type=wanted)
    if wanted == "t3.nano":
        interface = server(desk)["NetworkInterfaces"][0]["NetworkInterfaceId"]
        desk.stage.client("ec2").assign_private_ip_addresses(NetworkInterfaceId=interface, SecondaryPrivateIpAddressCount=3)
        desk.double.clear_calls()
    for check in (True, False):
        assert said in desk.run(TYPE, check=check, confirmed=False, variables=variables, fails=True)["msg"]
    assert desk.writes() == []


def test_a_protected_instance_is_not_stopped(desk):
    result = desk.run(TYPE, check=True, variables=dict(ops_ec2_instance="acme-web01", ops_ec2_instance_type="t3.xlarge"), fails=True)
    assert "protected from being stopped" in result["msg"]


@pytest.mark.parametrize("interrupting", [TYPE, REBOOT])
def test_what_interrupts_needs_its_confirmation(desk, interrupting):
    result = desk.run(interrupting, confirmed=False, fails=True)
    assert f"{OPERATIONS[interrupting]['module']}/acme-batch01" in result["msg"] and desk.writes() == []


# ---- reboot


def test_as_long_as_nobody_can_know_it_is_not_rebooted(desk):
    desk.double.faults([dict(fault="die", at=1, of="write")])
    desk.run(REBOOT, fails=True)
    desk.double.clear_faults()
    result = desk.run(REBOOT, confirmed=False, before=begun({}, hours=0), fails=True)
    assert "Run this again after" in result["msg"] and not [call for call in desk.double.calls() if call["write"] and call["executed"]]


def test_only_a_running_instance_is_rebooted(desk):
    desk.stage.client("ec2").stop_instances(InstanceIds=[server(desk)["InstanceId"]])
    assert "only one that is running" in desk.run(REBOOT, check=True, fails=True)["msg"]


def test_the_kernel_proves_the_reboot_and_that_is_told(desk):
    (note,) = desk.run(REBOOT)["notes"]
    assert note.startswith("Its kernel says that it booted at") and desk.writes() == [ASKS, "ec2:RebootInstances", ASKS]


def test_whom_nobody_can_ask_proves_it_by_the_checks_and_that_is_told(desk):
    patched(desk, ping="ConnectionLost")
    (note,) = desk.run(REBOOT)["notes"]
    assert "no Linux in it that could tell" in note and desk.writes() == ["ec2:RebootInstances"]


def test_a_system_that_hangs_on_the_way_down_is_not_told_as_rebooted(desk, monkeypatch):
    monkeypatch.setattr(ec2_reboot_instance, "PAUSES", (0, 0))
    desk.double.managed_node(server(desk)["InstanceId"], hangs=True)
    assert "its kernel still is the one" in desk.run(REBOOT, fails=True)["msg"]
    patched(desk)
    plan = desk.run(REBOOT, check=True, before=begun({}))
    assert plan["changed"] and desk.run(REBOOT, before=begun({}), fails=False)["notes"]
    assert desk.writes().count("ec2:RebootInstances") == 1


# ---- users, groups and roles

RESET = "iam.reset_password"


def password_of(desk, user="acme-auditor"):
    return next(thing["password"] for path, thing in desk.double.state("iam/").items() if path.endswith(f"/users/{user}"))


def held(desk, secret="acme/iam/auditor"):
    return desk.stage.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]


def test_a_new_password_is_in_its_secret_and_nowhere_else(desk):
    old = password_of(desk)
    results = [desk.run(RESET, check=True), desk.run(RESET)]
    new = password_of(desk)
    assert new == held(desk) and new != old and len(new) >= 20 and new not in json.dumps(results)
    desk.run(RESET, ticket="REQ-2")
    assert password_of(desk) == held(desk)
    assert held(desk) not in (old, new)


def test_a_password_that_iam_has_not_taken_is_read_by_nobody(desk):
    before = held(desk)
    desk.double.faults([dict(fault="denied", at=1, of="write", operation="UpdateLoginProfile", times=0)])
    desk.run(RESET, fails=True)
    desk.double.clear_faults()
    assert held(desk) == before
    desk.run(RESET)
    assert held(desk) == password_of(desk) != before


def test_who_was_given_no_secret_yet_gets_one(desk):
    variables = dict(ops_iam_user="acme-auditor", ops_iam_password_secret="acme/iam/another")
    desk.run(RESET, variables=variables)
    assert held(desk, "acme/iam/another") == password_of(desk)
    assert not desk.run(RESET, check=True, variables=variables)["changed"]


@pytest.mark.parametrize(
    ("user", "secret", "said"),
    [
        ("acme-operator", "acme/iam/operator", "has no console password"),
        ("acme-auditor", "acme/iam/leaver", "does not say 'acme-auditor'"),
    ],
)
def test_a_password_is_not_given_to_whom_it_does_not_belong(desk, user, secret, said):
    for check in (True, False):
        assert said in desk.run(RESET, check=check, confirmed=False, variables=dict(ops_iam_user=user, ops_iam_password_secret=secret), fails=True)["msg"]
    assert desk.writes() == []


def test_the_plan_tells_what_goes_with_a_user_and_what_stays(desk):
    plan = desk.run("iam.delete_user", check=True)
    told = plan["entries"][0]["confirm"] + json.dumps(plan["diff"]["before"])
    assert all(word in told for word in ("console password", "1 access keys", ":mfa/acme-leaver", "acme-operators", "acme-former", "ReadOnlyAccess", "look"))
    desk.run("iam.delete_user")
    iam = desk.stage.client("iam")
    assert {group["GroupName"] for group in iam.list_groups()["Groups"]} >= {"acme-operators", "acme-former"}
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_the_plan_tells_that_a_user_is_still_at_work_or_the_last_who_may_do_everything(desk, capfd):
    """In the same words on whatever day: the plan of tomorrow must be the one that was approved today. When it was is a warning."""
    iam, administrator = desk.stage.client("iam"), "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.attach_group_policy(GroupName="acme-former", PolicyArn=administrator)
    key = iam.create_access_key(UserName="acme-leaver")["AccessKey"]
    signed = dict(aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"], region_name=REGION)
    boto3.client("iam", endpoint_url=desk.double.url, **signed).list_groups()
    told, used = desk.run("iam.delete_user", check=True)["entries"][0]["confirm"], f"{key['AccessKeyId'][:4]}…{key['AccessKeyId'][-4:]}"
    assert f"{used} has been used" in told and "no other IAM user has AdministratorAccess" in told
    assert f"IAM user acme-leaver: {used} was used last on {datetime.now(UTC):%Y-%m-%d}" in capfd.readouterr().err
    iam.attach_user_policy(UserName="acme-auditor", PolicyArn=administrator)
    assert "no other IAM user" not in desk.run("iam.delete_user", check=True)["entries"][0]["confirm"]


def test_a_user_is_put_on_hold_before_the_end_and_the_plan_of_the_end_tells_it(desk):
    iam, leaver = desk.stage.client("iam"), dict(ops_iam_user="acme-leaver")
    assert "it was not put on hold first" in desk.run("iam.delete_user", check=True)["entries"][0]["confirm"]
    variables = dict(leaver, ops_iam_delete_after="2099-12-31")
    plan = desk.run("iam.deactivate_user", check=True, variables=variables)
    assert "would switch off its 1 access keys" in plan["entries"][0]["confirm"] and undone("iam.deactivate_user", plan) is None
    desk.run("iam.deactivate_user", variables=variables)
    assert {key["Status"] for key in iam.list_access_keys(UserName="acme-leaver")["AccessKeyMetadata"]} == {"Inactive"}
    assert desk.writes()[0] == "iam:TagUser" and "iam:DeleteLoginProfile" in desk.writes()
    assert {group["GroupName"] for group in iam.list_groups_for_user(UserName="acme-leaver")["Groups"]} == {"acme-operators", "acme-former"}
    assert "it is on hold until 2099-12-31" in desk.run("iam.delete_user", check=True)["entries"][0]["confirm"]


def test_on_the_way_back_only_what_was_on_before_is_on_again(desk):
    iam = desk.stage.client("iam")
    off = iam.create_access_key(UserName="acme-operator")["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName="acme-operator", AccessKeyId=off, Status="Inactive")
    plan = desk.run("iam.deactivate_user", check=True)
    desk.run("iam.deactivate_user")
    desk.run("iam.deactivate_user", undo=undone("iam.deactivate_user", plan))
    keys = iam.list_access_keys(UserName="acme-operator")["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys if key["Status"] == "Inactive"] == [off] and len(keys) == 2


def test_an_address_is_put_on_hold_before_it_is_released_and_the_plan_of_the_end_tells_it(desk):
    mail = dict(ops_elastic_ip_name="acme-mail")
    assert "it was not put on hold first" in desk.run("elastic_ip.release", check=True)["entries"][0]["confirm"]
    assert "cut what goes through it" in desk.run("elastic_ip.hold", check=True)["entries"][0]["confirm"]
    desk.run("elastic_ip.hold")
    told = desk.run("elastic_ip.release", check=True, variables=mail)["entries"][0]["confirm"]
    assert "it is on hold until 2099-12-31" in told and desk.run("elastic_ip.release", variables=mail)["changed"]


@pytest.mark.parametrize(("day", "said"), [("2026-01-05", "is not to come"), ("next week", "is no date such as")])
def test_a_hold_ends_on_a_day_to_come(desk, day, said):
    result = desk.run("iam.deactivate_user", check=True, variables=dict(ops_iam_user="acme-leaver", ops_iam_delete_after=day), fails=True)
    assert said in result["msg"]


def test_a_device_that_was_enrolled_since_stays(desk):
    iam = desk.stage.client("iam")
    plan = desk.run("iam.reset_mfa", check=True)
    desk.run("iam.reset_mfa")
    new = iam.create_virtual_mfa_device(VirtualMFADeviceName="acme-leaver-2")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(UserName="acme-leaver", SerialNumber=new, AuthenticationCode1="123456", AuthenticationCode2="654321")
    assert not desk.run("iam.reset_mfa", before=begun(plan))["changed"]
    assert "has no MFA device" in desk.run("iam.reset_mfa", check=True, variables=dict(ops_iam_user="acme-auditor"), fails=True)["msg"]


def test_the_plan_tells_who_loses_what_with_a_group(desk):
    assert "1 members (acme-leaver)" in desk.run("iam.delete_group", check=True)["entries"][0]["confirm"]


def test_a_role_is_for_a_service_or_an_account(desk):
    trusting = dict(ops_iam_role="acme-partner", ops_iam_external_id="acme-7f31")
    assert "'arn:aws:iam::12345:root'" in desk.run("iam.create_role", check=True, variables=dict(trusting, ops_iam_trusted_by="12345"), fails=True)["msg"]
    desk.run("iam.create_role", variables=dict(trusting, ops_iam_trusted_by="210987654321"))
    (statement,) = desk.stage.client("iam").get_role(RoleName="acme-partner")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::210987654321:root"}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "acme-7f31"}}


@pytest.mark.parametrize(
    ("trusted", "external_id", "refused"),
    [("210987654321", None, True), ("ec2.amazonaws.com", "acme-7f31", True), (ACCOUNT, None, False)],
)
def test_another_account_has_to_say_an_external_id_and_nobody_else(desk, trusted, external_id, refused):
    """Or whoever may do something there could have it assume the role on behalf of another."""
    asked = dict(ops_iam_role="acme-partner", ops_iam_trusted_by=trusted, **(dict(ops_iam_external_id=external_id) if external_id else {}))
    said = desk.run("iam.create_role", check=True, variables=asked, fails=refused).get("msg", "")
    assert ("external_id" in said) == refused and desk.writes() == []


# ---- budgets

THRESHOLD = "budgets.change_alert_threshold"


def alerts(desk):
    """Type and threshold of each alert with the addresses that it tells."""
    budgets, where = desk.stage.client("budgets"), dict(AccountId=ACCOUNT, BudgetName="acme-monthly")
    found = budgets.describe_budget_notifications_for_account(AccountId=ACCOUNT)["BudgetNotificationsForAccount"][0]["Notifications"]
    plain = [{name: value for name, value in one.items() if name != "NotificationState"} for one in found]
    told = (budgets.describe_subscribers_for_notification(**where, Notification=one)["Subscribers"] for one in plain)
    return {(one["NotificationType"], one["Threshold"]): sorted(who["Address"] for who in people) for one, people in zip(plain, told, strict=True)}


def test_who_is_told_stays_whatever_the_threshold(desk):
    desk.run(THRESHOLD)
    assert alerts(desk) == {("ACTUAL", 90.0): ["a@example.jp", "b@example.jp"], ("FORECASTED", 80.0): ["a@example.jp", "b@example.jp"]}


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (dict(threshold=80, new_threshold=90), "more than one notification is meant"),
        (dict(threshold=70, new_threshold=95), "there is ACTUAL GREATER_THAN 80 PERCENTAGE"),
        (dict(threshold=80, new_threshold=90, budget="acme-yearly"), "no budget of this name"),
    ],
)
def test_one_alert_is_meant_or_none_is_changed(desk, parameters, said):
    variables = {f"ops_budgets_{name}": value for name, value in dict(dict(budget="acme-monthly"), **parameters).items()}
    assert said in desk.run(THRESHOLD, check=True, variables=variables, fails=True)["msg"]


# ---- images


def test_without_a_reboot_nobody_is_interrupted_and_nobody_has_to_confirm(desk):
    variables = dict(sample(IMAGE), ops_ec2_no_reboot=True)
    desk.run(IMAGE, confirmed=False, variables=variables)
    (image,) = desk.stage.client("ec2").describe_images(Owners=["self"])["Images"]
    assert image["State"] == "available" and {"Key": "OpsTicket", "Value": "REQ-1"} in image["Tags"]
    (status,) = desk.stage.client("ec2").describe_instance_status(InstanceIds=[server(desk)["InstanceId"]])["InstanceStatuses"]
    assert status["InstanceStatus"]["Status"] == "ok"


@pytest.mark.parametrize(("name", "said"), [("名前", "is no name of an image"), ("taken", "is called 'taken' already")])
def test_a_name_that_an_image_cannot_have_is_refused_in_the_plan(desk, name, said):
    desk.stage.client("ec2").create_image(InstanceId=server(desk)["InstanceId"], Name="taken", NoReboot=True)
    desk.double.clear_calls()
    variables = dict(sample(IMAGE), ops_ec2_image_name=name)
    assert said in desk.run(IMAGE, check=True, variables=variables, fails=True)["msg"] and desk.writes() == []


# ---- what is made of something


@pytest.mark.parametrize(
    ("operation", "wrong", "said"),
    [
        ("ec2.restore_volume_from_snapshot", dict(snapshot_id="snap-0123456789abcdef0"), "there is no snapshot"),
        ("ec2.restore_volume_from_snapshot", dict(size=1), "are too few"),
        ("ec2.launch_instance_from_image", dict(image_id="ami-0123456789abcdef0"), "there is no image"),
        ("ec2.launch_instance_from_image", dict(instance_type="m7g.large"), "has not the architecture"),
    ],
)
def test_what_it_cannot_be_made_of_is_refused_in_the_plan(desk, operation, wrong, said):
    variables = {**sample(operation), **{f"ops_ec2_{name}": value for name, value in wrong.items()}}
    assert said in desk.run(operation, check=True, variables=variables, fails=True)["msg"]


def test_a_restored_volume_is_attached_where_that_is_wished(desk):
    variables = dict(sample("ec2.restore_volume_from_snapshot"), ops_ec2_instance="acme-batch01", ops_ec2_device="/dev/sdf")
    desk.run("ec2.restore_volume_from_snapshot", variables=variables)
    (volume,) = desk.stage.client("ec2").describe_volumes(Filters=[dict(Name="tag:Name", Values=["acme-data-restored"])])["Volumes"]
    assert [(one["InstanceId"], one["Device"]) for one in volume["Attachments"]] == [(server(desk)["InstanceId"], "/dev/sdf")]


# ---- a volume in the place of another


def volumes(desk):
    found = desk.stage.client("ec2").describe_volumes()["Volumes"]
    return {tag["Value"]: one for one in found for tag in one.get("Tags", []) if tag["Key"] == "Name"}


def test_the_new_volume_is_like_the_one_that_it_replaces_which_is_kept(desk):
    old = volumes(desk)["acme-logs"]
    desk.run(REPLACE)
    assert desk.writes().count("ec2:StopInstances") == desk.writes().count("ec2:StartInstances") == 1
    new, kept = volumes(desk)["acme-logs"], volumes(desk)["acme-logs-before-REQ-1"]
    assert kept["VolumeId"] == old["VolumeId"] and kept["State"] == "available" and new["SnapshotId"] == desk.nightly()
    assert all(new[member] == old[member] for member in ("Size", "VolumeType", "Iops", "AvailabilityZone"))
    where = ("InstanceId", "Device", "DeleteOnTermination")
    assert [new["Attachments"][0][member] for member in where] == [old["Attachments"][0][member] for member in where]
    assert {tag["Key"]: tag["Value"] for tag in new["Tags"]} == {"Name": "acme-logs", "Env": "prod", "OpsTicket": "REQ-1"}


@pytest.mark.parametrize("call", ["AttachVolume", "StartInstances"])
def test_where_it_cannot_be_put_there_the_former_one_is_and_the_instance_runs(desk, call):
    """The new volume is kept: nothing is deleted because something went wrong."""
    before, states = volumes(desk)["acme-logs"], desk.states()
    desk.double.faults([dict(fault="denied", at=1, of="write", operation=call, times=1)])
    result = desk.run(REPLACE, fails=True)
    assert result["returned"] and call in result["msg"] and desk.states() == states
    after = volumes(desk)
    assert after["acme-logs"]["VolumeId"] == before["VolumeId"] and after["acme-logs"]["Attachments"][0]["Device"] == "/dev/sdg"
    assert after["acme-logs-REQ-1"]["State"] == "available"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(dict(volume="acme-data"), "it is attached to 0 instances"), (dict(snapshot_id="snap-0123456789abcdef0"), "there is no snapshot")],
)
def test_a_volume_that_cannot_be_replaced_is_refused_in_the_plan(desk, wrong, said):
    variables = {**sample(REPLACE), **{f"ops_ec2_{name}": value for name, value in wrong.items()}}
    assert said in desk.run(REPLACE, check=True, variables=variables, fails=True)["msg"] and desk.writes() == []


@pytest.mark.parametrize("path", VERBS, ids=lambda path: path.stem)
def test_what_a_verb_returns_is_documented_and_its_sample_is_a_call_of_its_own(path):
    documented = yaml_load(path.with_suffix(".yml").read_text(encoding="utf-8"))["RETURN"]
    notes = {"notes"} if ".notes." in path.read_text(encoding="utf-8") else set()
    assert documented.keys() == {"entries", "facts", "returned", "calls"} | notes
    made = {call for name, row in OPERATIONS.items() if row["module"] == path.stem for call in calls_in_operation(name)}
    assert not made or documented["calls"]["sample"]["writes"][0]["call"] in made


# ---- generations


def test_only_fewer_generations_are_a_danger(desk):
    more = desk.run(GENERATIONS, check=True, variables=dict(sample(GENERATIONS), ops_ec2_retain_count=14))
    fewer = desk.run(GENERATIONS, check=True)
    assert "confirm" not in more["entries"][0] and "what is beyond that is deleted" in fewer["entries"][0]["confirm"]


@pytest.mark.parametrize(
    ("policy_type", "listing", "of"),
    [("EBS_SNAPSHOT_MANAGEMENT", "describe_snapshots", "VolumeId"), ("IMAGE_MANAGEMENT", "describe_images", "SourceInstanceId")],
)
def test_the_plan_tells_how_many_generations_will_be_deleted(desk, policy_type, listing, of):
    """Nobody but DLM itself can make snapshots with its tags."""

    class Aws:
        def pages(self, service, asked, *dummy, **arguments):
            assert (service, asked) == ("ec2", listing) and [one["Values"] for one in arguments["Filters"]] == [["policy-1"], ["daily"]]
            unknown = [dict(ImageId=f"ami-{number}") for number in range(9)] if policy_type == "IMAGE_MANAGEMENT" else []
            return [{of: one, "ImageId": "ami"} for one in "aaaaaaabbbcccccc"] + unknown

    assert dlm_lifecycle_policies._beyond(Aws(), dict(id="policy-1", policy_type=policy_type), "daily", 5) == (3, 2)


def test_how_many_generations_go_is_no_part_of_what_is_approved(desk, monkeypatch, capfd):
    """Each day has another number, and the plan of the night must be the one that was approved."""
    told = []
    for beyond in ((3, 2), (4, 2)):
        monkeypatch.setattr(dlm_lifecycle_policies, "_beyond", lambda *dummy, now=beyond: now)
        told.append(desk.run(GENERATIONS, check=True)["entries"][0]["confirm"])
        assert f"acme-daily: schedule daily has {beyond[0]} snapshots or images of 2 volumes or instances beyond 5 now" in capfd.readouterr().err
    assert told[0] == told[1]


def test_a_schedule_that_is_not_there_is_not_made(desk):
    result = desk.run(GENERATIONS, check=True, variables=dict(sample(GENERATIONS), ops_ec2_schedule="weekly"), fails=True)
    assert "'weekly' is new and needs" in result["msg"]


# ---- hosts that retire


def test_the_instance_is_started_anew_and_its_events_are_over(desk):
    launched = instance_called(desk, "acme-old01")["LaunchTime"]
    desk.run(RETIREMENT)
    again = instance_called(desk, "acme-old01")
    assert again["LaunchTime"] > launched and desk.writes() == ["ec2:StopInstances", "ec2:StartInstances"]
    (status,) = desk.stage.client("ec2").describe_instance_status(InstanceIds=[again["InstanceId"]])["InstanceStatuses"]
    assert all(event["Description"].startswith("[Completed]") for event in status["Events"])


def test_without_an_event_nothing_is_done(desk):
    plan = desk.run(RETIREMENT, check=True, variables=dict(ops_ec2_instance="acme-batch01"))
    assert not plan["changed"] and not plan["entries"][0].get("confirm")


def test_without_capacity_it_stays_whole_and_the_ticket_goes_on(desk):
    plan = desk.run(RETIREMENT, check=True)
    desk.double.instance_types(no_capacity=["t3.micro"])
    result = desk.run(RETIREMENT, fails=True)
    assert "InsufficientInstanceCapacity" in result["msg"] and "Run this ticket again" in result["msg"]
    assert desk.writes().count("ec2:StartInstances") == len(ec2_handle_retirement.ROOM_PAUSES) + 1
    desk.double.instance_types()
    desk.run(RETIREMENT, before=begun(plan))
    assert desk.states()["acme-old01"] == ("t3.micro", "running")


def test_capacity_is_asked_for_during_half_an_hour(desk, monkeypatch):
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            desk.double.instance_types()

    desk.double.instance_types(no_capacity=["t3.micro"])
    monkeypatch.setattr(ec2_handle_retirement, "time", SimpleNamespace(sleep=sleep))
    desk.run(RETIREMENT)
    assert tuple(pauses) == ec2_handle_retirement.ROOM_PAUSES[:3] and sum(ec2_handle_retirement.ROOM_PAUSES) == 1800
    assert desk.states()["acme-old01"] == ("t3.micro", "running")


def test_an_event_is_moved_without_a_word_to_the_instance(desk):
    """Only one with a deadline, only before it, and that needs no confirmation."""
    moved = (datetime.now(UTC) + timedelta(days=33)).replace(microsecond=0)
    variables = dict(sample(RETIREMENT), ops_ec2_event_id="instance-event-0c", ops_ec2_not_before=moved.isoformat())
    assert desk.run(RETIREMENT, confirmed=False, variables=variables)["changed"] and desk.writes() == ["ec2:ModifyInstanceEventStartTime"]
    assert not desk.run(RETIREMENT, confirmed=False, variables=variables)["changed"]
    for wrong, said in (
        (dict(ops_ec2_event_id="instance-event-0b"), "has no deadline"),
        (dict(ops_ec2_not_before="2040-01-01T00:00:00+09:00"), "is not between now and the deadline"),
        (dict(ops_ec2_not_before="next week"), "is no time such as"),
        (dict(ops_ec2_not_before="2026-12-05T02:00:00"), "its offset from UTC"),
    ):
        assert said in desk.run(RETIREMENT, check=True, variables={**variables, **wrong}, fails=True)["msg"]


# ---- network interfaces


def test_the_first_interface_of_an_instance_stays(desk):
    first = server(desk)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    desk.stage.client("ec2").create_tags(Resources=[first], Tags=[dict(Key="Name", Value="acme-first")])
    variables = dict(ops_ec2_network_interface="acme-first")
    assert "is the first interface of" in desk.run("ec2.detach_network_interface", check=True, variables=variables, fails=True)["msg"]


# ---- patches


def patched(desk, **node):
    """The server of the examples as a managed node that is like this."""
    desk.double.managed_node(server(desk)["InstanceId"], **node)


def test_the_list_that_is_approved_is_what_the_last_scan_found(desk):
    plan = desk.run(PATCHES, check=True)
    assert plan["diff"]["before"]["acme-batch01"]["missing"] == [f"{name} (Security, Important)" for name in ("kernel-6.1", "openssl-3.0")]


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (dict(ping="ConnectionLost"), "ConnectionLost"),
        (dict(scanned=None), "looked for never"),
        (dict(scanned="2026-01-05T00:00:00+00:00"), "looked for on 2026-01-05"),
    ],
)
def test_whoever_does_not_answer_or_was_not_scanned_is_not_patched(desk, node, said):
    patched(desk, **node)
    assert said in desk.run(PATCHES, check=True, fails=True)["msg"] and desk.writes() == []


def test_a_scan_needs_no_confirmation_and_is_made_once_for_a_ticket(desk):
    patched(desk, patches={"openssl-3.0": "MISSING"})
    variables = dict(sample(PATCHES), ops_ec2_patch_operation="Scan")
    assert desk.run(PATCHES, confirmed=False, variables=variables)["changed"] and not desk.run(PATCHES, confirmed=False, variables=variables)["changed"]
    assert desk.run(PATCHES, check=True)["changed"]


def test_without_a_reboot_what_waits_for_one_is_done(desk):
    variables = dict(sample(PATCHES), ops_ec2_reboot_option="NoReboot")
    desk.run(PATCHES, variables=variables)
    assert not desk.run(PATCHES, check=True, variables=variables)["changed"]
    assert desk.run(PATCHES, check=True)["diff"]["before"]["acme-batch01"]["missing"] == ["kernel-6.1 (Security, Important)"]


def test_what_has_come_since_the_list_was_approved_is_not_installed(desk):
    """A list older than an hour is looked for once more, and one that has grown is refused: nothing is installed, and the ticket ends."""
    morning = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    patched(desk, patches={"openssl-3.0": "MISSING"}, scanned=morning, appears=["glibc-2.39"])
    result = desk.run(PATCHES, fails=True)
    assert result["returned"] and "it would install glibc-2.39 (Security, Important)" in result["msg"] and desk.writes() == [ASKS]
    assert [one.split()[0] for one in desk.run(PATCHES, check=True)["diff"]["before"]["acme-batch01"]["missing"]] == ["glibc-2.39", "openssl-3.0"]


def test_what_has_come_while_the_image_was_made_is_not_installed(desk, monkeypatch):
    now, morning = (datetime.now(UTC) - timedelta(hours=hours) for hours in (0, 3))
    patched(desk, patches={"openssl-3.0": "MISSING"}, scanned=now.isoformat())

    def make(*dummy, **more):
        patched(desk, patches={"openssl-3.0": "MISSING"}, scanned=morning.isoformat(), appears=["glibc-2.39"])

    monkeypatch.setattr(_images, "make", make)
    result = desk.run(PATCHES, fails=True)
    assert result["returned"] and "it would install glibc-2.39" in result["msg"] and desk.writes() == [ASKS]


def test_an_image_that_takes_too_long_keeps_the_installation_from_beginning_late(desk, monkeypatch):
    monkeypatch.setattr(_images, "_settled", lambda image: False)
    assert OPERATIONS[PATCHES]["minutes"] * 60 >= _images.BEFORE_SECONDS + ec2_apply_os_patches.SECONDS
    monkeypatch.setattr(_images, "BEFORE_SECONDS", 0)
    result = desk.run(PATCHES, fails=True)
    assert result["returned"] and "Nothing else was done" in result["msg"] and desk.writes() == ["ec2:CreateImage"]


def test_what_was_approved_is_installed_though_a_run_broke_off(desk):
    """What is left is less than the list, which is no reason to refuse it."""
    patched(desk, patches={"openssl-3.0": "MISSING", "bash-5.2": "MISSING"}, scanned=datetime.now(UTC).isoformat())
    plan = desk.run(PATCHES, check=True)
    patched(desk, patches={"openssl-3.0": "MISSING", "bash-5.2": "INSTALLED"}, scanned=datetime.now(UTC).isoformat())
    result = desk.run(PATCHES, before=begun(plan))
    assert result["notes"] == ["Of the 2 approved patches none is missing any more"]


def test_what_came_beside_the_list_is_told(desk):
    patched(desk, patches={"openssl-3.0": "MISSING"}, scanned=datetime.now(UTC).isoformat(), brings=["openssl-libs-3.0"])
    assert "Installed beside the approved list: openssl-libs-3.0 (Security, Important)" in desk.run(PATCHES)["notes"]


def test_what_fails_is_told_and_the_next_run_tries_it_again(desk):
    now = datetime.now(UTC).isoformat()
    patched(desk, patches={"openssl-3.0": "FAILED"}, scanned=now)
    result = desk.run(PATCHES, fails=True)
    assert "ended with Failed: failed to install" in result["msg"]
    patched(desk, patches={"openssl-3.0": "MISSING"}, scanned=now)
    assert desk.run(PATCHES)["changed"] and desk.writes() == ["ec2:CreateImage", ASKS, ASKS]


def test_before_the_first_patch_there_is_an_image_or_the_plan_says_that_there_is_none(desk):
    assert desk.run(PATCHES, check=True)["diff"]["after"]["acme-batch01"]["image"] == "acme-batch01 before patches"
    variables = {name: value for name, value in sample(PATCHES).items() if name != "ops_ec2_image_name"}
    assert "no image is made before it" in desk.run(PATCHES, check=True, variables=variables)["entries"][0]["confirm"]
    desk.stage.client("ec2").create_image(InstanceId=server(desk)["InstanceId"], Name="taken", NoReboot=True)
    assert "image_name: the image" in desk.run(PATCHES, check=True, variables=dict(sample(PATCHES), ops_ec2_image_name="taken"), fails=True)["msg"]
    desk.double.clear_calls()
    desk.run(PATCHES)
    assert desk.writes() == ["ec2:CreateImage", ASKS]
