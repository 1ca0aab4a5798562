# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan has somebody approve, in the customer's language."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.msp.aws.plugins.plugin_utils import _effects, _refusals
from ansible_collections.msp.aws.plugins.plugin_utils._operations import operations

ROOT = Path(__file__).resolve().parents[2]
KNOWN = yaml.safe_load((ROOT / "catalog" / "effects.yml").read_text(encoding="utf-8"))
STOP = "インスタンスを停止し、再び起動します"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("would stop the instance and start it again", [STOP]),
        (
            "would stop the instance and start it again; its public address 203.0.113.9 is no Elastic IP and becomes another one",
            [STOP, "パブリック IP アドレス 203.0.113.9 は Elastic IP ではないため、別のアドレスに変わります"],
        ),
        (
            "would take subnet-1 off the route table rtb-1, and send what goes to 10.0.0.0/8 another way, or nowhere",
            ["subnet-1 をルートテーブル rtb-1 から外します", "10.0.0.0/8 宛ての通信の経路が変わる、またはなくなります"],
        ),
        (
            "would terminate 2 of the 5 instances with what lies on them alone (termination policies Default)",
            ["5 台中 2 台のインスタンスを終了します。インスタンス上だけにあるデータは失われます（終了ポリシー Default）"],
        ),
        (
            "would be deleted with its console password; AKIA…MPLE has been used; no other IAM user has AdministratorAccess",
            ["コンソールパスワードとともに削除します", "AKIA…MPLE は使用された記録があります", "AdministratorAccess を持つ IAM ユーザは他にいません"],
        ),
        (
            "would be deleted with its console password, its 1 access keys (AKIA…MPLE), its MFA devices (arn:aws:iam::1:mfa/a, arn:aws:iam::1:mfa/b)",
            ["コンソールパスワード、アクセスキー 1 個（AKIA…MPLE）、MFA デバイス（arn:aws:iam::1:mfa/a, arn:aws:iam::1:mfa/b）とともに削除します"],
        ),
        (
            "AKIA…MPLE and its console password has been used",
            ["AKIA…MPLE、コンソールパスワード は使用された記録があります"],
        ),
        (
            "the Auto Scaling group web manages it, and may replace it",
            ["Auto Scaling グループ web が管理しているインスタンスのため、別のインスタンスに置き換えられることがあります"],
        ),
        (
            "would keep 1 DAYS instead of 7 generations in schedule daily: what is beyond that is deleted",
            ["保持する範囲を 1 日間に変更します（現在は 7 世代、スケジュール daily）。これを超えるものは削除されます"],
        ),
        (
            "would leave its subnets without any traffic, because no ingress and no egress entry allows something",
            ["インバウンド、アウトバウンド に許可のルールがなくなるため、対象サブネットの通信ができなくなります"],
        ),
        (
            "would lock out everybody who has no new profile, because they trust CN=a, and it is issued by CN=b",
            ["新しい接続プロファイルを持たない利用者は接続できなくなります（CN=a を信頼していますが、新しい証明書の発行者は CN=b です）"],
        ),
        ("would give the volume less than it has: 3000 IOPS instead of 6000", ["ボリュームの性能が低下します: 3000 IOPS（現在 6000）"]),
        (
            "would install nginx 1.22, openssl 3.0, which may restart what they are about, and reboot the server where one asks for it",
            ["nginx 1.22, openssl 3.0 をインストールします。対象のサービスが再起動することがあります", "必要な場合はサーバを再起動します"],
        ),
        (
            "Amazon ECS made the group and sets its sizes: change them there",
            ["Amazon ECS が作成・管理しているグループのため、台数は Amazon ECS 側で変更しないと元に戻されます"],
        ),
        ("nobody has a word for it; would stop the instance", ["nobody has a word for it; would stop the instance"]),
    ],
)
def test_each_effect_is_told_for_itself_and_what_is_unknown_as_it_is(text, told):
    assert _effects.in_japanese(text) == told


@pytest.mark.parametrize(("said", "ja"), [pair for block in KNOWN.values() for pair in block.items()])
def test_every_part_is_told(said, ja):
    parts = [f"<{number}>" for number in range(said.count("{}"))]
    told = ja.format(*parts)
    assert all(part in told for part in parts)


# ---- what those say that carry operations out


@pytest.mark.parametrize("reboot", ["never", "if_needed"])
def test_what_a_server_would_install_is_there_in_japanese(reboot):
    spelt = yaml.safe_load((ROOT / "roles" / "os_patch" / "vars" / "main.yml").read_text(encoding="utf-8"))["os_patch_dangers"]
    coming = dict(nginx="1.22.1-9+deb12u2", openssl="3.0.17-1~deb12u3")
    (told,) = Templar(DataLoader(), variables=dict(os_patch_coming=coming, os_patch_reboot=reboot)).template(trust_as_template(spelt))
    assert _effects.in_japanese(told)[0].startswith("nginx 1.22.1-9+deb12u2, openssl 3.0.17-1~deb12u3 をインストールします")


@cache
def source(name):
    """A module, or what modules share."""
    paths = [path for folder in ("modules", "module_utils") if (path := ROOT / "plugins" / folder / f"{name}.py").exists()]
    return ast.parse(paths[0].read_text(encoding="utf-8")) if paths else ast.Module([], [])


