# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is due for the account as a whole (クラウド基本設定, 別紙4 第1表), and what a sheet says of it and of what is watched."""

from __future__ import annotations

from datetime import date

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.msp.aws.plugins.filter.billing import change_quotation, fee_paper
from ansible_collections.msp.aws.plugins.filter.fees import billable_components, invoice, quotation, usage_statement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_agreement import agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_built import built
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import CATALOG, cite, units
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import LANGUAGES, FeeError
from tests import demo

ISSUER = dict(name="Example MSP", registration_number="T7000012050002")
APPLIED = dict(number="C-1", customer="Example Corp", applied_on="2026-04-13")
ACCEPTED = dict(APPLIED, accepted_on="2026-04-16")
OPERATED = dict(
    ACCEPTED,
    set_up=dict(basic=False, components=dict(ec2=2, rds=1)),
    plans=[{"plan": "advanced", "from": "2026-06-15"}],
    operation=dict(components=dict(ec2=2, rds=1)),
)
SERVERS = dict(ec2_instances=[dict(name="a"), dict(name="b")])
NETWORK = dict(ec2_vpcs=[dict(name="main")])


def keys(paper):
    return [line["key"].partition("/")[0] for line in paper["lines"]]


def faults(contract, events=()):
    with pytest.raises(FeeError) as caught:
        agreement(contract, events)
    return [(fault.code, fault.where) for fault in caught.value.faults]


# ---- what makes it due


def test_the_basic_set_up_is_due_for_what_the_first_table_alone_names():
    """What a component of 別紙4 第2表 includes or is counted as is charged with it, though 第1表 names it as well."""
    rows = yaml.safe_load((CATALOG / "setup.yml").read_text(encoding="utf-8"))["rows"]
    first = {kind for row in rows for item in row["items"] for kind in item["kinds"]}
    counted = {kind for row in units()["set_up"].values() for kind in row.get("kinds", ())}
    second = {kind for name in units()["set_up"] for kind in units()["inside"].get(name, ())}
    assert set(units()["inside"]["basic"]) == first - counted - second


@pytest.mark.parametrize(
    "kind, due",
    [
        *((kind, True) for kind in ("ec2_vpcs", "iam_users", "guardduty_detector", "ec2_client_vpn_endpoints", "logs_log_groups")),
        *((kind, False) for kind in ("ec2_security_groups", "acm_certificates", "iam_instance_profiles", "iam_roles", "cloudwatch_alarms", "sns_topics")),
    ],
)
def test_one_entry_makes_it_due(kind, due):
    assert ("basic" in keys(quotation(APPLIED, dict(SERVERS, **{kind: [dict(name="x")]}))["set_up"])) == due


def test_its_line_cites_the_table():
    (line,) = quotation(APPLIED, NETWORK)["set_up"]["lines"]
    assert (line["key"], line["amount"]) == ("basic/contract", 100_000) and "別紙4第1表" in line["clauses"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "made",
    [
        lambda sheet, language: quotation(APPLIED, sheet, language=language),
        lambda sheet, language: change_quotation(OPERATED, [], sheet, "2026-08-20", language),
    ],
)
def test_its_line_names_the_services_that_it_is_for_and_no_others(made, language):
    quoted = made(dict(SERVERS, **NETWORK, iam_users=[dict(name="x")], ec2_route_tables=[dict(name="r")], guardduty_detector=dict(enable=True)), language)
    named = {line["key"].partition("/")[0]: line["services"] for line in quoted["set_up"]["lines"]}
    wanted = ["AWS Identity and Access Management (IAM)", "Amazon GuardDuty", "Amazon Virtual Private Cloud (Amazon VPC)"]
    assert named.pop("basic") == wanted and set(map(tuple, named.values())) <= {()}
    paper = fee_paper(quoted, "quotation", ISSUER, language)
    cells = [row["description"] for section in paper["sections"] for row in section["table"].get("rows", ()) if isinstance(row.get("description"), list)]
    assert [cell for cell in cells if all(any(name in line for line in cell) for name in wanted)]


@pytest.mark.parametrize("given", [[], {}, [{}], None, [dict(name="main", state="absent")]])
def test_what_is_no_entry_makes_nothing_due(given):
    assert keys(quotation(APPLIED, dict(SERVERS, ec2_vpcs=given))["set_up"]) == ["components"]


