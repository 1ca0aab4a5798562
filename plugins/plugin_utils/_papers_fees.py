# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The papers of the fees: 見積書, 利用明細, 請求書 and what settles it (適格返還請求書)
in the structure of `_papers`, out of what the fee filters return. Nothing is calculated here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._days import said
from ansible_collections.msp.aws.plugins.plugin_utils._fees_prices import book
from ansible_collections.msp.aws.plugins.plugin_utils._fees_words import Fault, FeeError
from ansible_collections.msp.aws.plugins.plugin_utils._papers import shown

TEXTS: dict[str, dict[str, str]] = dict(
    ja=dict(
        quotation="見積書",
        change_quotation="変更見積書",
        usage_statement="利用明細",
        invoice="請求書",
        qualified="請求書（適格請求書）",
        settlement="精算書",
        charge="追加請求書",
        charge_qualified="追加請求書（適格請求書）",
        credit_note="返還請求書",
        credit_note_qualified="適格返還請求書",
        lead_invoice_settlement="下記のとおり精算いたします。",
        settlement_total="精算額（税込、負の額はご返金）",
        settled_invoice="対象の請求書",
        settled_on="精算日",
        part_of="{title} {number}",
        not_needed="税込 {yen} 未満の返還のため、適格返還請求書の交付義務はありません（消費税法施行令第70条の9第3項第2号）。",
        tax_difference="消費税額は、請求書全体の税額の、変更前と変更後の差です（第21条）。",
        no_difference="差額はありません。",
        written_off_before="請求しないこととした差額が {yen} あります。",
        written_off_within="差額には、以前は請求しないこととした {yen} を含みます。",
        next_month="来月（{month}）",
        section_rules="適用した料金規則",
        rules="利用規約に複数の読み方がある点は、次のとおり取り扱います。",
        rule="利用規約の定め",
        reading="取扱い",
        lead_quotation="下記のとおりお見積り申し上げます。",
        lead_usage_statement="下記のとおりご利用料金をお知らせいたします。",
        lead_invoice="下記のとおりご請求申し上げます。",
        effect="{units:+,} コンポーネント、{since}から {net:+,}円/月（税抜）",
        effect_once="{item}: +{net:,}円（税抜、初回のみ）",
        contract="契約番号",
        tax_percent="消費税率",
        billed_from="課金開始日",
        period="対象期間",
        issue_month="発行月",
        due="お支払期日",
        counts_until="期日内扱いの期限",
        closed="お支払期日が銀行の休業日に当たるため、{until}までのご入金を期日内のお支払いとして扱います。",
        set_up_total="導入費用（税込）",
        monthly_total="月額料金（税込）",
        monthly_change="月額の増減（税抜）",
        set_up_more="追加の導入費用（税抜）",
        usage_total="ご利用料金（税込）",
        invoice_total="ご請求金額（税込）",
        section_set_up="導入メニュー（初回のみ）",
        section_monthly="運用メニュー（月額）",
        section_changes="変更の内容",
        section_more="追加の導入メニュー（初回のみ）",
        section_after="変更後の運用メニュー（月額）",
        section_lines="料金",
        section_components="課金対象コンポーネントの内訳",
        section_clauses="算定の根拠",
        set_up="導入メニュー",
        operation="運用メニュー",
        menu="メニュー",
        description="品目",
        quantity="数量",
        unit="単位",
        unit_price="単価",
        amount="金額（税抜）",
        rate="税率",
        component="コンポーネント",
        count="数",
        per="課金単位",
        units="課金数",
        before="変更前",
        after="変更後",
        clauses="根拠とする条項",
        services="対象: {services}",
        price_for="単価は {per}{unit}あたり",
        of_days="{quantity} × {yen} × {time}/{of}日（{span}）",
        day="{days}日",
        joint="",
        second="{seconds}秒",
        of_last_day="{item}（{day}時点の数）",
        untaxed="不課税",
        less="減額前 {gross}、減額 {less}",
        deduction="{text}{span}（{clauses}）: {told}",
        full_days="のうち24時間の倍数である部分",
        capped="{told}（料金の残額まで）",
        late="{yen} × 年{percent}% × {days}日（{span}）",
        floored="1 円未満切捨て",
        billed_before="前の月までの分 {yen} を除く",
        net_of="{percent}%対象 小計（税抜）",
        tax_of="消費税（{percent}%）",
        net_untaxed="不課税 小計",
        total="合計（税込）",
        was="変更前の月額（税抜）",
        difference="月額の増減（税抜）",
        same="この変更で料金は変わりません。",
        first_month="{since}から課金します。金額は {month}分の 1 か月分です。",
        based_on="根拠: {clauses}",
        until="〜",
        separator="、",
        note="{text}（{clauses}）",
    ),
    en=dict(
        quotation="Quotation",
        change_quotation="Quotation of a change",
        usage_statement="Usage statement",
        invoice="Invoice",
        qualified="Invoice (qualified invoice)",
        settlement="Settlement",
        charge="Additional invoice",
        charge_qualified="Additional invoice (qualified invoice)",
        credit_note="Credit note",
        credit_note_qualified="Credit note (qualified return invoice)",
        lead_invoice_settlement="We settle our invoice as follows.",
        settlement_total="To be paid (with tax; negative: paid back)",
        settled_invoice="Invoice",
        settled_on="Settled on",
        part_of="{title} {number}",
        tax_difference="The tax is the difference between those of the whole invoice before and after (Article 21).",
        not_needed="The law does not ask for a return invoice of less than {yen} with tax (Consumption Tax Act Enforcement Order Article 70-9 (3) 2).",
        no_difference="There is no difference.",
        written_off_before="{yen} were written off before.",
        written_off_within="The difference holds {yen} that were written off before.",
        next_month="next month ({month})",
        section_rules="Fee rules applied",
        rules="Where the terms leave more than one reading, these are applied.",
        rule="Point of the terms",
        reading="Reading",
        lead_quotation="We are pleased to quote as follows.",
        lead_usage_statement="These are the fees for your use of the service.",
        lead_invoice="We request payment as follows.",
        effect="{units:+,} component(s), {net:+,} yen a month (without tax) from {since}",
        effect_once="{item}: +{net:,} yen (without tax, once)",
        contract="Contract",
        tax_percent="Consumption tax",
        billed_from="Charged from",
        period="Period",
        issue_month="Month of issue",
        due="Due date",
        counts_until="In time until",
        closed="Banks are closed on the due date: payment until {until} counts as in time.",
        set_up_total="Set-up (with tax)",
        monthly_total="Monthly fee (with tax)",
        monthly_change="Change of the monthly fee (without tax)",
        set_up_more="Additional set-up (without tax)",
        usage_total="Fees (with tax)",
        invoice_total="Amount due (with tax)",
        section_set_up="Set-up menu (once)",
        section_monthly="Operation menu (monthly)",
        section_changes="What changes",
        section_more="Additional set-up (once)",
        section_after="Operation menu after the change (monthly)",
        section_lines="Fees",
        section_components="Components that are charged for",
        section_clauses="Clauses of the terms",
        set_up="Set-up",
        operation="Operation",
        menu="Menu",
        description="Item",
        quantity="Quantity",
        unit="Unit",
        unit_price="Unit price",
        amount="Amount (without tax)",
        rate="Tax rate",
        component="Component",
        count="Number",
        per="Per unit",
        units="Units",
        before="Before",
        after="After",
        clauses="Clauses",
        services="For {services}",
        price_for="Unit price for {per} {unit}s",
        of_days="{quantity} × {yen} × {time} / {of} days ({span})",
        day="{days} day(s)",
        joint=" ",
        second="{seconds} s",
        of_last_day="{item} (as of {day})",
        untaxed="not taxable",
        less="{gross} before deductions of {less}",
        deduction="{text}{span} ({clauses}): {told}",
        full_days=", full 24 hours of it",
        capped="{told} (no more than what is left of the fee)",
        late="{yen} at {percent}% a year for {days} day(s) ({span})",
        floored="fractions of a yen are cut off",
        billed_before="without {yen} of earlier months",
        net_of="Subtotal at {percent}% (without tax)",
        tax_of="Consumption tax ({percent}%)",
        net_untaxed="Subtotal, not taxable",
        total="Total (with tax)",
        was="Monthly fee before (without tax)",
        difference="Change of the monthly fee (without tax)",
        same="The fees do not change.",
        first_month="Charged from {since}. The amounts are for the whole month {month}.",
        based_on="Based on: {clauses}",
        until=" to ",
        separator=", ",
        note="{text} ({clauses})",
    ),
)


