# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AWS double: moto's server plus what it lacks, in one process on loopback.

    with AwsDouble() as double:
        client = boto3.client("ec2", endpoint_url=double.url, ...)

See README.md beside this file for what it enforces.
"""

from __future__ import annotations

from .client import AwsDouble

__all__ = ["AwsDouble"]
