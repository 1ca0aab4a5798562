# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Papers: page and workbook say all that the structure says, both the same and nothing else, whatever is written into it."""

from __future__ import annotations

import io
import json
import re
import stat
import sys
import unicodedata
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import html5lib
import openpyxl
import pytest
import python_calamine
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.msp.aws.plugins.plugin_utils._papers import (
    KINDS,
    LOOKS,
    NEEDS,
    VERDICTS,
    WORDED,
    WORDS,
    PaperError,
    addressee,
    listed,
    read,
    registration,
    rows_of,
    shown,
)
from ansible_collections.msp.aws.plugins.plugin_utils._papers_html import page
from ansible_collections.msp.aws.plugins.plugin_utils._papers_html import text as text_of_page
from ansible_collections.msp.aws.plugins.plugin_utils._papers_svg import drawing
from ansible_collections.msp.aws.plugins.plugin_utils._papers_xlsx import workbook
from tests.playbook import run_playbook

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTATION = yaml.safe_load((ROOT / "plugins" / "modules" / "paper.yml").read_text(encoding="utf-8"))
PAPER = DOCUMENTATION["DOCUMENTATION"]["options"]["paper"]
EXAMPLE = yaml.safe_load(DOCUMENTATION["EXAMPLES"])[0]["msp.aws.paper"]["paper"]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>box</title><rect width="9" height="9" fill="url(#a)"/><text>A &lt; B</text></svg>'
HOSTILE = ["=1+1", "+81-3-0000-0000", "-1", "@SUM(A1)", "=HYPERLINK(\"http://evil.example\")", "http://evil.example/", "{=1}", "00123", "1e5", "_x0041_", "\tx"]
MARKUP = ["<script>alert(1)</script>", "a & b &amp; c", "\"quoted\" 'single'", "</table></html>", "<!--", "]]>", "サンプル\n商事", "𠮷野家", "é e\u0301"]


# ---- papers of all sorts


ANYTHING = st.sampled_from([*HOSTILE, *MARKUP]) | st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=12)
NAMED = ANYTHING.filter(str.strip)
VALUES = dict(
    text=ANYTHING | st.lists(NAMED, min_size=1, max_size=3) | st.integers(),
    integer=st.integers(-(10**15) + 1, 10**15 - 1),
    yen=st.integers(-(10**15) + 1, 10**15 - 1),
    percent=st.integers(-100, 1000) | st.decimals(-100, 100, places=4, allow_nan=False).map(str),
    date=st.dates(date(1901, 1, 1), date(2999, 12, 31)) | st.dates(date(1901, 1, 1)).map(str),
    minutes=st.integers(0, 10**6),
    verdict=st.sampled_from(sorted(LOOKS)),
)


@st.composite
def tables(draw):
    keys = [f"k{number}" for number in range(draw(st.integers(1, 4)))]
    kinds = [draw(st.sampled_from(sorted(VALUES))) for dummy in keys]
    cells = [st.none() | VALUES[kind] for kind in kinds]
    rows = st.lists(st.fixed_dictionaries({}, optional=dict(zip(keys, cells, strict=True))), max_size=3)
    totals = st.lists(
        st.fixed_dictionaries(dict(label=NAMED, cells=st.fixed_dictionaries({}, optional=dict(zip(keys[1:], cells[1:], strict=True))), strong=st.booleans())),
        max_size=2,
    )
    table = dict(columns=[dict(key=key, label=draw(NAMED), kind=kind) for key, kind in zip(keys, kinds, strict=True)], totals=draw(totals))
    if draw(st.booleans()):
        return dict(table, rows=draw(rows))
    return dict(table, groups=draw(st.lists(st.fixed_dictionaries(dict(heading=NAMED, rows=rows, totals=totals)), max_size=3)))


