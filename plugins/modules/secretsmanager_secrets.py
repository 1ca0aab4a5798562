#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.msp.aws.plugins.module_utils import _policies, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, merged, tags

RULES = dict(automatically_after_days="AutomaticallyAfterDays", schedule_expression="ScheduleExpression", duration="Duration")
PASSWORD = dict(
    password_length="PasswordLength",
    exclude_characters="ExcludeCharacters",
    exclude_punctuation="ExcludePunctuation",
    require_each_included_type="RequireEachIncludedType",
)


def find(aws, wanted):
    listed = aws.pages("secretsmanager", "list_secrets", "SecretList", IncludePlannedDeletion=True)
    return [_have(secret) for secret in listed if "DeletedDate" not in secret and not secret.get("OwningService")]


def _have(secret):
    rules, on = secret.get("RotationRules") or {}, secret.get("RotationEnabled")
    rotation = {option: rules[member] for option, member in RULES.items() if rules.get(member) is not None}
    return dict(
        id=secret["Name"],
        name=secret["Name"],
        description=secret.get("Description") or None,
        kms_key_id=secret.get("KmsKeyId"),
        rotation=dict(rotation, lambda_arn=secret.get("RotationLambdaARN")) if on else None,
        tags=_tags.as_dict(secret.get("Tags")),
    )


def read(aws, have, names):
    if "policy" not in names:
        return {}
    return dict(policy=_policies.document(aws.secretsmanager.get_resource_policy(SecretId=have["id"]).get("ResourcePolicy")) or None)


def create(aws, want):
    doomed = aws.once(_doomed).get(want["name"])
    if doomed:
        raise Problem(f"a secret of this name goes on {doomed:%Y-%m-%d} (RestoreSecret keeps it): until then no other one can have its name")
    arguments = {member: want[option] for option, member in (("description", "Description"), ("kms_key_id", "KmsKeyId")) if option in want}
    if want.get("tags"):
        arguments["Tags"] = _tags.as_list(want["tags"])
    value = _value(aws, want)
    if value is not None:
        arguments["SecretString"] = value
    aws.secretsmanager.create_secret(Name=want["name"], **arguments)
    there = dict(id=want["name"], name=want["name"], rotation=None, policy=None)
    return {**there, **{option: want.get(option) for option in ("description", "kms_key_id")}, "tags": want.get("tags", {})}


def _doomed(aws):
    """Name → when it goes, of the secrets that are planned to be deleted."""
    listed = aws.pages("secretsmanager", "list_secrets", "SecretList", IncludePlannedDeletion=True)
    return {secret["Name"]: secret["DeletedDate"] for secret in listed if "DeletedDate" in secret}


def _value(aws, want):
    """What a new secret holds: the given text, or keys of which some are generated here, or nothing yet."""
    if "secret_string" in want:
        return want["secret_string"]
    if "generate" not in want:
        return None
    wanted = want["generate"]
    rules = {member: wanted[option] for option, member in PASSWORD.items() if option in wanted}
    # A plan only asks whether there can be such a password, once for all entries.
    ask = aws.once if aws.check_mode else lambda look, *arguments: look(aws, *arguments)
    password = ask(_password, tuple(rules.items()))
    if "key" not in wanted:
        return password
    return json.dumps({**wanted.get("template", {}), wanted["key"]: password}, ensure_ascii=False)


def _password(aws, rules):
    return aws.secretsmanager.get_random_password(**dict(rules))["RandomPassword"]


def update(aws, have, change):
    secret = dict(SecretId=have["id"])
    settings = {member: change[option] or "" for option, member in (("description", "Description"), ("kms_key_id", "KmsKeyId")) if option in change}
    if settings:
        aws.secretsmanager.update_secret(**secret, **settings)
    if "policy" in change and change["policy"]:
        aws.secretsmanager.put_resource_policy(**secret, ResourcePolicy=_policies.text(change["policy"]), BlockPublicPolicy=True)
    elif "policy" in change:
        aws.secretsmanager.delete_resource_policy(**secret)
    if "rotation" in change:
        _rotate(aws, have, change)
    _tags.write(have, change, aws.secretsmanager.tag_resource, aws.secretsmanager.untag_resource, **secret)


def _rotate(aws, have, change):
    rotation = change["rotation"]
    if rotation is None:
        aws.secretsmanager.cancel_rotate_secret(SecretId=have["id"])
        return
    rules = {member: rotation[option] for option, member in RULES.items() if rotation.get(option) is not None}
    # The API's own default would change the password in the moment in which rotation is switched on.
    aws.secretsmanager.rotate_secret(SecretId=have["id"], RotationLambdaARN=rotation["lambda_arn"], RotationRules=rules, RotateImmediately=False)


def delete(aws, have):
    # With AWS's own time to think it over, 30 days, in which RestoreSecret brings it back.
    aws.secretsmanager.delete_secret(SecretId=have["id"])


def danger(have, change):
    if not change:
        return "would be planned for deletion in 30 days, and nobody could read it from now on"
    if "kms_key_id" in change and have:
        return "would encrypt it with another key: whoever reads it needs kms:Decrypt of that key, too"
    if "policy" in change and have and not change["policy"]:
        return "would take away its policy, and shut out the accounts and roles which only that lets in"
    return None


def refuse(want, have, change):
    rotation = merged(KIND.options, have, change).get("rotation")
    if rotation and change.get("rotation"):
        named = [option for option in ("automatically_after_days", "schedule_expression") if rotation.get(option) is not None]
        if len(named) != 1:
            raise Problem("rotation: name either automatically_after_days or schedule_expression")


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        if entry.get("secret_string") is not None and entry.get("generate") is not None:
            yield index, "generate", "one_of", dict(value="********", other="secret_string, generate")
        if isinstance(entry.get("generate"), dict) and entry["generate"].get("template") is not None and not entry["generate"].get("key"):
            yield index, "generate.key", "needs", dict(value=entry["generate"].get("key"), other="key")


KIND = Kind(
    name="secretsmanager_secrets",
    identity=("name",),
    options=dict(
        name=fixed(api="CreateSecret.Name"),
        description=Option(clearable=True, api="CreateSecret.Description"),
        kms_key_id=Option(api="CreateSecret.KmsKeyId"),
        secret_string=Option(secret=True, write_only=True, api="CreateSecret.SecretString"),
        generate=Option(
            "dict",
            write_only=True,
            options=dict(
                key=Option(),
                template=Option("dict"),
                password_length=Option("int", api="GetRandomPassword.PasswordLength"),
                exclude_characters=Option(api="GetRandomPassword.ExcludeCharacters"),
                exclude_punctuation=Option("bool"),
                require_each_included_type=Option("bool"),
            ),
        ),
        policy=_policies.policy(clearable=True),
        rotation=Option(
            "dict",
            clearable=True,
            options=dict(
                lambda_arn=Option(required=True, api="RotateSecret.RotationLambdaARN"),
                automatically_after_days=Option("int", api="RotateSecret.RotationRules.AutomaticallyAfterDays"),
                schedule_expression=Option(api="RotateSecret.RotationRules.ScheduleExpression"),
                duration=Option(api="RotateSecret.RotationRules.Duration"),
            ),
        ),
        tags=tags(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    faults=faults,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
