# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoint services of PrivateLink: who may connect, who is connected, and whose the private DNS name is."""

from __future__ import annotations

import hashlib
import re

from moto.ec2.models import ec2_backends
from moto.route53.models import route53_backends

from ..rules import Refused
from .book import BOOK, forget_tags, invalid
from .endpoints import living

PRINCIPAL = re.compile(r"\*|arn:aws:iam::\d{12}:(root|user/[\w+=,.@-]+|role/[\w+=,.@-]+)")
CONNECTED = ("available", "pendingAcceptance")
KINDS = {"network": "NetworkLoadBalancerArns", "gateway": "GatewayLoadBalancerArns"}


def service_of(ec2, service_id):
    if service_id not in ec2.configurations:
        raise Refused("InvalidVpcEndpointServiceId.NotFound", f"The VpcEndpointService Id '{service_id}' does not exist")
    return ec2.configurations[service_id]


def refused(ids, code, message):
    return [{"ResourceId": one, "Error": {"Code": code, "Message": message}} for one in ids]


# -- the service ----------------------------------------------------------------------------------


def balancers_exist(ec2, given):
    """CreateVpcEndpointServiceConfiguration: "you must create one of the following for your service"; each of the type that the member names."""
    for kind, member in KINDS.items():
        for arn in given.get(member) or []:
            balancer = ec2.elbv2_backend.load_balancers.get(arn)
            if balancer is None or (balancer.type or "application") != kind:
                raise Refused("InvalidParameter", f"{member}: there is no {kind} load balancer {arn}")


def types_are_known(types):
    """SupportedIpAddressTypes: "The possible values are ipv4 and ipv6"."""
    if set(types or ()) - {"ipv4", "ipv6"}:
        raise invalid(f"SupportedIpAddressTypes: {types}")


@BOOK.adds("CreateVpcEndpointServiceConfiguration")
def create(ec2, AcceptanceRequired, PrivateDnsName, SupportedIpAddressTypes, SupportedRegions, TagSpecifications, **given):
    """CreateVpcEndpointServiceConfiguration: "you must create one of the following for your service"; PrivateDnsName: "(Interface endpoint configuration)"."""
    network, gateway = (given.get(member) or [] for member in KINDS.values())
    if bool(network) == bool(gateway):
        raise Refused("InvalidParameter", "exactly one of NetworkLoadBalancerArns and GatewayLoadBalancerArns must be specified")
    if gateway and PrivateDnsName:
        raise Refused("InvalidParameter", "PrivateDnsName is for interface endpoint services only")
    balancers_exist(ec2, given)
    types_are_known(SupportedIpAddressTypes)
    tags = [tag for one in TagSpecifications or [] for tag in one.get("Tags", [])]
    required = AcceptanceRequired is not False
    service = ec2.create_vpc_endpoint_service_configuration([*network, *gateway], required, None, tags, SupportedRegions or [ec2.region_name])
    service.network_load_balancer_arns, service.gateway_load_balancer_arns = list(network), list(gateway)
    service._service_type_name = "Interface" if network else "GatewayLoadBalancer"
    service.ip_types, service.payer = list(SupportedIpAddressTypes or ["ipv4"]), None
    name_it(service, PrivateDnsName)
    return {"ServiceConfiguration": shown(ec2, service)}


def name_it(service, name):
    """ModifyVpcEndpointServiceConfiguration: "If you set or modify the private DNS name, you must prove that you own the private DNS domain name"."""
    service.private_dns_name = name
    told = hashlib.sha256(str(name).encode()).hexdigest()
    service.dns = {"State": "pendingVerification", "Type": "TXT", "Name": f"_{told[:20]}", "Value": f"vpce:{told[20:40]}"} if name else None


def shown(ec2, service):
    result = {
        "ServiceType": [{"ServiceType": service._service_type_name}],
        "ServiceId": service.id,
        "ServiceName": service.service_name,
        "ServiceState": service.service_state,
        "AvailabilityZones": service.availability_zones,
        "AcceptanceRequired": service.acceptance_required,
        "NetworkLoadBalancerArns": service.network_load_balancer_arns,
        "GatewayLoadBalancerArns": service.gateway_load_balancer_arns,
        "SupportedIpAddressTypes": service.ip_types,
        "SupportedRegions": service.supported_regions,
        "BaseEndpointDnsNames": service.base_endpoint_dns_names,
        "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in ec2.describe_tags(filters={"resource-id": [service.id]})],
    }
    more = {"PrivateDnsName": service.private_dns_name, "PrivateDnsNameConfiguration": service.dns, "PayerResponsibility": service.payer}
    return {**result, **{member: value for member, value in more.items() if value}}