class _Words:
    """The words of a language, and how dates and lists are written in it."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, name: str, **facts: Any) -> str:
        return TEXTS[self.language][name].format(**facts) if facts else TEXTS[self.language][name]

    def day(self, told: str) -> str:
        return shown("date", date.fromisoformat(told), self.language)

    def moment(self, told: str) -> str:
        return said(datetime.fromisoformat(told), self.language)

    def month(self, told: str) -> str:
        return f"{int(told[:4])}年{int(told[5:])}月" if self.language == "ja" else told

    def period(self, told: Mapping[str, str]) -> str:
        first, last = self.day(told["from"]), self.day(told["until"])
        return first if first == last else f"{first}{self('until')}{last}"

    def listed(self, told: list[str]) -> str:
        return self("separator").join(told)


def fee_paper(told: Mapping[str, Any], kind: str, issuer: Mapping[str, Any], language: str, notes: list[str]) -> dict[str, Any]:
    """The paper of a `kind` of PAPERS for what the fee filter of that name returned. `issuer`: name, address, registration_number. `notes` go to its end."""
    if told.get("issued") is False:
        raise FeeError([Fault(kind, "no_paper", told["reason"])])
    words = _Words(language)
    found = PAPERS[kind](told, words)
    if "issuer" in told:
        issuer = _same_issuer(told["issuer"], issuer)
    # With the number a paper would be a qualified one, whatever it is called; these are issued when they are asked for (第49条).
    named = ("name", "registration_number") if told.get("qualified") else ("name",)
    sender = {name: issuer[name] for name in named if issuer.get(name)}
    return dict(
        found,
        language=language,
        lead=[words(f"lead_{kind}"), *found.get("lead", [])],
        **{"from": dict(sender, lines=issuer["address"].splitlines() if issuer.get("address") else [])},
        notes=[*found["notes"], *notes],
    )


def _same_issuer(issued: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Who issued it, with a number if there was one; an address may have come since."""
    others = [name for name in ("name", "registration_number") if name in given and given[name] != issued.get(name)]
    if others:
        raise FeeError([Fault(f"issuer {name}", "other_issuer", given[name], issued.get(name)) for name in others])
    return {**given, **issued}


