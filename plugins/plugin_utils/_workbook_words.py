# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the workbook: its marks, its fixed worksheets and what is said about mistakes in it. Japanese first, English by a switch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple
from unicodedata import normalize

from ansible_collections.msp.aws.plugins.plugin_utils._sheets_words import text_of


class Marks(NamedTuple):
    """Words that mean something in a cell instead of being its value.

    none  take it away: a value, one of several, one tag, or in the state column the thing itself
    only  exactly these: what is not named is taken away
    kept  the value of the sheet's file, which is not shown: a secret, or an expression of Ansible
    text  before a text in JSON's quotation marks, for values that would mean something else without
    """

    none: str
    only: str
    kept: str
    text: str


MARKS = dict(
    ja=Marks("なし", "これだけ", "（現行どおり）", "文字列:"),
    en=Marks("none", "only these", "(as it is)", "text:"),
)

WORDS: dict[str, dict[str, str]] = dict(
    ja=dict(
        cover="表紙",
        contents="目次",
        history="変更履歴",
        lists="選択肢",
        title="パラメータシート",
        customer="お客様名",
        number="契約番号",
        account_id="AWS アカウント ID",
        region="リージョン",
        version="版",
        date="作成日",
        digest="シートの照合値",
        legend="記入方法",
        state="状態",
        id="ID",
        parent="親の「{}」",
        item="番号",
        required="必須",
        fixed="作成後変更不可",
        secret="秘密",
        clearable="「なし」可",
        reference="「{}」の名前",
        lines="1 行に 1 つ（Alt+Enter で改行）",
        pairs="1 行に 1 つ「キー=値」",
        json="JSON",
        rows="明細は「{}」",
        blank_required="新規作成時は必須。既存なら変更しない",
        blank_default="変更しない。新規作成時は AWS の既定値: {}",
        blank="変更しない。新規作成時は AWS の既定の動き",
        blank_state="作成・変更の対象",
        blank_id="名前で特定する",
        state_note="削除するときだけ「なし」。実行時に確認が必要",
        item_state_note="この行を AWS から取り除くときだけ「なし」",
        id_note="名前を変える既存のもの、名前が重複する既存のものを AWS の ID で指定する",
        parent_note="この行が属するものの名前",
        number_note="同じ親の中で重複しない番号。下位のシートから参照する",
        list_note="明細の行だけが残るようにする（他は取り除く）ときは「これだけ」",
        structure_note="まとめて取り除くときだけ「なし」",
        choices="選択肢: {}",
        limits="{}～{}",
        bool="TRUE / FALSE",
        int="整数",
        float="数値",
        group_own="",
        no="No.",
        worksheet="ワークシート",
        about="内容",
        key="種類（英名）",
        count="件数",
        ticket="チケット",
        cell="セル",
        what="項目",
        before="変更前",
        after="変更後",
        order="並び順",
        back="目次へ",
        hidden="********",
        others="ほか {} 件",
        between="、",
        cells="。セル: {}",
        nothing="（空欄）",
        legend_1="1 行に 1 つ記入します。水色の見出しは必須、灰色の見出しは作成後に変更できない項目です。",
        legend_2="空欄: 変更しません（新規作成時は AWS の既定の動き）。",
        legend_3="なし: 設定を取り除きます。「状態」の列では、そのもの自体を削除します（実行時に別途確認）。",
        legend_4="値: その値にします。複数の値は 1 つのセルに 1 行ずつ（Alt+Enter）。「値=なし」の行はその 1 つを取り除きます。",
        legend_5="これだけ: 一覧の 1 行目に書くと、書いたものだけを残し、他は取り除きます。",
        legend_6="文字列:\"…\": 「なし」などをそのままの文字として記入するときに使います。",
        legend_7="見出しの英名の行（灰色の小さな文字）は取り込みに使います。消したり変えたりしないでください。",
        legend_8="数式、セルの結合は使えません。数字・英字は半角で記入してください。",
    ),
    en=dict(
        cover="Cover",
        contents="Contents",
        history="Changes",
        lists="Choices",
        title="Parameter sheet",
        customer="Customer",
        number="Contract",
        account_id="AWS account",
        region="Region",
        version="Version",
        date="Date",
        digest="Digest of the sheet",
        legend="How to fill in",
        state="State",
        id="ID",
        parent="Which of {}",
        item="Number",
        required="required",
        fixed="fixed once made",
        secret="secret",
        clearable="may be 'none'",
        reference="a name of {}",
        lines="one on each line (Alt+Enter)",
        pairs="one key=value on each line",
        json="JSON",
        rows="rows are on {}",
        blank_required="needed to make it; left as it is otherwise",
        blank_default="left as it is; AWS's default for a new one: {}",
        blank="left as it is; AWS decides for a new one",
        blank_state="to be there",
        blank_id="found by its name",
        state_note="'none' only to delete it; the run asks for a confirmation",
        item_state_note="'none' only to take this row away from AWS",
        id_note="AWS's id of an existing thing that gets another name, or whose name is not unique",
        parent_note="the name of what this row belongs to",
        number_note="a number, unique within the same parent, to which rows of other worksheets refer",
        list_note="'only these' when the rows shall be all there are, and others be taken away",
        structure_note="'none' only to take all of it away",
        choices="one of: {}",
        limits="{} to {}",
        bool="TRUE / FALSE",
        int="a whole number",
        float="a number",
        group_own="",
        no="No.",
        worksheet="Worksheet",
        about="What",
        key="Kind",
        count="Entries",
        ticket="Ticket",
        cell="Cell",
        what="What",
        before="Before",
        after="After",
        order="Order of the rows",
        back="Contents",
        hidden="********",
        others="others: {}",
        between="; ",
        cells=". Cells: {}",
        nothing="(blank)",
        legend_1="One row for each thing. Blue headings are required, grey ones cannot change once the thing is made.",
        legend_2="blank: left as it is (AWS decides for a new thing).",
        legend_3="none: the setting is taken away; in the state column, the thing itself is deleted (the run asks for a confirmation).",
        legend_4="a value: it will be so. Several values stand in one cell, one on each line (Alt+Enter). 'value=none' takes this one away.",
        legend_5="only these: on the first line of a list, leaves what is written and takes away all others.",
        legend_6="text:\"...\": for a value that is the word 'none' or the like.",
        legend_7="The row of small grey names is what the import reads. Leave it as it is.",
        legend_8="No formulas, no merged cells.",
    ),
)

