# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of a sheet on the controller, played over every kind with its own EXAMPLES: what is right passes, each mistake is told where it stands."""

from __future__ import annotations

import copy
import datetime
import json
import re
import string

import pytest
from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.msp.aws.plugins.filter.sheet import (
    names_to_come,
    nearest,
    neighbour_ids,
    run_summary,
    sheet_doubtful,
    sheet_faults,
    sheet_left,
    sheet_outside_names,
    touched,
    unknown_tags,
)
from ansible_collections.msp.aws.plugins.module_utils import _shapes
from ansible_collections.msp.aws.plugins.module_utils._options import HIDDEN, secrets
from ansible_collections.msp.aws.plugins.plugin_utils import sheets
from ansible_collections.msp.aws.plugins.plugin_utils._sheets_words import TEXTS
from tests.laws.stage import KINDS, entries, examples

NAMES = list(KINDS)
LISTED = [name for name, kind in KINDS.items() if not kind.single]
SUBNET = dict(name="a", cidr_block="10.20.1.0/24", availability_zone="ap-northeast-1a")
OF_NO_FORM = {r"(^|_)arns?$": ("not-an-arn",), r"(^|_)(account|(account|owner)_ids?)$": ("1234", "1111-2222-3333"), "^image_id$": ("ami-xyz",)}
WRONG = dict(str=["a list"], int="many", float="much", bool="perhaps", dict="a text", list=dict(a="dictionary"))


def sheet_of(name, /, **changed):
    """The kind's own example as a sheet, its first entry changed."""
    mine = copy.deepcopy(examples(name).make[KINDS[name].things])
    (mine if KINDS[name].single else mine[0]).update(changed)
    return {name: mine}


def first(name, sheet):
    return KINDS[name].label(sheet[name] if KINDS[name].single else sheet[name][0])


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_have_no_fault(name):
    for act in (examples(name).make, *examples(name).changes, examples(name).remove):
        given = {name: act[KINDS[name].things]}
        assert sheet_faults(given) == []


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option_is_told_with_the_nearest_known_one(name, language):
    known = max(KINDS[name].options, key=len)
    sheet = sheet_of(name, **{f"{known}x": 1})
    (line,) = sheet_faults(sheet, language=language)
    assert line.startswith(f"{name} {first(name, sheet)} {known}x: ") and known in line.partition(": ")[2].replace(f"{known}x", "")


@pytest.mark.parametrize("word", ["CidrBlock", "cidrBlock", "ｃｉｄｒ_block", "cidr_block ", "cidr-block", "cidr"])
def test_the_nearest_word_is_found_in_whatever_case_and_width(word):
    (line,) = sheet_faults(dict(ec2_subnets=[dict(SUBNET, vpc="acme", **{word: "10.20.1.0/24"})]))
    assert "（「cidr_block」の誤りではありませんか）" in line and nearest("VPCS", ["subnets", "vpcs"]) == "vpcs"


def test_a_tag_that_no_task_has_is_told_with_the_nearest_one():
    assert unknown_tags(["ec2", "EC2", "ec2_subnet", "all", "nonsense"]) == ["EC2 → ec2", "ec2_subnet → ec2_subnets", "nonsense"]


@pytest.mark.parametrize("name", NAMES)
def test_every_option_of_a_wrong_type_is_told(name):
    for option, facts in KINDS[name].options.items():
        wanted = "list" if facts.many else facts.type
        if wanted not in WRONG or option in KINDS[name].identity:
            continue
        sheet = sheet_of(name, **{option: "a text" if facts.many else WRONG[wanted]})
        told = sheet_faults(sheet)
        assert told and all(line.startswith(f"{name} {first(name, sheet)} {option}") for line in told), (option, told)


def test_a_wrong_type_in_a_structure_hides_nothing_else_in_it():
    told = sheets.faults(dict(ec2_instances=[dict(name="w", root_volume=dict(size="30GB", volume_type="gp5"))]))
    assert {(fault.option, fault.code) for fault in told} == {("root_volume.size", "wrong_type"), ("root_volume.volume_type", "choice")}


def test_a_wrong_type_hides_no_other_fault_of_its_entry_or_of_another():
    alarm = dict(name="a", namespace="AWS/EC2", metric_name="x", statistic="Avg", comparison_operator=">", evaluation_periods=2, threshold="ninety")
    vpc = dict(name="acme", cidr_block="10.20.0.0/16", enable_dns_support="maybe")
    subnet = dict(name="a", vpc="acme", cidr_block="10.99.1.0/24")
    sheet = dict(cloudwatch_alarms=[alarm], ec2_vpcs=[vpc], ec2_subnets=[subnet], ec2_instances=[dict(name="w", root_volume=50, instance_type=12)])
    told = {(fault.kind, fault.option) for fault in sheets.faults(sheet)}
    assert {("cloudwatch_alarms", option) for option in ("threshold", "statistic", "comparison_operator")} <= told
    assert {("ec2_vpcs", "enable_dns_support"), ("ec2_subnets", "cidr_block"), ("ec2_instances", "root_volume"), ("ec2_instances", "instance_type")} <= told


@pytest.mark.parametrize("vpcs", [[{}, dict(cidr_block="10.60.0.0/16")], [dict(cidr_block="10.60.0.0/16", secondary_cidr_blocks="10.20.0.0/16")]])
def test_nothing_is_held_against_what_is_not_known_for_certain(vpcs):
    subnet = dict(name="a", vpc="acme", cidr_block="10.20.1.0/24")
    sheet = dict(ec2_vpcs=[dict(vpc, name="acme") for vpc in vpcs], ec2_subnets=[subnet])
    assert [fault.kind for fault in sheets.faults(sheet)] == ["ec2_vpcs"]


def texts(options, path=()):
    """Path and facts of every option that takes a text, also of those that lie inside another one."""
    for name, facts in options.items():
        if facts.options:
            yield from texts(facts.options, (*path, name))
        elif (facts.elements or facts.type) == "str" and not facts.ref:
            yield (*path, name), facts


def holding(options, path, value):
    """What an entry says to give the option at this path a value."""
    name, *inner = path
    given = holding(options[name].options, inner, value) if inner else value
    return {name: [given] if options[name].type == "list" else given}


