# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kinds of Security Hub CSPM have in common: it has to be enabled, it may belong to another account, and it judges by what AWS Config records.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of, explain
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

OFF = "not subscribed to AWS Security Hub"


def if_enabled(look: Callable[[], Any], otherwise: Any) -> Any:
    """What look() finds; `otherwise` where Security Hub is not enabled, which it says of every call as an error."""
    try:
        return look()
    except AWS_ERRORS as error:
        if not _off(error):
            raise
        return otherwise


def _off(error: BaseException) -> bool:
    """The code alone is also that of a lacking permission."""
    return code_of(error) == "InvalidAccessException" and OFF in str(error)


@contextmanager
def explained(aws: Aws) -> Iterator[None]:
    """What Security Hub refuses, with what to do about it."""
    try:
        yield
    except AWS_ERRORS as error:
        call = aws.last_call
        if _off(error):
            raise Problem(
                f"{explain(error, call)}. Security Hub is not enabled in {aws.region}: name securityhub_hub in the sheet, or see what is said about it there"
            ) from error
        central = administrator(aws) if code_of(error) == "AccessDeniedException" else None
        if central:
            raise Problem(
                f"{explain(error, call)}. This account is managed by Security Hub of account {central}: change it there, or leave it out of the sheet"
            ) from error
        raise


def administrator(aws: Aws) -> str | None:
    """The account whose Security Hub this one is a member of."""
    with aws.reading():
        return if_enabled(lambda: (aws.securityhub.get_administrator_account().get("Administrator") or {}).get("AccountId"), None)


def warn_without_config(aws: Aws) -> None:
    """Security Hub takes that without a word, and its controls have nothing to judge. The same sheet may start it."""
    if aws.will_make("config_configuration_recorder"):
        return
    with aws.reading():
        recorders = aws.config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    if not any(recorder["recording"] for recorder in recorders):
        aws.warn(
            f"AWS Config does not record in {aws.region}: unless it is started (config_configuration_recorder), most controls of Security Hub "
            "stay without data, and Config.1 fails"
        )
