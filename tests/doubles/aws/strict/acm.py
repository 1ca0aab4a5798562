# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACM's rule book: imports that fit together, replacements that ACM allows, lists that leave out what ACM leaves out."""

from __future__ import annotations

import base64
import datetime
import re

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.core.utils import utcnow

from .rules import Refused, RuleBook

BOOK = RuleBook("acm", invalid="ValidationException")

ARN = re.compile(r"arn:aws:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]{36}")
FQDN = re.compile(r"(\*\.)?([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
LARGEST_KEY = 5120
DEFAULT_TYPES = ("RSA_1024", "RSA_2048")
EKU_NAMES = {
    "1.3.6.1.5.5.7.3.1": "TLS_WEB_SERVER_AUTHENTICATION",
    "1.3.6.1.5.5.7.3.2": "TLS_WEB_CLIENT_AUTHENTICATION",
    "1.3.6.1.5.5.7.3.3": "CODE_SIGNING",
    "1.3.6.1.5.5.7.3.4": "EMAIL_PROTECTION",
    "1.3.6.1.5.5.7.3.8": "TIME_STAMPING",
    "1.3.6.1.5.5.7.3.9": "OCSP_SIGNING",
    "2.5.29.37.0": "ANY",
}
KU_NAMES = {
    "digital_signature": "DIGITAL_SIGNATURE",
    "content_commitment": "NON_REPUDIATION",
    "key_encipherment": "KEY_ENCIPHERMENT",
    "data_encipherment": "DATA_ENCIPHERMENT",
    "key_agreement": "KEY_AGREEMENT",
    "key_cert_sign": "CERTIFICATE_SIGNING",
    "crl_sign": "CRL_SIGNING",
}


def invalid(message):
    return Refused("ValidationException", message)


def bundle_of(acm, arn):
    """InvalidArnException for what is no ARN, ResourceNotFoundException for what is not there."""
    if not ARN.fullmatch(arn or ""):
        raise Refused("InvalidArnException", f"Invalid ARN: {arn}")
    if arn not in acm._certificates:
        message = f"Could not find certificate {arn} in account {acm.account_id}."
        raise Refused("ResourceNotFoundException", message)
    return acm._certificates[arn]


# -- what is in a certificate ---------------------------------------------------------------------


def algorithm(certificate):
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA_{key.key_size}"
    curves = {"secp256r1": "EC_prime256v1", "secp384r1": "EC_secp384r1", "secp521r1": "EC_secp521r1"}
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in curves:
        return curves[key.curve.name]
    raise invalid("The key algorithm of the certificate is not supported.")


def extension(certificate, kind):
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def extended_usages(certificate):
    found = extension(certificate, x509.ExtendedKeyUsage)
    return [EKU_NAMES.get(one.dotted_string, "CUSTOM") for one in found or ()]


def usages(certificate):
    found = extension(certificate, x509.KeyUsage)
    return [name for flag, name in KU_NAMES.items() if found is not None and getattr(found, flag)]


def domains(certificate):
    """The common name and the alternative names, as far as they are domain names."""
    names = [one.value for one in certificate.subject.get_attributes_for_oid(x509.OID_COMMON_NAME)]
    more = extension(certificate, x509.SubjectAlternativeName)
    names += more.get_values_for_type(x509.DNSName) if more else []
    return list(dict.fromkeys(name for name in names if FQDN.fullmatch(name)))


# -- imports --------------------------------------------------------------------------------------


def parsed(blob, what):
    data = blob if isinstance(blob, bytes) else base64.b64decode(blob)
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError:
        raise invalid(f"The {what} is not in PEM format or is not valid.") from None


def key_of(blob):
    data = blob if isinstance(blob, bytes) else base64.b64decode(blob)
    if len(data) > LARGEST_KEY:
        raise invalid("The private key is too large: it must be no larger than 5 KB (5,120 bytes).")
    try:
        return serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError):
        raise invalid("The private key is not in PEM format, is not valid or is encrypted.") from None


