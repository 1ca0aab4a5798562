#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _securityhub
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, items

SECONDS = 1800
BATCH = 100
UPDATES = "BatchUpdateStandardsControlAssociations.StandardsControlAssociationUpdates"
MISSING = ("NOT_FOUND", "RESOURCE_NOT_FOUND")


# ---- what is there


def find(aws, wanted):
    """What is being disabled is as good as gone."""
    found = _securityhub.if_enabled(lambda: _enabled(aws), [])
    for subscription in found:
        _warn_of_failure(aws, subscription)
    return [_have(subscription) for subscription in found if subscription["StandardsStatus"] != "DELETING"]


def _enabled(aws):
    return aws.pages("securityhub", "get_enabled_standards", "StandardsSubscriptions")


def _have(subscription):
    return dict(
        id=subscription["StandardsSubscriptionArn"],
        standard=_name(subscription["StandardsArn"]),
        _arn=subscription["StandardsArn"],
        _updatable=_updatable(subscription),
    )


def _name(arn):
    """ARNs of standards have two shapes, one of them without a Region: the name is what both end in."""
    return arn.partition("/")[2]


def _updatable(subscription):
    return subscription.get("StandardsControlsUpdatable", "READY_FOR_UPDATES") == "READY_FOR_UPDATES"


def _warn_of_failure(aws, subscription):
    if subscription["StandardsStatus"] in ("INCOMPLETE", "FAILED"):
        aws.warn(f"{_name(subscription['StandardsArn'])} is {subscription['StandardsStatus']}: {_reason(subscription)}")


def _reason(subscription):
    return subscription.get("StandardsStatusReason", {}).get("StatusReasonCode", "AWS does not say why")


def read(aws, have, names):
    """The controls of a standard are listed, and only then asked about. While AWS works on the standard it tells of all of them that they are not there."""
    if "disabled_controls" not in names:
        return {}
    if not have["_updatable"]:
        _await_updatable(aws, have)
    controls = aws.once(_controls, have["_arn"])
    found = [control for some in _batches(controls) for control in _associations(aws, have["_arn"], some)]
    off = [control for control in found if control["AssociationStatus"] == "DISABLED"]
    disabled = [dict(security_control_id=control["SecurityControlId"], updated_reason=control.get("UpdatedReason")) for control in off]
    return dict(disabled_controls=disabled, _controls=controls)


def _await_updatable(aws, have):
    """AWS works on a standard while it enables it, and again when it adds controls of its own accord."""
    if aws.check_mode:
        raise Problem("its controls cannot be read now, because AWS is at work on this standard (NOT_READY_FOR_UPDATES): plan again in some minutes")
    what = f"the controls of {have['standard']}"
    seen = aws.wait(what, lambda: _look(aws, have["id"]), lambda seen: _updatable(seen) or seen["StandardsStatus"] == "FAILED", limit=SECONDS)
    if not _updatable(seen):
        raise Problem(f"its controls cannot be read, because the standard is FAILED: {_reason(seen)}")


def _controls(aws, arn):
    found = aws.pages("securityhub", "list_security_control_definitions", "SecurityControlDefinitions", StandardsArn=arn)
    return [control["SecurityControlId"] for control in found if control["CurrentRegionAvailability"] == "AVAILABLE"]


def _batches(things):
    return [things[start : start + BATCH] for start in range(0, len(things), BATCH)]


def _associations(aws, arn, controls):
    asked = [dict(SecurityControlId=control, StandardsArn=arn) for control in controls]
    answer = aws.securityhub.batch_get_standards_control_associations(StandardsControlAssociationIds=asked)
    unknown = [one for one in answer.get("UnprocessedAssociations", []) if one["ErrorCode"] not in MISSING]
    if unknown:
        told = ", ".join(f"{one['StandardsControlAssociationId']['SecurityControlId']} ({one['ErrorCode']})" for one in unknown)
        raise Problem(f"Security Hub does not say whether these controls are enabled: {told}")
    return answer["StandardsControlAssociationDetails"]


def _offered(aws):
    """The standards of this Region, name → ARN; None as long as Security Hub is not enabled."""
    found = _securityhub.if_enabled(lambda: aws.pages("securityhub", "describe_standards", "Standards"), None)
    return None if found is None else {_name(standard["StandardsArn"]): standard["StandardsArn"] for standard in found}


# ---- writing


def create(aws, want):
    offered = aws.once(_offered)
    _securityhub.warn_without_config(aws)
    if not aws.check_mode:
        _await_gone(aws, want["standard"])
    arn = (offered or {}).get(want["standard"], want["standard"])
    with _securityhub.explained(aws):
        made = aws.securityhub.batch_enable_standards(StandardsSubscriptionRequests=[dict(StandardsArn=arn)])["StandardsSubscriptions"][0]
    with aws.reading():
        have = _have(_await_enabled(aws, made["StandardsSubscriptionArn"], want["standard"]))
        return dict(have, **read(aws, have, want))


