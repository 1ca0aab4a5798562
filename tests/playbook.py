# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-playbook as a user would, and fail on every warning that no one has given a reason for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

_WARNING = re.compile(r"^\[(?:DEPRECATION )?WARNING\]: ")
_RECAP = re.compile(r"^(?P<host>\S+)\s*:\s+(?P<counts>(?:\w+=\d+\s*)+)$", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """What a run left: exit status, both outputs, the warnings, and the recap as {host: {"changed": 1, …}}."""

    rc: int
    stdout: str
    stderr: str
    warnings: tuple[str, ...]
    recap: Mapping[str, Mapping[str, int]]

    @property
    def changed(self) -> int:
        return sum(counts["changed"] for counts in self.recap.values())

    @property
    def output(self) -> str:
        return f"{self.stdout}\n{self.stderr}"


class PlaybookError(AssertionError):
    """The run failed, or warned; the message carries its output."""


def warnings_in(text: str) -> tuple[str, ...]:
    """Every [WARNING] and [DEPRECATION WARNING] of a run, each unfolded into one line."""
    found: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        if _WARNING.match(line):
            found.append([])
            inside = True
        inside = inside and bool(line.strip())
        if inside:
            found[-1].append(line.strip())
    unfolded = (" ".join(lines) for lines in found)
    return tuple(warning for warning in unfolded if "Deprecation warnings can be disabled" not in warning)    # only ever comes with a real one


def run_playbook(
    args: Iterable[str | Path],
    env: Mapping[str, str] | None = None,
    *,
    allow: Mapping[str, str] | None = None,
    rc: int | None = 0,
    timeout: float = 600,
) -> Result:
    """Run ansible-playbook with `args` from the root of the checkout, with `env` on top of the environment.

    `allow` maps a regular expression for a warning to the reason why it may be there. `rc` is the expected exit status, None for any.
    """
    environment = dict(os.environ)
    environment.update(
        ANSIBLE_CONFIG=str(ROOT / "ansible.cfg"),
        ANSIBLE_DEPRECATION_WARNINGS="1",
        ANSIBLE_FORCE_COLOR="0",
        ANSIBLE_NOCOLOR="1",
        PATH=f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    )
    environment.setdefault("ANSIBLE_HOME", str(ROOT / ".build" / "ansible"))
    environment.update(env or {})
    command = [str(BIN / "ansible-playbook"), *map(str, args)]
    run = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout, check=False)

    result = Result(
        rc=run.returncode,
        stdout=run.stdout,
        stderr=run.stderr,
        warnings=warnings_in(run.stdout) + warnings_in(run.stderr),
        recap={match["host"]: {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", match["counts"])} for match in _RECAP.finditer(run.stdout)},
    )
    faults = [f"unexpected {warning}" for warning in result.warnings if not any(re.search(pattern, warning) for pattern in allow or {})]
    if rc is not None and run.returncode != rc:
        faults.insert(0, f"exit status {run.returncode} instead of {rc}")
    if faults:
        raise PlaybookError("\n".join([" ".join(command), *faults, "--- stdout", run.stdout, "--- stderr", run.stderr]))
    return result
