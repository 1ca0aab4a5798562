# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorities, certificates and Client VPN endpoints: what is refused, dangerous or wrong in a sheet, where keys are, and when a certificate is renewed."""

from __future__ import annotations

import io
import json
import os
import stat
from contextlib import redirect_stdout
from datetime import datetime, timedelta

import pytest
from ansible.module_utils.testing import patch_module_args
from cryptography import x509

from ansible_collections.msp.aws.plugins.module_utils import _certificates, _client_vpn
from ansible_collections.msp.aws.plugins.module_utils._options import Problem
from ansible_collections.msp.aws.plugins.modules import acm_certificates, ec2_client_vpn_client_configuration
from tests.laws.stage import REGION, VAULT, entries, examples
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, task, write

AUTHORITIES, CERTIFICATES, ENDPOINTS = "secretsmanager_certificate_authorities", "acm_certificates", "ec2_client_vpn_endpoints"
SERVER, USER, GIVEN = entries(CERTIFICATES, examples(CERTIFICATES).make)
NEXT = entries(CERTIFICATES, examples(CERTIFICATES).changes[0])[2]["certificate"]


@pytest.fixture
def certificates(stage):
    stage.prepare(CERTIFICATES)
    return stage


@pytest.fixture
def imported(certificates):
    certificates.run(CERTIFICATES, examples(CERTIFICATES).make)
    return certificates


@pytest.fixture
def vpn(stage):
    stage.prepare(ENDPOINTS)
    stage.run(ENDPOINTS, examples(ENDPOINTS).make)
    return stage


