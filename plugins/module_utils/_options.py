# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a kind declares its options, and what follows from a declaration: the argument spec, what is compared, what differs.

Private to the collection. An entry is in *sheet form*: the customer's names and AWS's own words in snake_case, never ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

VERBS = ("add", "remove", "set")


class Problem(Exception):
    """Something about one entry that an engineer has to mend; the message says what was found and what to do."""


USERINFO = re.compile(r"(?<=://)[^/?#\s]*@")


def masked(text: str) -> str:
    """A text in which a URL may carry a password, as it may be shown."""
    return USERINFO.sub("********@", text)


class Unknown(str):
    """The name of a thing that the same run will make: its id is known after apply."""


class Unmade(Unknown):
    """The name of a thing that the same task will make and has not made yet."""


def scopes(wanted: Iterable[Mapping[str, Any]] | None, option: str, of_id: Callable[[str], str], every: Callable[[], set[str]]) -> set[str]:
    """What entries lie in, where AWS lists only what is in one at a time: by the option that names it, or by their ids; every() where nobody asks for some."""
    named = {entry[option] for entry in wanted or () if "id" not in entry and not isinstance(entry[option], Unknown)}
    pinned = {of_id(entry["id"]) for entry in wanted or () if "id" in entry}
    if wanted is not None and not pinned:
        return named
    there = every()
    return there if wanted is None else named | (pinned & there)  # one that is gone has taken along what an id means


def camel(option: str) -> str:
    """A name as most APIs of AWS spell it: min_size → MinSize."""
    return "".join(part.capitalize() for part in option.split("_"))


HIDDEN = "********"  # stands for a secret that is there: what `gathered` shows


def hidden(value: Any) -> Any:
    """A secret as it is shown: that it is there; of a free dictionary also its keys."""
    return dict.fromkeys(value, HIDDEN) if isinstance(value, Mapping) else None if value is None else HIDDEN


class Delta(NamedTuple):
    """What happens to a list of independent things. `change` holds pairs (as it is, as it shall be).

    `unnamed` are those of `remove` that no word of the sheet names: they go because of `set`.
    """

    add: list
    change: list
    remove: list
    unnamed: list = []

    @property
    def coming(self) -> list:
        """As they shall be: the new ones, and those that change."""
        return [*self.add, *(new for dummy, new in self.change)]


