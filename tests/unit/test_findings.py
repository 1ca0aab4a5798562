# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from a look at an account, without an account: verdicts of lists, and the two sheets in the words of the sheet's file."""

from __future__ import annotations

import io
from dataclasses import asdict

import pytest
from ansible.parsing.vault import EncryptedString, VaultLib, VaultSecret
from ansible.template import trust_as_template
from openpyxl import load_workbook

from ansible_collections.msp.aws.plugins.module_utils._options import refs
from ansible_collections.msp.aws.plugins.plugin_utils import _papers, _papers_account, _papers_html, _papers_xlsx, _vaulted, accounts, findings
from ansible_collections.msp.aws.plugins.plugin_utils._workbook_yaml import dump, load

VERBS = [
    (dict(add=["a"]), False, {"a": "same", "b": "extra", "c": "extra"}),
    (dict(add=["a", "x"]), False, {"a": "same", "x": "missing", "b": "extra", "c": "extra"}),
    (dict(set=["a"]), False, {"a": "same", "b": "added", "c": "added"}),
    (dict(set=[]), False, dict.fromkeys("abc", "added")),
    (dict(remove=["b"]), False, {"a": None, "b": "added", "c": None}),
    (dict(add=["a"], remove=["b", "x"]), False, {"a": "same", "b": "added", "c": "extra"}),
    (dict(add=[]), False, dict.fromkeys("abc")),
    ({}, True, dict.fromkeys("abc", "added")),
    ({}, False, dict.fromkeys("abc")),
]


@pytest.mark.parametrize(("verbs", "cleared", "verdicts"), VERBS)
def test_added_is_only_what_the_engine_would_take_away(verbs, cleared, verdicts):
    lines = accounts._items(refs("iam_groups"), verbs, ["a", "b", "c"], "groups", cleared)
    assert {line["agreed"] or line["actual"]: line["verdict"] for line in lines} == verdicts


def line(option, verdict, agreed, actual):
    return dict(option=option, verdict=verdict, agreed=agreed, actual=actual)


def looked_at():
    lines = [line("groups", "same", "admins", "admins"), line("groups", "extra", None, "others"), line("path", "changed", "/a/", "/b/")]
    agreed = dict(entry="u", id="u", verdict="changed", reason=None, options=lines)
    account = [dict(name="u", path="/b/", groups=["admins", "others"])]
    return dict(iam_users=dict(account=account, agreed=[agreed], beside=[], unread=None))


def test_what_is_elsewhere_is_told_with_its_region_and_hides_nothing_here():
    def alarm(verdict):
        return dict(entry="www", id="arn", verdict=verdict, reason=None, options=[line("threshold", verdict, 5, 5 if verdict == "same" else 9)])

    here = dict(cloudwatch_alarms=accounts.Found(account=[dict(name="www", threshold=5)], agreed=[alarm("same")]))
    beside = [dict(entry="x", id="y")]
    there = {
        "us-east-1": dict(cloudwatch_alarms=accounts.Found(account=[dict(name="www", threshold=9)], agreed=[alarm("changed")], beside=beside)),
        "eu-west-1": dict(cloudwatch_alarms=accounts.Found(unread="denied")),
    }
    looked = {kind: asdict(one) for kind, one in accounts.joined(here, there).items()}
    found = findings.findings(looked)
    told = {(one["entry"], one["verdict"], one["region"]) for one in found}
    assert told == {("us-east-1/www", "changed", "us-east-1"), ("eu-west-1", "unknown", "eu-west-1")}
    assert looked["cloudwatch_alarms"]["account"] == here["cloudwatch_alarms"].account and here["cloudwatch_alarms"].agreed == [alarm("same")]
    assert looked["cloudwatch_alarms"]["beside"] == [dict(entry="us-east-1/x", id="y")]
    sheet = dict(monitoring=dict(cloudfront=[dict(name="www")]), cloudwatch_alarms=[dict(name="www", threshold=5)])
    assert findings.put_back(sheet, found) == sheet  # its own alarm stands above what monitoring would make
    assert findings.put_back(sheet, []) == {}


