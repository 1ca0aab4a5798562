# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ticket as AWX plays it: each job of the workflow by ansible-runner, with the survey's answers and what the job before handed on."""

from __future__ import annotations

import os

import ansible_runner
import pytest

from ansible_collections.msp.aws.plugins.plugin_utils import _operations_awx
from ansible_collections.msp.aws.plugins.plugin_utils._operations import operations, secrets
from tests.awx import PLACE, answers
from tests.integration.conftest import SECRET
from tests.integration.test_operations import AGREED, desk  # noqa: F401  pylint: disable=unused-import
from tests.playbook import BIN, ROOT

TYPE = "ec2.change_instance_type"


class Awx:
    """The jobs of one workflow, which hand on to one another what they set with set_stats."""

    def __init__(self, customer, ledger):
        self.folder, self.customer, self.handed = customer.folder / "runner", customer, {}
        self.folder.mkdir()
        # In AWX a credential that is injected as a file: ansible-runner keeps the whole environment of a job beside its output.
        credentials = self.folder / "credentials"
        credentials.write_text(f"[default]\naws_access_key_id=AKIA{AGREED['account_id']}ENGR\naws_secret_access_key={SECRET}\n", encoding="utf-8")
        self.environment = dict(
            AWS_SHARED_CREDENTIALS_FILE=str(credentials),
            AWS_ENDPOINT_URL=self.customer.double.url,
            ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"),
            PATH=f"{BIN}{os.pathsep}{os.environ['PATH']}",
        )
        told = dict(operation_ledger=ledger, operation_directory=str(self.customer.folder / "results"))
        self.customer.variables(**told)

    def job(self, template, given, well=True):
        """One job, to its end; what it comes to may be all the same."""
        self.customer.double.clear_calls()
        run = ansible_runner.run(
            private_data_dir=str(self.folder),
            project_dir=str(ROOT),
            ident=template["name"].replace(" ", "-"),
            playbook=template["playbook"],
            inventory=str(self.customer.inventory),
            extravars={**template["extra_vars"], **given, **self.handed, "awx_workflow_job_id": 7},
            envvars=self.environment,
            quiet=True,
        )
        events = list(run.events)
        for event in events:
            self.handed.update(event["event_data"].get("artifact_data") or {})
        assert run.rc == 0 or not well, "\n".join(event["stdout"] for event in events)


@pytest.fixture
def awx(desk, monkeypatch):  # noqa: F811  # the fixture
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    return Awx(desk.customer, desk.ledger)


def test_a_workflow_from_its_survey_to_its_report(awx, desk):  # noqa: F811
    given = {**answers(TYPE), "request_target": "web", "request_instance_type": "t3.large"}
    writes = []
    for template in _operations_awx.configuration(PLACE, [TYPE])["controller_templates"]:
        awx.job(template, given)
        writes.append(desk.customer.writes())
    assert writes == [[], ["ec2:StopInstances", "ec2:ModifyInstanceAttribute", "ec2:StartInstances"], []]
    assert desk.seen() == ("t3.large", "running") and desk.records()[2]["content"]["by"] == "AWX 7"


@pytest.mark.parametrize("operation", [TYPE, *(name for name in operations() if secrets(name))])
def test_no_secret_stays_beside_the_output_of_a_job(awx, operation):
    """Neither that of the credential nor one that a survey asks for, whatever the job comes to."""
    plan = _operations_awx.template(operation, "plan", PLACE)
    asked = {question["variable"]: SECRET for question in plan["survey_spec"]["spec"] if question["type"] == "password"}
    awx.job(plan, {**answers(operation), **asked}, well=False)
    kept = [path for path in (awx.folder / "artifacts").rglob("*") if path.is_file()]
    assert len(kept) > 10 and not [path for path in kept if SECRET in path.read_text(encoding="utf-8", errors="replace")]
