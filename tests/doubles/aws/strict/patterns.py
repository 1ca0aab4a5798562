# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter patterns of CloudWatch Logs (Logs guide, "Filter pattern syntax"): terms, [space, delimited] fields, { $.json } conditions.

`parsed(pattern)` gives ("terms" / "fields" / "json", names of the fields), or raises Broken.
"""

from __future__ import annotations

import re

TOKENS = re.compile(
    r"""\s*(?:
        (?P<string>"(?:[^"\\]|\\.)*") | (?P<regex>%[^%]*%) | (?P<dots>\.\.\.) |
        (?P<mark>&&|\|\||[(),]|!=|<=|>=|[=<>]) | (?P<word>[^\s()&|,=!<>"%]+)
    )""",
    re.VERBOSE,
)
# "alphanumeric characters and special symbols" of regular expressions; others are written \xhh
REGEX = re.compile(r"[A-Za-z0-9:_#=@/;,\-^$?\[\]{}|\\*+.]*")
TERM = re.compile(r'\s*(?P<sign>[?-]?)(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<regex>%[^%]*%)|(?P<word>\w+))(?=\s|$)')
# A property selector begins with a dollar sign and goes through properties and places in arrays.
SELECTOR = re.compile(r"\$(\.[\w@:/*-]+|\.?\[('[^']*'|\"[^\"]*\"|\*|\d+)\])+")
REGEXES = 2
OPERATORS = ("=", "!=", "<", ">", "<=", ">=")


class Broken(Exception):
    """A pattern that cannot be read."""


def parsed(pattern):
    text = pattern.strip()
    if not text:
        return "terms", []
    if text[0] == "{":
        return "json", conditions(text)
    if text[0] == "[":
        return "fields", fields(text)
    return "terms", terms(text)


def uses_regex(pattern):
    return pattern.count("%") > 1


def inside(text, closing):
    if len(text) < 2 or text[-1] != closing:
        raise Broken(f"'{closing}' is missing at its end")
    found, place, body = [], 0, text[1:-1].rstrip()
    while place < len(body):
        token = TOKENS.match(body, place)
        if token is None:
            raise Broken(f"Invalid character(s) in term '{body[place:].strip()[:20]}'")
        found.append((token.lastgroup, token.group(token.lastgroup)))
        place = token.end()
    regexes([value for kind, value in found if kind == "regex"])
    return found


def regexes(found):
    """ "at most two regular expressions" in a pattern."""
    if len(found) > REGEXES:
        raise Broken("A pattern can have at most two regular expressions")
    for one in found:
        if len(one) < 3 or not REGEX.fullmatch(one[1:-1]):
            raise Broken(f"Invalid character(s) in regular expression {one}")


class Reader:
    def __init__(self, tokens):
        self.tokens = tokens

    def peek(self, *values):
        return bool(self.tokens) and self.tokens[0][1] in values

    def take(self, kinds=None, *values):
        if not self.tokens or (kinds and self.tokens[0][0] not in kinds) or (values and self.tokens[0][1] not in values):
            raise Broken("Invalid filter pattern: " + (f"'{self.tokens[0][1]}' is out of place" if self.tokens else "something is missing at its end"))
        return self.tokens.pop(0)[1]

    def either(self, one):
        one()
        while self.peek("&&", "||"):
            self.take()
            one()

    def bracketed(self, one):
        if self.peek("("):
            self.take()
            self.either(lambda: self.bracketed(one))
            self.take(("mark",), ")")
        else:
            one()


def conditions(text):
    """{ selector comparison value }, with && and || between them and parentheses around them; IS, NOT EXISTS."""
    reader = Reader(inside(text, "}"))

    def one():
        selector = reader.take(("word",))
        if not SELECTOR.fullmatch(selector):
            raise Broken(f"Invalid selector {selector}")
        if reader.peek("IS"):
            reader.take()
            reader.take(("word",), "NULL", "TRUE", "FALSE")
        elif reader.peek("NOT"):
            reader.take()
            reader.take(("word",), "EXISTS")
        else:
            reader.take(("mark",), *OPERATORS)
            reader.take(("word", "string", "regex"))

    reader.either(lambda: reader.bracketed(one))
    if reader.tokens:
        reader.take(("nothing",))
    return []


def fields(text):
    """[name, name comparison value, ...]: each field has a name, and any conditions begin with it again."""
    reader, names = Reader(inside(text, "]")), []
    dots = 0

    def one():
        names.append(reader.take(("word",)))
        if reader.peek(*OPERATORS):
            reader.take()
            reader.take(("word", "string", "regex"))

    while True:
        if reader.tokens and reader.tokens[0][0] == "dots":
            reader.take()
            dots += 1
        else:
            reader.either(lambda: reader.bracketed(one))
        if not reader.tokens:
            break
        reader.take(("mark",), ",")
    if dots > 1:
        raise Broken("Fields can be left out by an ellipsis once")
    return list(dict.fromkeys(names))


def terms(text):
    """Words, "exact phrases" for everything that is not alphanumeric, %regular expressions%; ?or and -without."""
    place, found = 0, []
    while place < len(text):
        token = TERM.match(text, place)
        if token is None:
            raise Broken(f"Invalid character(s) in term '{text[place:].split()[0]}'")
        found.append(token.group("regex"))
        place = token.end()
    regexes([one for one in found if one])
    return []
