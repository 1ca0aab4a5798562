# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is watched: none of the 147 items is lost, each has the catalogue's threshold, and nobody is paged twice."""

from __future__ import annotations

import copy
import json
import time
from collections import Counter
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.msp.aws.plugins.filter import monitoring
from ansible_collections.msp.aws.plugins.filter.sheet import sheet_faults
from ansible_collections.msp.aws.plugins.module_utils import _components
from ansible_collections.msp.aws.plugins.plugin_utils import _monitoring, _monitoring_entries, _monitoring_reading, _papers, _papers_monitoring, sheets
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import units

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = _monitoring.catalogue()
CONTRACT = dict(region="ap-northeast-1", account_id="123456789012", monitoring=dict(notify=["acme-alert"], mackerel_service="acme"))
NUMBERS = dict(
    vcpu_count=4, task_cpu_units=512, max_pods_per_node=110, timeout_ms=60000, memory_bytes=8 << 30, fifo_in_flight_quota=20000, concurrent_calls_quota=10
)
# Facts on which it depends what is watched, with all their values.
CASES = dict(
    platform=("linux", "windows"),
    capacity=("ec2", "fargate"),
    api_type=("rest", "http", "websocket"),
    cache=("on",),
    queue_type=("standard", "fifo"),
    measured_cpu=("host", "engine"),
    throughput_mode=("bursting",),
    performance_mode=("generalPurpose",),
    reachable_from=("outside", "inside"),
    engine=("mysql",),
    hypervisor=("nitro",),
    scope=("regional", "cloudfront"),
)
GIVEN = dict(
    port=8080,
    pattern="nginx",
    service="nginx",
    url="https://acme.example.jp/",
    path="/var/log/x.log",
    log_group="acme",
    filter_pattern="error",
    log="Application",
    plugin="check-tcp",
)


def component(target, **facts):
    """A component of which everything is known, and every item named."""
    known = {name: NUMBERS.get(name, f"the-{name}") for name in _monitoring.parameters(target) - {CATALOGUE[target]["name"]} - set(GIVEN)}
    items = {}
    for item, about in CATALOGUE[target]["items"].items():
        if "gives" in about:
            plugin = dict(plugin="mackerel-plugin-redis" if item == "official_plugins" else "check-tcp")
            items[item] = [
                dict({name: GIVEN[name] for names in about["gives"] for name in names.split("|")}, **(plugin if about["gives"] == ["plugin"] else {}))
            ]
    return dict(known, **facts, name=f"acme-{target}".replace("_", "-"), items=items)


def sheets_of_all():
    """Sheets with every target in every case of its facts."""
    for target in CATALOGUE:
        asked = [name for name in CASES if name in _monitoring.parameters(target)]
        for values in product(*(CASES[name] for name in asked)):
            yield target, dict(monitoring={target: [component(target, **dict(zip(asked, values, strict=True)))]})


def all_rows(contract=None):
    return [row for dummy, sheet in sheets_of_all() for row in _monitoring.rows(sheet, contract or CONTRACT)]


def definitions():
    for target, about in CATALOGUE.items():
        for item, one in about["items"].items():
            for side in _monitoring.SIDES:
                for key, definition in one.get(side, {}).items():
                    yield (target, item, side, key), definition


def entries(sheet, region=None, contract=None):
    return opened(monitoring.monitoring_expanded(sheet, contract or CONTRACT), region)


def opened(expanded, *arguments, **more):
    return {kind: json.loads(text) for kind, text in monitoring.monitoring_entries(expanded, *arguments, **more).items()}


# ---- nothing is lost


def test_the_catalogue_has_the_targets_and_items_of_the_table():
    assert (len(CATALOGUE), sum(len(about["items"]) for about in CATALOGUE.values())) == (24, 147)
    assert set(CATALOGUE) == set(units()["operation"])


def test_every_definition_of_every_item_comes_out_of_some_sheet_with_nothing_lacking():
    whole = {(row.target, row.item, row.side, row.key) for row in all_rows() if row.state != _monitoring.LACKS}
    assert {where for where, dummy in definitions()} - whole == set()


def test_each_has_the_threshold_of_the_catalogue():
    made = {(row.target, row.item, row.side, row.key): row for row in all_rows() if row.state != _monitoring.LACKS}
    for where, definition in definitions():
        row = made[where]
        for name in ("threshold", "warning", "critical"):
            ratio = definition.get("ratio", {})
            wanted = ratio[name] * NUMBERS[ratio["of"]] if name in ratio else definition.get(name)
            assert row.definition.get(name) == wanted, where


def test_without_its_fact_a_ratio_takes_the_fallback_or_is_told():
    for where, definition in definitions():
        if "ratio" not in definition:
            continue
        target, item, side, key = where
        facts = dict(definition.get("when", {}))
        entry = component(target, **facts)
        del entry[definition["ratio"]["of"]]
        (row,) = [row for row in _monitoring.rows(dict(monitoring={target: [entry]}), CONTRACT) if (row.item, row.side, row.key) == (item, side, key)]
        if "fallback" in definition:
            assert row.definition["threshold"] == definition["fallback"]
        else:
            assert (row.state, row.lacks) == (_monitoring.LACKS, (definition["ratio"]["of"],))


