#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _launches, _networks, _tags, _tokens, _volumes
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref, refs, same_text

LIVE = ["pending", "running", "stopping", "stopped"]
ENDED = ["shutting-down", "terminated"]

# Options that are attributes of an instance: DescribeInstances does not tell the first three, ModifyInstanceAttribute takes one in a call.
TOLD_ALONE = dict(
    disable_api_termination="DisableApiTermination",
    disable_api_stop="DisableApiStop",
    instance_initiated_shutdown_behavior="InstanceInitiatedShutdownBehavior",
)
ATTRIBUTES = dict(TOLD_ALONE, instance_type="InstanceType", ebs_optimized="EbsOptimized")

# ModifyInstanceAttribute refuses these for a running instance.
NEEDS_STOP = ("instance_type", "ebs_optimized")


# ---- what is there


def find(aws, wanted):
    def asked(option):
        return wanted is None or any(option in want for want in wanted)

    instances = _listed(aws, "instance-state-name", LIVE)
    volumes = {volume["VolumeId"]: volume for volume in aws.pages("ec2", "describe_volumes", "Volumes")} if asked("root_volume") else {}
    key_word = _volumes.key_words(aws, None if wanted is None else [(want, want.get("root_volume", {}).get("kms_key_id")) for want in wanted])
    credits_of = _credits(aws) if asked("cpu_credits") else lambda instance: None
    found = [(instance, _have(instance)) for instance in instances]
    return [dict(have, root_volume=_root_volume(one, have, volumes, key_word), cpu_credits=credits_of(one)) for one, have in found]


def _listed(aws, name, values):
    reservations = aws.pages("ec2", "describe_instances", "Reservations", Filters=[dict(Name=name, Values=values)])
    return [instance for reservation in reservations for instance in reservation["Instances"]]


def _have(instance):
    first = next((one for one in instance.get("NetworkInterfaces", []) if one["Attachment"]["DeviceIndex"] == 0), {})
    metadata = instance.get("MetadataOptions", {})
    return dict(
        id=instance["InstanceId"],
        image_id=instance["ImageId"],
        instance_type=instance["InstanceType"],
        subnet=instance.get("SubnetId"),
        private_ip_address=instance.get("PrivateIpAddress"),
        security_groups=[group["GroupId"] for group in first.get("Groups", [])],
        source_dest_check=first.get("SourceDestCheck"),
        key_pair=instance.get("KeyName"),
        instance_profile=instance.get("IamInstanceProfile", {}).get("Arn", "").rpartition("/")[2] or None,
        metadata_options={option: metadata.get(member) for option, member in _launches.METADATA.items()},
        monitoring=instance["Monitoring"]["State"] in ("pending", "enabled"),
        ebs_optimized=instance.get("EbsOptimized"),
        tenancy=instance["Placement"].get("Tenancy"),
        _state=instance["State"]["Name"],
        _network_interface=first.get("NetworkInterfaceId"),
        **_tags.name_and_tags(instance),
    )


def _root_volume(instance, have, volumes, key_word):
    mapping = next((one["Ebs"] for one in instance["BlockDeviceMappings"] if one["DeviceName"] == instance.get("RootDeviceName")), None)
    if mapping is None or mapping["VolumeId"] not in volumes:
        return None
    volume = _volumes.described(volumes[mapping["VolumeId"]])
    volume["kms_key_id"] = key_word(have, volume["kms_key_id"])
    return dict(volume, delete_on_termination=mapping["DeleteOnTermination"])


def _credits(aws):
    """Without ids DescribeInstanceCreditSpecifications tells the unlimited ones; with the id of one that is not burstable it fails."""
    filters = [dict(Name="burstable-performance-supported", Values=["true"])]
    burstable = {one["InstanceType"] for one in aws.pages("ec2", "describe_instance_types", "InstanceTypes", Filters=filters)}
    told = aws.pages("ec2", "describe_instance_credit_specifications", "InstanceCreditSpecifications")
    credits_by_id = {one["InstanceId"]: one["CpuCredits"] for one in told}
    return lambda instance: credits_by_id.get(instance["InstanceId"], "standard") if instance["InstanceType"] in burstable else None


def read(aws, have, names):
    found = {}
    for name in TOLD_ALONE.keys() & set(names):
        member = TOLD_ALONE[name]
        answer = aws.ec2.describe_instance_attribute(InstanceId=have["id"], Attribute=member[0].lower() + member[1:])
        found[name] = answer[member]["Value"]
    return found


# ---- launch


def create(aws, want):
    arguments, ended = _launch(aws, want), aws.once(_ended)
    made = _tokens.make(aws, aws.ec2.run_instances, arguments, lambda answer: answer["Instances"][0]["InstanceId"], lambda one: _described(aws, one), ended)
    _wait(aws, made["InstanceId"], "running")
    found = _have(_described(aws, made["InstanceId"]))
    # RunInstances takes these or refuses the launch, so they need not be read one by one.
    return dict(found, **{name: want[name] for name in (*TOLD_ALONE, "root_volume", "cpu_credits") if name in want})