# ---- one for each filter


def _quotation(told: Mapping[str, Any], words: _Words) -> dict[str, Any]:
    if "change" in told:
        return _change_quotation(told, words)
    once, monthly = told["set_up"], told["monthly"]
    facts = [_strong(words("set_up_total"), once["total"])]
    sections = [_lines(once, words("section_set_up"), words, dated=False)]
    if monthly["month"]:
        facts.append(_strong(words("monthly_total"), monthly["total"]))
        facts += [dict(label=words("billed_from"), value=monthly["billed_from"], kind="date")] if monthly["billed_from"] else []
        sections.append(dict(_lines(monthly, words("section_monthly"), words), text=_first_month(monthly, words)))
    return dict(
        title=words("quotation"),
        number=_quotation_number(told),
        date=told["quoted_on"],
        to=_to(told["customer"]),
        facts=[*facts, *_contract(told, words), _rate(told, words)],
        sections=[*sections, *_basis([*once["lines"], *monthly["lines"]], words)],
        notes=[_note(note, words) for note in told["notes"]],
    )


def _change_quotation(told: Mapping[str, Any], words: _Words) -> dict[str, Any]:
    once, monthly, change = told["set_up"], told["monthly"], told["change"]
    columns = [("component", "text"), ("menu", "text"), ("before", "integer"), ("after", "integer"), ("unit", "text")]
    changes = dict(
        heading=words("section_changes"),
        table=dict(columns=_columns(columns, words), rows=[_change(one, words) for one in change["components"]]),
    )
    same = not (change["units"] or change["monthly"]["net"] or once["lines"])
    if same:  # nothing is charged anew
        after = dict(_lines(monthly, words("section_monthly"), words), text=[_note(note, words) for note in monthly["notes"]])
    else:
        after = dict(_lines(monthly, words("section_after"), words), text=_first_month(monthly, words))
    after["table"]["totals"] += [
        dict(label=words("was"), cells=dict(amount=monthly["before"]["net"])),
        dict(label=words("difference"), cells=dict(amount=change["monthly"]["net"]), strong=True),
    ]
    return dict(
        title=words("change_quotation"),
        number=_quotation_number(told),
        date=told["quoted_on"],
        to=_to(told["customer"]),
        lead=[words("same")] if same else _effect(told, words),
        facts=[
            _strong(words("monthly_change"), change["monthly"]["net"]),
            _strong(words("set_up_more"), once["net"]),
            *_contract(told, words),
            _rate(told, words),
        ],
        sections=[
            *([changes] if change["components"] else []),
            *([_lines(once, words("section_more"), words, dated=False)] if once["lines"] else []),
            after,
            *_basis([*once["lines"], *monthly["lines"]], words),
        ],
        notes=[_note(note, words) for note in told["notes"]],
    )