@pytest.mark.parametrize("target", CATALOGUE)
def test_naming_a_component_is_enough_for_whatever_stands_by_itself(target):
    entry = dict(component(target), items={})
    paged = {row.item for row in _monitoring.rows(dict(monitoring={target: [entry]}), CONTRACT)}
    assert paged >= {item for item, about in CATALOGUE[target]["items"].items() if "gives" not in about and not _only_when(about)}


def _only_when(about):
    return all("when" in definition for side in _monitoring.SIDES for definition in about.get(side, {}).values())


# ---- who pages


def test_one_side_pages_for_an_item():
    for dummy, sheet in sheets_of_all():
        sides = {(row.component, row.item, row.side) for row in _monitoring.rows(sheet, CONTRACT) if row.state == _monitoring.PAGES}
        assert set(Counter((component, item) for component, item, dummy in sides).values()) <= {1}


def test_two_components_do_not_page_for_one_metric():
    """Such as one that is counted for the whole account."""
    for target, sheet in sheets_of_all():
        (entry,) = sheet["monitoring"][target]
        both = [{fact: f"{name}-{value}" if str(value).startswith(("the-", "acme-")) else value for fact, value in entry.items()} for name in "ab"]
        both = [dict(one, items={}) for one in both]
        for alarms in (entries(dict(monitoring={target: both}), region).get("cloudwatch_alarms", []) for region in (None, "us-east-1")):
            told = Counter(json.dumps([alarm.get(part) for part in ("namespace", "metric_name", "dimensions", "metrics")], sort_keys=True) for alarm in alarms)
            assert {metric for metric, times in told.items() if times > 1} == set(), target


@pytest.mark.parametrize("where", ["outside", "inside"])
def test_an_address_that_does_not_answer_pages_once(where):
    """Whatever else is looked at of its answer."""
    items = {item: [dict(url="https://acme.jp/")] for item in ("url_response_time", "url_status_code")}
    sheet = dict(monitoring=dict(ec2=[dict(name="a", platform="linux", vcpu_count=1, reachable_from=where, items=items)]))
    monitors = [one for one in entries(sheet)["mackerel_monitors"] if one["type"] == "external"]
    (fragment,) = [one["text"] for one in monitoring.monitoring_agents(sheet, CONTRACT)]
    assert (len(monitors), fragment.count("check-http")) == ((1, 0) if where == "outside" else (0, 1))
    if monitors:
        assert {"response_time_critical", "certification_expiration_critical"} <= monitors[0].keys() and "レスポンスコード" in monitors[0]["memo"]
        items["url_status_code"][0]["max_check_attempts"] = 9
        assert ["url_status_code" in line for line in monitoring.monitoring_faults(sheet, CONTRACT)] == [True]


def test_of_alternatives_one_is_enough():
    def lacks(**log):
        entry = dict(name="a", platform="linux", vcpu_count=1, items=dict(log=[log]))
        return monitoring.monitoring_expanded(dict(monitoring=dict(ec2=[entry])), CONTRACT)["lacks"]

    assert lacks(path="/var/log/x.log", pattern="error") == []
    assert any("log_group" in line for line in lacks(path="/var/log/x.log", filter_pattern="error"))


@pytest.mark.parametrize("chosen", _monitoring.SIDES)
def test_the_sheet_chooses_the_side_where_both_can(chosen):
    for dummy, sheet in sheets_of_all():
        contract = copy.deepcopy(CONTRACT)
        contract["monitoring"]["primary"] = chosen
        for row in _monitoring.rows(sheet, contract):
            if row.state == _monitoring.PAGES and row.side != chosen:
                assert chosen not in CATALOGUE[row.target]["items"][row.item]


def test_what_has_no_number_pages_only_when_the_sheet_says_so():
    for where, definition in definitions():
        if "band" in definition:
            target, item, dummy, key = where
            entry = component(target, **{name: value.split("|")[0] for name, value in definition.get("when", {}).items()})
            for said, count in (({}, 0), (dict(threshold=7), 1), (dict(band=2), 1)):
                entry["items"][item] = dict(alarms={key: said})
                rows = _monitoring.rows(dict(monitoring={target: [entry]}), CONTRACT)
                found = _monitoring_entries.entries(rows, definition.get("region", CONTRACT["region"])).get("cloudwatch_alarms", [])
                mine = [alarm for alarm in found if alarm["name"].endswith(f"-{item}" if key == item else f"-{item}-{key}")]
                assert len(mine) == count, (where, said)
                assert all(("threshold" in alarm) == ("threshold" in said) for alarm in mine)


# ---- layers


