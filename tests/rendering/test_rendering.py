# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workbooks and pages as other people's programs show them: they open, nothing is cut, nothing lies on anything else, nothing has to be moved sideways.

A text that is longer than its cell runs under its neighbour: so the law is that no two words of a printed page share a place.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from xml.etree import ElementTree

import pytest
import yaml
from openpyxl import load_workbook

from ansible_collections.msp.aws.plugins.plugin_utils import (
    _papers,
    _papers_account,
    _papers_html,
    _papers_xlsx,
    _request_form,
    _requests,
    _workbook_rows,
    _workbook_write,
    findings,
)
from ansible_collections.msp.aws.plugins.plugin_utils._operations import label_of, operations, options, prefix
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import layout
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds
from tests.forms import Filling
from tests.playbook import ROOT, run_playbook

DEMO = ROOT / "inventories" / "demo"
CHROMIUM = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
AT = "2026-04-20T09:00:00+09:00"
WORD = tuple[float, float, float, float, str]


@pytest.fixture(scope="session")
def written(tmp_path_factory) -> Path:
    """Every sort of paper and workbook of the demo's customer."""
    folder = tmp_path_factory.mktemp("written")
    inventory = shutil.copytree(DEMO, folder / "inventory")
    for playbook in ("sheet_export", "sheet_import"):
        run_playbook(["-i", inventory, ROOT / f"playbooks/{playbook}.yml", "-e", f"sheet_workbook={folder / 'workbook.xlsx'}"])
        (inventory / "group_vars/all/sheet.yml").unlink(missing_ok=True)  # so that the import has something to write
    for playbook, more in (("quote", '{"billing_notes": []}'), ("usage", "billing_month=2026-07"), ("invoice", "billing_month=2026-07")):
        run_playbook(["-i", DEMO, ROOT / f"playbooks/{playbook}.yml", "-e", f"billing_directory={folder}", "-e", more])
    run_playbook(["-i", DEMO, ROOT / "playbooks/monitoring_design.yml", "-e", f"monitoring_directory={folder}"])
    run_playbook(["-i", DEMO, ROOT / "playbooks/operation_form.yml", "-e", f"operation_form={folder / 'request.xlsx'}"])
    fill_in(folder / "request.xlsx")
    contract = yaml.safe_load((DEMO / "group_vars/all/contract.yml").read_text(encoding="utf-8"))["contract"]
    for name, given in dict(
        as_built=_papers_account.as_built(looked_at(), contract, AT, "ja"),
        drift=_papers_account.drift(looked_at(), contract, AT, "en", dict(put_back="x-put-back.yml", adopt="x-adopt.yml")),
        total=_papers_account.total(contracts(), AT, "ja"),
    ).items():
        paper = _papers.read(given)
        (folder / f"{name}.html").write_text(_papers_html.page(paper), encoding="utf-8")
        (folder / f"{name}.xlsx").write_bytes(_papers_xlsx.workbook(paper))
    return folder


def fill_in(form: Path) -> None:
    """The request of the operation with the most to fill in."""
    book, name = load_workbook(form), max(operations(), key=lambda name: len(options(name)))
    Filling(book).fill(name, **operations()[name]["example"], requester="情報システム部 山田様", note="開放後に疎通を確認します。")
    book.save(form)


def contracts() -> list[dict]:
    """One that differs in every way, and one that could not be read, for a long reason."""
    facts = dict(customer="株式会社サンプル商事ホールディングス", account_id="123456789012")
    file = "SMP-2026-0412-drift-20260420T000000Z.html"
    failed = "An error occurred (AccessDenied) when calling the AssumeRole operation: User: arn:aws:iam::999999999999:user/night-duty is not authorized"
    return [
        dict(facts, number="SMP-2026-0412", counts=dict.fromkeys(findings.VERDICTS, 12), file=file),
        dict(facts, number="SMP-2026-0413", counts={}, file=".html", failed=failed),
    ]


def looked_at() -> dict:
    """The demo's sheet as if it were the account, with differences of every sort."""
    sheet = yaml.safe_load((DEMO / "group_vars/all/sheet.yml").read_text(encoding="utf-8"))["sheet"]
    verdicts = ("same", "changed", "missing", "added")
    looked = {}
    for name, given in ((name, given) for name, given in sheet.items() if name in kinds()):
        kind = kinds()[name]
        entries = [given] if kind.single else given
        agreed = []
        for number, entry in enumerate(entries):
            verdict = verdicts[number % 4] if number else "same"
            values = ((option, item) for option, value in entry.items() if option in kind.options for item in (value if isinstance(value, list) else [value]))
            options = [
                dict(option=option, agreed=value, actual=value, verdict=verdict if verdict in ("same", "changed") else None)
                for option, value in values
                if not isinstance(value, dict) or kind.options[option].type == "list"
            ]
            agreed.append(dict(entry=kind.label(entry), id=f"id-{number}", verdict=verdict, reason=None, options=options))
        account = [{option: value for option, value in entry.items() if not isinstance(value, dict)} for entry in entries]
        looked[name] = dict(account=account, agreed=agreed[1:] or agreed, beside=[dict(entry=agreed[0]["entry"], id="id-0")], unread=None)
    found = findings.findings(looked)
    for finding in found:
        event = dict(time=AT, name="AuthorizeSecurityGroupIngress", user="someone/session-1", source_ip="192.0.2.1")
        finding.update(untold=None, unattributed=None, changed_by=[event])
    return dict(looked=looked, findings=found, counts=findings.counts(looked, found))