@dataclass(frozen=True)
class Option:
    """One option of a kind, or of the items in one of its lists.

    many       independent things: the sheet says {add, remove, set}, a plain list means add
    key        of many dicts: what makes two items the same thing; the other fields of an item can change
    one_of     of many dicts: fields of which an item has one, such as a route's target; naming one takes the others away
    alternatives  of dicts: groups of alternatives that exclude one another, each an option that decides and those that go with it
    spelt      of dicts: an item, or the whole, as AWS writes it, where a sheet may spell it in several ways
    required   needed to create the thing (in an item of a list: always)
    fixed      cannot change after creation
    remedy     of what is fixed: what to do instead of making a new thing
    clearable  the value can be taken away with `clear`
    ref        the kind whose name the value is; the kind's functions see the id
    listed     its value is one of what this line of LOOKUPS lists, which no kind makes: a sheet is held against it before the first write
    within     the option of the same entry that narrows the reference, such as the VPC of a security group
    elsewhere  the thing may be in another account or Region, where only its id can name it
    regional   of what may be elsewhere: in another account, but not in another Region
    value_refs of a free dictionary: key → the kind whose name the value is; where value_refs_in does not deny it of the dictionary it stands in
    conceals   is no secret, and of it one is made: what stands in its place by mistake may be the secret itself, and no error shows it
    texts      of a free dictionary: its values are texts, so that a truth value was meant as the word that it is
    write_only cannot be read back: used on creation, never compared
    parting    says how the thing goes (write_only): `danger` and `delete` find in have["_parting"] what an entry with `state: absent` says of it
    blank      an empty text is a value like any other
    api        "Operation.Member.Member" in the service model, for its choices and limits; of a free dictionary that is a list of pairs there, for theirs
    choices    what is possible where the service model does not say it
    limits     min and max (of a text its length) and pattern, where no service model says it;
               example of what a pattern means that cannot be put into words
    wrong      wrong(value): why it cannot be, as a code of _shapes.TEXTS and a limit, or None; for what neither model nor pattern can say
    flaws      of a free dictionary: flaws(value) -> (where in it, what was found, a code of _shapes.TEXTS, a limit) of all that cannot be
    reserved   of a free dictionary: keys that another option writes, each with that option's name
    same       compares two values that may be spelt differently
    same_each  the same for the values of a free dictionary
    """

    type: str = "str"
    elements: str | None = None
    options: Mapping[str, Option] | None = None
    many: bool = False
    key: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    alternatives: tuple[tuple[tuple[str, ...], ...], ...] = ()
    spelt: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    required: bool = False
    fixed: bool = False
    remedy: str = ""
    clearable: bool = False
    ref: str | None = None
    listed: str | None = None
    within: str | None = None
    elsewhere: bool = False
    regional: bool = False
    value_refs: Mapping[str, str] | None = None
    value_refs_in: Callable[[Mapping[str, Any]], bool] | None = None
    texts: bool = False
    secret: bool = False
    conceals: bool = False
    write_only: bool = False
    parting: bool = False
    blank: bool = False
    api: str | None = None
    choices: tuple[Any, ...] = ()
    limits: Mapping[str, Any] | None = None
    wrong: Callable[[Any], tuple[str, Any] | None] | None = None
    flaws: Callable[[Mapping[str, Any]], Iterable[tuple[str, Any, str, Any]]] | None = None
    reserved: Mapping[str, str] | None = None
    same: Callable[[Any, Any], bool] | None = None
    same_each: Callable[[Any, Any], bool] | None = None

    @property
    def merges(self) -> bool:
        """A free dictionary, such as tags: named keys only, ever."""
        return self.type == "dict" and self.options is None and self.same is None

    def values(self, entry: Mapping[str, Any] | None) -> Mapping[str, Option]:
        """What the values of a free dictionary are that are names of other things, key by key; `entry` is the dictionary it stands in."""
        if not self.value_refs or (self.value_refs_in and not self.value_refs_in(entry or {})):
            return {}
        return {key: ref(kind, elsewhere=self.elsewhere) for key, kind in self.value_refs.items()}


def ref(kind: str, **facts: Any) -> Option:
    return Option(ref=kind, **facts)


def refs(kind: str, **facts: Any) -> Option:
    return Option("list", "str", many=True, ref=kind, **facts)


def fixed(type: str = "str", **facts: Any) -> Option:  # pylint: disable=redefined-builtin
    return Option(type, fixed=True, **facts)


def items(key: tuple[str, ...], options: Mapping[str, Option], **facts: Any) -> Option:
    """A list of independent dictionaries, such as rules or routes."""
    return Option("list", "dict", options=options, many=True, key=key, **facts)


def same_text(wanted: Any, has: Any) -> bool:
    return str(wanted) == str(has)


def tags(**facts: Any) -> Option:
    """Tags. AWS keeps their values as text, so a number in a sheet means its digits."""
    return Option("dict", clearable=True, same_each=same_text, texts=True, **facts)


# ---- the argument spec


def argument_spec(option: Option, inside: bool = False) -> dict[str, Any]:
    """What Ansible checks; everything else about an option is the engine's."""
    if option.many:
        things = dict(type="list", elements=option.elements)
        if option.options:
            things["options"] = {name: argument_spec(inner, inside=True) for name, inner in option.options.items()}
        return dict(type="dict", options={verb: dict(things) for verb in VERBS}, mutually_exclusive=[("add", "set"), ("remove", "set")])
    spec: dict[str, Any] = dict(type=option.type)
    if option.elements:
        spec["elements"] = option.elements
    if option.options:
        spec["options"] = {name: argument_spec(inner, inside=True) for name, inner in option.options.items()}
    if inside and option.required:
        spec["required"] = True
    spec["no_log"] = option.secret
    return spec


