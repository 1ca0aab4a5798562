# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong in a parameter sheet, all of it in one pass and without a call of AWS; Japanese first, English by a switch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from ansible.module_utils.common.validation import (
    check_type_bool,
    check_type_dict,
    check_type_float,
    check_type_int,
    check_type_list,
    check_type_raw,
    check_type_str,
)

from ansible_collections.msp.aws.plugins.module_utils import _shapes
from ansible_collections.msp.aws.plugins.module_utils._names import ID, LOOKUPS, is_id, labelled, makers
from ansible_collections.msp.aws.plugins.module_utils._options import (
    VERBS,
    Option,
    contradictions,
    identity,
    named,
    same_text,
    spread,
    transform_all,
    without_secrets,
)
from ansible_collections.msp.aws.plugins.module_utils._options import clearable as can_clear
from ansible_collections.msp.aws.plugins.plugin_utils._hints import hint
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import PARTS, kinds

TYPES = dict(
    bool=check_type_bool,
    dict=check_type_dict,
    float=check_type_float,
    int=check_type_int,
    list=check_type_list,
    raw=check_type_raw,
    str=check_type_str,
)
LONGEST = 200  # characters of a value that help to find it
MISSHAPEN = ("not_entry", "unknown_verb", "wrong_type")  # after which nothing else can be said of an entry
ENTRY_OPTIONS = ("state", "clear", "id")

