#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _instances, _networks, _tags, _tokens, _volumes
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref, refs

LIVE = ["pending", "running", "stopping", "stopped"]
ENDED = ["shutting-down", "terminated"]

METADATA = dict(
    http_tokens="HttpTokens",
    http_put_response_hop_limit="HttpPutResponseHopLimit",
    http_endpoint="HttpEndpoint",
    http_protocol_ipv6="HttpProtocolIpv6",
    instance_metadata_tags="InstanceMetadataTags",
)

# Options that are attributes of an instance: DescribeInstances does not tell the first three, ModifyInstanceAttribute takes one in a call.
TOLD_ALONE = dict(
    disable_api_termination="DisableApiTermination",
    disable_api_stop="DisableApiStop",
    instance_initiated_shutdown_behavior="InstanceInitiatedShutdownBehavior",
)
ATTRIBUTES = dict(TOLD_ALONE, instance_type="InstanceType", ebs_optimized="EbsOptimized")

# ModifyInstanceAttribute refuses these for a running instance.
NEEDS_STOP = ("instance_type", "ebs_optimized")

# What the model of EC2 says in words only: types with credits, bytes of user data, hops.
BURSTABLE = ("t2", "t3", "t3a", "t4g")
USER_DATA = 16 * 1024
HOPS = 64

# What RunInstances takes under the same name, and what it takes inside something else.
LAUNCH = dict(ATTRIBUTES, key_pair="KeyName", user_data="UserData")
LAUNCH_INSIDE = dict(
    instance_profile=("IamInstanceProfile", "Name"),
    monitoring=("Monitoring", "Enabled"),
    cpu_credits=("CreditSpecification", "CpuCredits"),
    tenancy=("Placement", "Tenancy"),
)


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
        metadata_options={option: metadata.get(member) for option, member in METADATA.items()},
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
    arguments.update({member: want[option] for option, member in LAUNCH.items() if option in want})
    arguments.update({outer: {inner: want[option]} for option, (outer, inner) in LAUNCH_INSIDE.items() if option in want})
    if "metadata_options" in want:
        arguments["MetadataOptions"] = {METADATA[option]: value for option, value in want["metadata_options"].items()}
    if "root_volume" in want:
        arguments["BlockDeviceMappings"] = [dict(DeviceName=aws.once(_image, image_id)["RootDeviceName"], Ebs=_ebs(want["root_volume"]))]
    volume_tags = dict(tags=want.get("volume_tags", {}))
    return dict(arguments, TagSpecifications=[*_tags.specifications("instance", want), *_tags.specifications("volume", volume_tags)])


def _newest_image(aws, parameter):
    try:
        return aws.ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    except AWS_ERRORS as error:
        if code_of(error) != "ParameterNotFound":
            raise
        raise Problem(f"image_parameter: there is no parameter {parameter!r} in this Region") from error