FACTS = st.sampled_from(sorted(VALUES)).flatmap(
    lambda kind: st.fixed_dictionaries(dict(label=NAMED, kind=st.just(kind)), optional=dict(value=VALUES[kind], strong=st.booleans()))
)
TEXTS = st.lists(ANYTHING, max_size=2)
SECTIONS = st.fixed_dictionaries(
    {},
    optional=dict(heading=NAMED, own_page=st.booleans(), text=TEXTS, table=tables(), figure=st.just(dict(svg=SVG, text="a box"))),
)
PAPERS = st.fixed_dictionaries(
    dict(title=NAMED),
    optional={
        "language": st.sampled_from(["ja", "en"]),
        "number": NAMED,
        "date": VALUES["date"],
        "to": st.fixed_dictionaries(dict(name=NAMED), optional=dict(honorific=NAMED, lines=TEXTS)),
        "from": st.fixed_dictionaries(dict(name=NAMED), optional=dict(registration_number=NAMED, lines=TEXTS)),
        "lead": TEXTS,
        "contents": st.booleans(),
        "facts": st.lists(FACTS, max_size=3),
        "sections": st.lists(SECTIONS, max_size=3),
        "notes": TEXTS,
    },
)


def values(paper):
    """(kind, value) of all that a paper says, empty places left out."""
    said = [("text", paper["title"]), ("date", paper["date"])]
    if listed(paper):
        said += [("text", WORDS[paper["language"]]["contents"]), *(("text", section["heading"]) for dummy, section in listed(paper))]
    said += [("text", text) for text in [*paper["lead"], *paper["notes"]]]
    if paper["to"]:
        said += [("text", text) for text in [addressee(paper), *paper["to"]["lines"]]]
    if paper["from"]:
        said += [("text", text) for text in [paper["from"]["name"], *paper["from"]["lines"], registration(paper)]]
    if paper["number"]:
        said.append(("text", f"No. {paper['number']}"))
    for fact in paper["facts"]:
        said += [("text", fact["label"]), (fact["kind"], fact["value"])]
    for section in paper["sections"]:
        said += [("text", text) for text in [section["heading"], *section["text"], section["figure"] and section["figure"]["text"]]]
        said += _said(section["table"]) if section["table"] else []
    return [(kind, value) for kind, value in said if value not in (None, "")]


def _said(table):
    lines, said = [], [("text", column["label"]) for column in table["columns"]]
    totals = list(table["totals"])
    for group in table["groups"]:
        said.append(("text", group["heading"]))
        lines += group["rows"]
        totals += group["totals"]
    said += [("text", total["label"]) for total in totals]
    return said + [(column["kind"], line[column["key"]]) for line in [*lines, *(total["cells"] for total in totals)] for column in table["columns"]]


# ---- what a reader that is not ours finds in them

TEXTUAL = {"p", "h1", "h2", "th", "td", "dt", "dd", "li", "figcaption"}
NUMBERS = set(KINDS) - {*WORDED, "date"}


def parsed(html):
    """The tree of a page; html5lib raises at the first thing that is not as the standard says."""
    return html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False).parse(html)


def written(element):
    """The text of an element, with its line breaks."""
    parts = [element.text or ""]
    for child in element:
        parts += ["\n" if child.tag in ("br", "small") else "", written(child), child.tail or ""]
    return "".join(parts)


def found_in_page(tree):
    return Counter(text for element in tree.iter() if element.tag in TEXTUAL if (text := written(element)))


def cells(book):
    sheets = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(book))
    return [cell for name in sheets.sheet_names for row in sheets.get_sheet_by_name(name).to_python() for cell in row if cell != ""]


def figures_of_page(tree):
    return Counter(value if value in LOOKS else Decimal(value) for value in (element.get("value") for element in tree.iter("data")))


def figures_of_cells(paper, found):
    """The figures of the cells, and those that the structure has: per cent as a part of 1, minutes as minutes."""
    told = (cell.total_seconds() / 60 if isinstance(cell, timedelta) else cell for cell in found if isinstance(cell, (float, timedelta)))
    numbers = Counter(round(Decimal(str(cell)), 6) for cell in told)
    expected = Counter(round(value / 100 if kind == "percent" else Decimal(value), 6) for kind, value in values(paper) if kind in NUMBERS)
    return numbers, expected


# ---- the laws


