#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _networks, _tags
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref, tags

RESOURCES = ("elastic_ip", "resource_arn")
RESPONSE = "application_layer_automatic_response"
# The members of ResponseAction, which the service model does not list as choices.
ACTIONS = ("Block", "Count")
PAGES = dict(PaginationConfig=dict(PageSize=1000))


# ---- what is there


def find(aws, wanted):
    return [_have(aws, protection) for protection in _protections(aws)]


def _protections(aws):
    """Nothing as long as Shield Advanced is not subscribed, which Shield tells as an error."""
    try:
        return aws.pages("shield", "list_protections", "Protections", **PAGES)
    except AWS_ERRORS as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return []


def _have(aws, protection):
    arn = protection["ResourceArn"]
    dummy, dummy, service, region, dummy, path = arn.split(":", 5)
    own = service == "ec2" and region == aws.region
    automatic = protection.get("ApplicationLayerAutomaticResponseConfiguration") or {}
    return dict(
        id=protection["Id"],
        name=protection["Name"],
        elastic_ip=path.rpartition("/")[2] if own else None,
        resource_arn=None if own else arn,
        health_check_ids=protection.get("HealthCheckIds", []),
        application_layer_automatic_response=next(iter(automatic["Action"])) if automatic.get("Status") == "ENABLED" else None,
        _resource=arn,
        _arn=protection["ProtectionArn"],
    )


def read(aws, have, names):
    """An Elastic IP address of this Region is shown as the sheet names it, by ARN too where it says so."""
    found = {}
    if "tags" in names:
        found["tags"] = _tags.as_dict(aws.shield.list_tags_for_resource(ResourceARN=have["_arn"]).get("Tags"))
    if "resource_arn" in names and "elastic_ip" not in names:
        found.update(elastic_ip=None, resource_arn=have["_resource"])
    return found


def _resource(aws, want):
    if want.get("resource_arn"):
        return want["resource_arn"]
    return f"arn:{aws.ec2.meta.partition}:ec2:{aws.region}:{aws.account}:eip-allocation/{want['elastic_ip']}"


# ---- writing


def create(aws, want):
    tagged = dict(Tags=_tags.as_list(want["tags"])) if want.get("tags") else {}
    made = aws.shield.create_protection(Name=want["name"], ResourceArn=_resource(aws, want), **tagged)["ProtectionId"]
    with aws.reading():
        have = _have(aws, aws.shield.describe_protection(ProtectionId=made)["Protection"])
        return dict(have, **read(aws, have, want))


def _check_subscribed(aws):
    """A protection never subscribes as a side effect; the same sheet may do so on purpose."""
    with aws.reading():
        subscribed = aws.once(_is_subscribed)
    if not subscribed and not aws.will_make("shield_subscription"):
        raise Problem("Shield Advanced is not subscribed, and is never subscribed on the side: it is bought with shield_subscription and its own confirmation")


def _is_subscribed(aws):
    return aws.shield.get_subscription_state()["SubscriptionState"] == "ACTIVE"


def update(aws, have, change):
    checks = change.get("health_check_ids")
    for check in checks.remove if checks else ():
        aws.shield.disassociate_health_check(ProtectionId=have["id"], HealthCheckArn=_check_arn(aws, check))
    for check in checks.add if checks else ():
        aws.shield.associate_health_check(ProtectionId=have["id"], HealthCheckArn=_check_arn(aws, check))
    if RESPONSE in change:
        _respond(aws, have, change[RESPONSE])
    _tags.write(have, change, aws.shield.tag_resource, aws.shield.untag_resource, ResourceARN=have["_arn"])


def _check_arn(aws, check):
    return f"arn:{aws.shield.meta.partition}:route53:::healthcheck/{check}"


def _respond(aws, have, action):
    if action is None:
        aws.shield.disable_application_layer_automatic_response(ResourceArn=have["_resource"])
    elif have[RESPONSE]:
        aws.shield.update_application_layer_automatic_response(ResourceArn=have["_resource"], Action={action: {}})
    else:
        aws.shield.enable_application_layer_automatic_response(ResourceArn=have["_resource"], Action={action: {}})


def delete(aws, have):
    aws.shield.delete_protection(ProtectionId=have["id"])


# ---- what to think about first


def danger(have, change):
    if not change:
        return f"would leave {have['_resource']} to Shield Standard: larger attacks are no longer fended off, nor is what they cost made good"
    reasons = []
    if change.get(RESPONSE) == "Block":
        reasons.append("would let Shield block requests which it takes for an attack, and it may be wrong: watch it with Count first")
    if have.get(RESPONSE) == "Block" and change.get(RESPONSE) == "Count":
        reasons.append("would only count the requests which Shield takes for an attack, and let through what it blocks now")
    if have.get(RESPONSE) and change.get(RESPONSE, "") is None:
        reasons.append("would no longer respond to attacks on the application by itself")
    checks = change.get("health_check_ids") if have else None
    if checks and checks.remove:
        reasons.append(f"would no longer go by the health of {', '.join(checks.remove)}: attacks are seen later, and without any check the SRT does not call")
    return "; ".join(reasons) or None


def foresee(aws, want):
    """A subscription, and one protection for each resource."""
    _check_subscribed(aws)
    if not any(want.get(name) for name in RESOURCES):
        return
    resource = _resource(aws, want)
    for other in aws.once(_protections):
        if other["ResourceArn"] == resource:
            raise Problem(f"{resource} is protected already, as {other['Name']!r}: write that name, or id: {other['Id']}")


def refuse(want, have, change):
    if not have and len([name for name in RESOURCES if want.get(name)]) != 1:
        raise Problem("name what is to be protected, either as elastic_ip or as resource_arn")
    if have and all(want.get(name) for name in RESOURCES):
        raise Problem("elastic_ip and resource_arn are both named, and a protection is of one")
    resource = have.get("_resource") or ("" if want.get("elastic_ip") else want["resource_arn"])
    if change.get(RESPONSE) and not _answers(resource):
        raise Problem(f"{RESPONSE} is for Application Load Balancers and CloudFront distributions alone")
    if change.get("health_check_ids") and ":hostedzone/" in resource:
        raise Problem("health_check_ids cannot be of a hosted zone of Route 53")


def _answers(resource):
    return ":loadbalancer/app/" in resource or ":distribution/" in resource


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        if all(entry.get(name) for name in RESOURCES):
            yield index, "resource_arn", "one_of", dict(value=entry["resource_arn"], other=", ".join(RESOURCES))
        if entry.get(RESPONSE) and (entry.get("elastic_ip") or (entry.get("resource_arn") and not _answers(entry["resource_arn"]))):
            yield index, RESPONSE, "needs", dict(value=entry[RESPONSE], other="resource_arn: …:loadbalancer/app/…, …:distribution/…")
    for name in RESOURCES:
        yield from _networks.claimed_twice(entries, name)


KIND = Kind(
    name="shield_protections",
    identity=("name",),
    options=dict(
        name=fixed(api="CreateProtection.Name"),
        elastic_ip=ref("ec2_elastic_ips", fixed=True),
        resource_arn=fixed(api="CreateProtection.ResourceArn"),
        health_check_ids=Option("list", "str", many=True),
        application_layer_automatic_response=Option(clearable=True, choices=ACTIONS),
        tags=tags(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    faults=faults,
    # "the resource state has been modified by another client. Retrieve the resource and then retry".
    not_yet=(r"\(OptimisticLockException\)",),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