@pytest.mark.parametrize("kind", ["ec2_vpcs", "ec2_volumes"])
@pytest.mark.parametrize("given, where", [("main", "sheet {}"), (True, "sheet {}"), (["main"], "sheet {} #1"), ([["main"]], "sheet {} #1")])
def test_a_kind_that_is_not_counted_is_refused_by_its_name_as_well(kind, given, where):
    for made in (lambda sheet: quotation(APPLIED, sheet), billable_components, lambda sheet: change_quotation(OPERATED, [], sheet, "2026-08-20")):
        with pytest.raises(AnsibleFilterError, match=f"^{where.format(kind)}: "):
            made({kind: given})


@pytest.mark.parametrize("name", [["a"], dict(a=1)])
@pytest.mark.parametrize("sheet", [lambda name: dict(ec2_instances=[dict(name=name)]), lambda name: dict(monitoring=dict(rds=[dict(name=name)]))])
def test_a_name_that_is_none_is_refused(sheet, name):
    for made in (lambda given: quotation(APPLIED, given), billable_components):
        with pytest.raises(AnsibleFilterError, match="#1 name: "):
            made(sheet(name))


# ---- what was accepted says it


@pytest.mark.parametrize(
    "set_up",
    [dict(components={}), dict(components=dict(ec2=1)), dict(maintenance=True, components=dict(ec2=1)), dict(basic=None, components={})],
)
def test_what_was_accepted_says_whether_the_basic_set_up_was_ordered(set_up):
    assert faults(dict(ACCEPTED, set_up=set_up)) == [("basic_needed", "contract set_up basic")]
    for basic, yen in ((True, 100_000), (False, 0)):
        plain = usage_statement(dict(ACCEPTED, set_up=dict(set_up, basic=False)), [], "2026-04")["net"]
        assert usage_statement(dict(ACCEPTED, set_up=dict(set_up, basic=basic)), [], "2026-04")["net"] == plain + yen


@pytest.mark.parametrize("set_up", [{}, dict(set_up=None), dict(set_up={}), dict(sheet_support_minutes=60)])
def test_what_was_accepted_says_what_was_ordered_of_the_set_up_menu_be_it_nothing(set_up):
    """第29条: it is due with the acceptance."""
    operated = {name: value for name, value in OPERATED.items() if name != "set_up"}
    assert faults(dict(operated, **set_up)) == [("counts_needed", "contract set_up components"), ("basic_needed", "contract set_up basic")]
    assert agreement(dict(operated, accepted_on=None)), "an application need not"
    assert agreement(dict(operated, set_up=dict(basic=False, components={})))


@pytest.mark.parametrize("set_up", [dict(maintenance=True), dict(maintenance=True, components={}), dict(maintenance_components=dict(ec2=1), components={})])
def test_where_maintenance_alone_is_set_up_it_is_not_asked_for(set_up):
    quoted = quotation(dict(APPLIED, set_up=set_up), dict(SERVERS, **NETWORK))["set_up"]
    assert keys(usage_statement(dict(ACCEPTED, set_up=set_up), [], "2026-04")) == keys(quoted)


@pytest.mark.parametrize("set_up", [dict(basic=None), dict(components=None), dict(components=dict(ec2=None)), {}, None])
def test_what_is_null_is_counted_in_the_sheet(set_up):
    sheet = dict(SERVERS, **NETWORK)
    assert quotation(dict(APPLIED, set_up=set_up), sheet)["set_up"] == quotation(APPLIED, sheet)["set_up"]
    assert quotation(APPLIED, sheet)["set_up"]["net"] == 200_000


@pytest.mark.parametrize("wrong", [[], "", 3])
def test_a_set_up_that_is_no_table_is_refused(wrong):
    with pytest.raises(AnsibleFilterError, match="^contract set_up: "):
        quotation(dict(APPLIED, set_up=wrong), SERVERS)


def test_nothing_is_quoted_before_its_application():
    with pytest.raises(AnsibleFilterError, match="^date: 2026年4月12日は "):
        quotation(APPLIED, SERVERS, "2026-04-12")
    assert quotation(APPLIED, SERVERS, "2026-04-13") == quotation(APPLIED, SERVERS)