def told_of(name, path, value):
    kind = KINDS[name]
    entry = {**dict.fromkeys(kind.identity, "1"), **holding(kind.options, path, value)}
    return [fault for fault in sheets.faults({name: entry if kind.single else [entry]}) if fault.option == ".".join(path)]


@pytest.mark.parametrize("name", NAMES)
def test_one_thing_in_the_place_of_a_list_of_things_is_told(name):
    """Also beside a word that is allowed there."""
    for option in [option for option, facts in KINDS[name].options.items() if facts.many]:
        for given in (dict(acme="x"), dict(add=[], acme="x"), dict(add=[], acme=dict(x="y"))):
            lines = sheet_faults(sheet_of(name, **{option: given}))
            assert any(line.partition(": ")[0].endswith(f" {option}") for line in lines), lines


@pytest.mark.parametrize("name", NAMES)
def test_a_number_in_the_place_of_a_text_is_judged_as_the_text_that_it_becomes(name):
    for path, dummy in texts(KINDS[name].options):
        assert [fault.text("ja") for fault in told_of(name, path, 10)] == [fault.text("ja") for fault in told_of(name, path, "10")], path


# What looks like an address by its name and is none.
NO_ADDRESSES = r"type|family|_log_|action|email|config\."


@pytest.mark.parametrize("name", NAMES)
def test_what_should_be_an_address_and_is_none_is_told_in_both_languages(name):
    for path, dummy in texts(KINDS[name].options):
        text = ".".join(path)
        if re.search(r"cidr|address|(^|_)ip$|prefixes", text) and not re.search(NO_ADDRESSES, text) and path[0] not in KINDS[name].identity:
            for value in (10, "banana", "10.0.0.0.0/16", "10.0.0.0/33"):
                (fault,) = [one for one in told_of(name, path, value) if one.code not in ("one_of", "needs")]
                for language in ("ja", "en"):
                    assert str(value) in fault.text(language) and fault.text(language).startswith(f"{name} "), text


def test_a_block_that_is_none_is_told_once_and_not_of_what_lies_in_it():
    told = sheet_faults(dict(ec2_vpcs=[dict(name="acme", cidr_block="10.20.0.0")], ec2_subnets=[dict(SUBNET, name="a", vpc="acme")]))
    assert [line.partition(": ")[0] for line in told] == ["ec2_vpcs acme cidr_block"]


@pytest.mark.parametrize("name", NAMES)
def test_what_should_be_an_arn_an_account_or_an_image_and_is_none_is_told_in_both_languages(name):
    for path, dummy in texts(KINDS[name].options):
        for called, values in OF_NO_FORM.items():
            for value in values if re.search(called, path[-1]) else ():
                (fault,) = [one for one in told_of(name, path, value) if one.code not in ("one_of", "needs")]
                for language in ("ja", "en"):
                    assert value in fault.text(language) and fault.text(language).startswith(f"{name} "), path


def test_a_block_is_written_as_aws_writes_it():
    blocks = dict(a="10.0.0.1/16", b="2001:db8::/56", c="10.1.0.0/255.255.0.0")
    sheet = dict(ec2_vpcs=[dict(name=name, cidr_block=block) for name, block in blocks.items()])
    assert sheet_faults(sheet, language="en") == [
        "ec2_vpcs a cidr_block: '10.0.0.1/16' is not how AWS writes a network: 10.0.0.0/16",
        "ec2_vpcs b cidr_block: '2001:db8::/56' is not a network address (CIDR) such as 10.0.0.0/16",
        "ec2_vpcs c cidr_block: '10.1.0.0/255.255.0.0' is not how AWS writes a network: 10.1.0.0/16",
    ]
    assert sheet_faults(sheet)[0] == "ec2_vpcs a cidr_block: 「10.0.0.1/16」は AWS では 10.0.0.0/16 になります。10.0.0.0/16 と書いてください"


def test_a_number_in_the_place_of_a_name_is_a_name():
    sheet = dict(ec2_vpcs=[dict(name=1, cidr_block="10.0.0.0/16")], ec2_subnets=[dict(name="a", vpc=1), dict(name="b", vpc=2)])
    assert sheet_outside_names(sheet)["ec2_vpcs"] == ["2"]


def test_a_route_without_a_destination_is_told():
    routes = [dict(internet_gateway="id")]
    told = sheet_faults(dict(ec2_route_tables=[dict(name="a", vpc="b", routes=routes)]), language="en")
    assert any(line.startswith("ec2_route_tables b/a routes.destination_cidr_block: write exactly one of") for line in told)


def test_tags_and_what_is_cleared_have_their_types_too():
    sheet = dict(ec2_vpcs=[dict(name="a", cidr_block="10.0.0.0/16", tags=dict(a=[1], b=dict(x=1), c=True, d=1), clear="tags")])
    told = sheet_faults(sheet, language="en")
    assert [line.partition(": ")[0] for line in told] == ["ec2_vpcs a clear", "ec2_vpcs a tags.a", "ec2_vpcs a tags.b", "ec2_vpcs a tags.c"]


