# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameter sheet as an Excel workbook: template, export, import. Files in, files out; nothing is written unless all of it is right.

The sheet's YAML file stays the truth: a workbook is made from it, and what comes back is checked as a whole before the file is written anew.
What a mapping has no column for stays as the file has it. Comments in the file are not kept when something changed, since a workbook has no
place for them; a file whose meaning is the same is left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.plugin_utils import (
    _files,
    _workbook_edits,
    _workbook_history,
    _workbook_left,
    _workbook_read,
    _workbook_stamp,
    _workbook_write,
    _workbook_yaml,
    references,
    sheets,
)
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_cells import Hidden, Kept
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_identities import Row, identities, walk
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import Layout, layout
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_rows import canonical_sheet, rows_of, unshown
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_words import MARKS, Fault, Mistake
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import PARTS, kinds

LANGUAGES = tuple(MARKS)
JAPAN = timezone(timedelta(hours=9), "JST")
MISSHAPEN = ("not_entries", "not_pairs", *sheets.MISSHAPEN)  # faults of a sheet in the file of which nothing can be made
LOST = "sheet_history"  # what is confirmed where the history is gone for good
HALF_LETTER = re.compile("[\ud800-\udfff]")
HEAD = "Made from the workbook {}, version {} of {}. Change it there and import it again."


class Refused(Exception):
    """Why nothing was written: one line for each fault."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        super().__init__("\n".join(self.lines))


@dataclass
class Outcome:
    """What is to be written: path → content. Empty when everything is so already.

    `shown` gives before and after for people, `lines` the changes, as many as they read. `sheet` is the sheet that was taken in, without secrets,
    `kinds` are those of which something changed.
    """

    files: dict[Path, bytes] = field(default_factory=dict)
    shown: Callable[[], tuple[str, ...]] = lambda: ("", "")
    changes: list[dict[str, Any]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    version: int = 0
    sheet: dict[str, Any] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def write(self) -> None:
        """All files, each as a whole or not at all."""
        _files.write(self.files)


@dataclass(frozen=True)
class Setting:
    """What template, export and import have in common: the contract (for the cover), the language, and the company's mapping file."""

    contract: Mapping[str, Any]
    language: str = "ja"
    mapping: Path | None = None
    only: tuple[str, ...] | None = None

    def layout(self) -> Layout:
        made = layout(self.language, _yaml(self.mapping, self.language) if self.mapping else None, self.only)
        _refuse(made.faults, self.language)
        return made


def template(setting: Setting, dest: Path) -> Outcome:
    """An empty workbook."""
    made = setting.layout()
    return made_file(dest, _workbook_write.workbook(made, {}, setting.contract), "")


def export(setting: Setting, sheet: Path, history: Path | None, dest: Path) -> Outcome:
    """The sheet of a file as a workbook. What no workbook can hold is refused, all of it at once."""
    past = _history(history, setting.language)
    with _together(past.faults):
        made = setting.layout()
        if not sheet.exists():
            raise Refused([Fault(None, None, str(sheet), "absent", {}).text(setting.language)])
        agreed = _sheet(sheet, setting.language)[1]
        rows, faults = rows_of(made, agreed)
        _refuse([*faults, *unshown(made, rows)], setting.language)
    versions = past.versions
    stamped = {key: versions[-1][key] for key in ("version", "date")} if versions else {}
    facts = {**setting.contract, **stamped, "digest": _workbook_edits.of_all(_workbook_edits.digests(agreed))}
    return made_file(dest, _workbook_write.workbook(made, rows, facts, versions), ", ".join(f"{key}: {len(given)}" for key, given in rows.items() if given))


