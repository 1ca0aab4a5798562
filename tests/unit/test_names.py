# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names: three VPCs, each with or without a subnet of the same name. A name leads to the right thing or to none, never to another one."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.module_utils._names import Missing, Names, makers
from ansible_collections.msp.aws.plugins.module_utils._options import Problem, Unknown

VPCS = dict(a="vpc-0000000a", b="vpc-0000000b")


class FakeAws:
    """An account with subnets `web` in the VPCs named."""

    def __init__(self, *with_web):
        self.with_web = with_web

    def once(self, look, *arguments):
        return look(self, *arguments)

    def pages(self, service, operation, result):
        if operation == "describe_vpcs":
            return [dict(VpcId=vpc_id, Tags=[dict(Key="Name", Value=name)]) for name, vpc_id in VPCS.items()]
        assert operation == "describe_subnets"
        return [dict(SubnetId=f"subnet-0000000{name}", VpcId=VPCS[name], Tags=[dict(Key="Name", Value="web")]) for name in self.with_web]


def names(*with_web, planned=(), check=True):
    return Names(FakeAws(*with_web), dict(ec2_subnets=list(planned), ec2_vpcs=["c"]), check)


def test_a_bare_name_never_leads_elsewhere_because_the_right_thing_is_missing():
    """The account has a/web, the sheet makes c/web: in the plan as in the run the bare name means two things."""
    for check in (True, False):
        with pytest.raises(Problem, match="more than one"):
            names("a", planned=["c/web"], check=check).id_of("ec2_subnets", "web")


def test_a_scope_narrows_what_is_there_and_what_will_be():
    both = names("a", "b", planned=["c/web"])
    assert both.id_of("ec2_subnets", "web", VPCS["a"]) == "subnet-0000000a"
    assert isinstance(both.id_of("ec2_subnets", "web", Unknown("c")), Unknown)
    with pytest.raises(Missing):
        names("a").id_of("ec2_subnets", "web", VPCS["b"])


@pytest.mark.parametrize("value", ["a/web", f"{VPCS['a']}/web", "subnet-0000000a"])
def test_every_way_to_write_it(value):
    assert names("a", "b").id_of("ec2_subnets", value) == "subnet-0000000a"


def test_what_the_sheet_makes_and_is_there_already_is_one_thing():
    assert names("a", planned=["a/web"]).id_of("ec2_subnets", "web") == "subnet-0000000a"
    assert names("a", planned=[f"{VPCS['a']}/web"]).id_of("ec2_subnets", "web") == "subnet-0000000a"


def test_a_planned_thing_is_unknown_in_the_plan_and_missing_in_the_run():
    assert isinstance(names(planned=["c/web"]).id_of("ec2_subnets", "c/web"), Unknown)
    with pytest.raises(Problem, match="was not made in this run"):
        names(planned=["c/web"], check=False).id_of("ec2_subnets", "c/web")


def test_a_mistyped_scope_is_missing():
    with pytest.raises(Missing):
        names("a", planned=["c/web"]).id_of("ec2_subnets", "cc/web")


def test_names_are_shown_with_their_scope_where_they_need_it():
    assert names("a").name_of("ec2_subnets", "subnet-0000000a") == "web"
    assert names("a", "b").name_of("ec2_subnets", "subnet-0000000a") == "a/web"


def test_a_text_has_names_beside_the_ids_that_were_looked_up():
    seen = names("a", "b")
    assert seen.told("held by vpc-0000000a") == "held by vpc-0000000a"  # nothing is asked for the sake of a text
    seen.name_of("ec2_subnets", "subnet-0000000a")
    assert seen.told("off vpc-0000000a and subnet-0000000a: wait") == "off vpc-0000000a (a) and subnet-0000000a (a/web): wait"
    complete = ("vpc-0000000a (a) has them", "the gateway (vpc-0000000a)", "'ec2_vpcs/vpc-0000000a' in confirm")
    for as_it_is in (*complete, "vpc-0000000ab", "my-vpc-0000000a", "vpc-0000000c"):
        assert seen.told(as_it_is) == as_it_is


def test_found_says_where_each_lies():
    assert names("a", "b").found("ec2_subnets", "web") == [
        dict(id="subnet-0000000a", scope="a", scope_id=VPCS["a"]),
        dict(id="subnet-0000000b", scope="b", scope_id=VPCS["b"]),
    ]