def test_the_first_invoice_of_the_demo_is_what_was_quoted():
    inventory = demo.ROOT / "inventories" / "demo"
    read = {name: yaml.safe_load((inventory / f"group_vars/all/{name}.yml").read_text(encoding="utf-8")) for name in ("contract", "events")}
    sheet = demo.agreed_sheet(inventory)
    quoted = quotation(demo.applied_for(inventory), sheet)
    billed = invoice(read["contract"]["contract"], read["events"]["events"], "2026-04", ISSUER)
    # The price of a qualified invoice comes with each of them; a quotation names it in a note.
    beside = [line for line in billed["lines"] if not line["key"].startswith("qualified_invoice/")]
    assert [(line["key"], line["amount"]) for line in quoted["set_up"]["lines"]] == [(line["key"], line["amount"]) for line in beside]
    assert len(billed["lines"]) == len(beside) + 1 and "400 円" in quoted["notes"][0]["text"]
    first = usage_statement(read["contract"]["contract"], [], quoted["monthly"]["month"])
    assert [line["amount"] for line in quoted["monthly"]["lines"]] == [line["amount"] for line in first["lines"]]


# ---- what a changed sheet adds


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sheet_that_gains_something_of_the_first_table_gains_the_basic_set_up(language):
    quoted = change_quotation(OPERATED, [], dict(SERVERS, **NETWORK), "2026-08-20", language)
    assert (quoted["set_up"]["net"], quoted["change"]["monthly"]["net"], quoted["change"]["units"]) == (100_000, 0, 0)
    (told,) = quoted["change"]["components"]
    assert (told["menu"], told["component"], told["before"], told["after"]) == ("set_up", "basic", 0, 1)
    lead = fee_paper(quoted, "quotation", ISSUER, language)["lead"]
    assert not [words for words in lead if "変わりません" in words or "do not change" in words]


@pytest.mark.parametrize("contract, events", [
    (dict(OPERATED, set_up=dict(basic=True, components=dict(ec2=2, rds=1))), []),
    (dict(OPERATED, set_up=dict(maintenance=True, maintenance_components=dict(ec2=2))), []),  # the account was built by others
    (dict(OPERATED, set_up=dict(basic=False, components={})), []),
    (OPERATED, [dict(date="2026-08-01", event="set_up_ordered", order="network", basic=True)]),
])  # fmt: skip
def test_an_account_that_has_its_basic_set_up_needs_no_other(contract, events):
    assert change_quotation(contract, events, dict(SERVERS, **NETWORK), "2026-08-20")["set_up"]["lines"] == []
    assert change_quotation(OPERATED, [], SERVERS, "2026-08-20")["set_up"]["lines"] == []


@pytest.mark.parametrize("count", range(4))
def test_what_is_only_watched_is_compared_as_well(count):
    sheet = dict(SERVERS, monitoring=dict(rds=[dict(name=f"db{number}") for number in range(count)]))
    quoted = change_quotation(OPERATED, [], sheet, "2026-08-20")
    assert (quoted["change"]["units"], quoted["change"]["monthly"]["net"]) == (count - 1, 30_000 * (count - 1))
    assert billable_components(sheet)["operation"].get("rds", 0) == count
    assert change_quotation(OPERATED, [], SERVERS, "2026-08-20")["change"]["units"] == 0, "a sheet that does not say what is watched"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rds", [{}, dict(rds=None), dict(rds=[])], ids=str)
def test_what_goes_because_the_sheet_does_not_watch_it_is_told(rds, language):
    """Unless the sheet says so itself, by the kind that counts it. An empty list is no word of what goes, here as elsewhere in a sheet."""
    agreed = dict(OPERATED, operation=dict(components=dict(ec2=3, rds=1, connect=2)))
    quoted = change_quotation(agreed, [], dict(SERVERS, monitoring=dict(ec2=[dict(name="a")], **rds)), "2026-08-20", language)
    assert quoted["change"]["units"] == -4
    told, counted = (note["text"] for note in quoted["notes"])
    assert told in fee_paper(quoted, "quotation", ISSUER, language)["notes"][0]
    assert "EC2) 1 " in counted or "EC2 1 " in counted
    assert "monitoring" in told and "Amazon Connect 2 " in told and "RDS" in told and "EC2" not in told
    assert change_quotation(agreed, [], SERVERS, "2026-08-20", language)["notes"] == []