def take_in(
    setting: Setting,
    src: Path,
    sheet: Path,
    history: Path | None,
    ticket: str = "",
    today: str = "",
    outside: Mapping[str, list[str]] | None = None,
    force: bool = False,
    confirm: Collection[str] = (),
) -> Outcome:
    """A workbook as the sheet's file, with its history. Raises Refused with every fault of the workbook.

    outside: names that are in the account, beside those to which the file refers already.
    force: entries of the file that the workbook does not have may go; else each of them is a fault.
    confirm: kind/entry of what was edited in the file by hand and may become what the workbook says; LOST, where the history is gone for good.
    """
    half = HALF_LETTER.search(ticket)
    if half:
        raise Refused([Fault(None, None, "ticket", "half", dict(value=f"\\u{ord(half[0]):04x}")).text(setting.language)])
    past = _history(history, setting.language)
    with _together(past.faults):
        document, old = _sheet(sheet, setting.language)
        whole = setting.layout()
        before, lost = rows_of(whole, old)
        mine, agreed, more = _workbook_edits.digests(old), references.to_look_up(old), outside or {}
        known = {kind: [*agreed.get(kind, ()), *more.get(kind, ())] for kind in {**agreed, **more}}
        found = _workbook_read.read(src, whole, before, setting.contract, known, old)
        dropped = [] if force or any(fault.worksheet is None for fault in found.faults) else _dropped(found, old)
        unknown = [] if history is None or not old or LOST in confirm else _unknown_version(found, src, history, past.versions)
        edited = unknown or _edited(found, sheet, old, mine, before, past.digests, confirm)
        _refuse([*found.faults, *lost, *dropped, *edited], setting.language)
    covered, versions = found.layout.kinds(), past.versions
    changed = [kind for kind in covered if not _same(old.get(kind), found.sheet.get(kind))]
    if not changed:  # what both say by now is no edit any more
        digests = _written(mine, past.digests, covered)
        settled = history is None or past.digests in (None, digests)
        return Outcome() if settled else Outcome({history: _history_file(versions, digests)})
    new = {name: value for name, value in {**{name: old[name] for name in old if name not in covered}, **found.sheet}.items() if value}
    if _on_cover(found) > _last(versions):
        own = _workbook_stamp.versions_of(src.read_bytes(), found.book.sheetnames, found.layout.words)
        versions += [version for version in own if version["version"] > _last(versions)]
    outcome = Outcome(version=max(_last(versions), _on_cover(found)) + 1, sheet=_workbook_edits.masked(new), kinds=changed)
    today = today or datetime.now(JAPAN).date().isoformat()
    compared, made = _compared(found, before, {name: found.sheet.get(name, []) for name in changed}), _workbook_edits.digests(new)
    outcome.changes = compared.changes()
    outcome.lines = _workbook_history.lines(outcome.changes, setting.language)
    reverts = () if _is_of(found, mine, past.digests) else _reverts(outcome.changes, versions)
    warnings = (*_own(found, history), *found.warnings, *reverts, *_secrets(found), *_lost_of(sheet, document))
    outcome.warnings = [fault.text(setting.language) for fault in warnings] + compared.fixed() + compared.left()
    versions.append(dict(version=outcome.version, date=today, ticket=ticket, workbook=src.name, changes=outcome.changes))
    head = (HEAD.format(src.name, outcome.version, today),)
    outcome.shown = lambda: tuple(_workbook_yaml.dump(dict(sheet=_workbook_edits.masked(one))) for one in (old, new))
    outcome.files[sheet] = _workbook_yaml.dump({**document, "sheet": new}, head).encode()
    if history is not None:
        outcome.files[history] = _history_file(versions, _written(made, past.digests, covered))
    if found.own:
        return outcome
    unwritten: list[Fault] = []
    stamped = dict(version=str(outcome.version), date=today, digest=_workbook_edits.of_all(made))
    counts = {table.key: len(found.rows.get(table.key, ())) for table in found.layout.worksheets}
    outcome.files[src] = _workbook_stamp.stamp(src.read_bytes(), found.book, found.layout, stamped, counts, versions, unwritten)
    _refuse(unwritten, setting.language)
    return outcome


def _last(versions: list[dict[str, Any]]) -> int:
    return versions[-1]["version"] if versions else 0


def _on_cover(found: Any) -> int:
    """The version of the workbook that came back."""
    said = str(found.cover.get("version") or "").strip()
    return int(said) if said.isdecimal() else 0


