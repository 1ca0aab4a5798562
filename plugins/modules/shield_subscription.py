#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from contextlib import contextmanager

from ansible_collections.msp.aws.plugins.module_utils import _deliveries
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of, explain
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, items, merged, ref

CONTACT = dict(email_address="EmailAddress", phone_number="PhoneNumber", contact_notes="ContactNotes")
CONTACTS = "UpdateEmergencyContactSettings.EmergencyContactList"
PRICE = "USD 3,000 a month and what data transfer costs on top"


# ---- what is there


def find(aws, wanted):
    """Nothing where Shield Standard is all there is: that is on for every account, and no call switches it."""
    subscription = _subscription(aws)
    return [_have(subscription)] if subscription else []


def _subscription(aws):
    if aws.shield.get_subscription_state()["SubscriptionState"] != "ACTIVE":
        return None
    try:
        return aws.shield.describe_subscription()["Subscription"]
    except AWS_ERRORS as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None


def _have(subscription):
    return dict(
        id=subscription["SubscriptionArn"],
        account_id=subscription["SubscriptionArn"].split(":")[4],
        auto_renew=subscription["AutoRenew"],
        proactive_engagement=subscription.get("ProactiveEngagementStatus", "DISABLED") != "DISABLED",
        _end=f"{subscription['EndTime']:%Y-%m-%d}",
    )


def read(aws, have, names):
    found = {}
    if {"emergency_contact_list", "proactive_engagement"} & set(names):
        contacts = aws.shield.describe_emergency_contact_settings().get("EmergencyContactList", [])
        found["emergency_contact_list"] = [{option: contact.get(member) for option, member in CONTACT.items()} for contact in contacts]
    if "drt_role" in names:
        found["drt_role"] = aws.shield.describe_drt_access().get("RoleArn", "").rpartition("/")[2] or None
    return found


# ---- writing


def create(aws, want):
    """CreateSubscription takes no arguments and starts a year that renews itself: update stops that afterwards, where the sheet says so."""
    aws.shield.create_subscription()
    with aws.reading():
        have = _have(aws.wait("the subscription to Shield Advanced", lambda: _subscription(aws), bool, limit=300))
        return dict(have, **read(aws, have, want))


def update(aws, have, change):
    """What AWS may refuse for the rest of the year comes last, and keeps nothing else from being written."""
    after = merged(OPTIONS, have, change)
    if change.get("proactive_engagement") is False:
        aws.shield.disable_proactive_engagement()
    if "emergency_contact_list" in change:
        aws.shield.update_emergency_contact_settings(EmergencyContactList=_contacts(after))
    if change.get("proactive_engagement"):
        _engage(aws, _contacts(after))
    if change.get("drt_role"):
        aws.shield.associate_drt_role(RoleArn=_deliveries.role_arn(aws, change["drt_role"]))
    elif "drt_role" in change:
        aws.shield.disassociate_drt_role()
    if "auto_renew" in change:
        _renew(aws, have, change["auto_renew"])


def _renew(aws, have, wanted):
    with _committed(aws, have):
        aws.shield.update_subscription(AutoRenew=wanted)
    aws.wait(f"auto_renew {wanted}", lambda: (_subscription(aws) or {}).get("AutoRenew"), lambda seen: seen == wanted, limit=60)


def _contacts(wanted):
    return [{member: contact[option] for option, member in CONTACT.items() if contact.get(option)} for contact in wanted.get("emergency_contact_list") or []]


def _engage(aws, contacts):
    """It is initialized once and for all, and AWS shows only by refusing whether it has been."""
    try:
        aws.shield.associate_proactive_engagement_details(EmergencyContactList=contacts)
    except AWS_ERRORS as error:
        if code_of(error) != "InvalidOperationException":
            raise
        aws.shield.enable_proactive_engagement()


@contextmanager
def _committed(aws, have):
    """What AWS refuses because the year is not over, with the day on which it is."""
    try:
        yield
    except AWS_ERRORS as error:
        if code_of(error) != "LockedSubscriptionException":
            raise
        raise Problem(
            f"{explain(error, aws.last_call)} The term ends on {have['_end']}; auto_renew ({have['auto_renew']} now) can be changed in its last 30 days "
            "(leave it out of the sheet until then), and AWS Support alone can end it before"
        ) from error


def delete(aws, have):
    with _committed(aws, have):
        aws.shield.delete_subscription()


# ---- what to think about first


def danger(have, change):
    if not change:
        return f"AWS Shield Advanced is subscribed and billed ({PRICE}), at least until {have['_end']}; this would end it and all of its protections"
    reasons = []
    if not have:
        end = "renews itself for another year each time"
        if change["auto_renew"] == "DISABLED":
            end = f"is not renewed if AWS accepts auto_renew DISABLED, which it may do only in the last 30 days of the term; until it does, it {end}"
        reasons.append(
            f"would subscribe account {change['account_id']} to AWS Shield Advanced: {PRICE}, for one year, which nobody but AWS Support can end before, "
            f"billed to the payer account of the organization where there is one. It {end}"
        )
    elif change.get("auto_renew") == "ENABLED":
        reasons.append(f"would commit to another year of AWS Shield Advanced from {have['_end']} on ({PRICE})")
    if change.get("drt_role"):
        reasons.append(f"would let AWS's Shield Response Team read and change the WAF rules and web ACLs of the account through {change['drt_role']}")
    return "; ".join(reasons) or None


def foresee(aws, want):
    actual = aws.account
    if want["account_id"] != actual:
        raise Problem(f"account_id says {want['account_id']}, and this is account {actual}: a year of Shield Advanced is bought for the account that is named")


def refuse(want, have, change):
    after = merged(OPTIONS, have, change)
    concerned = {"emergency_contact_list", "proactive_engagement"} & change.keys() and after.get("proactive_engagement")
    if concerned and not any(contact.get("phone_number") for contact in after.get("emergency_contact_list") or []):
        raise Problem("proactive_engagement needs somebody with a phone_number in emergency_contact_list")


OPTIONS = dict(
    account_id=fixed(required=True),
    auto_renew=Option(required=True, api="UpdateSubscription.AutoRenew"),
    emergency_contact_list=items(
        key=("email_address",),
        options=dict(
            email_address=Option(required=True, api=f"{CONTACTS}.EmailAddress"),
            phone_number=Option(api=f"{CONTACTS}.PhoneNumber"),
            contact_notes=Option(api=f"{CONTACTS}.ContactNotes"),
        ),
    ),
    proactive_engagement=Option("bool"),
    drt_role=ref("iam_roles", clearable=True),
)
KIND = Kind(
    name="shield_subscription",
    identity=(),
    options=OPTIONS,
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    # "the resource state has been modified by another client. Retrieve the resource and then retry".
    not_yet=(r"\(OptimisticLockException\)",),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
