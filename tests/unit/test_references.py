# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What entries name of each other and of the account, over every kind with its own EXAMPLES: what leads nowhere, to two things, or to what goes is told."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.filter.sheet import sheet_doubtful, sheet_entries, sheet_faults, sheet_names, sheet_neighbours, sheet_outside_names
from ansible_collections.msp.aws.plugins.module_utils._names import LOOKUPS, makers
from ansible_collections.msp.aws.plugins.plugin_utils import references
from tests.laws.stage import KINDS, entries, examples
from tests.unit.test_sheets import LISTED, NAMES, first, sheet_of

THERE = dict(id="it-1", scope=None, scope_id=None)


@pytest.mark.parametrize("name", NAMES)
def test_what_an_entry_refers_to_must_be_somewhere(name):
    """Every name that the examples use: not there it is told, there twice it is told with both ids, there once all is well."""
    sheet = sheet_of(name)
    outside = sheet_outside_names(sheet)
    nowhere = sheet_faults(sheet, account={})
    assert bool(nowhere) == bool(outside)

    def thing(id):
        return dict(id=id, scope=None, scope_id=None)

    twice = sheet_faults(sheet, account={kind: {value: [thing("it-1"), thing("it-2")] for value in values} for kind, values in outside.items()})
    assert len(twice) == len(nowhere) and all("it-1, it-2" in line for line in twice)
    assert sheet_faults(sheet, account={kind: {value: [thing("it-1")] for value in values} for kind, values in outside.items()}) == []


def removals(sheet):
    """For every name that the sheet uses, an entry that removes what has it."""
    named = {(reference.to, reference.name) for reference in references.references(sheet)}
    for kind, wanted in sheet_outside_names(sheet).items():
        if kind not in KINDS or KINDS[kind].single:
            continue
        for value in (value for value in wanted if any((to, value) in named for to in [kind, *(other for other in LOOKUPS if kind in makers(other))])):
            scopes = [reference.scope for reference in references.references(sheet) if (reference.to, reference.name) == (kind, value) and reference.scope]
            facts = dict(zip(reversed(KINDS[kind].identity), reversed(value.split(KINDS[kind].joined, len(KINDS[kind].identity) - 1)), strict=False))
            yield kind, value, dict(dict.fromkeys(KINDS[kind].identity, (scopes or ["acme"])[0]), **facts, state="absent")


REMOVES = dict(ja="このシートで削除する", en="is what this sheet removes")


@pytest.mark.parametrize("language", REMOVES)
@pytest.mark.parametrize("name", NAMES)
def test_what_an_entry_refers_to_must_not_be_what_the_same_sheet_removes(name, language):
    plain = sheet_of(name)
    for kind, value, entry in removals(plain):
        sheet = {**plain, kind: [*(plain.get(kind) or []), entry]}
        there = [dict(id="it-1", scope=entry.get("vpc"), scope_id=None)]
        for account in (None, {}, {kind: {value: there}}):
            told = [line for line in sheet_faults(sheet, account=account, language=language) if REMOVES[language] in line]
            called = [kind, *(other for other in LOOKUPS if kind in makers(other))]
            assert told and all(line.startswith(f"{name} ") and value in line and any(one in line for one in called) for line in told), (kind, value, account)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_the_sheet_gives_another_name_is_referred_to_by_the_new_one(language):
    subnet, account = dict(id="subnet-1", name="new"), dict(ec2_subnets=dict(old=[dict(id="subnet-1", scope="acme", scope_id="vpc-1")]))
    account["ec2_vpcs"] = dict(acme=[dict(id="vpc-1", scope=None, scope_id=None)])
    table = dict(name="acme", vpc="acme", subnets=["old"])
    (line,) = sheet_faults(dict(ec2_subnets=[subnet], ec2_route_tables=[table]), account=account, language=language)
    assert line.startswith("ec2_route_tables acme/acme subnets: ") and "old" in line and "new" in line
    same = dict(subnet, name="old", vpc="acme")
    assert sheet_faults(dict(ec2_subnets=[same], ec2_route_tables=[table]), account=account) == []


