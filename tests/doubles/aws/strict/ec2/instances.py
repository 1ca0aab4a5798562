# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances."""

from __future__ import annotations

import base64
import re

from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import Ami
from moto.ec2.models.instances import Instance
from moto.ec2.responses import EC2Response
from moto.iam.models import iam_backends

from ..rules import Refused
from .book import BOOK, all_instances, invalid, live, subnet_of
from .interfaces import addresses_are_free, few_enough_groups
from .security_groups import group_of
from .volumes import size_of_snapshot, volume_is_sound


def instance_of(ec2, instance_id):
    for reservation in ec2.reservations.values():
        for instance in reservation.instances:
            if instance.id == instance_id:
                return instance
    message = f"The instance ID '{instance_id}' does not exist"
    raise Refused("InvalidInstanceID.NotFound", message)


# -- launch ---------------------------------------------------------------------------------------


@BOOK.again("RunInstances")
def a_terminated_instance_keeps_its_token(ec2, answer):
    """Error codes of EC2, IdempotentInstanceTerminated: "uses the same client token as a previous
    request for which the instance has been terminated".
    """
    if not set(re.findall(r"<instanceId>([^<]*)<", answer)) & {one.id for one in all_instances(ec2)}:
        raise Refused("IdempotentInstanceTerminated", "The instance of this token is terminated")


@BOOK.rule("RunInstances")
def what_it_is_made_of_exists(ec2, ImageId, LaunchTemplate, KeyName, SubnetId, **given):
    """RunInstances: image, key pair, subnet and groups must exist."""
    if not ImageId and not LaunchTemplate:
        raise Refused("MissingParameter", "The request must contain the parameter ImageId")
    if ImageId and ImageId not in ec2.amis:
        message = f"The image id '[{ImageId}]' does not exist"
        raise Refused("InvalidAMIID.NotFound", message)
    if KeyName and KeyName not in ec2.key_pairs:
        message = f"The key pair '{KeyName}' does not exist"
        raise Refused("InvalidKeyPair.NotFound", message)
    if SubnetId and subnet_of(ec2, SubnetId) is None:
        message = f"The subnet ID '{SubnetId}' does not exist"
        raise Refused("InvalidSubnetID.NotFound", message)
    groups_are_of_the_subnet(ec2, SubnetId, given.get("SecurityGroupIds"))
    for interface in given.get("NetworkInterfaces") or []:
        groups_are_of_the_subnet(ec2, interface.get("SubnetId"), interface.get("Groups"))


@BOOK.rule("RunInstances")
def private_addresses_are_free(ec2, SubnetId, PrivateIpAddress, NetworkInterfaces, MaxCount, **_):
    """RunInstances.PrivateIpAddress: "You must specify a value from the IPv4 address range of the subnet", "You cannot
    specify this option if you're launching more than one instance".
    """
    asked = [(SubnetId, PrivateIpAddress), *((one.get("SubnetId") or SubnetId, one.get("PrivateIpAddress")) for one in NetworkInterfaces or [])]
    for subnet_id, address in asked:
        if not address:
            continue
        if int(MaxCount) > 1:
            raise Refused("InvalidParameterCombination", "Private IP addresses may not be specified when launching multiple instances.")
        addresses_are_free(ec2, subnet_of(ec2, subnet_id), [address])


@BOOK.rule("RunInstances")
def interfaces_or_what_an_interface_has(_ec2, NetworkInterfaces, **given):
    """RunInstances.NetworkInterfaces, .SubnetId, .SecurityGroupIds, .PrivateIpAddress: "If you specify a network interface,
    you must specify any ... as part of the network interface instead of using this parameter."
    """
    beside = [name for name in ("SubnetId", "SecurityGroupIds", "SecurityGroups", "PrivateIpAddress") if given.get(name)]
    if NetworkInterfaces and beside:
        message = "Network interfaces and an instance-level subnet ID, private IP address or security groups may not be specified on the same request"
        raise Refused("InvalidParameterCombination", message)