RULE = dict(protocol="tcp", cidr_ipv4="10.0.0.0/8")
ROLLED = dict(policy_type="EBS_SNAPSHOT_MANAGEMENT", schedules=[dict(name="d", cron_expression="0 17 * * *", retain_count=7)])
TYPING = [
    (dict(ec2_elastic_ips=[dict(Name="x")]), "ec2_elastic_ips 1 番目 Name: 「Name」という設定項目はありません（「name」の誤りではありませんか）"),
    (dict(ec2_security_groups=[dict(name="x", vpc="v", ingress=[dict(RULE, port=443)])]),
     "ec2_security_groups v/x ingress.port: 「port」という設定項目はありません（「to_port」の誤りではありませんか）"),
    (dict(ec2_security_groups=[dict(name="x", vpc="v", ingress=[dict(protocol="tcp", from_port=1, to_port=1)])]),
     "ec2_security_groups v/x ingress.cidr_ipv4: 次のうち 1 つだけを書いてください: cidr_ipv4, cidr_ipv6, prefix_list, security_group。現在の値: 「（空）」"),
    (dict(ec2_security_groups=[dict(name="x", vpc="v", ingress=[dict(RULE, from_port=1, to_port=1), dict(RULE, from_port=443)])]),
     "ec2_security_groups v/x ingress.to_port（2 番目）: to_port が必要です。現在の値: 「tcp 443」"),
    (dict(ec2_security_groups=[dict(name="x", vpc="v", ingress=[dict(RULE, from_port=1, to_port=1), dict(RULE, to_port="x")])]),
     "ec2_security_groups v/x ingress.to_port（2 番目）: 「x」は整数ではありません。数字だけを書いてください（単位や桁区切りは付けません）"),
    (dict(ec2_network_acls=[dict(name="x", vpc="v", ingress=[dict(rule_number=1, rule_action="allow"), dict(rule_action="deny")])]),
     "ec2_network_acls v/x ingress.rule_number（2 番目）: 対象を特定するために必要です"),
    (dict(ec2_network_acls=[dict(name="x", vpc="v", egress=[dict(rule_number=1, rule_action="allow", from_port=65535, to_port=1024)])]),
     "ec2_network_acls v/x egress.from_port: ポートは 0 から 65535 まで、from_port は to_port 以下で書いてください。現在の値: 65535-1024"),
    (dict(ec2_vpcs=[dict(name="x", ec2_subnets=[])]),
     "ec2_vpcs x ec2_subnets: 「ec2_subnets」は種類の名前なので、ここには書けません。字下げ（インデント）を種類の位置まで戻してください"),
    (dict(ec2_vpcs=[dict(name="x", enable_dns_support="有効")]),
     "ec2_vpcs x enable_dns_support: 「有効」は true / false ではありません。true か false を書いてください"),
    (dict(ec2_volumes=[dict(name="x", size="500GB")]),
     "ec2_volumes x size: 「500GB」は整数ではありません。数字だけを書いてください（単位や桁区切りは付けません）"),
    (dict(ec2_volumes=[dict(name="x", tags=[dict(Key="a", On=True, No=None)])]),
     'ec2_volumes x tags: 「[{Key: "a", On: true, No: null}]」は「名前: 値」の組ではありません。「名前: 値」の組で書いてください'),
    (dict(ec2_route_tables=[dict(name="x", vpc="v", subnets=["a", None])]),
     "ec2_route_tables v/x subnets: 空の項目があります。値を書くか、その行を削除してください"),
    (dict(ec2_vpcs=[dict(name="x ", cidr_block="10.0.0.0/16")]), "ec2_vpcs x  name: 「x 」の前か後に空白があります。空白を取り除いてください"),
    (dict(ec2_vpcs=None), "ec2_vpcs: 一覧（リスト）で書いてください。現在の値: 「（空）」"),
    (dict(dlm_lifecycle_policies=[dict(ROLLED, name="x")]),
     "dlm_lifecycle_policies x schedules.cron_expression: 「0 17 * * *」は形式が正しくありません。正しい形式: cron(0 17 * * ? *), cron(0 17 ? * MON *)"),
    (dict(ec2=[dict(name="a", subnet="s", instance_type="t3.micro")]), "ec2: 「ec2」という種類はありません（「ec2_instances」の誤りではありませんか）"),
    (dict(vpc=[dict(name="a", cidr_block="10.0.0.0/16")]), "vpc: 「vpc」という種類はありません（「ec2_vpcs」の誤りではありませんか）"),
    (dict(users=[dict(email="a@example.co.jp", authority="viewer")]), "users: 「users」という種類はありません（「mackerel_users」の誤りではありませんか）"),
    (dict(queues=[dict(name="a")]), "queues: 「queues」という種類はありません"),
    (dict(iam_users=[dict(name="日本")]), "iam_users 日本 name: 「日本」は形式が正しくありません。使えない文字: 日 本。使える文字: 英数字 + , - . = @ _"),
]  # fmt: skip


@pytest.mark.parametrize(("sheet", "line"), TYPING)
def test_a_typing_mistake_is_told_in_one_line_with_what_to_write(sheet, line):
    assert sheet_faults(sheet) == [line]
    assert len(sheet_faults(sheet, language="en")) == 1


def test_a_name_that_leads_nowhere_is_told_with_the_one_that_was_meant():
    """Or with the kind that has such a thing. What is misspelt is not said to be lacking as well."""
    subnets = [dict(name="web-a", vpc="acme", CidrBlock="10.20.1.0/24", availability_zone="ap-northeast-1a")]
    servers = [dict(name="x", subnet=subnet) for subnet in ("web-b", "web-a ", "acme", "nothing")]
    zones = {"ap-northeast-1a": [dict(id="ap-northeast-1a", scope=None, scope_id=None)]}
    account = dict(ec2_subnets={"acme/web-a": [], "web-a": []}, ec2_instances={}, ec2_availability_zones=zones)
    sheet = dict(ec2_vpcs=[dict(name="acme")], ec2_subnets=subnets, ec2_instances=servers)
    told = [line for line in sheet_faults(sheet, account=account, language="en") if " x: " not in line]
    where = "ec2_instances x subnet: there is no {0!r} among ec2_subnets, neither in the sheet nor in the account"
    assert told == [
        "ec2_subnets acme/web-a CidrBlock: there is no option 'CidrBlock' (did you mean 'cidr_block'?)",
        where.format("web-b") + " (did you mean 'web-a'?)",
        where.format("web-a ") + " (did you mean 'web-a'?)",
        where.format("acme") + " (the sheet has one among ec2_vpcs)",
        where.format("nothing"),
    ]


DAY, MOMENT = datetime.date(2012, 10, 17), datetime.datetime(2012, 10, 17, 9, 0)


@pytest.mark.parametrize("value", [DAY, MOMENT, b"x", {1}])
@pytest.mark.parametrize("name", NAMES)
def test_what_yaml_reads_as_no_text_is_told_and_ends_no_check(name, value):
    """In every free dictionary, however deep, and as a key of it. A day that is a value is the text that was written, as a module gets it."""
    for option in [option for option, facts in KINDS[name].options.items() if facts.type == "dict" and not facts.options and not facts.many]:
        for given in (dict(acme=value), dict(acme=[dict(acme=value)]), *([{value: "x"}] if value != {1} else [])):
            told = [line for line in sheet_faults(sheet_of(name, **{option: given})) if line.startswith(f"{name} {first(name, sheet_of(name))} {option}: ")]
            assert any("引用符" in line for line in told) == (value is not DAY or DAY in given), (option, given)