def test_the_item_is_before_the_contract_and_the_contract_before_the_catalogue():
    def threshold(contract, said):
        sheet = dict(monitoring=dict(rds=[dict(name="db", engine="mysql", items=dict(cpu=said))]))
        (row,) = [row for row in _monitoring.rows(sheet, dict(CONTRACT, monitoring=contract)) if (row.item, row.side) == ("cpu", "cloudwatch")]
        return row.definition["threshold"]

    of_contract = dict(items=dict(rds=dict(cpu=dict(threshold=85))))
    assert [
        threshold({}, {}),
        threshold(of_contract, {}),
        threshold(of_contract, dict(threshold=95)),
        threshold(of_contract, dict(alarms=dict(cpu=dict(threshold=99)))),
    ] == [
        CATALOGUE["rds"]["items"]["cpu"]["cloudwatch"]["cpu"]["threshold"],
        85,
        95,
        99,
    ]


def test_hosts_of_one_role_share_their_monitors_and_may_not_differ():
    two = [dict(name=name, platform="linux", vcpu_count=2) for name in ("web01", "web02")]
    made = entries(dict(monitoring=dict(ec2=two)))["mackerel_monitors"]
    names = [monitor["name"] for monitor in made]
    assert len(names) == len(set(names)) and all(monitor["scopes"] == ["acme:ec2"] for monitor in made)
    two[1]["items"] = dict(cpu=dict(critical=95))
    (told,) = monitoring.monitoring_faults(dict(monitoring=dict(ec2=two)), CONTRACT)
    assert "web02 cpu" in told and "mackerel_role" in told
    two[1]["mackerel_role"] = "acme:big"
    assert monitoring.monitoring_faults(dict(monitoring=dict(ec2=two)), CONTRACT) == []


@pytest.mark.parametrize(("target", "said", "write"), [("ec2", dict(threshold=85), "warning / critical"), ("rds", dict(warning=70, critical=91), "threshold")])
def test_a_threshold_of_the_side_that_pages_nobody_is_told(target, said, write):
    entry = dict(name="one", platform="linux", vcpu_count=2) if target == "ec2" else dict(name="one")
    for more, count in (({}, 1), (dict.fromkeys(write.split(" / "), 80), 0)):
        given = dict(entry, items=dict(cpu={**more, **said}))
        told = monitoring.monitoring_faults(dict(monitoring={target: [given]}), CONTRACT)
        assert [f"{write} を書くか" in line and f"{target} one cpu" in line for line in told] == [True] * count


# ---- what is made is what the kinds take


def test_all_that_comes_out_is_in_order_for_the_kinds_and_has_one_name_each():
    for dummy, sheet in sheets_of_all():
        expanded = monitoring.monitoring_expanded(sheet, CONTRACT)
        made = monitoring.monitoring_sheet(sheet, expanded)
        for region in expanded["regions"]:
            made.update(opened(expanded, region))
        assert [fault.text("en") for fault in sheets.faults(made)] == []


def test_the_role_has_a_task_for_every_kind_that_comes_out():
    tasks = yaml.safe_load((ROOT / "roles/monitoring/tasks/main.yml").read_text(encoding="utf-8"))
    calls = [(one.removeprefix("msp.aws."), str(given)) for task in tasks for one, given in task.items() if one.startswith("msp.aws.")]
    here, elsewhere = ({kind for kind, given in calls if f"{name}." in given} for name in ("monitoring_entries", "monitoring_global"))
    contracts = [dict(CONTRACT, monitoring=dict(SHOWN, primary=side)) for side in _monitoring.SIDES]
    made = [entries(sheet, contract=contract).keys() for contract in contracts for dummy, sheet in sheets_of_all()]
    assert here == set(_monitoring_entries.MADE) == set().union(*made)
    assert all(entries(sheet, "us-east-1").keys() <= elsewhere for dummy, sheet in sheets_of_all())


def test_alarms_on_metrics_that_are_elsewhere_are_there():
    sheet = dict(monitoring=dict(cloudfront=[dict(name="www", distribution_id="E1")]))
    expanded = monitoring.monitoring_expanded(sheet, CONTRACT)
    assert {region for region, made in expanded["regions"].items() if json.loads(made["metrics"])} == {"us-east-1"}
    assert monitoring.monitoring_entries(expanded) == {}
    there = opened(expanded, "us-east-1")
    assert {kind: len(entries) for kind, entries in there.items()} == dict(sns_topics=1, cloudwatch_alarms=1)
    own = dict(sheet, sns_topics=[dict(name="acme-alert")])
    assert entries(own, "us-east-1") == there and "sns_topics" not in entries(dict(own, monitoring=dict(clb=[dict(name="a")])))