def _own(found: Any, history: Path | None) -> Iterable[Fault]:
    """What an import of a company's own workbook cannot do."""
    if found.own and not {found.cover.get("number"), found.cover.get("account_id")} - {None}:
        yield Fault(None, None, None, "own_contract", {})
    if found.own and history is not None:
        yield Fault(None, None, None, "own_history", dict(value=None, limit=history))


def _unknown_version(found: Any, src: Path, history: Path, versions: list[dict[str, Any]]) -> list[Fault]:
    """A workbook that is further than the history: that is lost, or an old one, and with it what tells edits by hand."""
    facts = dict(value=_on_cover(found), limit=src, other=json.dumps(dict(confirm=[LOST])))
    return [Fault(None, None, str(history), "history_lost", facts)] if _on_cover(found) > _last(versions) else []


def _same(one: Any, other: Any) -> bool:
    """Whether both say the same. To Python true is 1, and an expression is its text."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other and all(isinstance(one, kind) is isinstance(other, kind) for kind in (bool, Hidden))


def _dropped(found: Any, old: Mapping[str, Any]) -> Iterable[Fault]:
    """Entries that would be agreed upon no longer, such as those of an old or an empty workbook. What was to be removed has done its duty."""
    for name, gone in found.gone.items():
        kind, table = kinds()[name], found.layout.by_key[name]
        entries = _entries(kind, old.get(name))
        for entry in (entries[index] for index in gone) if gone and not found.lacks_names(table) else ():
            if entry.get("state") != "absent":
                yield Fault(table.title, None, kind.label(entry), "dropped", {})


def _edited(
    found: Any,
    path: Path,
    old: Mapping[str, Any],
    mine: _workbook_edits.Digests,
    before: Mapping[str, list[Row]],
    written: _workbook_edits.Digests | None,
    confirmed: Collection[str],
) -> Iterable[Fault]:
    """What was edited in the file since the last import, and the workbook was not made from. Kinds with other faults are left out.

    mine, written: the digests of the file as it is, and as the last import left it.
    """
    if written is None or not path.exists() or _is_of(found, mine):
        return ()
    at_fault = {fault.worksheet for fault in found.faults}
    wrong = found.layout.kinds() if None in at_fault else {table.kind.name for table in found.layout.tables if table.title in at_fault}
    new = {name: value for name, value in found.sheet.items() if name not in wrong}
    lost = _workbook_edits.lost(written, old, new, confirmed)
    changes = _compared(found, before, _workbook_edits.overwritten(lost, old, new)).changes() if lost else []
    return _workbook_edits.faults(path, [f"{one.kind}/{one.label}" for one in lost], changes, found.layout.language)


def _is_of(found: Any, *digests: _workbook_edits.Digests | None) -> bool:
    """Was the workbook made from a sheet with one of these digests?"""
    return found.cover.get("digest") in [_workbook_edits.of_all(given) for given in digests if given is not None]


def _written(whole: _workbook_edits.Digests, before: _workbook_edits.Digests | None, covered: Collection[str]) -> _workbook_edits.Digests:
    """The digests of what an import wrote. What was edited in kinds that the workbook does not have stays an edit."""
    others = whole if before is None else before
    return {name: one for name, one in others.items() if name not in covered} | {name: one for name, one in whole.items() if name in covered}


def _entries(kind: Kind, given: Any) -> list[Mapping[str, Any]]:
    return [given] if isinstance(given, Mapping) else given or []


@dataclass(frozen=True)
class _Compared:
    """The rows of some kinds as the sheet so far and as the workbook has them, both in the form in which a sheet is written, and what tells them apart."""

    layout: Layout
    before: Mapping[str, list[Row]]
    after: Mapping[str, list[Row]]
    ids: tuple[Mapping[str, list[tuple]], Mapping[str, list[tuple]]]
    address: Callable[[Any, Row, str], str | None]

    def changes(self) -> list[dict[str, str]]:
        """The history of this import."""
        return _workbook_history.changes(self.layout, self.before, self.after, self.address)

    def fixed(self) -> list[str]:
        return _workbook_history.fixed(self.layout, self.before, self.after, self.ids, self.address)

    def left(self) -> list[str]:
        return _workbook_left.left(self.layout, self.before, self.after, self.ids, self.address)


def _compared(found: Any, before: Mapping[str, list[Row]], sheet: Mapping[str, Any]) -> _Compared:
    """Rows stand where the workbook has them. `sheet`: the kinds to compare, as they are to be."""
    made = found.layout.of(sheet)
    after, dummy = rows_of(made, sheet)
    ids = identities(made, before, after)
    stands = {(table.key, identity): row for table, identity, row in walk(made, found.rows, identities(made, before, found.rows)[1])}
    identity_of = {id(row): (table.key, identity) for table, identity, row in walk(made, after, ids[1])}
    return _Compared(made, before, after, ids, lambda table, row, key: found.address(table, stands.get(identity_of[id(row)]), key))


def _reverts(changes: list[dict[str, str]], versions: list[dict[str, Any]]) -> Iterable[Fault]:
    """Changes that undo what a version before made: so it is with a copy of the workbook from before that version."""
    last = {(change["worksheet"], change["what"]): (version, change) for version in versions for change in version.get("changes") or ()}
    for change in changes:
        version, before = last.get((change["worksheet"], change["what"]), ({}, None))
        told = change["before"] != change["after"]  # two secrets look the same
        if before and told and (change["before"], change["after"]) == (before["after"], before["before"]):
            facts = dict(value=change["after"], other=change["before"], limit=" ".join(str(version[key]) for key in ("version", "ticket") if version.get(key)))
            yield Fault(change["worksheet"], change["cell"] or None, change["what"], "reverts", facts)


def _secrets(found: Any) -> Iterable[Fault]:
    """Secrets that the workbook has in clear, and the sheet's file will have."""
    for table in found.layout.worksheets:
        secret = [column for column in table.shown if column.option is not None and column.option.secret]
        for row in found.rows.get(table.key, []) if secret else ():
            for column in secret:
                if row.cells.get(column.key) is not None and not isinstance(row.cells[column.key], Kept) and row.cells[column.key] != found.layout.marks.none:
                    yield Fault(table.title, found.address(table, row, column.key), column.heading, "clear_secret", dict(value=found.layout.marks.kept))


