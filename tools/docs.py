# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the documentation of every kind equal to its declaration: `make docs`, or `make docs ARGS=--check` to only say what is stale.

People write short_description, description, the description of each option, and EXAMPLES. Types, elements, required and what all kinds
share are written by this script, so no list of options is written twice by hand.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
# This one makes the checkout importable as msp.aws.
import tests.conftest  # noqa: E402,F401  pylint: disable=unused-import,wrong-import-position
from ansible_collections.msp.aws.plugins.module_utils._client import Aws  # noqa: E402  pylint: disable=wrong-import-position
from ansible_collections.msp.aws.plugins.module_utils._mackerel import Mackerel  # noqa: E402  pylint: disable=wrong-import-position
from ansible_collections.msp.aws.plugins.module_utils._names import makers  # noqa: E402  pylint: disable=wrong-import-position
from ansible_collections.msp.aws.plugins.module_utils._options import VERBS, Option  # noqa: E402  pylint: disable=wrong-import-position
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds  # noqa: E402  pylint: disable=wrong-import-position

HEAD = """# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
FRAGMENTS = {
    Aws: ["amazon.aws.common.modules", "amazon.aws.region.modules", "amazon.aws.boto3", "msp.aws.kinds", "msp.aws.kinds.account"],
    Mackerel: ["msp.aws.mackerel", "msp.aws.kinds"],
}
STATE = "V(absent) removes this one, after a confirmation in O(confirm)."
CLEAR = "Options whose value is to be taken away, because leaving one out leaves it alone. C(tags.KEY) takes away one tag."
ID = "The id, when the name alone does not say which one is meant, or to give another name to what exists."
VERB = dict(
    add="These shall be there; what else is there stays. A plain list in the place of the dictionary means the same.",
    remove="These shall not be there.",
    set="Exactly these shall be there. Takes away what it does not name.",
)
RETURN = yaml.safe_load(
    """
entries:
  description: What was done, or in check mode would be done, for each entry in the order given.
  returned: when O(state=present)
  type: list
  elements: dict
  contains:
    entry: {description: The identity of the entry as the sheet writes it., returned: always, type: str}
    action: {description: 'One of created, updated, deleted, unchanged and failed.', returned: always, type: str}
    changed: {description: The options that changed., returned: always, type: list, elements: str}
    id: {description: The id of the thing., returned: when it exists, type: str}
    confirm: {description: 'Why this needs a confirmation of its own, which this run lacks.', returned: in check mode, type: str}
    reason: {description: What went wrong and what to do., returned: when it failed, type: str}
    awaited: {description: What AWS is still at work on., returned: 'when it goes on, and was not waited for', type: str}
awaited:
  description: The entries that AWS is still at work on.
  returned: when there are some
  type: list
  elements: str
gathered:
  description: What is there, in the form of the entries.
  returned: when O(state=gathered)
  type: list
  elements: dict
calls:
  description: The calls that were made.
  returned: always
  type: dict
  contains:
    reads: {description: How many reading calls there were., returned: always, type: int}
    writes:
      description: Every writing call with its entry and AWS's request id, and with the code where AWS refused it.
      returned: always
      type: list
      elements: dict