def spread(options: Mapping[str, Option], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with every plain list of independent things spelt out: a list means add."""
    verbs = {name: dict(add=entry[name]) for name, option in options.items() if option.many and isinstance(entry.get(name), list)}
    return {**entry, **verbs}


def named(options: Mapping[str, Option], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry without what was not named. Absent means untouched, at every depth."""
    return {name: _named(options[name], value) for name, value in entry.items() if name in options and value is not None}


def _named(option: Option, value: Any) -> Any:
    if option.many:
        given = {verb: things for verb, things in value.items() if things is not None}
        return {verb: [named(option.options, item) for item in things] for verb, things in given.items()} if option.options else given
    if option.options and isinstance(value, list):
        # Such a list is one thing, written whole: in it an empty text is the same as none.
        items = [named(option.options, item) for item in value]
        return [{name: inner for name, inner in item.items() if inner != "" or option.options[name].blank} for item in items]
    if option.options:
        return named(option.options, value)
    if option.type == "dict" and isinstance(value, Mapping):
        return {key: inner for key, inner in value.items() if inner is not None}
    return value


def to_make(want: Mapping[str, Any], option: str) -> list:
    """What a list of something new holds: with nothing there yet, add and set mean the same."""
    verbs = want.get(option) or {}
    return verbs.get("add") or verbs.get("set") or []


def emptied(options: Mapping[str, Option], entry: Mapping[str, Any]) -> list[str]:
    """Options that the entry names with an empty text, which says nothing."""
    return [name for name, value in entry.items() if value == "" and name in options and not options[name].blank]


def declared(options: Mapping[str, Option], thing: Mapping[str, Any], inside: bool = False) -> dict[str, Any]:
    """The thing without what is no option, and without the empty fields of what lies inside it."""
    return {name: _declared(options[name], value) for name, value in thing.items() if name in options and not (inside and value is None)}


def _declared(option: Option, value: Any) -> Any:
    if option.options and isinstance(value, list) and not isinstance(value, Delta):
        return [declared(option.options, item, inside=True) for item in value]
    return declared(option.options, value, inside=True) if option.options and isinstance(value, dict) else value


def clearable(options: Mapping[str, Option], path: str) -> bool:
    """Whether `clear` may name this: an option, or one key of a dictionary."""
    name, dot, dummy = str(path).partition(".")
    return name in options and options[name].clearable and (not dot or options[name].type == "dict")


def contradictions(options: Mapping[str, Option], entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What an entry wants there and away at once; each run would undo what the one before did."""
    for name, option in options.items():
        value = entry.get(name)
        if option.many and isinstance(value, Mapping):
            away = [identity(option, item) for item in value.get("remove") or []]
            yield from ((name, without_secrets(option, item)) for item in value.get("add") or [] if identity(option, item) in away)
        elif option.merges and isinstance(value, Mapping):
            yield from ((name, key) for key, inner in value.items() if inner is not None and f"{name}.{key}" in (entry.get("clear") or ()))


def without_secrets(option: Option, value: Any) -> Any:
    """A value as an error may tell it, also one of a wrong shape: whatever in it is called as a secret is one, and what has no name may be one."""
    if option.secret or option.conceals:
        return HIDDEN
    secret = set(secrets(option.options or {}))

    def told(one: Any, named: bool = False) -> Any:
        if isinstance(one, Mapping):
            return {name: HIDDEN if name in secret else told(inner, named=True) for name, inner in one.items()}
        if isinstance(one, list):
            return [told(inner, named) for inner in one]
        return HIDDEN if secret and not named and one is not None else one

    return told(value)


def secrets(options: Mapping[str, Option]) -> Iterator[str]:
    """The names of all that is secret or may be one by mistake, at every depth."""
    for name, option in options.items():
        yield from [name] if option.secret or option.conceals else secrets(option.options or {})


def transform(option: Option, value: Any, change: Callable[[Option, Any, Any], Any], entry: Any = None) -> Any:
    """The value with `change(option, leaf, the dictionary it stands in)` done to every leaf."""
    if isinstance(value, Delta):
        return value
    if option.many and isinstance(value, dict):
        return {verb: transform(option, things, change, entry) for verb, things in value.items()}
    if option.options and isinstance(value, list):
        return [transform_all(option.options, item, change) for item in value]
    if option.options and isinstance(value, dict):
        return transform_all(option.options, value, change)
    if option.value_refs and isinstance(value, dict):
        inner = option.values(entry)
        return {key: change(inner[key], one, value) if key in inner else one for key, one in value.items()}
    if isinstance(value, list) and option.elements != "dict":
        return [change(option, item, entry) for item in value]
    return change(option, value, entry)


def transform_all(options: Mapping[str, Option], entry: Mapping[str, Any], change: Callable[[Option, Any, Any], Any]) -> dict[str, Any]:
    return {name: transform(options[name], value, change, entry) if name in options else value for name, value in entry.items()}


def unknowns(value: Any) -> Iterator[Unknown]:
    """Everything in a value that is known only after apply."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from unknowns(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from unknowns(inner)


def unmade(value: Any) -> Iterator[Unknown]:
    """Everything in a value that this task has still to make, or has to have made in a plan."""
    return (one for one in unknowns(value) if isinstance(one, Unmade))


# ---- what differs


def differences(options: Mapping[str, Option], want: Mapping[str, Any], have: Mapping[str, Any]) -> dict[str, Any]:
    """What the entry names and what is not so: option → new value (of a list of things a Delta, of a dictionary only what differs)."""
    found = {}
    for name, value in want.items():
        option = options[name]
        if not option.write_only:
            change = _difference(option, value, have.get(name))
            if change is not None:
                found[name] = change
    return found


def _difference(option: Option, value: Any, have: Any) -> Any:
    if option.many:
        delta = _delta(option, value, have or [])
        return delta if any(delta) else None
    if option.merges:
        each = replace(option, same=option.same_each)
        return {key: new for key, new in value.items() if not equal(each, new, (have or {}).get(key))} or None
    if option.options and isinstance(value, dict):
        inner = differences(option.options, value, have or {})
        after = instead({**(have or {}), **value}, have or {}, *option.alternatives)
        return (option.spelt(after) if option.spelt else after) if inner else None
    return None if equal(option, value, have) else value


def equal(option: Option, one: Any, other: Any) -> bool:
    """An empty text is none: AWS answers nothing where somebody wrote one."""
    if not option.blank:
        one, other = (None if value == "" else value for value in (one, other))
    if option.same and one is not None and other is not None:
        return option.same(one, other)
    return one == other


def same_secret(wanted: Any, has: Any) -> bool:
    """A sheet that was read from the account has stars in the place of a secret, which say nothing."""
    return HIDDEN in (wanted, has) or wanted == has


def instead(wanted: Mapping[str, Any], have: Mapping[str, Any], *groups: tuple[tuple[str, ...], ...]) -> dict[str, Any]:
    """Of alternatives that exclude one another the new one stays, and those that were there before go.

    An alternative is an option that decides, and the options that go with it.
    """
    after = dict(wanted)
    for group in groups:
        fresh = [one for one in group if wanted.get(one[0]) is not None and wanted[one[0]] != have.get(one[0])]
        for other in group if fresh else ():
            if other not in fresh:
                after.update(dict.fromkeys(other))
    return after


def _delta(option: Option, verbs: Mapping[str, list], have: list) -> Delta:
    present = {identity(option, item): item for item in have}
    wanted = {identity(option, item): option.spelt(item) if option.spelt else item for item in verbs.get("add") or verbs.get("set") or []}
    if "set" in verbs:
        gone = [key for key in present if key not in wanted]
    else:
        gone = [key for key in (identity(option, item) for item in verbs.get("remove") or []) if key in present]
    change = []
    if option.options:
        for key in wanted.keys() & present.keys():
            if differences(option.options, wanted[key], present[key]):
                displaced = dict.fromkeys(option.one_of) if set(option.one_of) & wanted[key].keys() else {}
                after = instead({**present[key], **displaced, **wanted[key]}, present[key], *option.alternatives)
                change.append((present[key], option.spelt(after) if option.spelt else after))
    add = [item for key, item in wanted.items() if key not in present]
    remove = [present[key] for key in gone]
    return Delta(add, sorted(change, key=repr), remove, remove if "set" in verbs else [])


def identity(option: Option, item: Any) -> Any:
    spelt = option.spelt(item) if option.spelt else item
    return tuple(spelt.get(name) for name in option.key) if option.options else item


def merged(options: Mapping[str, Option], have: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The thing as it will be when the change is done."""
    after = dict(have)
    for name, new in change.items():
        option = options[name]
        if isinstance(new, Delta):
            gone = {repr(identity(option, item)) for item in [*new.remove, *(old for old, dummy in new.change)]}
            kept = [item for item in have.get(name) or [] if repr(identity(option, item)) not in gone]
            after[name] = kept + [item for dummy, item in new.change] + list(new.add)
        elif option.merges and isinstance(new, dict):
            both = {**(have.get(name) or {}), **new}
            after[name] = {key: value for key, value in both.items() if value is not None}
        else:
            after[name] = new
    return after