def test_what_waf_does_for_cloudfront_is_counted_in_us_east_1_and_in_no_region_of_its_own():
    items = {item: dict(threshold=1) for item in ("allowed", "blocked", "passed")}
    acl = dict(name="edge", scope="cloudfront", rule_group_metric_name="group", items=items)
    expanded = monitoring.monitoring_expanded(dict(monitoring=dict(waf=[acl])), CONTRACT)
    assert opened(expanded) == {} and len(opened(expanded, "us-east-1")["cloudwatch_alarms"]) == 3
    assert not any("Region" in alarm["dimensions"] for alarm in opened(expanded, "us-east-1")["cloudwatch_alarms"])


# ---- faults


@pytest.mark.parametrize(
    ("part", "where", "word"),
    [
        (dict(ec3=[]), "monitoring", "ec2"),
        (dict(ec2={}), "monitoring ec2", "一覧"),
        (dict(ec2=[{}]), "monitoring ec2 #1", "name"),
        (dict(ec2=[dict(name="a", platfrom="linux")]), "monitoring ec2 a", "platform"),
        (dict(ec2=[dict(name="a", items=dict(cpuu={}))]), "monitoring ec2 a", "cpu"),
        (dict(s3=[]), "monitoring", "あるもの: alb, "),
        (dict(ec2=[dict(name="a", items=dict(heartbeats={}))]), "monitoring ec2 a", "あるもの: connectivity, cpu, "),
        (dict(ec2=[dict(name="a", cpu=dict(warning=70))]), "monitoring ec2 a", "items の下"),
        (dict(ec2=[dict(name="a", items=dict(swap="off"))]), "monitoring ec2 a swap", "false（引用符なし）"),
        (dict(ec2=[dict(name="a", items=dict(cpu=dict(warning="9O")))]), "monitoring ec2 a cpu warning", "数値"),
        (dict(ec2=[dict(name="a", items=dict(cpu=dict(warning="85")))]), "monitoring ec2 a cpu warning", "引用符を外して"),
        (dict(ec2=[dict(name="a", vcpu_count="four")]), "monitoring ec2 a vcpu_count", "数値"),
        (dict(ec2=[dict(name="a", items=dict(cpu=dict(critical=101)))]), "monitoring ec2 a cpu critical", "0 から 100"),
        (dict(rds=[dict(name="a", items=dict(cpu=dict(threshold=850)))]), "monitoring rds a cpu threshold", "0 から 100"),
        (dict(rds=[dict(name="a", items=dict(cpu=dict(alarms=dict(cpu=dict(threshold=850)))))]), "monitoring rds a cpu alarms.cpu threshold", "0 から 100"),
        (dict(rds=[dict(name="a", items=dict(swap=dict(threshold=-5)))]), "monitoring rds a swap threshold", "0 以上"),
        (dict(rds=[dict(name="a", items=dict(freeable_memory=dict(threshold=-5)))]), "monitoring rds a freeable_memory threshold", "0 以上"),
        (dict(ses=[dict(name="a", items=dict(bounce_rate=dict(threshold=5)))]), "monitoring ses a bounce_rate threshold", "0.05"),
        (dict(ec2=[dict(name="a", items=dict(port=[dict(port="http")]))]), "monitoring ec2 a port port", "数値"),
        (dict(ec2=[dict(name="a", items=dict(port=[dict(port=99999)]))]), "monitoring ec2 a port port", "1 – 65535"),
        (dict(rds=[dict(name="a")], aurora=[dict(name="a")]), "monitoring aurora a", "rds a と同じメトリクス"),
        (dict(ec2=[dict(name="a", items=dict(cpu=dict(warning=95)))]), "monitoring ec2 a cpu", "critical"),
        (dict(ec2=[dict(name="a", items=dict(port=[dict(port=80, check_interval=90)]))]), "monitoring ec2 a port check_interval", "1 – 60"),
        (dict(ec2=[dict(name="a", items=dict(port=[dict(port=80, timeout_seconds=1.5)]))]), "monitoring ec2 a port timeout_seconds", "整数"),
        (dict(ec2=[dict(name="a", items=dict(cpu=dict(primary="zabbix")))]), "monitoring ec2 a cpu primary", "cloudwatch"),
        (dict(ec2=[dict(name="a", items=dict(port=[{}]))]), "monitoring ec2 a port", "port"),
        (dict(ec2=[dict(name="a", items=dict(status_check=dict(alarms=dict(sytem={}))))]), "monitoring ec2 a status_check alarms", "system"),
        (dict(ec2=[dict(name="a", items=dict(status_check=dict(threshold=1)))]), "monitoring ec2 a status_check", "alarms"),
        (dict(ec2=[dict(name="a", mackerel_role="web")]), "monitoring ec2 a mackerel_role", "サービス名:ロール名"),
        (dict(ec2=[dict(name="a"), dict(name="a")]), "monitoring ec2 a", "2 回"),
        (dict(ecs_task=[dict(name="a")]), "monitoring ecs_task a", "cluster_name"),
    ],
)
def test_a_fault_says_where_and_what(part, where, word):
    told = monitoring.monitoring_faults(dict(monitoring=part), CONTRACT)
    assert any(line.startswith(f"{where}: ") and word in line for line in told), told
    assert len(monitoring.monitoring_faults(dict(monitoring=part), CONTRACT, "en")) == len(told)
    with pytest.raises(AnsibleFilterError, match=where):
        monitoring.monitoring_expanded(dict(monitoring=part), CONTRACT)