@settings(deadline=None, max_examples=150)
@given(PAPERS)
@example(dict(title="<script>alert(1)</script>", facts=[dict(label="=1+1", value="=1+1", strong=True)]))
def test_a_page_says_all_that_the_structure_says(given_paper):
    paper = read(given_paper)
    tree = parsed(page(paper))
    expected = Counter(shown(kind, value, paper["language"]) for kind, value in values(paper))
    # Line breaks of a value are those of the page; white space at its ends is all that a parser may lose.
    found = found_in_page(tree)
    assert not expected - found
    said = Counter(Decimal(value) if kind in NUMBERS else value for kind, value in values(paper) if kind not in ("text", "date"))
    assert figures_of_page(tree) == said
    assert Counter(element.get("datetime") for element in tree.iter("time")) == Counter(value.isoformat() for kind, value in values(paper) if kind == "date")


@settings(deadline=None, max_examples=100)
@given(PAPERS)
def test_a_page_needs_nothing_from_outside_and_runs_nothing(given_paper):
    paper = read(given_paper)
    tree = parsed(page(paper))
    known = {"html", "head", "meta", "title", "style", "body", "main", "header", "section", "div", "p", "h1", "h2", "dl", "dt", "dd", "table", "thead", "tbody"}
    known |= {"tr", "th", "td", "ul", "li", "small", "br", "data", "time", "figure", "figcaption", "svg", "rect", "text", "nav", "a", "span"}
    names = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(names) == len(set(names))
    for element in tree.iter():
        assert str(element.tag).rpartition("}")[2] in known
        assert not {name for name in element.attrib if name in ("src", "srcset", "action") or name.startswith("on")}
        assert element.get("href") is None or element.get("href").removeprefix("#") in names
    (style,) = tree.iter("style")
    assert not re.search(r"url\(|@import|//", style.text)


@settings(deadline=None, max_examples=100)
@given(PAPERS)
def test_a_workbook_says_all_that_the_structure_says(given_paper):
    paper = read(given_paper)
    found = cells(workbook(paper))
    texts = Counter(cell for cell in found if isinstance(cell, str))
    assert not Counter(shown(kind, value, paper["language"]) for kind, value in values(paper) if kind in WORDED) - texts
    assert Counter(cell for cell in found if isinstance(cell, date)) == Counter(value for kind, value in values(paper) if kind == "date")
    numbers, expected = figures_of_cells(paper, found)
    assert numbers == expected


@settings(deadline=None, max_examples=60)
@given(PAPERS)
def test_a_workbook_has_no_formula_and_no_link_to_elsewhere_and_only_its_own_date(given_paper):
    paper = read(given_paper)
    parts = zipfile.ZipFile(io.BytesIO(workbook(paper)))
    assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    made = paper["date"].isoformat() if paper["date"] else "2000-01-01"
    stamps = set(re.findall(rb"\d{4}-\d\d-\d\dT[\d:]+Z", parts.read("docProps/core.xml")))
    assert stamps == {f"{made}T00:00:00Z".encode()}
    for name in parts.namelist():
        root = ET.fromstring(parts.read(name))
        assert "f" not in {str(element.tag).rpartition("}")[2] for element in root.iter()}
        assert not [element for element in root.iter() if element.get("TargetMode") == "External"]


@settings(deadline=None, max_examples=30)
@given(PAPERS)
def test_the_same_structure_gives_the_same_bytes(given_paper):
    first, again = read(given_paper), read(json.loads(json.dumps(given_paper, default=str)))
    assert page(first) == page(again)
    assert workbook(first) == workbook(again)


