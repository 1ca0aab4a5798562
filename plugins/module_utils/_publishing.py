# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a service can be heard through a topic: SNS and KMS turn it away without telling anybody.

Private to the collection.
"""

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _policies, _verdicts
from ansible_collections.msp.aws.plugins.module_utils._client import Aws

OWN_KEY_OF_SNS = "alias/aws/sns"


def silent(aws: Aws, topic: str, service: str, account: str) -> str | None:
    """Why what the service publishes there would be lost, and what to do; None where it is heard, or where another account has to see to it."""
    if topic.split(":")[3:5] != [aws.sns.meta.region_name, account]:
        return None
    attributes = aws.sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    key = attributes.get("KmsMasterKeyId") or ""
    verdict = _verdicts.judged(_policies.document(attributes.get("Policy")), service, "sns:Publish", topic, _for(account))
    if not _verdicts.lets(aws, f"{service} may publish to {topic}", verdict):
        return f"{service} may not publish to {topic}, and nobody would be told: name publishers: [{service}] of the topic in sns_topics"
    if key.endswith(OWN_KEY_OF_SNS):
        return f"{service} may not use {OWN_KEY_OF_SNS}, with which {topic} is encrypted, and nobody would be told: give the topic a key of your own"
    if key and not _may_use(aws, key, service, account):
        needed = "kms:GenerateDataKey* and kms:Decrypt"
        return f"the policy of {key}, with which {topic} is encrypted, does not allow {service} {needed}, and nobody would be told: add that to the policy"
    return None


def _may_use(aws: Aws, key: str, service: str, account: str) -> bool:
    if key.startswith("arn:") and key.split(":")[4] != account:
        return True  # its owner has to see to it
    key_id = aws.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyId"]
    policy = _policies.document(aws.kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])
    verdicts = (_verdicts.judged(policy, service, action, context=_for(account)) for action in ("kms:GenerateDataKey", "kms:Decrypt"))
    return _verdicts.lets(aws, f"{service} may use {key}", *verdicts)


def _for(account: str) -> _verdicts.Context:
    """On whose behalf the service comes."""
    return {"aws:sourceaccount": (account,)}