TEXTS: dict[str, dict[str, str]] = dict(
    ja=dict(
        unknown_kind="「{value}」という種類はありません{hint}",
        not_entries="一覧（リスト）で書いてください。現在の値: 「{value}」",
        not_entry="項目は「名前: 値」の組で書いてください。現在の値: 「{value}」",
        unknown_option="「{value}」という設定項目はありません{hint}",
        unknown_verb="「{value}」とは書けません。{limit} のどれかを書いてください",
        wrong_type="「{value}」は{limit}ではありません",
        state="「{value}」は使えません。present か absent と書いてください",
        identity="対象を特定するために必要です",
        duplicate="同じ名前が {limit} 回あります。1 回だけ書いてください",
        clear="「{value}」は削除できる設定項目ではありません（削除できるもの: {limit}）",
        contradiction="「{value}」は追加と削除の両方に書かれています",
        clear_and_set="「{value}」に値があるのに clear にも書かれています",
        set_and_add="set は add / remove と同時に書けません",
        dangling="「{value}」という {limit} はシートにもアカウントにもありません",
        no_neighbour="ホスト {other} のシートにもアカウントにも「{value}」という {limit} はありません",
        incomplete="まだ存在しません。作成するには {value} が必要です",
        ambiguous="「{value}」という {limit[0]} が複数あります（{limit[1]}）。名前の代わりに ID を書いてください",
        circular="互いに参照し合っているため作成できません: {limit}",
        choice="「{value}」は使えません。使える値: {limit}",
        choice_of_many="「{value}」は使えません。近い値: {limit}",
        no_choice="「{value}」という値は AWS にありません",
        least="「{value}」は小さすぎます。最小値は {limit} です",
        most="「{value}」は大きすぎます。最大値は {limit} です",
        shortest="「{value}」は短すぎます。{limit} 文字以上で書いてください",
        longest="「{value}」は長すぎます。{limit} 文字以内で書いてください",
        pattern="「{value}」は形式が正しくありません（{limit}）",
        not_a_network="「{value}」はネットワークアドレス（CIDR）ではありません",
        network_spelling="「{value}」は AWS では {limit} になります。{limit} と書いてください",
        network_size="「{value}」の大きさのネットワークは使えません。{limit} の範囲で書いてください",
        reserved_prefix="キー「{value}」は使えません。{limit} で始まるキーは AWS が予約しています",
        reserved="キー「{value}」は設定項目 {limit} が書き込みます。{limit} に書いてください",
        overlap="{value} は {other_label} の {other} と重なっています",
        outside="{value} は VPC の範囲（{other}）に含まれていません",
        not_an_address="「{value}」は IP アドレスではありません",
        outside_subnet="{value} はサブネット {other} の範囲に含まれていません",
        reserved_address="{value} はサブネット {other} で AWS が予約しているアドレスです（先頭の 4 個と末尾の 1 個は使えません）",
        reserved_name="「{value}」は AWS が予約している名前です。別の名前にしてください",
        address_taken="{value} は {other} でも使われています",
        no_principal="ポリシー「{value}」に Principal は書けません（付与先が Principal です）",
        unbalanced="「{value}」の括弧または引用符が対になっていません",
        one_of="次のうち 1 つだけを書いてください: {other}。現在の値: 「{value}」",
        needs="{other} が必要です。現在の値: 「{value}」",
        ports="ポートは 0 から 65535 まで、from_port は to_port 以下で書いてください。現在の値: {value}",
        icmp_ports="from_port にはタイプ、to_port にはコードを 0 から 255 まで（すべてなら両方に -1）で書いてください。現在の値: {value}",
        no_ports="このプロトコルにはポートがありません。ポートを空欄にするか、プロトコルを tcp か udp にしてください。現在の値: {value}",
        removed_and_made="同じ名前で「削除する」と「作成・変更する」の両方が書かれています。どちらかにしてください（作り直す場合は 2 回に分けてください）",
        to_be_removed="「{value}」という {limit} は、このシートが削除します（state: absent）。参照をなくすか、削除をやめてください",
        renamed="「{value}」という {limit} は、このシートで「{other}」という名前になります。新しい名前で書いてください",
        alike="{other} に同じ値「{value}」があります。異なる値にしてください",
        loop="{other} 自身のエラーログが {value} に書かれます。{value} を {other} に送ると、エラーがエラーを生み続けます。別のロググループにしてください",
        item_twice="同じものが 2 回書かれています。1 回だけ書いてください: 「{value}」",
        most_items="{value} 個あります。{limit} 個以内で書いてください",
        least_items="{value} 個しかありません。{limit} 個以上書いてください",
    ),
    en=dict(
        unknown_kind="there is no kind {value!r}{hint}",
        not_entries="write a list here; found {value!r}",
        not_entry="write an entry as name: value pairs; found {value!r}",
        unknown_option="there is no option {value!r}{hint}",
        unknown_verb="{value!r} is not allowed here; write one of {limit}",
        wrong_type="{value!r} is not {limit}",
        state="{value!r} is not allowed here; write present or absent",
        identity="is needed to say which one is meant",
        duplicate="is named {limit} times; write it once",
        clear="{value!r} cannot be taken away (what can: {limit})",
        contradiction="{value!r} is both to be there and not to be there",
        clear_and_set="{value!r} has a value and stands in clear as well",
        set_and_add="set cannot stand beside add or remove",
        dangling="there is no {value!r} among {limit}, neither in the sheet nor in the account",
        no_neighbour="host {other} has no {value!r} among {limit}, neither in its sheet nor in its account",
        incomplete="does not exist yet, and to create it {value} must be named",
        ambiguous="{value!r} means more than one of {limit[0]} ({limit[1]}); write the id instead of the name",
        circular="these wait for each other and can never be made: {limit}",
        overlap="{value} overlaps {other} of {other_label}",
        outside="{value} does not lie in the VPC ({other})",
        outside_subnet="{value} does not lie in the subnet {other}",
        reserved_address="{value} is reserved by AWS in the subnet {other}, as are the first four addresses and the last one of each",
        reserved_name="AWS keeps the name {value!r} for itself; take another",
        address_taken="{value} is also named by {other}",
        no_principal="the policy {value!r} cannot name a Principal: it is whom it is attached to",
        unbalanced="{value!r} has a bracket or a quotation mark without its partner",
        one_of="write exactly one of {other}; found {value!r}",
        needs="{other} is needed; found {value!r}",
        ports="ports are 0 to 65535, and from_port is not above to_port; found {value}",
        icmp_ports="from_port is a type and to_port a code, each 0 to 255, or -1 for all; found {value}",
        no_ports="this protocol has no ports: name none, or tcp or udp; found {value}",
        removed_and_made="the same name is to be removed and to be there; write one of them (to make it anew, do it in two runs)",
        to_be_removed="{value!r} of {limit} is what this sheet removes (state: absent); take the reference away, or do not remove it",
        renamed="{value!r} of {limit} will be called {other!r} by this sheet; write the new name",
        alike="{other} have the same value {value!r}; they have to differ",
        loop="{other} writes its own errors to {value}; sent through {other} again, each would make the next: take another log group",
        item_twice="the same is written twice: {value!r}",
        **_shapes.TEXTS,
    ),
)
TYPE_NAMES = dict(
    ja=dict(bool="true / false", dict="「名前: 値」の組", float="数値", int="整数", list="一覧（リスト）", str="文字列", raw="値"),
    en=dict(bool="true or false", dict="a dictionary", float="a number", int="a whole number", list="a list", str="a text", raw="a value"),
)