WORKBOOKS = ("workbook", "request", "as_built", "drift", "total", "*-quotation-*", "*-usage-*", "*-invoice-*", "*-monitoring")
PAGES = WORKBOOKS[2:]


def the(folder: Path, pattern: str, ending: str) -> Path:
    found = list(folder.glob(f"{pattern}.{ending}"))
    assert len(found) == 1, f"{pattern}.{ending}: {found}"
    return found[0]


def words(pdf: Path) -> Iterator[tuple[int, float, float, list[WORD]]]:
    """Number, width and height of each page, and its words with their places."""
    told = subprocess.run(["pdftotext", "-bbox", pdf, "-"], capture_output=True, text=True, check=True).stdout
    root = ElementTree.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", told).replace('xmlns="http://www.w3.org/1999/xhtml"', ""))
    for number, page in enumerate(root.iter("page"), 1):
        places = [(*(float(word.get(side)) for side in ("xMin", "yMin", "xMax", "yMax")), word.text or "") for word in page.iter("word")]
        yield number, float(page.get("width")), float(page.get("height")), sorted(places)


def collisions(places: list[WORD]) -> Iterator[tuple[str, str]]:
    """Words that share more than half a line down, and more across than the half letter by which Japanese punctuation is drawn together."""
    for number, one in enumerate(places):
        for other in places[number + 1 :]:
            if other[0] >= one[2]:
                break
            high = min(one[3] - one[1], other[3] - other[1])
            across, down = min(one[2], other[2]) - other[0], min(one[3], other[3]) - max(one[1], other[1])
            if down > high / 2 and across > high * 0.6:
                yield one[4], other[4]


