# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and private keys as PEM has them. No word of AWS, so that filters which look at them load nothing of it.

Private to the collection.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.msp.aws.plugins.module_utils._options import Problem

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
except ImportError:
    x509 = None


def parsed(text: str) -> list[Any]:
    if x509 is None:
        raise Problem("to work with certificates, the Python package cryptography is needed where this module runs")
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        return []


def loaded(private_key: str) -> Any:
    if x509 is None:
        raise Problem("to work with certificates, the Python package cryptography is needed where this module runs")
    try:
        return serialization.load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError):
        # Not a word of the text, which may be a private key all the same.
        raise Problem("private_key is no PEM text of a private key without a passphrase") from None
