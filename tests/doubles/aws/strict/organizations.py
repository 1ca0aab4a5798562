# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Organizations: IAM is a service that can be trusted and delegated (User Guide, "Services that work with AWS Organizations")."""

from __future__ import annotations

from moto.organizations.models import FakeDelegatedAdministrator, FakeServiceAccess

from .iam import IAM_PRINCIPAL
from .rules import RuleBook

BOOK = RuleBook("organizations")

for known in (FakeServiceAccess.TRUSTED_SERVICES, FakeDelegatedAdministrator.SUPPORTED_SERVICES):
    known.append(IAM_PRINCIPAL)