def test_no_threshold_of_the_catalogue_is_beyond_its_unit():
    for (target, item, dummy, key), definition in definitions():
        unit = definition.get("unit", CATALOGUE[target]["items"][item].get("unit", "positive"))
        least, most = _monitoring_reading.UNITS.get(unit, (0, float("inf")))
        told = [definition[name] for name in ("threshold", "warning", "critical", "fallback") if name in definition]
        assert all(least <= number <= most for number in told), (target, item, key)
        assert unit in _monitoring_reading.UNITS or unit == "bytes"


def test_a_difference_may_be_below_nothing():
    entry = dict(name="a", items=dict(swap=dict(alarms=dict(swap_over_free=dict(threshold=-5)))))
    assert monitoring.monitoring_faults(dict(monitoring=dict(elasticache=[entry])), CONTRACT) == []


def test_one_mistake_is_told_once():
    """In the words of the sheet, however many alarms, items and components it comes to."""
    two = dict(monitoring=dict(ec2=[dict(name="web99", platform="linux", vcpu_count=1)], rds=[dict(name="db")]))
    for part, word in ((dict(mackerel_service="acme"), "notify"), (dict(notify=["t"]), "mackerel_service")):
        (told,) = monitoring.monitoring_faults(two, dict(CONTRACT, monitoring=part))
        assert told.startswith("monitoring ec2 web99") and word in told and ("rds db" in told) == (word == "notify")
    expanded = monitoring.monitoring_expanded(two, CONTRACT)
    for there, word in (([], "ありません"), ([dict(id=f"i-{number}", scope=None, scope_id=None) for number in range(2)], "複数")):
        (told,) = sheet_faults(two, dict(ec2_instances=dict(web99=there)), expanded=expanded)
        assert told.startswith("monitoring ec2 web99: 「web99」") and word in told


def test_what_is_secret_in_an_address_is_in_no_name():
    def sheet(*urls):
        return dict(monitoring=dict(ec2=[dict(name="a", platform="linux", vcpu_count=1, items=dict(url_status_code=[dict(url=url) for url in urls]))]))

    (site,) = [one for one in entries(sheet("https://me:pa55@acme.jp:8443/x/?key=s3cret#y"))["mackerel_monitors"] if one["type"] == "external"]
    assert site["name"] == "ec2-a-https://acme.jp:8443/x/" and "s3cret" in site["url"]
    (told,) = monitoring.monitoring_faults(sheet("https://acme.jp/?a=1", "https://acme.jp/?a=2"), CONTRACT)
    assert told.startswith("monitoring ec2 a url_status_code: ") and "URL" in told


def test_nobody_to_tell_is_a_fault():
    (told,) = monitoring.monitoring_faults(dict(monitoring=dict(clb=[dict(name="a")])), dict(region="ap-northeast-1"))
    assert told.startswith("monitoring clb a: ") and "notify" in told
    told = monitoring.monitoring_faults(dict(monitoring=dict(ec2=[dict(name="a", notify=["t"])])), dict(region="ap-northeast-1"))
    assert len(told) == 1 and "mackerel_service" in told[0]


def test_what_only_the_account_shows_is_a_fault_too():
    """Two servers of one role whose sizes lead to different thresholds."""
    sheet = dict(monitoring=dict(ec2=[dict(name="a"), dict(name="b")]))
    known = dict(ec2=[dict(name=name, platform="linux", vcpu_count=count) for name, count in dict(a=2, b=8).items()])
    assert monitoring.monitoring_faults(sheet, CONTRACT) == []
    (told,) = monitoring.monitoring_faults(sheet, CONTRACT, "en", known)
    assert told.startswith("monitoring ec2 b load_average: ") and "mackerel_role" in told
    with pytest.raises(AnsibleFilterError, match="load_average"):
        monitoring.monitoring_expanded(sheet, CONTRACT, known)


def test_an_alarm_that_waits_keeps_back_its_topic_and_nothing_else():
    two = [dict(name="a"), dict(name="b", notify=["night"])]
    expanded = monitoring.monitoring_expanded(dict(monitoring=dict(clb=two)), CONTRACT)
    (made,) = expanded["regions"].values()
    metrics = json.loads(made["metrics"])
    held = [one for one in metrics if one["dimensions"]["LoadBalancerName"] == "b"]
    all_of_it, left = opened(expanded), opened(expanded, unseen=held)
    assert left["sns_topics"] == [dict(name="acme-alert")]
    assert {one["name"] for one in left["cloudwatch_alarms"]} == {one["name"] for one in all_of_it["cloudwatch_alarms"]} - {one["alarm"] for one in held}
    assert opened(expanded, unseen=metrics) == {}


