# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The double's Lightsail: alarms of instances that are there, two on a metric, put whole."""

from __future__ import annotations

import pytest

ALARM = dict(
    alarmName="blog-cpu",
    monitoredResourceName="blog",
    metricName="CPUUtilization",
    comparisonOperator="GreaterThanThreshold",
    threshold=80,
    evaluationPeriods=3,
)


@pytest.fixture
def lightsail(aws):
    client = aws("lightsail")
    client.create_instances(instanceNames=["blog"], availabilityZone="ap-northeast-1a", blueprintId="wordpress", bundleId="micro_3_0")
    return client


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (dict(monitoredResourceName="shop"), "NotFoundException"),
        (dict(metricName="RequestCount"), "InvalidInputException"),
        (dict(metricName="Unknown"), "InvalidInputException"),
        (dict(alarmName="a b"), "InvalidInputException"),
        (dict(evaluationPeriods=289), "InvalidInputException"),
        (dict(datapointsToAlarm=4), "InvalidInputException"),
        (dict(notificationTriggers=["OK"]), "InvalidInputException"),
        (dict(treatMissingData="maybe"), "InvalidInputException"),
    ],
)
def test_what_no_alarm_can_be(lightsail, refused, change, code):
    refused(code, lightsail.put_alarm, **{**ALARM, **change})
    assert lightsail.get_alarms()["alarms"] == []


def test_a_put_replaces_all_but_tags(lightsail):
    lightsail.put_alarm(**ALARM, contactProtocols=["Email"], tags=[dict(key="Env", value="prod")])
    lightsail.put_alarm(**dict(ALARM, threshold=90))
    (alarm,) = lightsail.get_alarms(alarmName="blog-cpu")["alarms"]
    assert (alarm["threshold"], alarm["treatMissingData"], alarm["datapointsToAlarm"]) == (90, "missing", 3)
    assert "contactProtocols" not in alarm and alarm["tags"] == [dict(key="Env", value="prod")]


def test_two_on_a_metric_and_no_more(lightsail, refused):
    for name in ("blog-1", "blog-2"):
        lightsail.put_alarm(**dict(ALARM, alarmName=name))
    refused("InvalidInputException", lightsail.put_alarm, **ALARM)
    lightsail.delete_alarm(alarmName="blog-1")
    lightsail.put_alarm(**ALARM)
    refused("NotFoundException", lightsail.delete_alarm, alarmName="blog-1")
    refused("NotFoundException", lightsail.get_alarms, alarmName="blog-1")


def test_they_come_in_pages(lightsail):
    names = [f"blog{number}" for number in range(26)]
    lightsail.create_instances(instanceNames=names, availabilityZone="ap-northeast-1a", blueprintId="wordpress", bundleId="micro_3_0")
    for name in names:
        lightsail.put_alarm(**dict(ALARM, alarmName=name, monitoredResourceName=name))
    first = lightsail.get_alarms()
    assert len(first["alarms"]) == 25 and len(lightsail.get_alarms(pageToken=first["nextPageToken"])["alarms"]) == 1