@BOOK.rule("ImportCertificate")
def what_is_imported_fits_together(acm, Certificate, PrivateKey, CertificateChain, **_):
    """ImportCertificate: "You must enter the private key that matches the certificate", "The
    private key must be unencrypted", "no larger than 5 KB", "PEM-encoded", "The current time must
    be between the Not Before and Not After", "The Issuer field must not be empty", "The
    cryptographic algorithm of an imported certificate must match the algorithm of the signing CA".
    """
    found = parsed(Certificate, "certificate")
    if len(found) != 1:
        raise invalid("The certificate field contains more than one certificate. You can specify only one certificate in this field.")
    certificate, chain = found[0], parsed(CertificateChain, "certificate chain") if CertificateChain else []
    if key_of(PrivateKey).public_key() != certificate.public_key():
        raise invalid("The private key does not match the certificate.")
    now = datetime.datetime.now(datetime.UTC)
    for one in [certificate, *chain]:
        if one.not_valid_after_utc < now:
            raise invalid("The certificate has expired, is not valid.")
        if one.not_valid_before_utc > now:
            raise invalid("The certificate is not in effect yet, is not valid.")
    if not list(certificate.issuer):
        raise invalid("The certificate has no issuer.")
    algorithm(certificate)
    holds([certificate, *chain])


def holds(certificates):
    """ACM guide, prerequisites: a certificate of a CA comes with its chain, each link signing the
    one before; a certificate without a chain is self-signed.
    """
    for one, above in zip(certificates, certificates[1:] or certificates, strict=False):
        try:
            one.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature):
            message = "Could not validate the certificate with the certificate chain." if len(certificates) > 1 else (
                "Provided certificate is not a valid self signed. Please provide either a valid self-signed certificate or certificate chain."
            )
            raise invalid(message) from None


@BOOK.rule("ImportCertificate")
def a_replacement_is_like_the_old_one(acm, CertificateArn, Certificate, Tags, **_):
    """ACM guide, "Reimport a certificate": no tags; key type and size stay; no usage and not all
    domain names go (clientAuth may); no usage extension comes where there was none.
    """
    if CertificateArn is None:
        return
    bundle = bundle_of(acm, CertificateArn)
    if bundle.type != "IMPORTED":
        raise invalid("The certificate was not imported and cannot be replaced.")
    if Tags:
        raise invalid("Tags are not permitted when re-importing a certificate. Use AddTagsToCertificate.")
    old, new = bundle._cert, parsed(Certificate, "certificate")[0]
    if algorithm(old) != algorithm(new):
        raise invalid("The new certificate must have the same key algorithm as the previous certificate.")
    if domains(old) and not domains(new):
        raise invalid("You cannot remove all of the domain names from a certificate.")
    for kind, names in ((x509.KeyUsage, usages), (x509.ExtendedKeyUsage, extended_usages)):
        if (extension(old, kind) is None) and (extension(new, kind) is not None):
            raise invalid("You cannot add usage extensions to a certificate that was imported without them.")
        if set(names(old)) - set(names(new)) - {"TLS_WEB_CLIENT_AUTHENTICATION"}:
            raise invalid("You cannot remove usages of the previous certificate.")


@BOOK.patch(AWSCertificateManagerBackend, "import_certificate")
def a_replacement_keeps_what_is_around_it(original, acm, certificate, private_key, chain, arn, tags):
    """moto puts a new object without tags and users in the old one's place, adds a root of Amazon's
    to the chain, and has no time of import.
    """
    before = acm._certificates.get(arn)
    result = original(acm, certificate, private_key, chain, arn, tags)
    bundle = acm._certificates[result]
    bundle.chain = chain or b""
    if before is not None:
        bundle.tags, bundle.in_use_by, bundle.created_at = before.tags, before.in_use_by, before.created_at
        bundle.imported_at = utcnow()
    return result


# -- looking --------------------------------------------------------------------------------------


@BOOK.patch(CertBundle, "describe")
def usages_are_told(original, bundle):
    """CertificateDetail.KeyUsages and ExtendedKeyUsages; DomainName only where there is one."""
    result = original(bundle)
    about = result["Certificate"]
    found = extension(bundle._cert, x509.ExtendedKeyUsage)
    about["ExtendedKeyUsages"] = [
        {"Name": EKU_NAMES.get(one.dotted_string, "CUSTOM"), "OID": one.dotted_string} for one in found or ()
    ]
    about["KeyUsages"] = [{"Name": name} for name in usages(bundle._cert)]
    about["KeyAlgorithm"] = algorithm(bundle._cert)
    if not domains(bundle._cert):
        about.pop("DomainName")
    return result


