# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions and what invokes them: what is refused, dangerous, told or wrong in a sheet, and that no value of a variable is seen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.msp.aws.plugins.module_utils import _client, _lambda
from tests.laws.operations import Desk
from tests.laws.outside import archive_file
from tests.laws.stage import examples
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, unconfirmed, write

FUNCTIONS, ALIASES, MAPPINGS = "lambda_functions", "lambda_aliases", "lambda_event_source_mappings"
PUBLISH = "lambda.publish_version"
IMPORT = dict(name="acme-import")
LIVE, TRIAL = (dict(function="acme-import", name=name) for name in ("live", "trial"))
QUEUE = dict(function="acme-import", event_source_arn="arn:aws:sqs:ap-northeast-1:123456789012:acme-orders")
MORE = dict(QUEUE, event_source_arn="arn:aws:sqs:ap-northeast-1:123456789012:acme-more")
STREAM = dict(QUEUE, event_source_arn="arn:aws:kinesis:ap-northeast-1:123456789012:stream/acme-clicks")
NEW = dict(name="acme-new", role="acme-import", zip_file=archive_file(), handler="app.handler", runtime="python3.13")
PLANTED = ["variable-6c0f41d2", "variable-9b7e30aa"]


@pytest.fixture
def functions(stage):
    stage.prepare(FUNCTIONS)
    stage.run(FUNCTIONS, examples(FUNCTIONS).make)
    return stage


@pytest.fixture
def aliases(stage):
    stage.prepare(ALIASES)
    stage.run(ALIASES, examples(ALIASES).make)
    return stage


@pytest.fixture
def mappings(stage):
    stage.prepare(MAPPINGS)
    stage.run(MAPPINGS, examples(MAPPINGS).make)
    return stage


def configuration(stage, name="acme-import"):
    return client(stage, "lambda").get_function_configuration(FunctionName=name)


def trust(service):
    return dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal=dict(Service=service), Action="sts:AssumeRole")])


# ---- variables


def test_values_of_variables_are_seen_nowhere_and_their_names_are(functions):
    old = configuration(functions)["Environment"]["Variables"]
    entry = dict(IMPORT, environment=dict(DATABASE=PLANTED[0], PIN="prod", PORT=5432))
    results = [functions.run(FUNCTIONS, dict(functions=[entry]), check=check) for check in (True, False)]
    results.append(functions.run(FUNCTIONS, dict(functions=[dict(IMPORT, environment=dict(DATABASE=PLANTED[1]))]), _ansible_verbosity=3))
    results.append(functions.run(FUNCTIONS, dict(functions=[dict(IMPORT, environment=dict(PIN="prod-2"))]), _ansible_verbosity=3))
    results.append(functions.gather(FUNCTIONS))
    # What the function has had for long is a tag's value, too.
    assert not [value for value in (*PLANTED, old["ORDERS_TOKEN"], "5432", "prod-2") if value in json.dumps(results)]
    assert "DATABASE" in json.dumps(results[0]["diff"]) and "acme-import" in json.dumps(results)
    assert configuration(functions)["Environment"]["Variables"] == {**old, "DATABASE": PLANTED[1], "PIN": "prod-2", "PORT": "5432"}


def test_a_request_keeps_the_value_out_of_its_result(stage):
    desk = Desk(stage).open("lambda.change_environment_variables")
    results = [desk.run("lambda.change_environment_variables", check=check) for check in (True, False)]
    value = "returns-token-9c1f55d0e7"
    assert value not in json.dumps(results) and configuration(stage)["Environment"]["Variables"]["RETURNS_TOKEN"] == value


def test_variables_that_cannot_be_read_are_not_written_over(functions, monkeypatch):
    found = dict(configuration(functions), Environment=dict(Error=dict(ErrorCode="AccessDeniedException", Message="no key")))
    real = _client.Aws.pages
    monkeypatch.setattr(_client.Aws, "pages", lambda aws, *args, **more: [found] if "list_functions" in args else real(aws, *args, **more))
    from ansible_collections.msp.aws.plugins.modules import lambda_functions

    have = lambda_functions._have(found, {})
    with pytest.raises(lambda_functions.Problem, match="cannot be read"):
        lambda_functions.refuse(IMPORT, have, dict(environment=dict(STAGE="1")))


