# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What existing modules take from an account that nobody named, ours leave alone: tags, of nearly all of them."""

from __future__ import annotations

from tests.laws.dangers import OWNED, SERVERS, both, named, vpc_id
from tests.laws.test_gateways import client, harmless, write

GROUPS, SUBNETS, VPCS, WALLS = "logs_log_groups", "ec2_subnets", "ec2_vpcs", "ec2_security_groups"


def test_tags_that_are_not_named_go(network, ec2, theirs):
    kept, wish = dict(CostCenter="4711"), dict(tags=OWNED)
    write(network, VPCS, dict(name="acme", tags=kept))
    write(network, SUBNETS, dict(name="a", vpc="acme", tags=kept))
    write(network, WALLS, dict(name="web", vpc="acme", description="web", tags=kept))
    write(network, "s3_buckets", dict(name="acme", tags=kept))
    write(network, "iam_users", dict(name="alice", tags=kept))
    write(network, "iam_roles", dict(name="acme", assume_role_policy=SERVERS, tags=kept))
    write(network, GROUPS, dict(name="/acme", tags=kept))
    iam = client(network, "iam")

    def look():
        tagged = dict(
            vpc=named(ec2.describe_vpcs(), "acme")["Tags"],
            subnet=named(ec2.describe_subnets(), "a")["Tags"],
            group=ec2.describe_security_groups(Filters=[dict(Name="group-name", Values=["web"])])["SecurityGroups"][0]["Tags"],
            bucket=client(network, "s3").get_bucket_tagging(Bucket="acme")["TagSet"],
            user=iam.list_user_tags(UserName="alice")["Tags"],
            role=iam.list_role_tags(RoleName="acme")["Tags"],
            logs=[dict(Key=key, Value=value) for key, value in client(network, "logs").list_tags_log_group(logGroupName="/acme")["tags"].items()],
        )
        return {what for what, tags in tagged.items() if dict(Key="CostCenter", Value="4711") in tags}

    def ours():
        own = {VPCS: dict(name="acme"), SUBNETS: dict(name="a", vpc="acme"), WALLS: dict(name="web", vpc="acme"), "s3_buckets": dict(name="acme")}
        for kind, entry in {**own, "iam_users": dict(name="alice"), "iam_roles": dict(name="acme"), GROUPS: dict(name="/acme")}.items():
            harmless(network, kind, dict(entry, **wish))

    others = {
        "amazon.aws.ec2_vpc_net": dict(vpc_id=vpc_id(ec2), name="acme", cidr_block="10.20.0.0/16", **wish),
        "amazon.aws.ec2_vpc_subnet": dict(vpc_id=vpc_id(ec2), cidr="10.20.1.0/24", tags=dict(OWNED, Name="a")),
        "amazon.aws.ec2_security_group": dict(name="web", description="web", vpc_id=vpc_id(ec2), **wish),
        "amazon.aws.s3_bucket": dict(name="acme", **wish),
        "amazon.aws.iam_user": dict(name="alice", state="present", **wish),
        "amazon.aws.iam_role": dict(name="acme", assume_role_policy_document=SERVERS, **wish),
        "amazon.aws.cloudwatchlogs_log_group": dict(log_group_name="/acme", **wish),
    }
    left, gone = both(network, look, ours, lambda: theirs(others))
    assert left == {"vpc", "subnet", "group", "bucket", "user", "role", "logs"} and gone == set()