@pytest.mark.parametrize("language, said", [
    ("ja", "Amazon Elastic Compute Cloud (Amazon EC2) 1 インスタンス、AWS Lambda 1 関数 は、シートの監視対象（monitoring）にありませんが"),
    ("en", "Amazon EC2 1 instance, AWS Lambda 1 function: the sheet does not name it as watched (monitoring), but is counted"),
])  # fmt: skip
@pytest.mark.parametrize("made", [
    lambda sheet, language: quotation(dict(APPLIED, plans=OPERATED["plans"]), sheet, None, language),
    lambda sheet, language: change_quotation(dict(OPERATED, operation=dict(components=dict(ec2=2))), [], sheet, "2026-08-20", language),
], ids=["first", "change"])  # fmt: skip
def test_what_is_counted_though_the_sheet_does_not_watch_it_is_told(made, language, said):
    """別紙1の2: the operation menu is for what was set up to be watched."""
    sheet = dict(SERVERS, lambda_functions=[dict(name="f")])
    (note,) = (note for note in made(dict(sheet, monitoring=dict(ec2=[dict(name="a")])), language)["notes"] if "monitoring" in note["text"])
    assert note["text"].startswith(said) and note["text"].endswith(("ご確認ください", "operated without being watched"))
    assert note["clauses"] == cite(("annex1-2", "annex5-1"), language)
    for one in (sheet, dict(sheet, monitoring={"ec2": SERVERS["ec2_instances"], "lambda": sheet["lambda_functions"]})):
        assert not [note for note in made(one, language)["notes"] if "counted" in note["text"] or "数えて" in note["text"]]


@pytest.mark.parametrize("contract", [{}, dict(plans=OPERATED["plans"], operation=dict(components=dict(ec2=1)))])
def test_what_the_contract_counts_itself_or_nobody_operates_is_not_told(contract):
    sheet = dict(SERVERS, monitoring=dict(ec2=[dict(name="a")]))
    assert not [note for note in quotation(APPLIED | contract, sheet)["notes"] if "monitoring" in note["text"]]


def test_a_target_that_nobody_can_watch_is_refused():
    for made in (billable_components, lambda sheet: change_quotation(OPERATED, [], sheet, "2026-08-20")):
        with pytest.raises(AnsibleFilterError, match=r"(?s)^sheet monitoring: .*rdss.*rds"):
            made(dict(monitoring=dict(rdss=[dict(name="db")])))


# ---- what nobody has set up, and what is there no more


def test_every_row_of_the_operation_menu_says_what_sets_it_up():
    """Those that 別紙4 does not have are set up at an individual price (第3表)."""
    rows = units()["operation"]
    without = {name for name, row in rows.items() if row.get("set_up", name) not in units()["set_up"]}
    assert without == {"eks_cluster", "eks_node", "eks_pod", "api_gateway", "connect", "step_functions"}
    assert not [name for name, row in rows.items() if row.get("set_up") == name]


def noted(paper):
    return [note["text"] for note in paper["notes"] if "別紙1の2" in note["clauses"]]


@pytest.mark.parametrize("name", sorted(units()["operation"]))
@pytest.mark.parametrize("part", ["components", "maintenance_components", "individual", None])
def test_what_is_operated_and_neither_set_up_nor_prepared_is_told(name, part):
    """別紙1の2: the operation menu is for what was set up here."""
    work = units()["operation"][name].get("set_up", name)
    individual = work not in units()["set_up"]
    if individual == (part in ("components", "maintenance_components")):
        part = None
    set_up = {} if part is None else dict(individual=[dict(name="x", yen=1)]) if part == "individual" else {part: {work: 3}}
    applied = dict(APPLIED, plans=OPERATED["plans"], operation=dict(components={name: 3}), set_up=dict(dict(basic=True, components={}), **set_up))
    told = noted(quotation(applied))
    assert len(told) == (part is None or (part == "individual" and not individual))
    names = {rows[row]["ja"] for rows, row in ((units()["operation"], name), (units()["set_up"], work)) if row in rows}
    assert all(any(one in text for one in names) and ("個別料金" in text) == individual for text in told)


