# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shield: nobody buys a year by accident, nothing is subscribed on the side, and what AWS does not let go is told with its day."""

from __future__ import annotations

import datetime

import boto3
import pytest

from ansible_collections.msp.aws.plugins.module_utils import _client
from ansible_collections.msp.aws.plugins.plugin_utils.references import names as sheet_names
from tests.laws.outside import a_load_balancer_with_a_web_acl, a_release
from tests.laws.stage import ACCOUNT, examples
from tests.laws.test_gateways import client, dangerous, faults, harmless, refused, task, write

SUBSCRIPTION, PROTECTIONS = "shield_subscription", "shield_protections"
YEAR = dict(account_id=ACCOUNT, auto_renew="ENABLED")
BOUGHT = dict(confirm=[f"{SUBSCRIPTION}/subscription"])
PHONE, MAIL = dict(email_address="noc@example.jp", phone_number="+81312345678"), dict(email_address="security@example.jp")
BALANCER = next(entry["resource_arn"] for entry in examples(PROTECTIONS).make["protections"] if "resource_arn" in entry)
ZONE = "arn:aws:route53:::hostedzone/Z0123456789ABC"


@pytest.fixture
def empty(stage):
    stage.double.reset()
    return stage


@pytest.fixture
def bought(empty):
    write(empty, SUBSCRIPTION, YEAR, **BOUGHT)
    return empty


@pytest.fixture
def protected(bought):
    a_load_balancer_with_a_web_acl(bought.client)
    write(bought, PROTECTIONS, dict(name="web", resource_arn=BALANCER, application_layer_automatic_response="Count"))
    return bought


class Asked(Exception):
    """A request that is not sent."""


def test_its_calls_go_to_its_one_region():
    """Shield is one for all Regions, in us-east-1: botocore leads every Region's client there, and signs for it."""

    def refuse_to_send(request, **_):
        raise Asked(request.url, request.headers["Authorization"].decode())

    shield = boto3.client("shield", region_name="ap-northeast-1", aws_access_key_id="x", aws_secret_access_key="x")
    shield.meta.events.register("before-send.shield.*", refuse_to_send)
    with pytest.raises(Asked) as asked:
        shield.get_subscription_state()
    url, signed = asked.value.args
    assert url.startswith("https://shield.us-east-1.amazonaws.com/") and "/us-east-1/shield/aws4_request" in signed


# -- the subscription


def test_shield_standard_is_checked_and_nothing_switched(empty):
    """`state: absent` is the sheet's word for Standard: it is so, and it takes one call to know."""
    empty.double.clear_calls()
    result = write(empty, SUBSCRIPTION, dict(state="absent"))
    assert not result["changed"] and empty.gather(SUBSCRIPTION) == []
    assert {call for call in empty.reads() if call.startswith("shield:")} == {"shield:GetSubscriptionState"} and empty.writes() == []


def test_advanced_where_the_sheet_says_standard_is_told_and_left_alone(bought):
    before = bought.double.state()
    message = bought.run(SUBSCRIPTION, task(SUBSCRIPTION, dict(state="absent")), fails=True)["msg"]
    assert "AWS Shield Advanced is subscribed and billed (USD 3,000 a month" in message and bought.double.state() == before


def test_a_year_is_bought_only_after_a_confirmation_that_says_price_and_term(empty):
    why = dangerous(empty, SUBSCRIPTION, YEAR)
    for said in (f"account {ACCOUNT}", "USD 3,000 a month", "for one year", "payer account of the organization", "renews itself for another year"):
        assert said in why


def test_a_year_that_is_not_renewed_says_so(empty):
    a_release(empty.client)
    why = dangerous(empty, SUBSCRIPTION, dict(YEAR, auto_renew="DISABLED"))
    assert "only in the last 30 days of the term; until it does, it renews itself" in why
    assert client(empty, "shield").describe_subscription()["Subscription"]["AutoRenew"] == "DISABLED", "CreateSubscription alone would renew it"


def test_a_year_is_bought_for_the_account_that_is_named(empty):
    """A plain yes is not enough: with the same confirmation for several contracts each names its own account."""
    other = "210987654321"
    message = refused(empty, SUBSCRIPTION, dict(YEAR, account_id=other), **BOUGHT)
    assert f"account_id says {other}, and this is account {ACCOUNT}" in message
    assert "account_id must be named" in refused(empty, SUBSCRIPTION, dict(auto_renew="ENABLED"), **BOUGHT)


