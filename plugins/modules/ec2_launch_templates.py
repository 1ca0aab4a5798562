#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import binascii
from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _launches, _shapes, _tags, _tokens, _volumes
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, differences, fixed, items, merged, ref, refs, same_secret, tags

MEMBERS = dict(_launches.MEMBERS, image_id="ImageId")
TAGGED = dict(instance_tags="instance", volume_tags="volume")


# ---- what is there: the default version, which is launched where no version is named


def find(aws, wanted):
    templates = aws.pages("ec2", "describe_launch_templates", "LaunchTemplates")
    defaults = aws.pages("ec2", "describe_launch_template_versions", "LaunchTemplateVersions", Versions=["$Default"])
    by_id = {version["LaunchTemplateId"]: version for version in defaults}
    return [_have(template, by_id[template["LaunchTemplateId"]]) for template in templates if template["LaunchTemplateId"] in by_id]


def _have(template, version):
    data = version["LaunchTemplateData"]
    have = {option: data.get(member) for option, member in MEMBERS.items()}
    have.update({option: data.get(outer, {}).get(inner) for option, (outer, inner) in _launches.INSIDE.items()})
    have.update({option: _tags_at_launch(data, resource_type) for option, resource_type in TAGGED.items()})
    interface = next(iter(data.get("NetworkInterfaces", [])), {})
    return dict(
        have,
        id=template["LaunchTemplateId"],
        name=template["LaunchTemplateName"],
        version_description=version.get("VersionDescription"),
        user_data=_text(data["UserData"]) if data.get("UserData") else None,
        instance_profile=have["instance_profile"] or data.get("IamInstanceProfile", {}).get("Arn", "").rpartition("/")[2] or None,
        security_groups=interface.get("Groups") or data.get("SecurityGroupIds", []),
        associate_public_ip_address=interface.get("AssociatePublicIpAddress"),
        metadata_options={option: data.get("MetadataOptions", {}).get(member) for option, member in _launches.METADATA.items()},
        block_device_mappings=[_mapping(one) for one in data.get("BlockDeviceMappings", []) if "Ebs" in one],
        tags=_tags.as_dict(template.get("Tags")),
        _default=version["VersionNumber"],
        _data=data,
    )


def _text(encoded):
    """What is no text, such as a compressed script, stays as it is."""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return encoded


def _mapping(one):
    return dict(device_name=one["DeviceName"], **{option: one["Ebs"].get(member) for option, member in _launches.EBS.items()})


def _tags_at_launch(data, resource_type):
    found = next((one for one in data.get("TagSpecifications", []) if one["ResourceType"] == resource_type), {})
    return _tags.as_dict(found.get("Tags"))


# ---- the data of a version


def _members(have, change):
    """The members of the data that a change writes, each as a whole, because AWS takes over what a version does not name by whole members. None: none."""
    data, after = have.get("_data", {}), merged(OPTIONS, have, change)
    members = {MEMBERS[option]: after[option] for option in MEMBERS if option in change}
    if after.get("user_data") and "user_data" in change:
        members["UserData"] = base64.b64encode(after["user_data"].encode()).decode()
    for option, (outer, inner) in _launches.INSIDE.items():
        if option in change:
            # An instance profile is there by its name or by its ARN, never by both.
            beside = {} if option == "instance_profile" else data.get(outer, {})
            members[outer] = _named({**beside, inner: after[option]})
    if "metadata_options" in change:
        members["MetadataOptions"] = {**data.get("MetadataOptions", {}), **_named(_launches.metadata(after["metadata_options"]))}
    if "block_device_mappings" in change:
        members["BlockDeviceMappings"] = _mappings(data, after["block_device_mappings"])
    if set(TAGGED) & set(change):
        members["TagSpecifications"] = _specifications(data, after)
    if {"security_groups", "associate_public_ip_address"} & set(change):
        members.update(_interfaces(data, after))
    return members


def _named(fields):
    return {name: value for name, value in fields.items() if value is not None} or None


def _mappings(data, wanted):
    there = {one["DeviceName"]: one for one in data.get("BlockDeviceMappings", [])}
    other = [one for one in there.values() if "Ebs" not in one]
    volumes = [(there.get(volume["device_name"], {}).get("Ebs", {}), volume) for volume in wanted]
    return [dict(DeviceName=volume["device_name"], Ebs={**has, **_named(_launches.ebs(volume))}) for has, volume in volumes] + other or None


def _specifications(data, after):
    others = [one for one in data.get("TagSpecifications", []) if one["ResourceType"] not in TAGGED.values()]
    ours = [dict(ResourceType=resource_type, Tags=_tags.as_list(after[option])) for option, resource_type in TAGGED.items() if after.get(option)]
    return others + ours or None


def _interfaces(data, after):
    """A template with interfaces has its security groups there, one without has them itself; a public address needs an interface."""
    there, groups = data.get("NetworkInterfaces", []), after.get("security_groups")
    if not there and after.get("associate_public_ip_address") is None:
        return dict(SecurityGroupIds=groups or None)
    first, *others = there or [dict(DeviceIndex=0)]
    own = _named(dict(first, Groups=groups or None, AssociatePublicIpAddress=after.get("associate_public_ip_address")))
    return dict(NetworkInterfaces=[own, *others], SecurityGroupIds=None)


# ---- change