def test_one_server_more_than_was_set_up_is_told_by_its_number():
    applied = dict(APPLIED, plans=OPERATED["plans"], set_up=dict(basic=False, components=dict(ec2=2)), operation=dict(components=dict(ec2=3)))
    (text,) = noted(quotation(applied))
    assert "1 インスタンス" in text and "基本 50,000 円" in text and "1 コンポーネント 10,000 円" in text
    sheet = dict(SERVERS, monitoring=dict(ec2=[dict(name="theirs"), *SERVERS["ec2_instances"]]))
    assert len(noted(quotation(dict(APPLIED, plans=OPERATED["plans"]), sheet))) == 1
    assert noted(quotation(dict(APPLIED, plans=OPERATED["plans"]), SERVERS)) == []


@pytest.mark.parametrize("set_up, operated, lacking", [
    (dict(ecs=2), dict(ecs_cluster=2, ecs_task=1), []),
    (dict(ecs=2), dict(ecs_cluster=2, ecs_task=3), []),
    (dict(ecs=2), dict(ecs_cluster=3, ecs_task=1), ["1 クラスター"]),
    ({}, dict(ecs_task=4), ["4 タスク"]),
    (dict(elb=2), dict(alb=2), []),
    (dict(elb=2), dict(alb=2, nlb=1), ["1 ターゲットグループ"]),  # no target group belongs to two load balancers
    (dict(elb=2), dict(alb=2, nlb=3), ["3 ターゲットグループ"]),
    (dict(rds=2), dict(rds=1, aurora=1), []),
    (dict(rds=1), dict(rds=2, aurora=1), ["2 インスタンス"]),
    (dict(elasticache=1), dict(elasticache=5), []),
    (dict(waf=1, redshift=1), dict(waf=2, redshift=2), ["1 WAF", "1 クラスタ"]),
])  # fmt: skip
def test_what_is_operated_of_one_row_is_compared_with_what_was_ordered_of_it(set_up, operated, lacking):
    for counts in (operated, dict(reversed(operated.items()))):
        applied = dict(APPLIED, plans=OPERATED["plans"], set_up=dict(basic=True, components=set_up), operation=dict(components=counts))
        told = noted(quotation(applied))
        assert len(told) == bool(lacking) and all(f" {one}" in told[0] for one in lacking)
    accepted = dict(OPERATED, set_up=dict(basic=True, components=set_up), operation=dict(components=dict(operated, **{"ecs_task": 0})))
    watched = dict(monitoring={name: [dict(name=f"{name}{number}") for number in range(count)] for name, count in operated.items()})
    assert noted(change_quotation(accepted, [], watched, "2026-08-20")) == (told if operated == dict(ecs_task=4) else [])


@pytest.mark.parametrize("name, row, kind", [
    ("ec2", "ec2", "ec2_instances"), ("lambda", "lambda", "lambda_functions"),
    *((name, "elb", "elbv2_target_groups") for name in ("alb", "nlb", "clb")),
])  # fmt: skip
def test_what_is_operated_counts_in_the_row_that_sets_it_up(name, row, kind):
    sheet = {count: {kind: [dict(name=f"{number}") for number in range(count)]} for count in range(1, 4)}
    move = dict(date="2026-07-10", event="components_added", components={name: 1})
    gone = dict(move, event="components_removed")
    never, once = (dict(OPERATED, set_up=dict(basic=True, components=counts), operation=dict(components={name: 2})) for counts in ({}, {row: 2}))
    for contract, events, count, yen in (
        (never, [], 2, 0),
        (never, [], 3, 50_000),
        (once, [], 2, 0),
        (once, [move], 3, 0),
        (once, [gone], 1, 0),
        (once, [gone], 2, 50_000),
    ):
        assert change_quotation(contract, events, sheet[count], "2026-08-20")["set_up"]["net"] == yen, (events, count)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_change_tells_of_what_is_newly_watched_and_of_nothing_else(language):
    watched = dict(SERVERS, monitoring=dict(ec2=SERVERS["ec2_instances"], rds=[dict(name="db1"), dict(name="db2")]))
    quoted = change_quotation(OPERATED, [], watched, "2026-08-20", language)
    (note,) = quoted["notes"]
    assert "1 " in note["text"] and note["text"] in fee_paper(quoted, "quotation", ISSUER, language)["notes"][0]
    theirs = dict(OPERATED, operation=dict(components=dict(ec2=2, rds=1, sqs=1)))  # has been so since the beginning
    assert change_quotation(theirs, [], SERVERS, "2026-08-20", language)["notes"] == []