def _effect(told: Mapping[str, Any], words: _Words) -> list[str]:
    """In one line what a change does, where it is charged by the month at all, and in one more for each work that is charged once."""
    change, first = told["change"], told["change"]["since"]
    once = [words("effect_once", item=line["description"], net=line["amount"]) for line in told["set_up"]["lines"]]
    felt = first and (change["units"] or change["monthly"]["net"])
    return [words("effect", units=change["units"], net=change["monthly"]["net"], since=_since(told, first, words)), *once] if felt else once


def _change(one: Mapping[str, Any], words: _Words) -> dict[str, Any]:
    told = {name: one[name] for name in ("before", "after", "unit")}
    return dict(told, component=[one["name"], words("based_on", clauses=words.listed(one["clauses"]))], menu=words(one["menu"]))


def _since(told: Mapping[str, Any], first: str, words: _Words) -> str:
    """From when a change is charged: from next month where that is so, and months are those of the calendar."""
    quoted_on = told["quoted_on"]
    lines = told["monthly"]["lines"]  # without any, nothing says when months begin
    if not first.endswith("-01") or not lines or any("billing_month_start_day" in line["rules"] for line in lines):
        return words.day(first)
    months = int(first[:4]) * 12 + int(first[5:7]) - int(quoted_on[:4]) * 12 - int(quoted_on[5:7])
    return words("next_month", month=words.month(first[:7])) if months == 1 else words.month(first[:7])


def _first_month(monthly: Mapping[str, Any], words: _Words) -> list[str]:
    """From when the amounts are charged, and what of them later or not at all."""
    since = monthly["billed_from"]
    told = [words("first_month", since=words.day(since), month=words.month(monthly["month"]))] if since else []
    return [*told, *(_note(note, words) for note in monthly["notes"])]


def _note(note: Mapping[str, Any], words: _Words) -> str:
    return words("note", text=note["text"], clauses=words.listed(note["clauses"]))


def _usage_statement(told: Mapping[str, Any], words: _Words) -> dict[str, Any]:
    return dict(
        title=words("usage_statement"),
        to=_to(told["customer"]),
        facts=[_strong(words("usage_total"), told["total"]), *_contract(told, words), dict(label=words("period"), value=words.period(told))],
        sections=[_lines(told, words("section_lines"), words), *_basis(told["lines"], words)],
        notes=[_note(note, words) for note in told["notes"]],
    )


