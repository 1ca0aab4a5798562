# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hint at the word that was probably meant, at the end of what is said of a wrong one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

BARE = 0.85  # how near a word has to come to what things are called without their service
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
    """The kind that was meant: one of the service that the first word names, or else one whose things are called so; of several the first of `kinds`.

    Things of another service are never meant, be they called the same: one that has no kinds here does not begin as the thing does.
    """
    plain = _plain(word).replace("-", "_").removeprefix("aws_")
    service = plain.partition("_")[0]
    own: dict[str, str] = {}
    things: dict[str, str] = {}
    for kind in kinds:
        of, dummy, thing = kind.partition("_")
        things.setdefault(thing, kind)
        if of == service:
            own[thing] = kind
    if plain == service and own:
        return next(iter(own.values())) if len(own) == 1 else None
    if own:
        return own.get(close(plain.partition("_")[2], own))
    return things.get(close(plain, [thing for thing in things if thing[:2] == plain[:2]], BARE))