def test_what_aws_counts_of_a_component_that_is_there_is_not_waited_for():
    """It publishes nothing as long as there is nothing to count. Of all else the metric tells whether the alarm stands on something."""
    sheet = dict(monitoring=dict(dynamodb=[dict(name="orders"), dict(name="ordres")], rds=[dict(name="db01")]))
    known = dict(dynamodb=[dict(name="orders")], rds=[dict(name="db01", memory_bytes=2**33)])
    (made,) = monitoring.monitoring_expanded(sheet, CONTRACT, known)["regions"].values()
    alarms = {one["alarm"] for one in json.loads(made["metrics"])}
    expanded = monitoring.monitoring_expanded(sheet, CONTRACT, known)
    assert expanded["absent"] == ["monitoring dynamodb ordres（「orders」の誤りではありませんか）"]
    assert monitoring.monitoring_expanded(sheet, CONTRACT)["absent"] == [], "nobody has looked yet"
    assert {"rds-db01-cpu", "dynamodb-ordres-system_errors"} <= alarms and not any("-orders-" in alarm for alarm in alarms)
    assert {one["alarm"] for one in expanded["unmade"]} == {alarm for alarm in alarms if "-ordres-" in alarm}, "that of the whole account stays"


@pytest.mark.parametrize(
    ("target", "entry", "more"),
    [
        ("ec2", dict(name="i-1"), {}),
        ("cloudfront", dict(name="www", distribution_id="E1"), {}),
        ("lambda", dict(name="nightly"), dict(lambda_functions=[dict(name="nightly")])),
    ],
)
def test_what_is_meant_by_its_id_or_made_by_the_sheet_is_not_absent(target, entry, more):
    known = dict(ec2=[dict(name="web", id="i-1", platform="linux", vcpu_count=1)], cloudfront=[], **{"lambda": []})
    told = monitoring.monitoring_expanded(dict(more, monitoring={target: [entry]}), CONTRACT, known)
    assert (told["absent"], told["unmade"]) == ([], [])


def test_lightsail_tells_its_own_contacts_and_needs_no_topic():
    blog = dict(name="blog", platform="linux", vcpu_count=1, primary="cloudwatch")
    contract = dict(CONTRACT, monitoring=dict(mackerel_service="acme"))
    assert monitoring.monitoring_faults(dict(monitoring=dict(lightsail=[blog])), contract) == []
    made = entries(dict(monitoring=dict(lightsail=[blog])))
    assert "sns_topics" not in made and all(one["contact_protocols"] for one in made["lightsail_alarms"])


# ---- what Mackerel shows

SHOWN = dict(CONTRACT["monitoring"], dashboard="acme/watched", aws_integration=dict(name="acme", role_arn="arn:aws:iam::123456789012:role/m", external_id="x"))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_dashboard_for_each_service_has_all_roles_and_is_in_order_for_the_kind(language):
    two = [dict(component("ec2", platform="linux"), name=name, mackerel_role=role) for name, role in dict(a="acme:web", b="acme:db", c="shop:web").items()]
    expanded = monitoring.monitoring_expanded(dict(monitoring=dict(ec2=two)), dict(CONTRACT, monitoring=SHOWN), language=language)
    made = opened(expanded)
    boards = {one["url_path"]: one["widgets"] for one in made["mackerel_dashboards"]}
    assert boards.keys() == {"acme/watched/acme", "acme/watched/shop"}
    roles = {widget.get("role_fullname") for widgets in boards.values() for widget in widgets} - {None}
    assert roles == {"acme:web", "acme:db", "shop:web"}
    assert any(widget.get("reference_lines") for widget in boards["acme/watched/acme"])
    assert [fault.text("en") for fault in sheets.faults(made)] == []


def test_a_dashboard_tells_ports_apart_and_the_checks_of_a_role_once():
    items = dict(port=[dict(port=22), dict(port=8080)], process=[dict(pattern="a|b")])
    two = [dict(name=name, platform="linux", vcpu_count=1, items=items) for name in ("web01", "web02")]
    expanded = monitoring.monitoring_expanded(dict(monitoring=dict(ec2=two)), dict(CONTRACT, monitoring=SHOWN))
    (board,) = opened(expanded)["mackerel_dashboards"]
    lines = board["widgets"][0]["markdown"].splitlines()
    assert [line for line in lines if "監視 " in line] == ["| ポート監視 22 |  |  |  |", "| ポート監視 8080 |  |  |  |", "| プロセス監視 a\\|b |  |  |  |"]