def filtered(Filters, **values):
    """Whether the filters let pass what has these values."""
    return all(values[one["Name"].replace("-", "_")] in one["Values"] for one in Filters or [])


@BOOK.adds("DescribeVpcEndpointServiceConfigurations")
def describe(ec2, ServiceIds, Filters, **_):
    services = [service_of(ec2, one) for one in ServiceIds] if ServiceIds else ec2.configurations.values()
    return {"ServiceConfigurations": [shown(ec2, one) for one in services if filtered(Filters, service_id=one.id, service_name=one.service_name)]}


LISTS = {
    "NetworkLoadBalancerArns": "network_load_balancer_arns",
    "GatewayLoadBalancerArns": "gateway_load_balancer_arns",
    "SupportedIpAddressTypes": "ip_types",
    "SupportedRegions": "_supported_region_names",
}


@BOOK.adds("ModifyVpcEndpointServiceConfiguration")
def modify(ec2, ServiceId, PrivateDnsName, RemovePrivateDnsName, AcceptanceRequired, **given):
    """ModifyVpcEndpointServiceConfiguration: what is added is new, what is removed is there, and something stays."""
    service = service_of(ec2, ServiceId)
    balancers_exist(ec2, {member: given.get(f"Add{member}") for member in KINDS.values()})
    types_are_known(given.get("AddSupportedIpAddressTypes"))
    after = {}
    for member, attribute in LISTS.items():
        now, add, gone = getattr(service, attribute), given.get(f"Add{member}") or [], given.get(f"Remove{member}") or []
        if set(add) & set(now) or set(gone) - set(now):
            raise invalid(f"{member}: {add} must be new, and {gone} must be there")
        after[attribute] = [one for one in now if one not in gone] + add
    balancers = after["network_load_balancer_arns"], after["gateway_load_balancer_arns"]
    if all(balancers) or not any(balancers) or not after["ip_types"] or not after["_supported_region_names"]:
        raise Refused("InvalidParameter", "a service has load balancers of one type, an IP address type and a Region")
    vars(service).update(after)
    if AcceptanceRequired is not None:
        service.acceptance_required = AcceptanceRequired
    if RemovePrivateDnsName or (PrivateDnsName and PrivateDnsName != service.private_dns_name):
        name_it(service, None if RemovePrivateDnsName else PrivateDnsName)
    return {"Return": True}


@BOOK.adds("ModifyVpcEndpointServicePayerResponsibility")
def modify_payer(ec2, ServiceId, PayerResponsibility, **_):
    service_of(ec2, ServiceId).payer = PayerResponsibility
    return {"ReturnValue": True}


@BOOK.adds("DeleteVpcEndpointServiceConfigurations")
def delete(ec2, ServiceIds, **_):
    """DeleteVpcEndpointServiceConfigurations: "you must reject any Available or PendingAcceptance interface endpoint connections"."""
    missing = [one for one in ServiceIds if one not in ec2.configurations]
    used = [one for one in ServiceIds if one not in missing and any(endpoint.state in CONNECTED for endpoint in connections(ec2.configurations[one]))]
    for one in set(ServiceIds) - {*missing, *used}:
        del ec2.configurations[one]
        forget_tags(ec2, one)
    absent = refused(missing, "InvalidVpcEndpointServiceId.NotFound", "The service does not exist")
    return {"Unsuccessful": absent + refused(used, "ExistingVpcEndpointConnections", "Service has existing active VPC Endpoint connections!")}


# -- who may connect ------------------------------------------------------------------------------


@BOOK.adds("ModifyVpcEndpointServicePermissions")
def modify_permissions(ec2, ServiceId, AddAllowedPrincipals, RemoveAllowedPrincipals, **_):
    """ModifyVpcEndpointServicePermissions: "Principal ARNs with path components aren't supported"."""
    service = service_of(ec2, ServiceId)
    for one in AddAllowedPrincipals or []:
        if not PRINCIPAL.fullmatch(one):
            raise Refused("InvalidPrincipal", f"Invalid Principal: '{one}'")
    kept = [one for one in service.principals if one not in (RemoveAllowedPrincipals or [])]
    service.principals = list(dict.fromkeys([*kept, *(AddAllowedPrincipals or [])]))
    return {"ReturnValue": True}


@BOOK.adds("DescribeVpcEndpointServicePermissions")
def describe_permissions(ec2, ServiceId, **_):
    return {
        "AllowedPrincipals": [{"Principal": one, "ServiceId": ServiceId, "PermissionType": "vpc-endpoint"} for one in service_of(ec2, ServiceId).principals]
    }


