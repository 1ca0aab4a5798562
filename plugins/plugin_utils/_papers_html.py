# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A paper as one HTML page that needs nothing else: for screens wide and narrow, and for A4.

Numbers and dates stand in `data` and `time` elements, so that machines can read what people see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from html import escape
from html.parser import HTMLParser
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._papers import (
    LOOKS,
    STANDS_OUT,
    WORDS,
    addressee,
    apart,
    label_columns,
    listed,
    registration,
    rows_of,
    shown,
    stands_out,
    width,
)

SHORT = 20  # characters: a column of shorter texts is not broken into lines
SHORTEST = 16  # such as a day with its hour: not even where there are many columns
MANY = 6  # columns with which a table needs its short ones to be folded, too
WIDE = 8  # columns for which a screen gives more room than a sheet of A4 is wide
# What nobody would break into lines by hand: a clause of the terms or of a law (第35条第2項表1欄, 別紙1の1.3, Article 35 (2)), and a month or a day.
WHOLE = re.compile(
    r"""
    第[0-9]+条(?:の[0-9]+)?(?:第[0-9]+項)?(?:第[0-9]+号|ただし書|表[0-9]欄)?
    | 別紙[0-9](?:の[0-9.]*[0-9]|第[0-9]表|※[0-9])?
    | Article\ [0-9-]+(?:\ \([0-9]+\))?
    | Annex\ [0-9](?:,\ [0-9.]*[0-9]|,\ table\ [0-9]|,\ note\ [0-9])?
    | [0-9]{4}年[0-9]{1,2}月(?:[0-9]{1,2}日)?分?
    """,
    re.VERBOSE,
)


class Markup(str):
    """Text that is HTML already. Everything else is escaped when it goes into an element."""


