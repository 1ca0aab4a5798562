# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server certificate before it goes to its server: each thing that can be wrong is found alone, and nothing of a key is told."""

from __future__ import annotations

import ipaddress
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from ansible.errors import AnsibleFilterError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.msp.aws.plugins.filter.server_certificates import certificate_fingerprints, server_certificate
from ansible_collections.msp.aws.plugins.plugin_utils._server_certificates import covered, reading

NOW = datetime(2026, 4, 1, tzinfo=UTC)
NAMES = ["www.example.com", "192.0.2.1"]


class Signed:
    """A certificate with its key, signed by another one or by itself."""

    def __init__(self, name, by=None, names=(), days=397, begin=NOW - timedelta(days=1), usages=()):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        signer = by or self
        builder = x509.CertificateBuilder().subject_name(self.subject).issuer_name(signer.subject).public_key(self.key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(NOW + timedelta(days=days))
        if names:
            general = [x509.IPAddress(ipaddress.ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in names]
            builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        self.pem = builder.sign(signer.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def key_pem(self, secret: bytes | None = None) -> str:
        how = serialization.BestAvailableEncryption(secret) if secret else serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how).decode()


ROOT = Signed("root", days=3650, begin=NOW - timedelta(days=400))
MIDDLE = Signed("middle", ROOT, days=3650, begin=NOW - timedelta(days=400))
LEAF = Signed("leaf", MIDDLE, NAMES)


def entry(leaf: Signed = LEAF, **changed: object) -> dict:
    return dict(name="www", certificate=leaf.pem, chain=MIDDLE.pem, private_key=leaf.key_pem(), ca=ROOT.pem, names=NAMES) | changed


def test_a_certificate_in_order():
    found = reading(entry(), at=NOW)
    assert (found["faults"], found["confirmations"], found["names"], found["days_left"]) == ([], {}, NAMES, 397)
    assert found["pem"] == LEAF.pem + MIDDLE.pem
    assert found["fingerprints"] == certificate_fingerprints(f"depth=1\n{LEAF.pem} i:CN = middle\n{MIDDLE.pem}---\n")


WRONG = dict(
    no_certificate=(dict(certificate="nonsense"), "1 枚だけ"),
    two_certificates=(dict(certificate=LEAF.pem + MIDDLE.pem), "1 枚だけ"),
    key_of_another=(dict(private_key=MIDDLE.key_pem()), "certificate の鍵ではありません"),
    key_with_passphrase=(dict(private_key=LEAF.key_pem(b"secret")), "パスフレーズなし"),
    chain_is_nothing=(dict(chain="nonsense"), "chain に PEM の証明書がありません"),
    chain_in_another_order=(dict(chain=ROOT.pem + MIDDLE.pem), "chain の順序が違うか"),
    chain_lacks_one=(dict(chain=""), "信頼された認証局に届きません"),
    authority_of_nobody=(dict(ca=Signed("root").pem), "信頼された認証局に届きません"),
    authority_not_named=(dict(ca=None), "信頼された認証局に届きません"),
    name_not_covered=(dict(names=[*NAMES, "example.com"]), "names の example.com"),
    address_not_covered=(dict(names=["192.0.2.2"]), "names の 192.0.2.2"),
)


@pytest.mark.parametrize("changed, told", WRONG.values(), ids=WRONG)
def test_each_fault_is_told_alone(changed, told):
    faults = reading(entry(**changed), at=NOW)["faults"]
    assert len(faults) == 1
    assert told in faults[0]


@pytest.mark.parametrize(
    "leaf, told",
    [
        (Signed("leaf", MIDDLE, NAMES, begin=NOW + timedelta(days=1)), "まだ有効ではありません"),
        (Signed("leaf", MIDDLE, NAMES, usages=[x509.ExtendedKeyUsageOID.CLIENT_AUTH]), "サーバ用ではありません"),
    ],
    ids=["not_yet", "for_clients"],
)
def test_a_certificate_that_no_client_takes_is_a_fault(leaf, told):
    (fault,) = reading(entry(leaf), at=NOW)["faults"]
    assert told in fault


def test_the_common_name_covers_nothing():
    assert len(reading(entry(Signed("www.example.com", MIDDLE), names=["www.example.com"]), at=NOW)["faults"]) == 1


def test_what_somebody_has_to_confirm():
    longer = Signed("longer", MIDDLE, [*NAMES, "old.example.com"], days=500)
    expired = Signed("expired", MIDDLE, NAMES, days=-1, begin=NOW - timedelta(days=30))
    assert set(reading(entry(expired), at=NOW)["confirmations"]) == {"expired"}
    assert set(reading(entry(), longer.pem + MIDDLE.pem, NOW)["confirmations"]) == {"shorter", "names"}
    assert "old.example.com" in reading(entry(), longer.pem, NOW)["confirmations"]["names"]
    wildcard = Signed("wildcard", MIDDLE, ["*.example.com", "192.0.2.1"], days=600)
    assert not reading(entry(wildcard), longer.pem, NOW)["confirmations"]
    # What is in place already is told, and asks nothing.
    assert not reading(entry(expired), expired.pem, NOW)["confirmations"]
    assert reading(entry(expired), expired.pem, NOW)["days_left"] < 0


def test_an_expired_chain_asks_too():
    middle = Signed("middle", ROOT, days=-1, begin=NOW - timedelta(days=400))
    assert set(reading(entry(Signed("leaf", middle, NAMES), chain=middle.pem), at=NOW)["confirmations"]) == {"expired"}


@pytest.mark.parametrize(
    "name, by, right",
    [
        ("WWW.example.com", ["www.example.com"], True),
        ("www.example.com", ["*.example.com"], True),
        ("a.www.example.com", ["*.example.com"], False),
        ("example.com", ["*.example.com"], False),
        ("例え.jp", ["xn--r8jz45g.jp"], True),
        ("2001:db8::1", ["2001:db8::1"], True),
        ("192.0.2.1", ["*.0.2.1"], False),
    ],
)
def test_which_names_are_covered(name, by, right):
    assert covered(name, by) is right


def test_nothing_of_a_key_is_told():
    body = "".join(LEAF.key_pem().splitlines()[1:-1])
    broken = LEAF.key_pem().replace("-----END", "----END")
    for one in (entry(), entry(private_key=broken), entry(private_key=MIDDLE.key_pem()), entry(certificate="nonsense")):
        told = str(reading(one, at=NOW))
        assert not [part for part in (body[i : i + 16] for i in range(0, len(body) - 16)) if part in told]


def test_an_entry_that_lacks_something_says_what():
    with pytest.raises(AnsibleFilterError, match="private_key, names"):
        server_certificate(dict(certificate=LEAF.pem))


def test_nothing_of_aws_is_loaded_for_a_look_at_certificates():
    """Ansible forks a process for each task, which would load it anew each time."""
    ready = "from ansible.plugins.loader import init_plugin_loader; init_plugin_loader()"
    look = "from ansible_collections.msp.aws.plugins.filter import server_certificates; server_certificates.certificate_fingerprints('')"
    subprocess.run([sys.executable, "-c", f"{ready}; {look}; import sys; sys.exit('boto3' in sys.modules)"], check=True)
