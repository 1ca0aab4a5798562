#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _client_vpn, _client_vpn_endpoints, _networks, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Delta, Option, Problem, fixed, items, ref, refs, to_make


def find(aws, wanted):
    return [_client_vpn_endpoints.in_sheet_form(endpoint) for endpoint in _client_vpn.endpoints(aws)]


def look(aws, ids):
    """With all that hangs on them, for which AWS takes its time; it tells of one at a time."""
    found = _client_vpn.described(aws, dict(Name="endpoint-id", Values=ids))
    return [dict(_client_vpn_endpoints.in_sheet_form(endpoint), **_client_vpn.in_sheet_form(aws, endpoint["ClientVpnEndpointId"])) for endpoint in found]


def read(aws, have, names):
    """A target network is taken off only when no route goes through it."""
    needed = {*names, "routes"} if "target_networks" in names else {*names}
    parts = [part for part in _client_vpn.PARTS if part.option in needed]
    return _client_vpn.in_sheet_form(aws, have["id"], parts) if parts else {}


def create(aws, want):
    _client_vpn_endpoints.check_place(aws, want.get("vpc"), want["client_cidr_block"])
    _client_vpn.check_networks(aws, to_make(want, "target_networks"))
    made = _client_vpn_endpoints.make(aws, want, to_make(want, "security_groups"))
    return dict(made, target_networks=[], authorization_rules=[], routes=[])


def update(aws, have, change):
    """What goes stands on the other the other way round than what comes: routes and rules, then their networks."""
    networks, rules, routes = (change.get(part.option) or Delta([], [], []) for part in _client_vpn.PARTS)
    _check(aws, have, change)
    _tags.update(aws, have, change)
    _modify(aws, have, change)
    leave = [
        _client_vpn.end(aws, part, have["id"], [*delta.remove, *(old for old, dummy in delta.change)])
        for part, delta in ((_client_vpn.ROUTES, routes), (_client_vpn.RULES, rules))
    ]
    if any(leave) and (networks.remove or rules.change or routes.change):
        _client_vpn.await_end(aws, have["id"])
    if _client_vpn.end(aws, _client_vpn.NETWORKS, have["id"], networks.remove) and networks.add:
        _client_vpn.await_end(aws, have["id"])
    _client_vpn.begin(aws, _client_vpn.NETWORKS, have["id"], networks.add)
    _client_vpn.begin(aws, _client_vpn.RULES, have["id"], rules.coming)
    _create_routes(aws, have, routes.coming)
    return "modifying" if {part.option for part in _client_vpn.PARTS} & change.keys() else None


def _create_routes(aws, have, routes):
    """They need their networks. Who does not wait has them made by the next run."""
    if routes and _client_vpn.has_coming_networks(aws, have["id"]):
        if not aws.patient:
            return
        _client_vpn.await_networks(aws, have["id"])
    _client_vpn.begin(aws, _client_vpn.ROUTES, have["id"], routes)


def _check(aws, have, change):
    if "vpc" in change:
        _client_vpn_endpoints.check_place(aws, change["vpc"], have["client_cidr_block"])
        if have["vpc"] and _client_vpn.NETWORKS.listed(aws, have["id"]):
            raise Problem("vpc: an endpoint moves only without target networks. Take them off in a run of their own")
    if "target_networks" in change:
        stay = [subnet for subnet in have["target_networks"] if subnet not in change["target_networks"].remove]
        _client_vpn.check_networks(aws, [*stay, *change["target_networks"].add])


def _modify(aws, have, change):
    arguments = _client_vpn_endpoints.settings(change)
    if "connection_log_options" in change:
        _client_vpn.make_stream(aws, change["connection_log_options"])
    if "dns_servers" in change:
        arguments["DnsServers"] = dict(CustomDnsServers=change["dns_servers"], Enabled=True) if change["dns_servers"] else dict(Enabled=False)
    if "security_groups" in change:
        delta = change["security_groups"]
        arguments["SecurityGroupIds"] = [group for group in have["security_groups"] if group not in delta.remove] + delta.add
        arguments.setdefault("VpcId", have["vpc"])
    if arguments:
        aws.ec2.modify_client_vpn_endpoint(ClientVpnEndpointId=have["id"], **arguments)


def refuse(want, have, change):
    if "client_cidr_block" in change:
        _client_vpn_endpoints.check_size(change["client_cidr_block"])
    methods = [one["type"] for one in want.get("authentication_options") or have.get("authentication_options") or []]
    if change.get("self_service_portal") == "enabled" and set(methods) == {_client_vpn_endpoints.CERTIFICATE}:
        raise Problem("self_service_portal needs users of a directory or identity provider: with certificates alone there is none")
    if "security_groups" in change and not (want.get("vpc") or have.get("vpc")):
        raise Problem("security_groups need vpc")
    _networks.refuse_no_groups(KIND.options, have, change)
    for item in _coming(change, "authorization_rules"):
        if bool(item.get("access_group_id")) == bool(item.get("authorize_all_groups")):
            raise Problem(f"authorization_rules {item['target_network_cidr']}: write either access_group_id or authorize_all_groups: true")
    _refuse_routes({**have, **want}, have, change)


