# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/iam: for each kind the IAM policy that allows exactly the calls it makes, seen by the double and standing in its code (`make iam`).

The laws hold these files against what the kinds do; run this after a kind's calls have changed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from _pytest.monkeypatch import MonkeyPatch  # noqa: E402  pylint: disable=wrong-import-position

# This one makes the checkout importable as msp.aws.
import tests.conftest  # noqa: E402,F401  pylint: disable=unused-import,wrong-import-position
from ansible_collections.msp.aws.plugins.plugin_utils._operations import operations  # noqa: E402  pylint: disable=wrong-import-position
from tests.doubles.aws import AwsDouble  # noqa: E402  pylint: disable=wrong-import-position
from tests.laws.operations import OPERATIONS, Desk  # noqa: E402  pylint: disable=wrong-import-position
from tests.laws.privileges import (  # noqa: E402  pylint: disable=wrong-import-position
    POLICIES,
    actions,
    calls_in_code,
    calls_in_operation,
    calls_of,
    document,
    is_read,
    of_options,
    to_look,
    with_policy,
)
from tests.laws.stage import KINDS, Stage, hasten  # noqa: E402  pylint: disable=wrong-import-position

README = """# Least privileges

One policy per kind, which allows exactly the calls that the kind makes: to read, plan, make, change and remove.
Written by `make iam` from the calls that stand in the code and that the AWS double saw, and held against them by the laws (`make laws`).
Join those of the kinds that a contract's sheet uses; `Resource` is left wide, because a sheet makes things that do not exist yet:
narrow it by the customer's naming where that is agreed. A role for plans alone needs only the actions that read.
`operations/` has one policy for each operation on request.
With a KMS key of the customer's, an option needs more than its call: `catalog/iam_actions.yml` says which, and the key's own policy must allow it too.

| kind | actions | of which write |
|---|---:|---:|
"""


def write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


def write_operations(desk: Desk) -> None:
    """For each operation what it needs, whatever its parameters say."""
    folder = POLICIES / "operations"
    folder.mkdir(exist_ok=True)
    for operation in operations():
        if not sys.argv[1:] or operation in sys.argv[1:]:
            seen = desk.open(operation).calls_of(operation) if operation in OPERATIONS else set()
            needed = actions(seen | calls_in_operation(operation))
            write(folder / f"{operation}.json", json.dumps(document(needed), indent=2) + "\n")
    for stale in set(folder.glob("*.json")) - {folder / f"{operation}.json" for operation in operations()}:
        stale.unlink()


def main() -> int:
    POLICIES.mkdir(parents=True, exist_ok=True)
    hasten(MonkeyPatch())
    rows = []
    with AwsDouble() as double:
        stage = Stage(double)
        for kind in with_policy(KINDS):
            if sys.argv[1:] and kind not in sys.argv[1:]:
                continue
            stage.prepare(kind)
            needed = sorted({*actions(calls_of(stage, kind) | calls_in_code(kind)), *of_options(kind)})
            write(POLICIES / f"{kind}.json", json.dumps(document(needed), indent=2) + "\n")
            writing = [action for action in needed if not is_read(action)]
            rows.append(f"| [{kind}]({kind}.json) | {len(needed)} | {len(writing)} |")
        write_operations(Desk(stage))
    looking = to_look(with_policy(KINDS))
    write(POLICIES / "account_info.json", json.dumps(document(looking), indent=2) + "\n")
    rows.append(f"| [account_info](account_info.json), for `as_built`, `drift` and `adopt` | {len(looking)} | 0 |")
    if not sys.argv[1:]:
        for stale in set(POLICIES.glob("*.json")) - {POLICIES / f"{kind}.json" for kind in [*with_policy(KINDS), "account_info"]}:
            stale.unlink()
        write(POLICIES / "README.md", README + "\n".join(rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