TEXTS: dict[str, dict[str, str]] = dict(
    ja=dict(
        not_xlsx="Excel ブック（xlsx）ではありません。Excel で「Excel ブック (*.xlsx)」として保存し直してください",
        strict="「Strict Open XML スプレッドシート」の形式です。「Excel ブック (*.xlsx)」として保存し直してください",
        old_xls="古い形式（xls）の Excel ファイルです。「Excel ブック (*.xlsx)」として保存し直してください",
        locked="パスワードで保護されています。パスワードを外して保存し直してください",
        broken="ファイルが壊れているため読めません（{value}）。元のファイルから取り直してください",
        macros="マクロを含むブックは使えません。「Excel ブック (*.xlsx)」として保存し直してください",
        too_large="ファイルが大きすぎます（展開後 {value} MB、上限 {limit} MB）",
        absent="ファイルがありません",
        missing_sheet="ワークシート「{value}」がありません。ひな形から戻してください（使わない場合も空のまま残す）",
        extra_sheet="「{value}」というワークシートは使えません{hint}。削除するか、対応表の ignore に書いてください",
        no_headings="見出しの行（{limit} など）が見つかりません。ひな形から戻してください",
        missing_column="見出し「{value}」の列がありません。ひな形から戻してください",
        extra_column="「{value}」という見出しは使えません{hint}。列を削除するか、対応表に書いてください（読まない列は、そのワークシートの ignore に）",
        heading_twice="見出し「{value}」が 2 回あります（{limit}）。1 つにしてください",
        outside_columns="見出しのない列に値「{value}」があります。削除してください",
        merged="セルが結合されています（{value}）。結合を解除して、それぞれのセルに記入してください",
        formula="数式は使えません{value}。値に置き換えてください",
        table_of_data="数式は使えません。値に置き換えてください",
        error_value="エラー値 {value} が入っています。値を記入してください",
        date="日付として入力されています（{value}）。セルの書式を「文字列」にして記入し直してください",
        number="数値として入力されています（{value}）。セルの書式を「文字列」にして記入し直してください",
        percent="パーセントの書式のため「{value}」と表示されますが、値は {limit} です。セルの書式を「標準」にして記入し直してください",
        truth="真偽値（{value}）として入力されています。セルの書式を「文字列」にして記入し直してください",
        wide="全角の文字が使われています: 「{value}」。「{limit}」と半角で記入してください",
        apart="濁点・半濁点が別の文字になっています: 「{value}」。「{limit}」と記入し直してください",
        kana="半角カナが使われています: 「{value}」。「{limit}」と全角で記入してください",
        stray="「{value}」はこの位置には書けません。「{limit[0]}」はそれだけで、または「値={limit[0]}」の形で、「{limit[1]}」は一覧の 1 行目に書いてください\
（文字としての値なら {other} と書く）",
        near="「{value}」は使えません。「{limit}」と書いてください（文字としての値なら {other} と書く）",
        unseen="目に見えない文字（{value}）が入っています。「{limit}」と記入し直してください",
        several="「{value}」は 1 行に 1 つずつ、Alt+Enter で改行して書いてください（全体で 1 つの値なら {other} と書く）",
        filler="「{value}」は使えません。変更しないなら空欄、取り除くなら「{limit}」、それ以外は値を書いてください（文字としての値なら {other} と書く）",
        one_line="名前の途中に改行があります。1 つの名前を改行せずに書いてください",
        hidden_row="非表示の行に値があります。表示して確かめるか、行ごと削除してください",
        hidden_column="非表示の列に値があります。表示して確かめるか、値を削除してください",
        hidden_sheet="非表示のワークシートに値があります。表示して確かめてください",
        headings_again="見出しの行がもう一度あります（{value} ～ {limit} 行目）。行ごと削除してください",
        struck="取り消し線が引かれています。使わない行や値は削除し、使うものは取り消し線を外してください",
        wrong_type="「{value}」は{limit}ではありません",
        not_clearable="「{limit}」は使えません。取り除くことのできない項目です。空欄にするか、値を書いてください",
        only_marks="「{value}」は使えません。空欄か「{limit}」だけを書けます",
        quoted="{value} は {limit}\"…\" の形になっていません",
        json="JSON として読めません: {value}（{limit[0]} 行目の {limit[1]} 文字目）",
        half="{value} は文字の半分だけで、値にできません。文字そのものを記入してください",
        pair="「{value}」は「キー=値」の形になっていません",
        key_twice="「{value}」が 2 回あります。1 回だけ書いてください",
        only_and_none="「{limit[0]}」の一覧に「{limit[1]}」の行は書けません",
        kept_nothing="「{value}」と書かれていますが、現行の値がありません。値を記入してください",
        kept_unclear="「{value}」がいまのシートのどの行の値か決められません。行の他の値を元に戻すか、値を記入してください",
        parent_missing="どの行に属するかが書かれていません。「{limit}」の名前を記入してください",
        parent_unknown="「{value}」は「{limit}」のシートにありません{hint}",
        parent_ambiguous="「{value}」は「{limit}」のシートに複数あります。次のように書いてください: {other}",
        one_row="1 行だけ書ける表に {value} 行あります",
        no_row="明細がありますが、「{limit}」のシートに行がありません",
        other_contract="「{value}」のブックです。この契約は「{limit}」です",
        no_cover="表紙に「{limit}」がありません",
        own_contract="自社様式のブックに契約番号も AWS アカウント ID もないため（表紙の B 列に見出し、C 列に値）、\
この契約のブックかどうかを確かめられません。お客様を取り違えていないか確かめてください",
        own_history="自社様式のブックには版と変更履歴を書き込みません。変更履歴は {limit} だけに残ります",
        must_be_there="「{value}」という {limit} は、このブックにもシートにもありません{hint}。アカウントにあるものとして取り込みます（計画で確認）",
        not_there="「{value}」という {limit} はこのブックにありません{hint}",
        no_zone="「{value}」というアベイラビリティゾーンはありません{hint}",
        zone_elsewhere="「{value}」は契約のリージョン（{limit}）のアベイラビリティゾーンではありません{hint}。{limit}a のように書いてください",
        not_here="「{value}」は「{limit}」にありますが、属するものが異なります（{other}）。正しい名前を記入してください",
        reverts="版 {limit} での変更を元に戻します（現在「{other}」、取り込み後「{value}」）。古いブックではないか確かめてください",
        rows_left="行を削除するとシートから除かれますが、AWS 上のものは変わりません（そのまま残ります）。\
AWS からも取り除くには、行を戻して「状態」を「{value}」にしてください: {limit}",
        values_left="消した値はシートから除かれますが、AWS 上のものは変わりません（そのまま残ります）。\
AWS からも取り除くには、「{value}」可の項目に「{value}」（複数の値やタグの 1 つなら「値={value}」「キー={value}」）と書いてください: {limit}",
        fixed_changed="作成後に変更できない項目です（{other} → {value}）。作成済みであれば計画（setup.yml --check --diff）がこの項目を失敗とします。\
元の値に戻すか、別の名前の行を加えて元の行の「状態」を「{limit}」にしてください",
        comments_lost="このファイルのコメント（{value} 行目）は、取り込みで失われます（ブックに入らないため）",
        options_lost="ブックにない設定項目がこのファイルにあり、取り込みで失われます: {value}",
        clear_secret="秘密の値が平文でシートのファイルに入ります。ansible-vault で暗号化し、ブックのセルは「{value}」と書き換えてください",
        other_language="このブックは別の言語で作られています。contract.language を {value} にするか、ひな形を作り直してください",
        too_long="{value} 文字あり、セルに入る {limit} 文字を超えています",
        no_column="この項目の列がありません。対応表に書いてください",
        inexpressible="「{value}」 はシートに書けません",
        alike="ブックの列だけでは区別できない行が、いまのシートに {value} 行あり、ブックにない列の値が異なります。対応表に列を足してください: {limit}",
        not_carried="新しい行として取り込みます。いまのシートの行にある、ブックに列のない値（{limit}）は引き継がれません",
        no_worksheet="「{value}」のワークシートはこのブックにありません",
        unknown_kind="「{value}」という種類はありません{hint}",
        not_yaml="YAML として読めません: {value}",
        not_pairs="「名前: 値」の組になっていません",
        without_cells="構造や一覧の全体が式（{{{{ … }}}}）か !vault で書かれているところが {value} か所あり、ブックにはその中の項目のセルしかありません。\
項目ごとに書き下してください（それぞれの値は式のままで構いません）: {limit}",
        not_a_history="sheet_history が変更の一覧（version、date、changes を持つ組のリスト）になっていません",
        no_digests="sheet_digests は取り込みが書き込む「種類: {{名前: {{設定項目: 照合値}}}}」の組です。元に戻すか、この項目を削除してください",
        not_a_sheet="sheet が「種類: [項目]」の組になっていません",
        not_stamped="版と変更履歴を書き込めませんでした。Excel で「Excel ブック (*.xlsx)」として保存し直してから、もう一度取り込んでください",
        history_taken="変更履歴を書き込むセルに別の値があります。行を空けるか、右側の列に移してください",
        dropped="ブックにないため、シートから除かれます（AWS 上のものは変わらず、契約外になります）。\
ブックに戻すか、除いてよい場合は force: true（プレイブックでは -e sheet_force=true）を指定してください",
        edited="前回の取り込みの後に手で変更された項目を、このブックが書き換えます（下の一覧。シート → ブック）。\
シートから別のブックを書き出し（sheet_export.yml に -e sheet_workbook=別のファイル名）、そこに記入し直してください。\
書き換えてよい場合は -e '{other}' を付けて取り込んでください",
        history_lost="ブック {limit} の表紙にある版 {value} が、この変更履歴のファイルにありません（手で変更された項目があるか確かめられません）。\
このファイルを版 {value} まで含むものに戻してください。戻せない場合は -e '{other}' を付けて取り込んでください（履歴はブックの変更履歴から引き継ぎます）",
        exists_filled="別の内容のブックがあります。取り込んでいない記入があれば、先に取り込んでください（sheet_import.yml）。\
なければ（シートを手で変更しただけなら）、force: true（プレイブックでは -e sheet_force=true）で上書きしてください。\
両方あれば、別のファイルに書き出し（-e sheet_workbook=別のファイル名）、記入をそちらに移してから取り込んでください",
        exists="別の内容のファイルがあります。先に取り込むか、上書きする場合は force: true（プレイブックでは -e sheet_force=true）を指定してください",
        map_unknown="対応表{at}: 「{value}」は使えません{hint}",
        map_dict="対応表{at}: 「名前: 値」の組で書いてください。現在の値: 「{value}」",
        map_list="対応表{at}: 文字列の一覧（リスト）で書いてください。現在の値: 「{value}」",
        map_text="対応表{at}: 見出しは 1 文字以上の文字列で書いてください。現在の値: 「{value}」",
        map_row="対応表{at}: 1 から {limit} までの行番号を書いてください。現在の値: 「{value}」",
        map_first_row="対応表{at}: 見出しの行（{limit}）より下の行番号を書いてください。現在の値: 「{value}」",
        map_twice="対応表{at}: 見出し「{value}」が {limit} 回あります。1 回だけ書いてください",
        map_needed="対応表{at}: 行を特定するために必要な列がありません: {value}",
        map_title="対応表{at}: 「{value}」 はワークシートの名前にできません（{limit} 文字以内、[ ] : * ? / \\ は不可）",
        map_title_taken="対応表{at}: 「{value}」という名前のワークシートが他にあります（{limit}）。別の名前にしてください",
        map_list_column="対応表{at}: {limit} に「{value}」の列がないため、このワークシートは使えません",
    ),
    en=dict(
        not_xlsx="this is no Excel workbook (xlsx); save it as one in Excel",
        strict="this is a Strict Open XML Spreadsheet; save it as 'Excel Workbook (*.xlsx)'",
        old_xls="this is an Excel file of the old form (xls); save it as xlsx",
        locked="the workbook is protected with a password; save it without",
        broken="the file is damaged and cannot be read ({value}); get it anew from where it came",
        macros="the workbook holds macros; save it as xlsx",
        too_large="the file is too large ({value} MB unpacked, {limit} MB are allowed)",
        absent="there is no such file",
        missing_sheet="the worksheet {value!r} is missing; take it from the template (it may stay empty)",
        extra_sheet="there is no place for a worksheet {value!r}{hint}; delete it, or name it under ignore in the mapping",
        no_headings="the row of headings ({limit}, …) is missing; take it from the template",
        missing_column="the column {value!r} is missing; take it from the template",
        extra_column="there is no place for a column {value!r}{hint}; delete it, or name it in the mapping (one that is not read under its ignore)",
        heading_twice="the heading {value!r} is there twice ({limit})",
        outside_columns="the value {value!r} stands in a column without a heading",
        merged="merged cells ({value}); unmerge them and fill in each cell",
        formula="formulas are not allowed{value}; write the value",
        table_of_data="formulas are not allowed; write the value",
        error_value="the cell holds the error {value}; write a value",
        date="entered as a date ({value}); make the cell a text cell and write it again",
        number="entered as a number ({value}); make the cell a text cell and write it again",
        percent="shown as {value}, because the cell is one of percentages, and holds {limit}; make it a General cell and write the value again",
        truth="entered as a truth value ({value}); make the cell a text cell and write it again",
        wide="full-width characters: {value}; write {limit}",
        apart="{value}: the mark of a voiced sound is a letter of its own; write {limit} anew",
        kana="half-width katakana: {value}; write {limit}",
        stray="{value!r} cannot stand here; write {limit[0]!r} alone or as value={limit[0]}, and {limit[1]!r} on the first line of a list \
(or {other} where the text itself is meant)",
        near="{value} is not allowed; write {limit} (or {other} where the text itself is meant)",
        unseen="there is a character that nobody sees ({value}); write {limit} anew",
        several="{value}: write one on each line, with Alt+Enter between them (or {other} where all of it is one value)",
        filler="{value!r} is not allowed; leave the cell blank to leave it as it is, write {limit!r} to take it away, or a value ({other} for the text itself)",
        one_line="there is a line break within the name; write one name on one line",
        hidden_row="there are values in a hidden row; show it and look, or delete the row",
        hidden_column="there are values in a hidden column; show it and look, or delete them",
        hidden_sheet="there are values in a hidden worksheet; show it and look",
        headings_again="the rows of headings are there a second time (rows {value} to {limit}); delete the rows",
        struck="it is struck through; delete what is not wanted, and take the line off what is",
        wrong_type="{value!r} is not {limit}",
        not_clearable="{limit!r} is not allowed: this cannot be taken away; leave the cell blank or write a value",
        only_marks="{value!r} is not allowed; leave the cell blank or write {limit}",
        quoted="{value} is not of the form {limit}\"...\"",
        json="not readable as JSON: {value} (line {limit[0]}, character {limit[1]})",
        half="{value} is one half of a letter, and no value; write the letter itself",
        pair="{value!r} is not of the form key=value",
        key_twice="{value!r} is there twice",
        only_and_none="a list of {limit[0]!r} cannot have a row of {limit[1]!r}",
        kept_nothing="{value!r}, but there is no value so far; write one",
        kept_unclear="{value!r}, but which row's value so far is not known; leave the rest of the row as it was, or write the value",
        parent_missing="it is not said which of {limit} this row belongs to",
        parent_unknown="there is no {value!r} on the worksheet {limit}{hint}",
        parent_ambiguous="{value!r} is more than once on the worksheet {limit}; write one of {other}",
        one_row="there are {value} rows where only one can be",
        no_row="rows that belong to a row of {limit}, which is empty",
        other_contract="this workbook is for {value!r}; the contract is {limit!r}",
        no_cover="the cover lacks {limit}",
        own_contract="this workbook of the company's own has neither the number of the contract nor the AWS account (on a cover, in column C beside its \
label), so nothing tells whose it is; make sure that it is this customer's",
        own_history="no version and no history are written into a workbook of the company's own; the history is kept in {limit} alone",
        must_be_there="there is no {value!r} among {limit} in this workbook or the sheet{hint}; taken in as what is in the account (the plan will tell)",
        not_there="there is no {value!r} among {limit} in this workbook{hint}",
        no_zone="there is no availability zone {value!r}{hint}",
        zone_elsewhere="{value!r} is no availability zone of the contract's Region ({limit}){hint}; write it as {limit}a",
        not_here="{value!r} is on {limit}, but belongs to something else ({other}); write the right name",
        reverts="takes back what version {limit} changed (now {other!r}, then {value!r}); make sure that this is no old workbook",
        rows_left="rows that were deleted leave the sheet, but AWS keeps what they said; to take that away, \
put the row back with {value!r} as its state: {limit}",
        values_left="what was emptied leaves the sheet, but AWS keeps it; to take it away, \
write {value!r} where it may stand (for one of several values or tags value={value} or key={value}): {limit}",
        fixed_changed="cannot change once the thing is made ({other} → {value}): where it is there, the plan (setup.yml --check --diff) will fail. \
Write the value as it was, or add a row with another name and make the state of this one {limit!r}",
        comments_lost="the comments of this file (lines {value}) are lost by the import: no workbook has them",
        options_lost="this file has options that no workbook knows, which are lost by the import: {value}",
        clear_secret="the secret will stand in clear in the sheet's file; encrypt it with ansible-vault, and write {value!r} into the workbook",
        other_language="this workbook was made in another language; set contract.language to {value}, or make the template anew",
        too_long="{value} characters; a cell holds {limit}",
        no_column="there is no column for this; name it in the mapping",
        inexpressible="{value!r} cannot be said in a sheet",
        alike="the sheet so far has {value} rows that the workbook's columns do not tell apart and that differ in others; add to the mapping: {limit}",
        not_carried="taken in as a new row; what a row of the sheet so far says where the workbook has no column is not taken over: {limit}",
        no_worksheet="this workbook has no worksheet for {value!r}",
        unknown_kind="there is no kind {value!r}{hint}",
        not_yaml="cannot be read as YAML: {value}",
        not_pairs="holds no name: value pairs",
        without_cells="a structure or list as a whole is an expression or !vault (places: {value}), and the workbook has cells only for what is in it; \
write it out (each value can be an expression): {limit}",
        not_a_history="its sheet_history is no list of versions, each with version, date and changes",
        no_digests="its sheet_digests are what an import writes, kind: {{entry: {{option: digest}}}} pairs; put them back, or take the key away",
        not_a_sheet="its sheet holds no kind: [entries] pairs",
        not_stamped="its version and its history could not be written; save it anew in Excel as xlsx, and import it again",
        history_taken="something else stands where the history is to be written; leave the row empty, or move it to a column on the right",
        dropped="is not in the workbook and would leave the sheet (in AWS it stays, beside the contract); put it back, \
or say force: true (a playbook: -e sheet_force=true)",
        edited="entries that were edited by hand since the last import would become what this workbook says (listed below, sheet → workbook). \
Export another workbook from the sheet (sheet_export.yml with -e sheet_workbook=ANOTHER_FILE) and fill in that one; \
or, where they may, import with -e '{other}'",
        history_lost="this file of the history does not have version {value}, which is on the cover of the workbook {limit}, so it is not known what was \
edited by hand. Bring back the file that has it; if that is gone for good, import with -e '{other}' (the history goes on from the workbook's own)",
        exists_filled="exists with another content. Where something was filled in that is not imported yet, import it first (sheet_import.yml); \
where nothing was, as after an edit of the sheet by hand, overwrite it with force: true (a playbook: -e sheet_force=true); \
where both is so, export to another file (-e sheet_workbook=ANOTHER_FILE), fill that one in, and import it",
        exists="exists with another content; import it first, or say force: true (a playbook: -e sheet_force=true)",
        map_unknown="mapping{at}: there is no {value!r}{hint}",
        map_dict="mapping{at}: write name: value pairs; found {value!r}",
        map_list="mapping{at}: write a list of texts; found {value!r}",
        map_text="mapping{at}: write the heading as a text; found {value!r}",
        map_row="mapping{at}: write the number of a row from 1 to {limit}; found {value!r}",
        map_first_row="mapping{at}: write the number of a row below the headings ({limit}); found {value!r}",
        map_twice="mapping{at}: the heading {value!r} is there {limit} times",
        map_needed="mapping{at}: columns that tell one row from another are missing: {value}",
        map_title="mapping{at}: {value!r} cannot be the name of a worksheet (up to {limit} characters, none of [ ] : * ? / \\)",
        map_title_taken="mapping{at}: another worksheet is called {value!r} ({limit})",
        map_list_column="mapping{at}: {limit} has no column {value!r}, so this worksheet cannot be",
    ),
)
MOST = 20  # lines of one sort that are told
TYPES = dict(
    ja=dict(bool=" TRUE か FALSE ", float="数値", int="整数", str="文字列", dict="「キー=値」の組", list="一覧", raw="値"),
    en=dict(bool="TRUE or FALSE", float="a number", int="a whole number", str="a text", dict="a set of key=value", list="a list", raw="a value"),
)