@settings(deadline=None, max_examples=60)
@given(PAPERS)
def test_worksheets_are_set_up_for_printing(given_paper):
    paper = read(given_paper)
    book = openpyxl.load_workbook(io.BytesIO(workbook(paper)))
    sheets = _sheets(paper)
    if listed(paper):
        sheets.insert(1, [])
    assert len(book.worksheets) == len(sheets)
    assert len({sheet.title.lower() for sheet in book.worksheets}) == len(book.worksheets)
    for sheet in book.worksheets:
        # A4, one page wide (what it says when it says nothing) and as many high as it takes.
        assert (sheet.page_setup.paperSize, sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (9, 1, 0)
        assert len(sheet.title) <= 31 and sheet.sheet_properties.pageSetUpPr.fitToPage
    with_tables = [any(section["table"] for section in sections) for sections in sheets]
    assert [bool(sheet.print_title_rows) for sheet in book.worksheets] == with_tables


@settings(deadline=None, max_examples=60)
@given(PAPERS)
def test_heads_stay_and_rows_can_be_filtered_where_a_worksheet_of_its_own_has_one_table(given_paper):
    paper = read(given_paper)
    book = openpyxl.load_workbook(io.BytesIO(workbook(paper)))
    own = [sheet for sheet in book.worksheets[1:] if sheet.title not in ("目次", "Contents") or not listed(paper)]
    assert book.worksheets[0].freeze_panes is None and book.worksheets[0].auto_filter.ref is None
    for sheet, sections in zip(own, _sheets(paper)[1:], strict=True):
        tables = [section["table"] for section in sections if section["table"]]
        if len(tables) != 1:
            assert sheet.freeze_panes is None and sheet.auto_filter.ref is None
            continue
        head = int(sheet.print_title_rows.rpartition("$")[2])
        assert sheet.freeze_panes in (None, f"A{head + 1}") and (sheet.freeze_panes or head > 3)
        (groups, rows) = tables[0]["groups"], rows_of(tables[0])
        end = f"{openpyxl.utils.get_column_letter(len(tables[0]['columns']))}{head + len(rows)}"
        assert sheet.auto_filter.ref == (f"A{head}:{end}" if rows and groups[0]["heading"] is None else None)


def test_the_contents_lead_to_the_sections():
    headings = ["構成", "構成", "A's [1/2]", "'", "=1+1"]
    paper = read(dict(title="t", contents=True, sections=[dict(heading=heading, own_page=count != 1) for count, heading in enumerate(headings)] + [{}]))
    tree = parsed(page(paper))
    (nav,) = tree.iter("nav")
    named = {element.get("id"): element.text for element in tree.iter("h2")}
    assert [(link.text, named[link.get("href")[1:]]) for link in nav.iter("a")] == [(heading, heading) for heading in headings]
    book = openpyxl.load_workbook(io.BytesIO(workbook(paper)))
    links = [cell for row in book["目次"].iter_rows() for cell in row if cell.hyperlink]
    assert [cell.value for cell in links] == headings
    for link in links:
        place = re.fullmatch(r"'(.+)'!(A\d+)", link.hyperlink.location)
        assert link.hyperlink.target is None and book[place[1].replace("''", "'")][place[2]].value == link.value
    for without in (dict(paper, contents=None), dict(paper, sections=[dict(one, heading=None) for one in paper["sections"]])):
        assert not list(parsed(page(without)).iter("nav")) and "目次" not in openpyxl.load_workbook(io.BytesIO(workbook(without))).sheetnames


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(st.sampled_from("aAａあ𠮷'[]:*?/\\ 一"), min_size=1, max_size=40).filter(str.strip), min_size=1, max_size=6))
def test_a_heading_becomes_a_name_that_every_program_takes(headings):
    paper = read(dict(title="t", sections=[dict(heading=heading, own_page=True) for heading in [*headings, *headings]]))
    dummy, *names = openpyxl.load_workbook(io.BytesIO(workbook(paper))).sheetnames
    assert len({unicodedata.normalize("NFKC", name).casefold() for name in names}) == len(names) == 2 * len(headings)
    for name, heading in zip(names, headings, strict=False):
        assert 0 < len(name.encode("utf-16-le")) <= 62 and not set(name) & set("[]:*?/\\") and name.strip("'") == name
        told = re.sub(r"[\[\]:*?/\\]", " ", heading).strip(" '")
        assert not told or name[0] == told[0]


def _sheets(paper):
    found = [[]]
    for section in paper["sections"]:
        if section["figure"] and not section["table"] and not section["text"]:
            continue  # only a page can show it
        if section["own_page"]:
            found.append([])
        found[-1].append(section)
    return found