def test_a_removal_by_id_is_seen_through_the_name_and_another_thing_of_that_name_stays():
    subnets = [dict(name="a", vpc="acme"), dict(name="b", vpc="other", state="absent")]
    there = [dict(id="vpc-00000001", scope=None, scope_id=None)]
    gone = dict(ec2_subnets=subnets, ec2_vpcs=[dict(id="vpc-00000001", state="absent")])
    (line,) = (line for line in sheet_faults(gone, account=dict(ec2_vpcs=dict(acme=there)), language="en") if "removes" in line)
    assert line.startswith("ec2_subnets acme/a vpc: ")
    volumes = [dict(name="web", attachments=[dict(instance="web", device="/dev/sdf")])]
    twins = [dict(id=f"i-0000000{number}", scope=None, scope_id=None) for number in (1, 2)]
    one_left = dict(ec2_volumes=volumes, ec2_instances=[dict(id="i-00000001", state="absent")])
    assert not any("removes" in line for line in sheet_faults(one_left, account=dict(ec2_instances=dict(web=twins)), language="en"))


ASSOCIATION = dict(direct_connect_gateway="dx", transit_gateway="hub", state="absent")


@pytest.mark.parametrize("theirs", [False, True])
@pytest.mark.parametrize("said", ["to-dx", "tgw-attach-00000001"])
def test_a_removal_without_a_name_is_seen_through_what_it_joins(said, theirs):
    """Others refer to an association by its attachment's name or id, and its entry says only which two gateways it joins, one perhaps another host's."""
    gone = dict(ASSOCIATION, direct_connect_gateway="far:dx") if theirs else ASSOCIATION
    tables = [dict(name="main", transit_gateway="hub", associations=[said])]
    sheet = dict(directconnect_transit_gateway_associations=[gone], ec2_transit_gateway_route_tables=tables)
    outside = sheet_outside_names(sheet)
    assert outside["ec2_transit_gateways"] == ["hub"] and (theirs or outside["directconnect_gateways"] == ["dx"])
    assert sheet_neighbours(sheet, ["far", "other"]) == (["far"] if theirs else [])
    assert sheet_outside_names({}, host="far", others=[sheet]) == (dict(directconnect_gateways=["dx"]) if theirs else {})
    plain = dict(scope=None, scope_id=None)
    account = dict(ec2_transit_gateways=dict(hub=[dict(plain, id="tgw-00000001")]))
    account.update({} if theirs else dict(directconnect_gateways=dict(dx=[dict(plain, id="uuid-1")])))
    neighbours = dict(far=dict(directconnect_gateways=dict(dx="uuid-1")))
    for between, told in ((["uuid-1", "tgw-00000001"], 1), (["uuid-2", "tgw-00000001"], 0), (["vpc-00000001", "tgw-00000001"], 0)):
        there = {**account, "ec2_transit_gateway_attachments": {said: [dict(plain, id="tgw-attach-00000001", between=between)]}}
        lines = [line for line in sheet_faults(sheet, account=there, neighbours=neighbours, language="en") if "removes" in line]
        assert len(lines) == told and all(line.startswith("ec2_transit_gateway_route_tables hub/main associations: ") for line in lines)


@pytest.mark.parametrize(
    ("neighbours", "said"),
    [({}, "this run. Run both together"), (dict(far=dict(ec2_vpcs=dict(hub="vpc-00000001"))), "did you mean 'far'")],
)
def test_a_host_that_is_none_of_the_run_is_told_as_such(neighbours, said):
    """Of one that is left out by --limit, and of one that is mistyped."""
    sheet = dict(ec2_vpcs=[dict(name="acme", cidr_block="10.0.0.0/16")], ec2_vpc_peering_connections=[dict(name="x", vpc="acme", peer_vpc="fa:hub")])
    (line,) = sheet_faults(sheet, account={}, neighbours=neighbours, language="en")
    assert line.startswith("ec2_vpc_peering_connections x peer_vpc: 'fa:hub': the host fa is none of this run") and said in line
    assert "この実行の対象ではありません" in sheet_faults(sheet, account={}, neighbours=neighbours)[0]


