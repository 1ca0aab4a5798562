# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations in AWX: a job template with its survey and a workflow for each, as data; and what is wrong with such data, without an AWX.

The checks are stricter than AWX's own API, which takes unknown words, names of variables that no playbook can use, and reserved ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._operations import label_of, operations, options, prefix

YES, NO = "はい", "いいえ"
TYPES = dict(str="text", int="integer", float="float", path="text", raw="text", list="textarea", bool="multiplechoice")
QUESTION = ("question_name", "question_description", "required", "type", "variable", "min", "max", "default", "choices")
KINDS = ("text", "textarea", "password", "multiplechoice", "multiselect", "integer", "float")
VARIABLE = re.compile(r"[a-z][a-z0-9_]*")
RESERVED = re.compile(r"(ansible|awx|tower|hostvars|groups|group_names|inventory_|play_|playbook_|role_|environment|omit)")
LONGEST = dict(text=1024, textarea=4096, password=1024)
# What every request says, whatever the operation: variable → (label, description, type).
COMMON = dict(
    ticket=("受付番号", "運用代行依頼の受付番号", "text"),
    request_target=("対象", "", "text"),
    request_received=("受付日", "例 2026-11-20", "text"),
    request_wished=("ご希望日時", "日本時間、例 2026-11-26 02:00", "text"),
    request_requester=("ご依頼者", "部署とお名前", "text"),
)
TEMPLATE = ("name", "description", "organization", "project", "inventory", "playbook", "job_type", "credentials", "extra_vars", "survey_enabled", "survey_spec")
TEMPLATE += ("ask_limit_on_launch", "ask_variables_on_launch", "allow_simultaneous", "timeout")
NODE = ("identifier", "unified_job_template", "success_nodes", "failure_nodes", "always_nodes", "approval_node", "extra_data", "all_parents_must_converge")
APPROVAL_SECONDS = 7 * 24 * 3600


def survey(operation: str) -> dict[str, Any]:
    """The questions of an operation. The parameters are those of the role; their labels are the Japanese lines of their descriptions."""
    row, start = operations()[operation], prefix(operation)
    declared = options(operation)
    spec = [_question(name, *told, required=True) for name, told in COMMON.items()]
    spec[1]["question_description"] = declared[row["target"]]["description"][-1]
    for name, option in declared.items():
        if name != row["target"]:
            spec.append(_parameter("request_" + name.removeprefix(start), option))
    return dict(name=row["ja"], description=f"{row['row']['service']} {row['row']['item']}", spec=spec)


def _question(variable: str, label: str, description: str, kind: str, required: bool) -> dict[str, Any]:
    told = dict(question_name=label, question_description=description, required=required, type=kind, variable=variable, default="")
    return dict(told, min=0 if not required else 1, max=LONGEST[kind]) if kind in LONGEST else told


def _parameter(variable: str, option: Mapping[str, Any]) -> dict[str, Any]:
    label, required = option["description"][-1], bool(option.get("required"))
    kind = "password" if option.get("no_log") else "multiplechoice" if "choices" in option else TYPES[option["type"]]
    question = _question(variable, label_of(option), label, kind, required)
    if kind == "multiplechoice":
        question["choices"] = [str(choice) for choice in option.get("choices", (YES, NO))]
    return question


def template(operation: str, phase: str, place: Mapping[str, str]) -> dict[str, Any]:
    """A job template that runs one phase. `place`: organization, project, inventory and credential."""
    row = operations()[operation]
    return dict(
        name=f"{operation} {phase}",
        description=f"{row['ja']} ({phase})",
        organization=place["organization"],
        project=place["project"],
        inventory=place["inventory"],
        playbook="playbooks/operate.yml",
        job_type="run",
        credentials=[place["credential"]],
        extra_vars=dict(operation_request=_request(operation), operation_phase=phase, **_approval(phase)),
        survey_enabled=True,
        survey_spec=survey(operation),
        ask_limit_on_launch=True,
        ask_variables_on_launch=False,
        allow_simultaneous=False,
    )


def _approval(phase: str) -> dict[str, Any]:
    """The approval node says yes to the plan whose hash the job before it has handed on."""
    if phase != "apply":
        return {}
    told = "{'by': 'AWX ' ~ (awx_workflow_job_id | default('')), 'plan': operation_plan_hash}"
    return dict(operation_approval="{{ " + told + " if operation_plan_hash is defined else {} }}")


def _request(operation: str) -> dict[str, Any]:
    """The request, of the answers. AWX leaves out what was not answered."""
    row, start = operations()[operation], prefix(operation)
    parameters = {}
    for name, option in options(operation).items():
        short = name.removeprefix(start)
        if name != row["target"]:
            parameters[short] = _answer(f"request_{short}", option["type"])
    common = {name.removeprefix("request_"): "{{ " + name + " }}" for name in COMMON}
    return dict(common, contract="{{ contract.number }}", operation=operation, parameters=parameters)


def _answer(variable: str, kind: str) -> str:
    given = f"{variable} | default('')"
    if kind == "bool":
        return "{{ (" + variable + f" == '{YES}') if {given} else '' " + "}}"
    return "{{ " + variable + f".splitlines() if {given} else '' " + "}}" if kind == "list" else "{{ " + given + " }}"