def test_mackerel_collects_of_aws_what_is_watched_and_what_nobody_asked_for_is_not_made():
    sheet = dict(monitoring={target: [component(target)] for target in ("rds", "sqs", "alb", "clb")})
    made = entries(sheet, contract=dict(CONTRACT, monitoring=SHOWN))
    (one,) = made["mackerel_aws_integrations"]
    services = {service["service"]: service for service in one["services"]}
    assert services.keys() == {"RDS", "SQS", "ALB", "ELB"} and one["region"] == CONTRACT["region"]
    assert services["RDS"]["role"] == "acme:rds" and "rds.cpu.used" in services["RDS"]["included_metrics"]
    assert not any("{" in metric or metric.startswith("custom.") for service in services.values() for metric in service["included_metrics"])
    assert dict(service="acme", name="rds") in made["mackerel_roles"]
    assert [fault.text("en") for fault in sheets.faults(made)] == []
    assert not entries(sheet).keys() & {"mackerel_dashboards", "mackerel_aws_integrations"}


@pytest.mark.parametrize(
    ("given", "word"),
    [("acme", "aws_integration"), (dict(role_arn="x"), "name"), (dict(name="acme", services=[]), "services"), (dict(name="a", rol_arn="x"), "role_arn")],
)
def test_an_integration_that_cannot_be_is_a_fault(given, word):
    told = monitoring.monitoring_faults({}, dict(CONTRACT, monitoring=dict(SHOWN, aws_integration=given)))
    assert told and all("contract.monitoring.aws_integration" in line for line in told) and word in told[0]


# ---- the paper


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_design_has_a_line_for_every_definition(language):
    for target in CATALOGUE:
        facts = {name: values[0] for name, values in CASES.items() if name in _monitoring.parameters(target)}
        sheet = dict(monitoring={target: [component(target, **facts)]})
        contract = dict(CONTRACT, customer="Acme", number="ACME-1")
        paper = monitoring.monitoring_paper(sheet, contract, "2026-06-01", language=language)
        lines = [line for section in paper["sections"][1:] for line in section["table"]["rows"]]
        rows = _monitoring.rows(sheet, contract)
        assert len(lines) == len(rows) and all(line["condition"] and line["metric"] for line in lines)
        for line, row in zip(lines, rows, strict=True):
            numbers = [row.definition[name] for name in row.definition if name.endswith(("threshold", "warning", "critical"))]
            assert all(_papers_monitoring._number(number) in line["condition"] for number in numbers), (line, row)
        _papers.read(paper)


def test_only_what_would_page_is_told_as_not_set():
    """The other side of what is watched, and a file beside the log group that was chosen, are nobody's loss."""
    entry = dict(name="a", vcpu_count=1, platform="linux", items=dict(log=[dict(path="/x", pattern="e")]))
    paper = monitoring.monitoring_paper(dict(monitoring=dict(ec2=[entry])), dict(CONTRACT, customer="Acme"), "2026-06-01")
    assert not [line for line in paper["sections"][1]["table"]["rows"] if "未設定" in line["state"]]
    paper = monitoring.monitoring_paper(dict(monitoring=dict(rds=[dict(name="a")], dynamodb=[dict(name="a")])), dict(CONTRACT, customer="Acme"), "2026-06-01")
    told = [line["state"] for section in paper["sections"][1:] for line in section["table"]["rows"]]
    assert [state for state in told if "未設定" in state] == ["未設定: index_name が必要"] * 2
    assert [state for state in told if "取得" in state] == ["設定のときに AWS から取得: engine"], "no gap of the sheet"


def test_the_design_calls_metrics_and_recipients_by_name():
    some = dict(ec2=[dict(name="a", platform="windows", vcpu_count=1, items=dict(disk=dict(drive="C:")))], dynamodb=[dict(name="t", index_name="by-day")])
    paper = monitoring.monitoring_paper(dict(monitoring=some), dict(CONTRACT, customer="Acme"), "2026-06-01")
    servers, tables = (section["table"]["rows"] for section in paper["sections"][1:])
    assert {line["metric"] for line in tables if line["side"] == "CloudWatch"} == {
        "FILL(ReadThrottleEvents,0)", "FILL(WriteThrottleEvents,0)", "SystemErrors", "FILL(UserErrors,0)",
    }  # fmt: skip
    assert "100 - LogicalDisk % Free Space" in {line["metric"] for line in servers}
    assert {line["notify"] for line in servers if line["side"] == "Mackerel"} == {"", "Mackerel の通知グループ（ロール acme:ec2）"}
    assert {line["group"] for line in servers} >= {"死活監視", "リソース監視"}
    for target, about in CATALOGUE.items():
        names = [(item.get("group", {}).get("ja"), item["ja"]) for item in about["items"].values()]
        assert len(names) == len(set(names)), target


@pytest.mark.parametrize(
    ("facts", "item", "states"),
    [
        (dict(platform="windows"), "Swap 容量", ["表示", "表示"]),
        (
            dict(items=dict(disk=dict(primary="cloudwatch", mount_point="/"))),
            "ディスク 使用率",
            ["設定のときに AWS から取得: platform", "未設定: drive, platform が必要", "表示"],
        ),
        (dict(platform="linux"), "CPU 使用率", ["表示（他方が通知）", "通知"]),
    ],
)
def test_that_the_other_side_pages_is_said_only_where_it_does(facts, item, states):
    paper = monitoring.monitoring_paper(dict(monitoring=dict(ec2=[dict(facts, name="a", vcpu_count=1)])), dict(CONTRACT, customer="Acme"), "2026-06-01")
    assert [line["state"] for line in paper["sections"][1]["table"]["rows"] if line["item"] == item] == states


