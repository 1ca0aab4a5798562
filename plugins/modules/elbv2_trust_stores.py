#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _elbv2
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, fixed, tags

BUNDLE = dict(
    ca_certificates_bundle_s3_bucket="CaCertificatesBundleS3Bucket",
    ca_certificates_bundle_s3_key="CaCertificatesBundleS3Key",
    ca_certificates_bundle_s3_object_version="CaCertificatesBundleS3ObjectVersion",
)
CREATING = "CREATING"


def find(aws, wanted):
    mine = [one for one in _listed(aws) if _elbv2.chosen(wanted, one["TrustStoreArn"], one["Name"])]
    tagged = _elbv2.tags_of(aws, [one["TrustStoreArn"] for one in mine])
    return [dict(_have(one), tags=tagged.get(one["TrustStoreArn"], {})) for one in mine]


def _listed(aws):
    return aws.pages("elbv2", "describe_trust_stores", "TrustStores")


def _have(store):
    return dict(id=store["TrustStoreArn"], name=store["Name"], _moving=store["Status"] if store["Status"] == CREATING else None)


def look(aws, ids):
    return [_have(one) for one in _listed(aws) if one["TrustStoreArn"] in ids]


def create(aws, want):
    """AWS copies the bundle, and says nothing of where it came from."""
    arguments = {member: want[option] for option, member in BUNDLE.items() if option in want}
    made = aws.elbv2.create_trust_store(Name=want["name"], **arguments, **_elbv2.tagged(want.get("tags", {})))["TrustStores"][0]
    return dict(_have(made), tags=want.get("tags", {}))


def update(aws, have, change):
    _elbv2.update_tags(aws, have, change)


def delete(aws, have):
    """AWS refuses it while a listener uses it."""
    aws.elbv2.delete_trust_store(TrustStoreArn=have["id"])


KIND = Kind(
    name="elbv2_trust_stores",
    identity=("name",),
    options=dict(
        name=fixed(api="CreateTrustStore.Name"),
        ca_certificates_bundle_s3_bucket=Option(required=True, write_only=True, api="CreateTrustStore.CaCertificatesBundleS3Bucket"),
        ca_certificates_bundle_s3_key=Option(required=True, write_only=True, api="CreateTrustStore.CaCertificatesBundleS3Key"),
        ca_certificates_bundle_s3_object_version=Option(write_only=True, api="CreateTrustStore.CaCertificatesBundleS3ObjectVersion"),
        tags=tags(),
    ),
    find=find,
    look=look,
    create=create,
    update=update,
    delete=delete,
    not_yet=_elbv2.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
