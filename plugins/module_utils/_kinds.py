# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kind is: a declaration and a few small functions, and the Ansible module that follows from it. No word of any service.

Private to the collection. The engine calls a kind's functions so:

    find(aws, wanted) -> [have]       things in sheet form with ids in their references, plus "id"; all of them when wanted is None
    read(aws, have, names) -> {...}   options of one thing that cost a call each, only the names asked for (optional)
    create(aws, want) -> have         in the form of find; what it did not set yet goes to update right afterwards
    update(aws, have, change)         change holds only what was named and differs; lists of things come as Delta, None means take away. Returns what it began
                                      and goes on by itself, if anything
    delete(aws, have)
    look(aws, ids) -> [have]          those with these ids, in whatever state: of kinds that AWS goes on making after the call (optional)

What a `have` holds beside the options is the kind's own; nobody is shown it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import Aws, Door, DoorModule
from ansible_collections.msp.aws.plugins.module_utils._options import Option, argument_spec, hidden, masked, spread, transform_all

LEAST_BLOTTED = 8


@dataclass(frozen=True)
class Kind:
    """One type of thing: what can be said about it and how to find, make, change and remove it.

    identity  the options that say which thing is meant; () when there is exactly one per account and Region
    named_by  the option by whose value others refer to it, where that is not its identity
    needs_one groups of options of which creation needs one, such as the two forms of a zone; what it needs all the same is required
    danger    danger(have, change) -> why this change needs a confirmation of its own, or None; without a change it is asked about a deletion,
              which always needs one, and tells what else would go
    refuse    refuse(want, have, change) raises Problem for what the API would only refuse half-way
    foresee   foresee(aws, want) raises Problem for a value with which it cannot be created; asked in the plan, whatever else is still to be made
    holders   holders(aws, haves) -> Holder of whatever keeps one of these from being deleted, with few calls for all of them; asked before the first
              deletion, and in the plan
    faults    faults(entries, sheet) -> [(index, option, message)]: what is wrong in the sheet alone (controller side)
    not_yet   patterns of errors which mean that something just made is not visible everywhere yet
    caseless  AWS refuses a name that differs from an existing one only in case
    seconds   how long a thing of this kind may take at most. What goes on is in have["_moving"] of `find` and `look`, empty when it is done,
              and in have["_failed"] why it came to nothing
    service   boto3's name of the service, where it has a hyphen: otherwise it is how the kind's name begins
    door      through which it is reached
    asked_by  the kinds with which another contract of the run asks for what an entry of this one accepts
    joined    what stands between the parts of its identity: others refer to it by the whole where it is not /
    """

    name: str
    identity: tuple[str, ...]
    options: Mapping[str, Option]
    find: Callable[[Door, list | None], Iterable[dict]]
    create: Callable[[Door, dict], dict]
    update: Callable[[Door, dict, dict], str | None]
    delete: Callable[[Door, dict], None]
    read: Callable[[Door, dict, list[str]], dict] | None = None
    look: Callable[[Door, list[str]], Iterable[dict]] | None = None
    danger: Callable[[dict, dict], str | None] | None = None
    refuse: Callable[[dict, dict, dict], None] | None = None
    foresee: Callable[[Door, dict], None] | None = None
    holders: Callable[[Door, list[dict]], Iterable[Any]] | None = None
    faults: Callable[[list, Mapping], Iterable[tuple]] | None = None
    not_yet: tuple[str, ...] = ()
    caseless: bool = False
    seconds: int = 600
    service: str = ""
    door: type[Door] = Aws
    joined: str = "/"
    named_by: str = ""
    needs_one: tuple[tuple[str, ...], ...] = ()
    asked_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.service:
            object.__setattr__(self, "service", self.name.partition("_")[0])

    @property
    def things(self) -> str:
        """The module's option that takes the entries."""
        return self.name.partition("_")[2]

    @property
    def single(self) -> bool:
        return not self.identity

    def label(self, entry: Mapping[str, Any]) -> str:
        """How people are told of an entry: its id where that is named, else its identity as the sheet writes it."""
        return masked(str(entry.get("id") or self.joined.join(str(entry[name]) for name in self.identity if entry.get(name)) or self.things))

    def apart(self, entry: Mapping[str, Any]) -> str:
        """What tells entries apart as AWS does it, which may not look at the case of a name."""
        label = self.label(entry)
        name = str(entry.get(self.identity[-1], "")) if self.caseless and "id" not in entry else ""
        return label.removesuffix(name) + name.lower()

    def called(self, entry: Mapping[str, Any]) -> str:
        """How others refer to an entry; nothing where it does not say enough for that."""
        parts = [entry.get(name) for name in ([self.named_by] if self.named_by else self.identity)]
        return "" if None in parts else masked(self.joined.join(map(str, parts)))

    @property
    def scoped(self) -> bool:
        """Whether it is called scope/name."""
        return len(self.identity) > 1 and not self.named_by

    def lacking(self, thing: Mapping[str, Any]) -> list[tuple[str, ...]]:
        """What its creation needs and it does not name; any one of each group will do."""
        needed = [*((name,) for name, option in self.options.items() if option.required), *self.needs_one]
        return [group for group in needed if all(thing.get(name) is None for name in group)]

    def key(self, thing: Mapping[str, Any]) -> tuple:
        """The values of the identity."""
        return tuple(thing.get(name) for name in self.identity)

    def argument_spec(self) -> dict[str, Any]:
        entry = {name: argument_spec(option) for name, option in self.options.items()}
        entry["state"] = dict(type="str", choices=["present", "absent"], default="present")
        entry["clear"] = dict(type="list", elements="str")
        if not self.single:
            entry["id"] = dict(type="str")
        shape = dict(type="dict", options=entry) if self.single else dict(type="list", elements="dict", options=entry)
        shape["no_log"] = False  # what is secret is said option by option; Ansible would guess from the name
        return {
            self.things: shape,
            "state": dict(type="str", choices=["present", "gathered"], default="present"),
            self.door.owner: dict(type="str"),
            "sheet_names": dict(type="dict", default={}),
            "neighbours": dict(type="dict", default={}),
            "touched": dict(type="dict", default={}),
            "confirm": dict(type="list", elements="str", default=[]),
            "wait": dict(type="bool", default=True),
        }


class Module(DoorModule):
    """Lets a plain list stand for {add: list}, which Ansible's own check of a dictionary would refuse."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        super().__init__(kind.door, kind.argument_spec())
        # Ansible blots out a secret wherever its letters stand, and one that is as short as a word would be taken out of names and ids:
        # such a one is hidden only where it stands as itself.
        self.no_log_values = {value for value in self.no_log_values if len(value) >= LEAST_BLOTTED}

    def _load_params(self) -> None:
        super()._load_params()
        entries = self.params.get(self._kind.things)
        if isinstance(entries, list):
            self.params[self._kind.things] = [spread(self._kind.options, entry) if isinstance(entry, dict) else entry for entry in entries]
        elif isinstance(entries, dict):
            self.params[self._kind.things] = spread(self._kind.options, entries)

    def _asked(self) -> dict[str, Any]:
        given = self.params.get(self._kind.things)
        if isinstance(given, list):
            told: Any = [transform_all(self._kind.options, entry, _without_secret) if isinstance(entry, dict) else entry for entry in given]
        else:
            told = transform_all(self._kind.options, given, _without_secret) if isinstance(given, dict) else given
        return {**super()._asked(), self._kind.things: told}


def _without_secret(option: Option, value: Any, dummy: Any) -> Any:
    return hidden(value) if option.secret else value
