#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ansible_collections.msp.aws.plugins.module_utils import _certificates, _private_keys, _secrets, _tags
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._holding import Holder
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._names import LOOKUPS, everything, tags_of
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref

# The tags of a secret that say whose private key it holds, which authority signs for it, and when that is done again.
HOLDS = "CertificateName"
SIGNED_BY = "CertificateIssuer"
RENEW = "RenewBeforeDays"
GIVEN = {"certificate", "certificate_chain"}
MADE = {"authority", "private_key_secret", "domain_name", "extended_key_usages", "validity_days", "renew_before_days"}
NEEDED = ("private_key_secret", "domain_name", "extended_key_usages", "validity_days")


def find(aws, wanted):
    secrets = {secret["tags"][HOLDS]: secret for secret in _secrets.holding(aws, HOLDS)}
    lookup = LOOKUPS["acm_certificates"]
    listed = aws.pages("acm", "list_certificates", "CertificateSummaryList", **everything(lookup))
    found = [_have(one, tags_of(aws, lookup, one["CertificateArn"]), secrets) for one in listed]
    for have in found:
        _note(aws, have, next((want for want in wanted or () if _meant(want, have)), {}))
    return found


def _meant(want, have):
    return want["id"] == have["id"] if "id" in want else want.get("name") == have["name"]


def _have(listed, tagged, secrets):
    named = _tags.name_and_tags(dict(Tags=[dict(tag, Value=tag.get("Value", "")) for tag in tagged]))
    have = dict(
        named,
        id=listed["CertificateArn"],
        _type=listed["Type"],
        _in_use=listed.get("InUse"),
        _begin=listed.get("NotBefore"),
        _end=listed.get("NotAfter"),
        _due=False,
        **dict.fromkeys(MADE),
    )
    if listed["Type"] == "IMPORTED" and named["name"] in secrets:
        secret = secrets[named["name"]]
        renew = secret["tags"].get(RENEW)
        have.update(
            authority=secret["tags"].get(SIGNED_BY),
            private_key_secret=secret["name"],
            domain_name=listed["DomainName"],
            extended_key_usages=listed.get("ExtendedKeyUsages", []),
            validity_days=(have["_end"] - have["_begin"]).days,
            renew_before_days=int(renew) if renew else None,
            _secret_arn=secret["arn"],
            _renew=renew,
        )
    return have


def _note(aws, have, want):
    """What an entry says that is no part of the certificate: the key to import with, and whether it is time to renew."""
    have["_private_key"] = want.get("private_key")
    left = (have["_end"] - datetime.now(UTC)).days if have["_end"] else None
    if left is not None and have["private_key_secret"] and left < want.get("renew_before_days", 0):
        have["_due"], have["renew_before_days"] = True, left
    elif want and left is not None and have["_type"] == "IMPORTED" and left < LATE:
        aws.warn(f"acm_certificates {have['name']}: it ends on {have['_end']:%Y-%m-%d}, in {left} days, and ACM does not renew what was imported")


# From here on ACM itself sends events that a certificate ends.
LATE = 45


def read(aws, have, names):
    """Of a certificate that is made here nobody names the text."""
    if not GIVEN & set(names) or have["_type"] != "IMPORTED" or have["private_key_secret"]:
        return {}
    answer = aws.acm.get_certificate(CertificateArn=have["id"])
    return dict(certificate=answer["Certificate"], certificate_chain=answer.get("CertificateChain"))


def create(aws, want):
    named = dict(Tags=_tags.as_list({**want.get("tags", {}), "Name": want["name"]}))
    if "authority" in want:
        _check_end(aws, want["authority"], want["validity_days"])
        private_key = _kept_key(aws, want)
        certificate, chain = _certificates.issue(aws, want["authority"], private_key, want["domain_name"], want["extended_key_usages"], want["validity_days"])
    else:
        certificate, chain, private_key = want["certificate"], want.get("certificate_chain"), want["private_key"]
    arn = aws.acm.import_certificate(**_material(certificate, chain, private_key), **named)["CertificateArn"]
    return dict({name: value for name, value in want.items() if name in OPTIONS and not OPTIONS[name].write_only}, id=arn, _due=False)


