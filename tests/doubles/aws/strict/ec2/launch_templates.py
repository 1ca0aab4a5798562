# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Launch templates: versions that inherit, and what a version cannot hold.

Source of each rule: the documentation strings of botocore's ec2 model (named by operation or shape).
"""

from __future__ import annotations

import re

from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.utils import parse_user_data

from ..rules import Refused
from .book import BOOK, invalid

NAME = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}")
PAGE = 200


def template_of(ec2, LaunchTemplateId=None, LaunchTemplateName=None):
    found = [one for one in ec2.launch_templates.values() if one.id == LaunchTemplateId or one.name == LaunchTemplateName]
    if found:
        return found[0]
    if LaunchTemplateId:
        raise Refused("InvalidLaunchTemplateId.NotFound", f"The specified launch template, with template ID {LaunchTemplateId}, does not exist.")
    raise Refused("InvalidLaunchTemplateName.NotFoundException", f"The specified launch template, with template name {LaunchTemplateName}, does not exist.")


def version_of(template, version):
    """A number that was given, or one of the two words."""
    if version in ("$Latest", "$Default"):
        return template.get_version(version)
    numbers = {str(one.number): one for one in template.versions}
    if str(version) not in numbers:
        raise Refused("InvalidLaunchTemplateId.VersionNotFound", f"Could not find launch template version {version} for {template.id}.")
    return numbers[str(version)]


@BOOK.rule("CreateLaunchTemplate")
def a_template_has_a_name(_ec2, LaunchTemplateName, **_):
    """CreateLaunchTemplate.LaunchTemplateName; EC2 error codes, InvalidLaunchTemplateName.MalformedException."""
    if not NAME.fullmatch(LaunchTemplateName or ""):
        message = "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the following characters: ().-/_"
        raise Refused("InvalidLaunchTemplateName.MalformedException", message)


@BOOK.rule("CreateLaunchTemplate", "CreateLaunchTemplateVersion")
def its_data_can_be_held(_ec2, LaunchTemplateData, **_):
    """RequestLaunchTemplateData.SecurityGroupIds: "If you specify a network interface, you must specify any security groups as part of" it."""
    if not LaunchTemplateData:
        raise Refused("MissingParameter", "The request must contain the parameter LaunchTemplateData")
    if LaunchTemplateData.get("NetworkInterfaces") and (LaunchTemplateData.get("SecurityGroupIds") or LaunchTemplateData.get("SecurityGroups")):
        raise invalid("Network interfaces and an instance-level security groups may not be specified on the same request")


@BOOK.rule("CreateLaunchTemplateVersion", "ModifyLaunchTemplate")
def the_version_is_there(ec2, LaunchTemplateId, LaunchTemplateName, SourceVersion, DefaultVersion, **_):
    """SourceVersion and DefaultVersion: versions of this template."""
    template = template_of(ec2, LaunchTemplateId, LaunchTemplateName)
    for version in (SourceVersion, DefaultVersion):
        if version is not None:
            version_of(template, version)


@BOOK.rule("DeleteLaunchTemplate")
def the_template_is_there(ec2, LaunchTemplateId, LaunchTemplateName, **_):
    template_of(ec2, LaunchTemplateId, LaunchTemplateName)


@BOOK.patch(LaunchTemplate, "create_version")
def a_version_inherits(original, template, data, description):
    """CreateLaunchTemplateVersion.SourceVersion: "the new version inherits the launch parameters from the source version. If you specify additional launch
    parameters for the new version, they overwrite"; "Snapshots applied to the block device mapping are ignored … unless they are explicitly included".

    moto forgets what it was to inherit, takes the template's own tags for tags at launch, and all values for texts.
    """
    from flask import request

    given = request.environ.get("double.parameters", {}) if request else {}
    if "LaunchTemplateData" in given:
        source = given.get("SourceVersion")
        inherited = without_snapshots(version_of(template, source).data) if source else {}
        data = {**inherited, **given["LaunchTemplateData"]}
        if "UserData" in given["LaunchTemplateData"]:
            data["UserData"] = parse_user_data(data["UserData"])
    return original(template, {name: value for name, value in data.items() if value is not None}, description)


def without_snapshots(data):
    mappings = [
        dict(one, Ebs={name: value for name, value in one["Ebs"].items() if name != "SnapshotId"}) if "Ebs" in one else one
        for one in data.get("BlockDeviceMappings", [])
    ]
    return {**data, **({"BlockDeviceMappings": mappings} if mappings else {})}


@BOOK.adds("DescribeLaunchTemplates")
def describe_launch_templates(ec2, LaunchTemplateIds, LaunchTemplateNames, MaxResults, NextToken, **_):
    """DescribeLaunchTemplates: at most 200 at once (moto: 15, and no next page). The tags are those of now."""
    named = [template_of(ec2, one) for one in LaunchTemplateIds or []] + [template_of(ec2, None, one) for one in LaunchTemplateNames or []]
    return page("LaunchTemplates", [told(one) for one in named or ec2.launch_templates.values()], MaxResults, NextToken)


def told(template):
    return {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "CreateTime": template.create_time,
        "CreatedBy": f"arn:aws:iam::{template.ec2_backend.account_id}:root",
        "DefaultVersionNumber": template.default_version_number,
        "LatestVersionNumber": template.latest_version_number,
        "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in template.get_tags()],
    }


@BOOK.adds("DescribeLaunchTemplateVersions")
def describe_launch_template_versions(ec2, LaunchTemplateId, LaunchTemplateName, Versions, MaxResults, NextToken, **_):
    """DescribeLaunchTemplateVersions.Versions: of all templates only $Latest and $Default."""
    if not (LaunchTemplateId or LaunchTemplateName):
        if not Versions or set(Versions) - {"$Latest", "$Default"}:
            raise invalid("To describe the launch template data for all your launch templates, specify $Latest, $Default, or both")
        templates = list(ec2.launch_templates.values())
    else:
        templates = [template_of(ec2, LaunchTemplateId, LaunchTemplateName)]
    found = [version for one in templates for version in ([version_of(one, version) for version in Versions] if Versions else reversed(one.versions))]
    return page("LaunchTemplateVersions", [told_version(one) for one in found], MaxResults, NextToken)


def told_version(version):
    template = version.template
    return {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "VersionNumber": version.number,
        "VersionDescription": version.description,
        "CreateTime": version.create_time,
        "DefaultVersion": template.is_default(version),
        "LaunchTemplateData": version.data,
    }


def page(member, things, size, token):
    start, size = int(token or 0), int(size or PAGE)
    more = {"NextToken": str(start + size)} if len(things) > start + size else {}
    return {member: things[start : start + size], **more}
