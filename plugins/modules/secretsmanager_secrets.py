#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.msp.aws.plugins.module_utils import _policies, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, items, merged, tags

RULES = dict(automatically_after_days="AutomaticallyAfterDays", schedule_expression="ScheduleExpression", duration="Duration")
PASSWORD = dict(
    password_length="PasswordLength",
    exclude_characters="ExcludeCharacters",
    exclude_punctuation="ExcludePunctuation",
    require_each_included_type="RequireEachIncludedType",
)


IN_PROGRESS = "InProgress"
FAILED = "Failed"


def find(aws, wanted):
    """Those that were made in this Region. A replica of another Region's is that one's."""
    there = [secret for secret in _listed(aws) if "DeletedDate" not in secret and not secret.get("OwningService")]
    return [_have(secret) for secret in there if _home(aws, secret) == aws.region]


def _listed(aws):
    return aws.pages("secretsmanager", "list_secrets", "SecretList", IncludePlannedDeletion=True)


def _home(aws, secret):
    return secret.get("PrimaryRegion") or aws.region


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
    more = {}
    if "policy" in names:
        more["policy"] = _policies.document(aws.secretsmanager.get_resource_policy(SecretId=have["id"]).get("ResourcePolicy")) or None
    if "replica_regions" in names:
        more.update(_replicated(aws, have["id"]))
    return more


def look(aws, ids):
    """How far their replicas are."""
    return [dict(_replicated(aws, secret), id=secret) for secret in ids]


def _replicated(aws, secret):
    replicas = aws.secretsmanager.describe_secret(SecretId=secret).get("ReplicationStatus") or []
    failed = [f"{one['Region']}: {one.get('StatusMessage')}" for one in replicas if one["Status"] == FAILED]
    return dict(
        replica_regions=[dict(region=one["Region"], kms_key_id=one.get("KmsKeyId")) for one in replicas if one["Status"] != FAILED],
        _failed_in=[one["Region"] for one in replicas if one["Status"] == FAILED],
        _moving=IN_PROGRESS if any(one["Status"] == IN_PROGRESS for one in replicas) else None,
        _failed=f"no replica in {', '.join(failed)}" if failed else None,
    )


def create(aws, want):
    namesake = aws.once(_namesakes).get(want["name"])
    if namesake:
        raise Problem(namesake)
    arguments = {member: want[option] for option, member in (("description", "Description"), ("kms_key_id", "KmsKeyId")) if option in want}
    if want.get("tags"):
        arguments["Tags"] = _tags.as_list(want["tags"])
    value = _value(aws, want)
    if value is not None:
        arguments["SecretString"] = value
    aws.secretsmanager.create_secret(Name=want["name"], **arguments)
    there = dict(id=want["name"], name=want["name"], rotation=None, policy=None, replica_regions=[], _failed_in=[])
    return {**there, **{option: want.get(option) for option in ("description", "kms_key_id")}, "tags": want.get("tags", {})}


def _namesakes(aws):
    """Name → why no secret of this name can be made here, though `find` tells of none."""
    found = {}
    for secret in _listed(aws):
        if "DeletedDate" in secret:
            day = f"{secret['DeletedDate']:%Y-%m-%d}"
            found[secret["Name"]] = f"a secret of this name goes on {day} (RestoreSecret keeps it): until then no other one can have its name"
        elif _home(aws, secret) != aws.region:
            found[secret["Name"]] = f"a secret of this name is the replica of that in {_home(aws, secret)}: change it there"
    return found


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
    return _replicate(aws, have, change["replica_regions"]) if "replica_regions" in change else None


def _replicate(aws, have, delta):
    """What failed is shown until it is taken away, and a replica keeps its key; a secret of the same name that is there is never written over."""
    coming = {one["region"] for one in delta.coming}
    gone = [*(one["region"] for one in delta.remove), *(old["region"] for old, dummy in delta.change), *(coming & set(have["_failed_in"]))]
    if gone:
        aws.secretsmanager.remove_regions_from_replication(SecretId=have["id"], RemoveReplicaRegions=gone)
        _await_end_of_replicas(aws, have["id"], gone)
    if not coming:
        return None
    regions = [{member: one[option] for option, member in REPLICA.items() if one.get(option) is not None} for one in delta.coming]
    aws.secretsmanager.replicate_secret_to_regions(SecretId=have["id"], AddReplicaRegions=regions)
    return IN_PROGRESS