@pytest.fixture
def later(monkeypatch):
    """Some days have passed for whoever looks how long certificates are valid; what is made is made now."""

    def pass_by(days):
        class Later(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.now(tz) + timedelta(days=days)

        monkeypatch.setattr(acm_certificates, "datetime", Later)

    return pass_by


def secret(stage, name):
    return client(stage, "secretsmanager").get_secret_value(SecretId=name)["SecretString"]


def in_acm(stage, name):
    acm = client(stage, "acm")
    arn = next(entry["id"] for entry in stage.run(CERTIFICATES, task(CERTIFICATES, dict(name=name)), check=True)["entries"])
    return arn, x509.load_pem_x509_certificate(acm.get_certificate(CertificateArn=arn)["Certificate"].encode())


# -- authorities


def test_an_authority_signs_and_its_key_is_in_no_result(certificates):
    result = write(certificates, AUTHORITIES, dict(name="acme/ca2", common_name="acme 2", validity_days=400, kms_key_id="alias/aws/secretsmanager"))
    held = json.loads(secret(certificates, "acme/ca2"))
    found = x509.load_pem_x509_certificate(held["certificate"].encode())
    found.verify_directly_issued_by(found)
    assert found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert held["private_key"].splitlines()[1] not in str(result) + str(certificates.gather(AUTHORITIES))
    tags = client(certificates, "secretsmanager").describe_secret(SecretId="acme/ca2")["Tags"]
    assert held["private_key"].splitlines()[1] not in str(tags) and "acme 2" in str(tags)


def test_an_authority_is_never_made_anew(certificates):
    before = secret(certificates, "acme/client-vpn/ca")
    for changed in (dict(common_name="other"), dict(validity_days=10)):
        entry = dict(name="acme/client-vpn/ca", **changed)
        assert "cannot change after creation" in refused(certificates, AUTHORITIES, entry)
    assert secret(certificates, "acme/client-vpn/ca") == before


def test_a_secret_of_something_else_becomes_no_authority(certificates):
    client(certificates, "secretsmanager").create_secret(Name="acme/other", SecretString="mine")
    entry = dict(name="acme/other", common_name="x", validity_days=10)
    assert "holds no certificate authority: nothing was written" in refused(certificates, AUTHORITIES, entry)
    assert secret(certificates, "acme/other") == "mine"


def test_the_tags_that_say_what_it_is_are_not_for_the_sheet(certificates):
    entry = dict(name="acme/client-vpn/ca", tags=dict(NotAfter="2099-01-01T00:00:00Z"))
    assert "are not for the sheet" in refused(certificates, AUTHORITIES, entry)


def test_removing_an_authority_says_what_it_means(certificates):
    gone = dict(name="acme/client-vpn/ca", state="absent")
    assert "nothing it has signed can be renewed any more" in dangerous(certificates, AUTHORITIES, gone)
    assert certificates.gather(AUTHORITIES) == []


# -- certificates


def test_a_certificate_is_signed_by_its_authority_for_the_key_in_its_secret(imported):
    dummy, found = in_acm(imported, "acme-vpn-server")
    issuer = x509.load_pem_x509_certificate(json.loads(secret(imported, "acme/client-vpn/ca"))["certificate"].encode())
    found.verify_directly_issued_by(issuer)
    _certificates.check_key(_certificates._pem(found), secret(imported, "acme/client-vpn/server"))
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert names == ["vpn.acme.example"] and (found.not_valid_after_utc - found.not_valid_before_utc).days == 825


def test_no_private_key_is_in_a_result_a_plan_or_an_error(certificates):
    results = [certificates.run(CERTIFICATES, examples(CERTIFICATES).make, check=check) for check in (True, False)]
    results.append(certificates.run(CERTIFICATES, task(CERTIFICATES, {**GIVEN, "certificate": NEXT}), check=True))
    wrong = {**GIVEN, "name": "x", "private_key": secret(certificates, "acme/client-vpn/taro")}
    results.append(certificates.run(CERTIFICATES, task(CERTIFICATES, wrong), fails=True))
    results.append(certificates.gather(CERTIFICATES))
    keys = [VAULT["acme_www_private_key"], secret(certificates, "acme/client-vpn/server"), secret(certificates, "acme/client-vpn/taro")]
    for key in keys:
        assert all(line not in str([{**one, "invocation": None} if isinstance(one, dict) else one for one in results]) for line in key.splitlines()[1:-1])


def test_renewed_in_time_under_the_same_arn_with_the_same_key_and_once(imported, later):
    arn, old = in_acm(imported, SERVER["name"])
    later(764)
    assert not write(imported, CERTIFICATES, SERVER)["changed"]
    later(766)
    imported.double.clear_calls()
    plan = imported.run(CERTIFICATES, task(CERTIFICATES, SERVER), check=True)
    assert plan["diff"] == dict(before={SERVER["name"]: dict(renew_before_days=58)}, after={SERVER["name"]: dict(renew_before_days=60)})
    assert imported.writes() == []
    assert write(imported, CERTIFICATES, SERVER)["changed"] and imported.writes() == ["acm:ImportCertificate"]
    later(0)
    assert not write(imported, CERTIFICATES, SERVER)["changed"] and imported.writes() == ["acm:ImportCertificate"]
    new_arn, new = in_acm(imported, SERVER["name"])
    assert new_arn == arn and new.serial_number != old.serial_number and new.public_key() == old.public_key()


def test_what_is_due_is_renewed_and_then_no_more(certificates):
    """Valid for 400 days, wanted with 399 left: due at once, because the clock has gone on; made with more days it is not."""
    entry = {**USER, "validity_days": 400, "renew_before_days": 399}
    write(certificates, CERTIFICATES, entry)
    arn, old = in_acm(certificates, USER["name"])
    certificates.double.clear_calls()
    due = {**entry, "validity_days": 500, "renew_before_days": 450}
    result = write(certificates, CERTIFICATES, due)
    assert result["diff"]["before"][USER["name"]]["renew_before_days"] == 399
    assert certificates.writes() == ["acm:ImportCertificate", "secretsmanager:TagResource"]
    new_arn, new = in_acm(certificates, USER["name"])
    assert new_arn == arn and new.serial_number != old.serial_number and new.public_key() == old.public_key()
    assert not write(certificates, CERTIFICATES, due)["changed"]


def test_one_that_nothing_renews_says_so_when_it_ends(certificates, said):
    write(certificates, CERTIFICATES, {**USER, "validity_days": 30})
    assert said == []
    assert not write(certificates, CERTIFICATES, {**USER, "validity_days": 30})["changed"]
    assert len(said) == 1 and "ACM does not renew what was imported" in said[0]


def test_no_certificate_outlives_its_authority(certificates):
    message = refused(certificates, CERTIFICATES, {**SERVER, "validity_days": 4000, "renew_before_days": 10})
    assert "itself ends on" in message
    write(certificates, CERTIFICATES, SERVER)
    assert "itself ends on" in refused(certificates, CERTIFICATES, dict(name=SERVER["name"], validity_days=4000))


def test_the_key_of_an_earlier_certificate_is_used_again_and_that_is_said(imported, said):
    key = secret(imported, USER["private_key_secret"])
    imported.run(CERTIFICATES, task(CERTIFICATES, dict(name=USER["name"], state="absent"), confirm=[f"{CERTIFICATES}/{USER['name']}"]))
    assert secret(imported, USER["private_key_secret"]) == key
    write(imported, CERTIFICATES, USER)
    assert any("is there already" in text for text in said) and secret(imported, USER["private_key_secret"]) == key


def test_the_secret_of_something_else_is_left_alone(certificates):
    client(certificates, "secretsmanager").create_secret(Name=USER["private_key_secret"], SecretString="something else")
    assert "nothing was written to it" in refused(certificates, CERTIFICATES, USER)
    assert secret(certificates, USER["private_key_secret"]) == "something else"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (dict(name="x"), "certificate or authority must be named"),
        ({**GIVEN, "name": "x", "authority": "acme/client-vpn/ca"}, "certificate and authority are both named"),
        (dict(name="x", authority="acme/client-vpn/ca"), "private_key_secret, domain_name, extended_key_usages, validity_days must be named"),
        (dict(name="x", certificate=GIVEN["certificate"]), "private_key must be named"),
        ({**GIVEN, "name": "x", "private_key": "nonsense"}, "without a passphrase"),
        ({**GIVEN, "name": "x", "certificate_chain": GIVEN["certificate"]}, "the next certificate after"),
        ({**GIVEN, "name": "x", "certificate": GIVEN["certificate"] + GIVEN["certificate_chain"]}, "must hold one PEM certificate"),
        ({**GIVEN, "name": "x", "certificate_chain": "nothing"}, "holds no PEM certificate"),
        ({**SERVER, "name": "x", "extended_key_usages": ["IPSEC_USER"]}, "cannot be made here"),
        ({**SERVER, "name": "x", "renew_before_days": 825}, "every run would renew it"),
        (dict(name="acme-www", certificate=NEXT), "private_key must be named as well"),
        (dict(name="acme-www", renew_before_days=30), "not made here"),
        (dict(name="acme-vpn-server", certificate=GIVEN["certificate"], private_key=GIVEN["private_key"]), "needs another name"),
        (dict(name="acme-vpn-server", domain_name="other.acme.example"), "domain_name cannot change after creation"),
        (dict(name="acme-vpn-server", renew_before_days=900), "every run would renew it"),
    ],
)
def test_what_a_certificate_refuses_in_the_plan(imported, entry, said):
    assert said in refused(imported, CERTIFICATES, entry)