@pytest.mark.parametrize("name", sorted(set(units()["set_up"]) - set(units()["operation"])))
def test_what_the_operation_menu_does_not_have_can_go_as_well(name):
    """Its place is free: what takes it is set up anew."""
    agreed = dict(ACCEPTED, set_up=dict(basic=False, components={name: 2}))
    gone = [dict(date="2026-07-10", event="components_removed", components={name: 1})]
    assert agreement(agreed, gone).gone[0].count == -1
    assert faults(agreed, [*gone, dict(gone[0], date="2026-07-11", components={name: 2})]) == [("too_many", "events #2 components_removed 2026-07-11")]
    assert [usage_statement(agreed, gone, month)["net"] for month in ("2026-04", "2026-07", "2026-08")] == [100_000, 0, 0]
    for kind in units()["set_up"][name].get("kinds", ()):
        sheet = {kind: [dict(name="a"), dict(name="b")]}
        assert [change_quotation(agreed, events, sheet, "2026-08-20")["set_up"]["net"] for events in ([], gone)] == [0, 50_000]


@pytest.mark.parametrize("set_up, operated, gone, left", [
    (dict(ec2=4), None, dict(ec2=1), dict(ec2=3)),  # no plan at all
    (dict(ec2=4), dict(ec2=2), dict(ec2=3), dict(ec2=1)),  # what is operated goes first
    (dict(ec2=4), dict(rds=1), dict(ec2=4), {}),
    (dict(elb=2), dict(alb=2), dict(elb=1), dict(elb=2)),  # two are operated, so two there are
    (dict(rds=2), dict(aurora=2), dict(rds=1), dict(rds=2)),
])  # fmt: skip
def test_what_is_set_up_can_go_be_it_operated_or_not(set_up, operated, gone, left):
    agreed = dict(ACCEPTED, set_up=dict(basic=False, components=set_up))
    agreed |= {} if operated is None else dict(plans=OPERATED["plans"], operation=dict(components=operated))
    removed = [dict(date="2026-07-10", event="components_removed", components=gone)]
    found = agreement(agreed, removed)
    rows = {row: number for row, number in built(found, date(2026, 8, 20), "done").items() if number and row in set_up}
    assert rows == left
    if operated:
        assert sum(change.count for change in found.changes) == max(sum(operated.values()) - (gone.get("ec2", 0) if "ec2" in operated else 0), 0)
    (name, number), = gone.items()
    more = [dict(removed[0], date="2026-07-11", components={name: set_up[name] - number + 1})]
    assert faults(agreed, [*removed, *more]) == [("too_many", "events #2 components_removed 2026-07-11")]


def test_what_will_be_operated_cannot_go_before():
    agreed = dict(OPERATED, set_up=dict(basic=False, components=dict(ec2=2)))
    removed = [dict(date="2026-06-01", event="components_removed", components=dict(ec2=1))]
    assert faults(agreed, removed) == [("too_many", "events #1 components_removed 2026-06-01")]
    assert agreement(dict(agreed, set_up=dict(basic=False, components=dict(ec2=3))), removed).gone[0].count == -1


def test_all_that_is_lacking_of_what_goes_is_told():
    """Both what is operated, of which nothing was ordered, and what was set up alone."""
    agreed = dict(OPERATED, set_up=dict(basic=False, components=dict(s3=1)))
    removed = [dict(date="2026-07-10", event="components_removed", components=dict(ec2=5, rds=3, s3=4))]
    with pytest.raises(FeeError) as caught:
        agreement(agreed, removed)
    assert [(fault.code, fault.limit, fault.value) for fault in caught.value.faults] == [("too_many", "rds", 2), ("too_many", "ec2", 3), ("too_many", "s3", 3)]
    told = {language: [fault.text(language).partition(": ")[2].split("。")[0] for fault in caught.value.faults] for language in ("ja", "en")}
    assert told["ja"] == ["rds が 2 個不足します", "ec2 が 3 個不足します", "s3 が 3 個不足します"] and told["en"][2].startswith("3 of s3 are lacking")


TAKEN_OVER = dict(ec2_instances=4, lambda_functions=1, s3_buckets=2, sns_topics=1)


