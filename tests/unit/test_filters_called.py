# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""However the filters of fees and calendar are called, what is wrong is told with filter and argument, in Japanese or English, and never in Python's words."""

from __future__ import annotations

import re
from inspect import Parameter, signature

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.msp.aws.plugins.filter import billing, calendar, fees
from tests.fees import ISSUER, contract

FILTERS = {name: one for module in (fees, calendar, billing) for name, one in module.FilterModule().filters().items()}
RIGHT = dict(
    calendar="C-1", contract=contract(), date="2026-09-01", day="2026-08-01", days=3, debts=[dict(due="2026-07-31", yen=1)], desk="incident", events=[],
    given=contract(), issued=fees.invoice(contract(), [], "2026-08", ISSUER), issuer=ISSUER, kind="invoice", language="ja", minutes=0,
    moment="2026-08-01 10:00", month="2026-08", name="usage_statement", options=dict(events=[], month="2026-08"), path="none.json", payments=[],
    plan="standard", received="2026-08-01", seconds=0, settled=[], sheet={}, since="2026-08-01", stamp="2026-08-01 00:00",
    told=fees.invoice(contract(), [], "2026-08", ISSUER), until="2026-08-31", variables={}, when="every day 09:00",
    windows=[dict(name="a", when="third Sunday 01:00-05:00")], year=2026,
)  # fmt: skip
WRONG = [None, "", "abc", 7, -1, 1.5, True, [], ["a"], [None], [[]], [{}], {}, {"a": 1}, {1: 2}, {"add": [{}], "set": []}, {"plans": [None]}, {"language": []}]
PYTHON = re.compile("positional|keyword|argument:|NoneType|attribute|object|unhashable|subscriptable|iterable|Error")
# What is wrong of what is given is told by where it stands: a window by the name that it has in a contract.
PLACES = {"maintenance_windows", "invoice"}
CASES = [(name, argument) for name in sorted(FILTERS) for argument in signature(FILTERS[name]).parameters]


def needed(name):
    return {one.name: RIGHT[one.name] for one in signature(FILTERS[name]).parameters.values() if one.default is Parameter.empty}


def refused(called, /, *given, **named):
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS[called](*given, **named)
    assert not PYTHON.search(caught.value.message), caught.value.message
    return caught.value.message


@pytest.mark.parametrize("name, argument", CASES)
def test_an_argument_of_another_type_is_told_by_its_name_or_has_a_meaning(name, argument):
    """A filter that was given what another one made says so of all of it."""
    for wrong in WRONG:
        try:
            FILTERS[name](**dict(needed(name), **{argument: wrong}))
        except AnsibleFilterError as error:
            assert not PYTHON.search(error.message), error.message
            places = {re.match(r"msp\.aws\.\w+: \w+|\w+", line)[0].split()[-1] for line in error.message.splitlines()}
            # What another filter lacks is told with that one's name.
            assert places <= PLACES | {*signature(FILTERS[name]).parameters} or error.message.startswith("msp.aws.usage_statement: "), (wrong, error.message)


@pytest.mark.parametrize("language, words", [("ja", "がありません。"), ("en", " is missing; write ")])
@pytest.mark.parametrize("name, argument", [case for case in CASES if case[1] in needed(case[0])])
def test_an_argument_that_is_missing_is_told_with_how_the_filter_is_called(name, argument, language, words):
    given = {one: value for one, value in needed(name).items() if one != argument}
    told = refused(name, **given, **(dict(language=language) if "language" in signature(FILTERS[name]).parameters else {}))
    assert told.startswith(f"msp.aws.{name}: {argument} ") and f" | msp.aws.{name}" in told and "\n" not in told
    assert words in told or "language" not in signature(FILTERS[name]).parameters


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_arguments_that_a_filter_has_not_are_told(name):
    assert refused(name, **needed(name), xyz=1).startswith(f"msp.aws.{name}: xyz という引数はありません。")
    own, *rest = needed(name).items()
    assert "が 2 回指定されています" in refused(name, own[1], **dict([own, *rest]))
    assert "引数が多すぎます" in refused(name, *[None] * 9)


def test_a_misspelt_argument_is_told_with_the_right_one_and_in_the_language_of_the_contract():
    assert "evnts という引数はありません（「events」の誤りではありませんか）。contract | msp.aws.usage_statement(events, month) の" in refused(
        "usage_statement", contract(), evnts=[], month="2026-08"
    )
    assert refused("usage_statement", contract(language="en"), [], mont="2026-08") == (
        "msp.aws.usage_statement: there is no argument mont (did you mean 'month'?); write contract | msp.aws.usage_statement(events, month)"
    )


@pytest.mark.parametrize("name", [name for name, argument in CASES if argument == "language"])
@pytest.mark.parametrize("language", ["fr", "", [], ["ja"], {}, 7, True])
def test_a_language_that_there_is_not_is_told(name, language):
    assert refused(name, **needed(name), language=language) == f"msp.aws.{name}: language に {language!r} は使えません。使える値: ja, en"