def test_a_certificate_that_acm_issues_is_not_replaced(imported):
    acm = client(imported, "acm")
    acm.request_certificate(DomainName="acm.acme.example", ValidationMethod="DNS", Tags=[dict(Key="Name", Value="issued")])
    assert "is not imported (AMAZON_ISSUED)" in refused(imported, CERTIFICATES, {**GIVEN, "name": "issued"})
    assert write(imported, CERTIFICATES, dict(name="issued", tags=dict(a="b")))["changed"]


def test_another_issuer_of_a_certificate_in_use_needs_a_confirmation():
    have = dict(id="arn", certificate=GIVEN["certificate"], _in_use=True)
    assert acm_certificates.danger(have, dict(certificate=NEXT)) is None
    other = _certificates._pem(x509.load_pem_x509_certificates(GIVEN["certificate_chain"].encode())[0])
    have["certificate"] = json.loads(_certificates.new_authority("other", 10)[0])["certificate"]
    assert "whoever trusts only the former is locked out" in acm_certificates.danger(have, dict(certificate=other))


def test_what_a_replacement_cannot_change_is_said_before():
    rsa = json.loads(_certificates.new_authority("other", 10)[0])["certificate"]
    with pytest.raises(Problem, match="keeps type and size of the key"):
        _certificates.check_replacement(GIVEN["certificate"], rsa)
    with pytest.raises(Problem, match="lose all of its domain names"):
        _certificates.check_replacement(GIVEN["certificate"], GIVEN["certificate_chain"])


