# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of vCPUs, which moto lacks (EC2 guide, "On-Demand Instance quotas")."""

from __future__ import annotations

from moto.servicequotas.models import ServiceQuotasBackend

from .ec2.power import TYPES
from .rules import RuleBook

BOOK = RuleBook("service-quotas")
STANDARD = "L-1216C47A"
NAME = "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"


@BOOK.patch(ServiceQuotasBackend, "get_service_quota")
def also_of_ec2(original, backend, service_code, quota_code):
    """ServiceQuota.Value: what the account has now; of a quota that was never raised, NoSuchResourceException."""
    if (service_code, quota_code) == ("ec2", STANDARD):
        return {"ServiceCode": "ec2", "QuotaCode": STANDARD, "QuotaName": NAME, "Value": float(TYPES["vcpus"]), "Adjustable": True}
    return original(backend, service_code, quota_code)


@BOOK.adds("GetAWSDefaultServiceQuota")
def what_all_begin_with(_backend, ServiceCode, QuotaCode, **_):
    """GetAWSDefaultServiceQuota: the families of accelerators begin with none."""
    return {"Quota": {"ServiceCode": ServiceCode, "QuotaCode": QuotaCode, "Value": 0.0}}
