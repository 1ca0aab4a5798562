#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _tags, _tokens
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, merged, refs

# Option → member. Lists are whole in the creating call, and Add… and Remove… in the changing one.
LISTS = dict(
    network_load_balancers="NetworkLoadBalancerArns",
    gateway_load_balancers="GatewayLoadBalancerArns",
    supported_ip_address_types="SupportedIpAddressTypes",
    supported_regions="SupportedRegions",
)
BALANCERS = ("network_load_balancers", "gateway_load_balancers")
VALUES = dict(acceptance_required="AcceptanceRequired", private_dns_name="PrivateDnsName")
DEAD = ("deleting", "deleted", "failed")
# Option → states of a connection. What still waits for an answer is in neither.
CONNECTIONS = dict(accepted_endpoints=("available", "pending", "partial"), rejected_endpoints=("rejected",))
WAITING = "pendingacceptance"
EVERYBODY = "*"
NOT_YET = (*_tags.NOT_YET, "InvalidVpcEndpointServiceId.NotFound")


def find(aws, wanted):
    services = aws.pages("ec2", "describe_vpc_endpoint_service_configurations", "ServiceConfigurations")
    connections = aws.pages("ec2", "describe_vpc_endpoint_connections", "VpcEndpointConnections")
    return [_have(service, connections) for service in services if service.get("ServiceState", "").lower() not in DEAD]


def _have(service, connections=()):
    mine = {one["VpcEndpointId"]: one["VpcEndpointState"].lower() for one in connections if one["ServiceId"] == service["ServiceId"] and "VpcEndpointId" in one}
    dns, state = service.get("PrivateDnsNameConfiguration") or {}, service.get("ServiceState", "").lower()
    return dict(
        id=service["ServiceId"],
        network_load_balancers=service.get("NetworkLoadBalancerArns", []),
        gateway_load_balancers=service.get("GatewayLoadBalancerArns", []),
        acceptance_required=service.get("AcceptanceRequired"),
        private_dns_name=service.get("PrivateDnsName"),
        private_dns_name_verified=dns.get("State") == "verified",
        supported_ip_address_types=service.get("SupportedIpAddressTypes", []),
        supported_regions=[region["Region"] for region in service.get("SupportedRegions", [])],
        payer_responsibility=service.get("PayerResponsibility"),
        _connections=mine,
        _moving="pending" if state == "pending" else None,
        _failed=f"it is {state}" if state in DEAD else None,
        **{option: sorted(one for one, state in mine.items() if state in states) for option, states in CONNECTIONS.items()},
        **_tags.name_and_tags(service),
    )


def look(aws, ids):
    """Without who is connected, which `find` tells."""
    found = [_have(service) for service in _described(aws, ids)]
    told = ("_connections", *CONNECTIONS)
    return [{name: value for name, value in have.items() if name not in told} for have in found]


def _described(aws, ids):
    filters = [dict(Name="service-id", Values=ids)]
    return aws.pages("ec2", "describe_vpc_endpoint_service_configurations", "ServiceConfigurations", Filters=filters)


def read(aws, have, names):
    if "allowed_principals" not in names:
        return {}
    principals = aws.pages("ec2", "describe_vpc_endpoint_service_permissions", "AllowedPrincipals", ServiceId=have["id"])
    # The other type of permission lets transit gateways in, of which no option tells.
    return dict(allowed_principals=[one["Principal"] for one in principals if one.get("PermissionType", "vpc-endpoint") == "vpc-endpoint"])


def create(aws, want):
    """Who may connect comes afterwards: until then nobody may."""
    arguments = {member: want[option] for option, member in VALUES.items() if option in want}
    arguments.update((member, want[option].get("add") or want[option].get("set") or []) for option, member in LISTS.items() if option in want)
    arguments["TagSpecifications"] = _tags.specifications("vpc-endpoint-service", want)
    order = aws.ec2.create_vpc_endpoint_service_configuration
    service = _tokens.make(aws, order, arguments, lambda answer: answer["ServiceConfiguration"]["ServiceId"], lambda one: _look(aws, one))
    return dict(_have(service), allowed_principals=[])