def test_what_a_sheet_says_wrong_of_certificates():
    assert faults(CERTIFICATES, dict(GIVEN, authority="x")) == [(0, "certificate", "one_of")]
    assert faults(CERTIFICATES, dict(name="x", private_key="y")) == [(0, "private_key", "needs")]
    assert faults(CERTIFICATES, dict(name="x", validity_days=30, renew_before_days=30)) == [(0, "renew_before_days", "most")]


def test_a_certificate_in_use_is_not_deleted_and_its_user_is_named(vpn):
    message = refused(vpn, CERTIFICATES, dict(name="acme-vpn-server", state="absent"), confirm=[f"{CERTIFICATES}/acme-vpn-server"])
    assert "things that use it (" in message and "client-vpn-endpoint/cvpn-endpoint-" in message


# -- endpoints

HANDLER = "arn:aws:lambda:ap-northeast-1:123456789012:function:AWSClientVPN-x"
NEW = dict(
    name="new",
    client_cidr_block="172.20.0.0/22",
    server_certificate="acme-vpn-server",
    authentication_options=[dict(type="certificate-authentication", client_root_certificate_chain="acme-vpn-server")],
    connection_log_options=dict(enabled=False),
    vpc="acme",
)


def test_what_a_new_endpoint_refuses_in_the_plan(vpn):
    write(vpn, "ec2_subnets", dict(vpc="acme", name="twin", cidr_block="10.20.8.0/24", availability_zone=f"{REGION}a"))
    write(vpn, "ec2_subnets", dict(vpc="acme", name="small", cidr_block="10.20.9.0/28", availability_zone=f"{REGION}d"))
    sure = dict(confirm=[f"{ENDPOINTS}/new"])
    for changed, said in (
        (dict(client_cidr_block="172.20.0.0/24"), "between /12 and /22"),
        (dict(client_cidr_block="10.20.0.0/20"), "overlaps 10.20.0.0/16 of its VPC"),
        (dict(self_service_portal="enabled"), "with certificates alone there is none"),
        (dict(target_networks=["acme-private-a", "twin"]), "one subnet of each Availability Zone"),
        (dict(target_networks=["small"]), "must be a /27 or larger"),
        (dict(authorization_rules=[dict(target_network_cidr="10.20.0.0/16")]), "either access_group_id or authorize_all_groups"),
        (dict(routes=[dict(destination_cidr_block="192.168.0.0/16")]), "target_vpc_subnet is needed"),
    ):
        assert said in refused(vpn, ENDPOINTS, {**NEW, **changed}, **sure), changed
    without = {name: value for name, value in NEW.items() if name != "vpc"}
    assert "security_groups need vpc" in refused(vpn, ENDPOINTS, {**without, "security_groups": ["acme-vpn"]})


def test_a_range_of_home_routers_is_told(vpn, said):
    write(vpn, ENDPOINTS, {**NEW, "client_cidr_block": "192.168.0.0/22"})
    assert any("many home routers use" in text for text in said)


def test_the_portal_is_off_unless_somebody_wants_it(vpn):
    saml = [dict(type="federated-authentication", saml_provider_arn="arn:aws:iam::123456789012:saml-provider/acme")]
    write(vpn, ENDPOINTS, {**NEW, "authentication_options": saml})
    assert next(one for one in vpn.gather(ENDPOINTS) if one["name"] == "new")["self_service_portal"] == "disabled"


