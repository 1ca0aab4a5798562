# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elastic Load Balancing: what others need of load balancers."""

from __future__ import annotations

import hashlib

from moto.elbv2 import models

from .rules import RuleBook

BOOK = RuleBook("elbv2")
KINDS = {"application": "app", "network": "net", "gateway": "gwy"}


@BOOK.patch(models.ELBv2Backend, "create_load_balancer")
def its_arn_tells_its_type(original, elbv2, *args, **kwargs):
    """LoadBalancer.LoadBalancerArn: loadbalancer/net/name/id, where moto writes app for all. The id is made of the name, so that an ARN can be foretold."""
    kind = KINDS[kwargs.get("loadbalancer_type") or "application"]
    make_arn = models.make_arn_for_load_balancer

    def make(account_id, lb_id, name, region_name):
        told = hashlib.sha256(f"{account_id}/{region_name}/{name}".encode()).hexdigest()[:16]
        return make_arn(account_id=account_id, lb_id=told, name=name, region_name=region_name).replace("loadbalancer/app/", f"loadbalancer/{kind}/")

    models.make_arn_for_load_balancer = make
    try:
        return original(elbv2, *args, **kwargs)
    finally:
        models.make_arn_for_load_balancer = make_arn
