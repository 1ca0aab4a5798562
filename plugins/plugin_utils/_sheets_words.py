# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong in a parameter sheet, in words: Japanese first, English by a switch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.module_utils import _shapes
from ansible_collections.msp.aws.plugins.plugin_utils._hints import hint

LONGEST = 200  # characters of a value that help to find it

TEXTS: dict[str, dict[str, str]] = dict(
    ja=dict(
        unknown_kind="「{value}」という種類はありません{hint}",
        not_entries="一覧（リスト）で書いてください。現在の値: 「{value}」",
        not_pairs="1 つしかないものなので、一覧（リスト）ではなく「名前: 値」の組で書いてください。現在の値: 「{value}」",
        not_entry="項目は「名前: 値」の組で書いてください。現在の値: 「{value}」",
        unknown_option="「{value}」という設定項目はありません{hint}",
        unknown_verb="「{value}」とは書けません。{limit} のどれかを書いてください",
        kind_inside="「{value}」は種類の名前なので、ここには書けません。字下げ（インデント）を種類の位置まで戻してください",
        wrong_type="「{value}」は{limit}",
        empty="値がありません。値を書くか（空の文字列なら ''）、そのままにするなら行を消し、取り除くなら clear に書いてください",
        empty_item="空の項目があります。値を書くか、その行を削除してください",
        blanks="「{value}」の前か後に空白があります。空白を取り除いてください",
        no_text="「{value}」は文字列ではありません。値を 1 つだけ書いてください",
        unquoted="引用符がないため、文字列ではなく「{value}」として読まれます。書いたとおりの文字列を引用符で囲んでください（例: \"{value}\"）",
        octal="引用符のない 0 で始まる数は 8 進数とみなされるため、{limit} と書いても「{value}」として読まれます。\
そう書いたのであれば、引用符で囲んでください（例: \"{limit}\"）",
        state="「{value}」は使えません。present か absent と書いてください",
        identity="対象を特定するために必要です",
        duplicate="同じ名前が {limit} 回あります。1 回だけ書いてください",
        rivals="アカウントでは {other} と同じものを指すか、その名前を取ります。1 回だけ書くか、別の名前にするか、名前の変更を別の回に分けてください",
        clear="「{value}」は削除できる設定項目ではありません（削除できるもの: {limit}）",
        contradiction="「{value}」は追加と削除の両方に書かれています",
        clear_and_set="「{value}」に値があるのに clear にも書かれています",
        set_and_add="set は add / remove と同時に書けません",
        dangling="「{value}」という {limit} はシートにもアカウントにもありません{hint}",
        other_kind="「{value}」という {limit} はシートにもアカウントにもありません（シートにあるのは {other} です）",
        not_offered="「{value}」という {limit} は、契約のリージョンにないか、契約のアカウントでは使えません{hint}。ID や名前はリージョンごとに異なります。\
そのリージョンで使えるものを書いてください",
        no_neighbour="ホスト {other} のシートにもアカウントにも「{value}」という {limit} はありません",
        no_host="「{value}」のホスト {other} は、この実行の対象ではありません{hint}。{other} と一緒に実行するか、ID を書いてください",
        incomplete="まだ存在しません。作成するには {value} が必要です",
        ambiguous="「{value}」という {limit[0]} が複数あります（{limit[1]}）。名前の代わりに「属するもの/名前」か ID を書いてください",
        circular="互いに参照し合っているため作成できません: {limit}",
        choice="「{value}」は使えません。使える値: {limit}",
        choice_of_many="「{value}」は使えません。近い値: {limit}",
        no_choice="「{value}」という値は AWS にありません",
        least="「{value}」は小さすぎます。最小値は {limit} です",
        most="「{value}」は大きすぎます。最大値は {limit} です",
        shortest="「{value}」は短すぎます。{limit} 文字以上で書いてください",
        longest="「{value}」は長すぎます。{limit} 文字以内で書いてください",
        pattern="「{value}」は形式が正しくありません。{limit}",
        not_a_network="「{value}」はネットワークアドレス（CIDR）ではありません。{limit} の形で書いてください",
        network_spelling="「{value}」は AWS では {limit} になります。{limit} と書いてください",
        network_size="「{value}」の大きさのネットワークは使えません。{limit} の範囲で書いてください",
        other_region="「{value}」はリージョン {other} のものです。リージョン {limit} のものしか指定できません。{limit} のものを書いてください",
        reserved_name="「{value}」は AWS が予約している名前です。別の名前にしてください",
        reserved_start="「{value}」は使えません。{limit} で始まる名前は AWS が予約しています。別の名前にしてください",
        reserved_end="「{value}」は使えません。{limit} で終わる名前は AWS が予約しています。別の名前にしてください",
        bucket_name="バケットの名前は英小文字・数字・ハイフン・単独のピリオドで、両端は英小文字か数字です（IP アドレスの形は不可）。現在の値: 「{value}」",
        reserved_prefix="キー「{value}」は使えません。{limit} で始まるキーは AWS が予約しています",
        reserved="キー「{value}」は設定項目 {limit} が書き込みます。{limit} に書いてください",
        overlap="{value} は {other_label} の {other} と重なっています",
        outside="{value} は VPC の範囲（{other}）に含まれていません",
        no_json="「{value}」は JSON ではありません。{limit} のように書いてください",
        not_an_address="「{value}」は IP アドレスではありません",
        unknown_key="「{value}」とは書けません。書けるもの: {limit}",
        no_statement="ポリシーは「名前: 値」の組で書き、Statement に文（「名前: 値」の組）を 1 つ以上書いてください。現在の値: 「{value}」",
        lacking="{limit} が書かれていません",
        key_case="「{value}」は大文字・小文字が違います。{limit} と書いてください",
        text_document="ポリシーが文字列になっています。「名前: 値」の組で書いてください。ファイルから読むなら | from_json を付けてください\
（lookup('file', 'x.json') | from_json）。現在の値: 「{value}」",
        no_policy_name="ポリシーに名前がありません。ポリシーの名前を書き、その下に {value} を書いてください",
        outside_subnet="{value} はサブネット {other} の範囲に含まれていません",
        reserved_address="{value} はサブネット {other} で AWS が予約しているアドレスです（先頭の 4 個と末尾の 1 個は使えません）",
        address_taken="{value} は {other} でも使われています",
        no_principal="ポリシー「{value}」に Principal は書けません（付与先が Principal です）",
        unbalanced="「{value}」の括弧または引用符が対になっていません",
        one_of="次のうち 1 つだけを書いてください: {other}。現在の値: 「{value}」",
        needs="{other} が必要です。現在の値: 「{value}」",
        ports="ポートは 0 から 65535 まで、{limit[0]} は {limit[1]} 以下で書いてください。現在の値: {value}",
        icmp_ports="{limit[0]} にはタイプ、{limit[1]} にはコードを 0 から 255 まで（すべてなら両方に -1）で書いてください。現在の値: {value}",
        no_ports="このプロトコルにはポートがありません。ポートを空欄にするか、プロトコルを tcp か udp にしてください。現在の値: {value}",
        removed_and_made="同じ名前で「削除する」と「作成・変更する」の両方が書かれています。どちらかにしてください（作り直す場合は 2 回に分けてください）",
        to_be_removed="「{value}」という {limit} は、このシートで削除することになっています。参照をなくすか、削除をやめてください",
        renamed="「{value}」という {limit} は、このシートで「{other}」という名前になります。新しい名前で書いてください",
        claimed="「{value}」は {other_label} に書かれています。1 つしか使えないので、どちらか一方だけに書いてください",
        same_zone="「{value}」は {other} と同じゾーン {limit} にあります。サブネットは 1 つのゾーンに 1 つだけ書いてください",
        alike="{other} に同じ値「{value}」があります。異なる値にしてください",
        loop="{other} 自身のエラーログが {value} に書かれます。{value} を {other} に送ると、エラーがエラーを生み続けます。別のロググループにしてください",
        item_twice="同じものが 2 回書かれています。1 回だけ書いてください: 「{value}」",
        most_items="{value} 個あります。{limit} 個以内で書いてください",
        least_items="{value} 個しかありません。{limit} 個以上書いてください",
    ),
    en=dict(
        unknown_kind="there is no kind {value!r}{hint}",
        not_entries="write a list here; found {value!r}",
        not_pairs="there is only one: write name: value pairs here and no list; found {value!r}",
        not_entry="write an entry as name: value pairs; found {value!r}",
        unknown_option="there is no option {value!r}{hint}",
        unknown_verb="{value!r} is not allowed here; write one of {limit}",
        kind_inside="{value!r} is a kind and cannot stand inside an entry; indent it as far as the other kinds",
        wrong_type="{value!r} is not {limit}",
        empty="has no value; write one (a text of nothing as ''), take the line away to leave it as it is, or put its name in clear to take it away",
        empty_item="there is an item without a value; write one, or take the line away",
        blanks="{value!r} begins or ends with a blank; take it away",
        state="{value!r} is not allowed here; write present or absent",
        identity="is needed to say which one is meant",
        duplicate="is named {limit} times; write it once",
        clear="{value!r} cannot be taken away (what can: {limit})",
        contradiction="{value!r} is both to be there and not to be there",
        clear_and_set="{value!r} has a value and stands in clear as well",
        set_and_add="set cannot stand beside add or remove",
        dangling="there is no {value!r} among {limit}, neither in the sheet nor in the account{hint}",
        other_kind="there is no {value!r} among {limit}, neither in the sheet nor in the account (the sheet has one among {other})",
        not_offered="there is no {value!r} among {limit} in this Region that this account may use{hint}; ids and names differ from Region to Region: \
write one that can be used here",
        no_neighbour="host {other} has no {value!r} among {limit}, neither in its sheet nor in its account",
        no_host="{value!r}: the host {other} is none of this run{hint}. Run both together, or write an id",
        incomplete="does not exist yet, and to create it {value} must be named",
        ambiguous="{value!r} means more than one of {limit[0]} ({limit[1]}); write the id, or scope/name, instead of the name",
        circular="these wait for each other and can never be made: {limit}",
        overlap="{value} overlaps {other} of {other_label}",
        outside="{value} does not lie in the VPC ({other})",
        outside_subnet="{value} does not lie in the subnet {other}",
        reserved_address="{value} is reserved by AWS in the subnet {other}, as are the first four addresses and the last one of each",
        address_taken="{value} is also named by {other}",
        no_principal="the policy {value!r} cannot name a Principal: it is whom it is attached to",
        unbalanced="{value!r} has a bracket or a quotation mark without its partner",
        one_of="write exactly one of {other}; found {value!r}",
        ports="ports are 0 to 65535, and {limit[0]} is not above {limit[1]}; found {value}",
        icmp_ports="{limit[0]} is a type and {limit[1]} a code, each 0 to 255, or -1 for all; found {value}",
        no_ports="this protocol has no ports: name none, or tcp or udp; found {value}",
        removed_and_made="the same name is to be removed and to be there; write one of them (to make it anew, do it in two runs)",
        to_be_removed="{value!r} of {limit} is what this sheet removes; take the reference away, or do not remove it",
        renamed="{value!r} of {limit} will be called {other!r} by this sheet; write the new name",
        claimed="{value!r} is named by {other_label}, and has room for one; name it in one of them",
        same_zone="{value!r} lies in {limit}, as {other} does; write one subnet for each zone",
        alike="{other} have the same value {value!r}; they have to differ",
        loop="{other} writes its own errors to {value}; sent through {other} again, each would make the next: take another log group",
        rivals="in the account it means the same one as {other}, or would take its name: write it once, or take another name, or rename in a run of its own",
        reserved_name="AWS keeps the name {value!r} for itself; take another",
        item_twice="the same is written twice: {value!r}",
        **_shapes.TEXTS,
    ),
)
TYPE_NAMES = dict(
    ja=dict(
        bool=" true / false ではありません。true か false を書いてください",
        dict="「名前: 値」の組ではありません。「名前: 値」の組で書いてください",
        float="数値ではありません。数字だけを書いてください（単位や桁区切りは付けません）",
        int="整数ではありません。数字だけを書いてください（単位や桁区切りは付けません）",
        list="一覧（リスト）ではありません。[値, 値] のように書いてください",
        str="文字列ではありません。値を 1 つだけ書いてください",
        raw="値ではありません",
    ),
    en=dict(
        bool="true or false; write one of them",
        dict="a dictionary; write name: value pairs",
        float="a number; write digits alone, without a unit or separators",
        int="a whole number; write digits alone, without a unit or separators",
        list="a list; write it as [value, value]",
        str="a text; write one value",
        raw="a value",
    ),
)
NUMBER = dict(ja="{} 番目", en="no. {}")
PLACE = dict(ja="{}（{} 番目）", en="{} (no. {})")


