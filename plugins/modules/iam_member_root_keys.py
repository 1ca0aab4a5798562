#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import os
from datetime import UTC, datetime, timedelta

from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, Aws, AwsModule, Rehearsed, code_of, explain
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

FEATURE = "RootCredentialsManagement"
TASK = "policy/root-task/IAMDeleteRootUserCredentials"
SECONDS = 900  # of a session; AWS takes no more
NO_ACCESS = {
    "AccountNotManagementOrDelegatedAdministratorException": "run this with a role of the management account, or of the account delegated for IAM",
    "OrganizationNotFoundException": "this account is in no organization: only its root user can delete the keys, in the console",
    "ServiceAccessNotEnabledException": "trusted access for IAM is off in the organization: ask whoever has the management account for it (iam.amazonaws.com)",
}


def main():
    module = AwsModule(
        dict(
            account_id=dict(type="str"),
            account=dict(type="str", required=True),
            unused_for_days=dict(type="int", required=True, no_log=False),
            confirm=dict(type="list", elements="str", default=[]),
        )
    )
    # The global endpoint, which botocore takes where the machine says so or by its age, refuses AssumeRoot.
    os.environ["AWS_STS_REGIONAL_ENDPOINTS"] = "regional"
    hands = [Aws(module)]
    try:
        result = _result(module, hands)
        (module.fail_json if "msg" in result else module.exit_json)(**result)
    except (Problem, *AWS_ERRORS) as error:
        module.fail_json(msg=explain(error, None if isinstance(error, Problem) else hands[-1].last_call))


def _result(module, hands):
    """`hands` are our own, and then the root user's."""
    account, confirmation = module.params["account"], f"iam_member_root_keys/{module.params['account']}"
    days = module.params["unused_for_days"]
    if days < 1:
        raise Problem(f"unused_for_days is {days}: name at least 1, so that no key goes that is in use")
    _check_route(hands[0], account, module.params["account_id"])
    root = _as_root(module, hands[0], account)
    hands.append(root)
    keys = _keys(root)
    result = dict(changed=bool(keys), access_keys=keys)
    if not keys:
        return result
    _check_use(keys, days)
    if confirmation not in module.params["confirm"]:
        why = f"would delete {', '.join(key['id'] for key in keys)} of the root user of {account} for good, and break whatever still signs with it"
        why = f"{why}: run again with {confirmation!r} in confirm"
        if not module.check_mode:
            raise Problem(why)
        result["confirm"] = why
    return {**result, **_delete(root, account, keys)}


def _delete(root, account, keys):
    """What went other than announced. No call is repeated blindly: where one fails, AWS is asked what there is."""
    done = []
    try:
        with root.acting_for(account):
            for key in keys:
                root.iam.delete_access_key(AccessKeyId=key["id"])
                done.append(key["id"])
        return {}
    except Rehearsed:
        return {}
    except AWS_ERRORS as error:
        why, there = explain(error, root.last_call), "still there"
    try:
        listed = {key["AccessKeyId"] for key in _listed(root)}
    except AWS_ERRORS as error:
        listed, there = {key["id"] for key in keys}, f"perhaps still there ({explain(error, root.last_call)})"
    left = [key for key in keys if key["id"] in listed and key["id"] not in done]
    if not left:
        return {}
    deleted = [key for key in keys if key not in left]
    gone, stay = (", ".join(key["id"] for key in some) for some in (deleted, left))
    return dict(msg=f"{why} / root user of {account}: deleted {gone or 'no key'}, {there}: {stay}", changed=bool(deleted), access_keys=deleted)


def _check_route(aws, account, own):
    actual = aws.account
    if own and own != actual:
        raise Problem(f"these credentials belong to account {actual}, and account_id says {own}: nothing was done")
    if actual == account:
        raise Problem(f"{account} is the account of these credentials: the keys of its own root user only that user can delete, in the console")
    try:
        enabled = aws.iam.list_organizations_features().get("EnabledFeatures", [])
    except AWS_ERRORS as error:
        if code_of(error) not in NO_ACCESS:
            raise
        raise Problem(f"iam:ListOrganizationsFeatures: {code_of(error)}: {NO_ACCESS[code_of(error)]}") from error
    if FEATURE not in enabled:
        raise Problem(
            f"centralized root access ({FEATURE}) is not switched on in this organization: ask whoever has the management account to do it (aws iam "
            "enable-organizations-root-credentials-management). Until then only the root user of the member account can delete its keys, in the console"
        )


def _as_root(module, aws, account):
    """AWS as the root user of the member account, for a quarter of an hour and for this task alone."""
    policy = dict(arn=f"arn:{aws.iam.meta.partition}:iam::aws:{TASK}")
    keys = aws.sts.assume_root(TargetPrincipal=account, TaskPolicyArn=policy, DurationSeconds=SECONDS)["Credentials"]
    there = copy.copy(module)
    named = dict(access_key=keys["AccessKeyId"], secret_key=keys["SecretAccessKey"], session_token=keys["SessionToken"], profile=None)
    there.params = {**module.params, **named}
    return Aws(there)


def _keys(root):
    """Without a user name these calls are about whoever signs them, the root user."""
    found = []
    for key in _listed(root):
        used = root.iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
        last = used.get("LastUsedDate")
        told = dict(last_used=last.isoformat() if last else None, service=used.get("ServiceName"), created=key["CreateDate"].isoformat())
        found.append(dict(told, id=key["AccessKeyId"], status=key["Status"]))
    return found


def _listed(root):
    return root.pages("iam", "list_access_keys", "AccessKeyMetadata")


def _check_use(keys, days):
    """A deleted key cannot be brought back, so whatever uses it comes first. One that is new may be about to be used."""
    since = datetime.now(UTC) - timedelta(days=days)
    for key in keys:
        if datetime.fromisoformat(key["last_used"] or key["created"]) > since:
            done = f"was used for {key['service']} on {key['last_used']}" if key["last_used"] else f"was never used and was made on {key['created']}"
            raise Problem(
                f"{key['id']} {done}, less than {days} days ago: nothing was deleted. Find what signs with it, "
                "and let the root user deactivate the key in the console first"
            )


if __name__ == "__main__":
    main()
