# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a contract, of events, of a sheet that cannot be charged by, in Japanese or English."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils._days import said
from ansible_collections.msp.aws.plugins.plugin_utils._hints import hint

LANGUAGES = ("ja", "en")

TEXTS: dict[str, dict[str, str]] = dict(
    ja=dict(
        day="{value!r} は使えません。2000 年から 2099 年までの日付を 2026-07-31 のように書いてください",
        moment="{value!r} は使えません。2000 年から 2099 年までの日時を 2026-07-31 10:00 のように書いてください（日本時間）",
        month="{value!r} は月ではありません。\"2026-07\" のように書いてください",
        months="{value!r} は月の一覧ではありません。[\"2026-07\", \"2026-08\"] のように、重複なく続けて書いてください",
        count="{value!r} は使えません。0 以上の整数を引用符なしで書いてください",
        positive="{value!r} は使えません。1 以上の整数を引用符なしで書いてください",
        signed="{value!r} は使えません。0 でない整数を引用符なしで書いてください",
        integer="{value!r} は使えません。整数を引用符なしで書いてください",
        percent="{value!r} は使えません。1 から 100 までの整数を引用符なしで書いてください",
        file_name="{value!r} は使えません。書類のファイル名にもなるので、/ や制御文字のない文字列を書いてください（数字だけなら引用符で囲みます）",
        text="{value!r} は使えません。文字列を書いてください（数字だけなら引用符で囲みます）",
        flag="{value!r} は使えません。true か false を書いてください",
        word="{value!r} は使えません{hint}。使える値: {limit}",
        whole="{value!r} は使えません。{limit[0]} 以上 {limit[1]} 以下の整数を引用符なしで書いてください",
        table="「名前: 値」の組で書いてください。現在の値: {value!r}",
        table_of="「名前: 値」の組で書いてください（名前: {limit}）。現在の値: {value!r}",
        counts="「コンポーネント: 数」の組で、ec2: 2 のように書いてください。現在の値: {value!r}",
        block="一覧（リスト）で書いてください。先頭の | か > のため、全体が 1 つの文字列になっています",
        rows="一覧（リスト）で書いてください。現在の値: {value!r}",
        unknown="「{value}」という項目はありません{hint}",
        inside="「{value}」をここに書いても使われません。{limit} の中に {other} と書いてください",
        in_minutes="「{value}」という項目はありません。時間は {limit} に分で書いてください（2 時間であれば {limit}: 120）",
        until_when="「{value}」という項目はありません。長さではなく、いつまでかを {limit} に書いてください",
        ends_by="「{value}」をここに書いても使われません。終わりは、その日付の {limit} という出来事として events に書いてください",
        an_event="「{value}」をここに書いても使われません。契約に起きたことは events（インベントリの group_vars/all/events.yml）に、{limit} という出来事として"
        "書いてください",
        written_as="「{value}」という項目はありません。{limit} のように書いてください",
        digits="「{value}」という項目はありません。数は、桁を区切る , なしで 1482690 のように書いてください",
        beside="「{value}」を contract の中に書いても使われません。contract と並べて（字下げせずに）書いてください",
        missing="必要です",
        counts_needed="必要です。コンポーネントの数を {{ec2: 2}} のように、コンポーネントがなければ {{}} と書いてください",
        accepted_needed="必要です。承諾前の申込みは契約ではなく、導入メニューの料金を計算できません（第6条、第29条。見積りはできます）。承諾した日を"
        "インベントリの group_vars/all/contract.yml の contract に accepted_on: '2026-04-16' のように書いてください",
        basic_needed="必要です。クラウド基本設定を含むかどうかを true か false で書いてください（別紙2第1表）",
        read_as_true="YAML では on が true と読まれます。日付は date に書いてください",
        event="「{value}」という出来事はありません{hint}。使える値: {limit}",
        component="「{value}」は課金単位の表（catalog/units.yml、{other}）にありません{hint}。使える値: {limit}",
        component_called="「{value}」は別の表での名前です。ここでは {limit} と書いてください（catalog/units.yml、{other}）",
        only_set_up="「{value}」は導入メニューだけのコンポーネントで、運用メニューにはありません（別紙5第1表）。導入の注文は契約の set_up か"
        "出来事 set_up_ordered に書いてください。使える値: {limit}",
        only_operation="「{value}」は運用メニューだけのコンポーネントで、導入メニューにはありません（別紙4第2表）。その導入作業は"
        "個別料金として individual に書いてください（別紙4第3表）。使える値: {limit}",
        kind="「{value}」という種類はありません{hint}",
        same_day="{other} と同じ日に始まります。1 の契約で複数のプランを適用することはできません（別紙2※2）",
        same_plan="{other} と同じプランです。変更でないなら消してください",
        before="{value}は {limit}（{other}）より前です。どちらかを直してください",
        before_contract="{value} は申込み（{limit}）より前の月です。月か、契約の applied_on を確認してください",
        same_name="{limit!r} は {other} にもあります。別の名前にしてください",
        twice="{other} と重複しています。1 つだけ書いてください",
        settled_twice="{other} と同じ日、同じ額の精算です。別の精算であれば、それぞれの書類の番号（C-1-2026-07-S1 など）を number に書いて区別してください。"
        "同じ精算であれば、1 つだけ書いてください",
        overlap="{other} と期間が重なっています。重ならないように分けてください",
        too_many="{limit} が {value} 個不足します。減らす数か、増やした日を確認してください",
        no_order="{value!r} という注文はありません（あるもの: {limit}）",
        more_than_ordered="{limit} は注文（{other}）より {value} 多くなっています",
        begun="作業は {limit}に着手済みです。着手した部分と残す部分を payable に書いてください（第29条第2項）",
        perhaps_begun="作業に着手していたかが分かりません。着手日か、着手した部分と残す部分を payable に書いてください（第29条）",
        begun_at_end="作業は {limit}に着手済みで、契約は {value}に解除されています。完了していれば set_up_completed を、"
        "そうでなければ set_up_cancelled に着手した部分を payable として書いてください（第29条第2項）",
        perhaps_begun_at_end="契約が {value}に解除されたとき作業に着手していたかが分かりません。完了していれば set_up_completed を、"
        "着手していれば set_up_cancelled に着手した部分を payable として、そうでなければ着手日を書いてください（第29条）",
        help_given="作業の着手日 {limit}より前に終わっていますが、パラメータシート作成支援が {value} 分あります。set_up_cancelled の payable に、"
        "行った分を sheet_support_minutes: {value} のように、行っていなければ {{}} と書いてください（第29条）",
        completed="作業は {limit}に完了しています。完了した作業は取り消せません",
        nothing_named="増減したもの、注文されたものがありません（数が 0 のものは、ないものとして扱います）。1 以上の数を書くか、この出来事を消してください",
        same_channel="それまでと同じ請求の経路です。変更でないなら消してください",
        called_off="作業は {limit}にすべて取り消されています（{other}）。残した部分があれば、その payable に書いてください（第29条）",
        ended="契約は {limit}に解除されています",
        too_long="{value}からの利用停止が {limit}を超えています。料金の未払い以外の利用停止は、続けて行うものも合わせて 6ヵ月以内です（第34条第1項）",
        no_length="利用できなかった時間がありません（{value} に始まり、同じ時刻に終わっています）。until に復旧した時刻を書いてください",
        plan_needed="{limit} は {other} には含まれません。含むプランが必要です（別紙2※4）",
        number_needed="適格請求書には登録番号が必要です。T と 13 桁の数字を、billing_issuer（インベントリの group_vars/all/issuer.yml）の"
        " registration_number に書いてください",
        no_plan="運用メニューのプラン（plans）がありません",
        no_plan_until="{other} にはまだプランがありません。オプションにはプランの申込みが必要です（別紙2※4）",
        without_plan="プランなしで申し込めるのは {limit[0]} から {limit[1]} までです（別紙2※4）",
        invoiced="{limit} の請求書は {other} にも書かれています",
        too_early="{other} の請求書は {value}には発行できません。1 か月分は料金月が終わった後、{limit}以降の日付にしてください"
        "（別紙2、ロールでは billing_date）。前もって請求できるのは 2 か月以上をまとめるときだけです（第23条）",
        before_the_law="{value} の請求書の発行日は {other} で、適格請求書が始まった {limit}より前です（消費税法第57条の4）",
        not_billed="{value} には、消費税のかかる料金を当社が請求した請求書がありません（第49条）。この出来事を消してください。"
        "AWS Marketplace や再販事業者を通じた料金の請求書は、その事業者が発行します（別紙2）",
        nothing_charged="{value} には請求する料金がありません。月を確認してください。"
        "発行した請求書であれば、税込の請求額 yen を書くと精算できます（第20条第2項）",
        others_bill="{value} の料金は当社が請求するものではありません（別紙2）。"
        "月か、請求の経路（billing.channel、channel_changed）を確認してください。"
        "発行した請求書であれば、税込の請求額 yen を書くと精算できます（第20条第2項）",
        billed_after_end="契約は {limit}に解除されています。月を確認してください。発行した請求書であれば、税込の請求額 yen を書くと精算できます（第20条第2項）",
        yen_needed="{value} の請求書の額が分からないため、返した額を差し引けません。出来事 invoiced を yen（税込の額）とともに書いてください（第20条第2項）",
        of_first_plan="運用メニューの申込日は最初のプラン（{other}）だけに書きます。プランの変更は申込みではありません（別紙2※5）",
        of_provider="当社が解除するとき（by: provider）だけに書けます。契約者が解除するときは消してください（第15条）",
        not_begun="契約は作業の着手日 {limit}より前、{value}に解除されています。着手していない作業に支払いは要りません（第29条第1項ただし書）",
        other_issuer="{value!r} は、この請求書の発行者 {limit!r} と異なります",
        settled_before="この請求書は {value}に {limit} 円で精算済みです（{other}）が、指定された精算にその額がありません。同じ差額を二重に精算しないよう、"
        "それまでの精算の JSON をすべて指定するか（ロールでは billing_settled）、出来事の yen を直してください",
        no_settlement="請求書の JSON で、精算の JSON ではありません。この請求書のそれまでの精算の JSON を指定してください。精算がまだなければ、"
        "何も指定しないでください（ロールでは billing_settled）",
        no_invoice="精算の JSON で、請求書の JSON ではありません。発行時の請求書の JSON を指定してください（ロールでは billing_issued）",
        own_total="{value} 円と書かれていますが、その内容からは {limit} 円になります。書き換えられていない、発行時や精算時の JSON を指定してください",
        settled_number="{value} は、ここに来る {limit} ではありません。この請求書のそれまでの精算の JSON を、すべて 1 回ずつ、古い順に指定してください"
        "（ロールでは billing_settled）",
        due_only="支払期日を書くのは 2 か月以上をまとめて請求するときだけです（第23条）。それ以外は発行日の月末です（別紙2）",
        due_needed="2 か月以上をまとめて請求するときは支払期日を書いてください（第23条）",
        due_of_charge="追加の請求には支払期日が必要です（第19条）。返金に支払期日はありません",
        net_needed="延滞利息の対象額を税抜とする契約（late_principal）では、税抜の額を net に書いてください",
        net_beyond="税抜の額 {value} 円と税込の額（yen）{limit} 円が矛盾しています。どちらかを直してください（第24条）",
        registration="{value!r} は登録番号ではありません。T と 13 桁の数字で書いてください",
        check_digit="{value!r} の検査数字が正しくありません。T の次の数字は {limit} のはずです",
        not_paid="返金 {value} 円は、それまでの支払いの残り {limit} 円より多くなっています。支払い（payment）と日付を確認してください",
        beyond_invoice="請求書（{other}、{limit} 円）より {value} 円多く返金することになります。額を確認してください",
        no_paper="発行しない請求書は作成できません（{value}）",
        not_issued="発行されていない請求書は精算できません",
        other_contract="{value!r} の請求書です。この契約は {limit!r} です",
        other_invoice="請求書 {value!r} の精算です。この請求書は {limit!r} です",
        other_months="{value} の請求書ですが、出来事によればまとめて請求するのは {limit} です。invoiced を書いてください",
        other_yen="合計 {value} 円（税込）の請求書ですが、出来事によれば {limit} 円で発行しました（{other}）。"
        "発行した請求書の JSON を指定するか、出来事の yen を直してください",
    ),
    en=dict(
        day="{value!r} is not a date of the years 2000 to 2099; write it as 2026-07-31",
        moment="{value!r} is not a moment of the years 2000 to 2099; write it as 2026-07-31 10:00, in Japan's time",
        month="{value!r} is not a month; write it as \"2026-07\"",
        months="{value!r} is not a list of months; write them as [\"2026-07\", \"2026-08\"], each once and without a gap",
        count="{value!r} is not allowed here; write a whole number, 0 or more, without quotes",
        positive="{value!r} is not allowed here; write a whole number, 1 or more, without quotes",
        signed="{value!r} is not allowed here; write a whole number other than 0, without quotes",
        integer="{value!r} is not allowed here; write a whole number, without quotes",
        percent="{value!r} is not allowed here; write a whole number from 1 to 100, without quotes",
        file_name="{value!r} is not allowed here; write a text without / and control characters, as papers are files named after it (digits alone in quotes)",
        text="{value!r} is not allowed here; write a text (digits alone in quotes)",
        flag="{value!r} is not allowed here; write true or false",
        word="{value!r} is not allowed here{hint}; write one of: {limit}",
        whole="{value!r} is not allowed here; write a whole number from {limit[0]} to {limit[1]}, without quotes",
        table="write name: value pairs here; found {value!r}",
        table_of="write name: value pairs here (names: {limit}); found {value!r}",
        counts="write pairs of component and number here, such as ec2: 2; found {value!r}",
        block="write a list here; a | or > before it makes one text of all",
        rows="write a list here; found {value!r}",
        unknown="there is no field {value!r}{hint}",
        inside="{value!r} has no use here; write it into {limit} as {other}",
        in_minutes="there is no field {value!r}; write the time in minutes into {limit} (2 hours are {limit}: 120)",
        until_when="there is no field {value!r}; write not how long, but until when, into {limit}",
        ends_by="{value!r} has no use here; an end is written into events, as the event {limit} of its day",
        an_event="{value!r} has no use here; what happens to a contract is written into events (group_vars/all/events.yml of the inventory), "
        "as the event {limit}",
        written_as="there is no field {value!r}; write it as {limit}",
        digits="there is no field {value!r}; write numbers without a comma between their digits, such as 1482690",
        beside="{value!r} has no use inside of contract; write it beside contract, without its indent",
        missing="is needed",
        counts_needed="is needed; write how many components there are, such as {{ec2: 2}}, or {{}} where there are none",
        accepted_needed="is needed: an application that was not accepted is no contract by which anything of the set-up menu is to be paid (Articles 6 and 29; "
        "it can be quoted); write the day of its acceptance as accepted_on: '2026-04-16' into contract (group_vars/all/contract.yml of the inventory)",
        basic_needed="is needed; write true or false, whether the basic set-up of the account was ordered (Annex 2, table 1)",
        read_as_true="YAML reads the word on as true; write the date into date",
        event="there is no event {value!r}{hint}; there are: {limit}",
        component="{value!r} is not in the table of units (catalog/units.yml, {other}){hint}; there are: {limit}",
        component_called="{value!r} is its name in another table; here write {limit} (catalog/units.yml, {other})",
        only_set_up="{value!r} is a component of the set-up menu alone, and none of the operation menu (Annex 5, table 1); orders of it are written into "
        "set_up of the contract or the event set_up_ordered; there are: {limit}",
        only_operation="{value!r} is a component of the operation menu alone, and none of the set-up menu (Annex 4, table 2); setting it up is priced "
        "individually (individual; Annex 4, table 3); there are: {limit}",
        kind="there is no kind {value!r}{hint}",
        same_day="begins on the same day as {other}; one contract has one plan at a time (Annex 2, note 2)",
        same_plan="has the same plan as {other}; take it away if it is no change",
        before="{value} is before {limit} ({other}); mend one of them",
        before_contract="{value} is a month before the application ({limit}); check the month, or applied_on of the contract",
        same_name="{limit!r} is named by {other} as well; give it a name of its own",
        twice="says the same as {other}; write one of them",
        settled_twice="is of the same day and yen as {other}; where they are two settlements, write the number of each paper into number "
        "(such as C-1-2026-07-S1), and where they are one, write one of them",
        overlap="overlaps {other}; divide them so that they do not",
        too_many="{value} of {limit} are lacking; check how many go, or when they were added",
        no_order="there is no order {value!r} (there are: {limit})",
        more_than_ordered="{limit} is {value} more than was ordered ({other})",
        begun="work began on {limit}; write into payable what had been begun and what stays (Article 29 (2))",
        perhaps_begun="it is not known whether work had begun; write when it began, or into payable what had been begun and what stays (Article 29)",
        begun_at_end="work began on {limit}, and the contract ended on {value}; write set_up_completed if the work was completed, "
        "or else set_up_cancelled with what had been begun in payable (Article 29 (2))",
        perhaps_begun_at_end="it is not known whether work had begun when the contract ended on {value}; write set_up_completed if it was completed, "
        "set_up_cancelled with what had been begun in payable if it had begun, or else when it was to begin (Article 29)",
        help_given="ended before work began on {limit}, but has {value} minutes of help with the parameter sheet; write into payable of set_up_cancelled "
        "those that were given, such as sheet_support_minutes: {value}, or {{}} where none were (Article 29)",
        completed="the work was completed on {limit}; what is complete cannot be cancelled",
        nothing_named="names nothing that came, went or was ordered (0 of something are nothing); write how many, 1 or more, or take the event away",
        same_channel="is billed as before; take it away if it is no change",
        called_off="all of the work was called off on {limit} ({other}); write what stays into its payable, if anything does (Article 29)",
        ended="the contract was cancelled on {limit}",
        too_long="goes on since {value}, for longer than until {limit}; suspensions that are not for unpaid fees last 6 months at most, "
        "together where one follows the other (Article 34 (1))",
        no_length="ends at {value}, when it began; write into until when the service could be used again",
        plan_needed="{limit} is not part of {other}; a plan that includes it is needed (Annex 2, note 4)",
        number_needed="a qualified invoice needs it; write T and 13 digits into registration_number of billing_issuer "
        "(group_vars/all/issuer.yml of the inventory)",
        no_plan="there is no plan of the operation menu (plans)",
        no_plan_until="there is no plan on {other} yet; an option needs one (Annex 2, note 4)",
        without_plan="an option without a plan could be applied for from {limit[0]} to {limit[1]} (Annex 2, note 4)",
        invoiced="the invoice of {limit} is named by {other} as well",
        too_early="the invoice of {other} cannot be issued on {value}: one month is billed when it is over, on {limit} or later "
        "(Annex 2; billing_date of the role); only several months together are billed before (Article 23)",
        before_the_law="the invoice of {value} is issued on {other}, before qualified invoices began on {limit} (Consumption Tax Act Article 57-4)",
        not_billed="there is no invoice of ours for {value} that holds anything with consumption tax (Article 49); take the event away. What is paid through "
        "AWS Marketplace or a reseller, they bill (Annex 2)",
        nothing_charged="nothing is charged for {value}; check the month; if the invoice was issued, write its yen with tax, so that it can be settled "
        "(Article 20 (2))",
        others_bill="somebody else bills {value} (Annex 2); check the month, or the channel (billing.channel, channel_changed); if the invoice was issued, "
        "write its yen with tax, so that it can be settled (Article 20 (2))",
        billed_after_end="the contract was cancelled on {limit}; check the month; if the invoice was issued, write its yen with tax, so that it can be "
        "settled (Article 20 (2))",
        yen_needed="gives back of the invoice of {value}, whose yen are not known; write the event invoiced with yen, its amount with tax (Article 20 (2))",
        of_first_plan="only the first plan ({other}) says when the operation menu was applied for; a change of plan is no application (Annex 2, note 5)",
        of_provider="is for a contract that the provider ends (by: provider); take it away where the customer does (Article 15)",
        not_begun="the contract ended on {value}, before work began on {limit}; nothing is to be paid for work that had not begun (Article 29 (1), proviso)",
        other_issuer="{value!r} is not the issuer of this invoice, who is {limit!r}",
        settled_before="this invoice was settled on {value} with {limit} yen ({other}), which none of the settlements given says; give the JSON of all "
        "settlements so far (billing_settled of the role), so that the same difference is not settled twice, or correct the yen of the event",
        no_settlement="is the JSON of an invoice, and of no settlement; give those of the settlements of this invoice so far, or nothing where there are none "
        "(billing_settled of the role)",
        no_invoice="is the JSON of a settlement, and of no invoice; give that of the invoice as it was issued (billing_issued of the role)",
        own_total="says {value} yen, and what it holds comes to {limit}; give the JSON as it was written with the invoice or settlement, without changes",
        settled_number="{value} is not {limit}, whose place this is; give the JSON of all settlements of the invoice so far, each once and oldest first "
        "(billing_settled of the role)",
        due_only="a due date is written only where several months are billed together (Article 23); otherwise it is the end of the month of issue (Annex 2)",
        due_needed="where several months are billed together, write the due date (Article 23)",
        due_of_charge="what is charged on top needs a due date (Article 19); what is given back has none",
        net_needed="where late interest is on amounts without tax (late_principal), write the amount without tax into net",
        net_beyond="{value} yen without tax contradicts {limit} yen with tax (yen); mend one of them (Article 24)",
        registration="{value!r} is not a registration number; write T and 13 digits",
        check_digit="{value!r} has a wrong check digit: the digit after T should be {limit}",
        not_paid="gives back {value} yen, of which {limit} had been paid by then; check the payments and the days",
        beyond_invoice="gives back {value} yen more than the invoice came to ({limit} yen, {other}); check the amounts",
        no_paper="is not issued, so there is no paper of it ({value})",
        not_issued="was not issued, so there is nothing to settle",
        other_contract="is of {value!r}; this contract is {limit!r}",
        other_invoice="settles the invoice {value!r}; this one is {limit!r}",
        other_months="is for {value}, but by the events {limit} are billed together; write the event invoiced",
        other_yen="come to {value} yen with tax, but by the events the invoice was of {limit} ({other}); give its JSON, or mend yen of the event",
    ),
)


# What looks right on the screen and is not.
FULL_WIDTH = re.compile("[\uff01-\uff5e]")
WIDE = dict(ja="（全角の文字があります。半角で書いてください）", en=" (it has full-width characters; write them half-width)")


class Fault(NamedTuple):
    """One thing that is wrong: where it was written, a code of TEXTS, and what goes into the text."""

    where: str
    code: str
    value: Any = None
    limit: Any = None
    other: Any = None
    close: str | None = None

    def text(self, language: str) -> str:
        """One line, whatever was written: each line that is told is one fault."""
        told = {name: said(fact, language) for name, fact in dict(value=self.value, limit=self.limit, other=self.other).items()}
        wide = WIDE[language] if isinstance(self.value, str) and FULL_WIDTH.search(self.value) else ""
        return " ".join(f"{self.where}: {TEXTS[language][self.code].format(**told, hint=hint(language, self.close))}{wide}".splitlines())


class FeeError(ValueError):
    """What was given cannot be charged by; `faults` holds every reason."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(fault.text("en") for fault in faults))
        self.faults = faults
