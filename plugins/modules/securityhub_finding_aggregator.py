#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _securityhub
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, merged

# The service model does not list them; CreateFindingAggregator.RegionLinkingMode tells them in words.
ONLY = "SPECIFIED_REGIONS"
EXCEPT = "ALL_REGIONS_EXCEPT_SPECIFIED"
MODES = ("ALL_REGIONS", EXCEPT, ONLY, "NO_REGIONS")


def find(aws, wanted):
    """An account has one, which every Region shows."""
    found = _securityhub.if_enabled(lambda: aws.pages("securityhub", "list_finding_aggregators", "FindingAggregators"), [])
    return [_have(aws, aws.securityhub.get_finding_aggregator(FindingAggregatorArn=one["FindingAggregatorArn"])) for one in found]


def _have(aws, aggregator):
    return dict(
        id=aggregator["FindingAggregatorArn"],
        finding_aggregation_region=aggregator["FindingAggregationRegion"],
        region_linking_mode=aggregator["RegionLinkingMode"],
        regions=aggregator.get("Regions", []),
        _here=aggregator["FindingAggregationRegion"] == aws.region,
    )


def create(aws, want):
    regions = want.get("regions", {})
    wanted = dict(region_linking_mode=want["region_linking_mode"], regions=regions.get("add") or regions.get("set") or [])
    with _securityhub.explained(aws):
        return _have(aws, aws.securityhub.create_finding_aggregator(**_arguments(wanted)))


def _arguments(wanted):
    return dict(RegionLinkingMode=wanted["region_linking_mode"], **(dict(Regions=sorted(wanted["regions"])) if wanted["regions"] else {}))


def update(aws, have, change):
    """UpdateFindingAggregator takes the whole."""
    with _securityhub.explained(aws):
        aws.securityhub.update_finding_aggregator(FindingAggregatorArn=have["id"], **_arguments(merged(OPTIONS, have, change)))


def delete(aws, have):
    _check_home(have)
    with _securityhub.explained(aws):
        aws.securityhub.delete_finding_aggregator(FindingAggregatorArn=have["id"])


def _check_home(have):
    if not have.get("_here", True):
        raise Problem(
            f"the findings of this account are gathered in {have['finding_aggregation_region']}, and there alone the aggregator is changed and removed. "
            "An account has one: to move it, remove it there first, which needs its own confirmation"
        )


# ---- what to think about first


def foresee(aws, want):
    if want["finding_aggregation_region"] != aws.region:
        raise Problem(f"an aggregator is made in its home Region: run this in {want['finding_aggregation_region']}, not in {aws.region}")


def refuse(want, have, change):
    _check_home(have)
    after = merged(OPTIONS, have, change)
    mode, regions = after.get("region_linking_mode"), after.get("regions") or []
    if mode in (ONLY, EXCEPT) and not regions:
        raise Problem(f"region_linking_mode {mode} needs regions")
    if mode not in (ONLY, EXCEPT) and regions:
        raise Problem(f"regions go with {ONLY} and {EXCEPT}, and region_linking_mode is {mode}: take them away with regions: {{set: []}}")
    turned = {have.get("region_linking_mode"), mode} == {ONLY, EXCEPT}
    if turned and "set" not in want.get("regions", {}):
        there = ", ".join(have["regions"])
        raise Problem(f"with region_linking_mode {mode} the Regions that are there ({there}) would mean the opposite: write regions: {{set: […]}}")


def danger(have, change):
    if not change:
        return "would stop gathering the findings of other Regions; what has been gathered stays"
    lost = _lost(have, merged(OPTIONS, have, change)) if have else None
    return f"would no longer gather the findings of {lost}; what has been gathered stays" if lost else None


def _lost(have, after):
    before, now = have["region_linking_mode"], after["region_linking_mode"]
    if before == now == ONLY:
        return ", ".join(sorted(set(have["regions"]) - set(after["regions"])))
    if before == now == EXCEPT:
        return ", ".join(sorted(set(after["regions"]) - set(have["regions"])))
    if before == ONLY:
        return None if now == "ALL_REGIONS" else ", ".join(region for region in sorted(have["regions"]) if now == "NO_REGIONS" or region in after["regions"])
    if before == "NO_REGIONS" or now == "ALL_REGIONS":
        return None
    return {EXCEPT: ", ".join(sorted(after["regions"])), ONLY: f"any Region but {', '.join(sorted(after['regions']))}"}.get(now, "any other Region")


OPTIONS = dict(
    finding_aggregation_region=fixed(required=True),
    region_linking_mode=Option(required=True, choices=MODES),
    regions=Option("list", "str", many=True),
)
KIND = Kind(
    name="securityhub_finding_aggregator",
    identity=(),
    options=OPTIONS,
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