class Fault(NamedTuple):
    """One thing that is wrong: where, a code of TEXTS, and what goes into the text."""

    kind: str
    entry: str | None
    option: str | None
    code: str
    facts: Mapping[str, Any]

    def text(self, language: str) -> str:
        where = " ".join(str(part) for part in (self.kind, self.entry, self.option) if part not in (None, ""))
        return f"{where}: {text_of(TEXTS[language], TYPE_NAMES[language], language, self.code, self.facts)}"


def text_of(texts: Mapping[str, str], types: Mapping[str, str], language: str, code: str, facts: Mapping[str, Any]) -> str:
    """The text of a code with its facts in it: `close` becomes the hint at what was meant, a type has its name in the language."""
    told = dict(dict(value=None, limit=None, other=None), **facts)
    if isinstance(told["value"], str) and len(told["value"]) > LONGEST:
        told["value"] = f"{told['value'][:LONGEST]}…"
    told["hint"] = hint(language, told.pop("close", None))
    if code == "wrong_type":
        told["limit"] = types[told["limit"]]
    return texts[code].format(**told)


class Reference(NamedTuple):
    """A name that an entry gives for a thing of another kind; `scope` is what the thing must lie in, where another option of the entry says so."""

    kind: str
    entry: str
    option: str
    to: str
    name: str
    hard: bool
    scope: str | None = None
    elsewhere: bool = False


def faults(sheet: Mapping[str, Any]) -> list[Fault]:
    """Everything that can be known to be wrong without looking at the account, in the order of the sheet."""
    found: list[Fault] = []
    well_formed: dict[str, list[dict]] = {}
    for name, given in sheet.items():
        if name in PARTS:
            continue
        if name not in kinds():
            found.append(Fault(name, None, None, "unknown_kind", dict(value=name, close=_close(name, kinds()))))
            continue
        kind = kinds()[name]
        entries = [given] if kind.single and isinstance(given, Mapping) else given
        if not isinstance(entries, list):
            found.append(Fault(name, None, None, "not_entries", dict(value=without_secrets(Option(options=kind.options), given))))
            continue
        well_formed[name] = []
        for entry in entries:
            mistakes = list(_entry(kind, entry))
            found += mistakes
            well_formed[name].append({} if any(mistake.code in MISSHAPEN for mistake in mistakes) else _typed(kind.options, entry))
        found += _duplicates(kind, [entry for entry in entries if isinstance(entry, Mapping)])
    for name, entries in well_formed.items():
        found += _of_the_kind(kinds()[name], entries, well_formed)
    found += _to_be_removed(well_formed)
    found += _circular(references(well_formed))
    return found