@BOOK.adds("ListCertificates")
def list_certificates(acm, CertificateStatuses, Includes, MaxItems, NextToken, **_):
    """Filters.keyTypes: "Default filtering returns only RSA_1024 and RSA_2048 certificates that
    have at least one domain"; CertificateSummary has no tags.
    """
    wanted = Includes or {}
    shown = [summary(one) for one in acm._certificates.values() if chosen(one, CertificateStatuses, wanted)]
    start, size = int(NextToken or 0), MaxItems or 100
    page = {"CertificateSummaryList": shown[start : start + size]}
    return {**page, "NextToken": str(start + size)} if start + size < len(shown) else page


def chosen(bundle, statuses, wanted):
    certificate = bundle._cert
    if statuses and bundle.status not in statuses:
        return False
    if algorithm(certificate) not in (wanted.get("keyTypes") or DEFAULT_TYPES):
        return False
    if not wanted.get("keyTypes") and not domains(certificate):
        return False
    asked = wanted.get("extendedKeyUsage")
    return not asked or bool(set(asked) & set(extended_usages(certificate) or ["NONE"]))


def summary(bundle):
    certificate, names = bundle._cert, domains(bundle._cert)
    moments = {"ImportedAt": getattr(bundle, "imported_at", bundle.created_at)} if bundle.type == "IMPORTED" else {"IssuedAt": bundle.created_at}
    result = {
        "CertificateArn": bundle.arn,
        "Status": bundle.status,
        "Type": bundle.type,
        "KeyAlgorithm": algorithm(certificate),
        "KeyUsages": usages(certificate),
        "ExtendedKeyUsages": extended_usages(certificate),
        "InUse": bool(bundle.in_use_by),
        "RenewalEligibility": "INELIGIBLE",
        "NotBefore": certificate.not_valid_before_utc,
        "NotAfter": certificate.not_valid_after_utc,
        "CreatedAt": bundle.created_at,
        **moments,
    }
    if names:
        result.update(DomainName=names[0], SubjectAlternativeNameSummaries=names[:100], HasAdditionalSubjectAlternativeNames=len(names) > 100)
    return result


@BOOK.adds("GetCertificate")
def get_certificate(acm, CertificateArn, **_):
    """GetCertificate: the certificate and the chain that came with it; the private key never."""
    bundle = bundle_of(acm, CertificateArn)
    chain = {"CertificateChain": bundle.chain.decode()} if bundle.chain else {}
    return {"Certificate": bundle.cert.decode(), **chain}


@BOOK.rule("DescribeCertificate", "ListTagsForCertificate", "AddTagsToCertificate", "RemoveTagsFromCertificate")
def the_certificate_exists(acm, CertificateArn, **_):
    bundle_of(acm, CertificateArn)


@BOOK.rule("DeleteCertificate")
def a_certificate_in_use_stays(acm, CertificateArn, **_):
    """DeleteCertificate: "You cannot delete an ACM certificate that is being used by another
    Amazon Web Services service".
    """
    bundle = bundle_of(acm, CertificateArn)
    if bundle.in_use_by:
        message = f"Certificate {CertificateArn} in account {acm.account_id} is in use."
        raise Refused("ResourceInUseException", message)


@BOOK.rule("AddTagsToCertificate", "ImportCertificate", "RequestCertificate")
def tags_are_sound(_acm, Tags, **_):
    """Tag: keys with the prefix aws: are reserved, and no key comes twice."""
    keys = [tag["Key"] for tag in Tags or []]
    if any(key.lower().startswith("aws:") for key in keys):
        raise Refused("InvalidTagException", "aws: prefixed tag key names are not allowed for external use.")
    if len(set(keys)) < len(keys):
        raise Refused("InvalidTagException", "Duplicate tag keys are not allowed.")
