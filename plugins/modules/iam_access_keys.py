#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.msp.aws.plugins.module_utils import _iam, _secrets, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref

# Tags of a secret: whose access key it holds, and which one, once there is one.
HOLDS = "AccessKeyUser"
KEY = "AccessKeyId"
# IAM and STS quotas: "Access keys assigned to an IAM user: 2".
KEYS = 2


def find(aws, wanted):
    """All keys, also those that nobody keeps in a secret; the secret is what a sheet names a key by."""
    secrets = {secret["tags"].get(KEY): secret for secret in _secrets.holding(aws, HOLDS)}
    users = _iam.users(aws) if wanted is None or any("id" in want for want in wanted) else {want["user"] for want in wanted}
    return [_have(key, secrets.get(key["AccessKeyId"], {})) for user in sorted(users) for key in _keys(aws, user)]


def _keys(aws, user):
    found = _iam.if_any(lambda **arguments: aws.pages("iam", "list_access_keys", "AccessKeyMetadata", **arguments), UserName=user)
    return found or []


def _have(key, secret):
    return dict(
        id=key["AccessKeyId"],
        user=key["UserName"],
        secret=secret.get("name"),
        purpose=secret.get("description") or None,
        status=key["Status"],
    )


def create(aws, want):
    """The secret comes first, empty: so a run that broke before it could keep the key is known by it, and its key by being younger and unused."""
    user, name = want["user"], want["secret"]
    secret = _secrets.described(aws, name, (HOLDS, user))
    with aws.reading():
        keys = aws.once(_keys, user) if aws.check_mode else _keys(aws, user)
    lost = [key for key in keys if secret and _is_lost(aws, key, secret)]
    if len(keys) - len(lost) >= KEYS:
        known = ", ".join(f"{key['AccessKeyId']} of {key['CreateDate']:%Y-%m-%d} ({key['Status']}, {_use(aws, key)})" for key in keys)
        raise Problem(f"{user} has {KEYS} access keys already, as many as there can be: {known}. Remove the one that nobody uses")
    if not secret:
        arguments = dict(KmsKeyId=want["secret_kms_key_id"]) if "secret_kms_key_id" in want else {}
        aws.secretsmanager.create_secret(Name=name, Description=want["purpose"], Tags=_tags.as_list({HOLDS: user}), **arguments)
    for key in lost:
        aws.iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    key = aws.iam.create_access_key(UserName=user)["AccessKey"]
    value = json.dumps({"AccessKeyId": key["AccessKeyId"], "SecretAccessKey": key["SecretAccessKey"]})
    aws.secretsmanager.put_secret_value(SecretId=name, SecretString=value)
    aws.secretsmanager.tag_resource(SecretId=name, Tags=[dict(Key=KEY, Value=key["AccessKeyId"])])
    return _have(key, dict(name=name, description=secret["Description"] if secret else want["purpose"]))


def _last_used(aws, key):
    return aws.iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]


def _use(aws, key):
    """When and for what it was used last, which says which one nobody needs."""
    used = _last_used(aws, key)
    return f"used last on {used['LastUsedDate']:%Y-%m-%d} for {used['ServiceName']}" if "LastUsedDate" in used else "never used"


def _is_lost(aws, key, secret):
    """Whether a broken run made the key and nobody can know its secret half: made after the secret, never used, and kept nowhere."""
    if key["CreateDate"] < secret["CreatedDate"] or KEY in _tags.as_dict(secret.get("Tags")):
        return False
    return "LastUsedDate" not in _last_used(aws, key) and key["AccessKeyId"] not in [other["tags"].get(KEY) for other in _secrets.holding(aws, HOLDS)]


def update(aws, have, change):
    if "purpose" in change:
        aws.secretsmanager.update_secret(SecretId=have["secret"], Description=change["purpose"])
    if "status" in change:
        aws.iam.update_access_key(UserName=have["user"], AccessKeyId=have["id"], Status=change["status"])


def delete(aws, have):
    aws.iam.delete_access_key(UserName=have["user"], AccessKeyId=have["id"])


def danger(have, change):
    if change and (not have or change.get("status") != "Inactive"):
        return None
    return f"would stop whatever signs with {have['id']}" if have else "would issue a key that is switched off"


KIND = Kind(
    name="iam_access_keys",
    identity=("user", "secret"),
    options=dict(
        user=ref("iam_users", fixed=True),
        secret=fixed(api="secretsmanager:CreateSecret.Name"),
        secret_kms_key_id=Option(write_only=True, api="secretsmanager:CreateSecret.KmsKeyId"),
        purpose=Option(required=True, api="secretsmanager:CreateSecret.Description"),
        status=Option(api="UpdateAccessKey.Status"),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    not_yet=(*_iam.NOT_YET, r"\(NoSuchEntity\)"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