def _refuse_routes(all_of_it, have, change):
    for item in _coming(change, "routes"):
        if not item.get("target_vpc_subnet") and not _networks.same(item["destination_cidr_block"], all_of_it["client_cidr_block"]):
            raise Problem(f"routes {item['destination_cidr_block']}: target_vpc_subnet is needed; only the clients' own range has none")
    leaving = change["target_networks"].remove if "target_networks" in change else []
    gone = [(item["destination_cidr_block"], item["target_vpc_subnet"]) for item in (change["routes"].remove if "routes" in change else ())]
    for item in have.get("routes", []) if leaving else ():
        key = item["destination_cidr_block"], item["target_vpc_subnet"]
        if key[1] in leaving and key not in gone:
            raise Problem(f"target_networks: {key[1]} cannot go while the route to {key[0]} goes through it. Name the route in routes.remove as well")


def _coming(change, name):
    delta = change.get(name)
    return delta.coming if delta else []


def danger(have, change):
    if not change:
        return (
            f"would cut every session of {have['id']} and delete it with its target networks, rules and routes; "
            "a new endpoint has another address, so every profile has to be handed out again"
        )
    reasons = [*_of_networks(have, change), *_of_access(have, change), *(_of_settings(have, change) if have else ())]
    return " and ".join(reasons) or None


def _of_networks(have, change):
    delta = change.get("target_networks")
    if delta and delta.add:
        yield f"would associate {len(delta.add)} target networks, each of which AWS bills by the hour as long as it is associated"
    if delta and delta.remove:
        last = not delta.add and len(delta.remove) == len(have.get("target_networks", []))
        what, cut = ("the last", "every session") if last else (len(delta.remove), "the sessions through them")
        yield f"would take off {what} of the target networks and cut {cut}"


def _of_access(have, change):
    rules, routes = change.get("authorization_rules"), change.get("routes")
    for item in _coming(change, "authorization_rules"):
        if item["target_network_cidr"] == "0.0.0.0/0" and item.get("authorize_all_groups"):
            yield "would let everybody who connects reach every network (0.0.0.0/0)"
    if rules and rules.remove:
        yield f"would take away the access to {', '.join(sorted({item['target_network_cidr'] for item in rules.remove}))}"
    if rules and rules.change:
        networks = ", ".join(old["target_network_cidr"] for old, dummy in rules.change)
        yield f"would revoke the access to {networks} and grant it anew, because a rule cannot be changed"
    if routes and routes.remove:
        yield f"would delete the routes to {', '.join(sorted({item['destination_cidr_block'] for item in routes.remove}))}"
    if routes and routes.change:
        networks = ", ".join(old["destination_cidr_block"] for old, dummy in routes.change)
        yield f"would delete the routes to {networks} and make them anew, because a route cannot be changed"


def _of_settings(have, change):
    if "dns_servers" in change:
        yield "would reset every connection, as a change of DNS servers does"
    if "vpn_port" in change:
        yield "would make every profile useless that names the former port"
    if "server_certificate" in change:
        yield "would lock out everybody whose profile does not trust the issuer of the new certificate"
    if change.get("split_tunnel") is False:
        yield "would send all traffic of the users' computers through the VPN"
    if "security_groups" in change and change["security_groups"].remove:
        yield f"would take {len(change['security_groups'].remove)} security groups off, and with them what they let the users reach"
    if change.get("client_connect_options", {}).get("enabled"):
        yield "would let the function decide who gets a connection"
    if change.get("connection_log_options", {}).get("enabled") is False:
        yield "would end the record of who connects"


def delete(aws, have):
    users = _client_vpn.sessions(aws, have["id"])
    if users:
        aws.warn(f"{have['name'] or have['id']}: {len(users)} are connected now ({', '.join(users)}), and their sessions end with it")
    networks = [one["TargetNetworkId"] for one in _client_vpn.NETWORKS.listed(aws, have["id"])]
    if _client_vpn.end(aws, _client_vpn.NETWORKS, have["id"], networks):
        _client_vpn.await_end(aws, have["id"])
    aws.ec2.delete_client_vpn_endpoint(ClientVpnEndpointId=have["id"])
    aws.wait(f"deletion of {have['id']}", lambda: _client_vpn.endpoint(aws, have["id"]), lambda seen: seen is None, limit=600)


