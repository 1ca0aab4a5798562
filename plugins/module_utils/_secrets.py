# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of Secrets Manager in which a kind keeps what it made: a tag of the secret says whose it is, so that nothing of others is ever taken or written.

Private to the collection.
"""Private keys in Secrets Manager: a key is in its secret before anything else knows of it, and a broken run's key is found again there.

Private to the collection. A tag of the secret says whose key it holds; what a secret holds is never part of a result.
"""

from __future__ import annotations

from typing import Any

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, code_of
from ansible_collections.msp.aws.plugins.module_utils._options import Problem


def every(aws: Aws, tag: str) -> list[dict[str, Any]]:
    """All secrets with this tag."""
    return aws.pages("secretsmanager", "list_secrets", "SecretList", Filters=[dict(Key="tag-key", Values=[tag])])


def value_of(secret: dict[str, Any], tag: str) -> str | None:
    return next((one["Value"] for one in secret.get("Tags") or [] if one["Key"] == tag), None)


def described(aws: Aws, name: str, tag: str, holder: str) -> dict[str, Any] | None:
    """What a broken run, or the thing of this name before, has left; None where there is no such secret."""
    # A plan asks once for all entries; a run asks anew, because the list is behind what was made a moment ago.
    secret = aws.once(_by_name).get(name) if aws.check_mode else _look(aws, name)
    if secret is None:
        return None
    if value_of(secret, tag) != holder:
        raise Problem(f"there is already a secret {name!r} and its tag {tag} does not name {holder}: nothing was written to it")
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


def keep(aws: Aws, name: str, tag: str, holder: str, value: str | None, description: str, kms_key_id: str | None) -> None:
    """Make the secret; without a value it waits for one."""
    arguments = {member: given for member, given in (("SecretString", value), ("KmsKeyId", kms_key_id)) if given}
    aws.secretsmanager.create_secret(Name=name, Description=description, Tags=[dict(Key=tag, Value=holder)], **arguments)
def holding(aws: Aws, tag: str) -> list[dict[str, Any]]:
    """The secrets that have this tag. The filter takes longer keys that begin so, too."""
    found = aws.pages("secretsmanager", "list_secrets", "SecretList", Filters=[dict(Key="tag-key", Values=[tag])])
    return [dict(name=secret["Name"], arn=secret["ARN"], tags=tags) for secret in found for tags in [_tags.as_dict(secret.get("Tags"))] if tag in tags]


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
    aws.warn(f"{holder}: the secret {name!r} is there already, and the private key that it holds is used")
    return held(aws, name)


def held(aws: Aws, name: str) -> str:
    return aws.secretsmanager.get_secret_value(SecretId=name)["SecretString"]


def names(aws: Aws) -> set[str]:
    return {secret["Name"] for secret in aws.pages("secretsmanager", "list_secrets", "SecretList")}