def watched_here(threshold):
    """An alarm that the sheet only implies, and a dashboard of its own that stands above the implied one."""
    options = [line("threshold", "same" if threshold == 5 else "changed", 5, threshold)]
    alarm = dict(entry="sqs-q-x", id="arn", verdict=options[0]["verdict"], reason=None, options=options)
    return dict(cloudwatch_alarms=dict(account=[dict(name="sqs-q-x", threshold=threshold)], agreed=[alarm], beside=[], unread=None))


def test_what_is_only_implied_is_put_back_by_the_monitoring_in_the_words_of_the_file():
    board = dict(url_path="acme/acme", title="ours")
    sheet = dict(monitoring=dict(sqs=[dict(name="q", secret="s3cret")]), mackerel_dashboards=[board], iam_users=[dict(name="u")])
    written = [dict(path=["monitoring", "sqs", 0, "secret"], text="$ANSIBLE_VAULT;1.1;AES256", tag="!vault")]
    back = findings.put_back(sheet, findings.findings(watched_here(9)), written)
    assert back.keys() == {"monitoring", "mackerel_dashboards"} and back["mackerel_dashboards"] == [board]
    assert "!vault" in dump(back) and "s3cret" not in dump(back)
    assert findings.put_back(sheet, findings.findings(watched_here(5)), written) == {}


def test_what_is_only_implied_is_taken_over_in_the_words_of_the_file():
    sheet = dict(monitoring=dict(sqs=[dict(name="q", secret="s3cret")]))
    whole = dict(cloudwatch_alarms=[dict(name="sqs-q-x", threshold=5, description="s3cret")])
    written = [dict(path=["monitoring", "sqs", 0, "secret"], text="$ANSIBLE_VAULT;1.1;AES256", tag="!vault")]
    taken = findings.adopted(sheet, watched_here(9), written, whole)
    assert taken["cloudwatch_alarms"][0]["threshold"] == 9
    assert dump(taken).count("!vault") == 2 and "s3cret" not in dump(taken)


def test_what_is_watched_changes_nothing_of_the_rest_of_an_adopted_sheet():
    """Kinds with one entry stay as they are, and a kind that the file says as one expression gets the entries that it means."""
    policy = dict(minimum_password_length=14)
    sheet = dict(monitoring=dict(sqs=[dict(name="q")]), iam_password_policy=policy, cloudwatch_alarms=[dict(name="own", threshold=1)])
    whole = {**sheet, "cloudwatch_alarms": [*sheet["cloudwatch_alarms"], dict(name="sqs-q-x", threshold=5)]}
    looked = {**watched_here(9), "iam_password_policy": dict(account=[policy], agreed=[], beside=[], unread=None)}
    for written in ([], [dict(path=["cloudwatch_alarms"], text="{{ alarms }}", tag=None, vaulted=[])]):
        taken = findings.adopted(sheet, looked, written, whole)
        assert taken == {**sheet, "cloudwatch_alarms": [dict(name="own", threshold=1), dict(name="sqs-q-x", threshold=9)]}


def test_what_is_vaulted_is_shown_nowhere():
    sheet = dict(iam_users=[dict(name="u", path="/a/")], monitoring=dict(sqs=[dict(name="q", secret="s3cret")]))
    value = dict(path=["monitoring", "sqs", 0, "secret"], text="x", tag="!vault", vaulted=[])
    plain, behind = (dict(path=["iam_users", 0, "path"], text="{{ x }}", tag=None, vaulted=ways) for ways in ([], [["y", 0]]))
    found = dict(findings=[dict(agreed="https://x/?s3cret", actual="/a/"), dict(agreed="of y")])

    def shown(*written):
        return findings.without_vaulted(found, findings.vaulted(sheet, written, {("y", 0): "y"}.get))

    assert shown(plain) is found
    assert shown(value, plain) == dict(findings=[dict(agreed="********", actual="/a/"), dict(agreed="of y")])
    assert shown(behind) == dict(findings=[dict(agreed="https://x/?s3cret", actual="********"), dict(agreed="********")])


