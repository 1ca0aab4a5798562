# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shield Advanced: the subscription with its commitment, and the protections. moto forgives a protection without a subscription, so all are answered here.

Source of each rule: the documentation strings of botocore's shield/2016-06-02 model (named by operation or shape), unless another is named.
"""

from __future__ import annotations

import datetime

from moto.cloudfront.models import cloudfront_backends
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.elb.models import elb_backends
from moto.elbv2.models import elbv2_backends
from moto.moto_api._internal import mock_random
from moto.support.models import support_backends
from moto.wafv2.models import wafv2_backends

from . import access
from .passing import Passing
from .rules import Refused, RuleBook

BOOK = RuleBook("shield", invalid="InvalidParameterException")

YEAR = 365 * 24 * 3600
SRT, SRT_POLICY = "drt.shield.amazonaws.com", "AWSShieldDRTAccessPolicy"
ALIKE = ("elasticloadbalancing:loadbalancer", "cloudfront:distribution", "globalaccelerator:accelerator", "route53:hostedzone", "ec2:eip-allocation")
RELEASE = "Release from the commitment of Shield Advanced"
PAGE = 20  # ListProtections.MaxResults: "The default setting is 20"
TAGS = 50  # Tag: "up to 50 tags for a resource"


class Advanced:
    """The subscription. `proactive` is None until proactive engagement has been initialized."""

    def __init__(self, backend):
        self.arn = f"arn:aws:shield::{backend.account_id}:subscription/{mock_random.uuid4()}"
        self.start = utcnow().replace(microsecond=0)
        self.auto_renew = "ENABLED"
        self.contacts = []
        self.proactive = None
        self.role = None

    def told(self):
        limits = {"ProtectionLimits": {"ProtectedResourceTypeLimits": []}}
        limits["ProtectionGroupLimits"] = {"MaxProtectionGroups": 100, "PatternTypeLimits": {"ArbitraryPatternLimits": {"MaxMembers": 50}}}
        return {
            "SubscriptionArn": self.arn,
            "StartTime": self.start,
            "EndTime": self.start + datetime.timedelta(seconds=YEAR),
            "TimeCommitmentInSeconds": YEAR,
            "AutoRenew": self.auto_renew,
            "ProactiveEngagementStatus": self.proactive.look() if self.proactive else "DISABLED",
            "SubscriptionLimits": limits,
        }


class Engagement(Passing):
    """ProactiveEngagementStatus: "If PENDING, you have requested proactive engagement and the request is pending"."""

    def __init__(self):
        self.be("PENDING", "ENABLED")


class Protection:
    def __init__(self, backend, name, resource, tags):
        self.id = str(mock_random.uuid4())
        self.arn = f"arn:aws:shield::{backend.account_id}:protection/{self.id}"
        self.name, self.resource = name, resource
        self.health_checks, self.action = [], None
        self.tags = {}
        tag(self, tags)

    def told(self):
        told = {"Id": self.id, "Name": self.name, "ResourceArn": self.resource, "ProtectionArn": self.arn, "HealthCheckIds": list(self.health_checks)}
        if self.action:
            told["ApplicationLayerAutomaticResponseConfiguration"] = {"Status": "ENABLED", "Action": {self.action: {}}}
        return told


def invalid(message):
    return Refused("InvalidParameterException", message)


def missing(message):
    return Refused("ResourceNotFoundException", message)


def nothing_to_do(message):
    """InvalidOperationException: "the operation would not cause any change to occur"."""
    return Refused("InvalidOperationException", message)


def subscription(shield):
    return vars(shield).get("advanced")


def protections(shield):
    return vars(shield).setdefault("protected", {})


# -- the subscription --------------------------------------------------------------------------------


@BOOK.rule(
    "AssociateDRTRole",
    "AssociateHealthCheck",
    "AssociateProactiveEngagementDetails",
    "CreateProtection",
    "DeleteProtection",
    "DeleteSubscription",
    "DescribeDRTAccess",
    "DescribeEmergencyContactSettings",
    "DescribeProtection",
    "DescribeSubscription",
    "DisableApplicationLayerAutomaticResponse",
    "DisableProactiveEngagement",
    "DisassociateDRTRole",
    "DisassociateHealthCheck",
    "EnableApplicationLayerAutomaticResponse",
    "EnableProactiveEngagement",
    "ListProtections",
    "UpdateApplicationLayerAutomaticResponse",
    "UpdateEmergencyContactSettings",
    "UpdateSubscription",
)
def there_is_a_subscription(shield, **_):
    """aws/aws-sdk-go issue 4000: "none of the calls works if you have no subscription"."""
    if subscription(shield) is None:
        raise missing("The subscription does not exist.")


@BOOK.rule("UpdateSubscription", "DeleteSubscription")
def the_commitment_is_kept(shield, **_):
    """DeleteSubscription: "You cannot delete a subscription prior to the completion of that commitment"; LockedSubscriptionException of an update:
    "You can change the AutoRenew parameter during the last 30 days". AWS Support alone can release from it, and here does where a case asks for it.
    """
    support = dict.get(dict.get(support_backends, shield.account_id, {}), "us-east-1")
    if support is None or not any(case.subject == RELEASE for case in support.cases.values()):
        raise Refused("LockedSubscriptionException", "The subscription has not yet completed its 1-year commitment.")


@BOOK.adds("GetSubscriptionState")
def get_subscription_state(shield, **_):
    return {"SubscriptionState": "ACTIVE" if subscription(shield) else "INACTIVE"}


@BOOK.adds("CreateSubscription")
def create_subscription(shield, **_):
    """CreateSubscription: "your subscription is set to be automatically renewed"."""
    if subscription(shield):
        raise Refused("ResourceAlreadyExistsException", "The subscription already exists.")
    shield.advanced = Advanced(shield)
    return {}


@BOOK.adds("DescribeSubscription")
def describe_subscription(shield, **_):
    return {"Subscription": subscription(shield).told()}


@BOOK.adds("UpdateSubscription")
def update_subscription(shield, AutoRenew, **_):
    subscription(shield).auto_renew = AutoRenew or subscription(shield).auto_renew
    return {}


@BOOK.adds("DeleteSubscription")
def delete_subscription(shield, **_):
    shield.advanced = None
    return {}


# -- the Shield Response Team ------------------------------------------------------------------------


@BOOK.adds("DescribeEmergencyContactSettings")
def describe_emergency_contact_settings(shield, **_):
    return {"EmergencyContactList": subscription(shield).contacts}


@BOOK.adds("UpdateEmergencyContactSettings")
def update_emergency_contact_settings(shield, EmergencyContactList, **_):
    """ "If you have proactive engagement enabled, the contact list must include at least one phone number"."""
    advanced = subscription(shield)
    if advanced.proactive and advanced.proactive.settled == "ENABLED":
        somebody_has_a_phone(EmergencyContactList)
    advanced.contacts = EmergencyContactList or []
    return {}


def somebody_has_a_phone(contacts):
    if not any(contact.get("PhoneNumber") for contact in contacts or []):
        raise invalid("The contact list must include at least one phone number.")


@BOOK.adds("AssociateProactiveEngagementDetails")
def associate_proactive_engagement_details(shield, EmergencyContactList, **_):
    """ "Initializes proactive engagement", "After you have initialized ... use the calls DisableProactiveEngagement and EnableProactiveEngagement"."""
    advanced = subscription(shield)
    somebody_has_a_phone(EmergencyContactList)
    if advanced.proactive:
        raise nothing_to_do("Proactive engagement is initialized already.")
    advanced.contacts, advanced.proactive = EmergencyContactList, Engagement()
    return {}


@BOOK.adds("EnableProactiveEngagement")
def enable_proactive_engagement(shield, **_):
    advanced = subscription(shield)
    if advanced.proactive is None or advanced.proactive.settled == "ENABLED":
        raise nothing_to_do("Proactive engagement is not initialized, or enabled already.")
    somebody_has_a_phone(advanced.contacts)
    advanced.proactive.be("PENDING", "ENABLED")
    return {}


@BOOK.adds("DisableProactiveEngagement")
def disable_proactive_engagement(shield, **_):
    advanced = subscription(shield)
    if advanced.proactive is None or advanced.proactive.settled == "DISABLED":
        raise nothing_to_do("Proactive engagement is disabled already.")
    advanced.proactive.state = "DISABLED"
    return {}


@BOOK.adds("DescribeDRTAccess")
def describe_drt_access(shield, **_):
    return {"LogBucketList": [], **({"RoleArn": subscription(shield).role} if subscription(shield).role else {})}


@BOOK.adds("AssociateDRTRole")
def associate_drt_role(shield, RoleArn, **_):
    """ "you must attach the AWSShieldDRTAccessPolicy managed policy to the role", "must also trust the service principal drt.shield.amazonaws.com"."""
    role = access.role_of(shield.account_id, RoleArn)
    if role is None:
        raise Refused("NoAssociatedRoleException", f"The role {RoleArn} does not exist.")
    if not access.trusts(role, SRT) or not any(arn.endswith(f"/{SRT_POLICY}") for arn in role.managed_policies):
        raise invalid(f"The role must trust {SRT} and have {SRT_POLICY} attached.")
    subscription(shield).role = RoleArn
    return {}


@BOOK.adds("DisassociateDRTRole")
def disassociate_drt_role(shield, **_):
    if subscription(shield).role is None:
        raise nothing_to_do("No role is associated.")
    subscription(shield).role = None
    return {}


# -- protections -------------------------------------------------------------------------------------


def protection_of(shield, protection_id=None, resource=None):
    for one in protections(shield).values():
        if protection_id in (None, one.id) and resource in (None, one.resource):
            return one
    raise missing("The referenced protection does not exist.")


@BOOK.adds("ListProtections")
def list_protections(shield, NextToken, MaxResults, InclusionFilters, **_):
    wanted = InclusionFilters or {}
    rows = [
        one.told()
        for one in protections(shield).values()
        if one.name in wanted.get("ProtectionNames", [one.name]) and one.resource in wanted.get("ResourceArns", [one.resource])
    ]
    start, size = int(NextToken or 0), MaxResults or PAGE
    more = {"NextToken": str(start + size)} if start + size < len(rows) else {}
    return {"Protections": rows[start : start + size], **more}


@BOOK.adds("DescribeProtection")
def describe_protection(shield, ProtectionId, ResourceArn, **_):
    """ "You must provide either the ResourceArn ... or the ProtectionID ..., but not both"."""
    if bool(ProtectionId) == bool(ResourceArn):
        raise invalid("You must provide one value, either protectionId or resourceArn, but not both.")
    return {"Protection": protection_of(shield, ProtectionId, ResourceArn).told()}


@BOOK.adds("CreateProtection")
def create_protection(shield, Name, ResourceArn, Tags, **_):
    """InvalidResourceException: "You might not have access to the resource, or the resource might not exist"; one protection of a resource."""
    if not exists(shield, ResourceArn):
        raise Refused("InvalidResourceException", f"The resource {ResourceArn} does not exist, or cannot be protected.")
    if any(one.resource == ResourceArn for one in protections(shield).values()):
        raise Refused("ResourceAlreadyExistsException", "The referenced protection already exists.")
    one = Protection(shield, Name, ResourceArn, Tags)
    protections(shield)[one.id] = one
    return {"ProtectionId": one.id}


def exists(shield, arn):
    """CreateProtection.ResourceArn: the six forms of an ARN. Accelerators and hosted zones are taken on trust."""
    dummy, partition, service, region, account, path = (arn.split(":", 5) + [""] * 6)[:6]
    kind, dummy, name = path.partition("/")
    if f"{service}:{kind}" not in ALIKE or account not in (shield.account_id, "") or not name:
        return False
    if service == "ec2":
        return any(address.allocation_id == name for address in ec2_backends[account][region].addresses)
    if service == "cloudfront":
        return name in cloudfront_backends[account][partition].distributions
    if service == "elasticloadbalancing" and name.startswith("app/"):
        return arn in elbv2_backends[account][region].load_balancers
    return service != "elasticloadbalancing" or name in elb_backends[account][region].load_balancers


@BOOK.adds("DeleteProtection")
def delete_protection(shield, ProtectionId, **_):
    del protections(shield)[protection_of(shield, ProtectionId).id]
    return {}


@BOOK.adds("AssociateHealthCheck")
def associate_health_check(shield, ProtectionId, HealthCheckArn, **_):
    """WAF developer guide, "Health-based detection": "any resource type except for Route 53 hosted zones"."""
    one, check = protection_of(shield, ProtectionId), HealthCheckArn.rpartition("/")[2]
    if ":hostedzone/" in one.resource:
        raise Refused("InvalidResourceException", "Health checks cannot be associated with hosted zones.")
    if check in one.health_checks:
        raise invalid("The health check is associated already.")
    one.health_checks.append(check)
    return {}


@BOOK.adds("DisassociateHealthCheck")
def disassociate_health_check(shield, ProtectionId, HealthCheckArn, **_):
    one, check = protection_of(shield, ProtectionId), HealthCheckArn.rpartition("/")[2]
    if check not in one.health_checks:
        raise missing("The health check is not associated.")
    one.health_checks.remove(check)
    return {}


@BOOK.rule("EnableApplicationLayerAutomaticResponse", "UpdateApplicationLayerAutomaticResponse", "DisableApplicationLayerAutomaticResponse")
def it_has_a_web_acl(shield, ResourceArn, Action, **_):
    """ "available for Amazon CloudFront distributions and Application Load Balancers only", "you must associate a web ACL with the protected resource".
    ResponseAction: "exactly one action, either Block or Count".
    """
    one = protection_of(shield, resource=ResourceArn)
    if ":distribution/" not in one.resource and ":loadbalancer/app/" not in one.resource:
        raise invalid("Automatic response is not available for this resource.")
    if Action is not None and len(Action) != 1:
        raise invalid("You must specify exactly one action, either Block or Count.")
    region = one.resource.split(":")[3]
    if region and not wafv2_backends[shield.account_id][region].get_web_acl_for_resource(one.resource):
        raise nothing_to_do("The resource has no web ACL of AWS WAF (v2).")


@BOOK.adds("EnableApplicationLayerAutomaticResponse")
def enable_automatic_response(shield, ResourceArn, Action, **_):
    """ "Don't use this action to make changes ... when it's already enabled for a resource"."""
    one = protection_of(shield, resource=ResourceArn)
    if one.action:
        raise nothing_to_do("Automatic response is enabled already.")
    (one.action,) = Action
    return {}


@BOOK.adds("UpdateApplicationLayerAutomaticResponse")
def update_automatic_response(shield, ResourceArn, Action, **_):
    one = protection_of(shield, resource=ResourceArn)
    if not one.action:
        raise nothing_to_do("Automatic response is not enabled.")
    (one.action,) = Action
    return {}


@BOOK.adds("DisableApplicationLayerAutomaticResponse")
def disable_automatic_response(shield, ResourceArn, **_):
    one = protection_of(shield, resource=ResourceArn)
    if not one.action:
        raise nothing_to_do("Automatic response is not enabled.")
    one.action = None
    return {}


# -- tags ----------------------------------------------------------------------------------------------


@BOOK.adds("ListTagsForResource")
def list_tags_for_resource(shield, ResourceARN, **_):
    return {"Tags": [{"Key": key, "Value": value} for key, value in tagged(shield, ResourceARN).tags.items()]}


@BOOK.adds("TagResource")
def tag_resource(shield, ResourceARN, Tags, **_):
    tag(tagged(shield, ResourceARN), Tags)
    return {}


@BOOK.adds("UntagResource")
def untag_resource(shield, ResourceARN, TagKeys, **_):
    for key in TagKeys:
        tagged(shield, ResourceARN).tags.pop(key, None)
    return {}


def tagged(shield, arn):
    return protection_of(shield, arn.rpartition("/")[2])


def tag(thing, tags):
    merged = {**thing.tags, **{one["Key"]: one["Value"] for one in tags or []}}
    if len(merged) > TAGS or any(key.lower().startswith("aws:") for key in merged):
        raise invalid(f"A resource can have at most {TAGS} tags, whose keys do not begin with aws:")
    thing.tags = merged