@pytest.mark.parametrize(
    ("variables", "said"),
    [(dict(A="1"), "letters, digits _ (1 or more)"), (dict(PAYLOAD="x" * 4096), "4096"), (dict(AWS_REGION="ap-northeast-1"), "AWS_REGION")],
)
def test_variables_that_lambda_refuses_are_refused_before(functions, variables, said):
    text = refused(functions, FUNCTIONS, dict(IMPORT, environment=variables))
    assert said in text and "x" * 20 not in text


def test_variables_that_lambda_refuses_are_found_in_the_sheet():
    assert faults(FUNCTIONS, dict(NEW, environment=dict(AWS_REGION="x", PAYLOAD="y" * 4096))) == [
        (0, "environment", "reserved_name"),
        (0, "environment", "most"),
    ]


# ---- functions


def test_all_settings_go_in_one_call_and_unnamed_ones_stay(functions):
    before = configuration(functions)
    functions.double.clear_calls()
    harmless(functions, FUNCTIONS, dict(IMPORT, memory_size=512, timeout=60, security_groups=dict(set=["acme-db-clients"])))
    assert functions.writes() == ["lambda:UpdateFunctionConfiguration"]
    after = configuration(functions)
    assert {name for name in before["VpcConfig"] if before["VpcConfig"][name] != after["VpcConfig"][name]} == {"SecurityGroupIds"}
    assert {name for name in before if before[name] != after[name]} == {"MemorySize", "Timeout", "VpcConfig", "RevisionId", "ResponseMetadata"}


def test_what_somebody_else_changes_meanwhile_is_not_written_over(functions, monkeypatch):
    update = _client.Aws.acting_for

    def first(aws, entry):
        client(functions, "lambda").update_function_configuration(FunctionName="acme-import", Description="theirs")
        while configuration(functions)["LastUpdateStatus"] == "InProgress":
            pass
        return update(aws, entry)

    monkeypatch.setattr(_client.Aws, "acting_for", first)
    result = functions.run(FUNCTIONS, dict(functions=[dict(IMPORT, memory_size=512)]), fails=True)
    assert "PreconditionFailedException" in result["msg"]
    assert configuration(functions)["Description"] == "theirs" and configuration(functions)["MemorySize"] == 256


def test_a_role_that_lambda_may_not_have_is_refused_in_the_plan(functions):
    write(functions, "iam_roles", dict(name="acme-backup", assume_role_policy=trust("backup.amazonaws.com")))
    assert "assume" in refused(functions, FUNCTIONS, dict(IMPORT, role="acme-backup"))


def test_an_alias_that_sees_nothing_of_it_is_told(functions, said):
    version = client(functions, "lambda").publish_version(FunctionName="acme-import")["Version"]
    client(functions, "lambda").create_alias(FunctionName="acme-import", Name="live", FunctionVersion=version)
    harmless(functions, FUNCTIONS, dict(IMPORT, memory_size=512))
    assert any(f"live ({version})" in text for text in said)


def test_policies_that_only_the_old_role_has_are_told(functions, said):
    write(functions, "iam_roles", dict(name="acme-bare", assume_role_policy=trust("lambda.amazonaws.com")))
    harmless(functions, FUNCTIONS, dict(name="acme-report", role="acme-bare"))
    assert any("acme-bare has not: run" in text for text in said)


def test_no_concurrency_is_a_stop(functions):
    assert "would stop the function" in dangerous(functions, FUNCTIONS, dict(IMPORT, reserved_concurrent_executions=0))


def test_what_would_leave_the_others_too_little_is_refused_in_the_plan(functions):
    assert "at most 900" in refused(functions, FUNCTIONS, dict(IMPORT, reserved_concurrent_executions=901))