def test_what_an_endpoint_keeps(vpn):
    for changed in (dict(client_cidr_block="172.20.0.0/22"), dict(transport_protocol="tcp"), dict(authentication_options=NEW["authentication_options"] * 2)):
        assert "cannot change after creation" in refused(vpn, ENDPOINTS, dict(name="acme-vpn", **changed))
    write(vpn, "ec2_vpcs", dict(name="other", cidr_block="10.40.0.0/16"))
    moved = dict(name="acme-vpn", vpc="other")
    assert "moves only without target networks" in refused(vpn, ENDPOINTS, moved)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dict(target_networks=["acme-private-c"]), "bills by the hour"),
        (dict(target_networks=dict(set=[]), routes=dict(set=[])), "the last of the target networks and cut every session"),
        (dict(authorization_rules=[dict(target_network_cidr="0.0.0.0/0", authorize_all_groups=True)]), "reach every network"),
        (dict(authorization_rules=dict(set=[])), "take away the access to 10.20.0.0/16"),
        (dict(authorization_rules=[dict(target_network_cidr="10.20.0.0/16", authorize_all_groups=True, description="x")]), "grant it anew"),
        (dict(routes=dict(set=[])), "delete the routes to 192.168.0.0/16"),
        (dict(routes=[dict(destination_cidr_block="192.168.0.0/16", target_vpc_subnet="acme-private-a", description="x")]), "make them anew"),
        (dict(dns_servers=["10.20.0.3"]), "reset every connection"),
        (dict(clear=["dns_servers"]), "reset every connection"),
        (dict(vpn_port=1194), "make every profile useless"),
        (dict(server_certificate="acme-vpn-server-2"), "does not trust the issuer"),
        (dict(split_tunnel=False), "all traffic of the users' computers"),
        (dict(security_groups=dict(set=["acme-vpn-admin"])), "1 security groups off"),
        (dict(client_connect_options=dict(enabled=True, lambda_function_arn=HANDLER)), "who gets a connection"),
        (dict(connection_log_options=dict(enabled=False)), "the record of who connects"),
    ],
)
def test_what_users_would_feel_needs_a_confirmation(vpn, change, said):
    assert said in dangerous(vpn, ENDPOINTS, dict(name="acme-vpn", **change))


@pytest.mark.parametrize(
    "change",
    [
        dict(description="x"),
        dict(authorization_rules=[dict(target_network_cidr="192.168.0.0/16", authorize_all_groups=True)]),
        dict(routes=[dict(destination_cidr_block="192.168.64.0/18", target_vpc_subnet="acme-private-a")]),
        dict(routes=[dict(destination_cidr_block="172.31.240.0/22")]),
        dict(security_groups=["acme-vpn-admin"]),
        dict(session_timeout_hours=8, disconnect_on_session_timeout=False),
        dict(client_login_banner_options=dict(enabled=False)),
    ],
)
def test_what_nobody_feels_needs_none(vpn, change):
    harmless(vpn, ENDPOINTS, dict(name="acme-vpn", **change))


def test_a_network_with_routes_through_it_is_not_taken_off(vpn):
    change = dict(name="acme-vpn", target_networks=dict(remove=["acme-private-a"]))
    assert "Name the route in routes.remove as well" in refused(vpn, ENDPOINTS, change, confirm=[f"{ENDPOINTS}/acme-vpn"])


def test_the_last_group_stays(vpn):
    assert "at least one" in refused(vpn, ENDPOINTS, dict(name="acme-vpn", security_groups=dict(set=[])), confirm=[f"{ENDPOINTS}/acme-vpn"])


def test_what_is_not_named_in_a_structure_stays(vpn):
    write(vpn, ENDPOINTS, dict(name="acme-vpn", connection_log_options=dict(enabled=True, include_authorization_policy_context=True)))
    log = next(one for one in vpn.gather(ENDPOINTS) if one["name"] == "acme-vpn")["connection_log_options"]
    assert log == dict(enabled=True, cloudwatch_log_group="/acme/client-vpn", cloudwatch_log_stream="acme-vpn", include_authorization_policy_context=True)