def _await_end_of_replicas(aws, secret, regions):
    """A Region takes the next one, and the secret itself can go, when they are gone."""

    def left():
        return [one["Region"] for one in aws.secretsmanager.describe_secret(SecretId=secret).get("ReplicationStatus") or [] if one["Region"] in regions]

    aws.wait(f"end of the replicas of {secret}", left, lambda there: not there, limit=300)


def _rotate(aws, have, change):
    rotation = change["rotation"]
    if rotation is None:
        aws.secretsmanager.cancel_rotate_secret(SecretId=have["id"])
        return
    rules = {member: rotation[option] for option, member in RULES.items() if rotation.get(option) is not None}
    # The API's own default would change the password in the moment in which rotation is switched on.
    aws.secretsmanager.rotate_secret(SecretId=have["id"], RotationLambdaARN=rotation["lambda_arn"], RotationRules=rules, RotateImmediately=False)


def delete(aws, have):
    """With AWS's own time to think it over, 30 days, where the entry names no other, in which RestoreSecret brings it back."""
    replicated = _replicated(aws, have["id"])
    regions = [one["region"] for one in replicated["replica_regions"]] + replicated["_failed_in"]
    if regions:
        aws.secretsmanager.remove_regions_from_replication(SecretId=have["id"], RemoveReplicaRegions=regions)
        _await_end_of_replicas(aws, have["id"], regions)
    parting = {member: have["_parting"][option] for option, member in PARTING.items() if option in have["_parting"]}
    aws.secretsmanager.delete_secret(SecretId=have["id"], **parting)


def danger(have, change):
    if not change and have["_parting"].get("force_delete_without_recovery"):
        return "would be deleted at once with its replicas, and nothing brings it back"
    if not change:
        days = have["_parting"].get("recovery_window_in_days", 30)
        return f"would be planned for deletion in {days} days, and nobody could read it from now on; its replicas would go at once"
    replicas = change.get("replica_regions") if have else None
    lost = [one["region"] for one in [*replicas.remove, *(old for old, dummy in replicas.change)]] if replicas else []
    if lost:
        again = " until there is one with the other key" if replicas.change else ""
        return f"would delete its replica in {', '.join(lost)}: whoever reads it there is shut out{again}"
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


def _without_blanks(replica):
    """No key named is no wish for another one."""
    return {name: value for name, value in replica.items() if value != ""}


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        if entry.get("secret_string") is not None and entry.get("generate") is not None:
            yield index, "generate", "one_of", dict(value="********", other="secret_string, generate")
        if isinstance(entry.get("generate"), dict) and entry["generate"].get("template") is not None and not entry["generate"].get("key"):
            yield index, "generate.key", "needs", dict(value=entry["generate"].get("key"), other="key")
        if entry.get("force_delete_without_recovery") and entry.get("recovery_window_in_days") is not None:
            yield index, "recovery_window_in_days", "one_of", dict(value=entry["recovery_window_in_days"], other=", ".join(PARTING))


REPLICA = dict(region="Region", kms_key_id="KmsKeyId")
PARTING = dict(recovery_window_in_days="RecoveryWindowInDays", force_delete_without_recovery="ForceDeleteWithoutRecovery")

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
            conceals=True,
            options=dict(
                key=Option(conceals=True),
                template=Option("dict", conceals=True),
                password_length=Option("int", api="GetRandomPassword.PasswordLength"),
                exclude_characters=Option(conceals=True, api="GetRandomPassword.ExcludeCharacters"),
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
        replica_regions=items(
            key=("region",),
            spelt=_without_blanks,
            options=dict(
                region=Option(required=True, api="ReplicateSecretToRegions.AddReplicaRegions.Region"),
                kms_key_id=Option(api="ReplicateSecretToRegions.AddReplicaRegions.KmsKeyId"),
            ),
        ),
        recovery_window_in_days=Option("int", write_only=True, parting=True, limits=dict(min=7, max=30)),
        force_delete_without_recovery=Option("bool", write_only=True, parting=True),
        tags=tags(),
    ),
    find=find,
    look=look,
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