def create(aws, want):
    members = _members({}, differences(OPTIONS, want, {}))
    arguments = dict(
        LaunchTemplateName=want["name"],
        LaunchTemplateData={member: value for member, value in members.items() if value is not None},
        TagSpecifications=_tags.specifications("launch-template", dict(tags=want.get("tags", {}))),
        **({"VersionDescription": want["version_description"]} if "version_description" in want else {}),
    )
    return _tokens.make(aws, aws.ec2.create_launch_template, arguments, lambda answer: answer["LaunchTemplate"]["LaunchTemplateId"], partial(_shown, aws))


def _shown(aws, template_id):
    return next((have for have in find(aws, None) if have["id"] == template_id), None)


def update(aws, have, change):
    if {"image_id", "instance_type"} & change.keys():
        foresee(aws, merged(OPTIONS, have, change))
    _tags.update(aws, have, {option: value for option, value in change.items() if option == "tags"})
    if change.keys() - {"tags"}:
        aws.ec2.modify_launch_template(LaunchTemplateId=have["id"], DefaultVersion=str(_new_version(aws, have, change)))


def _new_version(aws, have, change):
    """What a version does not name it inherits, also what nobody here knows. Only what is to go needs all of the data, because whatever is inherited stays."""
    members, has = _members(have, change), have["_data"]
    arguments = dict(LaunchTemplateId=have["id"], **_description(merged(OPTIONS, have, change)))
    if None in members.values():
        named = {**has, **members}
    else:
        # A version must name something, and the snapshots of volumes are not inherited.
        always = {"ImageId", "InstanceType", *(["BlockDeviceMappings"] if "SnapshotId" in str(has.get("BlockDeviceMappings")) else [])}
        named = {**{member: has[member] for member in always & has.keys()}, **members}
        arguments["SourceVersion"] = str(have["_default"])
    arguments["LaunchTemplateData"] = _taken(_data_shape(), {member: value for member, value in named.items() if value is not None})
    # Versions up to the default one were there before; a later one with the same token is what a broken run has made.
    before = range(1, have["_default"] + 1)
    return _tokens.make(aws, aws.ec2.create_launch_template_version, arguments, _number, lambda number: number, before)


def _number(answer):
    return answer["LaunchTemplateVersion"]["VersionNumber"]


def _description(after):
    return {"VersionDescription": after["version_description"]} if after.get("version_description") else {}


def _taken(shape, value):
    """What was read, without what AWS tells and does not take, such as the state of options."""
    if shape.type_name == "list":
        return [_taken(shape.member, one) for one in value]
    if shape.type_name == "structure":
        return {name: _taken(shape.members[name], one) for name, one in value.items() if name in shape.members}
    return value


def _data_shape():
    return _shapes.shape("ec2", "CreateLaunchTemplateVersion.LaunchTemplateData")


def delete(aws, have):
    aws.ec2.delete_launch_template(LaunchTemplateId=have["id"])


# ---- what to think about first


def foresee(aws, want):
    """What is launched of it must be there, and fit. What a parameter of Systems Manager says is asked at each launch."""
    if want["image_id"].startswith("resolve:"):
        return
    _launches.refuse_image(aws, aws.once(_launches.image, want["image_id"]), want["instance_type"])


def danger(have, change):
    if change:
        return None
    return f"would delete all versions of the launch template; a group that uses {have['name']} can launch no instance any more"


def refuse(want, have, change):
    after = merged(OPTIONS, have, change)
    if "cpu_credits" in change:
        _launches.refuse_credits(after.get("instance_type"))
    for volume in change["block_device_mappings"].coming if "block_device_mappings" in change else ():
        _volumes.refuse({option: value for option, value in volume.items() if value is not None}, f"block_device_mappings {volume['device_name']}: ")


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        for option, code, facts in _launches.faults(entry):
            yield index, option, code, facts
        mappings = entry.get("block_device_mappings") or []
        for volume in mappings if isinstance(mappings, list) else [*(mappings.get("add") or []), *(mappings.get("set") or [])]:
            for option, code, facts in _volumes.faults(volume):
                yield index, f"block_device_mappings.{option}", code, dict(facts, item=volume)


WHERE = "CreateLaunchTemplate.LaunchTemplateData"
OPTIONS = dict(
    name=fixed(api="CreateLaunchTemplate.LaunchTemplateName", limits=dict(min=3, max=128, pattern=r"[a-zA-Z0-9().\-/_]+")),
    version_description=Option(clearable=True, api="CreateLaunchTemplate.VersionDescription"),
    image_id=Option(required=True, listed="ec2_images", api=f"{WHERE}.ImageId"),
    instance_type=Option(required=True, api=f"{WHERE}.InstanceType"),
    security_groups=refs("ec2_security_groups"),
    associate_public_ip_address=Option("bool"),
    key_pair=ref("ec2_key_pairs", clearable=True),
    instance_profile=ref("iam_instance_profiles", clearable=True),
    block_device_mappings=items(key=("device_name",), options=dict(device_name=Option(required=True), **_launches.volume_options())),
    metadata_options=_launches.metadata_options(),
    disable_api_termination=Option("bool"),
    disable_api_stop=Option("bool"),
    instance_initiated_shutdown_behavior=Option(api=f"{WHERE}.InstanceInitiatedShutdownBehavior"),
    monitoring=Option("bool"),
    cpu_credits=Option(api=f"{WHERE}.CreditSpecification.CpuCredits"),
    ebs_optimized=Option("bool"),
    tenancy=Option(api=f"{WHERE}.Placement.Tenancy"),
    user_data=Option(secret=True, same=same_secret, clearable=True),
    instance_tags=tags(),
    volume_tags=tags(),
    tags=tags(),
)

KIND = Kind(
    name="ec2_launch_templates",
    identity=("name",),
    options=OPTIONS,
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    foresee=foresee,
    refuse=refuse,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