def _kept_key(aws, want):
    renew = {RENEW: str(want["renew_before_days"])} if "renew_before_days" in want else {}
    arguments = dict(KmsKeyId=want["private_key_secret_kms_key_id"]) if "private_key_secret_kms_key_id" in want else {}
    return _secrets.kept(
        aws,
        want["private_key_secret"],
        (HOLDS, want["name"]),
        lambda: _private_keys.make("rsa", "pem", want["name"]),
        {SIGNED_BY: want["authority"], **renew},
        Description=f"Private key of the certificate {want['name']}",
        **arguments,
    )


def _check_end(aws, authority, days):
    end = _certificates.end_of(aws, authority)
    if datetime.now(UTC) + timedelta(days=days) > end:
        raise Problem(f"the authority {authority!r} itself ends on {end:%Y-%m-%d}, so validity_days cannot be {days}: shorten it, or take another authority")


def _material(certificate, chain, private_key):
    found = dict(Certificate=certificate.encode(), PrivateKey=private_key.encode())
    return dict(found, CertificateChain=chain.encode()) if chain else found


def update(aws, have, change):
    put, gone = _tags.split(have, change)
    if "name" in change:
        put["Name"] = change["name"]
    if put:
        aws.acm.add_tags_to_certificate(CertificateArn=have["id"], Tags=_tags.as_list(put))
    if gone:
        aws.acm.remove_tags_from_certificate(CertificateArn=have["id"], Tags=[dict(Key=key) for key in gone])
    if GIVEN & change.keys():
        after = {**have, **change}
        aws.acm.import_certificate(CertificateArn=have["id"], **_material(after["certificate"], after["certificate_chain"], have["_private_key"]))
    elif have["_due"] or "validity_days" in change:
        _renew(aws, have, change.get("validity_days") or have["validity_days"])
    _update_secret(aws, have, change)


def _renew(aws, have, days):
    """The same key and the same ARN, so nothing that uses the certificate has to be told."""
    _check_end(aws, have["authority"], days)
    private_key = _secrets.held(aws, have["private_key_secret"])
    certificate, chain = _certificates.issue(aws, have["authority"], private_key, have["domain_name"], have["extended_key_usages"], days)
    aws.acm.import_certificate(CertificateArn=have["id"], **_material(certificate, chain, private_key))


def _update_secret(aws, have, change):
    noted = {}
    if "name" in change and have["private_key_secret"]:
        noted[HOLDS] = change["name"]
    if change.get("renew_before_days") and str(change["renew_before_days"]) != have["_renew"]:
        noted[RENEW] = str(change["renew_before_days"])
    if noted:
        aws.secretsmanager.tag_resource(SecretId=have["_secret_arn"], Tags=_tags.as_list(noted))
    if "renew_before_days" in change and change["renew_before_days"] is None:
        aws.secretsmanager.untag_resource(SecretId=have["_secret_arn"], TagKeys=[RENEW])


def refuse(want, have, change):
    if not have:
        _refuse_new(want)
    elif (GIVEN | {"validity_days", "renew_before_days"}) & change.keys():
        _refuse_change(have, change)
    days, renew = (change.get(name) or have.get(name) for name in ("validity_days", "renew_before_days"))
    if days and renew and renew >= days:
        raise Problem(f"renew_before_days ({renew}) must be less than validity_days ({days}), or every run would renew it")
    if not have and "certificate" in want or GIVEN & change.keys():
        after = {**have, **change}
        _certificates.check(after["certificate"], after.get("certificate_chain"), want["private_key"])
        if have:
            _certificates.check_replacement(have["certificate"], after["certificate"])


