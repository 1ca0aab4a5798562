# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trust stores: certificates of authorities, copied from a bucket, against which listeners verify their clients."""

from __future__ import annotations

from cryptography import x509
from moto.moto_api._internal import mock_random

from .. import access
from ..rules import Refused
from . import tags
from .book import BOOK, page, store_of, stores

MOST_STORES, MOST_CERTIFICATES, MOST_LISTS = 20, 25, 30  # Application Load Balancer quotas


class TrustStore:
    def __init__(self, elbv2, name, certificates):
        self.arn = f"arn:aws:elasticloadbalancing:{elbv2.region_name}:{elbv2.account_id}:truststore/{name}/{mock_random.get_random_hex(16)}"
        self.name, self.certificates, self.status = name, certificates, "CREATING"
        self.lists, self.last = {}, 0  # number → how many certificates it revokes

    def described(self):
        counts = {"NumberOfCaCertificates": self.certificates, "TotalRevokedEntries": sum(self.lists.values())}
        return {"Name": self.name, "TrustStoreArn": self.arn, "Status": self.status, **counts}

    def revocation(self, number):
        return {"TrustStoreArn": self.arn, "RevocationId": number, "RevocationType": "CRL", "NumberOfRevokedEntries": self.lists[number]}


def held(bucket_name, key, version, code, what):
    """What is in the bucket."""
    bucket = access.bucket_of(bucket_name)
    found = [one for one in bucket.keys.getlist(key, []) if version in (None, one.version_id or "null")] if bucket else []
    if not found:
        raise Refused(code, f"The {what} s3://{bucket_name}/{key} does not exist")
    return found[-1].value


def bundle(bucket_name, key, version):
    """CaCertificatesBundleNotFoundException, InvalidCaCertificatesBundleException; ALB guide: PEM, and a quota of certificates for each store."""
    there = held(bucket_name, key, version, "CaCertificatesBundleNotFound", "CA certificates bundle")
    try:
        certificates = len(x509.load_pem_x509_certificates(there))
    except ValueError:
        certificates = 0
    if not 1 <= certificates <= MOST_CERTIFICATES:
        raise Refused("InvalidCaCertificatesBundle", "The CA certificates bundle is not valid")
    return certificates


@BOOK.adds("CreateTrustStore")
def create(elbv2, Name, CaCertificatesBundleS3Bucket, CaCertificatesBundleS3Key, CaCertificatesBundleS3ObjectVersion, Tags, **_):
    """CreateTrustStore.Name: "must be unique per region"."""
    if any(one.name == Name for one in stores(elbv2).values()):
        raise Refused("DuplicateTrustStoreName", f"A trust store with the name '{Name}' exists already")
    if len(stores(elbv2)) >= MOST_STORES:
        raise Refused("TooManyTrustStores", "You've reached the limit on the number of trust stores for your AWS account")
    store = TrustStore(elbv2, Name, bundle(CaCertificatesBundleS3Bucket, CaCertificatesBundleS3Key, CaCertificatesBundleS3ObjectVersion))
    stores(elbv2)[store.arn] = store
    elbv2.tagging_service.tag_resource(store.arn, Tags)
    return {"TrustStores": [store.described()]}


@BOOK.adds("DescribeTrustStores")
def describe(elbv2, TrustStoreArns, Names, Marker, PageSize, **_):
    """TrustStore.Status: one that is being made is active at the next look."""
    for arn in TrustStoreArns or []:
        store_of(elbv2, arn)
    found = [one for one in stores(elbv2).values() if (not TrustStoreArns or one.arn in TrustStoreArns) and (not Names or one.name in Names)]
    told = [one.described() for one in found]
    for one in found:
        one.status = "ACTIVE"
    return page(told, Marker, PageSize, "TrustStores")


@BOOK.adds("AddTrustStoreRevocations")
def add_revocations(elbv2, TrustStoreArn, RevocationContents, **_):
    """RevocationContentNotFoundException, InvalidRevocationContentException; ALB guide: PEM; quotas: revocation lists for each store."""
    store = store_of(elbv2, TrustStoreArn)
    revoked = [entries_of(**content) for content in RevocationContents or []]
    if len(store.lists) + len(revoked) > MOST_LISTS:
        raise Refused("TooManyTrustStoreRevocationEntries", f"The trust store '{store.arn}' has too many revocation entries")
    numbers = range(store.last + 1, store.last + len(revoked) + 1)
    store.lists.update(zip(numbers, revoked, strict=True))
    store.last += len(revoked)
    return {"TrustStoreRevocations": [store.revocation(number) for number in numbers]}


def entries_of(S3Bucket=None, S3Key=None, S3ObjectVersion=None, **_):
    there = held(S3Bucket, S3Key, S3ObjectVersion, "RevocationContentNotFound", "revocation file")
    try:
        return len(x509.load_pem_x509_crl(there))
    except ValueError:
        raise Refused("InvalidRevocationContent", "The revocation file is not valid") from None


@BOOK.adds("DescribeTrustStoreRevocations")
def describe_revocations(elbv2, TrustStoreArn, RevocationIds, Marker, PageSize, **_):
    store = store_of(elbv2, TrustStoreArn)
    numbers = numbered(store, RevocationIds) or store.lists
    return page([store.revocation(number) for number in numbers], Marker, PageSize, "TrustStoreRevocations")


@BOOK.adds("RemoveTrustStoreRevocations")
def remove_revocations(elbv2, TrustStoreArn, RevocationIds, **_):
    store = store_of(elbv2, TrustStoreArn)
    for number in numbered(store, RevocationIds):
        del store.lists[number]
    return {}


def numbered(store, numbers):
    """RevocationIdNotFoundException."""
    known = [int(number) for number in numbers or []]
    for number in known:
        if number not in store.lists:
            raise Refused("RevocationIdNotFound", f"The revocation ID '{number}' does not exist")
    return known


@BOOK.adds("DeleteTrustStore")
def delete(elbv2, TrustStoreArn, **_):
    """TrustStoreInUseException."""
    store = store_of(elbv2, TrustStoreArn)
    listeners = [one for balancer in elbv2.load_balancers.values() for one in balancer.listeners.values()]
    if any((one.mutual or {}).get("TrustStoreArn") == store.arn for one in listeners):
        raise Refused("TrustStoreInUse", f"The trust store '{store.arn}' is currently in use")
    del stores(elbv2)[store.arn]
    tags.forget(elbv2, store.arn)
