#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _shapes, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, items, tags

ON = dict(ENABLED=True, DISABLED=False)
SETTINGS = dict(enable="Enable", finding_publishing_frequency="FindingPublishingFrequency")
FEATURE = "CreateDetector.Features.Name"
AGENT = "CreateDetector.Features.AdditionalConfiguration.Name"
# CreateDetector: "EKS_RUNTIME_MONITORING ... specifying both ... will cause an error"; the older of the two is never switched on by itself.
ITSELF = "CLOUD_TRAIL, DNS_LOGS, FLOW_LOGS"  # what every detector looks at and nobody can switch off
OLDER = "EKS_RUNTIME_MONITORING"


def find(aws, wanted):
    found = [_have(aws, detector_id) for detector_id in aws.pages("guardduty", "list_detectors", "DetectorIds")]
    for want in wanted or ():
        _warn_of_cost(aws, want, found[0] if found else None)
        named = {feature["name"] for features in (want.get("features") or {}).values() for feature in features or ()}
        for have in found:
            # A plan that is off is nothing beside those that are named: GuardDuty tells of all that there are.
            have["features"] = [plan for plan in have["features"] if plan["enabled"] or plan["name"] in named]
    return found


def _warn_of_cost(aws, want, have):
    """What is switched on costs by what it looks at, and the days on which it is free run from then on, whether anybody looks or not."""
    on = {plan["name"] for plan in (have or {}).get("features", []) if plan["enabled"]}
    named = [feature for verb in ("add", "set") for feature in want.get("features", {}).get(verb) or ()]
    plans = sorted({feature["name"] for feature in named if feature["enabled"]} - on)
    off = sorted(set(_features()) - on - {OLDER, *plans})
    began = want.get("enable") and not (have or {}).get("enable")
    if not (plans or began):
        return
    switched = [*([f"GuardDuty itself ({ITSELF})"] if began else []), *plans]
    free = aws.once(_free_days, have["id"]) if have else {}
    left = ", ".join(f"{name} {free[name]} days" for name in plans if name in free) or "30 days for each where it was never on before"
    aws.warn(
        f"guardduty_detector detector: switches on {', '.join(switched)}, each billed by what it looks at, once its trial is over (left: {left}). "
        f"Off stay {', '.join(off) or 'none'}. Prices: https://aws.amazon.com/guardduty/pricing/"
    )


def _free_days(aws, detector_id):
    answer = aws.guardduty.get_remaining_free_trial_days(DetectorId=detector_id, AccountIds=[aws.account])
    return {feature["Name"]: feature.get("FreeTrialDaysRemaining", 0) for account in answer.get("Accounts", []) for feature in account.get("Features", [])}


def _have(aws, detector_id):
    found = aws.guardduty.get_detector(DetectorId=detector_id)
    plans = [_feature(feature) for feature in found.get("Features", []) if feature["Name"] in _features()]
    return dict(
        id=detector_id,
        enable=ON[found["Status"]],
        finding_publishing_frequency=found.get("FindingPublishingFrequency"),
        features=plans,
        tags=_tags.as_dict([dict(Key=key, Value=value) for key, value in (found.get("Tags") or {}).items()]),
        _administrator=lambda: (aws.guardduty.get_administrator_account(DetectorId=detector_id).get("Administrator") or {}).get("AccountId"),
    )


def _features():
    """The protection plans that can be chosen. What GuardDuty always does (FLOW_LOGS, …) it tells as features, too."""
    return _shapes.shape("guardduty", FEATURE).enum


def _feature(feature):
    agents = feature.get("AdditionalConfiguration") or []
    return dict(name=feature["Name"], enabled=ON[feature["Status"]], agents={agent["Name"]: ON[agent["Status"]] for agent in agents})


def create(aws, want):
    """CreateDetector switches on every plan that it is not told of, so it is told of all: those that nobody named are off."""
    named = {feature["name"]: feature for verb in ("add", "set") for feature in want.get("features", {}).get(verb, ())}
    plans = [named.get(name) or dict(name=name, enabled=False) for name in _features() if name != OLDER or name in named]
    arguments = dict(FindingPublishingFrequency=want["finding_publishing_frequency"]) if "finding_publishing_frequency" in want else {}
    if want.get("tags"):
        arguments["Tags"] = {key: str(value) for key, value in want["tags"].items()}
    made = aws.guardduty.create_detector(Enable=want["enable"], Features=[_request(plan) for plan in plans], **arguments)["DetectorId"]
    with aws.reading():
        return _have(aws, made)


def _request(plan):
    agents = [dict(Name=name, Status=_status(on)) for name, on in (plan.get("agents") or {}).items()]
    return dict(Name=plan["name"], Status=_status(plan["enabled"]), **({"AdditionalConfiguration": agents} if agents else {}))


def _status(enabled):
    return next(status for status, on in ON.items() if on == enabled)


def update(aws, have, change):
    with aws.reading():
        administrator = have["_administrator"]()
    if administrator and {"enable", "finding_publishing_frequency", "features"} & change.keys():
        raise Problem(f"the detector is a member of account {administrator}, where its plans are decided: change it there, or leave it out of the sheet")
    arguments = {member: change[option] for option, member in SETTINGS.items() if option in change}
    if "features" in change:
        # UpdateDetector leaves every plan alone that it is not told of.
        arguments["Features"] = [_request(_difference(old, new)) for old, new in [*(({}, new) for new in change["features"].add), *change["features"].change]]
    if arguments:
        aws.guardduty.update_detector(DetectorId=have["id"], **arguments)
    if "tags" in change:
        arn = f"arn:{aws.guardduty.meta.partition}:guardduty:{aws.region}:{aws.account}:detector/{have['id']}"
        _tags.write(have, change, aws.guardduty.tag_resource, aws.guardduty.untag_resource, ResourceArn=arn)


def _difference(old, new):
    """The plan with those of its agents that change."""
    agents = {name: on for name, on in (new.get("agents") or {}).items() if (old.get("agents") or {}).get(name) != on}
    return dict(new, agents=agents)


def delete(aws, have):
    aws.guardduty.delete_detector(DetectorId=have["id"])


def danger(have, change):
    if not change:
        return "would stop the detection of threats in this Region, and its findings would be gone"
    reasons = []
    if change.get("enable") is False and have:
        reasons.append("would stop the detection of threats in this Region")
    plans = change["features"].change if "features" in change else []
    off = [new["name"] for old, new in plans if old["enabled"] and not new["enabled"]]
    if off:
        reasons.append(f"would switch off {', '.join(off)}")
    return " and ".join(reasons) or None


def refuse(want, have, change):
    taken = change["features"].remove if "features" in change else []
    if taken:
        raise Problem(f"a protection plan cannot be taken away, only switched off: write enabled: false for {', '.join(plan['name'] for plan in taken)}")


KIND = Kind(
    name="guardduty_detector",
    identity=(),
    options=dict(
        enable=Option("bool", required=True),
        finding_publishing_frequency=Option(api="CreateDetector.FindingPublishingFrequency"),
        features=items(
            key=("name",),
            options=dict(
                name=Option(required=True, api=FEATURE),
                enabled=Option("bool", required=True),
                agents=Option("dict"),
            ),
        ),
        tags=tags(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