@pytest.mark.parametrize("text", [*HOSTILE, *MARKUP])
def test_hostile_text_stays_the_text_it_is_everywhere(text):
    column = dict(key="a", label=text)
    section = dict(heading=text, text=[text], table=dict(columns=[column], rows=[dict(a=text)], totals=[dict(label=text, cells={})]))
    paper = read(dict(title=text, facts=[dict(label=text, value=text)], lead=[text], sections=[section], notes=[text]))
    book = openpyxl.load_workbook(io.BytesIO(workbook(paper))).active
    assert [cell.data_type for row in book.iter_rows() for cell in row if cell.value == text] == ["s"] * 10
    assert found_in_page(parsed(page(paper)))[text] == 10


@pytest.mark.parametrize("said, whole", [
    ("減額（第35条第2項表1欄、第35条第1項ただし書）", ["第35条第2項表1欄", "第35条第1項ただし書"]), ("消費税法第57条の4第1項", ["第57条の4第1項"]),
    ("別紙1の1.3、別紙2※4、別紙5第1表、別紙2（注）、別紙3", ["別紙1の1.3", "別紙2※4", "別紙5第1表", "別紙2", "別紙3"]),
    ("Article 35 (2), row 1, Annex 1, 1.3; Annex 2, note 4", ["Article 35 (2)", "Annex 1, 1.3", "Annex 2, note 4"]),
    ("2026年9月1日〜2026年9月30日 2026年9月分", ["2026年9月1日", "2026年9月30日", "2026年9月分"]), ("1条 2026年度 <第1条>", ["第1条"]),
])  # fmt: skip
def test_neither_a_clause_nor_a_day_is_broken_into_lines(said, whole):
    html = page(read(dict(title=said, notes=[said], sections=[dict(table=dict(columns=[dict(key="a", label="A")], rows=[dict(a=["x", said])]))])))
    tree = parsed(html)
    assert [span.text for span in tree.iter("span") if span.get("class") == "whole"] == whole * 3, "heading, cell and note"
    assert next(tree.iter("title")).text == said and ".whole { white-space: nowrap }" in html and text_of_page(html).count(said) == 3


def test_a_table_tells_what_its_heads_are_for():
    tree = parsed(page(read(EXAMPLE)))
    (table,) = tree.iter("table")
    (head,) = table.iter("thead")
    assert [cell.get("scope") for cell in head.iter("th")] == ["col", "col"]
    for body in table.iter("tbody"):
        assert all(row.find("th").get("scope") == "row" for row in body.iter("tr"))
    names = {element.get("id") for element in tree.iter() if element.get("id")}
    assert {element.get("aria-labelledby") for element in tree.iter() if element.get("aria-labelledby")} <= names
    assert tree.get("lang") == "ja"


def test_print_keeps_together_what_belongs_together():
    style = next(parsed(page(read(EXAMPLE))).iter("style")).text
    printed = style[style.index("@media print") :]
    kept = (".totals { break-inside: avoid; break-before: avoid }", ".own-page { break-before: page }")
    for rule in ("thead { display: table-header-group }", "tr, .strong", *kept):
        assert rule in printed
    assert "size: A4" in style and "counter(page)" in style


def test_no_meaning_is_carried_by_colour_alone():
    """In grey, text stands out from what is behind it: the colours of the page have at least 7 to 1 (WCAG AAA)."""
    style = next(parsed(page(read(EXAMPLE))).iter("style")).text
    inks = set(re.findall(r"(?<![-\w])color: (#[0-9a-f]{3,6})", style))
    grounds = {ground for ground in re.findall(r"background: (#[0-9a-f]{3,6})", style) if _light(ground) > 0.8} | {"#fff"}
    assert inks and all((_light(ground) + 0.05) / (_light(ink) + 0.05) >= 7 for ink in inks for ground in grounds)