@BOOK.rule("RunInstances")
def its_volumes_are_sound(ec2, ImageId, BlockDeviceMappings, **_):
    """EbsBlockDevice: sizes, IOPS and throughput as of CreateVolume; VolumeSize "equal to or larger than the snapshot size",
    which of the root device is the image's (EC2 error codes: InvalidBlockDeviceMapping).
    """
    image = ec2.amis.get(ImageId)
    for mapping in BlockDeviceMappings or []:
        ebs, root = mapping.get("Ebs"), image is not None and mapping.get("DeviceName") == image.root_device_name
        if not ebs:
            continue
        snapshot = ebs.get("SnapshotId") or (image.ebs_snapshot.id if root else None)
        smallest, size = size_of_snapshot(ec2, snapshot), ebs.get("VolumeSize")
        if size is None and smallest is None:
            raise Refused("InvalidBlockDeviceMapping", f"The device '{mapping.get('DeviceName')}' needs a size or a snapshot")
        if size is not None and smallest is not None and int(size) < smallest:
            message = f"Volume of size {size}GB is smaller than snapshot '{snapshot}', expect size>= {smallest}GB"
            raise Refused("InvalidBlockDeviceMapping", message)
        volume_is_sound(ebs.get("VolumeType") or ("gp3" if root else "gp2"), size or smallest, ebs.get("Iops"), ebs.get("Throughput"))
        if ebs.get("KmsKeyId") and not ebs.get("Encrypted"):
            raise Refused("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")


USER_DATA = 16 * 1024


@BOOK.rule("RunInstances", "ModifyInstanceAttribute")
def user_data_is_short(_ec2, UserData, **_):
    """EC2 guide, user data: "limited to 16 KB, in raw form, before it is base64-encoded"."""
    given = UserData.get("Value") if isinstance(UserData, dict) else UserData
    if isinstance(given, bytes):
        given = given.decode()
    try:
        raw = base64.b64decode(given or "", validate=True)
    except ValueError:
        raise invalid("Invalid BASE64 encoding of user data.") from None
    if len(raw) > USER_DATA:
        raise invalid("User data is limited to 16384 bytes")


@BOOK.rule("RunInstances", "ModifyInstanceMetadataOptions")
def hops_are_counted(_ec2, MetadataOptions, HttpPutResponseHopLimit, **_):
    """InstanceMetadataOptionsRequest.HttpPutResponseHopLimit: "Possible values: Integers from 1 to 64"."""
    limit = (MetadataOptions or {}).get("HttpPutResponseHopLimit", HttpPutResponseHopLimit)
    if limit is not None and not 1 <= int(limit) <= 64:
        raise invalid(f"Value ({limit}) for parameter HttpPutResponseHopLimit is invalid. It must be from 1 to 64.")


def groups_are_of_the_subnet(ec2, subnet_id, groups):
    few_enough_groups(groups)
    for one in groups or []:
        group = group_of(ec2, one, None)
        if subnet_id and group.vpc_id != subnet_of(ec2, subnet_id).vpc_id:
            message = f"Security group {one} and subnet {subnet_id} belong to different networks."
            raise Refused("InvalidParameter", message)


@BOOK.rule("RunInstances")
def an_instance_profile_exists(ec2, IamInstanceProfile, **_):
    """RunInstances.IamInstanceProfile: by name or ARN; InvalidParameterValue if there is none."""
    if not IamInstanceProfile:
        return
    profiles = iam_backends[ec2.account_id][ec2.partition].instance_profiles.values()
    name, arn = IamInstanceProfile.get("Name"), IamInstanceProfile.get("Arn")
    if not any(profile.name == name or profile.arn == arn for profile in profiles):
        field = "name" if name else "arn"
        message = f"Value ({name or arn}) for parameter iamInstanceProfile.{field} is invalid. Invalid IAM Instance Profile {field}"
        raise invalid(message)


@BOOK.rule("RunInstances")
def counts_are_sound(_ec2, MinCount, MaxCount, **_):
    """RunInstances, MinCount and MaxCount: "Between 1 and the quota", and the least is not above the most."""
    if not 1 <= int(MinCount) <= int(MaxCount):
        raise invalid(f"Invalid value for MinCount/MaxCount: {MinCount}/{MaxCount}")


@BOOK.patch(EC2Backend, "run_instances")
def what_the_launch_says_is_kept(original, ec2, *args, **kwargs):
    """RunInstances: attributes of the request which moto drops (through the current request)."""
    from flask import request

    given = request.environ.get("double.parameters", {}) if request else {}
    reservation = original(ec2, *args, **kwargs)
    for instance in reservation.instances:
        if given.get("DisableApiTermination"):
            instance.disable_api_termination = True
        if "Tenancy" in given.get("Placement", {}):
            instance.placement.tenancy = given["Placement"]["Tenancy"]
        if "CreditSpecification" in given:
            instance.cpu_credits = given["CreditSpecification"]["CpuCredits"]
        keep_block_devices(instance, given.get("BlockDeviceMappings") or [])
    return reservation


