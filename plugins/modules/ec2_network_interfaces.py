#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _instances, _network_holders, _networks, _tags, _tokens
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref, refs


def find(aws, wanted):
    hosts = aws.once(_instances.hosts) if any("attachment" in want for want in wanted or ()) else {}
    found = [one for one in aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces") if _is_a_sheets(one)]
    return [dict(_have(interface), _zone=interface["AvailabilityZone"], _hosts=hosts) for interface in found]


def _is_a_sheets(interface):
    """A service's interface is changed through the service, the first one of an instance through the instance, unless somebody gave it a name."""
    first = interface.get("Attachment", {}).get("DeviceIndex") == 0
    return not interface.get("RequesterManaged") and not (first and not _tags.name_and_tags(interface, "TagSet")["name"])


def _have(interface):
    attachment = interface.get("Attachment") or {}
    return dict(
        id=interface["NetworkInterfaceId"],
        subnet=interface["SubnetId"],
        private_ip_address=interface["PrivateIpAddress"],
        secondary_private_ip_addresses=[address["PrivateIpAddress"] for address in interface["PrivateIpAddresses"] if not address["Primary"]],
        security_groups=[group["GroupId"] for group in interface["Groups"]],
        source_dest_check=interface["SourceDestCheck"],
        description=interface.get("Description") or None,
        attachment=_attachment(attachment) if attachment.get("Status") in ("attaching", "attached") else None,
        _attachment_id=attachment.get("AttachmentId"),
        **_tags.name_and_tags(interface, "TagSet"),
    )


def _attachment(attachment):
    # An interface of another account's service has no instance.
    members = dict(instance="InstanceId", device_index="DeviceIndex", delete_on_termination="DeleteOnTermination")
    return {option: attachment.get(member) for option, member in members.items()}


def create(aws, want):
    arguments = dict(SubnetId=want["subnet"])
    groups = want.get("security_groups", {})
    # Without groups AWS takes the VPC's default group, which nobody named and which would then stay.
    if groups.get("set") or groups.get("add"):
        arguments["Groups"] = groups.get("set") or groups["add"]
    for option, member in (("private_ip_address", "PrivateIpAddress"), ("description", "Description")):
        if option in want:
            arguments[member] = want[option]
    arguments["TagSpecifications"] = _tags.specifications("network-interface", want)
    order = aws.ec2.create_network_interface
    made = _tokens.make(aws, order, arguments, lambda answer: answer["NetworkInterface"]["NetworkInterfaceId"], lambda one: _described(aws, one))
    if made["Status"] == "pending":
        _wait(aws, made["NetworkInterfaceId"], "available")
    return _have(made)


def _described(aws, interface_id):
    filters = [dict(Name="network-interface-id", Values=[interface_id])]
    return next(iter(aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters)), None)


def _wait(aws, interface_id, status):
    """Until it is available (attached to nothing) or in use."""

    def look():
        found = _described(aws, interface_id)
        return (found["Status"], found.get("Attachment", {}).get("Status", "detached")) if found else None

    wanted = (status, dict(available="detached").get(status, "attached"))
    aws.wait(f"network interface {interface_id} in status {status}", look, lambda seen: seen == wanted, limit=120)


def update(aws, have, change):
    _tags.update(aws, have, change)
    if "security_groups" in change:
        delta = change["security_groups"]
        _modify(aws, have, Groups=[group for group in [*have["security_groups"], *delta.add] if group not in delta.remove])
    if "source_dest_check" in change:
        _modify(aws, have, SourceDestCheck=dict(Value=change["source_dest_check"]))
    if "description" in change:
        _modify(aws, have, Description=dict(Value=change["description"] or ""))
    if "secondary_private_ip_addresses" in change:
        _change_addresses(aws, have, change["secondary_private_ip_addresses"])
    if "attachment" in change:
        _change_attachment(aws, have, change["attachment"])


def _modify(aws, have, **attribute):
    """ModifyNetworkInterfaceAttribute takes one attribute in a call."""
    aws.ec2.modify_network_interface_attribute(NetworkInterfaceId=have["id"], **attribute)