def _available(aws, service_id):
    """When AWS is done with one change of it, and takes the next."""
    aws.wait(f"endpoint service {service_id}", lambda: look(aws, [service_id]), lambda seen: seen and not seen[0]["_moving"], limit=600)


def _look(aws, service_id):
    return next(iter(_described(aws, [service_id])), None)


def update(aws, have, change):
    """First what the service is, then who may connect, then who is let in and who is put out."""
    _tags.update(aws, have, change)
    service = dict(ServiceId=have["id"])
    arguments = _configuration(change)
    if arguments:
        aws.ec2.modify_vpc_endpoint_service_configuration(**service, **arguments)
        _available(aws, have["id"])
    if "payer_responsibility" in change:
        aws.ec2.modify_vpc_endpoint_service_payer_responsibility(**service, PayerResponsibility=change["payer_responsibility"])
    if "allowed_principals" in change:
        delta = change["allowed_principals"]
        principals = dict(AddAllowedPrincipals=delta.add, RemoveAllowedPrincipals=delta.remove)
        aws.ec2.modify_vpc_endpoint_service_permissions(**service, **{member: named for member, named in principals.items() if named})
    _answer(aws, have["id"], change)
    if change.get("private_dns_name_verified"):
        _verify(aws, have["id"])


def _configuration(change):
    arguments = {member: change[option] for option, member in VALUES.items() if change.get(option) is not None}
    if "private_dns_name" in change and change["private_dns_name"] is None:
        arguments["RemovePrivateDnsName"] = True
    for option, member in LISTS.items():
        if option in change:
            arguments.update({f"Add{member}": change[option].add, f"Remove{member}": change[option].remove})
    return {member: value for member, value in arguments.items() if value != []}


def _answer(aws, service_id, change):
    """AWS answers both calls with success, and lists what it did not do."""
    accepted, rejected = (change.get(option) for option in CONNECTIONS)
    let_in = accepted.add if accepted else []
    put_out = [*(accepted.remove if accepted else []), *(rejected.add if rejected else [])]
    for call, endpoints in ((aws.ec2.accept_vpc_endpoint_connections, let_in), (aws.ec2.reject_vpc_endpoint_connections, put_out)):
        for failed in call(ServiceId=service_id, VpcEndpointIds=list(dict.fromkeys(endpoints))).get("Unsuccessful", []) if endpoints else ():
            raise Problem(f"{failed.get('ResourceId')}: {failed['Error']['Code']}: {failed['Error']['Message']}")


def _verify(aws, service_id):
    with aws.reading():
        record = _look(aws, service_id).get("PrivateDnsNameConfiguration") or {}
    aws.ec2.start_vpc_endpoint_service_private_dns_verification(ServiceId=service_id)

    def state():
        return ((_look(aws, service_id) or {}).get("PrivateDnsNameConfiguration") or {}).get("State")

    if aws.wait(f"verification of the private DNS name of {service_id}", state, lambda seen: seen != "pendingVerification", limit=600) != "verified":
        told = f"{record.get('Type')} record {record.get('Name')} with the value {record.get('Value')}"
        raise Problem(f"AWS did not find the {told} in the public zone of the private DNS name: put it there, and run again")


def delete(aws, have):
    for refused in aws.ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[have["id"]]).get("Unsuccessful", []):
        raise Problem(f"{refused['Error']['Code']}: {refused['Error']['Message']}")


def holders(aws, haves):
    """DeleteVpcEndpointServiceConfigurations: "you must reject any Available or PendingAcceptance interface endpoint connections"."""
    for have in haves:
        for endpoint, state in have["_connections"].items():
            if state in (*CONNECTIONS["accepted_endpoints"], WAITING):
                yield Holder(have["id"], "endpoints connected or waiting, and not in rejected_endpoints", endpoint, (("ec2_vpc_endpoints", endpoint),))