def test_another_year_is_confirmed_too(empty):
    a_release(empty.client)
    write(empty, SUBSCRIPTION, dict(YEAR, auto_renew="DISABLED"), **BOUGHT)
    assert "would commit to another year" in dangerous(empty, SUBSCRIPTION, dict(auto_renew="ENABLED"))
    harmless(empty, SUBSCRIPTION, dict(auto_renew="DISABLED"))


def test_what_aws_does_not_let_go_is_told_with_its_day(bought):
    end = f"{datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=365):%Y-%m-%d}"
    for entry in (dict(auto_renew="DISABLED"), dict(state="absent")):
        message = bought.run(SUBSCRIPTION, task(SUBSCRIPTION, entry, **BOUGHT), fails=True)["msg"]
        assert "LockedSubscriptionException" in message and f"The term ends on {end}" in message and "last 30 days" in message


def test_a_renewal_that_cannot_be_stopped_is_a_failure_of_the_purchase(empty):
    message = empty.run(SUBSCRIPTION, task(SUBSCRIPTION, dict(YEAR, auto_renew="DISABLED"), **BOUGHT), fails=True)["msg"]
    assert "shield:UpdateSubscription: LockedSubscriptionException" in message and "auto_renew (ENABLED now)" in message


def test_a_renewal_that_cannot_be_stopped_keeps_nothing_else_from_being_written(bought):
    for kind, before in examples(SUBSCRIPTION).before:
        bought.run(kind, before)
    more = dict(emergency_contact_list=[PHONE], proactive_engagement=True, drt_role="acme-shield-srt")
    message = bought.run(SUBSCRIPTION, task(SUBSCRIPTION, dict(YEAR, auto_renew="DISABLED", **more), **BOUGHT), fails=True)["msg"]
    assert "LockedSubscriptionException" in message
    bought.double.clear_calls()
    assert not write(bought, SUBSCRIPTION, more)["changed"] and bought.writes() == []


def test_contacts_of_others_stay(bought):
    theirs = dict(EmailAddress="theirs@example.jp", PhoneNumber="+8190000000")
    client(bought, "shield").update_emergency_contact_settings(EmergencyContactList=[theirs])
    harmless(bought, SUBSCRIPTION, dict(emergency_contact_list=[MAIL]))
    found = client(bought, "shield").describe_emergency_contact_settings()["EmergencyContactList"]
    assert found == [theirs, dict(EmailAddress=MAIL["email_address"])]


def test_somebody_with_a_phone_is_needed_to_be_called(bought):
    assert "phone_number" in refused(bought, SUBSCRIPTION, dict(proactive_engagement=True, emergency_contact_list=[MAIL]))
    write(bought, SUBSCRIPTION, dict(proactive_engagement=True, emergency_contact_list=[PHONE, MAIL]))
    assert "phone_number" in refused(bought, SUBSCRIPTION, dict(emergency_contact_list=dict(set=[MAIL])))


def test_calls_are_stopped_and_begin_again(bought):
    write(bought, SUBSCRIPTION, dict(proactive_engagement=True, emergency_contact_list=[PHONE]))
    harmless(bought, SUBSCRIPTION, dict(proactive_engagement=False, emergency_contact_list=dict(set=[MAIL])))
    harmless(bought, SUBSCRIPTION, dict(proactive_engagement=True, emergency_contact_list=[PHONE]))
    assert bought.gather(SUBSCRIPTION)[0]["proactive_engagement"] is True


def test_who_may_change_the_web_acls_is_confirmed(bought):
    for kind, before in examples(SUBSCRIPTION).before:
        bought.run(kind, before)
    assert "read and change the WAF rules and web ACLs of the account" in dangerous(bought, SUBSCRIPTION, dict(drt_role="acme-shield-srt"))
    harmless(bought, SUBSCRIPTION, dict(clear=["drt_role"]))


# -- protections


def test_a_protection_never_subscribes_on_the_side(empty, monkeypatch):
    entry = dict(name="zone", resource_arn=ZONE)
    assert empty.gather(PROTECTIONS) == []
    before, said = empty.double.state(), []
    monkeypatch.setattr(_client.Aws, "warn", lambda aws, text: said.append(text))
    bought = dict(sheet_names=sheet_names(dict(shield_subscription=YEAR, shield_protections=[entry])))
    assert empty.run(PROTECTIONS, task(PROTECTIONS, entry, **bought), check=True)["changed"] and said == [], "the same run subscribes"
    assert "Shield Advanced is not subscribed" in empty.run(PROTECTIONS, task(PROTECTIONS, entry), check=True, fails=True)["msg"]
    message = empty.run(PROTECTIONS, task(PROTECTIONS, entry), fails=True)["msg"]
    assert "it is bought with shield_subscription and its own confirmation" in message and empty.double.state() == before


