# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the tests of catalog/dangers.yml play the same wish twice from the same account, and look at it with boto3."""

from __future__ import annotations

SERVERS = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Principal=dict(Service="ec2.amazonaws.com"), Action="sts:AssumeRole")])
OWNED = dict(Owner="infra")


def both(stage, look, ours, other):
    """What `look` sees after ours, and after the other one, each from the account as it is now."""
    stage.double.snapshot("before the danger")
    ours()
    left = look()
    stage.double.restore("before the danger")
    other()
    return left, look()


def named(answer, name):
    """The one thing of an answer of EC2 that has this name and is there."""
    things = next(value for value in answer.values() if isinstance(value, list))
    return next(one for one in things if dict(Key="Name", Value=name) in one.get("Tags", []) and one.get("State") not in ("deleted", "deleting"))


def allowing(action):
    return dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Action=action, Resource="*")])


def vpc_id(ec2, name="acme"):
    return named(ec2.describe_vpcs(), name)["VpcId"]


def subnet_id(ec2, name="a"):
    return named(ec2.describe_subnets(), name)["SubnetId"]
