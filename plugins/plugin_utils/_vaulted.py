# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which vaulted values an expression of the sheet has in what it means: value by value, or in a file that is encrypted as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible import context
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultHelper, is_encrypted
from ansible.template import is_trusted_as_template
from jinja2 import Environment, nodes

Way = tuple[Any, ...]  # of names and numbers, from a variable to a value in it
EVERYTHING = (("hostvars",), ("vars",))  # says nothing of which variable is meant
PARSER = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])  # those that Ansible has


def is_expression(value: Any) -> bool:
    """Whether Ansible would evaluate it."""
    return isinstance(value, str) and any(sign in value for sign in ("{{", "{%", "{#")) and is_trusted_as_template(value)


def ciphertext(value: Any) -> str | None:
    """What the file has in place of a value that is vaulted by itself."""
    return VaultHelper.get_ciphertext(value, with_tags=False)


def encrypted_variables(loader: DataLoader, variables: Mapping[str, Any]) -> set[str]:
    """The names in those files of the inventory, beside the playbook and of the command line that are encrypted as a whole."""
    folders = {variables[name] for name in ("inventory_dir", "playbook_dir") if variables.get(name)}
    files = [path for folder in folders for part in ("group_vars", "host_vars") for path in Path(folder, part).rglob("*")]
    given = [Path(loader.path_dwim(one[1:])) for one in context.CLIARGS.get("extra_vars") or () if one.startswith("@")]
    contents = (loader.load_from_file(str(path)) for path in (*files, *given) if path.is_file() and is_encrypted(path.read_bytes()))
    return {name for content in contents if isinstance(content, Mapping) for name in content}


class Vaulted:
    """The vaulted values among the variables of a host, as they were read. `whole`: the names of variables that are vaulted with all that is in them."""

    def __init__(self, variables: Mapping[str, Any], whole: Iterable[str] = ()) -> None:
        self.variables, self.whole = variables, set(whole)

    def behind(self, expression: str) -> list[Way]:
        """Where the values lie that are vaulted, or made of such, and that an expression mentions, itself or by other variables."""
        return list(dict.fromkeys(self._behind(expression, ())))

    def _behind(self, expression: str, above: tuple[Way, ...]) -> Iterator[Way]:
        for way in _mentioned(PARSER.parse(expression), self.variables):
            if way not in above:  # a variable that mentions itself
                yield from self._at(way, follow(self.variables, way), (*above, way))

    def _at(self, way: Way, value: Any, above: tuple[Way, ...]) -> Iterator[Way]:
        if is_expression(value):
            inside = list(self._behind(value, above))
            yield from (way, *inside) if inside else ()
        elif isinstance(value, Mapping):
            for name, inner in value.items():
                yield from self._at((*way, name), inner, above)
        elif isinstance(value, (list, tuple)):
            for number, inner in enumerate(value):
                yield from self._at((*way, number), inner, above)
        elif ciphertext(value) or way[0] in self.whole:
            yield way


def follow(variables: Mapping[str, Any], way: Iterable[Any]) -> Any:
    """What lies there; raises LookupError or TypeError where nothing does."""
    value: Any = variables
    for part in way:
        value = value[part]
    return value


def _mentioned(node: nodes.Node, variables: Mapping[str, Any]) -> Iterator[Way]:
    """The ways of an expression into the variables, each as far as it is written out; a text may be the name of one, as for a lookup."""
    way = (node.value,) if isinstance(node, nodes.Const) and isinstance(node.value, str) else _way(node)
    while way and not _leads(variables, way):
        way = way[:-1]
    if way and way not in EVERYTHING:
        yield way
    else:
        for inner in node.iter_child_nodes():
            yield from _mentioned(inner, variables)


def _way(node: nodes.Node) -> Way:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        return (*inner, node.attr) if (inner := _way(node.node)) else ()
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        return (*inner, node.arg.value) if (inner := _way(node.node)) else ()
    return ()


def _leads(variables: Mapping[str, Any], way: Way) -> bool:
    try:
        follow(variables, way)
    except (LookupError, TypeError):
        return False
    return True