def _image(aws, image_id):
    try:
        return aws.ec2.describe_images(ImageIds=[image_id])["Images"][0]
    except AWS_ERRORS as error:
        if code_of(error) not in ("InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "InvalidAMIID.Unavailable"):
            raise
        raise Problem(f"image_id: there is no image {image_id!r} in this Region that this account may use") from error


def _ebs(volume):
    members = dict(_volumes.MEMBERS, size="VolumeSize", delete_on_termination="DeleteOnTermination")
    return {members[option]: value for option, value in volume.items()}


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
        aws.ec2.modify_instance_metadata_options(**instance, **{METADATA[option]: value for option, value in differing.items()})
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


def _burstable(instance_type):
    return str(instance_type).partition(".")[0] in BURSTABLE


def refuse(want, have, change):
    if not have and "root_volume" in want:
        _volumes.refuse(want["root_volume"], "root_volume.")
    if "cpu_credits" in change and not _burstable({**have, **want}.get("instance_type")):
        raise Problem(f"cpu_credits: only instances of the types {', '.join(BURSTABLE)} have credits, this one is {({**have, **want}).get('instance_type')}")
    if not have and ("image_id" in want) == ("image_parameter" in want):
        raise Problem("does not exist, and to create it either image_id or image_parameter must be named")
    stopping = [option for option in NEEDS_STOP if have and option in change]
    if stopping and have["_state"] != "stopped":
        raise Problem(
            f"{', '.join(stopping)} can change only while the instance is stopped, and it is {have['_state']}: "
            "the operation ec2.change_instance_type stops it, changes it, starts it and checks it"
        )


def foresee(aws, want):
    """The newest image is looked up here once for all entries; a launch takes the same."""
    newest = aws.once(_newest_image, want["image_parameter"]) if "image_parameter" in want else None
    image_id = want.get("image_id") or newest
    if image_id:
        _refuse_image(aws, aws.once(_image, image_id), want)


def _refuse_image(aws, image, want):
    """Only what is available is launched, and only with a type of its architecture."""
    if image["State"] != "available":
        raise Problem(f"image_id: {image['ImageId']} is {image['State']}: only one that is available can be launched")
    offered = aws.once(_architectures, want["instance_type"])
    if image.get("Architecture") not in (None, *offered):
        raise Problem(f"instance_type: {want['instance_type']} has not the architecture of {image['ImageId']}, {image['Architecture']} ({', '.join(offered)})")


def _architectures(aws, instance_type):
    found = _instances.types(aws, [instance_type])
    if not found:
        raise Problem(f"instance_type: there is no type {instance_type!r} in this Region")
    return found[instance_type]["ProcessorInfo"]["SupportedArchitectures"]


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
        if entry.get("cpu_credits") and entry.get("instance_type") and not _burstable(entry["instance_type"]):
            yield index, "cpu_credits", "needs", dict(value=entry["cpu_credits"], other=f"instance_type: {' / '.join(BURSTABLE)}")
        if len(str(entry.get("user_data") or "").encode()) > USER_DATA:
            yield index, "user_data", "longest", dict(value="…", limit=USER_DATA)
        hops = (entry.get("metadata_options") or {}).get("http_put_response_hop_limit")
        if hops is not None and not 1 <= int(hops) <= HOPS:
            code, limit = ("least", 1) if int(hops) < 1 else ("most", HOPS)
            yield index, "metadata_options.http_put_response_hop_limit", code, dict(value=hops, limit=limit)
    yield from _networks.misplaced("ec2_instances", entries, sheet)


KIND = Kind(
    name="ec2_instances",
    identity=("name",),
    options=dict(
        name=Option(),
        image_id=fixed(api="RunInstances.ImageId"),
        image_parameter=Option(write_only=True, api="ssm:GetParameter.Name"),
        instance_type=Option(required=True, api="RunInstances.InstanceType"),
        subnet=ref("ec2_subnets", fixed=True, required=True),
        private_ip_address=fixed(api="RunInstances.PrivateIpAddress", wrong=_networks.wrong_address),
        associate_public_ip_address=Option("bool", write_only=True),
        security_groups=refs("ec2_security_groups"),
        source_dest_check=Option("bool"),
        key_pair=ref("ec2_key_pairs", fixed=True),
        instance_profile=ref("iam_instance_profiles", clearable=True),
        root_volume=fixed("dict", options=dict(_volumes.options(), delete_on_termination=Option("bool"))),
        metadata_options=Option(
            "dict",
            options=dict(
                http_tokens=Option(api="RunInstances.MetadataOptions.HttpTokens"),
                http_put_response_hop_limit=Option("int", api="RunInstances.MetadataOptions.HttpPutResponseHopLimit"),
                http_endpoint=Option(api="RunInstances.MetadataOptions.HttpEndpoint"),
                http_protocol_ipv6=Option(api="RunInstances.MetadataOptions.HttpProtocolIpv6"),
                instance_metadata_tags=Option(api="RunInstances.MetadataOptions.InstanceMetadataTags"),
            ),
        ),
        disable_api_termination=Option("bool"),
        disable_api_stop=Option("bool"),
        instance_initiated_shutdown_behavior=Option(api="RunInstances.InstanceInitiatedShutdownBehavior"),
        monitoring=Option("bool"),
        cpu_credits=Option(api="RunInstances.CreditSpecification.CpuCredits"),
        ebs_optimized=Option("bool"),
        tenancy=fixed(api="RunInstances.Placement.Tenancy"),
        user_data=Option(write_only=True, secret=True),
        tags=_tags.beside_name(),
        volume_tags=Option("dict", write_only=True),
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
