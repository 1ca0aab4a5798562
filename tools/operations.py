# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/operations: a page for each operation on request, in Japanese, from its row and its role (`make operations`)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
# This one makes the checkout importable as msp.aws.
import tests.conftest  # noqa: E402,F401  pylint: disable=unused-import,wrong-import-position
from ansible_collections.msp.aws.plugins.plugin_utils._operations import (  # noqa: E402  pylint: disable=wrong-import-position
    ROLL_BACKS,
    interruption_of,
    needs_approval,
    operations,
    options,
    prefix,
)

FOLDER = ROOT / "docs" / "operations"
FEES = dict(aws="AWS 利用料", contract="本サービスの料金")
HEAD = """# 運用代行項目

利用規約 別紙5 第2表のうち、現在提供できる項目です。`catalog/operations.yml` と各ロールの `meta/argument_specs.yml` から `make operations` で作成しています。

| 項目 | 対象サービス | 作業 | サービスへの影響 | 切り戻し | 最大時間 | 承認 |
|---|---|---|---|---|---:|---|
"""


def page(name: str) -> str:
    row, start = operations()[name], prefix(name)
    lines = [f"# {row['ja']}（{name}）", "", f"{row['row']['service']} ／ {row['row']['item']}", ""]
    facts = {
        "サービスへの影響": interruption_of(row, "ja"),
        "切り戻し": "。".join([ROLL_BACKS[row["roll_back"]]["ja"], *([row["way_back"]["ja"]] if "way_back" in row else [])]),
        "最大時間": f"{row['minutes']} 分",
        "承認": "必要" if needs_approval(row) else "不要（計画に危険がある場合を除く）",
        "料金への影響": "、".join(FEES[fee] for fee in row["fee"]) or "なし",
        "障害対応としての依頼": "可" if row.get("incident") else "不可",
        "最小権限": f"[{name}.json](../iam/operations/{name}.json)",
    }
    lines += ["| | |", "|---|---|", *(f"| {label} | {value} |" for label, value in facts.items())]
    lines += ["", "## ご依頼の項目", "", "| 項目 | 必須 | 内容 |", "|---|---|---|"]
    for option, told in options(name).items():
        label = "target" if option == row["target"] else option.removeprefix(start)
        choices = f"（{'、'.join(map(str, told['choices']))}）" if "choices" in told else ""
        lines.append(f"| `{label}` | {'○' if told.get('required') else ''} | {told['description'][-1]}{choices} |")
    example = dict(contract="ACME-2026-001", ticket="REQ-0101", operation=name, **row["example"], received="2026-11-20", wished="2026-11-26 02:00")
    lines += ["", "## 依頼書の例", "", "```json", json.dumps(dict(operation_request=example), ensure_ascii=False, indent=2), "```", ""]
    return "\n".join(lines)


def overview() -> str:
    lines = []
    for name, row in operations().items():
        approval = "必要" if needs_approval(row) else "不要"
        told = [f"[{name}]({name}.md)", row["row"]["service"], row["ja"], interruption_of(row, "ja")]
        told += [ROLL_BACKS[row["roll_back"]]["ja"], f"{row['minutes']} 分", approval]
        lines.append("| " + " | ".join(told) + " |")
    return HEAD + "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """File name → text of everything in docs/operations."""
    return {"README.md": overview(), **{f"{name}.md": page(name) for name in operations()}}


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for stale in set(FOLDER.glob("*.md")) - {FOLDER / name for name in pages()}:
        stale.unlink()
    for name, text in pages().items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