def danger(have, change):
    reasons = []
    principals = change.get("allowed_principals")
    if principals and EVERYBODY in principals.add:
        reasons.append("would let every AWS account ask for a connection")
    if change.get("payer_responsibility"):
        reasons.append("would make this account pay for the endpoints of all who connect, which AWS does not take back")
    if have and change.get("acceptance_required") is False:
        reasons.append("would let everybody who is allowed connect without being asked")
    taken = [one for option in LISTS for one in _part(change, option, "remove")]
    if have and taken:
        reasons.append(f"would take {', '.join(taken)} off the service, and cut who uses it through them")
    put_out = {*_part(change, "accepted_endpoints", "remove"), *_part(change, "rejected_endpoints", "add")} & set(have.get("accepted_endpoints", ()))
    if put_out:
        reasons.append(f"would cut the connections of {', '.join(sorted(put_out))}")
    if have.get("private_dns_name") and "private_dns_name" in change:
        reasons.append(f"would make {have['private_dns_name']} no longer lead to the service in the VPCs of those who use it")
    return " and ".join(reasons) or None


def _part(change, option, verb):
    return getattr(change[option], verb) if option in change else []


def refuse(want, have, change):
    if change.get("private_dns_name_verified") is False:
        raise Problem("private_dns_name_verified: a verification is not taken back; clear private_dns_name instead")
    if change.get("private_dns_name_verified") and not {**have, **change}.get("private_dns_name"):
        raise Problem("private_dns_name_verified: there is no private_dns_name to verify")
    for option, delta in ((option, change[option]) for option in CONNECTIONS if option in change):
        unknown = [endpoint for endpoint in delta.add if endpoint not in have.get("_connections", {})]
        if unknown:
            raise Problem(f"{option}: {', '.join(unknown)} did not ask for a connection to this service")
    if set(_part(change, "rejected_endpoints", "remove")) - set(_part(change, "accepted_endpoints", "add")):
        raise Problem("rejected_endpoints: AWS forgets no rejection. Name the endpoint in accepted_endpoints, or leave it")
    after = merged(KIND.options, have, change)
    if not any(after.get(option) for option in BALANCERS):
        raise Problem(f"a service has at least one load balancer: name it in {' or '.join(BALANCERS)}")


def faults(entries, sheet):
    """One type of load balancer, and an endpoint is let in or put out."""
    for index, entry in enumerate(entries):
        network, gateway = (_named(entry.get(option)) for option in BALANCERS)
        if network and gateway:
            yield index, "gateway_load_balancers", "one_of", dict(value=", ".join([*network, *gateway]), other=", ".join(BALANCERS))
        for endpoint in set(_named(entry.get("accepted_endpoints"))) & set(_named(entry.get("rejected_endpoints"))):
            yield index, "rejected_endpoints", "contradiction", dict(value=endpoint)


def _named(value):
    return [*(value.get("add") or []), *(value.get("set") or [])] if isinstance(value, dict) else value or []


def _many(**facts):
    return Option("list", "str", many=True, **facts)


KIND = Kind(
    name="ec2_vpc_endpoint_services",
    identity=("name",),
    options=dict(
        name=Option(),
        network_load_balancers=refs("elbv2_load_balancers"),
        gateway_load_balancers=refs("elbv2_load_balancers"),
        acceptance_required=Option("bool", required=True),
        allowed_principals=_many(),
        accepted_endpoints=_many(),
        rejected_endpoints=_many(),
        private_dns_name=Option(clearable=True),
        private_dns_name_verified=Option("bool"),
        supported_ip_address_types=_many(),
        supported_regions=_many(),
        payer_responsibility=Option(api="ModifyVpcEndpointServicePayerResponsibility.PayerResponsibility"),
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
    holders=holders,
    faults=faults,
    not_yet=NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
