# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hint at the word that was probably meant, at the end of what is said of a wrong one."""

from __future__ import annotations

HINTS = dict(ja="（「{}」の誤りではありませんか）", en=" (did you mean {!r}?)")


def hint(language: str, close: str | None) -> str:
    return HINTS[language].format(close) if close else ""
