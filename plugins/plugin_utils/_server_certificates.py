# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server certificate before it goes to its server: what it is, what is wrong with it, and what somebody has to confirm.

Private to the collection. Text in, data out; nothing of a private key is in what comes out.
"""

from __future__ import annotations

import ipaddress
import ssl
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._options import Problem
from ansible_collections.msp.aws.plugins.module_utils._pem import loaded, parsed

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
except ImportError:
    x509 = None


def fingerprints(text: str) -> list[str]:
    """SHA-256 of each certificate in a text, whatever stands between them."""
    return [one.fingerprint(hashes.SHA256()).hex() for one in parsed(text)]


def reading(entry: Mapping[str, Any], held: str = "", at: datetime | None = None) -> dict[str, Any]:
    """`held` is what its server has now in the file of the certificate, `at` the time of the look."""
    at = at or datetime.now(UTC)
    leaf, chain = parsed(entry["certificate"]), parsed(entry.get("chain") or "")
    if len(leaf) != 1:
        told = "certificate には証明書を 1 枚だけ PEM で書いてください。中間証明書は chain に書きます"
        return dict(faults=[f"{told} (takes one PEM certificate; those above it go to chain)"])
    found, before = leaf[0], parsed(held)[:1]
    faults = [*_of_the_key(entry, found), *_of_the_chain(entry, [found, *chain]), *_of_its_use(entry, found, at)]
    return dict(
        faults=faults,
        confirmations={} if before == [found] else dict(_to_confirm(found, chain, before, at)),
        names=names(found),
        not_after=f"{found.not_valid_after_utc:%Y-%m-%d}",
        days_left=(found.not_valid_after_utc - at).days,
        serial=f"{found.serial_number:x}",
        held_serial=f"{before[0].serial_number:x}" if before else "",
        fingerprints=[one.fingerprint(hashes.SHA256()).hex() for one in (found, *chain)],
        pem="".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in (found, *chain)),
        chain_pem="".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in chain),
    )


def names(certificate: Any) -> list[str]:
    """Those that clients compare: the common name is none of them."""
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(one) for one in alternative.get_values_for_type(x509.IPAddress)]
    return [*(one.lower() for one in alternative.get_values_for_type(x509.DNSName)), *addresses]


def covered(name: str, by: list[str]) -> bool:
    """A wildcard stands for one label, and for none of an address."""
    try:
        return str(ipaddress.ip_address(name)) in by
    except ValueError:
        plain = name.lower().encode("idna").decode() if not name.isascii() else name.lower()
        return plain in by or f"*.{plain.partition('.')[2]}" in by


def _of_the_key(entry: Mapping[str, Any], found: Any) -> list[str]:
    try:
        own = loaded(entry["private_key"]).public_key()
    except Problem:
        return ["private_key がパスフレーズなしの PEM の秘密鍵ではありません (is no PEM private key without a passphrase)"]
    return [] if own == found.public_key() else ["private_key は certificate の鍵ではありません (does not belong to certificate)"]


def _of_the_chain(entry: Mapping[str, Any], certificates: list[Any]) -> list[str]:
    """Each signed by the next, and one of them by somebody whom clients trust."""
    if entry.get("chain") and len(certificates) == 1:
        return ["chain に PEM の証明書がありません (holds no PEM certificate)"]
    for one, above in zip(certificates, certificates[1:], strict=False):
        if not _signed(one, above):
            wanted = f"{one.subject.rfc4514_string()} を発行した {one.issuer.rfc4514_string()}"
            return [f"chain の順序が違うか、抜けがあります。{wanted} の証明書が次に必要です (the next certificate must be that of who issued the one before)"]
    trusted = _trusted(entry.get("ca"))
    if any(one in trusted or any(_signed(one, root) for root in trusted if root.subject == one.issuer) for one in certificates):
        return []
    return [
        f"chain が信頼された認証局に届きません。最後は {certificates[-1].issuer.rfc4514_string()} です。"
        "中間証明書を chain に加えるか、独自の認証局なら ca に書いてください"
        " (leads to no trusted authority; add what is missing to chain, or name an authority of your own in ca)"
    ]


def _of_its_use(entry: Mapping[str, Any], found: Any, at: datetime) -> list[str]:
    faults = [
        f"names の {name} は証明書に含まれません（含まれる名前: {', '.join(names(found)) or 'なし'}）(is not among the names of the certificate)"
        for name in entry["names"]
        if not covered(name, names(found))
    ]
    usages = {usage._name for usage in _extended_usages(found)}  # pylint: disable=protected-access
    if usages and not usages & {"serverAuth", "anyExtendedKeyUsage"}:
        faults.append("certificate はサーバ用ではありません（拡張キー使用法に serverAuth がない）(is not for servers)")
    if found.not_valid_before_utc > at:
        faults.append(f"certificate は {found.not_valid_before_utc:%Y-%m-%d %H:%M} UTC までまだ有効ではありません (is not valid yet)")
    return faults


def _to_confirm(found: Any, chain: list[Any], before: list[Any], at: datetime) -> Any:
    over = [one for one in (found, *chain) if one.not_valid_after_utc < at]
    if over:
        told = "、".join(f"{one.subject.rfc4514_string()} {one.not_valid_after_utc:%Y-%m-%d}" for one in over)
        yield "expired", f"有効期限が切れています: {told} (has expired)"
    if before and before[0].not_valid_after_utc > found.not_valid_after_utc:
        now, then = (f"{one.not_valid_after_utc:%Y-%m-%d}" for one in (before[0], found))
        yield "shorter", f"今の証明書（{now} まで）より早く、{then} に切れます (ends before the one that is there)"
    lost = [name for one in before for name in names(one) if not covered(name, names(found))]
    if lost:
        yield "names", f"今の証明書にある名前がなくなります: {', '.join(lost)} (loses names that the one that is there has)"


def _extended_usages(certificate: Any) -> list[Any]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return []


def _signed(one: Any, by: Any) -> bool:
    try:
        one.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _trusted(authorities: str | None) -> list[Any]:
    """The authorities of the sheet, else those that this machine trusts."""
    if authorities:
        return parsed(authorities)
    with warnings.catch_warnings():
        # Some of these are old, and not as one would make them today.
        warnings.simplefilter("ignore")
        return [x509.load_der_x509_certificate(one) for one in ssl.create_default_context().get_ca_certs(binary_form=True)]