def _lost_of(path: Path, document: Mapping[str, Any]) -> Iterable[Fault]:
    """What is in the sheet's file and no workbook gives back: comments, but for its first line, and options that are none."""
    text = path.read_text(encoding="utf-8") if document else ""
    lines = text.split("\n")
    told = [number for number in _workbook_yaml.comments(text) if not lines[number - 1].startswith(f"# {HEAD.partition('{')[0]}")]
    if told:
        yield Fault(None, None, str(path), "comments_lost", dict(value=", ".join(map(str, told))))
    unknown = [fault for fault in sheets.by_themselves(document.get("sheet") or {}) if fault.code == "unknown_option"]
    names = [" ".join(str(part) for part in (fault.kind, fault.entry, fault.option) if part) for fault in unknown]
    if names:
        yield Fault(None, None, str(path), "options_lost", dict(value=", ".join(names)))


# ---- files


def _history_file(versions: list[dict[str, Any]], digests: _workbook_edits.Digests) -> bytes:
    return _workbook_yaml.dump(dict(sheet_history=versions, sheet_digests=digests)).encode()


@dataclass
class _History:
    """The versions, the digests of what the last import wrote, where it left any, and what is wrong with the file."""

    versions: list[dict[str, Any]] = field(default_factory=list)
    digests: _workbook_edits.Digests | None = None
    faults: list[str] = field(default_factory=list)


@contextmanager
def _together(lines: list[str]) -> Iterator[None]:
    """What is refused inside is told with these faults, and these are where nothing is."""
    try:
        yield
    except Refused as refused:
        raise Refused([*refused.lines, *lines]) from None
    if lines:
        raise Refused(lines)


def _refuse(faults: Iterable[Fault], language: str) -> None:
    lines = [fault.text(language) for fault in faults]
    if lines:
        raise Refused(lines)


def made_file(dest: Path, data: bytes, said: str) -> Outcome:
    """A workbook that is written where another one, or none, is."""
    if dest.exists() and _workbook_write.same(dest.read_bytes(), data):
        return Outcome()
    return Outcome({dest: data}, lambda: ("", said))


