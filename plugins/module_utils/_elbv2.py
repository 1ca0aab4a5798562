# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What load balancers, target groups, listeners and rules have in common: names, tags, attributes, and the actions of listeners and rules.

Private to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _tags
from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._options import Option, camel, ref, scopes

# How many ARNs DescribeTags takes.
BATCH = 20
# CreateLoadBalancer.Name and CreateTargetGroup.Name say it in words only.
NAME = "^(?!-)(?!.*-$)[a-zA-Z0-9-]{1,32}$"
# What was made a moment ago may not be known to all servers yet.
NOT_YET = (r"\((?:LoadBalancer|TargetGroup|TrustStore|Listener|Rule|Subnet)NotFound\)", r"\(InvalidSecurityGroup\)")
ACTION = "CreateListener.DefaultActions"


# ---- names and tags


def bad_name(name: Any) -> bool:
    return re.fullmatch(NAME, str(name)) is None


def chosen(wanted: Iterable[Mapping[str, Any]] | None, id: str, name: str) -> bool:  # pylint: disable=redefined-builtin
    """Whether anybody asked for this one, by name or by id."""
    return wanted is None or any(entry.get("id") == id or ("id" not in entry and entry.get("name") == name) for entry in wanted)


def tags_of(aws: Aws, arns: list[str]) -> dict[str, dict[str, str]]:
    """ARN → tags, twenty of them with each call."""
    found = {}
    for start in range(0, len(arns), BATCH):
        for one in aws.elbv2.describe_tags(ResourceArns=arns[start : start + BATCH])["TagDescriptions"]:
            found[one["ResourceArn"]] = _tags.as_dict(one.get("Tags"))
    return found


def tagged(tags: Mapping[str, Any]) -> dict[str, Any]:
    """The Tags of a creating call, which takes no empty list."""
    return dict(Tags=_tags.as_list(tags)) if tags else {}


def update_tags(aws: Aws, have: Mapping[str, Any], change: Mapping[str, Any], **more: str) -> None:
    """The changed tags, and with `more` those that an option of its own stands for."""
    put, gone = _tags.split(have, change)
    put.update(more)
    if put:
        aws.elbv2.add_tags(ResourceArns=[have["id"]], Tags=_tags.as_list(put))
    if gone:
        aws.elbv2.remove_tags(ResourceArns=[have["id"]], TagKeys=gone)


# ---- attributes


def attributes(reserved: Mapping[str, str] | None = None) -> Option:
    """AWS's own keys, which it has new ones of every year; their values are text."""
    return Option("dict", reserved=reserved, same_each=lambda wanted, has: text(wanted) == text(has))


def text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_attributes(wanted: Mapping[str, Any]) -> list[dict[str, str]]:
    return [dict(Key=key, Value=text(value)) for key, value in wanted.items()]


