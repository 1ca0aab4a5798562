# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sheet had watched and has watched no more, or by the other side: as long as it is there and pages, it is told."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.msp.aws.plugins.filter import monitoring
from ansible_collections.msp.aws.plugins.module_utils import _components
from ansible_collections.msp.aws.plugins.plugin_utils import sheets
from tests.unit.test_monitoring import CONTRACT, Account, opened

BEFORE = dict(rds=[dict(name="db", engine="mysql")], sqs=[dict(name="q"), dict(name="left-q")], ec2=[dict(name="web", platform="linux", vcpu_count=2)])


def there(expanded):
    """As monitoring_info and mackerel_names_info tell of all that is made."""
    (made,) = [opened(expanded, region) for region in expanded["regions"]]
    seen = [dict(AlarmName=one["name"], ActionsEnabled=True, AlarmActions=["t"], **as_answered(one)) for one in made["cloudwatch_alarms"]]
    return {CONTRACT["region"]: _components.alarms(Account(seen))}, [one["name"] for one in made["mackerel_monitors"]]


def as_answered(alarm):
    if "metrics" not in alarm:
        return dict(Namespace=alarm["namespace"], MetricName=alarm["metric_name"])
    inner = [one["metric_stat"]["metric"] for one in alarm["metrics"] if "metric_stat" in one]
    stats = [dict(Metric=dict(Namespace=one["namespace"], MetricName=one["metric_name"])) for one in inner]
    return dict(Metrics=[dict(Expression="x"), *(dict(MetricStat=one) for one in stats)])


@pytest.mark.parametrize(
    ("now", "contract", "found"),
    [
        (BEFORE, {}, {}),
        (
            dict(BEFORE, rds=[dict(name="db", engine="mysql", items=dict(cpu=dict(primary="mackerel"), swap=False))]),
            {},
            {"rds-db-cpu": "Mackerel が通知", "rds-db-swap": "false"},
        ),
        (dict(BEFORE, ec2=[dict(BEFORE["ec2"][0], items=dict(cpu=dict(primary="cloudwatch")))]), {}, {"ec2-acme:ec2-cpu": "CloudWatch が通知"}),
        (dict(BEFORE, ec2=[dict(BEFORE["ec2"][0], items=dict(cpu=False))]), {}, {"ec2-acme:ec2-cpu": "false"}),
        (dict(BEFORE, sqs=BEFORE["sqs"][:1]), {}, dict.fromkeys(("sqs-left-q-in_flight", "sqs-left-q-deleted-consumer_stalled"), "monitoring にはありません")),
        (BEFORE, dict(items=dict(rds=dict(cpu=False))), {"rds-db-cpu": "false"}),
    ],
)
def test_what_is_watched_no_more_and_still_pages_is_told_with_the_entry_that_ends_it(now, contract, found):
    alarms, monitors = there(monitoring.monitoring_expanded(dict(monitoring=BEFORE), CONTRACT))
    agreed = dict(CONTRACT, monitoring=dict(CONTRACT["monitoring"], **contract))
    expanded = monitoring.monitoring_expanded(dict(monitoring=now), agreed)
    told = monitoring.monitoring_former(expanded, alarms, set(monitors) & set(expanded["silent_monitors"]))
    assert len(told) == len(found) == len(monitoring.monitoring_former(expanded, alarms, set(monitors) & set(expanded["silent_monitors"]), "en"))
    for name, word in found.items():
        (line,) = [line for line in told if f" {name}: " in line]
        assert word in line
        pasted = yaml.safe_load(line.partition("加えてください: ")[2])
        assert [entry for some in pasted.values() for entry in some] == [dict(name=name, state="absent")]
        assert sheets.faults(pasted) == []
        assert monitoring.monitoring_former(monitoring.monitoring_expanded(dict(pasted, monitoring=now), agreed), alarms, [name]) == [
            line for line in told if f" {name}: " not in line and "mackerel_monitors" not in line
        ]


def test_what_tells_nobody_or_looks_at_something_else_is_not_taken_for_ours():
    alarms = [
        dict(name="sqs-old-in_flight", pages=False, metrics=[["AWS/SQS", "ApproximateNumberOfMessagesNotVisible"]]),
        dict(name="sqs-old-in_flight", pages=True, metrics=[["AWS/SQS", "NumberOfMessagesSent"]]),
        dict(name="theirs", pages=True, metrics=[["AWS/SQS", "ApproximateNumberOfMessagesNotVisible"]]),
        dict(name="cloudfront-www-error_rate_5xx", pages=True, metrics=[["AWS/CloudFront", "5xxErrorRate"]]),
    ]
    expanded = monitoring.monitoring_expanded(dict(monitoring=BEFORE), CONTRACT)
    assert monitoring.monitoring_former(expanded, {CONTRACT["region"]: alarms, "us-east-1": alarms[-1:]}) == []
    with_it = monitoring.monitoring_expanded(dict(monitoring=dict(BEFORE, cloudfront=[])), CONTRACT)
    (line,) = monitoring.monitoring_former(with_it, {CONTRACT["region"]: alarms, "us-east-1": alarms[-1:]})
    assert "リージョンが us-east-1 のホスト" in line