def _sheet(path: Path, language: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole file, and the sheet in it in its canonical form."""
    document = _yaml(path, language) if path.exists() else {}
    given = document.get("sheet") or {}
    if not isinstance(given, Mapping) or any(isinstance(value, Hidden) for value in given.values()):
        raise _refused(path, ["sheet"], language, "not_a_sheet")
    unknown = sheets.faults({name: value for name, value in given.items() if name not in kinds() and name not in PARTS})
    if unknown:
        raise Refused(f"{path}:{_line(path, ['sheet', fault.kind])}: {fault.text(language)}" for fault in unknown)
    whole = layout(language)
    try:
        return document, {**{name: value for name, value in given.items() if name not in whole.by_key}, **canonical_sheet(given, whole)}
    except (Mistake, AttributeError, KeyError, TypeError, ValueError) as error:
        misshapen = [fault for fault in sheets.faults(given) if fault.code in MISSHAPEN and not isinstance(fault.facts.get("value"), Hidden)]
        if misshapen:
            raise Refused(f"{path}:{_line(path, ['sheet', *_place(given, fault)])}: {fault.text(language)}" for fault in misshapen) from None
        if isinstance(error, Mistake):
            raise Refused([f"{path}: {Fault(None, None, None, error.code, error.facts).text(language)}"]) from None
        raise


def _place(sheet: Mapping[str, Any], fault: Any) -> list[Any]:
    """Where in a sheet a fault of it is."""
    number = (fault.number or 0) - 1
    if number < 0 and fault.entry is not None:
        kind = kinds()[fault.kind]
        entries = enumerate(sheet[fault.kind]) if isinstance(sheet[fault.kind], list) else ()
        number = next((index for index, entry in entries if isinstance(entry, Mapping) and kind.label(entry) == fault.entry), -1)
    return [fault.kind, *([number] if number >= 0 else []), *(fault.option or "").split(".")]


def _history(path: Path | None, language: str) -> _History:
    try:
        document = _yaml(path, language) if path is not None and path.exists() else {}
        versions, digests = document.get("sheet_history") or [], document.get("sheet_digests")
        for number, version in enumerate(versions if isinstance(versions, list) else [None]):
            counted = version.get("version") if isinstance(version, Mapping) else None
            if not (isinstance(counted, int) and not isinstance(counted, bool) and version.get("date") and _are_changes(version.get("changes"))):
                raise _refused(path, ["sheet_history", number], language, "not_a_history")
        if digests is not None and not (_workbook_edits.are_digests(digests)):
            raise _refused(path, ["sheet_digests"], language, "no_digests")
    except Refused as refused:
        return _History(faults=refused.lines)
    return _History(list(versions), digests)


def _are_changes(given: Any) -> bool:
    named = {"worksheet", "what", "cell", "before", "after"}
    return isinstance(given, list) and all(isinstance(one, Mapping) and named <= one.keys() and not _deep(one.values()) for one in given)


def _deep(values: Iterable[Any]) -> bool:
    return any(isinstance(value, (list, set, Mapping)) for value in values)


def _yaml(path: Path, language: str) -> dict[str, Any]:
    data = b""
    try:
        data = path.read_bytes()
        content = _workbook_yaml.load(data.decode())
    except OSError as error:
        raise Refused([Fault(None, None, str(path), "not_yaml", dict(value=error.strerror)).text(language)]) from None
    except (RecursionError, UnicodeDecodeError, yaml.YAMLError) as error:
        line, said = _workbook_yaml.wrong(error, data)
        raise Refused([Fault(None, None, f"{path}:{line}", "not_yaml", dict(value=said)).text(language)]) from None
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise _refused(path, [], language, "not_pairs")
    return dict(content)


def _refused(path: Path, place: list[Any], language: str, code: str) -> Refused:
    """What is wrong at a place of a file."""
    return Refused([Fault(None, None, f"{path}:{_line(path, place)}", code, {}).text(language)])


def _line(path: Path, place: list[Any]) -> int:
    return _workbook_yaml.line_of(path.read_text(encoding="utf-8"), place)