def _launch(aws, want):
    image_id = want.get("image_id") or aws.once(_newest_image, want["image_parameter"])
    interface = dict(DeviceIndex=0, SubnetId=want["subnet"], DeleteOnTermination=True)
    groups = want.get("security_groups", {})
    # Without groups AWS takes the VPC's default group, which nobody named and which would then stay.
    if groups.get("set") or groups.get("add"):
        interface["Groups"] = groups.get("set") or groups["add"]
    for option, member in (("private_ip_address", "PrivateIpAddress"), ("associate_public_ip_address", "AssociatePublicIpAddress")):
        if option in want:
            interface[member] = want[option]
    arguments = dict(ImageId=image_id, MinCount=1, MaxCount=1, NetworkInterfaces=[interface])
    arguments.update({member: want[option] for option, member in _launches.MEMBERS.items() if option in want})
    arguments.update({outer: {inner: want[option]} for option, (outer, inner) in _launches.INSIDE.items() if option in want})
    if "metadata_options" in want:
        arguments["MetadataOptions"] = _launches.metadata(want["metadata_options"])
    if "root_volume" in want:
        arguments["BlockDeviceMappings"] = [dict(DeviceName=aws.once(_launches.image, image_id)["RootDeviceName"], Ebs=_launches.ebs(want["root_volume"]))]
    volume_tags = dict(tags=want.get("volume_tags", {}))
    return dict(arguments, TagSpecifications=[*_tags.specifications("instance", want), *_tags.specifications("volume", volume_tags)])


def _newest_image(aws, parameter):
    try:
        return aws.ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    except AWS_ERRORS as error:
        if code_of(error) != "ParameterNotFound":
            raise
        raise Problem(f"image_parameter: there is no parameter {parameter!r} in this Region") from error


def _ended(aws):
    """Ids of instances that are no more; EC2 shows them for about an hour."""
    return {instance["InstanceId"] for instance in _listed(aws, "instance-state-name", ENDED)}


def _described(aws, instance_id):
    return next(iter(_listed(aws, "instance-id", [instance_id])), None)


def _wait(aws, instance_id, state):
    def look():
        found = _described(aws, instance_id) or {}
        return found.get("State", {}).get("Name"), found.get("StateReason", {}).get("Message")

    def until(seen):
        if state == "running" and seen[0] in ENDED:
            raise Problem(f"instance {instance_id} ended before it ran: {seen[1]}")
        return seen[0] == state

    aws.wait(f"instance {instance_id} in state {state}", look, until, limit=600)


# ---- change


def update(aws, have, change):
    instance = dict(InstanceId=have["id"])
    _tags.update(aws, have, change)
    for option in ATTRIBUTES.keys() & change.keys():
        aws.ec2.modify_instance_attribute(**instance, **{ATTRIBUTES[option]: dict(Value=change[option])})
    if "metadata_options" in change:
        differing = {option: value for option, value in change["metadata_options"].items() if value != have["metadata_options"][option]}
        aws.ec2.modify_instance_metadata_options(**instance, **_launches.metadata(differing))
    if "monitoring" in change:
        switch = aws.ec2.monitor_instances if change["monitoring"] else aws.ec2.unmonitor_instances
        switch(InstanceIds=[have["id"]])
    if "cpu_credits" in change:
        _set_credits(aws, have, change["cpu_credits"])
    if "instance_profile" in change:
        _set_profile(aws, have, change["instance_profile"])
    # An instance with several interfaces has these two only at its first one.
    interface = dict(NetworkInterfaceId=have["_network_interface"])
    if "security_groups" in change:
        delta = change["security_groups"]
        groups = [group for group in [*have["security_groups"], *delta.add] if group not in delta.remove]
        aws.ec2.modify_network_interface_attribute(**interface, Groups=groups)
    if "source_dest_check" in change:
        aws.ec2.modify_network_interface_attribute(**interface, SourceDestCheck=dict(Value=change["source_dest_check"]))


def _set_credits(aws, have, cpu_credits):
    asked = [dict(InstanceId=have["id"], CpuCredits=cpu_credits)]
    answer = aws.ec2.modify_instance_credit_specification(InstanceCreditSpecifications=asked)
    for refused in answer.get("UnsuccessfulInstanceCreditSpecifications", []):
        raise Problem(f"{aws.last_call}: {refused['Error']['Code']}: {refused['Error']['Message']}")


