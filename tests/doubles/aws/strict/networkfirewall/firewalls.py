# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewalls and their endpoints, which are VPC endpoints of the account."""

from __future__ import annotations

from moto.ec2.models import ec2_backends
from moto.ec2.utils import random_private_ip

from ..ec2.book import subnet_of
from .book import BOOK, Thing, encryption, found, invalid, missing, named_anew, not_valid, page, shown_tags
from .policies import policies

LOOKS = 2  # looks until what was begun is done; on AWS ten to fifteen minutes
SWITCHES = ("DeleteProtection", "SubnetChangeProtection", "FirewallPolicyChangeProtection")


class Firewall(Thing):
    def __init__(self, backend, name, policy_arn, vpc_id, tags):
        super().__init__(backend, "firewall", name, tags)
        self.policy_arn = policy_arn
        self.vpc_id = vpc_id
        self.mappings = {}  # zone → subnet mapping with the endpoint
        self.description = None
        self.protections = dict.fromkeys(SWITCHES, True)
        self.encryption = encryption(None)
        self.log_destinations = []
        self.dashboard = False
        self._transitions = {}  # zones whose endpoint comes or goes

    def describe(self):
        shown = {
            "FirewallName": self.name,
            "FirewallArn": self.arn,
            "FirewallId": self.id,
            "FirewallPolicyArn": self.policy_arn,
            "VpcId": self.vpc_id,
            "SubnetMappings": self.subnet_mappings(),
            **self.protections,
            "Tags": shown_tags(self),
            "EncryptionConfiguration": self.encryption,
        }
        return {**shown, "Description": self.description} if self.description is not None else shown

    def subnet_mappings(self):
        return [{key: value for key, value in one.items() if key != "EndpointId"} for one in self.mappings.values()]

    def status(self, departing=False):
        """FirewallStatus: READY "only when the ConfigurationSyncStateSummary value is IN_SYNC and the Attachment Status values [...] are READY"."""
        busy = self.look()
        moving = dict(self._transitions)
        if not busy:
            self._transitions = {}
        states = {zone: self.sync_state(one, moving.get(zone) if busy else None, busy) for zone, one in self.mappings.items()}
        going = {zone: {"Attachment": {"SubnetId": subnet, "Status": "DELETING"}} for zone, subnet in moving.items() if busy and zone not in self.mappings}
        status = "DELETING" if departing else "PROVISIONING" if busy else "READY"
        return {"Status": status, "ConfigurationSyncStateSummary": "PENDING" if busy else "IN_SYNC", "SyncStates": {**states, **going}}

    def sync_state(self, mapping, coming, busy):
        attachment = {"SubnetId": mapping["SubnetId"], "Status": "CREATING" if coming else "READY"}
        if not coming:
            attachment["EndpointId"] = mapping["EndpointId"]
        config = {self.policy_arn: {"SyncStatus": "PENDING" if busy else "IN_SYNC", "UpdateToken": self.token}}
        return {"Attachment": attachment, "Config": config}


def departing(backend):
    """Those that are being deleted: no longer things of the account, but still told of for some looks."""
    return vars(backend).setdefault("_transitions", {})


def ec2_of(backend):
    return ec2_backends[backend.account_id][backend.region_name]


def firewall_of(backend, arn, name, token=None):
    if any(name == one.name or arn == one.arn for one in departing(backend).values()):
        raise not_valid("the firewall is being deleted")
    firewall = found(backend.firewalls, arn, name)
    firewall.check_token(token)
    return firewall


# -- endpoints --------------------------------------------------------------------------------------


def zones_of(backend, firewall, mappings):
    """Subnets of the VPC, "each must belong to a different Availability Zone"; zone → mapping."""
    found_zones = {}
    for one in mappings:
        subnet = subnet_of(ec2_of(backend), one["SubnetId"])
        if subnet is None or subnet.vpc_id != firewall.vpc_id:
            raise invalid(f"subnet {one['SubnetId']} is not in {firewall.vpc_id}")
        zone = subnet.availability_zone
        if zone in found_zones or zone in firewall.mappings:
            raise invalid(f"{zone} has a subnet already: one subnet for each Availability Zone")
        found_zones[zone] = dict(one)
    return found_zones