def of_amazon(ec2, region):
    """The services of AWS's own that have endpoints there, as DescribeVpcEndpointServices lists them."""
    return {service["ServiceName"] for service in ec2._collect_default_endpoint_services(ec2.account_id, region)}


def named(service_name):
    """The service of that name, whoever's it is."""
    for by_region in dict.values(ec2_backends):
        for ec2 in dict.values(by_region):
            for service in ec2.configurations.values():
                if service.service_name == service_name:
                    return service
    return None


@BOOK.rule("CreateVpcEndpoint")
def the_service_lets_the_account_ask(ec2, ServiceName, ServiceRegion, **_):
    """Error codes, InvalidServiceName: "The name of the VPC endpoint service is not valid. To get a list of available service names, use
    DescribeVpcEndpointServices." PrivateLink guide, "Manage permissions": by default an endpoint service is not available to service consumers.
    """
    if ServiceName is None or ServiceName in of_amazon(ec2, ServiceRegion or ec2.region_name):
        return
    service = named(ServiceName)
    mine = service is not None and service.ec2_backend.account_id == ec2.account_id
    if service is None or not (mine or any(one == "*" or f"::{ec2.account_id}:" in one for one in service.principals)):
        raise Refused("InvalidServiceName", f"The Vpc Endpoint Service '{ServiceName}' does not exist")


@BOOK.after("CreateVpcEndpoint")
def the_service_is_asked(ec2, ServiceName, **_):
    """CreateVpcEndpointServiceConfiguration.AcceptanceRequired: requests "must be accepted manually"."""
    service = named(ServiceName)
    if service is not None and service.acceptance_required:
        list(ec2.vpc_end_points.values())[-1].state = "pendingAcceptance"


# -- who is connected -----------------------------------------------------------------------------


def connections(service):
    backends = [ec2 for by_region in dict.values(ec2_backends) for ec2 in dict.values(by_region)]
    return [endpoint for ec2 in backends for endpoint in living(ec2) if endpoint.service_name == service.service_name]


@BOOK.adds("DescribeVpcEndpointConnections")
def describe_connections(ec2, Filters, **_):
    rows = []
    for service in ec2.configurations.values():
        for one in connections(service):
            if filtered(Filters, service_id=service.id, vpc_endpoint_id=one.id, vpc_endpoint_state=one.state):
                owner = one.ec2_backend.account_id
                rows.append({"ServiceId": service.id, "VpcEndpointId": one.id, "VpcEndpointOwner": owner, "VpcEndpointState": one.state})
    return {"VpcEndpointConnections": rows}


def answer(operation, state, possible):
    @BOOK.adds(operation)
    def write(ec2, ServiceId, VpcEndpointIds, **_):
        service = service_of(ec2, ServiceId)
        asked = {one.id: one for one in connections(service)}
        missing = [one for one in VpcEndpointIds if one not in asked]
        wrong = [one for one in VpcEndpointIds if one in asked and asked[one].state not in possible]
        for one in set(VpcEndpointIds) - {*missing, *wrong}:
            asked[one].state = state
        absent = refused(missing, "InvalidVpcEndpointId.NotFound", "The endpoint did not ask for a connection")
        return {"Unsuccessful": absent + refused(wrong, "InvalidState", f"The connection cannot become {state}")}


answer("AcceptVpcEndpointConnections", "available", ("pendingAcceptance", "rejected"))
answer("RejectVpcEndpointConnections", "rejected", CONNECTED)


# -- whose the name is ----------------------------------------------------------------------------


@BOOK.adds("StartVpcEndpointServicePrivateDnsVerification")
def start_verification(ec2, ServiceId, **_):
    """StartVpcEndpointServicePrivateDnsVerification: "they must add a record to the DNS server" before."""
    service = service_of(ec2, ServiceId)
    if not service.dns:
        raise Refused("InvalidParameter", f"{ServiceId} has no private DNS name")
    record = f"{service.dns['Name']}.{service.private_dns_name}"
    found = any(
        holds(zone, record, service.dns["Value"])
        for by_partition in dict.values(route53_backends)
        for one in dict.values(by_partition)
        for zone in one.zones.values()
    )
    service.dns = {**service.dns, "State": "verified" if found else "failed"}
    return {"ReturnValue": True}


def holds(zone, record, value):
    return any(one.name.rstrip(".") == record and one.type == "TXT" and f'"{value}"' in one.records for one in zone.rrsets)