def test_rules_and_routes_of_others_stay(vpn):
    """What others added to an endpoint of ours, and the routes of AWS's own, survive a change of everything else."""
    ec2 = client(vpn, "ec2")
    endpoint = next(one["id"] for one in vpn.run(ENDPOINTS, task(ENDPOINTS, dict(name="acme-vpn")), check=True)["entries"])
    ec2.authorize_client_vpn_ingress(ClientVpnEndpointId=endpoint, TargetNetworkCidr="10.99.0.0/16", AuthorizeAllGroups=True)
    for dummy in range(2):
        ec2.describe_client_vpn_authorization_rules(ClientVpnEndpointId=endpoint)
    change = dict(name="acme-vpn", target_networks=["acme-private-c"], authorization_rules=[dict(target_network_cidr="10.98.0.0/16", access_group_id="g")])
    write(vpn, ENDPOINTS, change, confirm=[f"{ENDPOINTS}/acme-vpn"])
    rules = ec2.describe_client_vpn_authorization_rules(ClientVpnEndpointId=endpoint)["AuthorizationRules"]
    assert {one["DestinationCidr"] for one in rules} == {"10.20.0.0/16", "10.98.0.0/16", "10.99.0.0/16"}
    origins = [one["Origin"] for one in ec2.describe_client_vpn_routes(ClientVpnEndpointId=endpoint)["Routes"]]
    assert sorted(origins) == ["add-route", "associate", "associate"]


def test_a_network_on_its_way_is_waited_for_and_not_associated_again(vpn):
    ec2 = client(vpn, "ec2")
    endpoint = next(one["id"] for one in vpn.run(ENDPOINTS, task(ENDPOINTS, dict(name="acme-vpn")), check=True)["entries"])
    subnet = next(one["SubnetId"] for one in ec2.describe_subnets()["Subnets"] if dict(Key="Name", Value="acme-private-c") in one.get("Tags", []))
    ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint, SubnetId=subnet)
    vpn.double.clear_calls()
    vpn.run(ENDPOINTS, task(ENDPOINTS, dict(name="acme-vpn", target_networks=["acme-private-c"]), confirm=[f"{ENDPOINTS}/acme-vpn"]))
    assert vpn.writes() == []
    found = ec2.describe_client_vpn_target_networks(ClientVpnEndpointId=endpoint)["ClientVpnTargetNetworks"]
    assert [one["Status"]["Code"] for one in found] == ["associated", "associated"]


def test_what_is_begun_and_not_waited_for_is_gone_on_with(vpn):
    """Nobody waits for a target network, which takes ten minutes; the routes through it are made when it is there."""
    route = dict(destination_cidr_block="10.77.0.0/16", target_vpc_subnet="acme-private-c")
    more = task(ENDPOINTS, dict(name="acme-vpn", target_networks=["acme-private-c"], routes=[route]), confirm=[f"{ENDPOINTS}/acme-vpn"])
    vpn.double.clear_calls()
    assert vpn.run(ENDPOINTS, more, wait=False)["awaited"] == ["acme-vpn"]
    assert vpn.writes() == ["ec2:AssociateClientVpnTargetNetwork"]
    assert vpn.run(ENDPOINTS, more, check=True)["entries"][0]["changed"] == ["routes"], "what is on its way is not planned again"
    vpn.double.clear_calls()
    assert "awaited" not in vpn.run(ENDPOINTS, more) and vpn.writes() == ["ec2:CreateClientVpnRoute"]
    assert not vpn.run(ENDPOINTS, more)["changed"]


def test_a_network_that_failed_is_told_and_tried_again(vpn, monkeypatch):
    """AWS tells only afterwards that nothing came of it, and its remains stand in the way of another try."""
    more = task(ENDPOINTS, dict(name="acme-vpn", target_networks=["acme-private-c"]), confirm=[f"{ENDPOINTS}/acme-vpn"])
    subnets = {name["Value"]: one["SubnetId"] for one in client(vpn, "ec2").describe_subnets()["Subnets"] for name in one.get("Tags", [])}

    def is_the_new_one(one):
        return one.get("TargetNetworkId") == subnets["acme-private-c"]

    with monkeypatch.context() as failing:
        state = _client_vpn.code
        failing.setattr(_client_vpn, "code", lambda one: "association-failed" if state(one) == "associated" and is_the_new_one(one) else state(one))
        message = vpn.run(ENDPOINTS, more, fails=True)["msg"]
        assert "target_networks: subnet-" in message and "is association-failed. AWS says: nothing" in message
        vpn.double.clear_calls()
        vpn.run(ENDPOINTS, more, fails=True)
    assert vpn.writes() == ["ec2:DisassociateClientVpnTargetNetwork", "ec2:AssociateClientVpnTargetNetwork"]
    assert not vpn.run(ENDPOINTS, more)["changed"]