def keep_block_devices(instance, mappings):
    """RunInstances.BlockDeviceMappings: the image's root volume is always there and is deleted with
    the instance unless said otherwise; IOPS and throughput are kept.
    """
    root = instance.root_device_name
    if root not in instance.block_device_mapping:
        instance.setup_defaults()
    for mapping in mappings:
        ebs, device = mapping.get("Ebs", {}), mapping.get("DeviceName")
        if device not in instance.block_device_mapping:
            continue
        block = instance.block_device_mapping[device]
        block.delete_on_termination = ebs.get("DeleteOnTermination", device == root)
        volume = instance.ec2_backend.volumes[block.volume_id]
        volume.iops = ebs.get("Iops", volume.iops)
        volume.throughput = ebs.get("Throughput", volume.throughput)


LINUX, WINDOWS = 8, 30  # GiB of the root volumes of Amazon's images (moto: always 15)


@BOOK.patch(Ami, "__init__")
def an_image_is_as_large_as_what_it_is_of(original, image, *args, **kwargs):
    original(image, *args, **kwargs)
    instance = vars(image).get("instance")
    root = instance and instance.block_device_mapping.get(instance.root_device_name)
    of_amazon = WINDOWS if str(image.platform).lower() == "windows" else LINUX
    image.ebs_snapshot.volume.size = instance.ec2_backend.volumes[root.volume_id].size if root else of_amazon


@BOOK.patch(Ami, "block_device_mappings")
def mappings_of_an_image(_original, image):
    """EbsBlockDevice of DescribeImages: Amazon's images have a gp3 volume that goes with its instance."""
    ebs = {"SnapshotId": image.ebs_snapshot.id, "VolumeSize": image.ebs_snapshot.volume.size}
    return [{"DeviceName": image.root_device_name, "Ebs": {**ebs, "DeleteOnTermination": True, "VolumeType": "gp3", "Encrypted": False}}]


@BOOK.patch(Instance, "setup_defaults")
def the_root_volume_is_where_the_image_says(_original, instance):
    """Image.RootDeviceName (moto: always /dev/sda1)."""
    ec2 = instance.ec2_backend
    size = ec2.amis[instance.image_id].ebs_snapshot.volume.size if instance.image_id in ec2.amis else LINUX
    volume = ec2.create_volume(size=size, zone_name=instance.availability_zone, volume_type="gp3")
    ec2.attach_volume(volume.id, instance.id, instance.root_device_name, True)


@BOOK.patch(Instance, "prep_nics")
def interfaces_made_at_launch_go_with_it(original, instance, nic_spec, *args, **kwargs):
    """InstanceNetworkInterfaceSpecification.DeleteOnTermination: true for an interface that the
    launch makes, unless it says otherwise.
    """
    brought = {nic.get("NetworkInterfaceId") for nic in nic_spec}
    kept = [int(n["DeviceIndex"]) for n in nic_spec if n.get("DeleteOnTermination") is False]
    original(instance, nic_spec, *args, **kwargs)
    for index, eni in instance.nics.items():
        if eni.id not in brought and index not in kept:
            eni.delete_on_termination = True


# -- end ------------------------------------------------------------------------------------------


@BOOK.rule("TerminateInstances")
def protected_instances_stay(ec2, InstanceIds, **_):
    """TerminateInstances: all or none; OperationNotPermitted under termination protection."""
    for one in InstanceIds:
        if instance_of(ec2, one).disable_api_termination:
            message = f"The instance '{one}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
            raise Refused("OperationNotPermitted", message)


@BOOK.patch(Instance, "terminate")
def a_terminated_instance_lets_go(original, instance):
    """TerminateInstances: Elastic IPs are disassociated, interfaces not deleted are detached."""
    if not live(instance):
        return original(instance)
    ec2 = instance.ec2_backend
    for address in ec2.addresses:
        if address.instance is instance or (address.eni and address.eni.instance is instance):
            ec2.disassociate_address(address=address.public_ip)
    state = original(instance)
    for eni in [eni for eni in ec2.enis.values() if eni.instance is instance]:
        eni.instance = eni.attachment_id = eni.attach_time = None
        eni.status = "available"
    return state


