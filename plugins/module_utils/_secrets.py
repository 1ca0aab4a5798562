# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was made and nobody may see, in Secrets Manager: it is in its secret before anything else knows of it, and is found again there by the next run.

Private to the collection. A tag of the secret says whose it is; what a secret holds is never part of a result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of
from ansible_collections.msp.aws.plugins.module_utils._options import Problem


def holding(aws: Aws, tag: str) -> list[dict[str, Any]]:
    """The secrets that have this tag. The filter takes longer keys that begin so, too."""
    found = aws.pages("secretsmanager", "list_secrets", "SecretList", Filters=[dict(Key="tag-key", Values=[tag])])
    secrets = [dict(name=one["Name"], arn=one["ARN"], description=one.get("Description"), tags=_tags.as_dict(one.get("Tags"))) for one in found]
    return [secret for secret in secrets if tag in secret["tags"]]


def kept(aws: Aws, name: str, holds: tuple[str, str], make: Callable[[], str], tags: Mapping[str, str], **arguments: Any) -> str:
    """What the secret of this name holds: made now, or what a broken run, or an earlier thing of the same name, has left.

    holds: the tag that says whose secret this is, and its value. make() gives what a new one shall hold.
    """
    if name not in aws.once(names):  # looked for first, so that a plan says it too
        text = make()
        try:
            aws.secretsmanager.create_secret(Name=name, SecretString=text, Tags=_tags.as_list(dict([holds], **tags)), **arguments)
            return text
        except AWS_ERRORS as error:
            if code_of(error) != "ResourceExistsException":
                raise
    tag, holder = holds
    if _tags.as_dict(aws.secretsmanager.describe_secret(SecretId=name).get("Tags")).get(tag) != holder:
        raise Problem(f"there is already a secret {name!r} and its tag {tag} does not say {holder!r}: nothing was written to it")
    aws.warn(f"{holder}: the secret {name!r} is there already, and what it holds is used")
    return held(aws, name)


def described(aws: Aws, name: str, holds: tuple[str, str]) -> dict[str, Any] | None:
    """The secret of this name, or None where there is none. One of others is refused."""
    # A plan asks once for all entries; a run asks anew, because the list is behind what was made a moment ago.
    return _own(aws.once(_by_name).get(name) if aws.check_mode else _look(aws, name), name, holds)


def seen(aws: Aws, name: str, holds: tuple[str, str]) -> dict[str, Any] | None:
    """The same as it is this moment, with its versions, in a plan too."""
    return _own(_look(aws, name), name, holds)


def _own(secret: dict[str, Any] | None, name: str, holds: tuple[str, str]) -> dict[str, Any] | None:
    if secret and _tags.as_dict(secret.get("Tags")).get(holds[0]) != holds[1]:
        raise Problem(f"there is already a secret {name!r} and its tag {holds[0]} does not say {holds[1]!r}: nothing was written to it")
    return secret


def _by_name(aws: Aws) -> dict[str, dict[str, Any]]:
    return {secret["Name"]: secret for secret in aws.pages("secretsmanager", "list_secrets", "SecretList")}


def _look(aws: Aws, name: str) -> dict[str, Any] | None:
    try:
        with aws.reading():
            return aws.secretsmanager.describe_secret(SecretId=name)
    except AWS_ERRORS as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None


def held(aws: Aws, name: str, version: str | None = None) -> str:
    """What it holds now, or what this version of it does."""
    which = dict(VersionId=version) if version else {}
    return aws.secretsmanager.get_secret_value(SecretId=name, **which)["SecretString"]


def names(aws: Aws) -> set[str]:
    return {secret["Name"] for secret in aws.pages("secretsmanager", "list_secrets", "SecretList")}