def test_less_than_was_used_is_told(functions, said):
    point = dict(MetricName="ConcurrentExecutions", Dimensions=[dict(Name="FunctionName", Value="acme-import")], Value=40, Unit="Count")
    client(functions, "cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=[dict(point, Timestamp=datetime.now(UTC) - timedelta(days=1))])
    harmless(functions, FUNCTIONS, dict(IMPORT, reserved_concurrent_executions=30))
    assert any("up to 40" in text for text in said)


def test_who_may_no_longer_invoke_it_is_told(functions):
    gone = dict(statement_id="partner", action="lambda:InvokeFunction", principal="123456789012")
    assert "partner" in dangerous(functions, FUNCTIONS, dict(IMPORT, permissions=dict(remove=[gone])))


def test_a_function_leaves_its_vpc_only_when_that_is_confirmed(functions):
    assert "out of its VPC" in dangerous(functions, FUNCTIONS, dict(IMPORT, subnets=dict(set=[]), security_groups=dict(set=[])))


def test_a_network_has_both(functions):
    assert "both" in refused(functions, FUNCTIONS, dict(IMPORT, security_groups=dict(set=[])))


@pytest.mark.parametrize(
    ("without", "more", "said"),
    [
        (("handler",), {}, "handler"),
        (("zip_file",), {}, "zip_file"),
        ((), dict(package_type="Image"), "image_uri"),
        ((), dict(environment=dict(STAGE="********")), "stars"),
        ((), dict(code_sha256="x"), "code_sha256"),
        ((), dict(zip_file="/nowhere/code.zip"), "cannot be read"),
    ],
)
def test_a_new_function_that_cannot_be_is_refused_in_the_plan(functions, without, more, said):
    entry = {name: value for name, value in {**NEW, **more}.items() if name not in without}
    assert said in refused(functions, FUNCTIONS, entry)


def test_a_file_of_other_code_is_sent_only_with_its_hash(functions):
    text = refused(functions, FUNCTIONS, dict(IMPORT, zip_file=archive_file()))
    wanted = text.partition("code_sha256: ")[2].split()[0]
    harmless(functions, FUNCTIONS, dict(IMPORT, zip_file=archive_file(), code_sha256=wanted))
    assert configuration(functions)["CodeSha256"] == wanted
    assert not write(functions, FUNCTIONS, dict(IMPORT, zip_file=archive_file()))["changed"]


def test_other_code_must_be_somewhere(functions):
    assert "name zip_file" in refused(functions, FUNCTIONS, dict(IMPORT, code_sha256="x"))


# ---- aliases and what is provisioned


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (dict(LIVE, function_version="9"), "has no version 9"),
        (dict(LIVE, name="next", function_version="9"), "has no version 9"),
        (dict(TRIAL, additional_version_weights={"9": 0.1}), "has no version 9"),
        (dict(TRIAL, function_version="2"), "leads to version 2 already"),
        (dict(TRIAL, function_version="$LATEST"), "only published versions"),
        (dict(TRIAL, additional_version_weights={"2": 0.1, "3": 0.1}), "at most 1 can be"),
        (dict(TRIAL, additional_version_weights={"2": "half"}), "no value that AWS knows"),
        (dict(TRIAL, additional_version_weights={"2": 1.5}), "more than the most allowed, 1"),
        (dict(TRIAL, provisioned_concurrent_executions=1), "take additional_version_weights away first"),
        (dict(LIVE, function_version="$LATEST"), "for a published version"),
        (dict(LIVE, provisioned_concurrent_executions=901), "the 900 that the account has unreserved"),
    ],
)
def test_an_alias_that_cannot_be_is_refused_in_the_plan(aliases, entry, said):
    assert said in refused(aliases, ALIASES, entry, confirm=["lambda_aliases/acme-import/live", "lambda_aliases/acme-import/trial"])


def test_weights_that_cannot_be_are_found_in_the_sheet():
    wrong = [
        ("1", {"2": 0.1, "3": 0.1}),
        ("1", {"live": 0.1}),
        ("1", {"2": "half"}),
        ("1", {"2": 1.5}),
        ("1", {"2": -0.1}),
        ("2", {2: 0.1}),
        ("$LATEST", {"2": 0.1}),
    ]
    codes = ["most_items", "no_choice", "no_choice", "most", "least", "alike", "needs"]
    entries = [dict(TRIAL, name=f"a{number}", function_version=main, additional_version_weights=weights) for number, (main, weights) in enumerate(wrong)]
    found = faults(ALIASES, *entries)
    assert found == [(number, "additional_version_weights", code) for number, code in enumerate(codes)]


def test_what_is_provisioned_has_room_in_the_reservation(aliases):
    client(aliases, "lambda").put_function_concurrency(FunctionName="acme-import", ReservedConcurrentExecutions=8)
    new = dict(LIVE, name="next", function_version="1", provisioned_concurrent_executions=4)
    assert "the 3 that acme-import has reserved" in refused(aliases, ALIASES, new, confirm=["lambda_aliases/acme-import/next"])
    assert "keep 3 environments ready" in dangerous(aliases, ALIASES, dict(new, provisioned_concurrent_executions=3))