def _light(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(sign * 2 for sign in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


VERDICT_COLUMNS = [dict(key="what", label="w"), dict(key="verdict", label="v", kind="verdict")]


@pytest.mark.parametrize("language", WORDS)
def test_a_verdict_is_told_by_its_sign_and_a_row_stands_out_only_by_one(language):
    signs = [shown("verdict", verdict, language)[0] for verdict in LOOKS]
    assert len(set(signs)) == len(LOOKS) and not any(sign.isalpha() for sign in signs)
    rows = [dict(what=verdict, verdict=verdict) for verdict in [*LOOKS, None]]
    table = dict(columns=VERDICT_COLUMNS, rows=rows, totals=[dict(label="all", cells=dict(verdict="changed"))])
    paper = read(dict(title="t", language=language, sections=[dict(table=table)]))
    out = [row.find("th").text for row in parsed(page(paper)).iter("tr") if row.get("class") == "differs"]
    assert out == [verdict for verdict in LOOKS if verdict != "same"]
    cells = {cell.value: cell for row in openpyxl.load_workbook(io.BytesIO(workbook(paper))).active.iter_rows() for cell in row}
    assert [verdict for verdict in LOOKS if cells[verdict].font.b] == out
    for verdict, (ink, ground) in LOOKS.items():
        cell = cells[shown("verdict", verdict, language)]
        assert (f"#{cell.font.color.rgb[2:]}".lower(), f"#{cell.fill.start_color.rgb[2:]}".lower()) == (ink, ground)


# ---- the structure


def places(shape, where="paper"):
    """Every dictionary of the documented shape with its path, and its options."""
    if "suboptions" in shape:
        yield where, shape["suboptions"]
        for name, inner in shape["suboptions"].items():
            yield from places(inner, f"{where}.{name}")


def built(path, leaf):
    """A paper of the least that is needed, with a dictionary put at a path."""

    def least(options):
        return {name: filled(option) for name, option in options.items() if option.get("required")}

    def filled(option):
        if "suboptions" in option:
            one = least(option["suboptions"])
            return [one] if option["type"] == "list" else one
        return dict(str="x", dict={}, list=[]).get(option["type"])

    paper = dict(least(PAPER["suboptions"]))
    here, options = paper, PAPER["suboptions"]
    for name in path:
        option = options[name]
        inner = least(option["suboptions"])
        here[name] = [inner] if option["type"] == "list" else inner
        here, options = inner, option["suboptions"]
    here.update(leaf)
    if "figure" in paper.get("sections", [{}])[0]:
        paper["sections"][0]["figure"].setdefault("svg", SVG)
        if paper["sections"][0]["figure"]["svg"] == "x":
            paper["sections"][0]["figure"]["svg"] = SVG
    return paper


@pytest.mark.parametrize("where, options", list(places(PAPER)), ids=lambda value: value if isinstance(value, str) else "")
def test_every_place_refuses_what_is_not_documented_and_asks_for_what_is_needed(where, options):
    path = where.split(".")[1:]
    read(built(path, {}))
    with pytest.raises(PaperError, match="there is no 'colour'"):
        read(built(path, dict(colour="red")))
    for name in (name for name, option in options.items() if option.get("required")):
        with pytest.raises(PaperError, match=rf"{name}: is needed"):
            read(built(path, {name: None}))


def table(**more):
    return dict(title="t", sections=[dict(table=dict(dict(columns=[dict(key="a", label="A"), dict(key="n", label="N", kind="yen")]), **more))])


FAULTS = {
    "no dictionary": ("x", ["paper: 'x' will not do; write a dictionary"]),
    "blank title": (dict(title=" "), ["paper title: is empty"]),
    "a language it does not have": (dict(title="t", language="fr"), ["paper language: 'fr' will not do; write one of ja, en"]),
    "no date": (dict(title="t", date="2026-02-30"), ["paper date: '2026-02-30' will not do; write a date"]),
    "a moment for a date": (dict(title="t", date="2026-02-03 10:00"), ["paper date"]),
    "yen with sen": (dict(title="t", facts=[dict(label="l", value=1.5, kind="yen")]), ["paper facts #1 value: 1.5 will not do; write whole yen"]),
    "a boolean for a number": (dict(title="t", facts=[dict(label="l", value=True, kind="integer")]), ["paper facts #1 value: True"]),
    "more digits than a cell has": (dict(title="t", facts=[dict(label="l", value=10**15, kind="integer")]), ["at most 15 digits"]),
    "negative minutes": (dict(title="t", facts=[dict(label="l", value=-1, kind="minutes")]), ["whole minutes, 0 or more"]),
    "no per cent": (dict(title="t", facts=[dict(label="l", value="NaN", kind="percent")]), ["a number of per cent"]),
    "a dictionary for text": (dict(title="t", facts=[dict(label="l", value={})]), ["paper facts #1 value: {} will not do; write text"]),
    "a kind it does not have": (dict(title="t", facts=[dict(label="l", value=1, kind="euro")]), ["paper facts #1 kind: 'euro' will not do"]),
    "a verdict it does not have": (dict(title="t", facts=[dict(label="l", value="gone", kind="verdict")]), ["value: 'gone' will not do; write one of same,"]),
    "no verdict at all": (dict(title="t", facts=[dict(label="l", value=["same"], kind="verdict")]), ["value: ['same'] will not do; write one of same,"]),
    "a control character": (dict(title="a\x07b"), ["paper title: has the character U+0007 at place 2"]),
    "half a pair": (dict(title="a\ud800"), ["U+D800"]),
    "too long for a cell": (dict(title="t", notes=["x" * 32768]), ["paper notes #1: has 32768 characters"]),
    "a column that is not there": (table(rows=[dict(a="x", m=1)]), ["table rows #1: there is no column 'm'; there are a, n"]),
    "a cell of another kind": (table(rows=[dict(a="x"), dict(n="many")]), ["paper sections #1 table rows #2 n: 'many' will not do"]),
    "a cell in a group": (table(groups=[dict(heading="g", rows=[dict(n="x")])]), ["table groups #1 rows #1 n: 'x'"]),
    "rows and groups": (table(rows=[dict(a="x")], groups=[dict(heading="g")]), ["table: has rows and groups"]),
    "a total over its label": (table(totals=[dict(label="l", cells=dict(a="x"))]), ["totals #1 cells a: the first column belongs to the label"]),
    "two columns with one key": (table(columns=[dict(key="a", label="A")] * 2), ["two columns have the key 'a'"]),
    "no columns": (table(columns=[]), ["table columns: is needed"]),
    "all of it at once": (
        dict(titel="t", date=1, facts=[dict(value=1, kind="yen")], sections=[dict(text=[1.5], table=dict(columns="x"))]),
        ["there is no 'titel'", "title: is needed", "date: 1", "facts #1 label: is needed", "paper sections #1 text #1: 1.5", "table columns: 'x'"],
    ),
}


@pytest.mark.parametrize("paper, words", FAULTS.values(), ids=FAULTS)
def test_all_that_is_wrong_is_said_at_once_and_where(paper, words):
    with pytest.raises(PaperError) as caught:
        read(paper)
    assert all(word in str(caught.value) for word in words), caught.value


def test_every_kind_that_is_documented_is_known():
    def choices(shape):
        for name, inner in shape.get("suboptions", {}).items():
            yield from [inner["choices"]] if name == "kind" else choices(inner)

    found = list(choices(PAPER))
    assert found and all(set(one) == set(KINDS) for one in found)


def test_a_text_with_commas_is_one_text():
    assert read(dict(title="t", notes="1,000円, 税抜"))["notes"] == ["1,000円, 税抜"]


# ---- drawings

BAD_DRAWINGS = {
    "no xml": "<svg",
    "no drawing": "<p xmlns='http://www.w3.org/1999/xhtml'/>",
    "without a namespace": "<svg/>",
    "a document type": f'<!DOCTYPE svg [<!ENTITY a "b">]>{SVG}',
    "a script": SVG.replace("<title>", "<script>alert(1)</script><title>"),
    "foreign content": SVG.replace("<title>", "<foreignObject/><title>"),
    "an image": SVG.replace("<title>", '<image href="a.png"/><title>'),
    "an event": SVG.replace("<rect", '<rect onclick="x()"'),
    "a link to elsewhere": SVG.replace("<title>", '<use href="other.svg#a"/><title>'),
    "an old link to elsewhere": SVG.replace("<title>", '<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="other.svg#a"/><title>'),
    "a style from elsewhere": SVG.replace("<rect", '<rect style="fill: url( \'other.svg#a\')"'),
    "a style that hides it": SVG.replace("<rect", '<rect style="fill: u\\72l(a.svg)"'),
    "a style element": SVG.replace("<title>", "<style>@import 'a.css'</style><title>"),
    "an animation": SVG.replace("<title>", '<set attributeName="href" to="javascript:x()"/><title>'),
}


@pytest.mark.parametrize("svg", BAD_DRAWINGS.values(), ids=BAD_DRAWINGS)
def test_a_drawing_that_loads_or_runs_something_is_refused(svg):
    with pytest.raises(PaperError, match="paper sections #1 figure svg: (is no|has) "):
        read(dict(title="t", sections=[dict(figure=dict(svg=svg, text="x"))]))


def test_a_good_drawing_is_in_the_page_and_named():
    svg = SVG.replace("<rect", '<g xmlns:xlink="http://www.w3.org/1999/xlink"><use xlink:href="#a"/></g><rect style="fill:url(#a)"')
    assert 'href="#a"' in drawing(svg) and "xmlns" not in drawing(svg)
    tree = parsed(page(read(dict(title="t", sections=[dict(figure=dict(svg=svg, text="構成図"))]))))
    (figure,) = tree.iter("figure")
    assert "構成図" in [element.get("aria-label") for element in figure.iter()]
    assert any(str(element.tag).endswith("rect") for element in figure.iter())


# ---- the module, as a playbook has it


@pytest.fixture
def play(tmp_path):
    def run(*flags, rc=0, **arguments):
        task = {"name": "Write", "msp.aws.paper": dict(dict(paper=EXAMPLE, html=str(tmp_path / "a.html"), xlsx=str(tmp_path / "a.xlsx")), **arguments)}
        plays = [dict(name="Try", hosts="localhost", gather_facts=False, tasks=[task])]
        (tmp_path / "play.yml").write_text(json.dumps(plays, ensure_ascii=False), encoding="utf-8")
        return run_playbook(["-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", tmp_path / "play.yml", *flags], rc=rc)

    return run


def test_a_run_writes_both_files_and_the_second_one_nothing(play, tmp_path):
    before = set(tmp_path.iterdir())
    planned = play("--check", "--diff", mode="0640")
    assert planned.changed == 1 and "作業完了報告書" in planned.stdout and set(tmp_path.iterdir()) - before == {tmp_path / "play.yml"}
    assert play(mode="0640").changed == 1
    made = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "a.html", tmp_path / "a.xlsx")}
    assert made[tmp_path / "a.html"][0].decode() == page(read(EXAMPLE)) and made[tmp_path / "a.xlsx"][0] == workbook(read(EXAMPLE))
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o640}
    again = play("--diff", mode="0640")
    assert again.changed == 0 and "作業完了報告書" not in again.stdout.partition("TASK")[2].replace("\n", "")
    assert made == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in made}
    assert play("--check", mode="0600").changed == 1 and play(mode="0600").changed == 1 and play(mode="0600").changed == 0
    assert {path.name for path in tmp_path.iterdir()} == {"a.html", "a.xlsx", "play.yml"}, "something was left beside the files"