def _look(aws, subscription_arn):
    return next(iter(aws.pages("securityhub", "get_enabled_standards", "StandardsSubscriptions", StandardsSubscriptionArns=[subscription_arn])), {})


def _await_enabled(aws, subscription_arn, name):
    """AWS goes on by itself: one that takes longer is told and is no failure."""
    try:
        found = aws.wait(name, lambda: _look(aws, subscription_arn), lambda seen: seen.get("StandardsStatus", "PENDING") != "PENDING", limit=SECONDS)
        _warn_of_failure(aws, found)
    except TimeoutError:
        found = _look(aws, subscription_arn)
        if not found:
            raise
        aws.warn(f"{name} is still being enabled after {SECONDS} s: {_reason(found)}")
    return found


def _await_gone(aws, name):
    """One that is just being disabled cannot be enabled before it is gone."""

    def look():
        return next((one["StandardsStatus"] for one in _securityhub.if_enabled(lambda: _enabled(aws), []) if _name(one["StandardsArn"]) == name), None)

    aws.wait(f"the end of {name}", look, lambda status: status != "DELETING", limit=SECONDS)


def update(aws, have, change):
    delta = change["disabled_controls"]
    off = [dict(_update(have, control, "DISABLED"), UpdatedReason=control["updated_reason"]) for control in delta.coming]
    for some in _batches(off + [_update(have, control, "ENABLED") for control in delta.remove]):
        with _securityhub.explained(aws):
            answer = aws.securityhub.batch_update_standards_control_associations(StandardsControlAssociationUpdates=some)
        failed = answer.get("UnprocessedAssociationUpdates", [])
        if failed:
            raise Problem(f"Security Hub left some controls of {have['standard']} as they are: {', '.join(map(_told, failed))}")


def _update(have, control, status):
    return dict(StandardsArn=have["_arn"], SecurityControlId=control["security_control_id"], AssociationStatus=status)


def _told(failed):
    return f"{failed['StandardsControlAssociationUpdate']['SecurityControlId']} ({failed['ErrorCode']}: {failed.get('ErrorReason')})"


def delete(aws, have):
    with _securityhub.explained(aws):
        aws.securityhub.batch_disable_standards(StandardsSubscriptionArns=[have["id"]])
    what = f"the end of {have['standard']}"
    left = aws.wait(what, lambda: _look(aws, have["id"]), lambda seen: seen.get("StandardsStatus", "FAILED") == "FAILED", limit=SECONDS)
    if left:
        raise Problem(f"{have['standard']} could not be disabled: {_reason(left)}")


# ---- what to think about first


def danger(have, change):
    if not change:
        return f"would end the checks of {have['standard']}; which of its controls are disabled and why is gone, and all are on when it is enabled again"
    return None


def foresee(aws, want):
    offered = aws.once(_offered)
    if offered is None:
        return
    if want["standard"] not in offered:
        raise Problem(f"{want['standard']!r} is not offered in {aws.region}. There are: {', '.join(sorted(offered))}")
    disabled = want.get("disabled_controls", {})
    _check_known([*disabled.get("add", ()), *disabled.get("set", ())], want["standard"], lambda: aws.once(_controls, offered[want["standard"]]))


def _check_known(named, standard, controls):
    unknown = sorted({control["security_control_id"] for control in named} - set(controls())) if named else []
    if unknown:
        raise Problem(f"{', '.join(unknown)}: {standard} has no such control in this Region")


def refuse(want, have, change):
    delta = change.get("disabled_controls")
    off = delta.coming if delta else []
    unsaid = [control["security_control_id"] for control in off if not control.get("updated_reason")]
    if unsaid:
        raise Problem(f"updated_reason is needed to disable a control: say why {', '.join(unsaid)} is not wanted")
    if off and have.get("_controls"):
        _check_known(off, have["standard"], lambda: have["_controls"])


KIND = Kind(
    name="securityhub_standards",
    identity=("standard",),
    options=dict(
        standard=fixed(),
        disabled_controls=items(
            key=("security_control_id",),
            options=dict(
                security_control_id=Option(required=True, api=f"{UPDATES}.SecurityControlId"),
                updated_reason=Option(api=f"{UPDATES}.UpdatedReason"),
            ),
        ),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    # Also what Security Hub says of too many calls; it takes one a second.
    not_yet=(r"\(LimitExceededException\)",),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
