# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels are the tree of the options, no more and no less; headings fit and can be told apart; explanations are whole, polite sentences."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import pytest
from ansible.module_utils.common.yaml import yaml_load
from openpyxl import load_workbook

from ansible_collections.msp.aws.plugins.plugin_utils._workbook_layout import layout
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_write import NOTE, workbook
from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds
from ansible_collections.msp.aws.plugins.plugin_utils.labels import LABELS, MARKUP, description, label, note

LANGUAGES = ("ja", "en")
FILES = {path.stem: yaml_load(path.read_text(encoding="utf-8")) for path in sorted(LABELS.glob("*.yml"))}
# Headings without Japanese that a Japanese customer reads all the same.
ABBREVIATIONS = {"AMI ID", "ID", "IOPS", "VPC"}
# Options of entries with one name and several meanings: a domain of servers and a reverse name; policies, for each of which the console has its own word;
# the access log of a bucket and whether a trail records; metrics with expressions and the one metric of a budget; types whose tags are looked for and types
# that are recorded; subnets of firewalls and of load balancers; types of rule groups, of load balancers and of monitors; keys and hosts that are active;
# the length of a downtime and how many points are judged; who signs a certificate and what a member may do.
SEVERAL_MEANINGS = {"authority", "domain_name", "duration", "logging", "metrics", "policy", "resource_types", "status", "subnet_mappings", "type"}
JAPANESE = "\u3041-\u30ff\u4e00-\u9fff々"
# What Japanese writes in full width although it has a half-width twin.
FULL_WIDTH = set("（）：～％…")
# Of an English explanation that names another kind.
AUTO_ACCEPT = 'Whether attachments of accounts that the gateway is shared with are accepted at once. Otherwise "Accepted transit gateway attachments" does.'
HEADING_COLUMNS = 40  # 20 full-width characters
NOTE_CHARACTERS = 110
NOTE_SENTENCES = 2
# Stems of what is said about every option from its declaration, and would be said twice.
DECLARED = ("作成後", "変更できません", "空欄", "必須です", "省略", "デフォルトは")


def walk(options: Mapping, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Mapping]]:
    """The path of every option with the options inside it; () first."""
    yield path, options
    for name, option in options.items():
        yield from walk(option.options or {}, (*path, name))


def place(kind_name: str, path: tuple[str, ...] = ()) -> str:
    return f"catalog/labels/{kinds()[kind_name].service}.yml: {'.'.join((kind_name, *path))}"


def of_file(kind_name: str) -> Mapping:
    return FILES[kinds()[kind_name].service][kind_name]


EVERY_KIND = pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.name)
LEVELS = [(kind_name, path, inside) for kind_name, kind in kinds().items() for path, inside in walk(kind.options)]


# ---- the tree


def differences(where: str, options: Mapping, found: Mapping) -> Iterator[str]:
    """Where a label is not what the options ask for, at every depth."""
    expected = {*LANGUAGES, "options"} if options else {*LANGUAGES}
    labels = found.get("options", {})
    yield from (f"{where}: {key} is missing" for key in expected if not found.get(key))
    yield from (f"{where}: {key} is superfluous" for key in found.keys() - expected - {"note_ja"})
    yield from (f"{where}.{name} is missing" for name in options.keys() - labels.keys())
    yield from (f"{where}.{name} is superfluous" for name in labels.keys() - options.keys())
    for name in options.keys() & labels.keys():
        yield from differences(f"{where}.{name}", options[name].options or {}, labels[name])


def test_every_service_has_a_file_with_its_kinds():
    expected = defaultdict(set)
    for name, kind in kinds().items():
        expected[kind.service].add(name)
    assert {service: set(found) for service, found in FILES.items()} == expected


@EVERY_KIND
def test_the_labels_are_the_tree_of_the_options(kind):
    assert not sorted(differences(place(kind.name), kind.options, of_file(kind.name)))


@EVERY_KIND
def test_whatever_is_missing_or_superfluous_is_named(kind):
    for path, dummy in walk(kind.options):
        found = json.loads(json.dumps(of_file(kind.name)))  # a copy without anchors, in which one place can change
        changed = found
        for name in path[:-1]:
            changed = changed["options"][name]
        where = place(kind.name, path)
        if path:
            changed["options"][f"{path[-1]}_x"] = changed["options"].pop(path[-1])
            expected = {f"{where} is missing", f"{where}_x is superfluous"}
        else:
            changed["state"] = changed.pop("ja")
            expected = {f"{where}: ja is missing", f"{where}: state is superfluous"}
        assert set(differences(place(kind.name), kind.options, found)) == expected


@EVERY_KIND
def test_label_and_note_say_what_the_file_says(kind):
    for path, dummy in walk(kind.options):
        found = of_file(kind.name)
        for name in path:
            found = found["options"][name]
        said = dict(ja=label(kind.name, path, "ja"), en=label(kind.name, path, "en"), note_ja=note(kind.name, path))
        assert {key: text for key, text in said.items() if text is not None} == {key: text for key, text in found.items() if key != "options"}


@pytest.mark.parametrize(
    "nothing",
    [("ec2_nothing", (), "ja"), ("ec2_subnets", ("nothing",), "ja"), ("ec2_subnets", ("name", "name"), "ja"), ("ec2_subnets", (), "fr")],
    ids=["kind", "option", "depth", "language"],
)
def test_what_does_not_exist_has_no_label(nothing):
    with pytest.raises(KeyError):
        label(*nothing)


# ---- headings and explanations, all of them; what is wrong is listed with its place