def test_bad_places_and_a_bad_paper_are_told_together_and_nothing_is_written(play, tmp_path):
    run = play(rc=2, html=str(tmp_path / "none" / "a.html"), xlsx=str(tmp_path), mode="rw", paper=dict(EXAMPLE, colour="red"))
    for words in (f"the directory {tmp_path / 'none'} does not exist", f"{tmp_path}: is no file", "'rw' is no octal number", "there is no 'colour'"):
        assert words in run.output
    assert "Traceback" not in run.output and {path.name for path in tmp_path.iterdir()} == {"play.yml"}


def test_what_a_page_says_can_be_compared_in_lines():
    lines = text_of_page(page(read(EXAMPLE))).splitlines()
    assert "合計  1時間15分" in lines and lines[0] == "作業完了報告書" and not [line for line in lines if "{" in line]


def test_the_words_of_both_languages_are_the_same_ones():
    assert set(WORDS["ja"]) == set(WORDS["en"])
    assert list(VERDICTS["ja"]) == list(VERDICTS["en"]) == list(LOOKS) == NEEDS["verdict"].removeprefix("one of ").split(", ")
    words = [*WORDS["en"].values(), *VERDICTS["en"].values()]
    assert not any(unicodedata.east_asian_width(sign) in "WF" for word in words for sign in word)
