# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""X.509 certificates: made and signed here, and looked at before ACM gets them. Text in, text out; no network, no files.

Private to the collection. Keys are RSA with 2048 bits, which every service that takes certificates of ACM knows; a certificate has the same
algorithm as the authority that signs it, because ACM wants it so.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _private_keys, _secrets
from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._options import Problem
from ansible_collections.msp.aws.plugins.module_utils._pem import loaded, parsed

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:
    x509 = None

# The tags of a secret that holds an authority: its common name, and from when until when its own certificate is valid.
AUTHORITY, NOT_BEFORE, NOT_AFTER = "CertificateAuthority", "NotBefore", "NotAfter"
WHEN = "%Y-%m-%dT%H:%M:%SZ"
# ACM's names of the usages that can be put into a certificate here.
USAGES = dict(
    TLS_WEB_SERVER_AUTHENTICATION="SERVER_AUTH",
    TLS_WEB_CLIENT_AUTHENTICATION="CLIENT_AUTH",
    CODE_SIGNING="CODE_SIGNING",
    EMAIL_PROTECTION="EMAIL_PROTECTION",
    TIME_STAMPING="TIME_STAMPING",
    OCSP_SIGNING="OCSP_SIGNING",
)
# The clock of whoever checks may be late.
SKEW = timedelta(minutes=10)


# ---- authorities


def authorities(aws: Aws) -> dict[str, dict[str, Any]]:
    """Every authority by the name of its secret: common name and validity, as the tags say them, so that no private key is read for them."""
    return {secret["name"]: secret["tags"] for secret in _secrets.holding(aws, AUTHORITY)}


def end_of(aws: Aws, name: str) -> datetime:
    return datetime.strptime(aws.once(authorities)[name][NOT_AFTER], WHEN).replace(tzinfo=UTC)


def wrong_days(value: Any) -> tuple[str, Any] | None:
    """Why something cannot be valid for so long; for an option's `wrong`."""
    return ("least", 1) if isinstance(value, int) and value < 1 else None


def new_authority(common_name: str, days: int) -> tuple[str, dict[str, str]]:
    """What the secret of a new authority holds, and its tags."""
    begin = _now()
    private_key = _private_keys.make("rsa", "pem", common_name)
    key = loaded(private_key)
    builder = _builder(_named(common_name), _named(common_name), key.public_key(), begin, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    held = json.dumps(dict(certificate=_pem(certificate), private_key=private_key), indent=1)
    return held, {NOT_BEFORE: begin.strftime(WHEN), NOT_AFTER: (begin + timedelta(days=days)).strftime(WHEN)}


def issue(aws: Aws, authority: str, private_key: str, domain_name: str, usages: list[str], days: int) -> tuple[str, str]:
    """A new certificate for the private key, and its chain."""
    held = json.loads(_secrets.held(aws, authority))
    issuer, signer, key = parsed(held["certificate"])[0], loaded(held["private_key"]), loaded(private_key)
    builder = _builder(_named(domain_name), issuer.subject, key.public_key(), _now(), days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(digital_signature=True, key_encipherment=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([getattr(ExtendedKeyUsageOID, USAGES[usage]) for usage in usages]), critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(domain_name)]), critical=False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    return _pem(builder.sign(signer, hashes.SHA256())), held["certificate"]


def _builder(subject: Any, issuer: Any, public_key: Any, begin: datetime, days: int) -> Any:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key).serial_number(x509.random_serial_number())
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    return builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=days))


def _named(common_name: str) -> Any:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(**yes: bool) -> Any:
    names = "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign encipher_only decipher_only"
    return x509.KeyUsage(**{**dict.fromkeys(names.split(), False), **yes})


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - SKEW


def _pem(certificate: Any) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


# ---- looking


def same(one: str, other: str) -> bool:
    """Whether two texts hold the same certificates. Line breaks and what stands between the certificates do not count."""
    return one == other or (bool(parsed(one)) and parsed(one) == parsed(other))


def issuer(text: str) -> str:
    return parsed(text)[0].issuer.rfc4514_string()