def nothing(_instance):
    """moto frees addresses when Python frees the object: a copy in a snapshot must not do that."""


Instance.__del__ = nothing


# -- change ---------------------------------------------------------------------------------------

NEEDS_STOP = ("InstanceType", "UserData", "EbsOptimized", "Kernel", "Ramdisk", "EnaSupport")


@BOOK.rule("ModifyInstanceAttribute")
def some_attributes_need_a_stopped_instance(ec2, InstanceId, Attribute, **given):
    """ModifyInstanceAttribute: "To modify some attributes, the instance must be stopped";
    "You can specify only one attribute at a time."
    """
    instance = instance_of(ec2, InstanceId)
    named = [name for name in given if name not in ("DryRun", "Value", "Force")]
    if Attribute and "Value" in given:
        named.append(Attribute[0].upper() + Attribute[1:])
    if len(named) > 1:
        message = "Fields for multiple attribute types specified: " + ", ".join(named)
        raise Refused("InvalidParameterCombination", message)
    if set(named) & set(NEEDS_STOP) and instance.state != "stopped":
        message = f"The instance '{InstanceId}' is not in the 'stopped' state."
        raise Refused("IncorrectInstanceState", message)


def modify_the_rest(original, response):
    """Attributes that moto takes for an empty list of security groups."""
    given = response.normalized_request.environ.get("double.parameters", {})
    behaviour = given.get("InstanceInitiatedShutdownBehavior")
    if behaviour is None:
        return original(response)
    instance = response.ec2_backend.get_instance(given["InstanceId"])
    instance.instance_initiated_shutdown_behavior = behaviour["Value"]
    from moto.core.responses import EmptyResult

    return EmptyResult()


BOOK.patch(EC2Response, "modify_instance_attribute")(modify_the_rest)


@BOOK.patch(EC2Backend, "modify_instance_metadata_options")
def unnamed_metadata_options_stay(original, ec2, instance_id, *args, **kwargs):
    """ModifyInstanceMetadataOptions: "If the parameter is not specified, the existing state is
    maintained" (moto resets it).
    """
    before = dict(vars(ec2.get_instance(instance_id).metadata_options))
    options = original(ec2, instance_id, *args, **kwargs)
    names = {
        "http_tokens": "http_tokens",
        "hop_limit": "http_put_response_hop_limit",
        "http_endpoint": "http_endpoint",
        "http_protocol": "http_protocol_ipv6",
        "metadata_tags": "instance_metadata_tags",
    }
    for parameter, attribute in names.items():
        if kwargs.get(parameter) is None:
            setattr(options, attribute, before[attribute])
    return options


@BOOK.rule("StartInstances")
def terminated_instances_do_not_start(ec2, InstanceIds, **_):
    """StartInstances starts one "that you've previously stopped"; IncorrectInstanceState of the error codes of EC2."""
    for one in InstanceIds:
        if not live(instance_of(ec2, one)):
            message = f"The instance '{one}' is not in a state from which it can be started."
            raise Refused("IncorrectInstanceState", message)


@BOOK.rule("StopInstances")
def terminated_instances_do_not_stop(ec2, InstanceIds, **_):
    """EC2 guide, "Amazon EC2 instance state changes": terminated is an end; IncorrectInstanceState of the error codes of EC2."""
    for one in InstanceIds:
        if not live(instance_of(ec2, one)):
            message = f"This instance '{one}' is not in a state from which it can be stopped."
            raise Refused("IncorrectInstanceState", message)


@BOOK.rule("AssociateIamInstanceProfile")
def one_profile_per_instance(ec2, InstanceId, **_):
    """AssociateIamInstanceProfile: "You cannot associate more than one"."""
    for association in ec2.iam_instance_profile_associations.values():
        if association.instance.id == InstanceId and association.state != "disassociated":
            message = f"There is an existing association for instance {InstanceId}"
            raise Refused("IncorrectState", message)


@BOOK.patch(EC2Backend, "replace_iam_instance_profile_association")
def the_instance_shows_its_new_profile(original, ec2, *args, **kwargs):
    """ReplaceIamInstanceProfileAssociation: Instance.IamInstanceProfile is the new one (moto: the old)."""
    association = original(ec2, *args, **kwargs)
    profile = {"Arn": association.iam_instance_profile.arn, "Id": association.association_id}
    association.instance.iam_instance_profile = profile
    return association