class Fault(NamedTuple):
    """One thing that is wrong: where, a code of TEXTS, and what goes into the text.

    `number`: of the entry in the list of its kind, where it does not say itself which one it is; `place` among the facts: of an item in the option's list.
    """

    kind: str
    entry: str | None
    option: str | None
    code: str
    facts: Mapping[str, Any]
    number: int | None = None

    def text(self, language: str) -> str:
        entry = NUMBER[language].format(self.number) if self.number else self.entry
        option = PLACE[language].format(self.option, self.facts["place"]) if self.option and self.facts.get("place") else self.option
        where = " ".join(str(part) for part in (self.kind, entry, option) if part not in (None, ""))
        code = self.code
        if code == "dangling":  # what is there under this name says most
            code = "other_kind" if self.facts.get("other") else "not_offered" if self.facts.get("offered") else code
        return f"{where}: {text_of(TEXTS[language], TYPE_NAMES[language], language, code, self.facts)}"


def text_of(texts: Mapping[str, str], types: Mapping[str, str], language: str, code: str, facts: Mapping[str, Any]) -> str:
    """The text of a code with its facts in it: `close` becomes the hint at what was meant, a type has its name in the language."""
    told = dict(dict(limit=None, other=None), **_shapes.worded(code, facts, language))
    if len(told["value"]) > LONGEST:
        told["value"] = type(told["value"])(f"{told['value'][:LONGEST]}…")
    told["hint"] = hint(language, told.pop("close", None))
    if code == "wrong_type":
        told["limit"] = types[told["limit"]]
    return texts[code].format(**told)
