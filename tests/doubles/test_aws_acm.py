# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACM refuses what does not fit together, and keeps the ARN and what is around a certificate that is replaced."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.doubles.aws import AwsDouble

REGION = "ap-northeast-1"
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
EVERY = dict(keyTypes=["RSA_2048", "EC_prime256v1", "EC_secp384r1"])


@pytest.fixture(scope="module")
def running():
    with AwsDouble() as double:
        yield double


@pytest.fixture
def double(running):
    running.reset()
    return running


@pytest.fixture
def acm(double):
    return boto3.client("acm", endpoint_url=double.url, region_name=REGION, aws_access_key_id="AKIA123456789012XXXX", aws_secret_access_key="x")


def pem(thing):
    if hasattr(thing, "private_bytes"):
        return thing.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return thing.public_bytes(serialization.Encoding.PEM)


def certificate(key, name="www.example.com", issuer=None, signer=None, days=(-1, 100), usages=(SERVER,)):
    def named(common_name):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])

    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(issuer.subject if issuer else named(name))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now + timedelta(days=days[0])).not_valid_after(now + timedelta(days=days[1]))
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(usages)), critical=False)
    return builder.sign(signer or key, hashes.SHA256())


KEY, OTHER, CA_KEY = (ec.generate_private_key(ec.SECP256R1()) for dummy in range(3))
CA = certificate(CA_KEY, "Example CA", usages=())


def imported(acm, one, key=KEY, **more):
    return acm.import_certificate(Certificate=pem(one), PrivateKey=pem(key), **more)["CertificateArn"]


def code(call, *arguments, **more):
    with pytest.raises(ClientError) as refused:
        call(*arguments, **more)
    return refused.value.response["Error"]["Code"]


@pytest.mark.parametrize(
    ("one", "key", "more"),
    [
        (certificate(KEY), OTHER, {}),
        (certificate(KEY, days=(-10, -1)), KEY, {}),
        (certificate(KEY, days=(1, 10)), KEY, {}),
        (certificate(KEY, issuer=CA, signer=CA_KEY), KEY, {}),
        (certificate(KEY, issuer=CA, signer=CA_KEY), KEY, dict(CertificateChain=pem(certificate(OTHER, "Other CA")))),
    ],
    ids=["another key", "expired", "not yet valid", "no chain", "another chain"],
)
def test_what_does_not_fit_is_not_imported(double, acm, one, key, more):
    before = double.state()
    assert code(imported, acm, one, key, **more) == "ValidationException"
    assert double.state() == before


def test_two_certificates_and_an_encrypted_key_are_refused(acm):
    both = pem(certificate(KEY)) + pem(CA)
    assert code(acm.import_certificate, Certificate=both, PrivateKey=pem(KEY)) == "ValidationException"
    locked = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x" * 8))
    assert code(acm.import_certificate, Certificate=pem(certificate(KEY)), PrivateKey=locked) == "ValidationException"


def test_what_was_imported_comes_back_and_the_key_does_not(acm):
    one = certificate(KEY, issuer=CA, signer=CA_KEY)
    arn = imported(acm, one, CertificateChain=pem(CA))
    answer = acm.get_certificate(CertificateArn=arn)
    assert (answer["Certificate"].encode(), answer["CertificateChain"].encode()) == (pem(one), pem(CA))
    assert "PrivateKey" not in json.dumps(answer, default=str)


def test_a_replacement_keeps_arn_and_tags_and_brings_none(acm):
    arn = imported(acm, certificate(KEY), Tags=[dict(Key="Name", Value="a")])
    assert imported(acm, certificate(OTHER), OTHER, CertificateArn=arn) == arn
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == [dict(Key="Name", Value="a")]
    assert code(imported, acm, certificate(KEY), CertificateArn=arn, Tags=[dict(Key="a", Value="b")]) == "ValidationException"


def test_what_a_replacement_cannot_change(acm):
    arn = imported(acm, certificate(KEY, usages=(SERVER, CLIENT)))
    big = ec.generate_private_key(ec.SECP384R1())
    assert code(imported, acm, certificate(big), big, CertificateArn=arn) == "ValidationException"
    assert code(imported, acm, certificate(KEY, usages=(CLIENT,)), CertificateArn=arn) == "ValidationException"
    assert code(imported, acm, certificate(KEY, name="nobody"), CertificateArn=arn) == "ValidationException"
    assert imported(acm, certificate(KEY, usages=(SERVER,)), CertificateArn=arn) == arn
    bare = imported(acm, certificate(KEY, usages=()))
    assert code(imported, acm, certificate(KEY), CertificateArn=bare) == "ValidationException"


def test_a_list_leaves_out_what_acm_leaves_out(acm):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain, curve, unnamed = imported(acm, certificate(key), key), imported(acm, certificate(KEY)), imported(acm, certificate(key, "nobody"), key)

    def listed(**more):
        return {one["CertificateArn"] for one in acm.list_certificates(**more)["CertificateSummaryList"]}

    assert listed() == {plain}
    assert listed(Includes=EVERY) == {plain, curve, unnamed}
    assert acm.list_certificates()["CertificateSummaryList"][0]["ExtendedKeyUsages"] == ["TLS_WEB_SERVER_AUTHENTICATION"]


def test_unknown_and_malformed_arns(acm):
    gone = f"arn:aws:acm:{REGION}:123456789012:certificate/00000000-0000-0000-0000-000000000000"
    for call in (acm.describe_certificate, acm.get_certificate, acm.list_tags_for_certificate, acm.delete_certificate):
        assert code(call, CertificateArn=gone) == "ResourceNotFoundException"
    assert code(acm.get_certificate, CertificateArn="arn:aws:acm:here:it-is-not-one") in ("InvalidArnException", "ValidationException")


def test_tags_of_aws_are_reserved(acm):
    arn = imported(acm, certificate(KEY))
    assert code(acm.add_tags_to_certificate, CertificateArn=arn, Tags=[dict(Key="aws:x", Value="y")]) == "InvalidTagException"


def test_snapshots_hold_certificates(double, acm):
    arn = imported(acm, certificate(KEY))
    double.snapshot("one")
    state = double.state()
    acm.delete_certificate(CertificateArn=arn)
    assert double.state() != state
    double.restore("one")
    assert double.state() == state and acm.get_certificate(CertificateArn=arn)["Certificate"]