def _change_addresses(aws, have, delta):
    if delta.add:
        # Never takes an address away from another interface.
        aws.ec2.assign_private_ip_addresses(NetworkInterfaceId=have["id"], PrivateIpAddresses=delta.add, AllowReassignment=False)
    if delta.remove:
        aws.ec2.unassign_private_ip_addresses(NetworkInterfaceId=have["id"], PrivateIpAddresses=delta.remove)


def _change_attachment(aws, have, attachment):
    attachment_id, goes_along = have["_attachment_id"], (have["attachment"] or {}).get("delete_on_termination")
    if _moves(have, attachment):
        if have["attachment"]:
            _detach(aws, have)
        if attachment is None:
            return
        where = dict(InstanceId=attachment["instance"], DeviceIndex=attachment["device_index"])
        attachment_id = aws.ec2.attach_network_interface(NetworkInterfaceId=have["id"], **where)["AttachmentId"]
        _wait(aws, have["id"], "in-use")
        goes_along = False  # AWS's own default for an interface that is attached
    if attachment.get("delete_on_termination", goes_along) != goes_along:
        _modify(aws, have, Attachment=dict(AttachmentId=attachment_id, DeleteOnTermination=attachment["delete_on_termination"]))


def _moves(have, attachment):
    """Whether it is to be at another instance or place than now, or nowhere."""
    return any((attachment or {}).get(member) != (have["attachment"] or {}).get(member) for member in ("instance", "device_index"))


def _detach(aws, have):
    aws.ec2.detach_network_interface(AttachmentId=have["_attachment_id"])
    _wait(aws, have["id"], "available")


def danger(have, change):
    if have.get("attachment") and "attachment" in change and _moves(have, change["attachment"]):
        return f"would detach the interface from {have['attachment']['instance']}, which cuts what talks to it"
    if have and "secondary_private_ip_addresses" in change and change["secondary_private_ip_addresses"].remove:
        return f"would take {', '.join(change['secondary_private_ip_addresses'].remove)} off the interface, which cuts what talks to it"
    return None


def refuse(want, have, change):
    _networks.refuse_no_groups(KIND.options, have, change)
    if "attachment" in change and (have.get("attachment") or {}).get("device_index") == 0 and _moves(have, change["attachment"]):
        raise Problem(f"is the first interface of {have['attachment']['instance']}, which cannot be detached from it")
    if have and change.get("attachment") and _moves(have, change["attachment"]):
        host = have["_hosts"].get(change["attachment"]["instance"])
        _instances.refuse_zone(host, have["_zone"])
        _instances.refuse_interface(host, have["id"], change["attachment"]["device_index"])


def foresee(aws, want):
    """What is new goes where there is room for it."""
    _networks.refuse_address(aws, "ec2_network_interfaces", want)
    if want.get("attachment"):
        host = aws.once(_instances.hosts).get(want["attachment"]["instance"])
        _instances.refuse_interface(host, "", want["attachment"]["device_index"])


def delete(aws, have):
    if have["attachment"]:
        _detach(aws, have)
    aws.ec2.delete_network_interface(NetworkInterfaceId=have["id"])


def faults(entries, sheet):
    yield from _networks.misplaced("ec2_network_interfaces", entries, sheet)


KIND = Kind(
    name="ec2_network_interfaces",
    identity=("name",),
    options=dict(
        name=Option(),
        subnet=ref("ec2_subnets", fixed=True, required=True),
        private_ip_address=fixed(api="CreateNetworkInterface.PrivateIpAddress", wrong=_networks.wrong_address),
        secondary_private_ip_addresses=Option("list", "str", many=True, wrong=_networks.wrong_address),
        security_groups=refs("ec2_security_groups"),
        source_dest_check=Option("bool"),
        description=Option(clearable=True, api="CreateNetworkInterface.Description"),
        attachment=Option(
            "dict",
            clearable=True,
            options=dict(
                instance=ref("ec2_instances", required=True),
                device_index=Option("int", required=True, api="AttachNetworkInterface.DeviceIndex"),
                delete_on_termination=Option("bool"),
            ),
        ),
        tags=_tags.beside_name(),
    ),
    find=find,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    foresee=foresee,
    holders=_network_holders.of_network_interfaces,
    faults=faults,
    not_yet=_tags.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
