# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from an account looked at beside its sheet: the differences as a list, and the two sheets that would end them.

Everything here takes and gives plain data: `looked` is kind → {account, agreed, beside, unread}, as M(msp.aws.account_info) returns it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import HIDDEN, Option, identity
from ansible_collections.msp.aws.plugins.plugin_utils._monitoring import PART
from ansible_collections.msp.aws.plugins.plugin_utils._monitoring_entries import MADE
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_yaml import Hidden
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

VERDICTS = ("changed", "missing", "added", "extra", "unknown")
Path = tuple[Any, ...]  # of keys and numbers, from the sheet to a value in it


def findings(looked: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every difference: {kind, entry, id, option, verdict, agreed, actual, reason}. `option` is None where the whole thing is meant.

    `added` is what is there and would be taken away; `extra` is what stands in an agreed list beside what was agreed, and would stay: it is
    told, but is no difference. Whole things beside the sheet are no finding.
    """
    return [dict(found, kind=kind) for kind, one in looked.items() for found in _of_kind(kind, one)]


def differences(found: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those findings that the next run would do something about, or that could not be found out."""
    return [finding for finding in found if finding["verdict"] != "extra"]


def _of_kind(kind: str, one: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if one["unread"]:
        yield _finding(kind, dict(entry=None, id=None, reason=one["unread"]), None, "unknown")
    for entry in one["agreed"]:
        lines = [line for line in entry["options"] if line["verdict"] in ("changed", "missing", "added")]
        if entry["verdict"] in ("missing", "unknown") or (entry["verdict"] in ("added", "changed") and not lines):
            yield _finding(kind, entry, None, entry["verdict"])
        else:
            yield from (_finding(kind, entry, line["option"], line["verdict"], line["agreed"], line["actual"]) for line in lines)
        extra = [line for line in entry["options"] if line["verdict"] == "extra"]
        yield from (_finding(kind, entry, line["option"], "extra", None, line["actual"]) for line in extra)


def _finding(kind: str, entry: Mapping[str, Any], option: str | None, verdict: str, agreed: Any = None, actual: Any = None) -> dict[str, Any]:
    place = dict(region=entry["region"]) if "region" in entry else {}  # where it is not that of the contract
    told = dict(kind=kind, entry=entry["entry"], id=entry["id"], option=option, verdict=verdict, agreed=agreed, actual=actual, reason=entry["reason"])
    return {**told, **place}


def counts(looked: Mapping[str, Mapping[str, Any]], found: list[Mapping[str, Any]]) -> dict[str, int]:
    """How many findings of each verdict, how many entries were agreed and are so, and how many things stand beside the sheet."""
    agreed = [entry for one in looked.values() for entry in one["agreed"]]
    told = {verdict: sum(finding["verdict"] == verdict for finding in found) for verdict in VERDICTS}
    bad = {(finding["kind"], finding["entry"]) for finding in differences(found)}
    same = sum((kind, entry["entry"]) not in bad for kind, one in looked.items() for entry in one["agreed"])
    return dict(told, agreed=len(agreed), same=same, beside=sum(len(one["beside"]) for one in looked.values()))


# ---- the two ways to end a difference


def put_back(
    sheet: Mapping[str, Any], found: list[Mapping[str, Any]], written: Iterable[Mapping[str, Any]] = (), secrets: Iterable[str] = ()
) -> dict[str, Any]:
    """The part of the sheet with which a run of setup makes the account as agreed again: the entries that differ.

    What differs and is no entry of the sheet comes of its monitoring, which is therefore said as a whole, with the sheet's own entries of what it makes,
    because they stand above it.

    written: what the sheet's file says as an expression or vaulted, as `in_file` gives it; it is said so here, too. Other secrets stay out, and so do
    the `secrets` that `vaulted` found, unless the file itself says them in clear.
    """
    made: dict[str, Any] = {}
    filed = _Filed(sheet, written)
    own = {(name, kinds()[name].label(entry)) for name, entries in _entries(sheet) for entry in entries}
    whole = PART in sheet and any((finding["kind"], finding["entry"]) not in own for finding in differences(found) if finding["verdict"] != "unknown")
    if whole:
        made[PART] = filed.kind(PART)
    for name, entries in _entries(sheet):
        kind = kinds()[name]
        above = whole and name in MADE
        numbers = [number for number, entry in enumerate(entries) if above or _of_entry(kind, entry, differences(found))]
        mine = [_readable(kind.options, filed.entry(name, number)) for number in numbers]
        if mine:
            made[name] = mine[0] if kind.single else mine
    return filed.sifted(made, secrets)


def left_out(sheet: Mapping[str, Any], made: Mapping[str, Any]) -> list[str]:
    """The secrets of the sheet that a part of it does not have, as kind/entry option."""
    told = []
    for name, entries in _entries(made):
        kind = kinds()[name]
        for entry in dict(_entries(sheet))[name]:
            label = kind.label(entry)
            if any(kind.label(one) == label for one in entries):
                told += [f"{name}/{label} {path}" for path in _lost(kind.options, entry, next(one for one in entries if kind.label(one) == label))]
    return told


def adopted(
    sheet: Mapping[str, Any],
    looked: Mapping[str, Mapping[str, Any]],
    written: Iterable[Mapping[str, Any]] = (),
    whole: Mapping[str, Any] | None = None,
    secrets: Iterable[str] = (),
) -> dict[str, Any]:
    """The whole sheet with what is there in place of what was agreed, as far as the two differ. The rest is as the sheet's file says it.

    whole: with the entries that the sheet only implies; those that differ become its own.
    written, secrets: as for `put_back`.
    """
    found, made = findings(looked), {}
    filed = _Filed(sheet, written)
    for name, given in sheet.items():
        if name not in kinds() or not isinstance(given, (list, Mapping)):
            made[name] = filed.kind(name)
            continue
        kind = kinds()[name]
        one_of = [_of_entry(kind, entry, found) for entry in ([given] if kind.single else given)]
        if name not in looked or not any(one_of):
            made[name] = filed.kind(name)
            continue
        pairs = ((entry, filed.entry(name, number)) for number, entry in enumerate([given] if kind.single else given))
        entries = [_adopted_entry(kind, *pair, mine, looked[name]) for pair, mine in zip(pairs, one_of, strict=True)]
        kept = [entry for entry in entries if entry is not None]
        made[name] = kept[0] if kind.single and kept else kept
    for name, fresh in _implied(sheet, whole or {}, looked):
        kept = [one for entry in fresh if (one := _of_implied(kinds()[name], entry, filed.implied(entry), found, looked[name]))]
        if kept:
            own = [filed.entry(name, number) for number in range(len(sheet[name]))] if isinstance(made.get(name), Hidden) else made.get(name) or ()
            made[name] = [*own, *kept]
    return filed.sifted({name: given for name, given in made.items() if given}, secrets)


def _implied(sheet: Mapping[str, Any], whole: Mapping[str, Any], looked: Mapping[str, Any]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Kind by kind what the whole has beside the sheet, of the kinds that were looked at."""
    own = dict(_entries(sheet))
    for name, entries in _entries(whole):
        if name in looked:
            yield name, [entry for entry in entries if entry not in own.get(name, ())]


def _of_implied(
    kind: Kind, entry: Mapping[str, Any], filed: Mapping[str, Any], found: list[Mapping[str, Any]], looked: Mapping[str, Any]
) -> dict[str, Any] | None:
    """None: it is as implied. What is gone must be said, or it would be made again."""
    mine = _of_entry(kind, entry, found)
    if not differences(mine):
        return None
    return _adopted_entry(kind, entry, filed, mine, looked) or dict({name: filed[name] for name in kind.identity}, state="absent")


def _adopted_entry(
    kind: Kind, entry: Mapping[str, Any], filed: Mapping[str, Any], found: list[Mapping[str, Any]], looked: Mapping[str, Any]
) -> dict[str, Any] | None:
    """None: it is gone, and so goes from the sheet."""
    verdicts = {finding["verdict"] for finding in found}
    if not verdicts or "unknown" in verdicts:
        return dict(filed)
    if any(finding["option"] is None and finding["verdict"] == "missing" for finding in found):
        return None
    judged = next(one for one in looked["agreed"] if one["entry"] == kind.label(entry))
    actual = next((one for one in looked["account"] if kind.label(one) in (judged["id"], judged["entry"])), {})
    if entry.get("state") == "absent":
        return _readable(kind.options, actual)
    made = dict(filed)
    touched = {(finding["option"] or "").partition(".")[0] for finding in found}
    for name in touched & kind.options.keys():
        lines = [line for line in judged["options"] if line["option"] == name]
        value = _taken(kind.options[name], entry.get(name), filed.get(name), actual.get(name), lines)
        made.pop(name, None)
        if value not in (None, [], {}):
            made[name] = value
    if entry.get("clear"):
        made["clear"] = [path for path in entry["clear"] if path.partition(".")[0] not in touched]
    return {name: value for name, value in made.items() if value not in (None, []) or name not in touched | {"clear"}}


def _taken(option: Option, said: Any, filed: Any, is_now: Any, lines: list[Mapping[str, Any]]) -> Any:
    """What the account has, of what the sheet says something about; what is as agreed in the words of the file."""
    if option.merges and isinstance(said, Mapping) and not option.write_only:
        each = Option(secret=option.secret)
        return {key: _taken(each, said[key], _under(filed, key), (is_now or {})[key], []) for key in said if key in (is_now or {})}
    if option.secret or option.write_only:
        return filed
    if option.many:
        own = {identity(option, item): _at(filed, verb, number, item) for verb in ("add", "set") for number, item in enumerate(_verbs(said).get(verb) or [])}
        same = {identity(option, line["agreed"]) for line in lines if line["verdict"] == "same"}
        there = [line["actual"] for line in lines if line["actual"] is not None and line["verdict"] is not None]
        there = [own[key] if (key := identity(option, item)) in same & own.keys() else _with_secrets(option, item, own.get(key)) for item in there]
        if "set" in _verbs(said):
            return dict(set=there)
        gone = [item for item in _verbs(said).get("remove") or [] if identity(option, item) not in [identity(option, one) for one in there]]
        return dict(add=there, remove=gone) if gone else there
    if option.options and isinstance(said, Mapping) and isinstance(is_now, Mapping):
        inner = {
            name: _taken(option.options[name], value, _under(filed, name), is_now.get(name), [])
            for name, value in said.items()
            if not option.options[name].many
        }
        return {name: value for name, value in inner.items() if value is not None}
    return filed if filed is not None and said == is_now else _with_secrets(option, is_now, filed)


def _at(filed: Any, verb: str, number: int, item: Any) -> Any:
    """The item as the file has it."""
    things = _verbs(filed).get(verb) if isinstance(filed, (list, Mapping)) else None
    return things[number] if isinstance(things, list) and number < len(things) else item


def _under(filed: Any, name: str) -> Any:
    return filed.get(name) if isinstance(filed, Mapping) else None


def _with_secrets(option: Option, actual: Any, filed: Any) -> Any:
    """What is there, with the secrets in it as the file has them: nobody can read them back."""
    if not option.options or not isinstance(actual, Mapping):
        return [_with_secrets(option, item, None) for item in actual] if option.options and isinstance(actual, list) else actual
    kept = {name: value for name, value in (filed if isinstance(filed, Mapping) else {}).items() if _secret(option.options.get(name))}
    return {**_readable(option.options, actual), **kept}


def _lost(options: Mapping[str, Option], said: Any, made: Any, path: str = "") -> Iterator[str]:
    for name, value in said.items() if isinstance(said, Mapping) else ():
        option, has = options.get(name), _under(made, name)
        if _secret(option) and value is not None and has is None:
            yield f"{path}{name}"
        elif option and option.options and isinstance(value, Mapping) and not option.many:
            yield from _lost(option.options, value, has, f"{path}{name}.")


def _verbs(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else dict(add=value or [])


# ---- the sheet as its file says it


def in_file(
    raw: Any,
    resolved: Any,
    is_expression: Callable[[Any], bool],
    ciphertext: Callable[[Any], str | None],
    behind: Callable[[str], Iterable[Path]] = lambda expression: (),
    path: Path = (),
) -> Iterator[dict[str, Any]]:
    """What of a sheet its file says as an expression, or vaulted: {path, text, tag, vaulted}.

    `raw` is the variable as it was read, `resolved` what it means. `vaulted`: the ways into the variables that are `behind` the expression.
    """
    secret = ciphertext(raw) or ciphertext(resolved)
    if is_expression(raw):
        yield dict(path=list(path), text=str(raw), tag=None, vaulted=[list(way) for way in behind(raw)])
    elif secret:
        yield dict(path=list(path), text=secret, tag="!vault", vaulted=[])
    if isinstance(resolved, Mapping):
        for name, value in resolved.items():
            yield from in_file(raw.get(name) if isinstance(raw, Mapping) else None, value, is_expression, ciphertext, behind, (*path, name))
    elif isinstance(resolved, list):
        # What is only implied stands behind what the file says.
        said = raw if isinstance(raw, list) and len(raw) <= len(resolved) else []
        mine = [*said, *[None] * (len(resolved) - len(said))]
        for number, value in enumerate(resolved):
            yield from in_file(mine[number], value, is_expression, ciphertext, behind, (*path, number))


def vaulted(sheet: Mapping[str, Any], written: Iterable[Mapping[str, Any]], there: Callable[[Path], Any]) -> list[str]:
    """What nobody is to be shown: what the sheet's file has vaulted, what is vaulted behind its expressions, and what they make of it.

    there: what lies at a way into the variables, as it means.
    """
    filed = _Filed(sheet, written)
    made = [filed.at(tuple(one["path"])) for one in written if one["tag"] or one["vaulted"]]
    behind = [there(tuple(way)) for one in written for way in one["vaulted"]]
    return sorted({str(value) for value in (*made, *behind) if isinstance(value, (str, int, float)) and value not in ("", True, False)})


def without_vaulted(result: Any, secrets: list[str]) -> Any:
    """What was found, to be shown: none of the secrets is in anything of it, also where the account has it as agreed."""
    return _without(result, secrets) if secrets else result


def _without(value: Any, words: Iterable[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _without(inner, words) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without(inner, words) for inner in value]
    return HIDDEN if _tells(value, words) else value


def _tells(value: Any, words: Iterable[str]) -> bool:
    return isinstance(value, (str, int, float)) and any(word in str(value) for word in words)


class _Filed:
    """The sheet in the words of its file."""

    def __init__(self, sheet: Mapping[str, Any], written: Iterable[Mapping[str, Any]]) -> None:
        self.sheet = sheet
        self.said = {tuple(one["path"]): Hidden(one["text"], one["tag"]) for one in written}
        self.watched = {value: words for path, words in self.said.items() if path[0] == PART and isinstance(value := self.at(path), str)}

    def kind(self, name: str) -> Any:
        return self._of((name,), self.sheet[name])

    def entry(self, name: str, number: int) -> dict[str, Any]:
        """An entry that is an expression as a whole cannot be changed in part: so what it means, but for its secrets."""
        given = self.sheet[name]
        path = (name,) if isinstance(given, Mapping) else (name, number)
        return {option: self._of((*path, option), value) for option, value in (given if isinstance(given, Mapping) else given[number]).items()}

    def implied(self, value: Any) -> Any:
        """What is not in the file and comes of its monitoring: what it has from there is said in the same words."""
        if isinstance(value, Mapping):
            return {name: self.implied(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.implied(inner) for inner in value]
        return self.watched.get(value, value) if isinstance(value, str) else value

    def at(self, path: Path) -> Any:
        """What the words at this path mean."""
        value = self.sheet
        for part in path:
            known = part in value if isinstance(value, Mapping) else isinstance(value, list) and part < len(value)
            value = value[part] if known else None
        return value

    def sifted(self, made: Any, secrets: Iterable[str]) -> Any:
        """Without what would tell a secret. What the file itself says in clear it may say here."""
        clear = set(_leaves(self._of((), self.sheet)))

        def kept(value: Any) -> Any:
            if isinstance(value, Mapping):
                return {name: kept(inner) for name, inner in value.items() if fits(inner)}
            return [kept(inner) for inner in value if fits(inner)] if isinstance(value, list) else value

        def fits(value: Any) -> bool:
            return isinstance(value, Hidden) or not _tells(value, secrets) or value in clear

        return kept(made) if secrets else made

    def _of(self, path: Path, value: Any) -> Any:
        if path in self.said:
            return self.said[path]
        if isinstance(value, Mapping):
            return {name: self._of((*path, name), inner) for name, inner in value.items()}
        return [self._of((*path, number), inner) for number, inner in enumerate(value)] if isinstance(value, list) else value


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (Mapping, list)):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(inner)
    elif not isinstance(value, Hidden):
        yield value


def _of_entry(kind: Kind, entry: Mapping[str, Any], found: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    label = kind.label(entry)
    return [finding for finding in found if finding["kind"] == kind.name and finding["entry"] == label and finding["verdict"] != "unknown"]


def _entries(sheet: Mapping[str, Any]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    for name, given in sheet.items():
        if name in kinds():
            yield name, [given] if isinstance(given, Mapping) else given or []


# ---- a sheet of an account that others built


def sheet_of(account: Mapping[str, list[Mapping[str, Any]]]) -> dict[str, Any]:
    """What `state: gathered` found, as a sheet. What is secret or shown to nobody stays out: it could not be read."""
    made: dict[str, Any] = {}
    for name, things in account.items():
        kind = kinds()[name]
        entries = [_readable(kind.options, thing) for thing in things]
        if entries:
            made[name] = entries[0] if kind.single else entries
    return made


def _readable(options: Mapping[str, Option], thing: Any) -> Any:
    if isinstance(thing, list):
        return [_readable(options, item) for item in thing]
    if not isinstance(thing, Mapping):
        return thing
    kept = {}
    for name, value in thing.items():
        option = options.get(name)
        if isinstance(value, Hidden) or not _secret(option):
            kept[name] = _inside(option, value) if option and option.options else value
    return kept


def _inside(option: Option, value: Any) -> Any:
    if option.many and isinstance(value, Mapping):
        return {verb: _readable(option.options, things) for verb, things in value.items()}
    return _readable(option.options, value)


def _secret(option: Option | None) -> bool:
    return bool(option and (option.secret or option.write_only))
