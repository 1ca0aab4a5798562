# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hint at the word that was probably meant, at the end of what is said of a wrong one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

HINTS = dict(ja="（「{}」の誤りではありませんか）", en=" (did you mean {!r}?)")


def hint(language: str, close: str | None) -> str:
    return HINTS[language].format(close) if close else ""


def close(word: object, words: Iterable[object], least: float = 0.6) -> str | None:
    """The nearest right word, whatever its case and width; the only one that begins with this, where there is one."""
    meant, there = _plain(word), {_plain(one): str(one) for one in words}
    longer = [one for one in there if one.startswith(f"{meant}_")]
    found = longer if len(longer) == 1 else get_close_matches(meant, there, 1, least)
    return there[found[0]] if found else None


def _plain(word: object) -> str:
    return unicodedata.normalize("NFKC", str(word)).strip().casefold()


def close_kind(word: object, kinds: Iterable[str]) -> str | None:
    """The kind that was meant: one of the same service, which its first word names. Things of another one are never meant, be they called the same."""
    plain = _plain(word).replace("-", "_").removeprefix("aws_")
    service = plain.partition("_")[0]
    return close(plain, [kind for kind in kinds if kind.partition("_")[0] == service])