@pytest.mark.parametrize("set_up", [
    dict(maintenance=True, maintenance_components={"ec2": 4, "lambda": 1}, there=dict(s3=2, sns=1)),
    dict(basic=False, components={}, there={"ec2": 4, "lambda": 1, "s3": 2, "sns": 1}),
])  # fmt: skip
@pytest.mark.parametrize("rule", ["done", "as_ordered"])
def test_what_others_had_built_before_the_contract_is_not_set_up_anew(set_up, rule):
    agreed = dict(OPERATED, set_up=set_up, operation=dict(components={"ec2": 4, "lambda": 1}), fee_rules=dict(set_up_of_operated=rule))
    sheet = {kind: [dict(name=f"{number}") for number in range(count)] for kind, count in TAKEN_OVER.items()}
    same = change_quotation(agreed, [], sheet, "2026-08-20")
    assert (same["change"]["components"], same["change"]["units"], same["change"]["monthly"]["net"]) == ([], 0, 0) and same["set_up"]["lines"] == []
    more = dict(sheet, s3_buckets=[*sheet["s3_buckets"], dict(name="new")])
    assert change_quotation(agreed, [], more, "2026-08-20")["set_up"]["net"] == 50_000
    gone = [dict(date="2026-07-10", event="components_removed", components=dict(s3=1))]
    assert change_quotation(agreed, gone, sheet, "2026-08-20")["set_up"]["net"] == 50_000
    assert usage_statement(agreed, [], "2026-04")["net"] == (100_000 if "maintenance" in set_up else 0), "it costs nothing itself"
    applied = {name: value for name, value in agreed.items() if name != "accepted_on"}
    quoted = quotation(dict(APPLIED, set_up=dict(there=set_up["there"])), more)
    assert quoted["set_up"]["net"] == 50_000 * (1 if "ec2" in set_up["there"] else 6), "nor is it quoted to begin with"
    assert len(noted(quotation(applied))) == ("maintenance" not in set_up), "it is not prepared for maintenance either"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("by_event", [False, True])
@pytest.mark.parametrize("there, noted_", [({}, 1), (dict(there={}), 0), (dict(there=dict(s3=1)), 0)])
def test_what_is_set_up_for_an_account_that_others_built_is_told(there, noted_, by_event, language):
    prepared = dict(maintenance=True, maintenance_components=dict(ec2=2))
    events = [dict(date="2026-06-01", event="set_up_ordered", order="theirs", **prepared)] if by_event else []
    set_up = dict(dict(basic=False, components={}) if by_event else prepared, **there)
    agreed = dict(OPERATED, set_up=set_up, operation=dict(components=dict(ec2=2)))
    quoted = change_quotation(agreed, events, dict(SERVERS, s3_buckets=[dict(name="theirs"), dict(name="ours")]), "2026-08-20", language)
    told = [note["text"] for note in quoted["notes"] if "set_up.there" in note["text"]]
    assert quoted["set_up"]["net"] == 50_000 * (2 - sum(there.get("there", {}).values())) and len(told) == noted_
    assert all("S3) 2 " in text or "S3 2 " in text for text in told)
    built_here = dict(agreed, set_up=dict(basic=True, components=dict(ec2=2)))
    assert change_quotation(built_here, events, dict(SERVERS, s3_buckets=[dict(name="ours")]), "2026-08-20", language)["notes"] == []


@pytest.mark.parametrize("rule, yen", [("done", 0), ("as_ordered", 50_000)])
def test_a_server_that_is_operated_without_an_order_is_set_up_by_the_rule(rule, yen):
    agreed = dict(OPERATED, fee_rules=dict(set_up_of_operated=rule))
    added = dict(date="2026-07-10", event="components_added", components=dict(ec2=1))
    sheet = dict(ec2_instances=[dict(name=name) for name in "abc"])
    gone = dict(added, event="components_removed", date="2026-08-01")
    quoted = [change_quotation(agreed, events, sheet, "2026-08-20") for events in ([added], [added, gone])]
    assert [one["set_up"]["net"] for one in quoted] == [yen, 50_000], "one that came and went without an order takes no ordered one with it"
    ordered = dict(date="2026-07-09", event="set_up_ordered", order="third", components=dict(ec2=1))
    assert change_quotation(agreed, [added, ordered], sheet, "2026-08-20")["set_up"]["net"] == 0