@pytest.mark.parametrize("name, option", [(name, option) for name, kind in KINDS.items() for option, facts in kind.options.items() if facts.flaws])
def test_a_version_without_quotation_marks_is_the_one_that_was_written(name, option):
    """The right one and a wrong one."""
    for day in (DAY, datetime.date(2012, 10, 18)):
        documents = [dict(Version=version, Statement=[dict(Effect="Allow", Action="s3:*", Resource="*")]) for version in (day, str(day))]
        told = [sheet_faults(sheet_of(name, **{option: one if KINDS[name].options[option].same else dict(acme=one)})) for one in documents]
        assert told[0] == told[1] and bool(told[0]) == (day is not DAY)


def test_an_unquoted_moment_hides_no_other_fault():
    policy = dict(Version=MOMENT, Statement=[])
    told = sheet_faults(dict(iam_roles=[dict(name="a", assume_role_policy=policy)], ec2_vpcs=[dict(name="a", cidr_block="10.0.0.0/33")]), language="en")
    assert told[0].startswith("iam_roles a assume_role_policy: without quotation marks it is read as 2012-10-17T09:00:00 and is no text")
    assert told[1].startswith("ec2_vpcs a cidr_block: ") and len(told) == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_day_or_a_moment_in_the_place_of_any_value_ends_no_check(name):
    for option in ["id", "state", "clear", *KINDS[name].options]:
        for value in (DAY, MOMENT, 5):
            sheet_faults(sheet_of(name, **{option: value}))
            sheet_faults(sheet_of(name, **{option: [value]}))


TEXTS_OF = [(name, option) for name, kind in KINDS.items() for option, facts in kind.options.items() if facts.texts]


@pytest.mark.parametrize("name, option", TEXTS_OF)
def test_a_truth_value_is_no_text(name, option):
    """YAML reads yes and on as true, which would be written as True; and 1.10 as 1.1."""
    given = dict(Prod=True, Day=DAY, Count=1, Version=1.1)
    sheet = sheet_of(name, **{option: given})
    where, read = f"{name} {first(name, sheet)} {option}", "without quotation marks it is read as"
    hidden = KINDS[name].options[option].secret
    for key, value in dict(Prod="true", Version="1.1").items():
        shown = HIDDEN if hidden and value != "true" else value
        assert f'{where}.{key}: {read} {shown} and is no text; write it between quotation marks, such as "{shown}"' in sheet_faults(sheet, language="en")
    assert not any(f"{where}.{key}: " in line for key in ("Day", "Count") for line in sheet_faults(sheet))


@pytest.mark.parametrize("name", NAMES)
def test_an_option_without_a_value_is_told(name):
    """It may be to be taken away, or to be left as it is, or somebody has not filled it in yet."""
    kind = KINDS[name]
    for option in kind.options.keys() - set(kind.identity):
        sheet = sheet_of(name, **{option: None})
        assert f"{name} {first(name, sheet)} {option}: 値がありません。" in "\n".join(sheet_faults(sheet))
        if kind.options[option].merges:
            sheet = sheet_of(name, **{option: dict(Env=None)})
            assert f"{name} {first(name, sheet)} {option}.Env: 値がありません。" in "\n".join(sheet_faults(sheet))


def test_a_truth_value_is_no_text_anywhere_in_an_entry():
    alarm = dict(name="a", dimensions=dict(AutoStop=True), metrics=[dict(id="m", metric_stat=dict(metric=dict(metric_name="x", dimensions=dict(On=False))))])
    sheet = dict(cloudwatch_alarms=[alarm], iam_users=[dict(name=False)], budgets_budgets=[dict(name="b", cost_filters=[dict(key="k", values=[True])])])
    told = [line for line in sheet_faults(sheet) if "引用符" in line]
    text = "引用符がないため、文字列ではなく「{0}」として読まれます。書いたとおりの文字列を引用符で囲んでください（例: \"{0}\"）"
    assert told == [
        f"iam_users 1 番目 name: {text.format('false')}",
        f"budgets_budgets b cost_filters.values: {text.format('true')}",
        f"cloudwatch_alarms a dimensions.AutoStop: {text.format('true')}",
        f"cloudwatch_alarms a metrics.metric_stat.metric.dimensions.On: {text.format('false')}",
    ]
    (said,) = _shapes.faults("cloudwatch", KINDS["cloudwatch_alarms"].options, dict(dimensions=dict(AutoStop=True)))
    assert str(said).startswith("dimensions.AutoStop: without quotation marks it is read as true"), "modules say it, too"


def test_dimensions_are_no_more_and_no_longer_than_the_service_model_allows():
    alarm = dict(name="a", dimensions={f"d{number}": "x" for number in range(31)})
    inner = dict(metric_name="x", dimensions={"n" * 256: "v", "InstanceName": "v" * 1025, "Empty": ""})
    sheet = dict(cloudwatch_alarms=[alarm, dict(name="b", metrics=[dict(id="m", metric_stat=dict(metric=inner))])])
    where = "cloudwatch_alarms b metrics.metric_stat.metric.dimensions"
    assert [line for line in sheet_faults(sheet) if "dimensions" in line] == [
        "cloudwatch_alarms a dimensions: 31 個あります。30 個以内で書いてください",
        f"{where}.{'n' * 256}: 「{'n' * 200}…」は長すぎます。255 文字以内で書いてください",
        f"{where}.InstanceName: 「{'v' * 200}…」は長すぎます。1024 文字以内で書いてください",
        f"{where}.Empty: 「（空）」は短すぎます。1 文字以上で書いてください",
    ]


@pytest.mark.parametrize("sheet", [{5: []}, {True: []}])
def test_a_kind_that_yaml_read_as_no_text_hides_no_other_fault(sheet):
    told = sheet_faults(dict(sheet, ec2_vpcs=[dict(name="a", cidr_block="10.0.0.0/33")]), language="en")
    assert len(told) == 2


