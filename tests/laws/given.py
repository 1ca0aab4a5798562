# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the EXAMPLES take for granted: things that they name and that no kind makes."""

from __future__ import annotations

import boto3

PREFIX_LISTS = {"acme-offices": "203.0.113.0/24", "acme-blocked": "198.51.100.0/24"}


def plant_given(double, account, region):
    ec2 = boto3.client("ec2", endpoint_url=double.url, region_name=region, aws_access_key_id=f"AKIA{account}GIVN", aws_secret_access_key="x" * 20)
    for name, block in PREFIX_LISTS.items():
        ec2.create_managed_prefix_list(PrefixListName=name, Entries=[dict(Cidr=block)], MaxEntries=5, AddressFamily="IPv4")
