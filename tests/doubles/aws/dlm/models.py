# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifecycle policies of one account and region."""

from __future__ import annotations

import copy

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.common_models import BaseModel
from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.moto_api._internal import mock_random

from .exceptions import InvalidRequest, LimitExceeded, NotFound
from .rules import check_default, check_details, is_simplified

POLICIES_PER_REGION = 100  # service quota "Policies per Region"
TAGS_PER_POLICY = 50


class LifecyclePolicy(BaseModel):
    def __init__(self, backend, values):
        self.id = f"policy-0{mock_random.get_random_hex(16)}"
        where = f"{backend.region_name}:{backend.account_id}"
        self.arn = f"arn:{backend.partition}:dlm:{where}:policy/{self.id}"
        self.default_policy = "DefaultPolicy" in values or is_simplified(values)
        self.created = self.modified = utcnow().replace(microsecond=0)
        self.status_message = self.state = values["State"]
        self.description = values["Description"]
        self.role = values["ExecutionRoleArn"]
        self.policy_details = values["PolicyDetails"]
        self.tags = dict(values.get("Tags", {}))

    @property
    def policy_type(self):
        return self.policy_details["PolicyType"]

    def summary(self):
        return {
            "PolicyId": self.id,
            "Description": self.description,
            "State": self.state,
            "Tags": dict(self.tags),
            "PolicyType": self.policy_type,
            "DefaultPolicy": self.default_policy,
        }

    def details(self):
        return {
            "PolicyId": self.id,
            "Description": self.description,
            "State": self.state,
            "StatusMessage": self.status_message,
            "ExecutionRoleArn": self.role,
            "DateCreated": self.created,
            "DateModified": self.modified,
            "PolicyDetails": copy.deepcopy(self.policy_details),
            "Tags": dict(self.tags),
            "PolicyArn": self.arn,
            "DefaultPolicy": self.default_policy,
        }

    def update(self, values):
        self.state = self.status_message = values.get("State", self.state)
        self.description = values.get("Description", self.description)
        self.role = values.get("ExecutionRoleArn", self.role)
        self.policy_details = values.get("PolicyDetails", self.policy_details)
        self.modified = utcnow().replace(microsecond=0)

    def tag(self, tags):
        merged = {**self.tags, **tags}
        if len(merged) > TAGS_PER_POLICY:
            raise InvalidRequest(f"A policy can have at most {TAGS_PER_POLICY} tags")
        self.tags = merged

    def untag(self, keys):
        for key in keys:
            self.tags.pop(key, None)

    def is_one_of(self, wanted):
        """The filters of GetLifecyclePolicies, all of which must hold."""
        details = self.policy_details
        schedules = details.get("Schedules", [])
        added = [tag for schedule in schedules for tag in schedule.get("TagsToAdd", [])]
        kind = details.get("ResourceType")
        default = wanted.get("DefaultPolicyType")
        return (
            self.id in wanted.get("PolicyIds", [self.id])
            and self.state == wanted.get("State", self.state)
            and meet(wanted.get("ResourceTypes"), details.get("ResourceTypes", [kind]))
            and meet(wanted.get("TargetTags"), as_texts(details.get("TargetTags", [])))
            and meet(wanted.get("TagsToAdd"), as_texts(added))
            and (default is None or (self.default_policy and default in ("ALL", kind)))
        )


class DLMBackend(BaseBackend):
    def __init__(self, region_name, account_id):
        super().__init__(region_name, account_id)
        self.policies = {}

    def create(self, values):
        if len(self.policies) >= POLICIES_PER_REGION:
            raise LimitExceeded(f"You already have {POLICIES_PER_REGION} policies in this Region")
        values = self._checked(values)
        policy = LifecyclePolicy(self, values)
        self.policies[policy.id] = policy
        return policy

    def _checked(self, values):
        values = copy.deepcopy(values)
        self._role_exists(values["ExecutionRoleArn"])
        if "DefaultPolicy" in values or is_simplified(values):
            values["PolicyDetails"] = check_default(values)
            kind = values["PolicyDetails"]["ResourceType"]
            if any(p.policy_details.get("ResourceType") == kind for p in self.policies.values()):
                raise InvalidRequest(f"A default policy for {kind} already exists")
        else:
            values["PolicyDetails"] = check_details(values)
        return values

    def policy(self, policy_id):
        if policy_id not in self.policies:
            raise NotFound(policy_id)
        return self.policies[policy_id]

    def by_arn(self, arn):
        policy = self.policy(arn.rpartition("/")[2])
        if policy.arn != arn:
            raise NotFound(arn)
        return policy

    def search(self, wanted):
        for policy_id in wanted.get("PolicyIds", []):
            self.policy(policy_id)
        return [policy for policy in self.policies.values() if policy.is_one_of(wanted)]

    def update(self, policy_id, values):
        """UpdateLifecyclePolicy: "You cannot update the policy type or the resource type." """
        policy = self.policy(policy_id)
        values = copy.deepcopy(values)
        self._role_exists(values.get("ExecutionRoleArn", policy.role))
        old = policy.policy_details
        if policy.default_policy:
            values["PolicyDetails"] = check_default(values, old)
        elif "PolicyDetails" in values:
            values["PolicyDetails"].setdefault("PolicyType", old["PolicyType"])
            values["PolicyDetails"] = check_details(values)
            for name in ("PolicyType", "ResourceTypes"):
                if values["PolicyDetails"].get(name) != old.get(name):
                    raise InvalidRequest(f"Parameter PolicyDetails.{name} cannot be changed")
        policy.update(values)

    def delete(self, policy_id):
        del self.policies[self.policy(policy_id).id]

    def _role_exists(self, arn):
        account, dummy, name = arn.split(":", 4)[4].partition(":role/")
        if account != self.account_id:
            raise InvalidRequest("ExecutionRoleArn: the role belongs to another account")
        roles = iam_backends[account][self.partition].roles.values()
        if not any(role.arn == arn for role in roles):
            raise InvalidRequest(f"Invalid ExecutionRoleArn: role {name} does not exist")


def as_texts(tags):
    return [f"{tag['Key']}={tag['Value']}" for tag in tags]


def meet(wanted, present):
    return wanted is None or bool(set(wanted) & set(present))


dlm_backends = BackendDict(DLMBackend, "dlm")
