#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _client_vpn, _client_vpn_endpoints, _networks
from ansible_collections.msp.aws.plugins.module_utils._actions import TICKET, Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._names import Names
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_change_client_vpn_cidr"
REVOKED = "client_certificate_revocation_list"


def plan(aws, params):
    old_id = Names(aws, {}, check_mode=False).id_of("ec2_client_vpn_endpoints", params["client_vpn_endpoint"])
    # A run that goes on where another broke off copies what that one saw.
    old = params["before"].get("endpoint") or _whole(aws, _client_vpn.endpoint(aws, old_id))
    goal, made = _goal(params, old), _made(aws, params)
    if made is None:
        _refuse(aws, old, goal)
    done = made is not None and _next_step(aws, goal, made) is None
    label = old["name"] or old_id
    return Plan(
        label=label,
        id=old_id,
        before={},
        after={} if done else {option: value for option, value in goal.items() if option != REVOKED},
        facts=dict(endpoint={option: value for option, value in old.items() if not option.startswith("_")}),
        dangers=(_danger(label, goal),),
    )


def _whole(aws, endpoint):
    """All of an endpoint in sheet form, with the list of revoked certificates, which no other option shows."""
    have = {**_client_vpn_endpoints.in_sheet_form(endpoint), **_client_vpn.in_sheet_form(aws, endpoint["ClientVpnEndpointId"])}
    return {**have, REVOKED: _revoked(aws, have)}


def _revoked(aws, have):
    """None where none was imported. Only who comes with a certificate can be on it."""
    if not any(one["type"] == _client_vpn_endpoints.CERTIFICATE for one in have["authentication_options"]):
        return None
    with aws.reading():
        exported = aws.ec2.export_client_vpn_client_certificate_revocation_list(ClientVpnEndpointId=have["id"])
    return exported.get("CertificateRevocationList") or None


def _goal(params, old):
    """The old one in every option, but for its name, its range and what is said of that range."""
    named = {option: value for option, value in old.items() if value not in (None, [], {}) and option != "id" and not option.startswith("_")}
    was, becomes = old["client_cidr_block"], params["client_cidr_block"]
    if was is None:
        raise Problem("the endpoint has no range of IPv4 addresses for its clients")

    def moved(option, items):
        return [{**item, option: becomes} if _networks.same(item[option], was) else item for item in items]

    return dict(
        named,
        name=params["new_client_vpn_endpoint"],
        client_cidr_block=becomes,
        authorization_rules=moved("target_network_cidr", old["authorization_rules"]),
        routes=moved("destination_cidr_block", old["routes"]),
        tags={**old["tags"], TICKET: params["ticket"]},
    )


def _made(aws, params):
    """The one of this ticket. One of this name that is of no or another ticket is somebody else's."""
    with aws.reading():
        found = [one for one in _client_vpn.endpoints(aws) if _client_vpn_endpoints.in_sheet_form(one)["name"] == params["new_client_vpn_endpoint"]]
        for one in found:
            if dict(Key=TICKET, Value=params["ticket"]) not in one["Tags"]:
                raise Problem(f"new_client_vpn_endpoint: {one['ClientVpnEndpointId']} is called so already, and it is not of this ticket: choose another name")
            return _whole(aws, one)
    return None


def _refuse(aws, old, goal):
    """What AWS would refuse half-way, and what no user could reach any more."""
    trouble = old.get("_moving") or old.get("_failed")
    if trouble:
        raise Problem(f"something of the old endpoint is on its way or has failed: {trouble}. See to that first")
    becomes, was = goal["client_cidr_block"], old["client_cidr_block"]
    _client_vpn_endpoints.check_size(becomes)
    _client_vpn_endpoints.check_place(aws, goal.get("vpc"), becomes)
    reached = {rule["target_network_cidr"] for rule in old["authorization_rules"]} | {route["destination_cidr_block"] for route in old["routes"]}
    for block in sorted({was, *reached}):
        # A default route leads to all that is nearer nowhere.
        if _networks.network(block).prefixlen and _networks.network(block).overlaps(_networks.network(becomes)):
            what = "the present range, and both are in use for a while" if _networks.same(block, was) else "which the users reach through the endpoint"
            raise Problem(f"client_cidr_block {becomes} overlaps {block}, {what}: take a range that nothing else uses")


def _danger(label, goal):
    return (
        f"would make a second endpoint, which users reach only with its own profile, with {len(goal.get('target_networks', []))} target networks, "
        f"each of which AWS bills by the hour beside those of {label} until that one is deleted"
    )


def act(aws, params, planned):
    goal = _goal(params, planned.facts["endpoint"])
    drive(aws, planned.label, partial(_made, aws, params), partial(_next_step, aws, goal))


def _next_step(aws, goal, made):
    """Who was locked out is so from the first moment on; routes come last, because they need their networks."""
    if made is None:
        return partial(_client_vpn_endpoints.make, aws, goal, goal.get("security_groups", []))
    if made["_moving"]:
        return partial(_settle, aws, made["id"])
    if goal.get(REVOKED) and not made[REVOKED]:
        revoke = aws.ec2.import_client_vpn_client_certificate_revocation_list
        return partial(revoke, ClientVpnEndpointId=made["id"], CertificateRevocationList=goal[REVOKED])
    for part in _client_vpn.PARTS:
        missing = _missing(part, goal, made)
        if missing:
            return partial(_client_vpn.begin, aws, part, made["id"], missing)
    return None


def _missing(part, goal, made):
    there = {part.key(item) for item in made[part.option]}
    return [item for item in goal.get(part.option, []) if part.key(item) not in there]


def _settle(aws, endpoint_id):
    look = partial(_client_vpn.in_sheet_form, aws, endpoint_id)
    seen = aws.wait(f"target networks, rules and routes of {endpoint_id}", look, lambda seen: not seen["_moving"], _client_vpn.SECONDS)
    if seen["_failed"]:
        raise Problem(f"the new endpoint {endpoint_id} is not whole, and the old one is as it was. {seen['_failed']}. See to that, and run this ticket again")


VERB = Verb(
    name=NAME,
    options={name: dict(type="str", required=True) for name in ("client_vpn_endpoint", "new_client_vpn_endpoint", "client_cidr_block", "ticket")},
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
