# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security Hub CSPM: the hub, its standards with their controls, and the finding aggregator. moto has an on and an off of the hub, so all are answered here.

Source of each rule: the documentation strings of botocore's securityhub/2018-10-26 model (named by operation or shape), unless another is named.
"""

from __future__ import annotations

import re

from moto.config.models import config_backends
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random
from moto.securityhub.models import securityhub_backends

from .passing import Passing
from .rules import Refused, RuleBook

BOOK = RuleBook("securityhub", invalid="InvalidInputException")

PAGE, MOST = 25, 100
MODES = ("ALL_REGIONS", "ALL_REGIONS_EXCEPT_SPECIFIED", "SPECIFIED_REGIONS", "NO_REGIONS")
# EnableSecurityHub: "you also automatically enable the following standards"
DEFAULT = ("cis-aws-foundations-benchmark/v/1.2.0", "aws-foundational-security-best-practices/v/1.0.0")
CONTROLS = {
    "aws-foundational-security-best-practices/v/1.0.0": ["Config.1", "IAM.6", "S3.1", "CloudFront.1", *(f"EC2.{n}" for n in range(1, 121))],
    "cis-aws-foundations-benchmark/v/1.2.0": ["Config.1", "IAM.6", "EC2.2"],
    "cis-aws-foundations-benchmark/v/3.0.0": ["Config.1", "IAM.6", "S3.1", "EC2.2"],
    "pci-dss/v/3.2.1": ["Config.1", "S3.1"],
}
# ListSecurityControlDefinitions: CurrentRegionAvailability
ONLY_IN = {"CloudFront.1": "us-east-1"}
READY, NOT_READY = "READY_FOR_UPDATES", "NOT_READY_FOR_UPDATES"


class Hub:
    def __init__(self, backend, generator, tags):
        self.arn = f"arn:aws:securityhub:{backend.region_name}:{backend.account_id}:hub/default"
        self.subscribed_at = f"{utcnow().isoformat(timespec='milliseconds')}Z"
        self.auto_enable_controls = True
        self.control_finding_generator = generator or "SECURITY_CONTROL"
        self.tags = dict(tags or {})


class Subscription(Passing):
    """A standard that is enabled. `disabled` are its controls that are not: control → reason."""

    def __init__(self, backend, name):
        self.name = name
        self.arn = f"arn:aws:securityhub:{backend.region_name}:{backend.account_id}:subscription/{name}"
        self.disabled = {}
        self.be("PENDING", "READY")

    def told(self, backend):
        state = self.look()
        told = {
            "StandardsSubscriptionArn": self.arn,
            "StandardsArn": standard_arn(backend, self.name),
            "StandardsInput": {},
            "StandardsStatus": state,
            "StandardsControlsUpdatable": READY if state == "READY" else NOT_READY,
        }
        if state == "READY" and not recording(backend):
            told.update(StandardsStatus="INCOMPLETE", StandardsStatusReason={"StatusReasonCode": "NO_AVAILABLE_CONFIGURATION_RECORDER"})
        return told


class Aggregator:
    def __init__(self, backend, mode, regions):
        self.id = str(mock_random.uuid4())
        self.arn = f"arn:aws:securityhub:{backend.region_name}:{backend.account_id}:finding-aggregator/{self.id}"
        self.home = backend.region_name
        self.put(mode, regions)

    def put(self, mode, regions):
        self.mode = mode
        self.regions = list(regions or []) if "SPECIFIED" in mode else []

    def told(self):
        told = {"FindingAggregatorArn": self.arn, "FindingAggregationRegion": self.home, "RegionLinkingMode": self.mode}
        return {**told, "Regions": self.regions} if self.regions else told


def recording(backend):
    config = config_backends[backend.account_id][backend.region_name]
    return any(recorder.status.recording for recorder in config.recorders.values())


def invalid(message):
    return Refused("InvalidInputException", message)


def not_found(message):
    return Refused("ResourceNotFoundException", message, 404)


def standard_arn(backend, name):
    """The oldest standard is of no Region, the others are."""
    if name == "cis-aws-foundations-benchmark/v/1.2.0":
        return f"arn:aws:securityhub:::ruleset/{name}"
    return f"arn:aws:securityhub:{backend.region_name}::standards/{name}"


def standard_of(backend, arn):
    return next((name for name in CONTROLS if standard_arn(backend, name) == arn), None)


def subscriptions(backend):
    return vars(backend).setdefault("subscriptions", {})


def live(backend):
    return {name: one for name, one in subscriptions(backend).items() if one.state != "DISABLED"}


def hub_of(backend):
    return vars(backend).get("hub")


def page(member, rows, token, most):
    start, size = int(token or 0), most or PAGE
    result = {member: rows[start : start + size]}
    return {**result, "NextToken": str(start + size)} if start + size < len(rows) else result


# -- the hub ---------------------------------------------------------------------------------------


@BOOK.rule(
    "BatchDisableStandards",
    "BatchEnableStandards",
    "BatchGetStandardsControlAssociations",
    "BatchUpdateStandardsControlAssociations",
    "CreateFindingAggregator",
    "DeleteFindingAggregator",
    "DescribeHub",
    "DescribeStandards",
    "DisableSecurityHub",
    "GetAdministratorAccount",
    "GetEnabledStandards",
    "GetFindingAggregator",
    "ListFindingAggregators",
    "ListSecurityControlDefinitions",
    "UpdateFindingAggregator",
    "UpdateSecurityHubConfiguration",
)
def it_is_enabled(backend, **_):
    """InvalidAccessException is an error of each of these operations; its words are those which users of the SDKs meet."""
    if hub_of(backend) is None:
        raise Refused("InvalidAccessException", f"Account {backend.account_id} is not subscribed to AWS Security Hub", 401)


@BOOK.adds("EnableSecurityHub")
def enable_security_hub(backend, EnableDefaultStandards, ControlFindingGenerator, Tags, **_):
    """EnableSecurityHub: two standards come along; ResourceConflictException where it is enabled."""
    if hub_of(backend):
        raise Refused("ResourceConflictException", "Account is already subscribed to Security Hub", 409)
    backend.hub = Hub(backend, ControlFindingGenerator, Tags)
    for name in DEFAULT if EnableDefaultStandards in (None, True) else ():
        subscriptions(backend)[name] = Subscription(backend, name)
    return {}


@BOOK.adds("DescribeHub")
def describe_hub(backend, HubArn, **_):
    hub = hub_of(backend)
    if HubArn and HubArn != hub.arn:
        raise not_found(f"Hub {HubArn} not found")
    told = dict(HubArn=hub.arn, SubscribedAt=hub.subscribed_at)
    return dict(told, AutoEnableControls=hub.auto_enable_controls, ControlFindingGenerator=hub.control_finding_generator)


@BOOK.adds("UpdateSecurityHubConfiguration")
def update_security_hub_configuration(backend, AutoEnableControls, ControlFindingGenerator, **_):
    """ControlFindingGenerator: "For accounts that are part of an organization, this value can only be updated in the administrator account"."""
    hub = hub_of(backend)
    if ControlFindingGenerator and administrator_of(backend):
        raise Refused("AccessDeniedException", "You are not authorized to perform this operation.", 403)
    if AutoEnableControls is not None:
        hub.auto_enable_controls = AutoEnableControls
    hub.control_finding_generator = ControlFindingGenerator or hub.control_finding_generator
    return {}


@BOOK.adds("DisableSecurityHub")
def disable_security_hub(backend, **_):
    """DisableSecurityHub: "Any standards that were enabled are disabled"; "You can't disable [it] in an account that is currently the ... administrator"."""
    if backend.members:
        raise Refused("AccessDeniedException", "An administrator account with members cannot disable Security Hub.", 403)
    backend.hub = None
    backend.subscriptions = {}
    if any(one.home == backend.region_name for one in aggregators(backend).values()):
        aggregators(backend).clear()
    return {}


@BOOK.adds("GetAdministratorAccount")
def get_administrator_account(backend, **_):
    account = administrator_of(backend)
    return {"Administrator": {"AccountId": account, "MemberStatus": "Enabled"}} if account else {}


def administrator_of(backend):
    """The account which lists this one among its members (CreateMembers, which moto has)."""
    for account, by_region in dict.items(securityhub_backends):
        other = dict.get(by_region, backend.region_name)
        if account != backend.account_id and other is not None and backend.account_id in other.members:
            return account
    return None


@BOOK.adds("ListTagsForResource")
def list_tags_for_resource(backend, ResourceArn, **_):
    return {"Tags": dict(tagged(backend, ResourceArn).tags)}


@BOOK.adds("TagResource")
def tag_resource(backend, ResourceArn, Tags, **_):
    tagged(backend, ResourceArn).tags.update(Tags)
    return {}


@BOOK.adds("UntagResource")
def untag_resource(backend, ResourceArn, TagKeys, **_):
    for key in TagKeys:
        tagged(backend, ResourceArn).tags.pop(key, None)
    return {}


def tagged(backend, arn):
    hub = hub_of(backend)
    if hub is None or hub.arn != arn:
        raise not_found(f"The request was rejected because we can't find the specified resource {arn}")
    return hub


# -- standards ---------------------------------------------------------------------------------------


@BOOK.adds("DescribeStandards")
def describe_standards(backend, NextToken, MaxResults, **_):
    rows = [
        dict(StandardsArn=standard_arn(backend, name), Name=name.replace("-", " ").replace("/v/", " v"), EnabledByDefault=name in DEFAULT) for name in CONTROLS
    ]
    return page("Standards", rows, NextToken, MaxResults)


@BOOK.adds("GetEnabledStandards")
def get_enabled_standards(backend, StandardsSubscriptionArns, NextToken, MaxResults, **_):
    rows = [one for one in live(backend).values() if one.arn in (StandardsSubscriptionArns or [one.arn])]
    return page("StandardsSubscriptions", [one.told(backend) for one in rows], NextToken, MaxResults)


@BOOK.adds("BatchEnableStandards")
def batch_enable_standards(backend, StandardsSubscriptionRequests, **_):
    """A standard that is enabled stays as it is; one that is just being disabled cannot be enabled yet."""
    names = [standard_of(backend, request["StandardsArn"]) for request in StandardsSubscriptionRequests]
    if None in names:
        raise invalid(f"Invalid StandardsSubscriptionRequest(s): {StandardsSubscriptionRequests}")
    if any(live(backend)[name].state == "DELETING" for name in names if name in live(backend)):
        raise invalid("The standard is in the process of being disabled")
    for name in names:
        if name not in live(backend):
            subscriptions(backend)[name] = Subscription(backend, name)
    return {"StandardsSubscriptions": [shown(backend, subscriptions(backend)[name]) for name in names]}


@BOOK.adds("BatchDisableStandards")
def batch_disable_standards(backend, StandardsSubscriptionArns, **_):
    found = [one for one in live(backend).values() if one.arn in StandardsSubscriptionArns]
    if len(found) < len(set(StandardsSubscriptionArns)):
        raise invalid(f"Invalid StandardsSubscriptionArn(s): {StandardsSubscriptionArns}")
    for one in found:
        one.be("DELETING", "DISABLED")
        one.disabled = {}
    return {"StandardsSubscriptions": [shown(backend, one) for one in found]}


def shown(backend, subscription):
    """An answer that lets no time pass."""
    told = subscription.told(backend)
    subscription._tick += 1
    return told


# -- controls ----------------------------------------------------------------------------------------


@BOOK.adds("ListSecurityControlDefinitions")
def list_security_control_definitions(backend, StandardsArn, NextToken, MaxResults, **_):
    """ "the results include the first 25 security controls"."""
    if StandardsArn and standard_of(backend, StandardsArn) is None:
        raise invalid(f"Invalid parameter StandardsArn: {StandardsArn}")
    names = CONTROLS[standard_of(backend, StandardsArn)] if StandardsArn else sorted({one for controls in CONTROLS.values() for one in controls})
    rows = [
        dict(
            SecurityControlId=name,
            Title=name,
            Description=name,
            RemediationUrl=f"https://docs.aws.amazon.com/console/securityhub/{name}/remediation",
            SeverityRating="MEDIUM",
            CurrentRegionAvailability="AVAILABLE" if available(backend, name) else "UNAVAILABLE",
        )
        for name in names
    ]
    return page("SecurityControlDefinitions", rows, NextToken, MaxResults)


def available(backend, control):
    return ONLY_IN.get(control, backend.region_name) == backend.region_name


def subscription_of(backend, arn, control):
    """The enabled standard with this control, whose controls can be looked at and changed; None where there is none."""
    name = standard_of(backend, arn)
    one = live(backend).get(name)
    ready = one is not None and one.state == "READY" and control in CONTROLS[name] and available(backend, control)
    return one if ready else None


@BOOK.adds("BatchGetStandardsControlAssociations")
def batch_get_standards_control_associations(backend, StandardsControlAssociationIds, **_):
    """RESOURCE_NOT_FOUND "when the standard subscription for the association has a NOT_READY_FOR_UPDATES value"."""
    few_enough(StandardsControlAssociationIds)
    found, missing = [], []
    for asked in StandardsControlAssociationIds:
        arn, control = asked["StandardsArn"], asked["SecurityControlId"]
        one = subscription_of(backend, arn, control)
        if one is None:
            missing.append(dict(StandardsControlAssociationId=asked, ErrorCode="RESOURCE_NOT_FOUND", ErrorReason="The association does not exist."))
            continue
        control_arn = f"arn:aws:securityhub:{backend.region_name}:{backend.account_id}:security-control/{control}"
        told = dict(StandardsArn=arn, SecurityControlId=control, SecurityControlArn=control_arn)
        told["AssociationStatus"] = "DISABLED" if control in one.disabled else "ENABLED"
        found.append({**told, **({"UpdatedReason": one.disabled[control]} if control in one.disabled else {})})
    return {"StandardsControlAssociationDetails": found, "UnprocessedAssociations": missing}


@BOOK.adds("BatchUpdateStandardsControlAssociations")
def batch_update_standards_control_associations(backend, StandardsControlAssociationUpdates, **_):
    """UpdateStandardsControl: "If you are disabling a control, then [a reason] is required"; RESOURCE_NOT_FOUND as above."""
    few_enough(StandardsControlAssociationUpdates)
    unprocessed = []
    for asked in StandardsControlAssociationUpdates:
        control, disables = asked["SecurityControlId"], asked["AssociationStatus"] == "DISABLED"
        one = subscription_of(backend, asked["StandardsArn"], control)
        code = "RESOURCE_NOT_FOUND" if one is None else "INVALID_INPUT" if disables and not asked.get("UpdatedReason") else None
        if code:
            unprocessed.append(dict(StandardsControlAssociationUpdate=asked, ErrorCode=code, ErrorReason="Could not be updated."))
        elif disables:
            one.disabled[control] = asked["UpdatedReason"]
        else:
            one.disabled.pop(control, None)
    return {"UnprocessedAssociationUpdates": unprocessed}


def few_enough(asked):
    """API reference of the batch operations: up to 100 at once."""
    if not 1 <= len(asked) <= MOST:
        raise invalid(f"Between 1 and {MOST} associations can be named, not {len(asked)}")


# -- findings of several Regions ----------------------------------------------------------------------


def aggregators(backend):
    """Of the account, whichever Region asks: account → its one aggregator, kept where the account has its global things."""
    home = securityhub_backends[backend.account_id]["us-east-1"]
    return vars(home).setdefault("aggregators", {})


def checked(mode, regions):
    """CreateFindingAggregator.Regions: of two modes; "An InvalidInputException error results if you populate this field while ... NO_REGIONS"."""
    if mode not in MODES:
        raise invalid(f"Invalid parameter RegionLinkingMode: {mode}")
    if "SPECIFIED" in mode and not regions:
        raise invalid(f"Regions are required for {mode}")
    if "SPECIFIED" not in mode and regions:
        raise invalid(f"Regions cannot be specified for {mode}")
    if any(not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region) for region in regions or []):
        raise invalid(f"Invalid parameter Regions: {regions}")


def aggregator_of(backend, arn):
    one = aggregators(backend).get(backend.account_id)
    if one is None or one.arn != arn:
        raise not_found(f"Finding aggregator {arn} not found")
    return one


def changed_at_home(backend, one):
    """UpdateFindingAggregator: "You can invoke this operation from the current home Region only"."""
    if one.home != backend.region_name:
        raise invalid(f"The finding aggregator can only be changed in its home Region {one.home}")


@BOOK.adds("ListFindingAggregators")
def list_finding_aggregators(backend, **_):
    return {"FindingAggregators": [{"FindingAggregatorArn": one.arn} for one in aggregators(backend).values()]}


@BOOK.adds("GetFindingAggregator")
def get_finding_aggregator(backend, FindingAggregatorArn, **_):
    return aggregator_of(backend, FindingAggregatorArn).told()


@BOOK.adds("CreateFindingAggregator")
def create_finding_aggregator(backend, RegionLinkingMode, Regions, **_):
    checked(RegionLinkingMode, Regions)
    if aggregators(backend):
        raise invalid("A finding aggregator already exists for this account")
    one = aggregators(backend)[backend.account_id] = Aggregator(backend, RegionLinkingMode, Regions)
    return one.told()


@BOOK.adds("UpdateFindingAggregator")
def update_finding_aggregator(backend, FindingAggregatorArn, RegionLinkingMode, Regions, **_):
    one = aggregator_of(backend, FindingAggregatorArn)
    changed_at_home(backend, one)
    checked(RegionLinkingMode, Regions)
    one.put(RegionLinkingMode, Regions)
    return one.told()


@BOOK.adds("DeleteFindingAggregator")
def delete_finding_aggregator(backend, FindingAggregatorArn, **_):
    one = aggregator_of(backend, FindingAggregatorArn)
    changed_at_home(backend, one)
    del aggregators(backend)[backend.account_id]
    return {}