def test_a_resource_that_is_protected_under_another_name_is_told_and_adopted(bought):
    made = client(bought, "shield").create_protection(Name="theirs", ResourceArn=ZONE)["ProtectionId"]
    message = refused(bought, PROTECTIONS, dict(name="ours", resource_arn=ZONE))
    assert "is protected already, as 'theirs'" in message and f"id: {made}" in message
    harmless(bought, PROTECTIONS, dict(id=made, tags=dict(Owner="infra")))


def test_an_address_of_this_region_is_known_by_name_and_by_arn(bought):
    address = client(bought, "ec2").allocate_address(Domain="vpc")["AllocationId"]
    arn = f"arn:aws:ec2:ap-northeast-1:{ACCOUNT}:eip-allocation/{address}"
    write(bought, PROTECTIONS, dict(name="a", resource_arn=arn))
    assert not write(bought, PROTECTIONS, dict(name="a", resource_arn=arn))["changed"]
    assert not write(bought, PROTECTIONS, dict(name="a", elastic_ip=address))["changed"]
    assert bought.gather(PROTECTIONS)[0]["elastic_ip"] == address


def test_what_is_to_be_protected_is_said_once(bought):
    address = client(bought, "ec2").allocate_address(Domain="vpc")["AllocationId"]
    assert "either as elastic_ip or as resource_arn" in refused(bought, PROTECTIONS, dict(name="a"))
    assert "either as elastic_ip or as resource_arn" in refused(bought, PROTECTIONS, dict(name="a", elastic_ip=address, resource_arn=ZONE))


def test_to_block_and_to_stop_responding_is_confirmed(protected):
    response = "application_layer_automatic_response"
    assert "would let Shield block requests" in dangerous(protected, PROTECTIONS, {"name": "web", response: "Block"})
    assert "let through what it blocks now" in dangerous(protected, PROTECTIONS, {"name": "web", response: "Count"})
    assert "no longer respond to attacks" in dangerous(protected, PROTECTIONS, dict(name="web", clear=[response]))


def test_all_that_is_dangerous_is_told(protected):
    response, checks = "application_layer_automatic_response", ["1" * 36, "2" * 36]
    harmless(protected, PROTECTIONS, dict(name="web", health_check_ids=checks))
    harmless(protected, PROTECTIONS, dict(name="web", health_check_ids=["3" * 36]))
    why = dangerous(protected, PROTECTIONS, {"name": "web", response: "Block", "health_check_ids": dict(remove=checks)})
    assert "would let Shield block requests" in why and f"no longer go by the health of {', '.join(checks)}" in why


def test_without_a_protection_a_resource_is_left_to_standard(protected):
    assert f"would leave {BALANCER} to Shield Standard" in dangerous(protected, PROTECTIONS, dict(name="web", state="absent"))


def test_what_goes_with_a_resource_is_refused_in_the_plan(bought):
    response = dict(name="zone", resource_arn=ZONE, application_layer_automatic_response="Count")
    assert "for Application Load Balancers and CloudFront distributions alone" in refused(bought, PROTECTIONS, response)
    assert "cannot be of a hosted zone" in refused(bought, PROTECTIONS, dict(name="zone", resource_arn=ZONE, health_check_ids=["a" * 36]))


def test_faults_of_a_sheet_alone():
    response = "application_layer_automatic_response"
    found = faults(
        PROTECTIONS,
        dict(name="both", elastic_ip="a", resource_arn=BALANCER),
        {"name": "address", "elastic_ip": "b", response: "Count"},
        {"name": "zone", "resource_arn": ZONE, response: "Count"},
        dict(name="again", elastic_ip="b"),
        {"name": "fine", "resource_arn": f"{BALANCER}0", response: "Block"},
        ec2_elastic_ips=[dict(name="a"), dict(name="b")],
    )
    assert found == [(0, "resource_arn", "one_of"), (1, response, "needs"), (2, response, "needs"), (3, "elastic_ip", "claimed")]
