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
            "別紙4 第1表（クラウド基本設定対象）の各行を、パラメータシートのどの種類で設定し、どこで試験しているかの一覧です。"
            "`catalog/setup.yml` から `make coverage` で作成します。"
        ),
        laws="どの種類も `tests/laws/test_laws.py` の法則を満たします。「試験」の列は、それに加えて種類を名指しする試験です。",
        head=("AWS サービス", "設定項目", "内容", "シートの種類", "試験"),
    ),
    en=dict(
        title="Coverage of the terms",
        intro=(
            "Each row of 別紙4 第1表 (クラウド基本設定対象), the kinds of the sheet with which it is done, and where these are tested. "
            "Made from `catalog/setup.yml` by `make coverage`."
        ),
        laws="Every kind obeys the laws of `tests/laws/test_laws.py`. The last column names the tests that name the kind beside them.",
        head=("AWS service", "row of the terms", "what is done", "kinds", "tests"),
    ),
)


def rows() -> list[dict[str, Any]]:
    return yaml.safe_load((ROOT / "catalog" / "setup.yml").read_text(encoding="utf-8"))["rows"]


def tests_of() -> dict[Path, str]:
    """The tests beside the general ones: path → text."""
    found = sorted(path for folder in ("laws", "doubles", "integration") for path in (ROOT / "tests" / folder).glob("test_*.py"))
    return {path: path.read_text(encoding="utf-8") for path in found if path.name != "test_laws.py"}


def page(language: str) -> str:
    texts, tests = TEXTS[language], tests_of()
    lines = [f"# {texts['title']}", "", texts["intro"], "", texts["laws"], "", f"| {' | '.join(texts['head'])} |", "|---|---|---|---|---|"]
    for row in rows():
        for number, item in enumerate(row["items"]):
            start = (row["service"], f"{row['ja']}: {row['outline']}") if number == 0 else ("", "")
            kinds = " ".join(f"`{kind}`" for kind in item["kinds"])
            named = sorted({path.name for path, text in tests.items() if any(kind in text for kind in item["kinds"])})
            lines.append(f"| {' | '.join((*start, item[language], kinds, ' '.join(f'`{name}`' for name in named)))} |")
    return "\n".join(lines) + "\n"


def pages() -> dict[Path, str]:
    return {ROOT / "docs" / f"coverage{'.ja' if language == 'ja' else ''}.md": page(language) for language in TEXTS}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