def test_versions_that_are_not_alike_share_no_calls(aliases):
    write(aliases, "iam_roles", dict(name="acme-other", assume_role_policy=trust("lambda.amazonaws.com")))
    write(aliases, FUNCTIONS, dict(IMPORT, role="acme-other"))
    version = client(aliases, "lambda").publish_version(FunctionName="acme-import")["Version"]
    assert "differ in Role" in refused(aliases, ALIASES, dict(TRIAL, additional_version_weights={version: 0.1}), confirm=["lambda_aliases/acme-import/trial"])


def test_less_may_be_provisioned_without_a_word_and_more_may_not(aliases):
    harmless(aliases, ALIASES, dict(LIVE, provisioned_concurrent_executions=2))
    assert "AWS bills" in dangerous(aliases, ALIASES, dict(LIVE, provisioned_concurrent_executions=3))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (dict(LIVE, function_version="2"), "calls of live go to version 2 instead of version 1"),
        (dict(TRIAL, additional_version_weights={"2": 0.5}), "50 % of the calls of trial go to version 2"),
        (dict(TRIAL, additional_version_weights={"3": 0.125}), "12.5 % of the calls of trial go to version 3 and would let version 2 take no share"),
        (dict(TRIAL, clear=["additional_version_weights"]), "version 2 take no share of the calls of trial any more"),
    ],
)
def test_who_is_called_changes_only_when_that_is_confirmed(aliases, entry, said):
    assert said in dangerous(aliases, ALIASES, entry)


def switched(aliases, entry, **how):
    """The result, of who has confirmed it."""
    return aliases.run(ALIASES, dict(aliases=[entry], confirm=[f"lambda_aliases/acme-import/{entry['name']}"]), **how)


def test_weights_and_what_is_provisioned_change_places_in_one_run(aliases):
    switched(aliases, dict(TRIAL, provisioned_concurrent_executions=2, clear=["additional_version_weights"]))
    assert aliases.writes()[-2:] == ["lambda:UpdateAlias", "lambda:PutProvisionedConcurrencyConfig"]
    switched(aliases, dict(TRIAL, additional_version_weights={2: "0.1"}, clear=["provisioned_concurrent_executions"]))


def test_another_version_is_there_when_what_is_provisioned_for_it_is_ready(aliases):
    switched(aliases, dict(LIVE, function_version="2"))
    (told,) = client(aliases, "lambda").list_provisioned_concurrency_configs(FunctionName="acme-import")["ProvisionedConcurrencyConfigs"]
    assert told["Status"] == "READY"


@pytest.mark.parametrize(
    ("entry", "versions"),
    [
        (dict(LIVE, function_version="2"), ["2"]),
        (dict(LIVE, name="next", function_version="1", additional_version_weights={"2": 0.1}), ["1", "2"]),
    ],
)
def test_an_alias_waits_for_each_version_that_it_is_led_to(aliases, monkeypatch, entry, versions):
    """Lambda itself would let it lead to one that is Pending, and its callers get errors."""
    asked = []

    def state(aws, function, version):
        asked.append(version)
        return dict(State="Active" if asked.count(version) > 1 else "Pending")

    monkeypatch.setattr(_lambda, "state_of", state)
    aliases.double.clear_calls()
    aliases.run(ALIASES, dict(aliases=[entry]), check=True)
    assert asked == versions  # who plans does not wait
    asked.clear()
    switched(aliases, entry)
    assert asked == [version for version in versions for dummy in range(2)] and len(aliases.writes()) == 1


def test_an_alias_that_would_lead_to_what_is_never_ready_is_refused_in_the_plan(aliases, monkeypatch):
    monkeypatch.setattr(_lambda, "state_of", lambda *dummy: dict(State="Failed", StateReason="the snapshot went wrong"))
    assert "the snapshot went wrong" in refused(aliases, ALIASES, dict(LIVE, function_version="2"), confirm=["lambda_aliases/acme-import/live"])