def headings(*languages: str) -> Iterator[tuple[str, str]]:
    for kind_name, path, dummy in LEVELS:
        for language in languages:
            yield place(kind_name, path), label(kind_name, path, language)


def notes() -> Iterator[tuple[str, str]]:
    for kind_name, path, dummy in LEVELS:
        text = note(kind_name, path)
        if text is not None:
            yield place(kind_name, path), text


def sentences(text: str) -> list[str]:
    """The sentences of an explanation, without what stands in parentheses."""
    return [sentence for sentence in re.sub("（[^）]*）", "", text).split("。") if sentence]


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_within_one_level_are_different(language):
    levels = {"catalog/labels": [label(kind_name, (), language) for kind_name in kinds()]}
    levels |= {place(kind_name, path): [label(kind_name, (*path, name), language) for name in inside] for kind_name, path, inside in LEVELS}
    twice = {where: [heading for heading, times in Counter(level).items() if times > 1] for where, level in levels.items()}
    assert not {where: found for where, found in twice.items() if found}


def test_headings_are_short():
    assert not [found for found in headings(*LANGUAGES) if columns(found[1]) > HEADING_COLUMNS]


def test_japanese_headings_are_japanese_or_established_abbreviations():
    assert {heading for dummy, heading in headings("ja") if not re.search(f"[{JAPANESE}]", heading)} == ABBREVIATIONS


def test_english_headings_are_plain_ascii():
    assert not [found for found in headings("en") if not re.fullmatch(r"[A-Z][ -~]*", found[1])]


def test_headings_of_kinds_and_structures_can_be_titles_of_worksheets():
    titles = [(place(kind_name, path), label(kind_name, path, language)) for kind_name, path, inside in LEVELS if inside for language in LANGUAGES]
    assert not [found for found in titles if re.search(r"[\[\]:*?/\\']", found[1])]


def test_options_of_one_name_have_one_heading_in_all_kinds():
    called = defaultdict(set)
    for kind_name, kind in kinds().items():
        for name in kind.options:
            called[name].add(tuple(label(kind_name, (name,), language) for language in LANGUAGES))
    assert {name for name, found in called.items() if len(found) > 1} == SEVERAL_MEANINGS


def test_no_text_has_spaces_that_nobody_sees():
    texts = [*headings(*LANGUAGES), *notes()]
    assert not [found for found in texts if " ".join(found[1].split()) != found[1]]


def test_japanese_stands_beside_latin_letters_without_a_space():
    border = re.compile(f"[{JAPANESE}。、（）「」] | [{JAPANESE}。、（）「」]")
    assert not [found for found in [*headings("ja"), *notes()] if border.search(found[1])]


def test_letters_and_digits_are_half_width_and_kana_full_width():
    texts = [*headings("ja"), *notes()]
    assert not [found for found in texts if any(unicodedata.normalize("NFKC", character) != character for character in set(found[1]) - FULL_WIDTH)]


def test_explanations_are_one_or_two_short_sentences():
    assert not [found for found in notes() if not 0 < len(sentences(found[1])) <= NOTE_SENTENCES or len(found[1]) > NOTE_CHARACTERS]


def test_explanations_are_whole_polite_sentences():
    polite = ("です", "ます", "ません")
    assert not [found for found in notes() if not found[1].endswith("。") or not all(sentence.endswith(polite) for sentence in sentences(found[1]))]


def test_explanations_do_not_repeat_what_the_declaration_says():
    assert not [found for found in notes() if any(stem in found[1] for stem in DECLARED)]


def test_explanations_quote_headings_of_their_own_kind():
    astray = []
    for kind_name, kind in kinds().items():
        own = {label(kind_name, path, "ja") for path, dummy in walk(kind.options)}
        for path, dummy in walk(kind.options):
            quoted = set(re.findall("「([^」]*)」", note(kind_name, path) or ""))
            astray += [(place(kind_name, path), words) for words in quoted - own]
    assert not astray


# ---- explanations in English, out of the documentation, and those of the template


def test_english_explanations_are_sentences_without_markup():
    told = [(place(kind_name, path), description(kind_name, path)) for kind_name, path, dummy in LEVELS if path]
    assert not [found for found in told if not re.fullmatch(r"[^\s].*[.]", found[1]) or MARKUP.search(found[1])]


@pytest.mark.parametrize(
    ("kind_name", "path", "told"),
    [
        ("budgets_budgets", "name", "The name, once in an account, without : and \\."),
        ("cloudwatch_alarms", "metric_name", 'The metric. Either this or "Metrics and expressions".'),
        ("ec2_network_acls", "ingress.cidr_block", 'The other side, as an IPv4 block. An entry has this or "Source (IPv6 CIDR)".'),
        ("ec2_transit_gateways", "auto_accept_shared_attachments", AUTO_ACCEPT),
        ("mackerel_hosts", "name", "The name. Where several hosts have it, id says which is meant."),
        ("s3_buckets", "object_lock_default_retention", 'Needs "Object Lock"=true, because Object Lock can never be switched off again.'),
    ],
)
def test_english_explanations_name_other_options_as_the_workbook_does(kind_name, path, told):
    assert description(kind_name, path.split(".")) == told


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_template_explains_every_column(language):
    mine = layout(language)
    book = load_workbook(io.BytesIO(workbook(mine, {}, {})))
    cells = [(table.key, column.key, book[table.title].cell(NOTE, number).value) for table in mine.worksheets for number, column in enumerate(table.shown, 1)]
    assert not [found for found in cells if not found[2]]
