#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _iam
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem

# Option → key of the account summary, the value that a sheet asks for, and what somebody has to do where it is not so.
ASKED = dict(
    account_access_keys_present=(
        "AccountAccessKeysPresent",
        False,
        "the root user has an access key{used}. Nobody but the root user can take it away, and this run has changed nothing: sign in to the console as the "
        "root user, open Security credentials, deactivate the key, watch for a week that nothing fails, then delete it. In a member account of an organization "
        "the management account can do it: msp.aws.iam_member_root_keys. / "
        "ルートユーザのアクセスキーがあります。ルートユーザ本人しか削除できないため、何も変更していません。"
        "ルートユーザでコンソールにサインインし、「セキュリティ認証情報」でキーを無効化し、1週間ほど影響がないことを確認してから削除してください。"
        "組織のメンバーアカウントの場合は、管理アカウントから msp.aws.iam_member_root_keys で削除できます。",
    ),
    account_mfa_enabled=(
        "AccountMFAEnabled",
        True,
        "the root user has no MFA. Nobody but the root user can set it up, and this run has changed nothing: sign in to the console as the root user, open "
        "Security credentials, and assign an MFA device. / "
        "ルートユーザにMFAが設定されていません。ルートユーザ本人しか設定できないため、何も変更していません。"
        "ルートユーザでコンソールにサインインし、「セキュリティ認証情報」でMFAデバイスを割り当ててください。",
    ),
)
KEY = "account_access_keys_present"
MFA = "account_mfa_enabled"


def find(aws, wanted):
    summary = aws.iam.get_account_summary()["SummaryMap"]
    have = {option: bool(summary.get(key)) for option, (key, dummy, dummy) in ASKED.items()}
    have[MFA] = have[MFA] or _without_credentials(summary)
    asked = any(entry.get(KEY) is False for entry in wanted or ())
    return [dict(have, id="root_user", _used=_used(aws) if asked and have[KEY] else "")]


def _without_credentials(summary):
    """Nobody can sign in as a root user who has neither a password nor a key, as an organization may have it of its members: there is no MFA to set up."""
    return summary.get("AccountPasswordPresent") == 0 and not summary.get("AccountAccessKeysPresent")


def _used(aws):
    """When the keys were used last, which only the credential report tells of the root user."""
    root = next((row for row in _iam.credential_report(aws) if row["user"] == "<root_account>"), {})
    keys = [_told(root, number) for number in (1, 2) if root.get(f"access_key_{number}_active") == "true"]
    return f" ({'; '.join(keys)})" if keys else " (which is inactive)"


def _told(root, number):
    when, service = (root.get(f"access_key_{number}_last_used_{what}") for what in ("date", "service"))
    return f"key {number} is active and was used last on {when} for {service}" if when not in (None, "N/A") else f"key {number} is active and was never used"


def refuse(want, have, change):
    raise Problem(" ".join(_reason(option, change[option], have) for option in ASKED if option in change))


def _reason(option, asked, have):
    dummy, sound, what_to_do = ASKED[option]
    if asked != sound:
        # Such as in a sheet that was adopted before somebody set this right.
        now = f"{option} is {str(sound).lower()} by now, which is better: write so in the sheet"
        return f"{now} / {option} は {str(sound).lower()} に改善されています。シートを直してください。"
    return what_to_do.format(used=have["_used"])


def danger(have, change):
    """Asked about a removal, before any confirmation is: none would help."""
    raise Problem("the root user cannot be removed: ask for account_access_keys_present: false instead")


def cannot(aws, *dummy):
    raise Problem("the root user can neither be made, nor changed, nor removed by anybody else")


KIND = Kind(
    name="iam_root_user",
    identity=(),
    options={option: Option("bool") for option in ASKED},
    find=find,
    create=cannot,
    update=cannot,
    delete=cannot,
    refuse=refuse,
    danger=danger,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