def attach(backend, firewall, zones):
    ec2 = ec2_of(backend)
    for zone, mapping in zones.items():
        tags = {"Name": f"{firewall.name} ({zone})", "AWSNetworkFirewallManaged": "true", "Firewall": firewall.arn}
        interface = ec2.create_network_interface(mapping["SubnetId"], random_private_ip())
        interface.interface_type, interface.requester_managed, interface.status = "gateway_load_balancer_endpoint", True, "in-use"
        service = f"com.amazonaws.vpce.{backend.region_name}.vpce-svc-0{firewall.id.replace('-', '')[:16]}"
        kind, subnets = "GatewayLoadBalancer", [mapping["SubnetId"]]
        endpoint = ec2.create_vpc_endpoint(firewall.vpc_id, service, kind, None, [], subnets, [interface.id], tags=tags)
        endpoint.network_interface_ids, endpoint.requester_managed = [interface.id], True
        endpoint.ip_address_type, endpoint.service_region, endpoint.dns_options = "ipv4", backend.region_name, {}
        firewall.mappings[zone] = {"IPAddressType": "IPV4", **mapping, "EndpointId": endpoint.id}
        firewall._transitions[zone] = mapping["SubnetId"]


def detach(backend, firewall, zones):
    for zone in zones:
        mapping = firewall.mappings.pop(zone)
        firewall._transitions[zone] = mapping["SubnetId"]
        ec2_of(backend).delete_vpc_endpoints([mapping["EndpointId"]])


# -- operations -------------------------------------------------------------------------------------


@BOOK.adds("CreateFirewall")
def create_firewall(backend, FirewallName, FirewallPolicyArn, VpcId, SubnetMappings, Description, Tags, EncryptionConfiguration, **given):
    """CreateFirewall: the policy and the subnets are there; protections are initialized to TRUE unless named."""
    if not (FirewallPolicyArn and VpcId and SubnetMappings):
        raise invalid("FirewallPolicyArn, VpcId and SubnetMappings are required")
    if any(one.name == FirewallName for one in departing(backend).values()):
        raise invalid(f"a firewall {FirewallName} is being deleted")
    named_anew(backend.firewalls, FirewallName)
    policy_of(backend, FirewallPolicyArn)
    if VpcId not in ec2_of(backend).vpcs:
        raise invalid(f"{VpcId} does not exist")
    firewall = Firewall(backend, FirewallName, FirewallPolicyArn, VpcId, Tags)
    zones = zones_of(backend, firewall, SubnetMappings)
    firewall.description, firewall.encryption = Description, encryption(EncryptionConfiguration)
    firewall.protections.update({name: given[name] for name in SWITCHES if given.get(name) is not None})
    attach(backend, firewall, zones)
    backend.firewalls[firewall.arn] = firewall
    firewall.touch(LOOKS)
    return {"Firewall": firewall.describe(), "FirewallStatus": {"Status": "PROVISIONING", "ConfigurationSyncStateSummary": "PENDING"}}


def policy_of(backend, arn):
    if arn not in policies(backend):
        raise invalid(f"{arn} does not exist")


@BOOK.adds("DescribeFirewall")
def describe_firewall(backend, FirewallArn, FirewallName, **_):
    for arn, firewall in list(departing(backend).items()):
        if FirewallArn in (None, arn) and FirewallName in (None, firewall.name):
            status = firewall.status(departing=True)
            gone(backend, firewall)
            return {"UpdateToken": firewall.token, "Firewall": firewall.describe(), "FirewallStatus": status}
    firewall = found(backend.firewalls, FirewallArn, FirewallName)
    return {"UpdateToken": firewall.token, "Firewall": firewall.describe(), "FirewallStatus": firewall.status()}


def gone(backend, firewall):
    if not firewall._tick:
        departing(backend).pop(firewall.arn, None)


@BOOK.adds("ListFirewalls")
def list_firewalls(backend, NextToken, VpcIds, MaxResults, **_):
    """ListFirewalls: those that are being deleted too."""
    for firewall in list(departing(backend).values()):
        firewall.look()
        gone(backend, firewall)
    known = [*backend.firewalls.values(), *departing(backend).values()]
    rows = [{"FirewallName": one.name, "FirewallArn": one.arn} for one in known if not VpcIds or one.vpc_id in VpcIds]
    return page("Firewalls", rows, NextToken, MaxResults)


