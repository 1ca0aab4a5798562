# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to the surveys of operations, as a person gives them and AWX passes them on, and what AWX would not take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils import _operations_awx
from ansible_collections.msp.aws.plugins.plugin_utils._operations import operations

PLACE = dict(organization="MSP", project="msp.aws", inventory="acme", credential="hub")


def answers(operation: str) -> dict[str, Any]:
    """The example of an operation's row in the survey's words. What is not asked for is not there."""
    now, example = datetime.now(timezone(timedelta(hours=9))), operations()[operation]["example"]
    days = dict(request_received=f"{now - timedelta(days=20):%Y-%m-%d}", request_wished=f"{now - timedelta(hours=1):%Y-%m-%d %H:%M}")
    types = {question["variable"]: question["type"] for question in _operations_awx.survey(operation)["spec"]}
    told = {f"request_{name}": _answer(value, types[f"request_{name}"]) for name, value in example["parameters"].items()}
    return dict(ticket="REQ-1", request_target=example["target"], request_requester="情報システム部 山田様", **days, **told)


def _answer(value: Any, kind: str) -> Any:
    if isinstance(value, bool):
        return _operations_awx.YES if value else _operations_awx.NO
    if kind == "multiplechoice":
        return str(value)
    return "\n".join(map(str, value)) if isinstance(value, list) else value


def refusals(spec: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    """Why AWX would not launch with these answers."""
    questions = {question["variable"]: question for question in spec["spec"]}
    yield from (f"{name} is not asked for" for name in given if name not in questions)
    for name, question in questions.items():
        value = given.get(name)
        if value is None:
            if question["required"]:
                yield f"{name} is needed"
        elif question["type"] == "integer" and (isinstance(value, bool) or not isinstance(value, int)):
            yield f"{name} is no whole number"
        elif question["type"] in ("text", "textarea", "password") and not (isinstance(value, str) and question["min"] <= len(value) <= question["max"]):
            yield f"{name} is no text of this length"
        elif question["type"] == "multiplechoice" and value not in question["choices"]:
            yield f"{name} is no choice"