class Untagged:
    """A service whose list has no tags, and leaves out what is not asked for."""

    def __init__(self):
        self.asked = []

    def once(self, look, *arguments):
        return look(self, *arguments)

    def pages(self, service, operation, result, **arguments):
        self.asked.append((operation, arguments))
        if operation == "list_certificates":
            return [dict(CertificateArn="arn:one"), dict(CertificateArn="arn:two")]
        return [dict(Key="Name", Value=arguments["CertificateArn"].removeprefix("arn:"))]


def test_a_list_without_tags_is_asked_for_them_one_by_one_and_leaves_nothing_out():
    aws = Untagged()
    assert Names(aws, {}, check_mode=False).id_of("acm_certificates", "two") == "arn:two"
    first, *others = aws.asked
    assert {"RSA_2048", "EC_prime256v1"} < set(first[1]["Includes"]["keyTypes"])
    assert [operation for operation, dummy in others] == ["list_tags_for_certificate"] * 2


def test_what_several_kinds_make_is_found_under_one_name():
    """The account has `old`, the sheet makes `new` with one of the kinds: each name leads to the one thing that it means."""
    several = "ec2_transit_gateway_attachments"
    maker = makers(several)[0]

    class Attached:
        def once(self, look, *arguments):
            return look(self, *arguments)

        def pages(self, service, operation, result, **arguments):
            if operation == "describe_tags":
                return [dict(ResourceId="vpn-00000002", Key="Name", Value="office")]
            plain = dict(TransitGatewayAttachmentId="tgw-attach-00000001", State="available", Tags=[dict(Key="Name", Value="old")])
            tags = [dict(Key="Name", Value="its own")]
            return [plain, dict(TransitGatewayAttachmentId="tgw-attach-00000002", State="available", ResourceId="vpn-00000002", Tags=tags)]

    found = Names(Attached(), {maker: ["new", "old"]}, True)
    assert found.id_of(several, "old") == "tgw-attach-00000001" and isinstance(found.id_of(several, "new"), Unknown)
    assert makers("ec2_vpcs") == ("ec2_vpcs",) and makers(maker) == (maker,)
    assert found.found(several, "office")[0]["between"] == ["vpn-00000002", None]
    assert found.id_of(several, "office") == "tgw-attach-00000002" and found.name_of(several, "tgw-attach-00000002") == "office"
    with pytest.raises(Missing):
        found.id_of(several, "other")


def test_an_arn_of_ones_own_must_be_there_and_that_of_another_is_taken_at_its_word():
    """AWS's own are looked for among all that AWS has, which only a look at the whole sheet is worth."""

    class Policies(FakeAws):
        account, region = "111122223333", "ap-northeast-1"

        def pages(self, service, operation, result, Scope, **dummy):
            assert (service, operation, result) == ("iam", "list_policies", "Policies")
            account = dict(Local=self.account, AWS="aws")[Scope]
            return [dict(Arn=f"arn:aws:iam::{account}:policy/There", PolicyName="There")]

    mine, theirs, of_aws = (f"arn:aws:iam::{account}:policy/%s" for account in (Policies.account, "444455556666", "aws"))
    known = Names(Policies(), {}, True)
    arns = (mine % "No", mine % "There", theirs % "No", of_aws % "No", of_aws % "There")
    found = {arn: [one["id"] for one in known.found("iam_policies", arn)] for arn in arns}
    assert [arn for arn, ids in found.items() if not ids] == [mine % "No", of_aws % "No"]
    assert all(ids in ([], [arn]) for arn, ids in found.items())
    assert known.id_of("iam_policies", theirs % "No", elsewhere=True) == theirs % "No"
    with pytest.raises(Missing):
        known.id_of("iam_policies", mine % "No", elsewhere=True)


def test_what_nobody_can_list_is_asked_for_all_at_once():
    class Images(FakeAws):
        asked: list = []

        def pages(self, service, operation, result, Filters, **dummy):
            assert (operation, Filters[0]["Name"]) == ("describe_images", "image-id")
            self.asked.append(len(Filters[0]["Values"]))
            return [dict(ImageId=one) for one in Filters[0]["Values"] if one.endswith("1")]

    seen = Names(Images(), {}, False)
    wanted = [f"ami-{number:08}" for number in range(201)]
    seen.ask("ec2_images", wanted)
    found = {one: [image["id"] for image in seen.found("ec2_images", one)] for one in wanted}
    assert Images.asked == [200, 1] and all(ids == ([one] if one.endswith("1") else []) for one, ids in found.items())