@BOOK.adds("DeleteFirewall")
def delete_firewall(backend, FirewallArn, FirewallName, **_):
    """DeleteFirewall: "requires the firewall's DeleteProtection flag to be FALSE"."""
    firewall = firewall_of(backend, FirewallArn, FirewallName)
    if firewall.protections["DeleteProtection"]:
        raise not_valid(f"Unable to delete {firewall.arn}: its deletion protection is on")
    detach(backend, firewall, list(firewall.mappings))
    del backend.firewalls[firewall.arn]
    firewall.touch(LOOKS)
    departing(backend)[firewall.arn] = firewall
    return {"Firewall": firewall.describe(), "FirewallStatus": {"Status": "DELETING", "ConfigurationSyncStateSummary": "PENDING"}}


def answer(firewall, **more):
    return {"FirewallArn": firewall.arn, "FirewallName": firewall.name, "UpdateToken": firewall.token, **more}


@BOOK.adds("AssociateSubnets")
def associate_subnets(backend, UpdateToken, FirewallArn, FirewallName, SubnetMappings, **_):
    """AssociateSubnets: not while SubnetChangeProtection is on."""
    firewall = firewall_of(backend, FirewallArn, FirewallName, UpdateToken)
    subnets_may_change(firewall)
    attach(backend, firewall, zones_of(backend, firewall, SubnetMappings))
    firewall.touch(LOOKS)
    return answer(firewall, SubnetMappings=firewall.subnet_mappings())


@BOOK.adds("DisassociateSubnets")
def disassociate_subnets(backend, UpdateToken, FirewallArn, FirewallName, SubnetIds, **_):
    """DisassociateSubnets: not while SubnetChangeProtection is on; a firewall keeps one."""
    firewall = firewall_of(backend, FirewallArn, FirewallName, UpdateToken)
    subnets_may_change(firewall)
    zones = [zone for zone, one in firewall.mappings.items() if one["SubnetId"] in SubnetIds]
    if len(zones) < len(SubnetIds):
        raise missing(", ".join(SubnetIds))
    if len(zones) == len(firewall.mappings):
        raise invalid("a firewall has at least one subnet")
    detach(backend, firewall, zones)
    firewall.touch(LOOKS)
    return answer(firewall, SubnetMappings=firewall.subnet_mappings())


def subnets_may_change(firewall):
    if firewall.protections["SubnetChangeProtection"]:
        raise not_valid(f"Unable to change the subnets of {firewall.arn}: its subnet change protection is on")


@BOOK.adds("AssociateFirewallPolicy")
def associate_firewall_policy(backend, UpdateToken, FirewallArn, FirewallName, FirewallPolicyArn, **_):
    """AssociateFirewallPolicy: not while FirewallPolicyChangeProtection is on."""
    firewall = firewall_of(backend, FirewallArn, FirewallName, UpdateToken)
    if firewall.protections["FirewallPolicyChangeProtection"]:
        raise not_valid(f"Unable to change the policy of {firewall.arn}: its policy change protection is on")
    policy_of(backend, FirewallPolicyArn)
    firewall.policy_arn = FirewallPolicyArn
    firewall.touch(LOOKS)
    return answer(firewall, FirewallPolicyArn=FirewallPolicyArn)


def switch(operation, member):
    @BOOK.adds(operation)
    def write(backend, UpdateToken, FirewallArn, FirewallName, **given):
        firewall = firewall_of(backend, FirewallArn, FirewallName, UpdateToken)
        firewall.protections[member] = given[member]
        firewall.touch(0)
        return answer(firewall, **{member: given[member]})


switch("UpdateFirewallDeleteProtection", "DeleteProtection")
switch("UpdateSubnetChangeProtection", "SubnetChangeProtection")
switch("UpdateFirewallPolicyChangeProtection", "FirewallPolicyChangeProtection")


@BOOK.adds("UpdateFirewallDescription")
def update_firewall_description(backend, UpdateToken, FirewallArn, FirewallName, Description, **_):
    """UpdateFirewallDescription: without a description there is none."""
    firewall = firewall_of(backend, FirewallArn, FirewallName, UpdateToken)
    firewall.description = Description
    firewall.touch(0)
    return answer(firewall, **({"Description": Description} if Description is not None else {}))


@BOOK.adds("UpdateFirewallEncryptionConfiguration")
def update_firewall_encryption_configuration(backend, UpdateToken, FirewallArn, FirewallName, EncryptionConfiguration, **_):
    firewall = firewall_of(backend, FirewallArn, FirewallName, UpdateToken)
    firewall.encryption = encryption(EncryptionConfiguration)
    firewall.touch(0)
    return answer(firewall, EncryptionConfiguration=firewall.encryption)