def test_what_is_prepared_tells_no_secret_but_what_the_file_says_in_clear():
    sheet = dict(iam_users=[dict(name="u", path="/a/", groups=["admins"], tags=dict(A="of s3cret", B="s3cret too"))])
    written = [dict(path=["iam_users", 0, "tags", "A"], text="{{ a }}", tag=None, vaulted=[["a"]])]
    looked = looked_at()
    looked["iam_users"]["account"][0]["path"] = "/s3cret/"
    assert "/s3cret/" in dump(findings.adopted(sheet, looked, written))
    told = [findings.adopted(sheet, looked, written, secrets=["s3cret"]), findings.put_back(sheet, findings.findings(looked), written, ["s3cret"])]
    assert [one["iam_users"][0].get("path") for one in told] == [None, "/a/"]
    assert all(one["iam_users"][0]["tags"] == dict(A="{{ a }}", B="s3cret too") for one in told)


def test_what_is_vaulted_behind_an_expression_is_found_on_every_way():
    cipher = VaultLib([("default", VaultSecret(b"p"))]).encrypt("s3cret").decode()
    trust = trust_as_template
    variables = dict(
        token=EncryptedString(ciphertext=cipher),
        filed=dict(key="k", port=22),
        customer=dict(name="acme", key=EncryptedString(ciphertext=cipher)),
        through=trust("by {{ token }}"),
        here=[trust("{{ here }}"), trust("{{ customer['name'] }}")],
    )
    secrets = _vaulted.Vaulted(variables, {"filed"})
    ways = {
        "{{ token | b64encode }} {{ token }}": [("token",)],
        "{{ customer.name }} {{ here }}": [],
        "{{ customer | to_json }}": [("customer", "key")],
        "{{ customer['key'] }}{{ filed.none }}": [("customer", "key"), ("filed", "key"), ("filed", "port")],
        "{% if through %}{{ lookup('vars', 'filed').key }}{% endif %}": [("through",), ("token",), ("filed", "key"), ("filed", "port")],
        "{{ unknown }}": [],
    }
    assert {text: secrets.behind(text) for text in ways} == ways


def test_what_is_extra_is_told_but_not_put_back():
    sheet, looked = dict(iam_users=[dict(name="u", path="/a/", groups=["admins"])]), looked_at()
    found = findings.findings(looked)
    assert [finding["verdict"] for finding in found] == ["changed", "extra"] and findings.counts(looked, found)["extra"] == 1
    assert findings.put_back(sheet, found) == sheet
    assert findings.put_back(sheet, found[1:]) == {} and findings.counts(looked, found[1:])["same"] == 1
    assert findings.adopted(sheet, looked) == dict(iam_users=[dict(name="u", path="/b/", groups=["admins", "others"])])


def test_a_value_that_is_cut_says_so():
    looked, short = looked_at(), "/short/"
    looked["iam_users"]["agreed"][0]["options"][2] = line("path", "changed", short, "/" + "long/" * 1000)
    found = findings.findings(looked)
    result = dict(looked=looked, findings=found, counts=findings.counts(looked, found))
    paper = _papers_account.drift(result, dict(number="C", account_id="1", region="r"), "2026-07-01T00:00:00+00:00", "ja", {})
    row = next(row for section in paper["sections"] for row in section["table"]["rows"] if row.get("agreed") == short)
    assert row["actual"].endswith("…") and len(row["actual"]) == _papers_account.LONGEST


@pytest.mark.parametrize("language, told", [("ja", "確定できません"), ("en", "is not known")])
def test_deletions_of_which_one_may_be_that_of_the_thing_are_told_as_such(language, told):
    event = dict(time="2026-07-01T00:00:00+00:00", name="DeleteSubnet", user="taro", source_ip="192.0.2.1")
    looked = dict(ec2_subnets=dict(account=[], agreed=[dict(entry="v/a", id=None, verdict="missing", reason=None, options=[])], beside=[], unread=None))
    found = [dict(one, changed_by=[event], untold="unsure", unattributed="") for one in findings.findings(looked)]
    result = dict(looked=looked, findings=found, counts=findings.counts(looked, found))
    paper = _papers_account.drift(result, dict(number="C", account_id="1", region="r"), "2026-07-01T00:00:00+00:00", language, {})
    calls = [row["call"] for section in paper["sections"] for row in section["table"]["rows"] if "call" in row]
    assert calls[0] == "DeleteSubnet" and told in calls[1]


OURS = dict(ja=("（当社のプレイブックの実行）", "変更: IAMユーザ u パス: /a/ → /b/"), en=("(a run of our playbooks)", "changed: IAM users u Path: /a/ → /b/"))


