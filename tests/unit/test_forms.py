# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pattern of the service model allows is said in words, in both languages."""

from __future__ import annotations

import re

import pytest

from ansible_collections.msp.aws.plugins.module_utils import _forms, _shapes
from tests.laws.stage import KINDS

SAID = [
    (r"[\w+=,.@-]+", "a b/", "使えない文字: 空白 /。使える文字: 英数字 + , - . = @ _", "not possible: blanks /; possible: letters, digits + , - . = @ _"),
    (r"^[a-zA-Z0-9-]+$", "ａｂｃｄｅｆ", "使えない文字: ａ ｂ ｃ ｄ ｅ …。使える文字: 英数字 -", "not possible: ａ ｂ ｃ ｄ ｅ …; possible: letters, digits -"),
    (r"[^:*]*", "a:", "使えない文字: :。使える文字: * : のほかの文字", "not possible: :; possible: all but * :"),
    (r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*", "é　", "使えない文字: 全角空白。使える文字: 半角の英数字・記号・空白 西欧の文字 タブ 改行",
     "not possible: wide blanks; possible: all of ASCII letters of Western Europe tabs line breaks"),
    (r"\d{12}", "123", "使える文字: 数字（12 文字）", "possible: digits (12 of them)"),
    (r"[a-zA-Z]([a-zA-Z0-9_])+", "1", "使える文字: 英字（1 文字）、続けて 英数字 _（1 文字以上）",
     "possible: letters (1 of them), then letters, digits _ (1 or more)"),
    (r"[a-z]{1,9}|[a-z]{1,5}\.fifo", "", "使える文字: 英小文字（1～9 文字）、または 英小文字（1～5 文字）、続けて 「.fifo」",
     "possible: small letters (1 to 9 of them), or small letters (1 to 5 of them), then '.fifo'"),
    (r"^(?!-)(?!.*-$)[A-Z0-9-]{1,32}$", "-A", "使える文字: 英大文字と数字 -（1～32 文字）（「-」で始まらない、「-」で終わらない）",
     "possible: capital letters, digits - (1 to 32 of them) (not beginning with '-', not ending with '-')"),
    (r"(?!(?i:sg-))[a-z ]*(?<! )", "x ", "使える文字: 英小文字 空白（「sg-」で始まらない、「空白」で終わらない）",
     "possible: small letters blanks (not beginning with 'sg-', not ending with 'blanks')"),
    (r"[a-z]+", _forms.HIDDEN, "使える文字: 英小文字", "possible: small letters"),
    (r"(arn:.*:kms:[a-z]+)?", "x", "正しい形式: (arn:.*:kms:[a-z]+)?", "the right one: (arn:.*:kms:[a-z]+)?"),
    ("2026-06-21T01:00:00+09:00", "x", "正しい形式: 2026-06-21T01:00:00+09:00", "the right one: 2026-06-21T01:00:00+09:00"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "value", "japanese", "english"), SAID)
def test_what_a_pattern_allows_is_said_in_words(pattern, value, japanese, english):
    assert (_forms.words(pattern, value, "ja"), _forms.words(pattern, value, "en")) == (japanese, english)


def patterns(service, options):
    for option in options.values():
        yield from patterns(service, option.options or {})
        if option.api or option.limits:
            yield _shapes.described(service, option).metadata.get("pattern")


def test_of_every_pattern_that_a_kind_has_something_is_said():
    """A character that it takes is never said to be wrong."""
    for pattern in {one for kind in KINDS.values() for one in patterns(kind.service, kind.options) if one}:
        for value in [value for value in ("aB1", "あ-b", "/", "+:@") if not _shapes._fits(pattern, value)]:
            said = _forms.words(pattern, value, "en")
            wrong = re.match(r"not possible: (.*); possible: ", said)
            assert wrong or said.startswith(("possible: ", "the right one: "))
            assert not any(_shapes._fits(pattern, text) for char in (wrong[1].split() if wrong else ()) for text in (char, f"a{char}a")), pattern