# -- monitoring and credits -----------------------------------------------------------------------


@BOOK.adds("MonitorInstances")
def monitor_instances(ec2, InstanceIds, **_):
    """MonitorInstances: detailed monitoring on."""
    return monitoring(ec2, InstanceIds, "enabled", "pending")


@BOOK.adds("UnmonitorInstances")
def unmonitor_instances(ec2, InstanceIds, **_):
    """UnmonitorInstances: detailed monitoring off."""
    return monitoring(ec2, InstanceIds, "disabled", "disabling")


def monitoring(ec2, instance_ids, state, shown):
    instances = [instance_of(ec2, one) for one in instance_ids]
    for instance in instances:
        instance.monitoring_state = state
    return {
        "InstanceMonitorings": [
            {"InstanceId": one.id, "Monitoring": {"State": shown}} for one in instances
        ]
    }


BURSTABLE = ("t2.", "t3.", "t3a.", "t4g.")


@BOOK.rule("RunInstances")
def only_burstable_instances_have_credits(_ec2, InstanceType, CreditSpecification, Placement, **_):
    """CreditSpecification: "of the burstable performance instance"; EC2 error codes, InstanceCreditSpecification.NotSupported.

    CreditSpecification: "For T3 instances with host tenancy, only standard is supported."
    """
    if not CreditSpecification:
        return
    if not (InstanceType or "m1.small").startswith(BURSTABLE):
        message = f"The {InstanceType} instance type does not support T2 Unlimited."
        raise Refused("InstanceCreditSpecification.NotSupported", message)
    if CreditSpecification.get("CpuCredits") not in ("standard", "unlimited"):
        raise invalid(f"Value ({CreditSpecification.get('CpuCredits')}) for parameter CpuCredits is invalid: standard or unlimited")
    if InstanceType.startswith("t3.") and (Placement or {}).get("Tenancy") == "host" and CreditSpecification["CpuCredits"] == "unlimited":
        raise Refused("InvalidParameterCombination", "T3 instances on Dedicated Hosts support standard credits only")


def default_credits(instance):
    """BurstablePerformanceInstances: T2 starts as standard, the later ones as unlimited."""
    return "standard" if instance.instance_type.startswith("t2.") else "unlimited"


@BOOK.adds("ModifyInstanceCreditSpecification")
def modify_instance_credit_specification(ec2, InstanceCreditSpecifications, **_):
    """ModifyInstanceCreditSpecification: for burstable instances, each one told for itself."""
    good, bad = [], []
    for one in InstanceCreditSpecifications:
        try:
            set_credits(ec2, one)
            good.append({"InstanceId": one["InstanceId"]})
        except Refused as refused:
            error = {"Code": refused.code, "Message": str(refused)}
            bad.append({"InstanceId": one["InstanceId"], "Error": error})
    return {
        "SuccessfulInstanceCreditSpecifications": good,
        "UnsuccessfulInstanceCreditSpecifications": bad,
    }


def set_credits(ec2, specification):
    instance = instance_of(ec2, specification["InstanceId"])
    if not instance.instance_type.startswith(BURSTABLE):
        message = f"{instance.id} is not a burstable performance instance"
        raise Refused("InstanceCreditSpecification.NotSupported", message)
    wanted = specification.get("CpuCredits", default_credits(instance))
    if wanted not in ("standard", "unlimited"):
        raise invalid(f"Invalid value '{wanted}' for CpuCredits: standard or unlimited")
    instance.cpu_credits = wanted


@BOOK.adds("DescribeInstanceCreditSpecifications")
def describe_instance_credit_specifications(ec2, InstanceIds, **_):
    """DescribeInstanceCreditSpecifications: without ids only those with unlimited credits."""
    chosen = [instance_of(ec2, one) for one in InstanceIds or []]
    chosen = chosen or [
        one for one in all_instances(ec2) if credits_of(one) == "unlimited" and is_burstable(one)
    ]
    for one in chosen:
        if not is_burstable(one):
            message = f"{one.id} is not a burstable performance instance"
            raise Refused("InvalidParameterValue", message)
    return {
        "InstanceCreditSpecifications": [
            {"InstanceId": one.id, "CpuCredits": credits_of(one)} for one in chosen
        ]
    }


def is_burstable(instance):
    return instance.instance_type.startswith(BURSTABLE)


def credits_of(instance):
    return vars(instance).get("cpu_credits") or default_credits(instance)