def _typed(options: Mapping[str, Option], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry as its module gets it: where a text is meant, Ansible makes one of a number."""

    def typed(option: Option, value: Any, dummy: Any) -> Any:
        wanted = option.type if isinstance(value, list) else option.elements or option.type
        return value if value is None else TYPES[wanted](value)

    return transform_all(options, entry, typed)


def names(sheet: Mapping[str, Any]) -> dict[str, list[str]]:
    """kind → the names that the sheet gives (scope/name for what lies in a scope), of things that shall be there."""
    found = {}
    for name, entries in sheet.items():
        kind = kinds().get(name)
        if kind and kind.identity and isinstance(entries, list):
            own = [entry for entry in entries if isinstance(entry, Mapping) and entry.get("state") != "absent"]
            found[name] = sorted({kind.called(entry) for entry in own} - {""})
        elif kind and kind.single and isinstance(entries, Mapping) and entries.get("state") != "absent":
            found[name] = [kind.things]
    return found


def labels(sheet: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and label of every entry, as results tell of them."""
    for kind, given in [(kinds()[name], given) for name, given in sheet.items() if name in kinds()]:
        yield from ((kind.name, kind.label(entry)) for entry in ([given] if kind.single else given or ()))


def to_look_up(sheet: Mapping[str, Any]) -> dict[str, list[str]]:
    """kind → names that the sheet alone cannot explain.

    References to what it does not make, or to what has a name that something else may have, too; its own entries that do not say
    enough to make them, which is no fault of what is there; and what is joined by things that it removes without their names.
    """
    own, found = _by_words(names(sheet)), defaultdict(set)
    for reference in references(sheet):
        if not reference.name.startswith("arn:") and not _of_neighbour(reference) and (not _own(reference, own) or _may_be_elsewhere(reference)):
            found[reference.to].add(reference.name)
    for name, label, *dummy in _too_little_to_create(sheet):
        found[name].add(label)
    for kind, value in (end for dummy, ends in _nameless(sheet) for end in ends):
        found[kind].add(value)
    return {kind: sorted(wanted) for kind, wanted in found.items()}


def _too_little_to_create(sheet: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Entries of things that can be looked up and that lack options which their creation needs: kind, label, options."""
    for name in sheet.keys() & LOOKUPS.keys() & kinds().keys():
        kind = kinds()[name]
        for entry in sheet[name] if isinstance(sheet[name], list) else []:
            if isinstance(entry, Mapping) and entry.get("state") != "absent" and "id" not in entry and None not in kind.key(entry):
                lacking = [option for option, facts in kind.options.items() if facts.required and entry.get(option) is None]
                if lacking:
                    yield name, kind.label(entry), lacking


def incomplete(sheet: Mapping[str, Any], account: Mapping[str, Mapping[str, list[Mapping[str, Any]]]] | None) -> Iterator[Fault]:
    """What does not exist yet, as far as it was looked up, and cannot be made of what its entry says."""
    for name, label, lacking in _too_little_to_create(sheet):
        if (account or {}).get(name, {}).get(label) == []:
            yield Fault(name, label, None, "incomplete", dict(value=", ".join(lacking)))


def hosts_named(sheet: Mapping[str, Any], hosts: Iterable[str]) -> list[str]:
    """Those of the hosts of a run whose things the sheet names, as host:name."""
    return sorted({reference.name.partition(":")[0] for reference in [*references(sheet), *_parting(sheet)] if _of_neighbour(reference)} & set(hosts))


def wanted_of(host: str, others: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """kind → names of things of this host that other sheets name."""
    found = defaultdict(set)
    for reference in (reference for sheet in others for reference in [*references(sheet), *_parting(sheet)]):
        if reference.elsewhere and reference.name.startswith(f"{host}:"):
            found[reference.to].add(reference.name.removeprefix(f"{host}:"))
    return {kind: sorted(wanted) for kind, wanted in found.items()}


def unresolved(
    sheet: Mapping[str, Any], account: Mapping[str, Mapping[str, list[Mapping[str, Any]]]] | None, neighbours: Mapping[str, Any] | None = None
) -> Iterator[Fault]:
    """References that lead to nothing, or to more than one thing.

    account     what msp.aws.names_info found; without it only the sheet is looked at
    neighbours  the other contracts of the run: host → kind → label → id; without them what is theirs is not judged
    """
    going, called = _going(sheet), _renamed(sheet)
    own, away = _by_words(names(sheet)), _by_words(going)
    joined = [(name, [_ids(kind, value, account, neighbours) for kind, value in ends]) for name, ends in _nameless(sheet)]
    for reference in references(sheet):
        if reference.name.startswith("arn:") or (neighbours is None and _of_neighbour(reference)):
            continue
        host, dummy, name = reference.name.partition(":")
        if _of_neighbour(reference) and host in (neighbours or {}):
            if not labelled(neighbours[host].get(reference.to) or {}, name):
                facts = dict(value=name, limit=reference.to, other=host)
                yield Fault(reference.kind, reference.entry, reference.option, "no_neighbour", facts)
            continue
        mine = _own(reference, own)
        there = (account or {}).get(reference.to, {}).get(reference.name, [])
        by_name = _own(reference, away)
        gone = [*by_name, *(thing["id"] for thing in there if _goes(makers(reference.to), thing, going, joined) and thing["id"] not in by_name)]
        if gone and not mine and not set(_others(reference, by_name, there)) - set(gone):
            if _label(reference) not in going.get(reference.to, ()):  # else it was told of the sheet alone
                yield Fault(reference.kind, reference.entry, reference.option, "to_be_removed", dict(value=reference.name, limit=reference.to))
            continue
        becomes = next((called[thing["id"]] for thing in there if thing["id"] in called and thing["id"] != reference.name), None)
        if becomes and not mine:
            yield Fault(reference.kind, reference.entry, reference.option, "renamed", dict(value=reference.name, limit=reference.to, other=becomes))
            continue
        others = _others(reference, mine, there)
        if len(mine) + len(others) > 1:
            facts = dict(value=reference.name, limit=(reference.to, ", ".join([*mine, *others])))
            yield Fault(reference.kind, reference.entry, reference.option, "ambiguous", facts)
        elif account is not None and not mine and not others:
            yield Fault(reference.kind, reference.entry, reference.option, "dangling", dict(value=reference.name, limit=reference.to))


def _of_neighbour(reference: Reference) -> bool:
    """Whether it is something of another contract of the run, host:name."""
    return reference.elsewhere and ":" in reference.name


def _going(sheet: Mapping[str, Any]) -> dict[str, list[str]]:
    """kind → labels of what the sheet removes, or ids where the entries give these."""
    found = {}
    for name, entries in sheet.items():
        if name in kinds() and isinstance(entries, list):
            gone = [entry for entry in entries if isinstance(entry, Mapping) and entry.get("state") == "absent"]
            found[name] = [entry.get("id") or kinds()[name].called(entry) for entry in gone]
    return found


def _renamed(sheet: Mapping[str, Any]) -> dict[str, str]:
    """id → the name that the sheet gives to what it means by its id."""
    found = {}
    for kind, entries in ((kinds()[name], entries) for name, entries in sheet.items() if name in kinds() and kinds()[name].identity):
        for entry in entries if isinstance(entries, list) else []:
            name = entry.get(kind.named_by or kind.identity[-1]) if isinstance(entry, Mapping) and entry.get("state") != "absent" else None
            if name is not None and entry.get("id"):
                found[str(entry["id"])] = str(name)
    return found


def _nameless(sheet: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """What the sheet removes without the name by which others refer to it: its kind, and kind and name of each thing that it joins."""
    for name, entries in sheet.items():
        kind = kinds().get(name)
        for entry in entries if kind and kind.named_by and isinstance(entries, list) else []:
            ends = [(kind.options[option].ref, entry.get(option)) for option in kind.identity] if isinstance(entry, Mapping) else []
            if ends and entry.get("state") == "absent" and not entry.get(kind.named_by) and all(isinstance(value, str) for dummy, value in ends):
                yield name, ends


def _ids(kind: str, value: str, account: Mapping[str, Any] | None, neighbours: Mapping[str, Any] | None) -> set[str]:
    """The ids that a name can mean, here or as host:name, or the id that it is itself."""
    host, dummy, name = value.partition(":")
    theirs = labelled((neighbours or {}).get(host, {}).get(kind) or {}, name)
    return {value, *(thing["id"] for thing in (account or {}).get(kind, {}).get(value, [])), *(one for one in theirs.values() if one)}


def _goes(kinds_of_it: Iterable[str], thing: Mapping[str, Any], going: Mapping[str, list[str]], joined: list[tuple[str, list[set[str]]]]) -> bool:
    """Whether something of the account is what the sheet removes, by its id or by what it joins."""
    if any(thing["id"] in going.get(kind, ()) for kind in kinds_of_it):
        return True
    between = thing.get("between", ())
    return any(kind in kinds_of_it and len(ends) == len(between) and all(map(set.__contains__, ends, between)) for kind, ends in joined)


def _label(reference: Reference) -> str:
    """What a reference means as entries are labelled, as far as it says so itself."""
    return f"{reference.scope}/{reference.name}" if reference.scope and "/" not in reference.name else reference.name


def _by_words(labels: Mapping[str, Iterable[str]]) -> dict[str, dict[str, list[tuple[str | None, str]]]]:
    """kind → what a reference may say → scope and label of what it can mean, so that not every reference has to look at all labels."""
    found: dict[str, dict[str, list[tuple[str | None, str]]]] = {}
    for kind, some in labels.items():
        said = found.setdefault(kind, {})
        for label in some:
            scope, slash, name = label.partition("/") if kinds()[kind].scoped else ("", "", label)
            for words in {label, name} if slash else {label}:
                said.setdefault(words, []).append((scope if slash else None, label))
    return found


def _own(reference: Reference, by_words: Mapping[str, Mapping[str, list[tuple[str | None, str]]]]) -> list[str]:
    """The sheet's own things that a reference can mean."""
    found = [one for maker in makers(reference.to) for one in by_words.get(maker, {}).get(reference.name, ())]
    return [label for scope, label in found if scope is None or reference.scope in (None, scope)]


def _others(reference: Reference, mine: list[str], there: list[Mapping[str, Any]]) -> list[str]:
    """Those in the account that a reference can mean, and that are not the sheet's own."""
    found = []
    for thing in there:
        scopes = {thing["scope"], thing["scope_id"]} - {None}
        own = any("/" not in label or label.partition("/")[0] in scopes or not scopes for label in mine)
        if not own and (reference.scope is None or not scopes or reference.scope in scopes):
            found.append(thing["id"])
    return found


def _may_be_elsewhere(reference: Reference) -> bool:
    """A bare name of something that lies in a scope: another scope of the account may have one, too."""
    return reference.scope is None and "/" not in reference.name and any(kind in kinds() and kinds()[kind].scoped for kind in makers(reference.to))


def references(sheet: Mapping[str, Any]) -> list[Reference]:
    """Every name that an entry of the sheet gives for another thing."""
    found = []
    for name, entries in sheet.items():
        kind = kinds().get(name)
        for entry in [entries] if isinstance(entries, Mapping) else entries if kind and isinstance(entries, list) else []:
            if kind and isinstance(entry, Mapping) and entry.get("state") != "absent":
                found += _references(kind.name, kind.label(entry), kind.options, spread(kind.options, entry), "", entry)
                if ":" in str(entry.get("id", "")) and not ID.fullmatch(entry["id"]):
                    found.append(Reference(kind.name, kind.label(entry), "id", kind.name, entry["id"], hard=False, elsewhere=True))
    return found


def _parting(sheet: Mapping[str, Any]) -> list[Reference]:
    """Names of other things by which an entry says what it removes."""
    found = []
    for kind, entries in ((kinds().get(name), entries) for name, entries in sheet.items()):
        for entry in entries if kind and isinstance(entries, list) else []:
            if isinstance(entry, Mapping) and entry.get("state") == "absent":
                meant = {name: entry[name] for name in kind.identity if name in entry}
                found += _references(kind.name, kind.label(entry), kind.options, meant, "", entry)
    return found


def _references(kind: str, label: str, options: Mapping[str, Option], entry: Mapping[str, Any], path: str, whole: Mapping[str, Any]) -> Iterator[Reference]:
    for name, value in entry.items():
        option = options.get(name)
        if option is None or value is None:
            continue
        values = value
        if option.many and isinstance(value, Mapping):
            values = [thing for verb in ("add", "set") if isinstance(value.get(verb), list) for thing in value[verb]]
        for one in values if isinstance(values, list) else [values]:
            if option.options and isinstance(one, Mapping):
                yield from _references(kind, label, option.options, one, f"{path}{name}.", whole)
            elif option.ref and not isinstance(one, (list, Mapping)) and not (option.elsewhere and is_id(option.ref, str(one))):
                hard = not path and (option.required or option.fixed)
                scope = whole.get(option.within) if option.within else None
                yield Reference(kind, label, f"{path}{name}", option.ref, str(one), hard, scope if scope is None else str(scope), option.elsewhere)
            elif option.value_refs and isinstance(one, Mapping):
                yield from _references(kind, label, option.values(entry), one, f"{path}{name}.", whole)


def _close(word: str, words: Any) -> str | None:
    return next(iter(get_close_matches(str(word), list(words), 1, 0.6)), None)


def _entry(kind: Any, entry: Any) -> Iterator[Fault]:
    if not isinstance(entry, Mapping):
        yield Fault(kind.name, None, None, "not_entry", dict(value=without_secrets(Option(options=kind.options), entry)))
        return
    label = kind.label(entry)
    plain = {name: value for name, value in entry.items() if name not in ENTRY_OPTIONS}
    for option, code, facts in _values(kind.options, spread(kind.options, plain), ""):
        yield Fault(kind.name, label, option, code, facts)
    if entry.get("state", "present") not in ("present", "absent"):
        yield Fault(kind.name, label, "state", "state", dict(value=entry["state"]))
    if "id" not in entry:
        yield from (Fault(kind.name, label, name, "identity", {}) for name in kind.identity if entry.get(name) in (None, ""))
    clearable = sorted(name for name, option in kind.options.items() if option.clearable)
    try:
        for path, value in contradictions(kind.options, {**spread(kind.options, plain), "clear": entry.get("clear")}):
            yield Fault(kind.name, label, path, "contradiction", dict(value=value))
    except (AttributeError, KeyError, TypeError, ValueError):
        pass  # something inside has a wrong type or is not there, which is told above
    clear = entry.get("clear") or []
    if not isinstance(clear, list):
        yield Fault(kind.name, label, "clear", "wrong_type", dict(value=clear, limit="list"))
        return
    for path in clear:
        if not can_clear(kind.options, path):
            yield Fault(kind.name, label, "clear", "clear", dict(value=path, limit=", ".join(clearable)))
        elif entry.get(path) is not None:
            yield Fault(kind.name, label, "clear", "clear_and_set", dict(value=path))


def _values(options: Mapping[str, Option], entry: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, dict]]:
    for name, value in entry.items():
        option, here = options.get(name), f"{path}{name}"
        if option is None:
            yield here, "unknown_option", dict(value=name, close=_close(name, [*options, *(() if path else ENTRY_OPTIONS)]))
        elif value is not None:
            yield from _value(option, value, here)


def _value(option: Option, value: Any, path: str) -> Iterator[tuple[str, str, dict]]:
    if option.many and isinstance(value, Mapping) and (not value or value.keys() & {*VERBS}):
        if "set" in value and ("add" in value or "remove" in value):
            yield path, "set_and_add", {}
        for verb, things in value.items():
            if verb not in VERBS:
                yield path, "unknown_verb", dict(value=verb, limit=", ".join(VERBS))
            else:
                yield from _things(option, things, path if verb == "add" else f"{path}.{verb}")
    elif option.many or option.type == "list":
        yield from _things(option, value, path)
    else:
        yield from _one(option, option.type, value, path)


def _things(option: Option, things: Any, path: str) -> Iterator[tuple[str, str, dict]]:
    if not isinstance(things, list):
        yield path, "wrong_type", dict(value=without_secrets(option, things), limit="list")
        return
    for thing in things:
        yield from _one(option, option.elements or "raw", thing, path)
    if option.many:
        yield from ((path, "item_twice", dict(value=without_secrets(option, thing), item=thing)) for thing in _twice(option, things))


def _twice(option: Option, things: list) -> Iterator[Any]:
    """Items that are the same thing as one before: only one of them would count."""
    seen: list[Any] = []
    for thing in things:
        try:
            known = identity(option, thing)
        except (AttributeError, KeyError, TypeError, ValueError):
            continue  # it has a wrong type, which is told as such
        if known in seen:
            yield thing
        seen.append(known)


def _one(option: Option, wanted: str, value: Any, path: str) -> Iterator[tuple[str, str, dict]]:
    try:
        # A list or a dictionary in the place of a text would be accepted by Ansible and turned into one.
        if wanted in ("str", "int", "float", "bool") and isinstance(value, (list, Mapping)):
            raise TypeError
        TYPES[wanted](value)
    except (TypeError, ValueError):
        yield path, "wrong_type", dict(value=without_secrets(option, value), limit=wanted)
        return
    if option.same_each is same_text and isinstance(value, Mapping):
        wrong = {key: one for key, one in value.items() if isinstance(one, (list, Mapping))}
        yield from ((f"{path}.{key}", "wrong_type", dict(value=one, limit="str")) for key, one in wrong.items())
    if option.options:
        if isinstance(value, Mapping):
            yield from _values(option.options, value, f"{path}.")
            lacking = [name for name, inner in option.options.items() if inner.required and value.get(name) is None and option.many]
            yield from ((f"{path}.{name}", "identity", {}) for name in lacking)
        else:
            yield path, "wrong_type", dict(value=without_secrets(option, value), limit="dict")


def _duplicates(kind: Any, entries: list[Mapping[str, Any]]) -> Iterator[Fault]:
    same: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in entries:
        same[kind.apart(entry)].append(entry)
    for alike in same.values():
        gone = [entry.get("state") == "absent" for entry in alike]
        if len(gone) > 1:
            yield Fault(kind.name, kind.label(alike[-1]), None, "removed_and_made" if len(set(gone)) > 1 else "duplicate", dict(limit=len(gone)))


def _of_the_kind(kind: Any, entries: list[dict], sheet: Mapping[str, Any]) -> Iterator[Fault]:
    """What the service model refuses, and what the kind itself knows to be wrong."""
    for entry in entries:
        for fault in _shapes.faults(kind.service, kind.options, named(kind.options, spread(kind.options, entry))):
            yield Fault(kind.name, kind.label(entry), fault.path, fault.code, dict(value=fault.value, limit=fault.limit))
    if kind.faults:
        for index, option, code, facts in kind.faults(_staying(entries), {name: _staying(given) for name, given in sheet.items()}):
            other = dict(other_label=kind.label(entries[facts["other_entry"]])) if "other_entry" in facts else {}
            yield Fault(kind.name, kind.label(entries[index]), option, code, {**facts, **other})


def _staying(entries: list[dict]) -> list[dict]:
    """The entries of what shall be there, each at its place: what goes stands in nobody's way."""
    return [{} if entry.get("state") == "absent" else entry for entry in entries]


def _to_be_removed(sheet: Mapping[str, Any]) -> Iterator[Fault]:
    """References to what the same sheet removes."""
    going, own = _going(sheet), _by_words(names(sheet))
    for reference in references(sheet):
        if _label(reference) in going.get(reference.to, ()) and not _own(reference, own):
            yield Fault(reference.kind, reference.entry, reference.option, "to_be_removed", dict(value=reference.name, limit=reference.to))


def _circular(found: list[Reference]) -> Iterator[Fault]:
    """Entries that must exist before each other. Only what is needed to create a thing counts: rules may name each other."""
    waits: dict[tuple[str, str], set] = defaultdict(set)
    for reference in found:
        if reference.hard:
            waits[reference.kind, reference.entry.rpartition("/")[2]].add((reference.to, reference.name.rpartition("/")[2]))
    told: set = set()
    for start in list(waits):
        path, seen = _path_back(start, waits), set()
        if path and not told & set(path):
            told |= seen | set(path)
            yield Fault(start[0], start[1], None, "circular", dict(limit=" → ".join(f"{kind} {name}" for kind, name in path), path=path))


def _path_back(start: tuple[str, str], waits: Mapping[tuple[str, str], set]) -> list[tuple[str, str]] | None:
    """The way from an entry over what it waits for back to itself, or None."""
    ways = [[start]]
    seen = set()
    while ways:
        way = ways.pop()
        for onward in sorted(waits.get(way[-1], ())):
            if onward == start:
                return [*way, start]
            if onward not in seen:
                seen.add(onward)
                ways.append([*way, onward])
    return None