# ---- what an account is asked for, and how long it takes


def test_what_the_look_at_the_account_finds_is_what_can_be_said():
    text = (ROOT / "plugins/module_utils/_components.py").read_text(encoding="utf-8")
    for target, about in CATALOGUE.items():
        found = set(about.get("found", ()))
        assert found <= _monitoring.parameters(target) and all(f"{name}=" in text for name in found) and (not found or target in _components.LISTINGS)


def test_what_can_be_listed_is_said_alike_everywhere():
    role = yaml.safe_load((ROOT / "roles/monitoring/vars/main.yml").read_text(encoding="utf-8"))["monitoring_looked_up"]
    options = yaml.safe_load((ROOT / "plugins/modules/monitoring_info.yml").read_text(encoding="utf-8"))["DOCUMENTATION"]["options"]
    assert list(_components.LISTINGS) == role == options["targets"]["choices"]
    assert set(role) <= set(CATALOGUE)


def test_what_is_proposed_has_names_that_are_one_things_and_all_that_the_sheet_must_say():
    known = {target: [dict(component(target), name="found", id="found-id")] for target in CATALOGUE}
    known["eks_node"] = [dict(name="node", cluster_name="acme", instance_id="i-node")]
    known["ec2"] = [dict(name="web", id="i-web"), dict(name="node", id="i-node")]
    known["aurora"] = [dict(name="other")]
    own = dict(monitoring=dict(ec2=[dict(name="mail", items=dict(cpu=False))], rds=[dict(name="found", primary="cloudwatch")]))
    made = monitoring.monitoring_proposal(known, own)
    assert list(monitoring.monitoring_proposal(dict(reversed(known.items())), own)) == list(made)
    assert made.keys() == CATALOGUE.keys()
    assert made["ec2"] == [*own["monitoring"]["ec2"], dict(name="web")] and made["rds"] == own["monitoring"]["rds"]
    assert monitoring.monitoring_faults(dict(monitoring=made), CONTRACT) == []
    told = monitoring.monitoring_open(dict(monitoring=dict(rds=[dict(name="found")])), CONTRACT)
    assert told == ["monitoring rds found swap (swap): engine"]


class Account:
    """Answers of a service, page by page."""

    errors = (PermissionError,)
    last_call = "x:List"

    def __init__(self, things, offered=True):
        self.things, self.offered = things, offered

    def offers(self, service):
        return self.offered

    def explain(self, error, call):
        return f"{call}: {error}"

    def pages(self, service, operation, result, **arguments):
        if isinstance(self.things, Exception):
            raise self.things
        return self.things


def test_a_name_that_several_have_is_nobodys_name():
    instances = [dict(InstanceId=f"i-{number}", State=dict(Name="running"), Tags=[dict(Key="Name", Value="web")]) for number in range(2)]
    found = _components.components(Account([dict(Instances=instances)]), ["ec2"])
    assert [(one["name"], one["called"]) for one in found["ec2"]] == [("i-0", "web"), ("i-1", "web")]


@pytest.mark.parametrize(("region", "scopes"), [("us-east-1", ["regional", "cloudfront"]), ("ap-northeast-1", ["regional"])])
def test_web_acls_of_cloudfront_are_looked_for_where_they_are(region, scopes):
    account = Account([])
    account.region, account.wafv2 = region, SimpleNamespace(list_web_acls=lambda Scope: dict(WebACLs=[dict(Name=f"of-{Scope}")]))
    assert [one["scope"] for one in _components.components(account, ["waf"])["waf"]] == sorted(scopes)


def test_what_a_region_lacks_has_nothing_and_what_may_not_be_read_is_told():
    assert _components.components(Account([], offered=False), ["connect"]) == dict(connect=[])
    unread = {}
    assert _components.components(Account(PermissionError("no")), ["sqs", "dynamodb"], unread) == {}
    assert unread == dict(sqs="x:List: no", dynamodb="x:List: no")
    with pytest.raises(PermissionError):
        _components.components(Account(PermissionError("no")), ["sqs"])


def test_four_hundred_components_are_expanded_in_seconds():
    sizes = dict(ec2=300, rds=40, sqs=30, alb=30)
    sheet = dict(
        monitoring={target: [dict(component(target), name=f"{target}-{number}", items={}) for number in range(size)] for target, size in sizes.items()}
    )
    for entry in sheet["monitoring"]["ec2"]:
        entry.update(platform="linux", mackerel_role=f"acme:{entry['name']}")
    start = time.process_time()
    made = entries(sheet)
    assert time.process_time() - start < 10
    assert len(made["cloudwatch_alarms"]) > 800 and len(made["mackerel_monitors"]) > 1500