@pytest.mark.parametrize("name", LISTED)
def test_a_duplicate_is_told_once(name):
    sheet = sheet_of(name)
    sheet[name].append(copy.deepcopy(sheet[name][0]))
    assert f"{name} {first(name, sheet)}: is named 2 times; write it once" in sheet_faults(sheet, language="en")


@pytest.mark.parametrize("name", LISTED)
def test_one_thing_by_its_name_and_by_its_id_is_told(name):
    """Also where one of the two shall go. Two that are meant by their ids may have one name."""
    sheet = sheet_of(name)
    entry = sheet[name][0]
    one, other = dict(entry, id="it-1"), dict(entry, id="it-2")
    for second, code in ((one, "duplicate"), (dict(one, state="absent"), "removed_and_made")):
        assert (code, None, "it-1") in {(fault.code, fault.option, fault.entry) for fault in sheets.faults({name: [entry, second]})}
    assert {fault.code for fault in sheets.faults({name: [one, other]}) if fault.option is None} & {"duplicate", "removed_and_made"} == set()


@pytest.mark.parametrize("name", LISTED)
def test_what_only_the_account_can_tell_apart_is_looked_at(name):
    sheet = sheet_of(name)
    entry, kind = sheet[name][0], KINDS[name]
    named = {kind.identity[-1]: "x"}
    assert sheet_doubtful({name: [entry]}) == [] and sheet_doubtful({name: [entry, dict(named, id="it-1")]}) == [name]
    for inside in (option for option in kind.identity if kind.options[option].ref):
        spelt = [dict(entry, **{inside: one}) for one in ("acme", "arn:aws:x:y:z:acme")]
        assert sheet_doubtful({name: spelt}) == [name]
    looked = {name: dict(agreed=[dict(entry="a", id="it-1", rivals=["b"]), dict(entry="c", id="it-2")])}
    for language, words in dict(ja="b と同じものを指す", en="the same one as b").items():
        (line,) = sheet_faults(sheet, looked=looked, language=language)
        assert line.startswith(f"{name} a: ") and words in line


def test_a_scope_by_its_name_and_by_its_id_is_one_where_the_sheet_says_so():
    subnets = [dict(SUBNET, vpc="acme"), dict(SUBNET, vpc="vpc-00000001")]
    faults = sheet_faults(dict(ec2_vpcs=[dict(id="vpc-00000001", name="acme")], ec2_subnets=subnets), language="en")
    assert any("is named 2 times" in line for line in faults)
    assert not any("is named 2 times" in line for line in sheet_faults(dict(ec2_subnets=subnets), language="en"))


def test_what_has_a_misspelt_state_lacks_nothing():
    """It may be what is to go."""
    sheet = dict(ec2_vpcs=[dict(name="old", state="abesnt")])
    (line,) = sheet_faults(sheet, account=dict(ec2_vpcs=dict(old=[])), language="ja")
    assert line == "ec2_vpcs old state: 「abesnt」は使えません。present か absent と書いてください"


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.caseless])
def test_names_that_aws_does_not_tell_apart_are_told_as_one(name):
    sheet = sheet_of(name)
    first = sheet[name][0]
    sheet[name] = [first, {**first, "name": first["name"].upper()}]
    assert [fault.code for fault in sheets.faults(sheet)] == ["duplicate"]


def test_a_tag_that_only_aws_writes_is_told_in_both_languages():
    for language, words in dict(ja="AWS が予約しています", en="which AWS keeps for itself").items():
        (line,) = sheet_faults(dict(sns_topics=[dict(name="acme", tags={"aws:owner": "x"})]), language=language)
        assert line.startswith("sns_topics acme tags: ") and "aws:owner" in line and words in line


PUBLIC = dict(Effect="Allow", Principal="*", Action="s3:GetObject", Resource="*")
NO_POLICIES = {
    "": [dict(Version="2012-10-17", Statment=[PUBLIC]), dict(Statement=[PUBLIC], Statements=[]), dict(Version="2012-10-17")],
    ".Version": [dict(Version="2012-10-71", Statement=[PUBLIC]), dict(Version=2012, Statement=[PUBLIC])],
    ".Statement": [dict(Statement="Allow"), dict(Statement=[PUBLIC, "Deny"])],
    ".Statement.1": [dict(Statement=dict(PUBLIC, Ressource="*")), dict(Statement=[dict(Effect="Allow")]), dict(Statement=[dict(Action="s3:*")])],
    ".Statement.2.Effect": [dict(Statement=[PUBLIC, dict(PUBLIC, Effect="allow")])],
}


@pytest.mark.parametrize("inside", NO_POLICIES)
@pytest.mark.parametrize("name, option", [(name, option) for name, kind in KINDS.items() for option, facts in kind.options.items() if facts.flaws])
def test_what_the_grammar_of_policies_does_not_know_is_told(name, option, inside):
    """Also of several under names; before anything is written, for a document without a statement would take away the policy that is there."""
    single = KINDS[name].options[option].same is not None
    for document in NO_POLICIES[inside]:
        sheet = sheet_of(name, **{option: document if single else dict(acme=document)})
        where = f"{name} {first(name, sheet)} {option}{'' if single else '.acme'}{inside}: "
        for language in ("ja", "en"):
            assert any(line.startswith(where) for line in sheet_faults(sheet, language=language)), document


def test_a_misspelt_part_of_a_policy_is_told_with_what_can_be_written():
    (line,) = sheet_faults(dict(s3_buckets=[dict(name="acme-x", policy=dict(Version="2012-10-17", Statment=[PUBLIC]))]), language="en")
    assert line == "s3_buckets acme-x policy: 'Statment' has no meaning here; what can be written: Version, Id, Statement"


@pytest.mark.parametrize("listed", [True, False])
def test_small_letters_of_a_policy_are_told_once_with_the_right_words(listed):
    """What else is wrong with it is told beside them."""
    statement = dict(effect="Allow", action="s3:*", Resource="*", Sid="x", condition={})
    policy = dict(version="2012-10-71", statement=[statement, statement] if listed else statement)
    wrong, version = sheet_faults(dict(iam_policies=[dict(name="x", policy=policy)]))
    words = "「version, statement, effect, action, condition」は大文字・小文字が違います。Version, Statement, Effect, Action, Condition と書いてください"
    assert wrong == f"iam_policies x policy: {words}"
    assert version == "iam_policies x policy.Version: 「2012-10-71」は使えません。使える値: 2012-10-17, 2008-10-17"
    both = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", effect="Deny", Action="s3:*", Resource="*")])
    (line,) = sheet_faults(dict(iam_policies=[dict(name="x", policy=both)]))
    assert "「effect」とは書けません" in line


