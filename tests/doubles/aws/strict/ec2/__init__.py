# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2's rule book. Its chapters are the other files of this folder."""

from __future__ import annotations

from . import (  # noqa: F401 - each writes its rules into the book
    addresses,
    client_vpn,
    endpoint_services,
    endpoints,
    gateways,
    images,
    instances,
    interfaces,
    launch_templates,
    network_acls,
    peering,
    power,
    routes,
    security_groups,
    tags,
    transit_gateway_peering,
    transit_gateway_routes,
    transit_gateways,
    volumes,
    vpcs,
    vpn,
)
from .book import BOOK

__all__ = ["BOOK"]