def _invoice(told: Mapping[str, Any], words: _Words) -> dict[str, Any]:
    """With the items of a qualified invoice where it is one: issuer and number, recipient, period, items, and net and tax for each rate."""
    due, closed = _due(told, words)
    issued = [] if told["issued_on"] else [dict(label=words("issue_month"), value=words.month(told["issue_month"]))]
    return dict(
        title=words("qualified" if told["qualified"] else "invoice"),
        number=told["number"],
        date=told["issued_on"],
        to=_to(told["recipient"]),
        facts=[
            _strong(words("invoice_total"), told["total"]),
            *due,
            *issued,
            *_contract(told, words),
            dict(label=words("period"), value=words.period(told)),
        ],
        sections=[_lines(told, words("section_lines"), words), *_basis(told["lines"], words)],
        notes=[
            *closed,
            *([told["reason"]] if told["issued"] and told["reason"] else []),
            *(_note(note, words) for note in told["notes"]),
            words("based_on", clauses=words.listed(told["clauses"])),
        ],
    )


def _due(told: Mapping[str, Any], words: _Words) -> tuple[list[dict[str, Any]], list[str]]:
    """When something is due, and a note where banks are closed on that day."""
    counts_until = (date.fromisoformat(told["late_from"]) - timedelta(days=1)).isoformat()
    closed = counts_until != told["due"]
    facts = [dict(label=words("due"), value=told["due"], kind="date")]
    if not closed:
        return facts, []
    return [*facts, dict(label=words("counts_until"), value=counts_until, kind="date")], [words("closed", until=words.day(counts_until))]


def _invoice_settlement(told: Mapping[str, Any], words: _Words) -> dict[str, Any]:
    """What is charged on top and what is given back, each with a number of its own and the items that the law asks of it (消費税法第57条の4第1項, 第3項)."""
    parts = {name: told[name] for name in ("credit_note", "charge") if told[name]}
    titles = {name: words(f"{name}_qualified" if told["qualified"] and _is_taxed(part) else name) for name, part in parts.items()}
    alone = next(iter(parts)) if len(parts) == 1 else None
    sections = [_settled(part, words("part_of", title=titles[name], number=part["number"]), words) for name, part in parts.items()]
    notes = [words("based_on", clauses=words.listed(part["clauses"])) for part in parts.values() if "clauses" in part]
    if any(_is_taxed(part) for part in parts.values()):
        notes.append(words("tax_difference"))
    note = told["credit_note"]
    if note and note["qualified"] and not note["needed"]:
        notes.append(words("not_needed", yen=shown("yen", book()["credit_note"]["needed_from"], words.language)))
    gone = told["written_off"]
    if gone:
        notes.append(f"{gone['text']} {shown('yen', gone['total'], words.language)} {words('based_on', clauses=words.listed(gone['clauses']))}")
    elif not parts:
        notes.append(words("no_difference"))
    if told["written_off_before"]:
        notes.append(words("written_off_within" if parts or gone else "written_off_before", yen=shown("yen", told["written_off_before"], words.language)))
    # What is charged is paid by what is given back, as far as that goes.
    due, closed = _due(told["charge"], words) if told["charge"] and told["total"] > 0 else ([], [])
    months = words("until").join(words.month(month) for month in (told["months"] if len(told["months"]) < 2 else [told["months"][0], told["months"][-1]]))
    return dict(
        title=titles[alone] if alone else words("settlement"),
        number=parts[alone]["number"] if alone else None,
        date=told["settled_on"],
        to=_to(told["recipient"]),
        facts=[
            _strong(words("settlement_total"), told["total"]),
            *due,
            dict(label=words("settled_invoice"), value=told["number"]),
            dict(label=words("settled_on"), value=told["settled_on"], kind="date"),
            *_contract(told, words),
            dict(label=words("period"), value=months),
        ],
        sections=sections,
        notes=[*closed, *notes],
    )


def _is_taxed(part: Mapping[str, Any]) -> bool:
    """Whether a qualified invoice has anything to say of it: late interest is no price of anything."""
    return any(line["tax_percent"] for line in part["lines"])


def _settled(part: Mapping[str, Any], heading: str, words: _Words) -> dict[str, Any]:
    columns = [("description", "text"), ("before", "yen"), ("after", "yen"), ("rate", "percent"), ("amount", "yen")]
    rows = [
        dict(
            description=[
                line["description"],
                words.period(line),
                *_reckoned(line, line["now"], words),
                words("based_on", clauses=words.listed(line["clauses"])),
            ],
            before=line["was"],
            after=line["now"],
            rate=line["tax_percent"] or None,
            amount=line["amount"],
        )
        for line in part["lines"]
    ]
    return dict(heading=heading, table=dict(columns=_columns(columns, words), rows=rows, totals=_totals(part, words)))