def called(node, where):
    """The functions that are named in it, of the same file or as _other.function."""
    for one in ast.walk(node):
        place, name = (where, one.id) if isinstance(one, ast.Name) else (getattr(getattr(one, "value", None), "id", ""), getattr(one, "attr", None))
        yield from ((place, found) for found in source(place).body if isinstance(found, ast.FunctionDef) and found.name == name)


def reachable(todo):
    """Expressions and functions, each with its module, and the functions that they come to."""
    seen = []
    while todo:
        where, node = todo.pop()
        if node not in seen:
            seen.append(node)
            todo += called(node, where)
    return seen


def dangers(module):
    """What tells what a module wants to have confirmed: the expressions, and the functions that they call."""
    calls = [node for node in ast.walk(source(module)) if isinstance(node, ast.Call)]
    return reachable([(module, word.value) for call in calls for word in call.keywords if word.arg in ("danger", "dangers")])


def texts(node):
    """What is said there, with {} for each part; not what is raised or only a warning."""
    if isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "warn"):
        return
    if isinstance(node, ast.JoinedStr):
        yield "".join(one.value if isinstance(one, ast.Constant) else "{}" for one in node.values)
        node = ast.Tuple([one.value for one in node.values if isinstance(one, ast.FormattedValue)], ast.Load())
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    doc = node.body[0] if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) else None
    for child in ast.iter_child_nodes(node):
        if child is not doc:
            yield from texts(child)


# ---- why something is refused


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("it is a spot instance", ["spot インスタンスのため、実施できません"]),
        (
            "its tenancy is host; m7i.large is not offered in ap-northeast-1a",
            ["テナンシーが host のため、対応していません", "m7i.large はアベイラビリティーゾーン ap-northeast-1a で提供されていません"],
        ),
        ("nobody has a word for it", ["nobody has a word for it"]),
    ],
)
def test_each_reason_of_a_refusal_is_told_for_itself(text, told):
    assert _effects.in_japanese(text, "refusals") == told


REQUEST = dict(operation="ec2.stop_instance", target="web", parameters={})


@pytest.mark.parametrize(
    ("result", "ja", "en"),
    [
        (dict(entries=[], msg="ec2_stop_instance: the instance is terminated"), "インスタンスの状態が terminated のため", "- the instance is terminated"),
        (dict(entries=[dict(entry="a", reason="it is a spot instance")], msg="1 of 1 failed"), "spot インスタンスのため", "- it is a spot instance"),
        (dict(assertion="x", msg="日付です。何も変更していません。 (It is a day. Nothing was done.)"), "- 日付です。", "- It is a day."),
    ],
)
def test_what_speaks_against_a_request_is_a_refusal_with_its_clause(result, ja, en):
    told = {language: _refusals.refusal(result, REQUEST, language) for language in ("ja", "en")}
    assert ja in told["ja"] and "（利用規約 別紙1の1.2※4）" in told["ja"] and told["ja"].count("何も変更していません") == 1 and "instance" not in told["ja"]
    assert told["en"].endswith(en) and "Annex 1, 1.2, note 4" in told["en"]


@pytest.mark.parametrize(
    "result",
    [
        dict(entries=[], msg="ec2_stop_instance: ec2:DescribeInstances: UnauthorizedOperation: You are not authorized"),
        dict(entries=[], msg="ec2_stop_instance: a fault of this collection, please report it: KeyError 'a' at x.py:1"),
        dict(entries=[], msg="ec2_stop_instance: image of web is not there after 3600 s (seen last: None); the next run goes on from here"),
        dict(msg="Failed to connect to the host via ssh"),
    ],
)
def test_what_is_no_refusal_is_told_as_it_is(result):
    assert _refusals.refusal(result, REQUEST, "ja") == result["msg"]


MODULES = sorted({row["module"] for row in operations().values() if row["module"]})


@pytest.mark.parametrize("module", MODULES)
def test_all_that_a_module_has_somebody_approve_is_there_in_japanese(module):
    """A text may be only the end of one, and what several are joined with begins anew: it is looked for in what is known."""
    said = {text for node in dangers(module) for text in texts(node) if len(text.split()) > 3}
    known = "\n".join(text for block in KNOWN.values() for text in block)
    pieces = {text: ".*?".join(map(re.escape, re.split(r"{}(?: {})*", text.strip("{}")))) for text in said}
    assert [text for text, pattern in pieces.items() if not re.search(pattern, known)] == []


def against(function):
    """What a function says against the work, with a word for each part: what it raises, and what one yields that is called so."""
    for node in ast.walk(function):
        said = node.exc.args[0] if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args else None
        if isinstance(node, ast.Yield) and "against" in function.name:
            said = node.value
        if isinstance(said, ast.Constant):
            yield said.value
        if isinstance(said, ast.JoinedStr) and any(isinstance(one, ast.Constant) and len(one.value.split()) > 1 for one in said.values):
            yield "".join(one.value if isinstance(one, ast.Constant) else "x" for one in said.values)


@pytest.mark.parametrize("verb", [name for name in MODULES if any(isinstance(node, ast.Name) and node.id == "Verb" for node in ast.walk(source(name)))])
def test_all_that_the_plan_of_a_verb_refuses_is_there_in_japanese(verb):
    plans = [(verb, found) for found in source(verb).body if isinstance(found, ast.FunctionDef) and found.name == "plan"]
    said = {text for function in reachable(plans) for text in against(function)}
    assert [text for text in said if _effects.in_japanese(text, "refusals") == [text]] == []