def test_a_policy_that_is_a_text_is_told_with_how_a_file_is_read():
    text = json.dumps(dict(Version="2012-10-17", Statement=[PUBLIC]))
    for option, document in dict(inline_policies=dict(acme=text), assume_role_policy=dict(Statement=text)).items():
        for language in ("ja", "en"):
            (line,) = sheet_faults(dict(iam_roles=[dict(name="x", **{option: document})]), language=language)
            assert "| from_json" in line and line.startswith(f"iam_roles x {option}."), line
            (said,) = _shapes.faults("iam", KINDS["iam_roles"].options, {option: document})
            assert "| from_json" in str(said), "modules say it, too"
    assert sheet_faults(dict(iam_roles=[dict(name="x", assume_role_policy=text)])) == [], "Ansible itself reads a text in the place of a dictionary"


def test_a_policy_in_the_place_of_named_ones_is_told_once():
    (line,) = sheet_faults(dict(iam_roles=[dict(name="x", inline_policies=dict(Version="2012-10-17", Statement=[PUBLIC]))]))
    assert line == "iam_roles x inline_policies: ポリシーに名前がありません。ポリシーの名前を書き、その下に Version, Statement を書いてください"


def test_a_network_that_is_larger_or_smaller_than_aws_makes_them_is_told():
    vpc = dict(name="acme", cidr_block="10.0.0.0/8", secondary_cidr_blocks=["192.168.0.0/29"])
    subnet = dict(name="a", vpc="other", cidr_block="172.16.0.0/30", availability_zone="ap-northeast-1a")
    lines = sheet_faults(dict(ec2_vpcs=[vpc], ec2_subnets=[subnet]))
    assert len(lines) == 3 and all("/16-/28" in line for line in lines)


@pytest.mark.parametrize("primary", [{}, dict(cidr_block="10.20.0.0")])
def test_a_vpc_is_not_held_to_be_as_large_as_what_is_added_to_it(primary):
    vpc = dict(primary, name="acme", secondary_cidr_blocks=["10.70.0.0/16"])
    told = sheet_faults(dict(ec2_vpcs=[vpc], ec2_subnets=[dict(SUBNET, name="a", vpc="acme")]))
    assert [line.partition(": ")[0] for line in told] == ["ec2_vpcs acme cidr_block"] * len(primary)


@pytest.mark.parametrize("blocks", [["10.20.1.0/24"], ["192.168.0.0/24", "192.168.0.128/25"]])
def test_blocks_of_one_vpc_that_overlap_are_told(blocks):
    (line,) = sheet_faults(dict(ec2_vpcs=[dict(name="acme", cidr_block="10.20.0.0/16", secondary_cidr_blocks=blocks)]))
    assert line.startswith("ec2_vpcs acme secondary_cidr_blocks: ") and blocks[-1] in line


@pytest.mark.parametrize("name", LISTED)
def test_an_entry_without_its_identity_is_told(name):
    for option in KINDS[name].identity:
        sheet = sheet_of(name, **{option: None})
        assert any(f" {option}: " in line or line.startswith(f"{name} {option}: ") for line in sheet_faults(sheet)), option
        assert not any(f" {option}: is needed" in line for line in sheet_faults(sheet_of(name, **{option: None, "id": "it-0123456789abcdef0"}), language="en"))


def test_what_does_not_say_which_one_it_is_is_told_by_its_number():
    """It is neither one thing with another one that says as little, nor called by what it lies in."""
    nameless = dict(vpc="acme", cidr_block="10.20.2.0/33")
    sheet = dict(ec2_subnets=[dict(SUBNET, vpc="acme"), nameless, dict(nameless, name=""), None], ec2_vpcs=[dict(tags={}), "acme"])
    assert [line.partition(": ")[0] for line in sheet_faults(sheet, language="en")] == [
        "ec2_subnets no. 2 name",
        "ec2_subnets no. 3 name",
        "ec2_subnets no. 4",
        "ec2_vpcs no. 1 name",
        "ec2_vpcs no. 2",
        "ec2_subnets no. 2 cidr_block",
        "ec2_subnets no. 3 cidr_block",
    ]
    assert sheet_faults(sheet)[0] == "ec2_subnets 2 番目 name: 対象を特定するために必要です"


@pytest.mark.parametrize("name", NAMES)
def test_only_what_can_be_taken_away_may_be_cleared(name):
    for option, facts in KINDS[name].options.items():
        told = [line for line in sheet_faults(sheet_of(name, clear=[option], **{option: None}), language="en") if " clear: " in line]
        assert bool(told) != facts.clearable, option


@pytest.mark.parametrize("name", NAMES)
def test_every_fault_of_a_sheet_is_told_in_one_pass(name):
    sheet = sheet_of(name, nonsense=1, state="gone", clear=["nonsense"])
    told = [line.partition(": ")[0].rpartition(" ")[2] for line in sheet_faults(sheet)]
    assert {"nonsense", "state", "clear"} <= set(told)


def test_what_a_host_knows_and_what_its_tasks_make_or_change():
    """What is removed, or is in another Region, is nothing that others could name; what is only looked at is no plan."""
    done = [dict(entry="made", action="created"), dict(entry="other", action="updated", id="tgw-2"), dict(entry="same", action="unchanged", id="tgw-3")]
    host = dict(
        sheet_own_names=dict(ec2_transit_gateways=["made", "other", "same"]),
        setup_network_ec2_transit_gateways=dict(entries=done),
        setup_network_accept_ec2_vpcs=dict(skipped=True),
        setup_network_remove_ec2_subnets=dict(entries=[dict(entry="gone", action="deleted", id="subnet-1")]),
    )
    plans = dict(ec2_transit_gateways=["made", "other"], ec2_vpcs=[])
    known = dict(ec2_transit_gateways=dict(made=None, other="tgw-2", same="tgw-3"), ec2_vpcs={})
    assert neighbour_ids(dict(far=host, other={}), ["far"]) == dict(far=dict(known, plans=plans))