PAPERS: dict[str, Callable[[Mapping[str, Any], _Words], dict[str, Any]]] = dict(
    quotation=_quotation, usage_statement=_usage_statement, invoice=_invoice, invoice_settlement=_invoice_settlement
)


# ---- what all have


def _quotation_number(told: Mapping[str, Any]) -> str | None:
    return f"{told['contract']}-{told['quoted_on']}" if told["contract"] else None


def _to(name: str) -> dict[str, str] | None:
    return dict(name=name) if name else None


def _contract(told: Mapping[str, Any], words: _Words) -> list[dict[str, Any]]:
    return [dict(label=words("contract"), value=told["contract"])] if told["contract"] else []


def _rate(told: Mapping[str, Any], words: _Words) -> dict[str, Any]:
    return dict(label=words("tax_percent"), value=told["tax_percent"], kind="percent")


def _strong(label: str, yen: int) -> dict[str, Any]:
    return dict(label=label, value=yen, kind="yen", strong=True)


def _columns(names: list[tuple[str, str]], words: _Words) -> list[dict[str, str]]:
    return [dict(key=name, label=words(name), kind=kind) for name, kind in names]


def _lines(told: Mapping[str, Any], heading: str, words: _Words, dated: bool = True) -> dict[str, Any]:
    """The lines of a fee, and what they come to with tax, once for each rate. What is quoted has no days yet: it is `dated` by nothing."""
    kinds = [("description", "text"), ("quantity", "integer"), ("unit", "text"), ("unit_price", "yen"), ("rate", "percent"), ("amount", "yen")]
    rows = [_line(line, words, dated) for line in told["lines"]]
    return dict(heading=heading, table=dict(columns=_columns(kinds, words), rows=rows, totals=_totals(told, words)))


def _totals(told: Mapping[str, Any], words: _Words) -> list[dict[str, Any]]:
    """What lines come to, once for each rate of tax."""
    totals = []
    for rate in told["rates"]:
        label = words("net_of", percent=rate["percent"]) if rate["percent"] else words("net_untaxed")
        totals.append(dict(label=label, cells=dict(amount=rate["net"])))
        if rate["percent"]:
            totals.append(dict(label=words("tax_of", percent=rate["percent"]), cells=dict(amount=rate["tax"])))
    totals.append(dict(label=words("total"), cells=dict(amount=told["total"]), strong=True))
    return totals


def _line(line: Mapping[str, Any], words: _Words, dated: bool) -> dict[str, Any]:
    about = [line["description"], *([words("services", services=words.listed(line["services"]))] if line["services"] else [])]
    about += [words.period(line)] if dated else []
    if line["per"] != 1:
        about.append(words("price_for", per=line["per"], unit=line["unit"]))
    if not line["tax_percent"]:
        about.append(words("untaxed"))
    about += _reckoned(line, line["amount"], words)
    unit = None if line["quantity"] is None else line["unit"]
    return dict(description=about, quantity=line["quantity"], unit=unit, unit_price=line["unit_price"], rate=line["tax_percent"] or None, amount=line["amount"])


def _reckoned(line: Mapping[str, Any], amount: int, words: _Words) -> list[str]:
    """How an amount is calculated, where it is not the quantity at its price: what it adds up from, what is taken off, and what was billed before."""
    segments, deductions = line.get("segments", []), line.get("deductions", [])
    plain = line.get("quantity") is not None and all(one["days"] == one.get("of") for one in segments)
    told = [] if plain else [_segment(one, words) for one in segments]
    told += [_deduction(one, words) for one in deductions]
    if not told:
        return []
    gross, less = (shown("yen", yen, words.language) for yen in (line["gross"], line["gross"] - amount))
    before = [words("billed_before", yen=less)] if line["gross"] > amount else []
    return [*told, words("floored"), *([words("less", gross=gross, less=less)] if deductions else before)]


