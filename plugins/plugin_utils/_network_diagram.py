# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks as drawings: an overview of an account's VPCs, and each VPC with its zones, subnets, what stands in them, and the ways out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.msp.aws.plugins.plugin_utils._network_boxes import Diagram
from ansible_collections.msp.aws.plugins.plugin_utils._network_looks import WORDS
from ansible_collections.msp.aws.plugins.plugin_utils._network_overview import overview
from ansible_collections.msp.aws.plugins.plugin_utils._network_things import Account
from ansible_collections.msp.aws.plugins.plugin_utils._network_vpc import vpc_diagram


def diagrams(
    account: Mapping[str, list[dict[str, Any]]], beside: Mapping[str, Collection[str]] | None = None, language: str = "ja", main: Collection[str] = ()
) -> list[Diagram]:
    """An overview, and one drawing for each VPC that has anything in it, by name; nothing where there is nothing to show.

    account: kind → entries as the kind's `state: gathered` returns them. Kinds that are not drawn are passed over, and so is a thing in a subnet
    that `account` does not have, because nobody knows where it stands.
    beside: kind → labels of what is there beside the agreed sheet; drawn dashed and hatched.
    main: labels of the route tables that hold for subnets which no table names, one for each VPC, as entries do not tell.
    language: `ja` or `en`. A KeyError means that there is no such language.
    """
    words = WORDS[language]
    there = Account(account, beside or {}, main)
    drawn = [vpc_diagram(there, vpc, words) for vpc in there.all("ec2_vpcs") if there.is_used(vpc)]
    return [*overview(there, words), *drawn]
