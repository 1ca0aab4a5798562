# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of an operation: what check mode says, made into one value with a hash that an approval can name; and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, identity
from ansible_collections.msp.aws.plugins.plugin_utils._operations import digest, needs_approval, row_of
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

# What of a request is part of its plan.
OF_THE_REQUEST = ("contract", "ticket", "operation", "target", "parameters", "wished", "purpose")
# What of a row is part of it: an approval was given for it.
OF_THE_ROW = ("interruption", "roll_back", "minutes", "fee")


def plan(request: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """What would be done, of what check mode registered: the same account and the same request have the same hash, whatever the modules warned of."""
    row = row_of(request)
    owner = row["module"] or row["role"]
    made = {name: request[name] for name in OF_THE_REQUEST} | {name: row[name] for name in OF_THE_ROW}
    made["changes"] = list(_changes(result["diff"]))
    made["facts"] = result.get("facts", {})
    made["dangers"] = dangers(result)
    made["confirm"] = [f"{owner}/{entry['entry']}" for entry in result["entries"] if entry.get("confirm")]
    made["approval_needed"] = needs_approval(row) or bool(made["dangers"])
    back = undo(row, result)
    if back is None and row["roll_back"] == "automatic":
        made["roll_back"] = "manual"
    # The way back can be dangerous where the way there was not, such as the deletion of what was made.
    undo_confirm = [f"{owner}/{entry['entry']}" for entry in result["entries"]] if back else []
    return dict(made, undo=back, undo_confirm=undo_confirm, warnings=list(result.get("warnings", ())), hash=digest(made))


def dangers(result: Mapping[str, Any]) -> list[str]:
    """What each entry has somebody approve."""
    return [entry["confirm"].partition(", which needs")[0].partition(": this needs")[0] for entry in result["entries"] if entry.get("confirm")]


def _changes(diff: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Attribute by attribute."""
    for entry in sorted({*diff["before"], *diff["after"]}):
        before, after = diff["before"].get(entry, {}), diff["after"].get(entry, {})
        for option in sorted({*before, *after}):
            yield dict(entry=entry, option=option, before=before.get(option), after=after.get(option))


def moved(approved: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Where a plan differs from the one that was approved, a line each."""
    names = [name for name in {**approved, **now} if name not in ("hash", "undo", "undo_confirm", "warnings", "changes")]
    lines = [f"{name}: {approved.get(name)!r} → {now.get(name)!r}" for name in names if approved.get(name) != now.get(name)]
    told = [{(one["entry"], one["option"]): (one["before"], one["after"]) for one in made["changes"]} for made in (approved, now)]
    return lines + [f"{entry} {option}: {told[0].get((entry, option))!r} → {told[1].get((entry, option))!r}" for entry, option in _differing(*told)]


def _differing(one: Mapping[tuple[str, str], Any], other: Mapping[tuple[str, str], Any]) -> list[tuple[str, str]]:
    return sorted(key for key in {*one, *other} if one.get(key) != other.get(key))


def on_server(result: Mapping[str, Any], planned: Mapping[str, Any], server: str, server_id: str) -> dict[str, Any]:
    """What a module told of its part at AWS (nothing, where there is none), with what a role of the server plans: {before, after, facts, dangers}."""
    acts, told = bool(planned["after"]), result.get("diff", {})
    entry = dict(entry=server, id=server_id, action="updated" if acts else "unchanged", changed=sorted(planned["after"]))
    if acts and planned["dangers"]:
        entry["confirm"] = f"{'; '.join(planned['dangers'])}: this needs a confirmation of its own"
    diff = {side: dict(told.get(side, {})) for side in ("before", "after")}
    for side, attributes in diff.items():
        if planned[side]:
            attributes[server] = {**attributes.get(server, {}), **planned[side]}
    return dict(
        changed=acts or bool(result.get("changed")),
        entries=[*result.get("entries", ()), entry],
        facts={**result.get("facts", {}), **planned["facts"]},
        diff=diff,
        calls=result.get("calls", dict(reads=0, writes=[])),
        warnings=result.get("warnings", []),
    )


def undo(row: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the entry point takes as operation_undo: for a setting the entry that puts back what was, for an action how the thing was."""
    if row["roll_back"] != "automatic":
        return None
    kind = kinds().get(row["module"])
    if kind is None:
        facts = dict(result.get("facts", {}))
        return None if facts.get("one_way") else facts
    (label,) = {*result["diff"]["before"], *result["diff"]["after"]}
    if any(entry["action"] == "created" for entry in result["entries"]):
        return dict(_identity(kind, label), state="absent")
    before, after = (result["diff"][side].get(label, {}) for side in ("before", "after"))
    if {*before, *after} & {*row.get("one_way", ())} or any(_forgotten(kind.options[name], before[name], after.get(name)) for name in before):
        return None
    return _put_back(kind, label, before, after)


def _forgotten(option: Option, was: Any, became: Any) -> bool:
    """What a secret was stands nowhere. Of a dictionary, of which an entry point sets one value at a time, a key that was not there goes again."""
    return bool(option.secret and was is not None and not (option.merges and {*was} < {*(became or {})}))


def _put_back(kind: Kind, label: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """An entry that makes of `after` what was `before`, and names nothing else."""
    entry = _identity(kind, label)
    for name in {**before, **after}:
        option, was, became = kind.options[name], before.get(name), after.get(name)
        if option.many:
            had, has = ({repr(identity(option, item)): item for item in value or []} for value in (was, became))
            verbs = dict(add=[item for key, item in had.items() if has.get(key) != item], remove=[item for key, item in has.items() if key not in had])
            entry[name] = {verb: items for verb, items in verbs.items() if items}
        elif option.merges:
            entry[name] = {key: value for key, value in (was or {}).items() if (became or {}).get(key) != value}
            entry.setdefault("clear", []).extend(f"{name}.{key}" for key in became or {} if key not in (was or {}))
        elif was is None:
            entry.setdefault("clear", []).append(name)
        else:
            entry[name] = was
    return {name: value for name, value in entry.items() if value not in ([], {})}


def _identity(kind: Kind, label: str) -> dict[str, Any]:
    return dict(zip(kind.identity, label.split(kind.joined, len(kind.identity) - 1), strict=True))
