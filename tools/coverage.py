# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/coverage.md and docs/coverage.ja.md: each row of the terms, with what it is done and where that is tested (`make coverage`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
TEXTS = dict(
    ja=dict(
        title="規約の対応表",
        intro=(
            "別紙4 第1表（クラウド基本設定対象）の各行を、パラメータシートのどの種類やモジュールで設定し、どこで試験しているかの一覧です。"
            "`catalog/setup.yml` から `make coverage` で作成します。"
        ),
        laws="どの種類も `tests/laws/test_laws.py` の法則を満たします。「試験」の列は、それに加えて種類を名指しする試験です。",
        head=("AWS サービス", "設定項目", "内容", "シートの種類、モジュール", "試験"),
        servers=(
            "別紙4 第2表（AWS コンポーネント設定対象）のうち、Linux サーバの内部で行う作業です。"
            "「シナリオ」は `extensions/molecule` にあり、`make molecule` で実行します。"
        ),
        servers_head=("AWS サービス", "設定項目", "内容", "ロール", "シナリオ"),
        operated="別紙5 第2表（運用代行）のうち、Linux サーバの内部で行う作業です。AWS 側の作業は [docs/operations](operations/README.md) にあります。",
    ),
    en=dict(
        title="Coverage of the terms",
        intro=(
            "Each row of 別紙4 第1表 (クラウド基本設定対象), the kinds of the sheet and the modules with which it is done, and where these are tested. "
            "Made from `catalog/setup.yml` by `make coverage`."
        ),
        laws="Every kind obeys the laws of `tests/laws/test_laws.py`. The last column names the tests that name the kind beside them.",
        head=("AWS service", "row of the terms", "what is done", "kinds and modules", "tests"),
        servers=(
            "Rows of 別紙4 第2表 (AWS コンポーネント設定対象), as far as they are work inside Linux servers. "
            "The scenarios are in `extensions/molecule` (`make molecule`)."
        ),
        servers_head=("AWS service", "row of the terms", "what is done", "roles", "scenarios"),
        operated="Rows of 別紙5 第2表 (運用代行) whose work is inside Linux servers. What is done from outside is in [docs/operations](operations/README.md).",
    ),
)


def rows(part: str = "rows") -> list[dict[str, Any]]:
    """`rows` of the first table, or what of the others is inside servers: `servers` of the second one, `operated_servers` of the operations."""
    return yaml.safe_load((ROOT / "catalog" / "setup.yml").read_text(encoding="utf-8"))[part]


def tests_of() -> dict[Path, str]:
    """The tests beside the general ones: path → text."""
    found = sorted(path for folder in ("laws", "doubles", "integration") for path in (ROOT / "tests" / folder).glob("test_*.py"))
    return {path: path.read_text(encoding="utf-8") for path in found if path.name != "test_laws.py"}


def scenarios_of() -> dict[str, str]:
    """The scenarios inside servers: name → what it plays."""
    folders = sorted(path.parent for path in (ROOT / "extensions" / "molecule").glob("*/converge.yml"))
    return {folder.name: "".join((folder / name).read_text(encoding="utf-8") for name in ("converge.yml", "side_effect.yml")) for folder in folders}


def page(language: str) -> str:
    texts = TEXTS[language]
    tests = {path.name: text for path, text in tests_of().items()}
    lines = [f"# {texts['title']}", "", texts["intro"], "", texts["laws"], "", *_table(rows(), texts["head"], language, "kinds", tests)]
    for part, text in (("servers", texts["servers"]), ("operated_servers", texts["operated"])):
        lines += ["", text, "", *_table(rows(part), texts["servers_head"], language, "roles", scenarios_of())]
    return "\n".join(lines) + "\n"


def _table(found: list[dict[str, Any]], head: tuple[str, ...], language: str, means: str, tests: dict[str, str]) -> list[str]:
    """The rows, what of each is done with which means, and which tests name these."""
    lines = [f"| {' | '.join(head)} |", "|---|---|---|---|---|"]
    for row in found:
        for number, item in enumerate(row["items"]):
            start = (row["service"], ": ".join(row[key] for key in ("ja", "outline") if key in row)) if number == 0 else ("", "")
            with_what = [*item[means], *item.get("modules", ())]
            named = sorted(name for name, text in tests.items() if any(one in text for one in with_what))
            lines.append(f"| {' | '.join((*start, item[language], _words(with_what), _words(named)))} |")
    return lines


def _words(names: list[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


def pages() -> dict[Path, str]:
    return {ROOT / "docs" / f"coverage{'.ja' if language == 'ja' else ''}.md": page(language) for language in TEXTS}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