def test_what_could_not_be_made_is_no_longer_to_come():
    """Unless another task made it, or it was there; a task that failed as a whole made nothing."""
    names = dict(ec2_vpcs=["a", "b", "c"], ec2_subnets=["a/x"], ec2_elastic_ips=["made"], sns_topics=["acme"], iam_groups=[])
    failed = [dict(entry="a", action="failed"), dict(entry="b", action="created"), dict(entry="c", action="unchanged")]
    variables = dict(
        setup_network_ec2_vpcs=dict(failed=True, entries=failed),
        setup_network_ec2_subnets=dict(failed=True, msg="expired", entries=[]),
        setup_network_ec2_elastic_ips=dict(entries=[dict(entry="made", action="created")]),
        setup_compute_ec2_elastic_ips=dict(failed=True, entries=[dict(entry="made", action="failed")]),
        setup_monitoring_sns_topics=dict(skipped=True),
    )
    assert names_to_come(names, {}) == names
    assert names_to_come(names, variables) == dict(ec2_vpcs=["b", "c"], ec2_elastic_ips=["made"], sns_topics=["acme"], iam_groups=[])
    host = dict(variables, sheet_own_names=names)
    assert "a" not in neighbour_ids(dict(far=host), ["far"])["far"]["ec2_vpcs"]


def test_what_a_run_has_touched_so_far():
    """What failed or stays as it is was not; what has no id yet is known by its label."""
    failed, same = dict(entry="c", action="failed"), dict(entry="d", action="unchanged", id="vpc-4")
    done = [dict(entry="a", action="created"), dict(entry="b", action="updated", id="vpc-2"), failed, same]
    variables = dict(
        setup_network_ec2_vpcs=dict(entries=done),
        setup_network_remove_ec2_vpcs=dict(entries=[dict(entry="e", action="deleted", id="vpc-5")]),
        setup_network_ec2_subnets=dict(skipped=True),
        setup_network_title="network",
    )
    assert touched(variables) == dict(ec2_vpcs=["a", "vpc-2", "vpc-5"]) and touched({}) == {}


def test_what_failed_under_its_id_is_not_to_come_under_its_name():
    failed = dict(failed=True, entries=[dict(entry="vpc-11111111", action="failed")])
    variables = dict(sheet=dict(ec2_vpcs=[dict(id="vpc-11111111", name="new")]), setup_network_ec2_vpcs=failed)
    assert names_to_come(dict(ec2_vpcs=["new", "old"]), variables) == dict(ec2_vpcs=["old"])


def test_what_is_left_of_a_topics_policy_may_be_nothing():
    rest = dict(Version="2012-10-17", Statement=[])
    assert sheet_faults(dict(sns_topics=[dict(name="a", policy=rest)])) == []
    for name, kind in KINDS.items():
        for option in [option for option, facts in kind.options.items() if facts.flaws and (name, option) != ("sns_topics", "policy")]:
            assert sheet_faults(sheet_of(name, **{option: rest if kind.options[option].same else dict(acme=rest)})), option


NO_ENTRIES = [dict(ec2_vpc=[]), dict(ec2_vpcs="x"), dict(ec2_vpcs=["x"]), dict(ec2_vpcs=None), dict(shield_subscription=[dict(state="absent")])]


@pytest.mark.parametrize("given", NO_ENTRIES)
def test_what_is_no_list_of_entries_is_told(given):
    assert len(sheet_faults(given)) == 1


@pytest.mark.parametrize("language", ["ja", "en"])
def test_of_very_many_choices_the_nearest_are_told(language):
    def told(instance_type):
        (line,) = sheet_faults(dict(ec2_instances=[dict(name="web", instance_type=instance_type)]), language=language)
        return line

    assert "t3.small" in told("t3.smal") and len(told("t3.smal")) < 150
    assert len(told("!")) < 100
    assert "volume_type" in (few := sheet_faults(dict(ec2_volumes=[dict(name="web", volume_type="gp4")]), language=language)[0])
    assert all(choice in few for choice in ("gp2", "gp3", "io2", "standard"))


def test_both_languages_say_the_same_things():
    """Each text of one language has its twin in the other, with the same facts in it."""
    japanese, english = TEXTS["ja"], TEXTS["en"]
    assert japanese.keys() == english.keys()
    for code in japanese:
        facts = [{field.partition("[")[0] for dummy, field, *rest in string.Formatter().parse(text) if field} for text in (japanese[code], english[code])]
        assert facts[0] == facts[1], code


def test_a_language_that_nobody_wrote_is_refused():
    with pytest.raises(AnsibleFilterError, match="language"):
        sheet_faults({}, language="fr")


def test_the_value_of_a_secret_is_never_told():
    secret = [(name, option) for name, kind in KINDS.items() for option, facts in kind.options.items() if facts.secret and facts.type == "str"]
    assert secret
    for name, option in secret:
        assert "hunter2" not in "".join(sheet_faults(sheet_of(name, **{option: ["hunter2"]})))


def test_what_stands_where_a_secret_is_to_be_made_is_never_told():
    """It may be the secret itself, whose place is another option."""
    inside = dict(key=dict(password="hunter2")), dict(template="hunter2"), dict(exclude_characters=["hunter2"])
    for given in ("hunter2", ["hunter2"], [dict(key="hunter2")], *inside):
        (line,) = sheet_faults(dict(secretsmanager_secrets=[dict(name="acme", generate=given)]))
        assert line.startswith("secretsmanager_secrets acme generate") and "hunter2" not in line


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if list(secrets(kind.options))])
def test_the_value_of_a_secret_is_not_told_where_what_is_around_it_has_a_wrong_shape(name):
    """A list in the place of a dictionary, and a dictionary in that of a list, at every depth; and a bare value in the place of an entry."""

    def misshapen(options, around):
        for option, facts in options.items():
            if facts.secret or facts.conceals:
                inner = {option: "hunter2"}
                yield from (around(one) for one in (inner, [[inner]], {"acme": inner}))
            for deeper in misshapen(facts.options or {}, lambda one, option=option: {option: one}):
                yield from (around(one) for one in (deeper, [[deeper]], {"acme": deeper}))

    for given in ["hunter2", *misshapen(KINDS[name].options, lambda one: one)]:
        for whole in (given, [given], [[given]], *([] if given == "hunter2" else [dict(acme=given)])):
            assert "hunter2" not in "".join(sheet_faults({name: whole}))