def workflow(operation: str, place: Mapping[str, str]) -> dict[str, Any]:
    """Plan, approval, apply, and the report whatever came of it. Each has an approval: whether a plan has a danger is known only when it is made."""
    row = operations()[operation]
    asked = dict(name=f"{row['ja']}の承認", description="計画の内容を確認して承認してください。", timeout=APPROVAL_SECONDS)
    nodes: list[dict[str, Any]] = [
        dict(identifier="plan", unified_job_template=f"{operation} plan", success_nodes=["approve"]),
        dict(identifier="approve", approval_node=asked, success_nodes=["apply"]),
        dict(identifier="apply", unified_job_template=f"{operation} apply", always_nodes=["report"]),
        dict(identifier="report", unified_job_template=f"{operation} report"),
    ]
    told = dict(name=operation, description=row["ja"], organization=place["organization"], inventory=place["inventory"])
    return dict(told, survey_enabled=True, survey_spec=survey(operation), ask_limit_on_launch=True, simplified_workflow_nodes=nodes)


def configuration(place: Mapping[str, str], only: Any = None) -> dict[str, Any]:
    """All operations in the shape of infra.aap_configuration."""
    chosen = [name for name in operations() if only is None or name in only]
    templates = [template(name, phase, place) for name in chosen for phase in ("plan", "apply", "report")]
    return dict(controller_templates=templates, controller_workflows=[workflow(name, place) for name in chosen])


# ---- what is wrong with it


def faults(made: Mapping[str, Any]) -> list[str]:
    """Of templates and workflows, each with its place."""
    found = []
    for one in made["controller_templates"]:
        found += [f"{one['name']}: there is no {word!r}" for word in one if word not in TEMPLATE]
        found += [f"{one['name']}: {fault}" for fault in survey_faults(one["survey_spec"])]
    for one in made["controller_workflows"]:
        found += [f"{one['name']}: {fault}" for fault in (*survey_faults(one["survey_spec"]), *_node_faults(one, made))]
    return found


def survey_faults(spec: Mapping[str, Any]) -> Iterator[str]:
    if set(spec) != {"name", "description", "spec"} or not spec["spec"]:
        yield "a survey has name, description and spec, and at least one question"
    names = [question.get("variable") for question in spec["spec"]]
    for question in spec["spec"]:
        where = question.get("variable")
        yield from (f"{where}: {fault}" for fault in _question_faults(question))
        if names.count(where) > 1:
            yield f"{where}: is asked for twice"


def _question_faults(question: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"there is no {word!r}" for word in question if word not in QUESTION)
    yield from (f"{word} is needed" for word in ("type", "question_name", "variable", "required") if question.get(word) in (None, ""))
    variable, kind, default = str(question.get("variable")), question.get("type"), question.get("default", "")
    if not VARIABLE.fullmatch(variable) or RESERVED.match(variable):
        yield "no playbook can use this name"
    if not isinstance(question.get("required"), bool):
        yield "required is true or false"
    if kind not in KINDS:
        yield f"there is no type {kind!r}"
    choices = question.get("choices")
    if kind in ("multiplechoice", "multiselect") and not (isinstance(choices, list) and choices and len(set(choices)) == len(choices)):
        yield "needs a list of choices, each once"
    elif kind in ("multiplechoice", "multiselect") and default and default not in choices:
        yield f"the default {default!r} is no choice"
    if kind not in ("multiplechoice", "multiselect") and choices is not None:
        yield "has no choices"
    if kind == "integer" and default != "" and not isinstance(default, int):
        yield "the default is a number"
    if kind == "password" and default:
        yield "a secret has no default"
    least, most = question.get("min"), question.get("max")
    if any(limit is not None and (isinstance(limit, bool) or not isinstance(limit, int)) for limit in (least, most)):
        yield "min and max are whole numbers"
    elif least is not None and most is not None and least > most:
        yield "min is more than max"


def _node_faults(made: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[str]:
    nodes = {node["identifier"]: node for node in made["simplified_workflow_nodes"]}
    if len(nodes) != len(made["simplified_workflow_nodes"]):
        yield "two nodes have one identifier"
    known = {one["name"] for one in whole["controller_templates"]}
    for name, node in nodes.items():
        yield from (f"{name}: there is no {word!r}" for word in node if word not in NODE)
        if ("approval_node" in node) == ("unified_job_template" in node):
            yield f"{name}: is either an approval or a job"
        if "unified_job_template" in node and node["unified_job_template"] not in known:
            yield f"{name}: there is no template {node['unified_job_template']!r}"
        if "approval_node" in node and set(node["approval_node"]) != {"name", "description", "timeout"}:
            yield f"{name}: an approval has name, description and timeout"
        after = [other for edge in ("success_nodes", "failure_nodes", "always_nodes") for other in node.get(edge, [])]
        yield from (f"{name}: there is no node {other!r}" for other in after if other not in nodes)
        if len(set(after)) < len(after):
            yield f"{name}: two edges lead to one node"
    yield from (f"{name}: leads back to itself" for name in nodes if name in _reached(nodes, name))


def _reached(nodes: Mapping[str, Any], name: str) -> set[str]:
    found: set[str] = set()
    ahead = {name}
    while ahead:
        ahead = {other for one in ahead for edge in ("success_nodes", "failure_nodes", "always_nodes") for other in nodes.get(one, {}).get(edge, [])} - found
        found |= ahead
    return found