def by_key(found: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {one["Key"]: one.get("Value", "") for one in found}


# ---- options and members that are called alike

SPECIAL = dict(
    elastic_ip="AllocationId",
    ipv6_address="IPv6Address",
    private_ipv4_address="PrivateIPv4Address",
    subnet="SubnetId",
    target_group="TargetGroupArn",
    trust_store="TrustStoreArn",
)


def member_of(option: str) -> str:
    return SPECIAL.get(option) or camel(option)


def to_aws(options: Mapping[str, Option], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the sheet says, in AWS's members."""
    return {member_of(name): _converted(options[name], value, to_aws) for name, value in wanted.items() if value is not None}


def to_sheet(options: Mapping[str, Option], found: Mapping[str, Any]) -> dict[str, Any]:
    """What AWS tells, as far as there are options for it."""
    given = ((name, option, found.get(member_of(name))) for name, option in options.items())
    return {name: _converted(option, value, to_sheet) for name, option, value in given if value is not None}


def _converted(option: Option, value: Any, convert: Any) -> Any:
    if option.options and isinstance(value, list):
        return [convert(option.options, one) for one in value]
    return convert(option.options, value) if option.options else value


def covers(found: Any, wanted: Any) -> bool:
    """Whether all that is wanted is so, whatever else AWS has filled in."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(covers(found.get(name), value) for name, value in wanted.items() if value is not None)
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(covers, found, wanted))
    return text(found) == text(wanted)


# ---- actions of listeners and rules


def actions(**facts: Any) -> Option:
    return Option("list", "dict", options=ACTIONS, same=same_actions, **facts)


def _authentication(config: str, **more: Option) -> Option:
    path = f"{ACTION}.{config}"
    return Option(
        "dict",
        options=dict(
            more,
            session_cookie_name=Option(),
            scope=Option(),
            session_timeout=Option("int"),
            authentication_request_extra_params=Option("dict", texts=True),
            on_unauthenticated_request=Option(api=f"{path}.OnUnauthenticatedRequest"),
        ),
    )


ACTIONS = dict(
    type=Option(required=True, api=f"{ACTION}.Type"),
    order=Option("int", api=f"{ACTION}.Order"),
    target_group=ref("elbv2_target_groups"),
    forward_config=Option(
        "dict",
        options=dict(
            target_groups=Option("list", "dict", options=dict(target_group=ref("elbv2_target_groups", required=True), weight=Option("int"))),
            target_group_stickiness_config=Option("dict", options=dict(enabled=Option("bool"), duration_seconds=Option("int"))),
        ),
    ),
    redirect_config=Option(
        "dict",
        options=dict(
            {name: Option(api=f"{ACTION}.RedirectConfig.{name.capitalize()}") for name in ("protocol", "port", "host", "path", "query")},
            status_code=Option(api=f"{ACTION}.RedirectConfig.StatusCode"),
        ),
    ),
    fixed_response_config=Option(
        "dict",
        options={
            name: Option(api=f"{ACTION}.FixedResponseConfig.{member}")
            for name, member in dict(status_code="StatusCode", content_type="ContentType", message_body="MessageBody").items()
        },
    ),
    authenticate_cognito_config=_authentication("AuthenticateCognitoConfig", user_pool_arn=Option(), user_pool_client_id=Option(), user_pool_domain=Option()),
    authenticate_oidc_config=_authentication(
        "AuthenticateOidcConfig",
        issuer=Option(),
        authorization_endpoint=Option(),
        token_endpoint=Option(),
        user_info_endpoint=Option(),
        client_id=Option(),
        client_secret=Option(secret=True),
    ),
    jwt_validation_config=Option("dict", options=dict(jwks_endpoint=Option(), issuer=Option())),
)
# Where an action leads: what a rule or listener has exactly one of, as its last action
ROUTING = dict(forward=("target_group", "forward_config"), redirect=("redirect_config",))
ROUTING["fixed-response"] = ("fixed_response_config",)


def actions_of(found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The actions as a sheet would say them, in their order: one target group without weights is only that."""
    told = []
    for action in in_order(found):
        one = to_sheet(ACTIONS, action)
        forward = one.get("forward_config") or {}
        stickiness = forward.get("target_group_stickiness_config") or {}
        if len(forward.get("target_groups") or []) == 1 and not stickiness.get("enabled"):
            one["target_group"] = forward["target_groups"][0]["target_group"]
            del one["forward_config"]
        elif forward:
            one.pop("target_group", None)
        told.append(one)
    return told if len(told) > 1 else [{name: value for name, value in one.items() if name != "order"} for one in told]


def in_order(found: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(found, key=lambda action: action.get("Order") or 0)


def same_actions(wanted: list[Mapping[str, Any]], found: list[Mapping[str, Any]]) -> bool:
    return covers([_spelt(one) for one in found], [_spelt(one) for one in _by_order(wanted)])


def _by_order(wanted: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(wanted, key=lambda action: action.get("order") or 0)


def _spelt(action: Mapping[str, Any]) -> dict[str, Any]:
    """In one spelling: a single target group is a list of one. AWS does not give a client secret back, and where there is one action its order says nothing."""
    one = {name: value for name, value in action.items() if name != "order"}
    if one.get("target_group"):
        one["forward_config"] = {**(one.get("forward_config") or {}), "target_groups": [dict(target_group=one.pop("target_group"))]}
    if one.get("authenticate_oidc_config"):
        one["authenticate_oidc_config"] = {name: value for name, value in one["authenticate_oidc_config"].items() if name != "client_secret"}
    if (one.get("forward_config") or {}).get("target_groups"):
        groups = sorted(one["forward_config"]["target_groups"], key=lambda group: str(group["target_group"]))
        one["forward_config"] = {**one["forward_config"], "target_groups": groups}
    return one


def written(wanted: list[Mapping[str, Any]], found: Iterable[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """The actions as AWS takes them: whole, with what is there where the sheet does not say otherwise of an action of the same type."""
    there = {action["Type"]: action for action in found}
    wanted = _by_order(wanted)
    after = [_over(there.get(one.get("type"), {}), to_aws(ACTIONS, one)) for one in wanted]
    return after if len(after) < 2 else [{**action, "Order": action.get("Order") or place} for place, action in enumerate(after, 1)]


def _over(base: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    config = next((member for member in wanted if member.endswith("Config")), None)
    after = {name: value for name, value in wanted.items() if name != config}
    if config:
        after[config] = {**(base.get(config) or {}), **wanted[config]}
    if config == "AuthenticateOidcConfig" and base and "ClientSecret" not in after[config]:
        after[config]["UseExistingClientSecret"] = True
    return after


def targets(wanted: Iterable[Mapping[str, Any]] | None) -> set[str]:
    """The target groups to which actions lead."""
    spelt = [_spelt(one).get("forward_config") or {} for one in wanted or []]
    return {group["target_group"] for forward in spelt for group in forward.get("target_groups") or []}


def action_faults(wanted: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is wrong with actions in a sheet alone: each rule leads to exactly one place, at its end, and an action has what its type needs."""
    given = _by_order([one for one in wanted if isinstance(one, Mapping)]) if isinstance(wanted, list) else []
    routing = [one.get("type") for one in given if one.get("type") in ROUTING]
    if given and (len(routing) != 1 or given[-1].get("type") not in ROUTING):
        yield "one_of", dict(value=", ".join(str(one.get("type")) for one in given), other=", ".join(ROUTING))
    for one in given:
        needed = ROUTING.get(one.get("type"), ())
        if needed and len([name for name in needed if one.get(name)]) != 1:
            yield "one_of", dict(value=one.get("type"), other=", ".join(needed), item=one)


def action_problem(wanted: Any) -> str | None:
    """The same for those who use a module alone."""
    found = [f"write exactly one of {facts['other']}; found {facts['value']!r}" for dummy, facts in action_faults(wanted)]
    return "; ".join(found) or None


# ---- which load balancer


def balancer_of(arn: str) -> str:
    """The ARN of the load balancer that a listener's or a rule's ARN tells of."""
    head, dummy, path = arn.partition("/")
    return f"{head.replace(':listener-rule', ':loadbalancer').replace(':listener', ':loadbalancer')}/{'/'.join(path.split('/')[:3])}"


def listeners(aws: Aws, balancers: Collection[str]) -> list[Mapping[str, Any]]:
    """AWS lists the listeners of one load balancer at a time."""
    return [one for arn in sorted(balancers) for one in aws.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)]


def balancers_of(aws: Aws, wanted: Iterable[Mapping[str, Any]] | None) -> set[str]:
    """The load balancers that entries tell of; all where nobody asks for some."""

    def every() -> set[str]:
        return {one["LoadBalancerArn"] for one in aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")}

    return scopes(wanted, "load_balancer", balancer_of, every)