@pytest.mark.parametrize("language, told", OURS.items())
def test_our_own_runs_are_marked_and_the_log_has_the_words_of_the_paper(language, told):
    event = dict(time="2026-07-01T00:00:00+00:00", name="UpdateUser", source_ip=None)
    events = [dict(event, user=f"ops/{who}", own=own) for who, own in (("taro", False), ("REQ-1", True))]
    looked = looked_at()
    found = [dict(one, changed_by=events, untold=None, unattributed=None) for one in findings.findings(looked) if one["verdict"] == "changed"]
    result = dict(looked=looked, findings=found, counts=findings.counts(looked, found))
    paper = _papers_account.drift(result, dict(number="C", account_id="1", region="r"), "2026-07-01T00:00:00+00:00", language, {})
    who = [row["who"] for section in paper["sections"] for row in section["table"]["rows"] if "who" in row]
    assert who == ["ops/taro", ["ops/REQ-1", told[0]]] and _papers.read(paper)
    assert list(_papers_account.lines(found, language)) == [told[1]]


def test_a_paper_says_of_whole_things_whether_they_were_to_be_there_and_are():
    """What nobody can read back is told as such and counts as no difference; what is beside the sheet repeats no name and has its tags as pairs."""
    gone = dict(entry="v", id=None, verdict="missing", reason=None, options=[])
    kept_away = dict(entry="w", id=None, verdict="same", reason=None, options=[])
    unread = dict(entry="u", id="u", verdict="same", reason=None, options=[line("path", "unknown", "/a/", None)])
    account = [dict(name="x", path="/p/", tags=dict(Owner="総務部", Env="prod"))]
    looked = dict(iam_users=dict(account=account, agreed=[gone, kept_away, unread], beside=[dict(entry="x", id="x")], unread=None))
    found = findings.findings(looked)
    result = dict(looked=looked, findings=found, counts=findings.counts(looked, found))
    paper = _papers_account.as_built(result, dict(number="C", account_id="1", region="r"), "2026-07-01T15:30:00+00:00", "ja")
    dummy, differing, agreed, beside = paper["sections"]
    assert [(row["agreed"], row["actual"]) for row in differing["table"]["rows"]] == [("（あり）", "（なし）")]
    assert [(row["agreed"], row["actual"]) for row in agreed["table"]["rows"]] == [("（あり）", "（なし）"), ("（なし）", "（なし）"), ("/a/", None)]
    assert any("読み戻せない" in text for text in agreed["text"]) and result["counts"]["unknown"] == 0
    assert beside["table"]["rows"][0]["details"] == "パス: /p/、タグ: Owner=総務部、Env=prod"
    page = _papers_html.page(_papers.read(paper))
    assert '<main class="wide">' in page and "判定不能" in page and "不明" not in page


@pytest.mark.parametrize("have", [None, "u"])
def test_as_built_says_in_the_table_of_the_kind_why_nothing_is_known(have):
    """Also where its options are told: of what could not be looked up nobody knows that it is gone."""
    options = [line("path", "missing" if have is None else None, "/a/" if have is None else None, have and "/b/")]
    entry = dict(entry="u", id=have, verdict="unknown", reason="iam_users u: there are two of them", options=options)
    looked = dict(iam_users=dict(account=[], agreed=[entry], beside=[], unread=None))
    found = findings.findings(looked)
    result = dict(looked=looked, findings=found, counts=findings.counts(looked, found))
    paper = _papers_account.as_built(result, dict(number="C", account_id="1", region="r"), "2026-07-01T15:30:00+00:00", "ja")
    whole, option = paper["sections"][-1]["table"]["rows"]
    assert whole["actual"] == entry["reason"] and whole["verdict"] == "unknown" and option["verdict"] == ("unknown" if have is None else None)