def _refuse_new(want):
    if {"certificate", "authority"} <= want.keys():
        raise Problem("certificate and authority are both named: either it is given, or it is made here")
    missing = [name for name in (NEEDED if "authority" in want else ("private_key",)) if name not in want]
    if missing:
        raise Problem(f"does not exist, and to create it {', '.join(missing)} must be named")
    unknown = sorted(set(want.get("extended_key_usages", ())) - _certificates.USAGES.keys())
    if unknown:
        raise Problem(f"extended_key_usages: {', '.join(unknown)} cannot be made here ({', '.join(_certificates.USAGES)})")


def _refuse_change(have, change):
    if have["_type"] != "IMPORTED":
        raise Problem(f"{have['id']} is not imported ({have['_type']}): ACM takes no other certificate for it")
    if GIVEN & change.keys():
        if have["private_key_secret"]:
            raise Problem(f"it is made here and signed by {have['authority']!r}: a certificate from elsewhere needs another name")
        if not have["_private_key"]:
            raise Problem("to replace the certificate, private_key must be named as well")
    elif not have["private_key_secret"]:
        raise Problem("it is not made here, so nothing here can renew it: give the new certificate with its private_key")


def danger(have, change):
    if have.get("_in_use") and "certificate" in change:
        old, new = _certificates.issuer(have["certificate"]), _certificates.issuer(change["certificate"])
        if old != new:
            return f"would replace a certificate in use, signed by {old}, by one signed by {new}: whoever trusts only the former is locked out"
    return None


def delete(aws, have):
    """The secret stays, as the only copy of a key that may be in the hands of users."""
    aws.acm.delete_certificate(CertificateArn=have["id"])


def holders(aws, haves):
    """A load balancer uses it by its listeners."""
    for have in haves:
        for user in aws.acm.describe_certificate(CertificateArn=have["id"])["Certificate"].get("InUseBy", ()):
            freed = (("elbv2_load_balancers", user), ("elbv2_listeners", None), ("ec2_client_vpn_endpoints", None))
            yield Holder(have["id"], "things that use it", user, freed)


def faults(entries, sheet):
    """A certificate is given or made, not both."""
    for index, entry in enumerate(entries):
        if entry.get("certificate") and entry.get("authority"):
            yield index, "certificate", "one_of", dict(value="…", other="certificate, authority")
        for option in ("certificate_chain", "private_key"):
            if entry.get(option) and not entry.get("certificate"):
                yield index, option, "needs", dict(value="…", other="certificate")
        days, renew = entry.get("validity_days"), entry.get("renew_before_days")
        if isinstance(days, int) and isinstance(renew, int) and renew >= days:
            yield index, "renew_before_days", "most", dict(value=renew, limit=days - 1)


def _same_set(one, other):
    return sorted(one) == sorted(other)


OPTIONS = dict(
    name=Option(),
    certificate=Option(same=_certificates.same),
    certificate_chain=Option(same=_certificates.same),
    private_key=Option(write_only=True, secret=True),
    authority=ref("secretsmanager_certificate_authorities", fixed=True),
    domain_name=fixed(api="RequestCertificate.DomainName"),
    extended_key_usages=fixed("list", elements="str", api="ListCertificates.Includes.extendedKeyUsage", same=_same_set),
    validity_days=Option("int", wrong=_certificates.wrong_days),
    renew_before_days=Option("int", clearable=True),
    private_key_secret=fixed(api="secretsmanager:CreateSecret.Name"),
    private_key_secret_kms_key_id=Option(write_only=True, api="secretsmanager:CreateSecret.KmsKeyId"),
    tags=_tags.beside_name(),
)
KIND = Kind(
    name="acm_certificates",
    identity=("name",),
    needs_one=(("certificate", "authority"),),
    options=OPTIONS,
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    holders=holders,
    faults=faults,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