def test_what_a_run_has_not_come_to():
    sheet = dict(ec2_vpcs=[dict(name="a"), dict(name="b")], iam_password_policy=dict(minimum_password_length=12), monitoring=dict(ec2=[dict(name="x")]))
    done = run_summary(dict(setup_network_ec2_vpcs=dict(entries=[dict(entry="a", action="created"), dict(entry="b", action="failed", reason="no")])))
    assert [(one["kind"], one["entry"]) for one in sheet_left(sheet, run_summary({}))] == [
        ("ec2_vpcs", "a"),
        ("ec2_vpcs", "b"),
        ("iam_password_policy", "password_policy"),
    ]
    assert [one["kind"] for one in sheet_left(sheet, done)] == ["iam_password_policy"]


def test_what_a_run_was_warned_of():
    """Once, though the task that awaits a thing says it again."""
    told = run_summary({f"setup_network{again}_ec2_vpcs": dict(entries=[], warnings=["a", "ec2_vpcs b"]) for again in ("", "_await")})
    assert told["warnings"] == [dict(kind="ec2_vpcs", warning="a"), dict(kind="ec2_vpcs", warning="b")]
    assert run_summary(dict(setup_network_ec2_vpcs=dict(entries=[])))["warnings"] == []


def entry(action, *changed, **more):
    return dict(entry="a", action=action, changed=list(changed), **more)


@pytest.mark.parametrize(
    ("first", "later", "told"),
    [
        (entry("created", "vpc"), entry("updated", "log_destinations"), [entry("created", "vpc", "log_destinations")]),
        (entry("unchanged"), entry("updated", "log_destinations", confirm="costs"), [entry("updated", "log_destinations", confirm="costs")]),
        (entry("created", "vpc", confirm="costs"), entry("created", "vpc", confirm="costs"), [entry("created", "vpc", confirm="costs")]),
        (entry("unchanged"), entry("failed", reason="no"), [entry("failed", reason="no")]),
        (entry("failed", reason="no"), entry("failed", reason="no"), [entry("failed", reason="no")]),
        (entry("created", "vpc"), entry("failed", reason="no"), [entry("created", "vpc"), entry("failed", reason="no")]),
    ],
)
def test_what_several_tasks_do_to_an_entry_is_told_once(first, later, told):
    """Whichever is told of first; but not of one that is in another Region or goes."""
    tasks = dict(setup_network_ec2_vpcs=dict(entries=[first]), setup_storage_ec2_vpcs=dict(entries=[later]))
    for results in (tasks, dict(reversed(tasks.items()))):
        summary = run_summary(results)
        done = [one for action in ("created", "updated", "deleted", "unchanged", "failed") for one in summary[action]]
        assert done == [dict(one, kind="ec2_vpcs") for one in told]
    elsewhere = run_summary(dict(setup_monitoring_ec2_vpcs=dict(entries=[first]), setup_monitoring_global_ec2_vpcs=dict(entries=[first])))
    assert len(elsewhere[first["action"]]) == 2


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if any(one.options and one.type == "list" for one in kind.options.values())])
def test_what_is_wrong_in_one_of_several_items_is_told_with_its_place(name):
    """Whatever is wrong: its type, its size, what it names."""
    good = entries(name, examples(name).make)[0]
    told = []
    for option, facts in KINDS[name].options.items():
        for inner in facts.options if facts.options and facts.type == "list" else ():
            for bad in ("誤" * 70000, -1, ["a"], dict(a=[1])):
                entry = dict(good, **{option: [{}, {inner: bad}]})
                lines = sheet_faults({name: entry if KINDS[name].single else [entry]}, account={}, language="en")
                lines = [line for line in lines if f" {option}.{inner}" in line.partition(": ")[0] and "is needed to say which" not in line]
                assert all(re.search(r" \(no\. [12]\): ", line) for line in lines), lines
                told += lines
    assert told


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_account_that_begins_with_0_and_is_no_text_is_told_as_it_was_written(language):
    """YAML reads it as an octal number, where it has neither 8 nor 9 in it."""
    sheet = dict(ec2_vpc_peering_connections=[dict(name="p", vpc="vpc-00000001", peer_vpc="vpc-00000002", peer_owner_id=yaml_load("012345670123"))])
    (line,) = sheet_faults(sheet, language=language)
    assert line.startswith("ec2_vpc_peering_connections p peer_owner_id: ") and "1402433619" in line and '"012345670123"' in line
    for other in (yaml_load("098765432109"), "123", 123, 12345678901):
        sheet["ec2_vpc_peering_connections"][0]["peer_owner_id"] = other
        assert not any("8 進" in line or "octal" in line for line in sheet_faults(sheet, language=language))


MAIL = dict(notification_type="ACTUAL", comparison_operator="GREATER_THAN", threshold=80, threshold_type="PERCENTAGE", subscribers=[dict(email="nobody")])


@pytest.mark.parametrize(
    ("kind", "entry", "option", "code"),
    [
        ("budgets_budgets", dict(notifications=[MAIL]), "notifications.subscribers.email", "pattern"),
        ("ram_resource_shares", dict(principals=["12345"]), "principals", "pattern"),
        ("ram_resource_shares", dict(principals=["123456789012", "arn:aws:organizations::123456789012:ou/o-1/ou-1", "x.amazonaws.com"]), None, None),
        ("secretsmanager_certificate_authorities", dict(validity_days=0), "validity_days", "least"),
        ("acm_certificates", dict(authority="a", validity_days=-1), "validity_days", "least"),
    ],
)
def test_nobody_and_no_day_is_told(kind, entry, option, code):
    found = [(fault.option, fault.code) for fault in sheets.faults({kind: [dict(entry, name="x")]}) if fault.code in ("pattern", "least")]
    assert found == ([(option, code)] if option else [])
