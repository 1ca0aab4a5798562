# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a policy lets in."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.module_utils import _policies


@pytest.mark.parametrize("account, is_let", [(111122223333, True), ([999999999999, "111122223333"], True), (999999999999, False), ([999999999999], False)])
def test_an_account_in_a_condition_may_be_a_number(account, is_let):
    statement = dict(Effect="Allow", Principal=dict(Service="logs.amazonaws.com"), Action="s3:PutObject")
    policy = dict(Statement=[dict(statement, Condition=dict(StringEquals={"aws:SourceAccount": account}))])
    assert _policies.lets(policy, "logs.amazonaws.com", "s3:putobject", {"aws:sourceaccount": ("111122223333",)}) == is_let