@pytest.mark.parametrize(("language", "heading", "moment"), [("ja", "取得日時", "2026年07月02日 00:30:00 JST"), ("en", "Read at", "2026-07-02 00:30:00 JST")])
def test_every_row_of_as_built_says_when_it_was_read_in_japan(language, heading, moment):
    looked = looked_at()
    looked["iam_users"].update(account=[*looked["iam_users"]["account"], dict(name="guest", path="/g/")], beside=[dict(entry="guest", id="guest")])
    found = findings.findings(looked)
    result = dict(looked=looked, findings=found, counts=findings.counts(looked, found))
    paper = _papers_account.as_built(result, dict(number="C", account_id="1", region="r"), "2026-07-01T15:30:00+00:00", language)
    assert dict(label=heading, value=moment) in paper["facts"]
    differing, agreed = (section for section in paper["sections"] if section.get("own_worksheet"))
    assert paper["sections"].index(differing) == 1, "right behind the summary"
    beside = paper["sections"][-1]
    for section, count in ((agreed, 3), (beside, 1)):
        assert section["table"]["columns"][-1]["label"] == heading
        assert [row["at"] for row in section["table"]["rows"]] == ["2026-07-02 00:30"] * count
    paper = _papers.read(paper)
    cells = [str(cell.value) for sheet in load_workbook(io.BytesIO(_papers_xlsx.workbook(paper))) for row in sheet for cell in row]
    for count in (cells.count("2026-07-02 00:30"), _papers_html.page(paper).count("2026-07-02 00:30<")):
        assert count == 4


def test_what_is_as_agreed_stays_in_the_words_of_the_file():
    sheet = dict(iam_users=[dict(name="u", path="/a/", groups=["admins"], tags=dict(A="1"))])
    written = [
        dict(path=["iam_users", 0, "groups", 0], text="{{ group }}", tag=None),
        dict(path=["iam_users", 0, "path"], text="{{ path }}", tag=None),
        dict(path=["iam_users", 0, "tags", "A"], text="$ANSIBLE_VAULT;1.1;AES256", tag="!vault"),
    ]
    taken = dump(findings.adopted(sheet, looked_at(), written))
    assert "{{ group }}" in taken and "{{ path }}" not in taken and "/b/" in taken and "!vault" in taken
    back = dump(findings.put_back(sheet, findings.findings(looked_at()), written))
    assert all(word in back for word in ("{{ group }}", "{{ path }}", "!vault")) and load(back)


def test_secrets_in_clear_are_not_put_back():
    sheet = dict(ec2_instances=[dict(name="i", user_data="hunter2"), dict(name="j", user_data="x")])
    gone = [dict(entry=name, id=None, verdict="missing", reason=None, options=[]) for name in "ij"]
    found = findings.findings(dict(ec2_instances=dict(account=[], agreed=gone, beside=[], unread=None)))
    made = findings.put_back(sheet, found, [dict(path=["ec2_instances", 1, "user_data"], text="{{ script }}", tag=None)])
    assert made == dict(ec2_instances=[dict(name="i"), dict(name="j", user_data="{{ script }}")])
    assert findings.left_out(sheet, made) == ["ec2_instances/i user_data"]


def test_a_secret_that_is_gone_from_a_dictionary_goes_from_the_adopted_sheet():
    sheet = dict(lambda_functions=[dict(name="f", environment=dict(STAGE="prod", TOKEN="x"))])
    hidden = "********"
    lines = [line("environment.STAGE", "missing", hidden, None), line("environment.TOKEN", "same", hidden, hidden)]
    agreed = dict(entry="f", id="f", verdict="changed", reason=None, options=lines)
    account = [dict(name="f", environment=dict(TOKEN=hidden))]
    looked = dict(lambda_functions=dict(account=account, agreed=[agreed], beside=[], unread=None))
    assert findings.adopted(sheet, looked) == dict(lambda_functions=[dict(name="f", environment=dict(TOKEN="x"))])


def test_what_the_file_says_is_found_at_its_place():
    raw = dict(a=[dict(name="{{ x }}", tags=dict(A="{{ y }}"), rest="{{ not one }}")], b="{{ c }}")
    meant = dict(a=[dict(name="1", tags=dict(A="2"), rest="{{ not one }}")], b=[dict(name="s3cret")])
    told = list(findings.in_file(raw, meant, lambda value: value in ("{{ x }}", "{{ y }}", "{{ c }}"), lambda value: "cipher" if value == "s3cret" else None))
    assert [(one["path"], one["text"], one["tag"]) for one in told] == [
        (["a", 0, "name"], "{{ x }}", None),
        (["a", 0, "tags", "A"], "{{ y }}", None),
        (["b"], "{{ c }}", None),
        (["b", 0, "name"], "cipher", "!vault"),
    ]