def near(word: Any, known: Iterable[str]) -> str | None:
    """The word that was probably meant; capitals and full-width letters are the first things to be got wrong."""
    words = {_loosely(one): one for one in reversed(list(known))}
    found = get_close_matches(_loosely(str(word).strip()), list(words), 1, 0.6)
    return words[found[0]] if found else None


def _loosely(word: str) -> str:
    return normalize("NFKC", word).casefold()


def few(lines: list[str], language: str) -> list[str]:
    """As many as a person reads, and how many there are besides."""
    more = [WORDS[language]["others"].format(len(lines) - MOST)] if len(lines) > MOST else []
    return [*lines[:MOST], *more]


class Mistake(Exception):
    """What is wrong with a cell: a code of TEXTS and what goes into the text."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class Fault(NamedTuple):
    """One thing that is wrong in a workbook. `code` None: `said` holds the whole message, from the checks of the sheet."""

    worksheet: str | None
    cell: str | None
    heading: str | None
    code: str | None
    facts: Mapping[str, Any]
    said: str = ""

    def place(self, language: str) -> str:
        where = (self.worksheet or "") + (f"!{self.cell}" if self.cell else "")
        if self.heading:
            where += self.heading if not where else f"（{self.heading}）" if language == "ja" else f" ({self.heading})"
        return where

    def text(self, language: str) -> str:
        where = self.place(language)
        return f"{where}: {self.message(language)}" if where else self.message(language)

    def message(self, language: str) -> str:
        if self.code is None:
            return self.said
        return text_of(TEXTS[language], TYPES[language], language, self.code, self.facts)
