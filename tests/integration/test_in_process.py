# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that runs in Ansible's worker gives the answer that it gives in a process of its own."""

from __future__ import annotations

import json

import pytest

from tests.integration.conftest import ACCOUNT, SECRET
from tests.integration.test_setup import client
from tests.playbook import run_playbook

HERE = "runs in the worker"
FORECAST = dict(
    name="month",
    budget_type="COST",
    time_unit="MONTHLY",
    budget_limit=dict(amount="100", unit="USD"),
    notifications=[
        dict(
            notification_type="FORECASTED",
            comparison_operator="GREATER_THAN",
            threshold=80,
            threshold_type="PERCENTAGE",
            subscribers=[dict(email="billing@example.jp")],
        )
    ],
)
TASKS = {
    "a plan": dict({"msp.aws.sns_topics": dict(topics=[dict(name="alarms", tags=dict(Name="x"))])}, check_mode=True, diff=True),
    "done already": {"msp.aws.sns_topics": dict(topics=[dict(name="there")])},
    "as JSON": {"msp.aws.sns_topics": dict(topics="{{ [dict(name='there')] | to_json }}")},
    "neither a list nor JSON": {"msp.aws.sns_topics": dict(topics="there")},
    "a fault": {"msp.aws.ec2_vpcs": dict(vpcs=[dict(name="a", cidr_block="10.0.0.0/33")])},
    "an unknown option": {"msp.aws.ec2_vpcs": dict(vpcs=[dict(name="a", cidr_blok="10.0.0.0/16")])},
    "an account of somebody else": {"msp.aws.sns_topics": dict(topics=[dict(name="there")], account_id="999999999999")},
    "a warning": dict({"msp.aws.budgets_budgets": dict(budgets=[FORECAST])}, check_mode=True),
    "in a loop": dict({"msp.aws.sns_topics": dict(topics=[dict(name="{{ item }}")])}, loop=["there", "new"], check_mode=True),
    "read back": {"msp.aws.sns_topics": dict(state="gathered", topics=[])},
    "with a secret": {"msp.aws.sns_topics": dict(topics=[dict(name="there")], access_key=f"AKIA{ACCOUNT}ENGR", secret_key=SECRET)},
}
FAIL = ("neither a list nor JSON", "a fault", "an unknown option", "an account of somebody else")


@pytest.fixture
def results(double, tmp_path):
    """results(environment) -> the registered result of each of TASKS, and what the run printed."""

    def play(name, **environment):
        tasks = [
            dict(task, name=title, register=f"result_{number}", ignore_errors=True, environment=environment)
            for number, (title, task) in enumerate(TASKS.items())
        ]
        kept = tmp_path / f"{name}.json"
        every = "{{ [" + ", ".join(f"result_{number}" for number in range(len(tasks))) + "] | to_json }}"
        tasks.append({"name": "Keep them", "ansible.builtin.copy": dict(content=every, dest=str(kept)), "no_log": True})
        variables = dict(ansible_connection="local", ansible_python_interpreter="{{ ansible_playbook_python }}")
        book = tmp_path / f"{name}.yml"
        book.write_text(json.dumps([dict(hosts="localhost", gather_facts=False, vars=variables, tasks=tasks)]), encoding="utf-8")
        access = dict(AWS_ENDPOINT_URL=double.url, AWS_ACCESS_KEY_ID=f"AKIA{ACCOUNT}ENGR", AWS_SECRET_ACCESS_KEY="x" * 20, AWS_DEFAULT_REGION="ap-northeast-1")
        run = run_playbook(["-i", "localhost,", "-vvv", book], access, allow={"AWS forecasts only after": "the task that warns"})
        return json.loads(kept.read_text(encoding="utf-8")), run.output

    return play


def test_the_answer_is_the_same_as_in_a_process_of_its_own(results, double):
    client(double, "sns").create_topic(Name="there")
    here, said = results("here")
    elsewhere, said_elsewhere = results("elsewhere", SOMETHING="so that the module needs its own process")
    assert said.count(HERE) == len(TASKS) + 1 and HERE not in said_elsewhere
    assert [result.get("failed", False) for result in here] == [title in FAIL for title in TASKS]
    for title, one, other in zip(TASKS, here, elsewhere, strict=True):
        assert one == other, title
    assert SECRET not in said + said_elsewhere
