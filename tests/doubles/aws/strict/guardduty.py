# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GuardDuty: one detector in a Region, whose protection plans are on unless it is told otherwise."""

from __future__ import annotations

from moto.guardduty.models import GuardDutyBackend

from .rules import Refused, RuleBook

BOOK = RuleBook("guardduty", invalid="BadRequestException")

ALWAYS = ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS")
RUNTIME, EKS_RUNTIME = "RUNTIME_MONITORING", "EKS_RUNTIME_MONITORING"
AGENTS = {
    EKS_RUNTIME: ("EKS_ADDON_MANAGEMENT",),
    RUNTIME: ("EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT"),
}
TRIAL = 30  # days
PLANS = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS", "AI_PROTECTION", "AI_ANALYST")


def bad(message):
    return Refused("BadRequestException", message)


@BOOK.rule("CreateDetector")
def there_is_one_in_a_region(guardduty, **_):
    """CreateDetector: "You can have only one detector per account per Region"."""
    if guardduty.detectors:
        raise bad("The request is rejected because a detector already exists for the current account.")


@BOOK.rule("CreateDetector", "UpdateDetector")
def runtime_monitoring_is_said_once(guardduty, Features, **_):
    """DetectorFeatureConfiguration: "Specifying both EKS Runtime Monitoring ... and Runtime Monitoring ... will cause an error"; agents belong to these."""
    names = [feature.get("Name") for feature in Features or []]
    if {RUNTIME, EKS_RUNTIME} <= set(names) or len(set(names)) < len(names):
        raise bad("The request is rejected because the features contain duplicates or both runtime monitoring features.")
    for feature in Features or []:
        for agent in feature.get("AdditionalConfiguration") or []:
            if agent.get("Name") not in AGENTS.get(feature["Name"], ()):
                raise bad(f"The request is rejected because {agent.get('Name')} is not an additional configuration of {feature['Name']}.")


@BOOK.rule("GetDetector", "UpdateDetector", "DeleteDetector", "GetAdministratorAccount", "GetRemainingFreeTrialDays")
def it_is_there(guardduty, DetectorId, **_):
    """What GuardDuty says to an id that is none of the account's."""
    if DetectorId not in guardduty.detectors:
        raise bad("The request is rejected because the input detectorId is not owned by the current account.")


@BOOK.patch(GuardDutyBackend, "create_detector")
def all_plans_are_on(original, guardduty, enable, finding_publishing_frequency, data_sources, tags, features):
    """CreateDetector: "any feature that is not specified in the API call gets enabled by default, with an exception to RUNTIME_MONITORING"."""
    detector_id = original(guardduty, enable, finding_publishing_frequency, data_sources, tags, [])
    given = {feature["name"]: feature for feature in features or []}
    plans = dict.fromkeys((*ALWAYS, *PLANS), "ENABLED")
    runtime = EKS_RUNTIME if EKS_RUNTIME in given else RUNTIME
    plans[runtime] = "DISABLED"
    guardduty.detectors[detector_id].features = [told(name, status, given.get(name)) for name, status in plans.items()]
    return detector_id


@BOOK.patch(GuardDutyBackend, "update_detector")
def what_is_not_told_stays(original, guardduty, detector_id, enable, finding_publishing_frequency, data_sources, features):
    """UpdateDetector: each feature on its own, and each of its agents."""
    detector = guardduty.detectors[detector_id]
    before = {feature["name"]: feature for feature in detector.features}
    original(guardduty, detector_id, enable, finding_publishing_frequency or detector.finding_publish_freq, data_sources, None)
    if enable is not None:
        detector.enabled = enable
    for feature in features or []:
        name = feature["name"]
        before[name] = told(name, "DISABLED", feature, before.get(name))
    detector.features = list(before.values())


@BOOK.adds("GetRemainingFreeTrialDays")
def get_remaining_free_trial_days(guardduty, DetectorId, AccountIds, **_):
    """GetRemainingFreeTrialDays: of the account's own and its members; what others ask for is unprocessed. Here no trial has lost a day yet."""
    mine = [one for one in AccountIds or [] if one == guardduty.account_id]
    days = [{"Name": feature["name"], "FreeTrialDaysRemaining": TRIAL} for feature in guardduty.detectors[DetectorId].features]
    others = [{"AccountId": one, "Result": "The request failed because the account is not a member"} for one in AccountIds or [] if one not in mine]
    return {"Accounts": [{"AccountId": one, "Features": days} for one in mine], "UnprocessedAccounts": others}


def told(name, status, given, before=None):
    """A feature as GetDetector tells it."""
    agents = dict.fromkeys(AGENTS.get(name, ()), "DISABLED")
    for source in (before, given):
        agents.update({agent["name"]: agent["status"] for agent in (source or {}).get("additionalConfiguration") or []})
    now = (given or {}).get("status") or (before or {}).get("status") or status
    feature = {"name": name, "status": now}
    if agents:
        feature["additionalConfiguration"] = [{"name": agent, "status": on} for agent, on in agents.items()]
    return feature


@BOOK.patch(GuardDutyBackend, "get_administrator_account")
def in_the_words_of_the_protocol(original, guardduty, detector_id):
    """GetAdministratorAccount: moto spells the members so that no client finds them."""
    found = original(guardduty, detector_id).get("Administrator")
    return {"administrator": {"accountId": found["AccountId"], "relationshipStatus": "Enabled"}} if found else {}


@BOOK.adds("TagResource")
def tag_resource(guardduty, ResourceArn, Tags, **_):
    tagged(guardduty, ResourceArn).tags.update(Tags)
    return {}


@BOOK.adds("UntagResource")
def untag_resource(guardduty, ResourceArn, TagKeys, **_):
    tags = tagged(guardduty, ResourceArn).tags
    for key in TagKeys:
        tags.pop(key, None)
    return {}


def tagged(guardduty, arn):
    it_is_there(guardduty, DetectorId=arn.rpartition("/")[2])
    return guardduty.detectors[arn.rpartition("/")[2]]
