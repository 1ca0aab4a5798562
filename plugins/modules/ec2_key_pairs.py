#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _private_keys, _secrets, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, tags

# The tag of a secret that says whose private key it holds.
HOLDS = "KeyPairName"


def find(aws, wanted):
    secrets = {}
    if wanted is None or any("private_key_secret" in want for want in wanted):
        secrets = {secret["tags"][HOLDS]: secret["name"] for secret in _secrets.holding(aws, HOLDS)}
    found = [_have(pair, secrets.get(pair["KeyName"])) for pair in aws.pages("ec2", "describe_key_pairs", "KeyPairs", IncludePublicKey=True)]
    if wanted is None:
        for have in found:
            if have["private_key_secret"]:
                have["public_key"] = None  # a sheet names one of the two
    return found


def _have(pair, secret):
    return dict(
        id=pair["KeyName"],
        name=pair["KeyName"],
        key_type=pair.get("KeyType"),
        public_key=(pair.get("PublicKey") or "").strip() or None,
        private_key_secret=secret,
        tags=_tags.as_dict(pair.get("Tags")),
        _key_pair_id=pair["KeyPairId"],
    )


def create(aws, want):
    public_key = want.get("public_key") or _private_keys.public_half(_private_key(aws, want))
    specifications = [dict(ResourceType="key-pair", Tags=_tags.as_list(want["tags"]))] if want.get("tags") else []
    pair = aws.ec2.import_key_pair(KeyName=want["name"], PublicKeyMaterial=public_key.encode(), TagSpecifications=specifications)
    return _have(dict(pair, KeyType=_type(public_key), PublicKey=public_key), want.get("private_key_secret"))


def _private_key(aws, want):
    """The private key is in its secret before AWS knows the pair, so that no broken run can lose it.

    CreateKeyPair hands a private key out once: an answer that gets lost would leave a pair which nobody can use.
    """
    name, wanted = want["private_key_secret"], want.get("key_type")
    private_key = _secrets.kept(
        aws,
        name,
        (HOLDS, want["name"]),
        partial(_private_keys.make, wanted or "rsa", want.get("key_format", "pem"), want["name"]),
        {},
        Description=f"Private key of the EC2 key pair {want['name']}",
        **(dict(KmsKeyId=want["private_key_secret_kms_key_id"]) if "private_key_secret_kms_key_id" in want else {}),
    )
    kept = _type(_private_keys.public_half(private_key))
    if wanted not in (None, kept):
        raise Problem(f"the secret {name!r} holds a private key of type {kept}, key_type says {wanted}: correct key_type, or name another secret")
    return private_key


def _type(public_key):
    return "ed25519" if public_key.startswith("ssh-ed25519 ") else "rsa"


def update(aws, have, change):
    _tags.update(aws, dict(have, id=have["_key_pair_id"]), change)


def refuse(want, have, change):
    if not have and {"public_key", "private_key_secret"} <= want.keys():
        raise Problem("public_key and private_key_secret are both named: either the pair is there and its public half is given, or it is made here")
    if not have and want.get("public_key") and want.get("key_type", _type(want["public_key"])) != _type(want["public_key"]):
        raise Problem(f"key_type says {want['key_type']}, but public_key is of type {_type(want['public_key'])}")


def delete(aws, have):
    # The secret stays: servers made with the pair still open with its private key, and Windows passwords are encrypted for it.
    aws.ec2.delete_key_pair(KeyName=have["name"])


def faults(entries, sheet):
    """A pair is imported or made, not both."""
    for index, entry in enumerate(entries):
        if entry.get("public_key") and entry.get("private_key_secret"):
            yield index, "public_key", "one_of", dict(value=entry["public_key"], other="public_key, private_key_secret")
        for option in ("key_format", "private_key_secret_kms_key_id"):
            if entry.get(option) and not entry.get("private_key_secret"):
                yield index, option, "needs", dict(value=entry[option], other="private_key_secret")


def _same_key(one, other):
    """Type and body are the key; what follows them is a comment."""
    return one.split()[:2] == other.split()[:2]


KIND = Kind(
    name="ec2_key_pairs",
    identity=("name",),
    needs_one=(("public_key", "private_key_secret"),),
    options=dict(
        name=fixed(),
        key_type=fixed(api="CreateKeyPair.KeyType"),
        public_key=fixed(same=_same_key),
        private_key_secret=fixed(api="secretsmanager:CreateSecret.Name"),
        private_key_secret_kms_key_id=Option(write_only=True, api="secretsmanager:CreateSecret.KmsKeyId"),
        key_format=Option(write_only=True, api="CreateKeyPair.KeyFormat"),
        tags=tags(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    refuse=refuse,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