def test_a_removal_by_id_is_seen_whichever_kind_it_is_of():
    sheet = dict(
        ec2_transit_gateway_vpc_attachments=[dict(id="tgw-attach-00000001", state="absent")],
        ec2_transit_gateway_route_tables=[dict(name="main", transit_gateway="hub", associations=["app"])],
    )
    there = dict(ec2_transit_gateway_attachments=dict(app=[dict(id="tgw-attach-00000001", scope=None, scope_id=None, between=["vpc-1", "tgw-1"])]))
    assert any("removes" in line for line in sheet_faults(sheet, account=there, language="en"))


def needs(name):
    """What the creation of a thing needs besides its name."""
    return [group for group in KINDS[name].lacking({}) if not set(group) & {*KINDS[name].identity}]


@pytest.mark.parametrize("name", [name for name in NAMES if needs(name)])
def test_what_is_not_there_and_says_too_little_to_be_made_is_told(name):
    """Its name is looked up, or the whole kind where nothing refers to it by a name."""
    for group in needs(name):
        sheet = sheet_of(name, **dict.fromkeys(group))
        sheet = sheet if KINDS[name].single else {name: sheet[name][:1]}
        label = first(name, sheet)
        assert label in sheet_outside_names(sheet)[name] if name in LOOKUPS else name in sheet_doubtful(sheet)
        line = f"{name} {label}: does not exist yet, and to create it {' / '.join(group)} must be named"
        for there in ([], [dict(THERE)]):
            seen = dict(account={name: {label: there}}) if name in LOOKUPS else {}
            seen.update(looked={name: dict(agreed=[dict(entry=label, id="it-1" if there else None)])} if not seen else {})
            assert (line in sheet_faults(sheet, language="en", **seen)) == (not there)
        assert line not in sheet_faults(sheet, language="en")


@pytest.mark.parametrize("name", LISTED)
def test_what_shall_go_gives_no_name(name):
    sheet = {name: [dict(entry, state="absent") for entry in entries(name, examples(name).make)]}
    assert sheet_names(sheet) == {name: []} and sheet_entries(sheet, name) == []
    assert len(sheet_entries(sheet, name, "absent")) == len(sheet[name])