def check(certificate: str, chain: str | None, private_key: str) -> None:
    """What ACM would refuse of an import, said of the part that is wrong."""
    found, above = parsed(certificate), parsed(chain) if chain else []
    if len(found) != 1:
        raise Problem("certificate must hold one PEM certificate; those above it go to certificate_chain")
    if chain and not above:
        raise Problem("certificate_chain holds no PEM certificate")
    check_key(certificate, private_key)
    now = datetime.now(UTC)
    for what, one in [("certificate", found[0]), *(("certificate_chain", one) for one in above)]:
        if not one.not_valid_before_utc <= now <= one.not_valid_after_utc:
            raise Problem(f"{what}: {one.subject.rfc4514_string()} is valid from {one.not_valid_before_utc:%Y-%m-%d} to {one.not_valid_after_utc:%Y-%m-%d}")
    _check_chain([*found, *above])


def check_server(certificate: Any) -> None:
    """What every client would refuse of a server."""
    now = datetime.now(UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        raise Problem(f"the certificate is valid from {begin:%Y-%m-%d} to {end:%Y-%m-%d}, and not today")
    if "serverAuth" not in _usages(certificate):
        raise Problem("the certificate is not one of a server (it has no usage serverAuth), so clients refuse it")


def strange_to_profiles(before: list[Any], after: list[Any]) -> str | None:
    """Why profiles handed out with one certificate and its chain refuse another: they hold the chain, and the first name that the server must have."""
    trusted = before[1:] or before
    if not any(_signed_by(one, root) for one in after for root in trusted):
        return f"they trust {trusted[-1].subject.rfc4514_string()}, and it is issued by {after[-1].issuer.rfc4514_string()}"
    names = [(_domains(chain[0]) or [""])[0] for chain in (before, after)]
    return None if names[0] == names[1] else f"they ask for the name {names[0]}, and it has {names[1] or 'none'}"


def _signed_by(certificate: Any, root: Any) -> bool:
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def check_key(certificate: str, private_key: str) -> None:
    if loaded(private_key).public_key() != parsed(certificate)[0].public_key():
        raise Problem("the private key does not belong to the certificate")


def _check_chain(certificates: list[Any]) -> None:
    for one, above in zip(certificates, certificates[1:] or certificates, strict=False):
        try:
            one.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature):
            who, by = one.subject.rfc4514_string(), one.issuer.rfc4514_string()
            raise Problem(f"certificate_chain: the next certificate after {who} must be that of {by}, which signed it") from None


def check_replacement(old: str, new: str) -> None:
    """What a certificate under the same ARN cannot change. ACM User Guide, "Reimport a certificate"."""
    before, after = parsed(old)[0], parsed(new)[0]
    if _kind_of_key(before) != _kind_of_key(after):
        raise Problem(f"ACM keeps type and size of the key under one ARN: it is {_kind_of_key(before)}, the new certificate has {_kind_of_key(after)}")
    if _domains(before) and not _domains(after):
        raise Problem("ACM does not let a certificate lose all of its domain names")
    gone = _usages(before) - _usages(after) - {"clientAuth"}
    if gone:
        raise Problem(f"ACM does not let a certificate lose usages that it has: the new one lacks {', '.join(sorted(gone))}")


def _kind_of_key(certificate: Any) -> str:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA with {key.key_size} bits"
    return f"EC {key.curve.name}" if isinstance(key, ec.EllipticCurvePublicKey) else type(key).__name__


def _domains(certificate: Any) -> list[str]:
    names = [attribute.value for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        names += certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        pass
    return [name for name in names if "." in name]


def _usages(certificate: Any) -> set[str]:
    """Extended usages by their names, and the plain ones that are on."""
    found = set()
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.ExtendedKeyUsage):
            found |= {usage._name for usage in extension.value}  # pylint: disable=protected-access
        if isinstance(extension.value, x509.KeyUsage):
            found |= {name.lstrip("_") for name, on in vars(extension.value).items() if on}
    return found
