# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What alarms of Lightsail refuse in the plan, and what they ask about before nobody is told any more."""

from __future__ import annotations

import pytest

ALARMS = "lightsail_alarms"
CPU = dict(
    name="blog-cpu",
    monitored_resource_name="acme-blog",
    metric_name="CPUUtilization",
    comparison_operator="GreaterThanThreshold",
    threshold=80,
    evaluation_periods=3,
    contact_protocols=["Email"],
)


@pytest.fixture
def blog(stage):
    stage.prepare(ALARMS)
    return stage


def alarms(*entries, **more):
    return dict(alarms=[*entries], **more)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (dict(evaluation_periods=289), "288"),
        (dict(datapoints_to_alarm=4), "datapoints_to_alarm"),
        (dict(notification_triggers=["OK"]), "ALARM"),
        (dict(metric_name="CPU"), "metric_name"),
    ],
)
def test_what_no_alarm_can_be_is_told_in_the_plan(blog, change, told):
    assert told in blog.run(ALARMS, alarms({**CPU, **change}), check=True, fails=True)["msg"]


def test_a_third_alarm_on_a_metric_is_told_in_the_plan(blog):
    blog.run(ALARMS, alarms(*(dict(CPU, name=f"blog-{number}") for number in range(2))))
    told = blog.run(ALARMS, alarms(CPU), check=True, fails=True)["msg"]
    assert "blog-0, blog-1" in told and "CPUUtilization" in told


@pytest.mark.parametrize("change", [dict(notification_enabled=False), dict(clear=["contact_protocols"])])
def test_silence_needs_a_confirmation(blog, change):
    blog.run(ALARMS, alarms(CPU))
    assert "told" in blog.run(ALARMS, alarms(dict(name="blog-cpu", **change)), fails=True)["msg"]
    blog.run(ALARMS, alarms(dict(name="blog-cpu", **change), confirm=["lightsail_alarms/blog-cpu"]))


def test_all_pages_are_read(blog):
    names = [f"blog{number}" for number in range(30)]
    blog.client("lightsail").create_instances(instanceNames=names, availabilityZone="ap-northeast-1a", blueprintId="wordpress", bundleId="micro_3_0")
    many = alarms(*(dict(CPU, name=name, monitored_resource_name=name) for name in names))
    blog.run(ALARMS, many)
    assert not blog.run(ALARMS, many)["changed"]