def test_why_nothing_could_be_provisioned_is_told_and_the_next_run_tries_again(aliases, monkeypatch):
    real, broken = _client.Aws.pages, dict(Status="FAILED", StatusReason="FUNCTION_ERROR_INIT_FAILURE", AllocatedProvisionedConcurrentExecutions=0)

    def failing(aws, service, operation, *args, **more):
        found = real(aws, service, operation, *args, **more)
        return [{**one, **broken} for one in found] if operation == "list_provisioned_concurrency_configs" else found

    monkeypatch.setattr(_client.Aws, "pages", failing)
    for dummy in range(2):
        aliases.double.clear_calls()
        assert "FUNCTION_ERROR_INIT_FAILURE" in switched(aliases, dict(LIVE, provisioned_concurrent_executions=6), fails=True)["msg"]
        assert aliases.writes() == ["lambda:PutProvisionedConcurrencyConfig"]


def test_what_somebody_else_does_with_an_alias_meanwhile_is_not_written_over(aliases, monkeypatch):
    acting = _client.Aws.acting_for

    def first(aws, entry):
        client(aliases, "lambda").update_alias(FunctionName="acme-import", Name="live", Description="theirs")
        return acting(aws, entry)

    monkeypatch.setattr(_client.Aws, "acting_for", first)
    assert "PreconditionFailedException" in switched(aliases, dict(LIVE, function_version="2"), fails=True)["msg"]


def test_the_end_of_an_alias_is_dangerous(aliases):
    assert "gets an error" in unconfirmed(aliases, ALIASES, dict(LIVE, state="absent"))


@pytest.mark.parametrize(
    ("more", "weights"),
    [
        (dict(ops_lambda_additional_version="3"), {"3": 0.1}),
        (dict(ops_lambda_additional_version="2", ops_lambda_additional_percent=25), {"2": 0.25}),
        ({}, {}),
    ],
)
def test_a_request_shares_the_calls_or_ends_that(stage, more, weights):
    desk = Desk(stage).open("lambda.change_alias")
    given = dict(ops_lambda_function="acme-import", ops_lambda_alias="trial", ops_lambda_function_version="1", **more)
    assert desk.run("lambda.change_alias", variables=given)["changed"]
    told = client(stage, "lambda").get_alias(FunctionName="acme-import", Name="trial")
    assert told["RoutingConfig"]["AdditionalVersionWeights"] == weights


@pytest.mark.parametrize("more", [dict(), dict(ops_lambda_additional_version="2", ops_lambda_additional_percent=101)])
def test_a_share_that_can_be_of_nothing_is_refused(stage, more):
    desk = Desk(stage).open("lambda.change_alias")
    given = dict(ops_lambda_function="acme-import", ops_lambda_alias="trial", ops_lambda_function_version="1")
    given |= dict(ops_lambda_additional_percent=25) | more
    assert "additional_percent" in desk.run("lambda.change_alias", variables=given, check=True, fails=True)["msg"]


@pytest.fixture
def released(stage):
    """As the operation finds it: something was changed since the last version was published."""
    return Desk(stage).open(PUBLISH)


def test_a_version_that_runs_the_same_is_not_published_again(released):
    functions = client(released.stage, "lambda")
    version = functions.publish_version(FunctionName="acme-import")["Version"]
    released.double.clear_calls()
    (entry,) = released.run(PUBLISH, check=True)["entries"]
    assert f"all calls of live go to version {version} instead of version 1" in entry["confirm"]
    assert entry["action"] == "updated" and released.run(PUBLISH)["diff"]["after"] == {"acme-import/live": dict(function_version=version)}
    assert released.writes() == ["lambda:UpdateAlias"]


def test_what_is_provisioned_is_there_again_when_a_version_is_published(released):
    result = released.run(PUBLISH)
    assert result["facts"]["function_version"] == "1" and released.writes() == ["lambda:PublishVersion", "lambda:UpdateAlias"]
    assert "the sheet" in result["notes"][0]
    (told,) = client(released.stage, "lambda").list_provisioned_concurrency_configs(FunctionName="acme-import")["ProvisionedConcurrencyConfigs"]
    assert told["Status"] == "READY"


def changed(released, **more):
    """The function after somebody changed it."""
    functions = client(released.stage, "lambda")
    functions.update_function_configuration(FunctionName="acme-import", **more)
    while configuration(released.stage)["LastUpdateStatus"] == "InProgress":
        pass