def page(paper: Mapping[str, Any]) -> str:
    """The page of a paper that `_papers.read` returned."""
    name = " ".join(part for part in (paper["title"], paper["number"]) if part)
    head = _join(
        Markup('<meta charset="utf-8">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup(f"<title>{escape(name)}</title>"),
        _element("style", Markup(STYLE + COLOURS + NARROW)),
    )
    body = _element("body", _element("main", _head(paper), _contents(paper), *_body(paper), class_="wide" if _judges(paper) or _is_wide(paper) else None))
    return f"<!DOCTYPE html>\n{_element('html', _element('head', head), body, lang=paper['language'])}\n"


def _judges(paper: Mapping[str, Any]) -> bool:
    """Does it hold tables of what was agreed beside what is there? They need all the room that a screen has."""
    return any(column["kind"] == "verdict" for section in paper["sections"] if section["table"] for column in section["table"]["columns"])


def _is_wide(paper: Mapping[str, Any]) -> bool:
    return any(len(section["table"]["columns"]) >= WIDE for section in paper["sections"] if section["table"])


def _css_text(text: str) -> str:
    return '"' + re.sub(r'["\\\n<]', lambda found: f"\\{ord(found[0]):x} ", text) + '"'


def _element(tag: str, *children: Any, **attributes: Any) -> Markup:
    """An element; `class_` stands for class, attributes that are None or False are left out."""
    told = "".join(f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"' for name, value in attributes.items() if value not in (None, False, ""))
    return Markup(f"<{tag}{told}>{_join(*children)}</{tag}>")


def _join(*parts: Any) -> Markup:
    return Markup("".join(part if isinstance(part, Markup) else _text(str(part)) for part in parts if part is not None))


def _text(said: str) -> str:
    """A text in which neither a clause nor a day is broken into lines."""
    return WHOLE.sub(r'<span class="whole">\g<0></span>', escape(said)).replace("\n", "<br>")


def _lines(lines: list[str], tag: str = "p", **attributes: Any) -> Markup:
    return _join(*(_element(tag, line, **attributes) for line in lines))


# ---- the head


def _head(paper: Mapping[str, Any]) -> Markup:
    about = _join(
        _element("p", f"{WORDS[paper['language']]['number']}{paper['number']}") if paper["number"] else None,
        _element("p", _value("date", paper["date"], paper["language"])) if paper["date"] else None,
    )
    return _element(
        "header",
        _element("h1", paper["title"]),
        _element("div", about, class_="about"),
        _element("div", _to(paper), _from(paper), class_="parties"),
        _element("div", _lines(paper["lead"]), class_="lead") if paper["lead"] else None,
        _facts(paper, True),
        _facts(paper, False),
    )


def _to(paper: Mapping[str, Any]) -> Markup | None:
    if not paper["to"]:
        return None
    return _element("div", _element("p", addressee(paper), class_="name"), _lines(paper["to"]["lines"]), class_="to")


def _from(paper: Mapping[str, Any]) -> Markup | None:
    if not paper["from"]:
        return None
    number = registration(paper)
    return _element(
        "div",
        _element("p", paper["from"]["name"], class_="name"),
        _lines(paper["from"]["lines"]),
        _element("p", number) if number else None,
        class_="from",
    )


def _facts(paper: Mapping[str, Any], strong: bool) -> Markup | None:
    facts = [fact for fact in paper["facts"] if bool(fact["strong"]) is strong]
    pairs = (
        _element("div", _element("dt", fact["label"]), _element("dd", _value(fact["kind"], fact["value"], paper["language"], paragraphs=True)))
        for fact in facts
    )
    return _element("dl", *pairs, class_="strong" if strong else "facts") if facts else None


def _contents(paper: Mapping[str, Any]) -> Markup | None:
    links = [_element("li", _element("a", section["heading"], href=f"#section-{count}")) for count, section in listed(paper)]
    if not links:
        return None
    name = WORDS[paper["language"]]["contents"]
    return _element("nav", _element("h2", name), _element("ul", *links), class_="contents", aria_label=name)


# ---- the body


def _body(paper: Mapping[str, Any]) -> Iterator[Markup | None]:
    """The sections; the notes stand where the first part ends."""
    noted, cards = False, _judges(paper)
    for count, section in enumerate(paper["sections"], 1):
        if apart(section) and not noted:
            yield _notes(paper)
            noted = True
        name = f"section-{count}"
        heading = section["heading"]
        yield _element(
            "section",
            _element("h2", heading, id=name) if heading else None,
            _lines(section["text"]),
            _table(section["table"], name if heading else None, paper["language"], cards) if section["table"] else None,
            _figure(section["figure"]) if section["figure"] else None,
            class_="own-page" if section["own_page"] else None,
        )
    if not noted:
        yield _notes(paper)


def _figure(figure: Mapping[str, str]) -> Markup:
    drawing = _element("div", Markup(figure["svg"]), role="img", aria_label=figure["text"])
    return _element("figure", drawing, _element("figcaption", figure["text"]))


def _notes(paper: Mapping[str, Any]) -> Markup | None:
    if not paper["notes"]:
        return None
    return _element("section", _element("h2", WORDS[paper["language"]]["notes"]), _element("ul", _lines(paper["notes"], "li")), class_="notes")


# ---- tables


def _table(table: Mapping[str, Any], labelled_by: str | None, language: str, cards: bool) -> Markup:
    """cards: whether a narrow screen shows each row as a card, with the headings, which are its style, beside the values."""
    columns = [dict(column, class_=_class(column, table, language)) for column in table["columns"]]
    heads = [_element("th", column["label"], scope="col", class_=column["class_"]) for column in columns]
    bodies = [_group(group, columns, language) for group in table["groups"]]
    if table["totals"]:
        bodies.append(_element("tbody", *(_total(total, columns, language) for total in table["totals"]), class_="totals"))
    many = "many" if len(columns) >= MANY else None
    named = "; ".join(f"--c{number}: {_css_text(column['label'])}" for number, column in enumerate(columns, 1)) if cards else None
    table_of = _element("table", _element("thead", _element("tr", *heads)), *bodies, aria_labelledby=labelled_by, class_=many, style=named)
    # On a narrow screen the table is moved sideways in its place, with the keys as well, and the page stays where it is.
    return _element("div", table_of, class_="scroll", role="region", tabindex="0", aria_labelledby=labelled_by)


def _group(group: Mapping[str, Any], columns: list[dict[str, Any]], language: str) -> Markup:
    rows = [_row(row, columns, language) for row in group["rows"]]
    if not rows:
        rows = [_element("tr", _element("td", WORDS[language]["nothing"], colspan=len(columns), class_="nothing"))]
    if group["heading"] is not None:
        rows.insert(0, _element("tr", _element("th", group["heading"], scope="rowgroup", colspan=len(columns)), class_="group"))
    return _element("tbody", *rows, *(_total(total, columns, language) for total in group["totals"]))


def _row(row: Mapping[str, Any], columns: list[dict[str, Any]], language: str) -> Markup:
    first, *others = columns
    cells = [_element("th", _value(first["kind"], row[first["key"]], language), scope="row", class_=first["class_"])]
    cells += [_element("td", _value(column["kind"], row[column["key"]], language), class_=column["class_"]) for column in others]
    return _element("tr", *cells, class_="differs" if stands_out(row, columns) else None)


def _total(total: Mapping[str, Any], columns: list[dict[str, Any]], language: str) -> Markup:
    reach = label_columns(total, columns)
    label = _element("th", total["label"], scope="row", colspan=reach if reach > 1 else None)
    cells = [_element("td", _value(column["kind"], total["cells"][column["key"]], language), class_=column["class_"]) for column in columns[reach:]]
    return _element("tr", label, *cells, class_="total result" if total["strong"] else "total")


def _class(column: Mapping[str, Any], table: Mapping[str, Any], language: str) -> str | None:
    """How the cells of a column are set."""
    if column["kind"] == "verdict":
        return "short"
    if column["kind"] not in ("text", "date"):
        return "number"
    longest = max((width(shown(column["kind"], row[column["key"]], language)) for row in rows_of(table)), default=0)
    return None if longest > SHORT else "short" if longest > SHORTEST else "short shortest"


def _value(kind: str, value: Any, language: str, paragraphs: bool = False) -> Markup:
    """A value for people, and where it is no text for machines as well. In a table the lines after the first of a text are smaller."""
    text = shown(kind, value, language)
    if value is None:
        return Markup("")
    if kind == "text":
        first, dummy, rest = text.partition("\n")
        return _join(text) if paragraphs or not rest else _element("div", first, _element("small", rest))
    if isinstance(value, date):
        return _element("time", text, datetime=value.isoformat())
    if kind == "verdict":
        return _element("data", text, value=value, class_=f"verdict {value}")
    return _element("data", text, value=f"{value:f}" if isinstance(value, Decimal) else str(value))


# ---- what a page says


class _Text(HTMLParser):
    """The text of a page, one line for each block or row."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = [""]
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.silent += tag in ("style", "title")
        if tag in ("p", "h1", "h2", "tr", "li", "dt", "figcaption"):
            self.lines.append("")
        elif tag in ("td", "th", "dd", "br", "small"):
            self.lines[-1] += "  "

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        self.lines[-1] += "" if self.silent else data


def text(html: str) -> str:
    """What a page says, in lines that can be compared."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "".join(f"{line.strip()}\n" for line in parser.lines if line.strip())


# Greys and weights carry all that has a meaning, so that a page printed without colours says the same.
STYLE = """
@page { size: A4; margin: 16mm 15mm 18mm; @bottom-center { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #444 } }
* { box-sizing: border-box }
html { color: #1a1d21; background: #e8eaed; font: 15px/1.65 "Hiragino Sans", "Hiragino Kaku Gothic ProN", "Yu Gothic Medium", "Yu Gothic", Meiryo,
  "Noto Sans JP", "Noto Sans CJK JP", sans-serif; -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
html:lang(ja) { line-break: strict }
body { margin: 0 }
main { max-width: 210mm; margin: 24px auto; padding: 44px 52px 52px; background: #fff; box-shadow: 0 1px 6px rgb(0 0 0 / .2); overflow-wrap: anywhere }
main.wide { max-width: 1240px }
p { margin: 0 }
h1 { margin: 0 0 18px; padding-bottom: 10px; border-bottom: 3px double #1f3a5f; color: #1f3a5f; font-size: 27px; line-height: 1.3; font-weight: 600;
  letter-spacing: .18em; text-indent: .18em; text-align: center }
html:lang(en) h1 { letter-spacing: .02em; text-indent: 0 }
h2 { margin: 30px 0 8px; padding-left: 10px; border-left: 5px solid #1f3a5f; font-size: 17px; line-height: 1.4; font-weight: 600; break-after: avoid }
section > p { margin: 6px 0 }
.about { margin-bottom: 18px; text-align: right; font-size: 13px }
.parties { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 18px 40px; align-items: flex-start }
.to { flex: 1 1 300px }
.to .name { padding-bottom: 3px; border-bottom: 1px solid #1a1d21; font-size: 19px; font-weight: 600 }
.from { flex: 0 1 auto; min-width: 220px; padding-top: 3px; font-size: 13.5px }
.from .name { font-size: 15.5px; font-weight: 600 }
.lead { margin-top: 22px }
dl { margin: 0 }
dd { margin: 0 }
.strong { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 18px }
.strong div { display: flex; flex: 1 1 260px; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 2px 20px;
  padding: 10px 16px; border: 2px solid #1f3a5f }
.strong dt { font-weight: 600 }
.strong dd { margin-left: auto; font-size: 23px; line-height: 1.35; font-weight: 700; font-variant-numeric: tabular-nums }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 0 28px; margin-top: 18px }
.facts div { display: flex; gap: 14px; padding: 5px 2px; border-bottom: 1px solid #c9ced4 }
.facts dt { flex: 0 0 8em; color: #444b54 }
.facts dd { word-break: keep-all }
.scroll { overflow-x: auto; margin-top: 8px }
.scroll:focus-visible { outline: 2px solid #1f3a5f; outline-offset: 2px }
table { width: 100%; border-collapse: collapse; font-size: 13.5px; line-height: 1.5; font-variant-numeric: tabular-nums }
th, td { padding: 6px 9px; border-bottom: 1px solid #c9ced4; text-align: left; vertical-align: top; font-weight: 400 }
thead th { border-top: 2px solid #1f3a5f; border-bottom: 1px solid #1f3a5f; background: #e9eef4; font-weight: 600; vertical-align: bottom; white-space: nowrap }
tbody th[scope=row] { min-width: 13em }
tbody th.short[scope=row] { min-width: 0 }
.number { text-align: right; white-space: nowrap }
thead .number { min-width: 3em; white-space: normal; word-break: keep-all }
.short { white-space: nowrap }
.many td { min-width: 8em }
.many .short { min-width: 6em; white-space: normal; overflow-wrap: anywhere }
.many .number { min-width: 0 }
.many .shortest { min-width: 0; white-space: nowrap }
thead th, .short { overflow-wrap: break-word }
.nothing { text-align: center; color: #444b54 }
small { display: block; color: #444b54; font-size: 11.5px; line-height: 1.5 }
.group th { padding-top: 10px; background: #f5f6f8; font-weight: 600 }
.total th { min-width: 0; text-align: right }
.totals tr:first-child > * { border-top: 1px solid #1f3a5f }
.result > * { border-bottom: 2px solid #1f3a5f; background: #e9eef4; font-weight: 700 }
figure { margin: 12px 0 0 }
figure svg { display: block; max-width: 100%; height: auto; margin: 0 auto }
figcaption { margin-top: 6px; text-align: center; font-size: 13px }
.contents ul { margin: 0; padding: 0; list-style: none; columns: 2 260px; column-gap: 28px }
.contents li { padding: 3px 2px; border-bottom: 1px solid #c9ced4; break-inside: avoid }
.contents a { color: #1f3a5f }
.whole { white-space: nowrap }
.verdict { display: inline-block; padding: 0 8px; border: 1px solid; border-radius: 3px; font-weight: 600; white-space: nowrap }
.differs th { font-weight: 600 }
.notes { font-size: 13px }
.notes ul { margin: 0; padding-left: 1.5em }
@media (max-width: 640px) {
  html { background: #fff }
  main { margin: 0; padding: 20px 16px 32px; box-shadow: none }
  h1 { font-size: 23px }
  .from { flex-basis: 100% }
  .facts { grid-template-columns: 1fr }
  .contents ul { columns: 2 150px; font-size: 13px }
  table { font-size: 12.5px }
  th, td { padding: 5px 6px }
  thead th, thead .number, .many .number, .short, .many .short { white-space: normal; min-width: 3em; word-break: normal }
  tbody th[scope=row] { min-width: 8em }
  .many .number { min-width: 0 }
  .many thead .number { min-width: 0; writing-mode: vertical-rl }
  /* What was agreed and what is there: what is blank is left out. */
  table[style] thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  table[style], table[style] tbody, table[style] tr, table[style] th[scope=row] { display: block }
  table[style] tr { padding: 6px 0; border-bottom: 1px solid #c9ced4 }
  table[style] th[scope=row] { font-weight: 600 }
  table[style] td { display: grid; grid-template-columns: 8em 1fr; gap: 0 10px; min-width: 0; text-align: left; white-space: normal }
  table[style] th[scope=row], table[style] td { padding: 1px 6px; border: 0 }
  table[style] td:empty { display: none }
  table[style] td::before { color: #444b54 }
  table[style] .verdict { justify-self: start }
}
@media print {
  html { background: none; font-size: 10pt }
  main, main.wide { max-width: none; margin: 0; padding: 0; box-shadow: none }
  h1 { font-size: 18pt }
  h1 { margin-bottom: 4mm; padding-bottom: 2mm }
  h2 { margin-top: 5.5mm; font-size: 11.5pt }
  .about, .lead, .strong, .facts { margin-top: 3.5mm; margin-bottom: 0 }
  .about { margin-bottom: 3mm }
  th, td { padding: 1mm 2mm }
  .about, .from, .notes, figcaption { font-size: 9pt }
  .from .name { font-size: 10.5pt }
  .to .name { font-size: 13pt }
  .strong dd { font-size: 15pt }
  .facts { grid-template-columns: 1fr 1fr }
  table { font-size: 9pt }
  small { font-size: 8pt }
  .scroll { overflow: visible }
  thead { display: table-header-group }
  tr, .strong, .facts div, figure, li, section > p { break-inside: avoid }
  h2, section > p, .group, thead { break-after: avoid }
  tbody:first-of-type tr:first-child { break-before: avoid }
  /* A4 without its margins, a heading and a caption: a figure is never cut, and its heading never stands alone. */
  figure svg { width: auto; max-height: 220mm }
  figure { break-before: avoid }
  .total { break-before: avoid }
  .totals { break-inside: avoid; break-before: avoid }
  .own-page { break-before: page }
  .own-page h2 { margin-top: 0 }
  /* A small one leaves room for what comes before it. */
  .own-page:has(figure) { break-before: auto; break-inside: avoid }
  .contents a { color: inherit; text-decoration: none }
  thead th, .result > *, .group th, .differs > *, .verdict { print-color-adjust: exact; -webkit-print-color-adjust: exact }
}
"""
COLOURS = "".join(f".verdict.{name} {{ color: {ink}; background: {ground} }}\n" for name, (ink, ground) in LOOKS.items())
COLOURS += f".differs > * {{ background: {STANDS_OUT} }}\n"
HEADINGS = "".join(f"table[style] td:nth-child({number})::before {{ content: var(--c{number}) }}\n" for number in range(2, 13))
NARROW = f"@media (max-width: 640px) {{\n{HEADINGS}}}\n"