def assert_legible(pdf: Path) -> None:
    text, faults = "", []
    for number, wide, high, places in words(pdf):
        faults += [(number, "outside the page", word[4]) for word in places if word[0] < 0 or word[1] < 0 or word[2] > wide or word[3] > high]
        faults += [(number, *pair) for pair in collisions(places)]
        text += "".join(word[4] for word in places)
    assert faults == [] and text
    fonts = subprocess.run(["pdffonts", pdf], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert all(" yes " in line for line in fonts), "every font is embedded"
    assert "\ufffd" not in text


@pytest.mark.parametrize("pattern", WORKBOOKS)
def test_a_workbook_opens_and_prints_without_a_cut(written, tmp_path, pattern):
    source = the(written, pattern, "xlsx")
    run = subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf", "--outdir", tmp_path, source],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    assert "Error" not in run.stderr
    printed = the(tmp_path, pattern, "pdf")
    assert_legible(printed)
    said = "".join(word[4] for *dummy, places in words(printed) for word in places)
    # A number for which its column is too narrow is printed as hashes; one that is too long for a number loses its last digits.
    assert "###" not in said
    # What stands beside the form is for its formulas, and is not printed.
    assert pattern == "request" or not [figure for figure in figures(source) if figure not in said.replace(",", "")]


def figures(source: Path) -> list[str]:
    """The digits of what a person sees in the worksheets as a number, and of ids that are made of digits alone."""
    cells = (cell for sheet in load_workbook(source) if sheet.sheet_state == "visible" for row in sheet.iter_rows() for cell in row)
    seen = [cell.value for cell in cells if not isinstance(cell.value, bool)]
    told = [str(abs(value)) if isinstance(value, int) else value for value in seen]
    return [value for value in told if isinstance(value, str) and value.isascii() and value.isdigit()]


def test_a_form_shows_the_parameters_of_the_operation_that_was_chosen(written, tmp_path):
    """Its formulas as another program works them out: beside the places to fill in, and in the order in which they are read."""
    source, name = written / "request.xlsx", max(operations(), key=lambda name: len(options(name)))
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx", "--outdir", tmp_path, source]
    subprocess.run(command, capture_output=True, check=True, timeout=300)
    assert _requests.read_form(tmp_path / "request.xlsx") == _requests.read_form(source)
    page = load_workbook(tmp_path / "request.xlsx", data_only=True).worksheets[0]
    shown = [row for row in page.iter_rows(min_row=_request_form.PARAMETERS + 1, min_col=2, max_col=4, values_only=True) if row[0]]
    told = [option for key, option in options(name).items() if key != operations()[name]["target"]]
    assert [(row[0].removesuffix("（必須）"), row[2]) for row in shown] == [(label_of(option), option["description"][-1]) for option in told]
    example = operations()[name]["example"]["parameters"]
    assert [row[1] for row in shown] == [example.get(key.removeprefix(prefix(name))) for key in options(name) if key != operations()[name]["target"]]


def test_a_pull_down_offers_all_names_also_below_a_row_that_was_cleared(tmp_path):
    """As another program works it out, in a company's own layout too."""
    columns = dict(cidr_block="範囲", name="名称")
    mine = layout("ja", dict(tables=dict(ec2_vpcs=dict(worksheet="会社 '網", heading_row=2, columns=columns))), ["ec2_vpcs", "ec2_subnets"])
    vpcs = [dict(name=name, cidr_block=f"10.{number}.0.0/16") for number, name in enumerate("abc")]
    source = tmp_path / "book.xlsx"
    source.write_bytes(_workbook_write.workbook(mine, _workbook_rows.rows_of(mine, dict(ec2_vpcs=vpcs))[0], {}))
    book = load_workbook(source)
    sheet, asked = book["会社 '網"], book.create_sheet("asked")
    sheet["B4"], sheet["B6"] = None, "new"
    for number in range(1, 5):
        asked.cell(1, number).value = f"=INDEX(REF_ec2_vpcs,{number})"
    asked["A2"], asked["B2"] = "=ROWS(REF_ec2_vpcs)", "=ROWS(REF_ec2_subnets)"
    book.save(source)
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx", "--outdir", tmp_path / "out", source]
    subprocess.run(command, capture_output=True, check=True, timeout=300)
    told = load_workbook(tmp_path / "out/book.xlsx", data_only=True)["asked"]
    assert [told[cell].value for cell in ("A1", "C1", "D1", "A2", "B2")] == ["a", "c", "new", 4, 1]


def browser(tmp_path: Path, *arguments: str) -> str:
    command = ["chromium", *CHROMIUM, f"--user-data-dir={tmp_path / 'profile'}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.parametrize("pattern", PAGES)
@pytest.mark.parametrize("wide", [500, 1400])  # no window of Chromium's is narrower
def test_a_page_fits_its_window(written, tmp_path, pattern, wide):
    page = tmp_path / "page.html"
    asked = "<script>document.body.dataset.fits = document.documentElement.scrollWidth <= innerWidth</script>"
    page.write_text(the(written, pattern, "html").read_text(encoding="utf-8") + asked, encoding="utf-8")
    assert 'data-fits="true"' in browser(tmp_path, f"--window-size={wide},900", "--dump-dom", page.as_uri())


@pytest.mark.parametrize("pattern, wide", [*((pattern, 1400) for pattern in PAGES), *((pattern, 500) for pattern in ("as_built", "drift", "total"))])
def test_a_window_shows_all_columns_of_every_table(written, tmp_path, pattern, wide):
    page = tmp_path / "page.html"
    asked = "<script>document.body.dataset.cut = [...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth).length</script>"
    page.write_text(the(written, pattern, "html").read_text(encoding="utf-8") + asked, encoding="utf-8")
    assert 'data-cut="0"' in browser(tmp_path, f"--window-size={wide},900", "--dump-dom", page.as_uri())


@pytest.mark.parametrize("pattern", PAGES)
def test_a_page_prints_without_a_cut(written, tmp_path, pattern):
    browser(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'page.pdf'}", the(written, pattern, "html").as_uri())
    assert_legible(tmp_path / "page.pdf")


def test_a_printed_figure_is_whole_and_no_heading_stands_alone(written, tmp_path):
    """Every word of a diagram is on the page of its heading; below each heading comes something of its own."""
    html = the(written, "as_built", "html").read_text(encoding="utf-8")
    browser(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'page.pdf'}", the(written, "as_built", "html").as_uri())
    pages, ends = [], []
    for *dummy, high, places in words(tmp_path / "page.pdf"):
        in_order = sorted(places, key=lambda word: (round(word[1]), word[0]))
        last = [word for word in in_order if word[3] < high * 0.94][-1]  # above the number of the page
        if last[3] - last[1] > 1.2 * median(word[3] - word[1] for word in places):
            ends.append("".join(word[4] for word in in_order[: in_order.index(last) + 1]))
        pages.append("".join(re.sub(r"\s", "", word[4]) for word in in_order))
    sections = re.findall(r"<section[^>]*>(.*?)</section>", html, re.DOTALL)
    drawn = [section for section in sections if "<figure" in section]
    assert drawn
    for section in drawn:
        told = [re.sub(r"<[^>]+>|\s", "", text) for text in re.findall(r"<text[^>]*>(.*?)</text>", section, re.DOTALL)]
        heading = re.sub(r"<[^>]+>|\s", "", re.search(r"<h2[^>]*>(.*?)</h2>", section, re.DOTALL)[1])
        assert any(heading in page and all(text in page for text in told) for page in pages), heading
    small = re.sub(r"<[^>]+>|\s", "", re.search(r"<h2[^>]*>(.*?)</h2>", drawn[0], re.DOTALL)[1])
    assert any(small in page and not page.startswith(small) for page in pages), "a small one begins no page of its own"
    headings = [re.sub(r"<[^>]+>|\s", "", text) for text in re.findall(r"<h2[^>]*>(.*?)</h2>", html, re.DOTALL)]
    assert not [heading for heading in headings for end in ends if end.endswith(heading)]