def _set_profile(aws, have, profile):
    if have["instance_profile"] is None:
        aws.ec2.associate_iam_instance_profile(InstanceId=have["id"], IamInstanceProfile=dict(Name=profile))
        return
    filters = [dict(Name="instance-id", Values=[have["id"]]), dict(Name="state", Values=["associating", "associated"])]
    with aws.reading():
        found = aws.pages("ec2", "describe_iam_instance_profile_associations", "IamInstanceProfileAssociations", Filters=filters)
    association = dict(AssociationId=found[0]["AssociationId"])
    if profile is None:
        aws.ec2.disassociate_iam_instance_profile(**association)
    else:
        aws.ec2.replace_iam_instance_profile_association(**association, IamInstanceProfile=dict(Name=profile))


def refuse(want, have, change):
    _networks.refuse_no_groups(KIND.options, have, change)
    if not have and "root_volume" in want:
        _volumes.refuse(want["root_volume"], "root_volume.")
    if "cpu_credits" in change:
        _launches.refuse_credits({**have, **want}.get("instance_type"))
    if not have and {"image_id", "image_parameter"} <= want.keys():
        raise Problem("image_id and image_parameter are both named, and it is made of one image")
    stopping = [option for option in NEEDS_STOP if have and option in change]
    if stopping and have["_state"] != "stopped":
        raise Problem(
            f"{', '.join(stopping)} can change only while the instance is stopped, and it is {have['_state']}: "
            "the operation ec2.change_instance_type stops it, changes it, starts it and checks it"
        )


def foresee(aws, want):
    """The newest image is looked up here once for all entries; a launch takes the same."""
    _networks.refuse_address(aws, "ec2_instances", want)
    newest = aws.once(_newest_image, want["image_parameter"]) if "image_parameter" in want else None
    image_id = want.get("image_id") or newest
    if image_id:
        _launches.refuse_image(aws, aws.once(_launches.image, image_id), want["instance_type"])


def danger(have, change):
    if have.get("instance_profile") and "instance_profile" in change:
        return f"would take the instance profile {have['instance_profile']} off the instance, whose programs then may do other things or nothing"
    if have and change.get("instance_initiated_shutdown_behavior") == "terminate":
        return "would let a shutdown inside the instance terminate it"
    return None


def delete(aws, have):
    if read(aws, have, ["disable_api_termination"])["disable_api_termination"]:
        raise Problem("is protected from termination: first set disable_api_termination to false")
    aws.ec2.terminate_instances(InstanceIds=[have["id"]])
    _wait(aws, have["id"], "terminated")


def faults(entries, sheet):
    """One image, named once; a root volume and what is only for some types, as AWS would launch it."""
    for index, entry in enumerate(entries):
        if entry.get("image_id") and entry.get("image_parameter"):
            yield index, "image_id", "one_of", dict(value=entry["image_id"], other="image_id, image_parameter")
        for option, code, facts in _volumes.faults(entry.get("root_volume") or {}):
            yield index, f"root_volume.{option}", code, facts
        if (entry.get("root_volume") or {}).get("kms_key_id") and not entry["root_volume"].get("encrypted"):
            yield index, "root_volume.kms_key_id", "needs", dict(value=entry["root_volume"]["kms_key_id"], other="encrypted")
        for option, code, facts in _launches.faults(entry):
            yield index, option, code, facts
    yield from _networks.misplaced("ec2_instances", entries, sheet)


KIND = Kind(
    name="ec2_instances",
    identity=("name",),
    needs_one=(("image_id", "image_parameter"),),
    options=dict(
        name=Option(),
        image_id=fixed(listed="ec2_images", api="RunInstances.ImageId"),
        image_parameter=Option(write_only=True, api="ssm:GetParameter.Name"),
        instance_type=Option(required=True, api="RunInstances.InstanceType"),
        subnet=ref("ec2_subnets", fixed=True, required=True),
        private_ip_address=fixed(api="RunInstances.PrivateIpAddress", wrong=_networks.wrong_address),
        associate_public_ip_address=Option("bool", write_only=True),
        security_groups=refs("ec2_security_groups"),
        source_dest_check=Option("bool"),
        key_pair=ref("ec2_key_pairs", fixed=True),
        instance_profile=ref("iam_instance_profiles", clearable=True),
        root_volume=fixed("dict", options=_launches.volume_options()),
        metadata_options=_launches.metadata_options(),
        disable_api_termination=Option("bool"),
        disable_api_stop=Option("bool"),
        instance_initiated_shutdown_behavior=Option(api="RunInstances.InstanceInitiatedShutdownBehavior"),
        monitoring=Option("bool"),
        cpu_credits=Option(api="RunInstances.CreditSpecification.CpuCredits"),
        ebs_optimized=Option("bool"),
        tenancy=fixed(api="RunInstances.Placement.Tenancy"),
        user_data=Option(write_only=True, secret=True),
        tags=_tags.beside_name(),
        volume_tags=Option("dict", write_only=True, same_each=same_text, texts=True),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    foresee=foresee,
    refuse=refuse,
    faults=faults,
    # A new instance profile takes a while until EC2 knows it.
    not_yet=(*_tags.NOT_YET, "Invalid IAM Instance Profile"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
