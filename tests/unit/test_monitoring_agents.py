# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agents' half: what is rendered is valid for mackerel-agent and the CloudWatch agent, whatever stands in the sheet."""

from __future__ import annotations

import json
import tomllib

import pytest
import yaml
from jsonschema import Draft202012Validator

from ansible_collections.msp.aws.plugins.filter import monitoring
from ansible_collections.msp.aws.plugins.plugin_utils import _monitoring
from tests.unit.test_monitoring import CONTRACT, component

AGENTS = dict(CONTRACT, monitoring=dict(CONTRACT["monitoring"], primary="cloudwatch"))
TEXT = dict(type="string", minLength=1)
TEXTS = dict(type="array", items=TEXT, minItems=1)
SECONDS = dict(type="integer", minimum=1, maximum=172800)


def closed(required, **properties):
    return dict(type="object", additionalProperties=False, required=required, properties=properties)


# What mackerel-agent takes of a fragment, after its documentation: it does not start with a key that it does not know.
COMMAND = dict(anyOf=[TEXT, TEXTS])
OF_BOTH = dict(command=COMMAND, user=TEXT, env=dict(type="object", additionalProperties=dict(type="string")), timeout_seconds=SECONDS, custom_identifier=TEXT)
CHECK = closed(
    ["command"],
    **OF_BOTH,
    check_interval=dict(type="integer", minimum=1, maximum=60),
    max_check_attempts=dict(type="integer", minimum=1),
    prevent_alert_auto_close=dict(type="boolean"),
    notification_interval=dict(type="integer", minimum=10),
    memo=dict(type="string", maxLength=250),
    action=closed(["command"], command=COMMAND, user=TEXT, env=OF_BOTH["env"], timeout_seconds=SECONDS),
)
METRIC = closed(["command"], **OF_BOTH, include_pattern=TEXT, exclude_pattern=TEXT, use_plugin_timestamp=dict(type="boolean"))
NAMED = dict(type="object", propertyNames=dict(pattern="^[A-Za-z0-9_-]+$"))
FRAGMENT = closed([], roles=TEXTS, plugin=closed([], checks=dict(NAMED, additionalProperties=CHECK), metrics=dict(NAMED, additionalProperties=METRIC)))

# The part of the CloudWatch agent's document that is rendered, after the reference of its configuration file.
PLAIN = closed(["measurement"], measurement=TEXTS, metrics_collection_interval=SECONDS)
WITH_RESOURCES = closed(["measurement"], measurement=TEXTS, metrics_collection_interval=SECONDS, resources=dict(type="array", items=TEXT))
PROCSTAT = dict(type="array", items=closed(["exe", "measurement"], exe=TEXT, measurement=TEXTS, metrics_collection_interval=SECONDS))
LOG = closed(["file_path"], file_path=TEXT, log_group_name=TEXT, log_stream_name=TEXT)
LINUX = dict(mem=PLAIN, swap=PLAIN, disk=WITH_RESOURCES, procstat=PROCSTAT)
WINDOWS = dict(dict.fromkeys(("Memory", "LogicalDisk", "Paging File", "System"), WITH_RESOURCES), procstat=PROCSTAT)


def document(collected):
    metrics = closed(
        ["metrics_collected"],
        namespace=TEXT,
        append_dimensions=closed([], InstanceId=dict(const="${aws:InstanceId}")),
        aggregation_dimensions=dict(type="array", items=TEXTS),
        metrics_collected=closed([], **collected),
    )
    files = closed(["files"], files=closed(["collect_list"], collect_list=dict(type="array", items=LOG, minItems=1)))
    return closed([], metrics=metrics, logs=closed(["logs_collected"], logs_collected=files))


def files(contract, **facts):
    made = monitoring.monitoring_agents(dict(monitoring=dict(ec2=[component("ec2", **facts)])), contract)
    return {one["name"]: one["text"] for one in made}


@pytest.mark.parametrize("platform", ["linux", "windows"])
def test_a_fragment_has_every_check_that_pages(platform):
    made = tomllib.loads(files(CONTRACT, platform=platform)["mackerel-agent.msp-aws.conf"])
    rows = _monitoring.rows(dict(monitoring=dict(ec2=[component("ec2", platform=platform)])), CONTRACT)
    wanted = [row for row in rows if row.state == _monitoring.PAGES and row.definition.get("type") in ("check", "plugin")]
    Draft202012Validator(FRAGMENT).validate(made)
    assert made["roles"] == ["acme:ec2"]
    assert len(made["plugin"]["checks"]) + len(made["plugin"]["metrics"]) == len(wanted) > 4
    for check in made["plugin"]["checks"].values():
        assert "{" not in str(check["command"]).replace("|| { echo", "")
        assert not check.get("prevent_alert_auto_close") or check["max_check_attempts"] == 1  # mackerel-agent takes no other


