# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/enterprise as it stands: two accounts and two Regions, set up side by side, each through a role of its own."""

from __future__ import annotations

import json
import shutil

import boto3
import pytest
import yaml

from tests.certificates import authority
from tests.integration.conftest import SECRET, Customer
from tests.laws.outside import a_function
from tests.playbook import ROOT
from tools import coverage

INVENTORY = ROOT / "inventories" / "enterprise"
HUB, APP, PROVIDER, CARRIER, PARTNER = "222233334444", "555566667777", "999999999999", "888877776666", "777766665555"
# What destroys, buys or interrupts, as the engineer confirms it for the first run.
CONFIRM = [
    "directconnect_connections/ent-head-office",
    "directconnect_hosted_connections/ent-plant",
    "directconnect_hosted_virtual_interfaces/dxcon-fg15dbb4/301",
    "ec2_client_vpn_endpoints/ent-client-vpn",
    "networkfirewall_firewalls/ent-inspection",
    "shield_subscription/subscription",
]


class Enterprise(Customer):
    """The shipped inventory, and what its customer did before: roles that the provider may take on, a bundle of certificates, a queue, a function."""

    def __init__(self, folder, double):
        super().__init__(folder, double)
        shutil.rmtree(self.inventory)
        shutil.copytree(INVENTORY, self.inventory)
        for account, contract in ((HUB, "ENT-2026-0101"), (APP, "ENT-2026-0103")):
            allowed = dict(Effect="Allow", Principal=dict(AWS=f"arn:aws:iam::{PROVIDER}:root"), Action="sts:AssumeRole")
            trust = dict(Version="2012-10-17", Statement=[dict(allowed, Condition=dict(StringEquals={"sts:ExternalId": contract}))])
            self.client("iam", account).create_role(RoleName="msp-operator", AssumeRolePolicyDocument=json.dumps(trust))

        self.client("s3", APP).create_bucket(Bucket="ent-authorities", CreateBucketConfiguration=dict(LocationConstraint="ap-northeast-1"))
        for key, body in zip(("partners.pem", "partners.crl"), authority("partners", revoked=1), strict=True):
            self.client("s3", APP).put_object(Bucket="ent-authorities", Key=key, Body=body)
        self.client("sqs", APP).create_queue(QueueName="ent-orders", Attributes=dict(VisibilityTimeout="180"))
        a_function(lambda service: self.client(service, APP), "ent-rotation")
        self.carrier_opens_the_line()
        self.partner_opens_the_service()
        blog = dict(availabilityZone="ap-northeast-1a", blueprintId="wordpress", bundleId="micro_3_0")
        self.client("lightsail", APP).create_instances(instanceNames=["ent-blog"], **blog)

    def carrier_opens_the_line(self):
        """A hosted connection to the plant, and a virtual interface on a port of the carrier's."""
        carrier = self.client("directconnect", CARRIER)
        port = carrier.create_interconnect(interconnectName="Example Carrier", bandwidth="10Gbps", location="EqTY2")["interconnectId"]
        carrier.allocate_hosted_connection(connectionId=port, ownerAccount=HUB, bandwidth="100Mbps", connectionName="ent-plant", vlan=101)
        port = carrier.create_connection(location="EqTY2", bandwidth="10Gbps", connectionName="carrier-archive")["connectionId"]
        told = dict(virtualInterfaceName="archive", vlan=301, asnLong=65000, amazonAddress="169.254.30.1/30", customerAddress="169.254.30.2/30")
        carrier.allocate_private_virtual_interface(connectionId=port, ownerAccount=HUB, newPrivateVirtualInterfaceAllocation=told)

    def partner_opens_the_service(self):
        """An endpoint service, whose id the partner tells."""
        partner = self.client("ec2", PARTNER)
        subnet = partner.describe_subnets()["Subnets"][0]["SubnetId"]
        balancer = self.client("elbv2", PARTNER).create_load_balancer(Name="api", Type="network", Scheme="internal", Subnets=[subnet])["LoadBalancers"][0]
        offered = dict(NetworkLoadBalancerArns=[balancer["LoadBalancerArn"]], AcceptanceRequired=False)
        service = partner.create_vpc_endpoint_service_configuration(**offered)["ServiceConfiguration"]["ServiceId"]
        partner.modify_vpc_endpoint_service_permissions(ServiceId=service, AddAllowedPrincipals=[f"arn:aws:iam::{HUB}:root"])
        sheet = self.inventory / "host_vars" / "hub" / "sheet.yml"
        sheet.write_text(sheet.read_text(encoding="utf-8").replace("vpce-svc-0e123abc123198abc", service), encoding="utf-8")

    def client(self, service, account, region="ap-northeast-1"):
        """Eyes and hands of the customer."""
        keys = dict(aws_access_key_id=f"AKIA{account}EYES", aws_secret_access_key=SECRET)
        return boto3.client(service, endpoint_url=self.double.url, region_name=region, **keys)

    def setup(self, *arguments, **more):
        return super().setup("-e", json.dumps(dict(confirm=CONFIRM)), *arguments, key=f"AKIA{PROVIDER}ENGR", **more)


@pytest.fixture
def enterprise(tmp_path, double):
    return Enterprise(tmp_path / "enterprise", double)


TOLD = {
    "must accept the invitation": "the account of the application does so in the same run",
    "has to accept that": "the account of the network does so in the same run",
    "dxcon-|is (requested|ordering|pending|down)": "lines that carriers open take days",
    "not up": "no router answers here",
    "switches on GuardDuty itself": "what the sheet names",
}


def test_three_contracts_become_one_network(enterprise):
    enterprise.setup("--check", "--diff", allow=TOLD)
    assert enterprise.writes() == []
    enterprise.setup(allow=TOLD)
    assert enterprise.setup(allow=TOLD).changed == 0 and enterprise.writes() == []
    enterprise.inspect("drift", key=f"AKIA{PROVIDER}ENGR", allow=TOLD)


def sheets():
    """What the two inventories name: kind → entries."""
    paths = [*INVENTORY.glob("host_vars/*/sheet.yml"), ROOT / "inventories/demo/group_vars/all/sheet.yml"]
    for path in paths:
        yield from yaml.safe_load(path.read_text(encoding="utf-8"))["sheet"].items()


def test_every_kind_is_in_one_of_the_two_inventories():
    """Mackerel's are played in a run of their own."""
    from ansible_collections.msp.aws.plugins.module_utils._client import Aws
    from ansible_collections.msp.aws.plugins.plugin_utils.kinds import kinds

    used = {kind for kind, dummy in sheets()}
    assert {name for name, kind in kinds().items() if kind.door is Aws} - used == set()


@pytest.mark.parametrize("item", [item for row in coverage.rows() for item in row["items"]], ids=lambda item: item["id"])
def test_every_item_of_the_first_table_is_in_one_of_the_two_inventories(item):
    """A kind may be used without the item, which is one of its options, a value of it."""
    entries = [entry for kind, named in sheets() if kind in item["kinds"] for entry in (named if isinstance(named, list) else [named])]
    assert entries and all(any(name in entry for entry in entries) for name in item.get("options", ()))