def test_removing_an_endpoint_says_what_it_means(vpn):
    why = dangerous(vpn, ENDPOINTS, dict(name="acme-vpn", state="absent"))
    assert "cut every session" in why and "every profile has to be handed out again" in why


def test_what_a_sheet_says_wrong_of_endpoints():
    assert faults(ENDPOINTS, dict(NEW, client_cidr_block="172.20.0.0/24")) == [(0, "client_cidr_block", "most")]
    assert faults(ENDPOINTS, dict(NEW, client_cidr_block="10.0.0.0/8")) == [(0, "client_cidr_block", "least")]
    assert faults(ENDPOINTS, dict(NEW, dns_servers=["10.0.0.2", "10.0.0.3", "10.0.0.4"])) == [(0, "dns_servers", "most")]
    neither, both = dict(target_network_cidr="10.0.0.0/8"), dict(target_network_cidr="10.0.0.0/8", access_group_id="g", authorize_all_groups=True)
    assert faults(ENDPOINTS, dict(NEW, authorization_rules=[neither])) == [(0, "authorization_rules", "needs")]
    assert faults(ENDPOINTS, dict(NEW, authorization_rules=dict(set=[both]))) == [(0, "authorization_rules", "one_of")]


# -- profiles


def profile(stage, check=False, **given):
    keys = dict(access_key="AKIAIOSFODNN7EXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region=REGION, endpoint_url=stage.double.url)
    out = io.StringIO()
    with patch_module_args(dict(keys, **given, _ansible_check_mode=check)), redirect_stdout(out):
        try:
            ec2_client_vpn_client_configuration.main()
        except SystemExit:
            pass
    return json.loads(out.getvalue())


@pytest.fixture
def user(vpn):
    write(vpn, CERTIFICATES, USER)
    return dict(client_vpn_endpoint="acme-vpn", certificate=USER["name"], private_key_secret=USER["private_key_secret"])


def test_a_profile_holds_the_users_certificate_and_key_and_only_the_file_does(vpn, user, tmp_path):
    path = tmp_path / "taro.ovpn"
    assert profile(vpn, check=True, path=str(path), **user)["changed"] and not path.exists()
    result = profile(vpn, path=str(path), **user)
    text, key = path.read_text(encoding="utf-8"), secret(vpn, USER["private_key_secret"])
    assert result["changed"] and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert text.startswith(result["client_configuration"].rstrip())
    assert f"<key>\n{key.strip()}\n</key>" in text and "<cert>\n-----BEGIN CERTIFICATE-----" in text
    assert key.splitlines()[1] not in str(result) and result["status"] == "available"
    assert not profile(vpn, path=str(path), **user)["changed"]
    os.chmod(path, 0o644)
    assert profile(vpn, path=str(path), **user)["changed"] and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["taro.ovpn"]


def test_what_a_profile_refuses(vpn, user, tmp_path):
    path = str(tmp_path / "x.ovpn")
    assert "to a file only" in profile(vpn, **user)["msg"]
    assert "named together" in profile(vpn, path=path, client_vpn_endpoint="acme-vpn", certificate=USER["name"])["msg"]
    assert "does not belong" in profile(vpn, path=path, **{**user, "private_key_secret": "acme/client-vpn/server"})["msg"]
    assert "there is no 'gone'" in profile(vpn, client_vpn_endpoint="gone")["msg"]
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert "no plain file" in profile(vpn, path=str(tmp_path / "link"), **user)["msg"]
    assert not os.path.exists(path)


def test_a_profile_that_nobody_can_use_yet_says_so(vpn, said):
    assert profile(vpn, client_vpn_endpoint="acme-vpn-admin")["status"] == "pending-associate"
    assert any("nobody can connect" in text for text in said)
