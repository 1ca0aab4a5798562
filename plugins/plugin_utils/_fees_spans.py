# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The months that do not cost what a quotation says of one month, by the plans and options that are agreed."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils import _fees_operation as operation
from ansible_collections.msp.aws.plugins.plugin_utils._fees_contract import Agreement
from ansible_collections.msp.aws.plugins.plugin_utils._fees_lines import sums
from ansible_collections.msp.aws.plugins.plugin_utils._fees_months import Month
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import cite, say


class Span(NamedTuple):
    """What each month from one on costs, and how much more than before a change; and how much more if it were a whole month of it."""

    month: Month
    net: int
    more: int
    rate: int


def spans_of(agreed: Agreement, since: Month, before: Agreement | None = None, whole: Month | None = None) -> list[Span]:
    """Each month from which on the fee is another, from the first one on of which at least a part is charged; the change fills those from `whole` on."""
    ends_on = agreed.cancelled_on
    days = [plan.start for plan in agreed.plans] + [day for option in agreed.options for day in (option.start, option.until) if day]
    days += [day for one in (before, agreed) if one for day in operation.moved_on(one)] + ([ends_on] if ends_on else [])
    months, found = {since, whole or since}, []
    for month in map(agreed.month_of, days):
        months |= {month, month.next(), month.next().next()}  # what starts within a month may be charged in part in the next one
    for month in sorted(month for month in months if month >= since and not (ends_on and ends_on < month.first)):
        was, will = (sums(operation.lines(one, month))["net"] if one else 0 for one in (before, agreed))
        full = [sum(line.amount for line in operation.whole_month(one, month)) if one else 0 for one in (before, agreed)]
        span = Span(month, will, will - was, full[1] - full[0] if whole and month < whole else will - was)
        if not found or found[-1][1:] != span[1:]:
            found.append(span)
    return found


def otherwise(
    spans: list[Span], quoted: Month, agreed: Agreement, texts: tuple[str, str], language: str, rests: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """A note for each span that is not that of the quoted month, where there is anything to pay. `texts`: that of one month, and that of each from one on.

    `rests`: what the spans rest on beside what says from when that is charged which is charged in them.
    """
    found = []
    for (month, net, more, dummy), after in zip_longest(spans, [span.month for span in spans[1:]]):
        if any(span.more for span in spans) and not (month <= quoted and (after is None or quoted < after)):
            facts = dict(month=month.said(language), net=f"{net:,}", more=f"{more:+,}")
            begun = agreed.plans and agreed.plans[0].start <= month.last  # an option may be there before the plan
            started = [service for service in operation.services(agreed) if service.start <= month.last]
            clauses = (*map(operation.start_clause, started), *rests, *(operation.plan_of(agreed, month)[1] if begun else ()))
            text = say("texts", texts[0 if after == month.next() else 1], language, **facts)
            found.append(dict(text=text, clauses=cite(clauses, language)))
    return found