"""
)


class Dumper(yaml.SafeDumper):
    """Block style, long lines kept, text with line breaks as literals."""

    def ignore_aliases(self, data: object) -> bool:
        return True


Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None))


def option_docs(name: str, option: Option, old: dict, inside: bool = False) -> dict:
    docs = dict(description=_description(name, option, old), type="dict" if option.many else option.type)
    if option.many:
        inner = old.get("suboptions", {}).get("add", {}).get("suboptions", old.get("suboptions", {}))
        docs["suboptions"] = {verb: _things(option, VERB[verb], inner) for verb in VERBS}
        return docs
    if option.elements:
        docs["elements"] = option.elements
    if inside and option.required:
        docs["required"] = True
    if option.options:
        docs["suboptions"] = {inner: option_docs(inner, o, old.get("suboptions", {}).get(inner, {}), True) for inner, o in option.options.items()}
    return docs


def _things(option: Option, description: str, inner: dict) -> dict:
    docs = dict(description=[description], type="list", elements=option.elements)
    if option.options:
        docs["suboptions"] = {name: option_docs(name, o, inner.get(name, {}), True) for name, o in option.options.items()}
    return docs


def _description(name: str, option: Option, old: dict) -> list[str]:
    text = old.get("description", [])
    lines = [line for line in ([text] if isinstance(text, str) else text) if not line.startswith(("Needed to create", "Cannot change after", "A name, an id"))]
    if name == "tags" and not lines:
        lines = ["Tags. Only the keys named here are written; all others stay."]
    if option.ref:
        made = [f"M(msp.aws.{kind})" for kind in makers(option.ref) if kind in kinds()]
        lines.append(f"A name, an id, or scope/name of {', '.join(made)}." if made else "A name, an id.")
    if option.value_refs:
        named = ", ".join(f"V({key}) of M(msp.aws.{kind})" for key, kind in option.value_refs.items())
        lines.append(f"A name, an id, or scope/name as the value of {named}.")
    if option.required:
        lines.append("Needed to create it.")
    if option.fixed:
        lines.append("Cannot change after creation; a plan that would need it fails.")
    return lines


def document(kind) -> str:
    path = ROOT / "plugins" / "modules" / f"{kind.name}.yml"
    old = yaml.safe_load(path.read_text(encoding="utf-8"))
    docs = old["DOCUMENTATION"]
    top = docs.get("options", {}).get(kind.things, {})
    before = top.get("suboptions", {})
    sub = {name: option_docs(name, option, before.get(name, {})) for name, option in kind.options.items()}
    sub["state"] = dict(description=[STATE], type="str", choices=["present", "absent"], default="present")
    sub["clear"] = dict(description=[CLEAR], type="list", elements="str")
    if not kind.single:
        sub["id"] = dict(description=[ID], type="str")
    entries = dict(description=top.get("description", [f"The {kind.things.replace('_', ' ')} as the sheet names them."]))
    entries.update(dict(type="dict") if kind.single else dict(type="list", elements="dict"), suboptions=sub)
    fresh = dict(
        module=kind.name,
        short_description=docs["short_description"],
        version_added=docs.get("version_added", "1.0.0"),
        description=docs["description"],
        author=["msp.aws contributors (@msp-aws)"],
        extends_documentation_fragment=FRAGMENTS[kind.door],
        options={kind.things: entries},
    )
    data = dict(DOCUMENTATION=fresh, EXAMPLES=old["EXAMPLES"], RETURN=RETURN)
    return HEAD + "---\n" + yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=150)


def undescribed(path: str, options: dict) -> list[str]:
    missing = []
    for name, option in options.items():
        if not option["description"]:
            missing.append(f"{path}.{name}")
        missing += undescribed(f"{path}.{name}", option.get("suboptions", {}))
    return missing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when something is stale")
    parser.add_argument("kinds", nargs="*", help="only these")
    arguments = parser.parse_args()
    faults, written = [], []
    for kind in kinds().values():
        if arguments.kinds and kind.name not in arguments.kinds:
            continue
        path = ROOT / "plugins" / "modules" / f"{kind.name}.yml"
        fresh = document(kind)
        said = yaml.safe_load(fresh)
        faults += [f"{path.name}: {name} has no description" for name in undescribed(kind.name, said["DOCUMENTATION"]["options"])]
        if said != yaml.safe_load(path.read_text(encoding="utf-8")):  # what says the same may be wrapped by hand, where a long word makes a line too long
            if arguments.check:
                faults.append(f"{path.name} is stale: make docs")
            else:
                path.write_text(fresh, encoding="utf-8")
                written.append(f"{path.name} is written anew")
    print("\n".join(faults + written) or "all documentation is equal to the kinds")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
