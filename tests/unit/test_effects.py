# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan has somebody approve, in the customer's language."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.plugin_utils import _effects

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
            ["its console password とともに削除します", "AKIA…MPLE は使用された記録があります", "AdministratorAccess を持つ IAM ユーザは他にいません"],
        ),
        ("nobody has a word for it; would stop the instance", ["nobody has a word for it; would stop the instance"]),
    ],
)
def test_each_effect_is_told_for_itself_and_what_is_unknown_as_it_is(text, told):
    assert _effects.in_japanese(text) == told
