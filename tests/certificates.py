# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the authorities of partners hand over: a certificate, and the list of those of their certificates that count no more."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from ansible_collections.msp.aws.plugins.module_utils._certificates import new_authority


def authority(name: str, revoked: int) -> tuple[str, bytes]:
    """A new authority: its certificate, and a list on which it revokes so many others, both in PEM."""
    held = json.loads(new_authority(name, 400)[0])
    key = serialization.load_pem_private_key(held["private_key"].encode(), None)
    now = datetime.now(UTC)
    builder = x509.CertificateRevocationListBuilder().issuer_name(x509.load_pem_x509_certificate(held["certificate"].encode()).subject)
    builder = builder.last_update(now).next_update(now + timedelta(days=30))
    for number in range(1, revoked + 1):
        builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(number).revocation_date(now).build())
    return held["certificate"], builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
