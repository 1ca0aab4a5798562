# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a fee and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils._days import said
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import Month, month_from
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import MENUS, book, cite, say, tax_percent, units


class Line(NamedTuple):
    """One thing to be paid for.

    `key` is the same in every calculation of the same thing, so that two calculations can be compared. `amount` is whole yen without tax, `gross` what
    it would be without `deductions`. `taxed_on` is the day whose tax rate holds, None for what bears no consumption tax. `clauses` and `rules` say what
    the amount rests on: names of `clauses` and, with the value in force, of `rules` in `catalog/prices.yml`.
    """

    key: str
    text: tuple[str, Mapping[str, str]]
    month: Month
    period: tuple[date, date]
    amount: int
    taxed_on: date | None
    clauses: tuple[str, ...]
    rules: Mapping[str, Any] = {}
    quantity: int | None = None
    unit: str = "set"
    unit_price: int | None = None
    per: int = 1
    gross: int | None = None
    deductions: tuple[Mapping[str, Any], ...] = ()
    by_provider: int = 0  # whole yen that were taken off for days lost by the provider's doing
    by_gross_fault: int = 0  # and for time lost by its intent or gross fault
    components: tuple[Mapping[str, Any], ...] = ()
    segments: tuple[Mapping[str, Any], ...] = ()  # what `gross` adds up from: how many on which days, or which yen were late for which
    services: tuple[str, ...] = ()  # of クラウド基本設定, where a sheet says for which it is
    ours: bool = False  # owed to the provider, whoever bills the month that it stands in
    kind: str = "fee"  # or premium, or late_interest: what bears late interest depends on it

    @property
    def percent(self) -> int:
        return 0 if self.taxed_on is None else tax_percent(self.taxed_on)

    def told(self, language: str) -> dict[str, Any]:
        """The line as plain data, in a language."""
        return dict(
            key=self.key,
            description=described(self.text, language),
            text=dict(of=self.text[0], **{name: value.name if isinstance(value, Month) else value for name, value in self.text[1].items()}),
            month=self.month.name,
            **spelled(self.period),
            quantity=self.quantity,
            unit=say("units", self.unit, language),
            unit_price=self.unit_price,
            per=self.per,
            gross=self.amount if self.gross is None else self.gross,
            deductions=[dict(one, text=say("texts", one["text"], language), clauses=cite(one["clauses"], language)) for one in self.deductions],
            amount=self.amount,
            tax_percent=self.percent,
            components=[dict(one, name=one["name"][language], unit=one["unit"][language], clauses=cite(one["clauses"], language)) for one in self.components],
            services=list(self.services),
            segments=[dict(one) for one in self.segments],
            clauses=cite(self.clauses, language),
            rules=dict(self.rules),
        )


def key_of(*parts: str) -> str:
    """The key of a line, in which a name keeps its bounds whatever it holds: escaped as in a JSON pointer (RFC 6901)."""
    return "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)


def described(text: tuple[str, Mapping[str, str]], language: str) -> str:
    """The words of a line: a name of a price or of a text, with what goes into it. An order that is not the contract's own is named."""
    name, facts = text
    order = facts.get("order")
    told = {word: value.said(language) if isinstance(value, Month) else value for word, value in facts.items()}
    if "due" in told:
        told["due"] = said(date.fromisoformat(told["due"]), language)
    if "plan" in told:
        told["plan"] = say("prices", told["plan"], language)
    words = say("prices" if name in book()["prices"] else "texts", name, language, **told)
    return say("texts", "part_of", language, text=words, order=order) if order else words


def redescribed(told: Mapping[str, Any] | None, language: str) -> str | None:
    """The words of a line that was told before, in any language; None where it does not say of what they were made."""
    if not told:
        return None
    facts = {name: value for name, value in told.items() if name != "of"}
    try:
        if "month" in facts:
            facts["month"] = month_from(date(int(facts["month"][:4]), int(facts["month"][5:]), 1))
        return described((told["of"], facts), language)
    except (KeyError, TypeError, ValueError):
        return None


def counted(menu: str, counts: Mapping[str, Mapping[str, int]], shares: Mapping[str, int]) -> tuple[dict[str, Any], ...]:
    """How many units each component comes to (`shares`), out of how many, and by which row of the tables."""
    rows = units()[menu]
    return tuple(
        dict(
            component=name,
            name=dict(ja=rows[name]["ja"], en=rows[name]["en"]),
            count=sum(counts[name].values()),
            unit=rows[name]["unit"],
            per=rows[name]["per"],
            units=share,
            clauses=(MENUS[menu],),
        )
        for name, share in sorted(shares.items())
        if share
    )


def spelled(period: tuple[date, date]) -> dict[str, str]:
    return {"from": period[0].isoformat(), "until": period[1].isoformat()}


def floor(amount: Fraction | int) -> int:
    """第21条: fractions of a yen are cut off, of a credit as well."""
    return int(amount)


def rounded(gross: Fraction | int, off: Fraction, target: str) -> int:
    """第21条: one floor, by the rule `floor_target` of what is to be paid or of what is taken off."""
    return floor(gross - off) if target == "payable" else floor(gross) - floor(off)


def deduction(text: str, share: Fraction, clauses: tuple[str, ...], **facts: Any) -> dict[str, Any]:
    """A deduction, its yen exact as a fraction in text: what is rounded is the line."""
    return dict(text=text, yen=str(share), clauses=clauses, **facts)


def taxes(amounts: Iterable[tuple[int, int]]) -> dict[int, dict[str, int]]:
    """Per cent → net yen and tax, out of (per cent, net yen) pairs. The tax is rounded once for each rate of an invoice. What bears none stands at 0."""
    nets: dict[int, int] = {}
    for percent, net in amounts:
        nets[percent] = nets.get(percent, 0) + net
    return {percent: dict(net=net, tax=floor(Fraction(net * percent, 100))) for percent, net in sorted(nets.items())}


def by_rate(found: Iterable[tuple[date, Any]]) -> list[tuple[date, list[Any]]]:
    """What happened on some days, together as far as the rate of tax was the same, each with its last day."""
    groups: list[tuple[date, list[Any]]] = []
    for day, what in sorted(found):
        same = groups.pop()[1] if groups and tax_percent(groups[-1][0]) == tax_percent(day) else []
        groups.append((day, [*same, what]))
    return groups


def totals(rates: Mapping[int, Mapping[str, int]]) -> dict[str, Any]:
    """The sums of `taxes`, and each rate."""
    net, tax = (sum(rate[what] for rate in rates.values()) for what in ("net", "tax"))
    return dict(net=net, tax=tax, total=net + tax, rates=[dict(percent=percent, **rate) for percent, rate in rates.items()])


def sums(lines: Iterable[Line]) -> dict[str, Any]:
    """What lines of one invoice add up to."""
    return totals(taxes((line.percent, line.amount) for line in lines))