SNAP_START = dict(SnapStart=dict(ApplyOn="PublishedVersions"))


def test_an_alias_is_led_to_a_version_that_is_ready(released):
    changed(released, **SNAP_START)
    released.double.clear_calls()
    released.run(PUBLISH)
    told = client(released.stage, "lambda").get_function_configuration(FunctionName="acme-import", Qualifier="live")
    assert (told["Version"], told["State"]) == ("4", "Active")


def test_an_alias_is_not_led_to_a_version_that_is_never_ready(released, monkeypatch):
    monkeypatch.setattr(_lambda, "state_of", lambda *dummy: dict(State="Failed", StateReason="the snapshot went wrong"))
    for how in (dict(), dict(check=True)):  # the second one finds what the first one published
        assert "the snapshot went wrong" in released.run(PUBLISH, fails=True, **how)["msg"]
    assert released.writes() == ["lambda:PublishVersion"]


def test_snap_start_makes_another_version(released):
    client(released.stage, "lambda").publish_version(FunctionName="acme-import")
    changed(released, **SNAP_START)
    assert released.run(PUBLISH)["diff"]["after"] == {"acme-import/live": dict(function_version="a new version")}


def test_what_lambda_itself_calls_a_version_is_none_of_ours(released, monkeypatch):
    real = _client.Aws.pages

    def more(aws, service, operation, *args, **which):
        found = real(aws, service, operation, *args, **which)
        return [*found, dict(found[0], Version="$LATEST.PUBLISHED")] if operation == "list_versions_by_function" else found

    monkeypatch.setattr(_client.Aws, "pages", more)
    released.run(PUBLISH)


@pytest.mark.parametrize("more", [dict(Environment=dict(Variables=dict(TOKEN=PLANTED[0]))), dict(MemorySize=1024)])
def test_what_goes_live_is_what_was_planned(released, more):
    plan = released.run(PUBLISH, check=True)
    changed(released, **more)
    now = released.run(PUBLISH, check=True)
    assert now["facts"] != plan["facts"] and PLANTED[0] not in json.dumps(now)
    released.double.clear_calls()
    assert "plan it anew" in released.run(PUBLISH, before=plan["facts"], confirmed=False, fails=True)["msg"]
    assert released.writes() == []


@pytest.mark.parametrize(("alias", "said"), [("nobody", "no function with this alias"), ("trial", "shares its calls with version 2")])
def test_an_alias_that_no_version_can_be_published_for_is_refused_in_the_plan(released, alias, said):
    given = dict(ops_lambda_function="acme-import", ops_lambda_alias=alias)
    for check in (True, False):
        assert said in released.run(PUBLISH, variables=given, check=check, confirmed=False, fails=True)["msg"]
    assert released.writes() == []


# ---- what invokes them


def test_a_timeout_that_a_queue_does_not_wait_for_is_told(mappings, said):
    harmless(mappings, FUNCTIONS, dict(IMPORT, timeout=60))
    assert any("360 s" in text and "acme-orders" in text for text in said)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (dict(MORE, batch_size=11), "maximum_batching_window_in_seconds"),
        (dict(STREAM, event_source_arn=STREAM["event_source_arn"] + "-2"), "starting_position"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_in_the_plan(mappings, entry, said):
    assert said in refused(mappings, MAPPINGS, entry)


@pytest.mark.parametrize(("entry", "said"), [(dict(QUEUE, enabled=False), "disabled"), (dict(QUEUE, filters=['{"body": ["x"]}']), "lost")])
def test_what_can_lose_messages_is_dangerous(mappings, entry, said):
    assert said in dangerous(mappings, MAPPINGS, entry)


def test_the_end_of_a_mapping_is_dangerous(mappings):
    assert "forgotten" in unconfirmed(mappings, MAPPINGS, dict(STREAM, state="absent"))


def test_a_name_on_its_way_out_is_free_when_it_is_gone(mappings):
    gone = dict(QUEUE, state="absent")
    mappings.run(MAPPINGS, dict(event_source_mappings=[gone], confirm=[f"{MAPPINGS}/acme-import/{QUEUE['event_source_arn']}"]))
    write(mappings, MAPPINGS, QUEUE)
    assert {one["event_source_arn"] for one in mappings.gather(MAPPINGS)} == {QUEUE["event_source_arn"], STREAM["event_source_arn"]}