def faults(entries, sheet):
    widest, narrowest = _client_vpn_endpoints.WIDEST, _client_vpn_endpoints.NARROWEST
    for index, entry in enumerate(entries):
        for option, block in _networks.blocks(entry, "client_cidr_block"):
            parsed = _networks.network(block)
            if parsed and not widest <= parsed.prefixlen <= narrowest:
                code, limit = ("least", widest) if parsed.prefixlen < widest else ("most", narrowest)
                yield index, option, code, dict(value=f"/{parsed.prefixlen}", limit=f"/{limit}")
        servers = entry.get("dns_servers")
        if isinstance(servers, list) and len(servers) > 2:
            yield index, "dns_servers", "most", dict(value=len(servers), limit=2)
        for rule in (rule for dummy, rule in _networks.blocks(entry, "authorization_rules") if isinstance(rule, dict)):
            told = dict(value=rule.get("target_network_cidr"), item=rule)
            if rule.get("access_group_id") and rule.get("authorize_all_groups"):
                yield index, "authorization_rules", "one_of", dict(told, other="access_group_id, authorize_all_groups")
            elif not rule.get("access_group_id") and not rule.get("authorize_all_groups"):
                yield index, "authorization_rules", "needs", dict(told, other="access_group_id / authorize_all_groups")


def _spelt(option):
    return lambda item: {**item, option: _networks.canonical(item.get(option)) or item.get(option)}


API = "CreateClientVpnEndpoint"
AUTHENTICATION_OPTIONS = dict(
    type=Option(required=True, api=f"{API}.AuthenticationOptions.Type"),
    client_root_certificate_chain=ref("acm_certificates"),
    directory_id=Option(api=f"{API}.AuthenticationOptions.ActiveDirectory.DirectoryId"),
    saml_provider_arn=Option(api=f"{API}.AuthenticationOptions.FederatedAuthentication.SAMLProviderArn"),
    self_service_saml_provider_arn=Option(api=f"{API}.AuthenticationOptions.FederatedAuthentication.SelfServiceSAMLProviderArn"),
)


def _same_methods(one, other):
    """The order of the methods means nothing."""
    return sorted(map(_plain, one)) == sorted(map(_plain, other))


def _plain(method):
    return sorted((option, value) for option, value in method.items() if value is not None)


def _structure(options, **facts):
    return Option("dict", options=options, **facts)


KIND = Kind(
    name="ec2_client_vpn_endpoints",
    identity=("name",),
    options=dict(
        name=Option(),
        description=Option(api=f"{API}.Description"),
        client_cidr_block=fixed(required=True, same=_networks.same, wrong=_networks.wrong_ipv4_block),
        server_certificate=ref("acm_certificates", required=True),
        authentication_options=fixed("list", elements="dict", options=AUTHENTICATION_OPTIONS, required=True, same=_same_methods),
        connection_log_options=_structure(
            dict(
                enabled=Option("bool", required=True),
                cloudwatch_log_group=ref("logs_log_groups"),
                cloudwatch_log_stream=Option(api="logs:CreateLogStream.logStreamName"),
                include_authorization_policy_context=Option("bool"),
            ),
            required=True,
        ),
        dns_servers=Option("list", elements="str", clearable=True, wrong=_networks.wrong_address),
        transport_protocol=fixed(api=f"{API}.TransportProtocol"),
        vpn_port=Option("int"),
        split_tunnel=Option("bool"),
        vpc=ref("ec2_vpcs"),
        security_groups=refs("ec2_security_groups", within="vpc"),
        self_service_portal=Option(api=f"{API}.SelfServicePortal"),
        client_connect_options=_structure(dict(enabled=Option("bool", required=True), lambda_function_arn=Option())),
        session_timeout_hours=Option("int"),
        disconnect_on_session_timeout=Option("bool"),
        client_login_banner_options=_structure(dict(enabled=Option("bool", required=True), banner_text=Option())),
        client_route_enforcement_options=_structure(dict(enforced=Option("bool", required=True))),
        target_networks=refs("ec2_subnets", within="vpc"),
        authorization_rules=items(
            key=("target_network_cidr", "access_group_id"),
            spelt=_spelt("target_network_cidr"),
            options=dict(
                target_network_cidr=Option(required=True, wrong=_networks.wrong_block),
                access_group_id=Option(),
                authorize_all_groups=Option("bool"),
                description=Option(),
            ),
        ),
        routes=items(
            key=("destination_cidr_block", "target_vpc_subnet"),
            spelt=_spelt("destination_cidr_block"),
            options=dict(
                destination_cidr_block=Option(required=True, wrong=_networks.wrong_block),
                target_vpc_subnet=ref("ec2_subnets", within="vpc"),
                description=Option(),
            ),
        ),
        tags=_tags.beside_name(),
    ),
    find=find,
    look=look,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    faults=faults,
    seconds=_client_vpn.SECONDS,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