def test_a_circle_is_told_with_its_way():
    sheet = dict(iam_instance_profiles=[])
    waits = [references.Reference("a", "one", "x", "b", "two", True), references.Reference("b", "two", "x", "a", "one", True)]
    assert [fault.text("en") for fault in references.circular(waits)] == ["a one: these wait for each other and can never be made: a one → b two → a one"]
    assert list(references.circular([waits[0]._replace(hard=False), waits[1]])) == [] and sheet_faults(sheet) == []


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_is_in_another_region_is_told_where_aws_takes_none_from_there(language):
    """Of another account it may be."""
    here, there = "arn:aws:sns:ap-northeast-1:210987654321:ops", "arn:aws:sns:us-east-1:210987654321:ops"
    alarms = [dict(name="a", alarm_actions=[here], ok_actions=[here, there]), dict(name="b", insufficient_data_actions=dict(set=[there]))]
    mine = "arn:aws:acm:eu-west-1:123456789012:certificate/0"
    listener = dict(load_balancer="acme", port=443, certificate=mine, additional_certificates=["arn:aws:iam::123456789012:server-certificate/old"])
    sheet = dict(cloudwatch_alarms=alarms, elbv2_listeners=[listener], sns_topics=[], s3_buckets=[dict(name="acme", topic_configurations=[])])
    lines = [line for line in sheet_faults(sheet, language=language, region="ap-northeast-1") if "ap-northeast-1" in line]
    assert [line.partition(": ")[0] for line in lines] == [
        "cloudwatch_alarms a ok_actions",
        "cloudwatch_alarms b insufficient_data_actions",
        "elbv2_listeners acme/443 certificate",
    ]
    assert all(arn in line for arn, line in zip((there, there, mine), lines, strict=True))
    assert lines[0].count("us-east-1") == 2 and not any("ap-northeast-1" in line for line in sheet_faults(sheet, language=language))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_image_must_be_there_as_long_as_what_is_made_of_it_is_not(language):
    """Of what is there it may be gone. What is no id of one is no question to the account: its form is told, or a parameter is meant."""
    given = ("ami-00000001", "ami-0000000000000000a", "resolve:ssm:/acme/image", "ami-x")
    templates = [dict(name=f"t{number}", image_id=image, instance_type="t3.micro") for number, image in enumerate(given)]
    sheet = dict(ec2_launch_templates=templates, ec2_instances=[dict(name="web", image_id=given[0], instance_type="t3.micro", subnet="subnet-00000001")])
    outside = sheet_outside_names(sheet)
    assert outside["ec2_images"] == sorted(given[:2]) and outside["ec2_launch_templates"] == ["t0", "t1"] and outside["ec2_instances"] == ["web"]
    there = dict(ec2_subnets={"subnet-00000001": [THERE]}, ec2_images={given[0]: [], given[1]: []})
    nothing, something = (dict(there, ec2_launch_templates=dict(t0=count * [THERE], t1=[]), ec2_instances=dict(web=count * [THERE])) for count in (0, 1))
    told = [[line.partition(": ")[0] for line in sheet_faults(sheet, account=account, language=language)] for account in (nothing, something)]
    form = "ec2_launch_templates t3 image_id"
    assert told == [[form, *(f"ec2_launch_templates {name} image_id" for name in ("t0", "t1")), "ec2_instances web image_id"],
                    [form, "ec2_launch_templates t1 image_id"]]  # fmt: skip
    assert len([line for line in sheet_faults(sheet, account=nothing, language=language) if "ami-00000001" in line and "ec2_images" in line]) == 2
    # A template that is there may be changed to it. An instance never is, so nobody has to look at it.
    assert (sheet_doubtful(sheet), sheet_doubtful(sheet, nothing), sheet_doubtful(sheet, something)) == ([], [], ["ec2_launch_templates"])
    for verdict, more in (("same", []), ("changed", ["ec2_launch_templates t0 image_id"])):
        looked = dict(ec2_launch_templates=dict(agreed=[dict(entry="t0", id="lt-1", options=[dict(option="image_id", verdict=verdict)])]))
        lines = sheet_faults(sheet, account=something, language=language, looked=looked)
        assert sorted(line.partition(": ")[0] for line in lines) == sorted([*told[1], *more])


@pytest.mark.parametrize("language", REMOVES)
def test_what_is_removed_by_its_name_is_not_referred_to_by_its_id(language):
    subnet = dict(vpc="vpc-00000001", name="a", cidr_block="10.0.1.0/24", availability_zone="ap-northeast-1a")
    sheet = dict(ec2_vpcs=[dict(name="acme", state="absent"), dict(name="other", state="absent")], ec2_subnets=[subnet])
    outside = sheet_outside_names(sheet)
    assert outside["ec2_vpcs"] == ["acme", "other", "vpc-00000001"]
    there = {name: [dict(THERE, id=id)] for name, id in (("acme", "vpc-00000001"), ("other", "vpc-00000002"), ("vpc-00000001", "vpc-00000001"))}
    (line,) = sheet_faults(sheet, account=dict(ec2_vpcs=there, ec2_availability_zones={"ap-northeast-1a": [THERE]}), language=language)
    assert line.startswith("ec2_subnets vpc-00000001/a vpc: ") and REMOVES[language] in line