def _segment(one: Mapping[str, Any], words: _Words) -> str:
    """A part of an amount: of late interest so many yen, of a fee so many at a price, for some days."""
    span = words.period(one)
    if "percent_a_year" in one:
        return words("late", yen=shown("yen", one["yen"], words.language), span=span, days=one["days"], percent=one["percent_a_year"])
    yen = shown("yen", one["unit_price"], words.language)
    return words("of_days", quantity=one["quantity"], yen=yen, time=_time(Fraction(one["days"]), words), of=one["of"], span=span)


def _time(days: Fraction, words: _Words) -> str:
    """Days, and what is left of them in hours, minutes and seconds."""
    whole, rest = divmod(days, 1)
    minutes, seconds = divmod(round(rest * 86_400), 60)
    parts = [words("day", days=whole)] if whole else []
    parts += [shown("minutes", minutes, words.language).strip()] if minutes else []
    parts += [words("second", seconds=seconds)] if seconds or not parts else []
    return words("joint").join(parts)


def _deduction(one: Mapping[str, Any], words: _Words) -> str:
    """What is taken off and why, of an outage with what it adds up from; fractions of a yen are rounded here alone."""
    span = f" {words.moment(one['from'])}{words('until')}{words.moment(one['until'])}" if "from" in one else f" {one['percent']}%"
    span += words("full_days") if one.get("cause") in ("third_party", "provider") else ""  # 第35条第2項表1欄
    yen, sen = divmod(round(Fraction(one["yen"]) * 100), 100)
    taken = shown("yen", yen, words.language) + (f".{sen:02}" if sen else "")
    parts = " + ".join(_segment(part, words) for part in one.get("segments", []))
    told = words("deduction", text=one["text"], span=span, clauses=words.listed(one["clauses"]), told=f"{parts} = {taken}" if parts else taken)
    return words("capped", told=told) if one.get("capped") else told


def _basis(lines: list[Mapping[str, Any]], words: _Words) -> list[dict[str, Any]]:
    """What the lines rest on, below what is to be paid and the notes: the components, and the clauses of the terms."""
    if not lines:
        return []
    sections = []
    kinds = [("component", "text"), ("count", "integer"), ("unit", "text"), ("per", "integer"), ("units", "integer")]
    groups = [_components(line, words) for line in lines if line["components"]]
    if groups:
        sections.append(dict(heading=words("section_components"), table=dict(columns=_columns(kinds, words), groups=groups)))
    clauses = [dict(description=line["description"], clauses=words.listed(line["clauses"])) for line in lines]
    table = dict(columns=_columns([("description", "text"), ("clauses", "text")], words), rows=clauses)
    sections.append(dict(heading=words("section_clauses"), table=table))
    sections[0]["own_worksheet"] = True
    return [*sections, *_rules(lines, words)]


def _rules(lines: list[Mapping[str, Any]], words: _Words) -> list[dict[str, Any]]:
    """Which readings of the terms had something to decide, and which one was applied: the one that the contract names, or the default."""
    used = {name: value for line in lines for name, value in line["rules"].items()}
    rows = [dict(rule=book()["rules"][name][words.language], reading=str(_choice(name, value, words))) for name, value in sorted(used.items())]
    table = dict(columns=_columns([("rule", "text"), ("reading", "text")], words), rows=rows)
    return [dict(heading=words("section_rules"), text=[words("rules")], table=table)] if rows else []


def _choice(name: str, value: Any, words: _Words) -> Any:
    choices = book()["rules"][name].get("choices")
    return choices[value][words.language] if choices else value


def _components(line: Mapping[str, Any], words: _Words) -> dict[str, Any]:
    rows = [dict(component=one["name"], **{name: one[name] for name in ("count", "unit", "per", "units")}) for one in line["components"]]
    total = sum(one["units"] for one in line["components"])
    changed = line["quantity"] is None  # within the time that is charged; these are what there was in the end
    heading = words("of_last_day", item=line["description"], day=words.day(line["until"])) if changed else line["description"]
    return dict(heading=heading, rows=rows, totals=[dict(label=words("units"), cells=dict(units=total))])