@pytest.mark.parametrize(("platform", "collected"), [("linux", LINUX), ("windows", WINDOWS)])
def test_a_document_collects_what_the_alarms_stand_on(platform, collected):
    entry = component("ec2", platform=platform)
    entry["items"]["process"] = [dict(pattern="nginx", exe="nginx", alarms={f"procstat_{platform}": dict(threshold=1)})]
    (text,) = [one["text"] for one in monitoring.monitoring_agents(dict(monitoring=dict(ec2=[entry])), AGENTS) if one["name"].endswith(".json")]
    made = json.loads(text)
    Draft202012Validator(document(collected)).validate(made)
    assert made["metrics"]["metrics_collected"].keys() == collected.keys()
    dimensions = {frozenset(one) for one in made["metrics"]["aggregation_dimensions"]}
    for row in _monitoring.rows(dict(monitoring=dict(ec2=[entry])), AGENTS):
        if row.state == _monitoring.PAGES and row.definition.get("namespace") == "CWAgent":
            assert frozenset(row.definition["dimensions"]) in dimensions


def test_what_a_file_waits_for_is_told_until_sheet_or_account_say_it():
    """A platform that the account knows is as good as one that the sheet says."""
    entry = dict(name="a", vcpu_count=1, items=dict(disk=dict(primary="cloudwatch", mount_point="/"), service=[dict(service="nginx")]))
    sheet = dict(monitoring=dict(ec2=[entry], lightsail=[dict(name="b")]))
    waiting = {(one["host"], one["name"]): one for one in monitoring.monitoring_agents(sheet, AGENTS)}
    document = waiting["a", "amazon-cloudwatch-agent.msp-aws.json"]
    assert document["text"] == "" and "disk (disk_linux): platform" in document["waits"]
    assert "service (systemd): platform" in waiting["a", "mackerel-agent.msp-aws.conf"]["waits"]
    known = monitoring.monitoring_agents(sheet, AGENTS, dict(ec2=[dict(name="a", id="i-1", platform="linux")]))
    (document,) = [one for one in known if one["name"].endswith(".json")]
    assert document["waits"] == [] and json.loads(document["text"])["metrics"]["metrics_collected"]["disk"]["resources"] == ["/"]


def test_nothing_of_a_sheet_ends_a_string_or_reaches_a_shell():
    nasty = 'x"\n]; $(reboot) \\ \x7f'
    entry = dict(name="a", platform="linux", vcpu_count=1, items=dict(process=[dict(pattern=nasty)], service=[dict(service="$(reboot); nginx")]))
    made = monitoring.monitoring_agents(dict(monitoring=dict(ec2=[entry])), CONTRACT)
    checks = tomllib.loads(made[0]["text"])["plugin"]["checks"]
    (process,) = [check for name, check in checks.items() if "process" in name]
    (service,) = [check for name, check in checks.items() if "service" in name]
    assert nasty in process["command"]
    assert "'$(reboot); nginx'" in service["command"]


def test_names_that_differ_in_signs_of_japanese_alone_stay_apart():
    services = [dict(service=name) for name in ("受注", "発注", "受注", "DNS")]
    entry = dict(name="a", platform="windows", vcpu_count=1, items=dict(service=services))
    made = monitoring.monitoring_agents(dict(monitoring=dict(ec2=[entry])), CONTRACT)
    checks = tomllib.loads(made[0]["text"])["plugin"]["checks"]
    assert sorted(check["command"][2] for check in checks.values()) == ["DNS", "受注", "発注"] and "ec2-a-DNS-service-ntservice" in checks
    services[2]["check_interval"] = 5
    (told,) = monitoring.monitoring_faults(dict(monitoring=dict(ec2=[entry])), CONTRACT)
    assert told.startswith("monitoring ec2 a service: ") and "受注" in told


@pytest.mark.parametrize("target", ["ecs_task", "eks_pod"])
def test_containers_have_every_check_that_pages_in_words_of_their_agent(target):
    sheet = dict(monitoring={target: [component(target)]})
    ((host, text),) = [(one["host"], one["text"]) for one in monitoring.monitoring_agents(sheet, CONTRACT) if "container" in one["name"]]
    made = yaml.safe_load(text)
    wanted = [row for row in _monitoring.rows(sheet, CONTRACT) if row.state == _monitoring.PAGES and row.definition.get("type") in ("check", "plugin")]
    assert host == sheet["monitoring"][target][0]["name"] and made["roles"] == [f"acme:{target}"]
    sections = [section for kind in made["plugin"].values() for section in kind.values()]
    assert len(sections) == len(wanted) > 2
    for section in sections:
        assert section.keys() <= {"command", "user", "timeoutSeconds", "env", "memo"} and section["command"]
        assert "{port}" not in str(section["command"])
