# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public parameters of Windows images, which moto lacks (EC2 guide for Windows, "Find Windows AMIs using Systems Manager"), and managed nodes."""

from __future__ import annotations

import datetime
import re
import uuid

from moto.ec2.models import ec2_backends
from moto.ssm.models import Parameter, ParameterDict, ssm_backends

from .ec2.book import all_instances
from .rules import Refused, RuleBook

WINDOWS = re.compile(r"/aws/service/ami-windows-latest/Windows_Server-(2016|2019|2022|2025)-(English|Japanese)-\w+-\w+")
_moto_loads = ParameterDict._check_loading_status


def also_windows(parameters, key):
    """Answers with one of moto's Windows images, whichever edition is asked for."""
    _moto_loads(parameters, key)
    name = str(key or "")
    if not WINDOWS.fullmatch(name) or dict.__contains__(parameters, name):
        return
    images = ec2_backends[parameters.account_id][parameters.region_name].amis.values()
    image = next(one for one in images if one.platform == "windows")
    made = datetime.datetime(2026, 1, 14, tzinfo=datetime.UTC)
    facts = dict(description=None, allowed_pattern=None, keyid=None, last_modified_date=made, version=1, data_type="aws:ec2:image")
    dict.__setitem__(parameters, name, [Parameter(parameters.account_id, name, image.id, "String", **facts)])


ParameterDict._check_loading_status = also_windows
BOOK = RuleBook("ssm")


# -- managed nodes and their patches ------------------------------------------------------------------

BASELINE = "AWS-RunPatchBaseline"


def manage(backends, instance, ping="Online", patches=(), scanned=None, appears=(), brings=(), hangs=False):
    """An instance answers to Systems Manager. `patches`: name → state in words of the model; FAILED ones fail again. `scanned`: when, in ISO.
    `appears`: what the next scan finds besides; `brings`: what an installation brings along; `hangs`: on its way down.
    """
    (ec2,) = (one for one in backends if any(found.id == instance for found in all_instances(one)))
    nodes = vars(ssm_backends[ec2.account_id][ec2.region_name]).setdefault("_nodes", {})
    facts = dict(id=instance, ping=ping, operation="Scan", ended=scanned, hangs=hangs)
    nodes[instance] = dict(facts, patches=dict(patches), appears=list(appears), brings=list(brings), times={})


def nodes_of(ssm):
    return vars(ssm).get("_nodes", {})


def node_of(ssm, instance_id):
    if instance_id not in nodes_of(ssm):
        raise Refused("InvalidInstanceId", f"Instances [[{instance_id}]] not in a valid state for account")
    return nodes_of(ssm)[instance_id]


@BOOK.adds("DescribeInstanceInformation")
def describe_instance_information(ssm, Filters, **_):
    """DescribeInstanceInformation: managed nodes only, InstanceIds among the filters."""
    asked = [value for one in Filters or [] if one["Key"] == "InstanceIds" for value in one["Values"]]
    return {"InstanceInformationList": [dict(InstanceId=key, PingStatus=node["ping"]) for key, node in nodes_of(ssm).items() if key in (asked or [key])]}


@BOOK.adds("DescribeInstancePatchStates")
def describe_instance_patch_states(ssm, InstanceIds, **_):
    """DescribeInstancePatchStates: of nodes that have been scanned."""
    found = [node for node in nodes_of(ssm).values() if node["id"] in InstanceIds and node["ended"]]
    return {"InstancePatchStates": [state_of(node) for node in found]}


def state_of(node):
    ended = datetime.datetime.fromisoformat(node["ended"])
    counts = {f"{name}Count": list(node["patches"].values()).count(name.upper()) for name in ("Missing", "Failed", "Installed")}
    told = dict(InstanceId=node["id"], PatchGroup="", BaselineId="pb-0123456789abcdef0", Operation=node["operation"])
    return {**told, **counts, "OperationStartTime": ended, "OperationEndTime": ended}


@BOOK.adds("DescribeInstancePatches")
def describe_instance_patches(ssm, InstanceId, Filters, **_):
    """DescribeInstancePatches.Filters: State in words such as InstalledPendingReboot; PatchComplianceData.State in capitals."""
    asked = [value.upper() for one in Filters or [] if one["Key"] == "State" for value in one["Values"]]
    told, node = dict(Classification="Security", Severity="Important"), node_of(ssm, InstanceId)
    found = [(name, state) for name, state in node["patches"].items() if not asked or state.replace("_", "") in asked]
    times = {name: datetime.datetime.fromisoformat(node["times"].get(name, "1970-01-01T00:00:00+00:00")) for name, dummy in found}
    return {"Patches": [dict(told, Title=name, KBId=name, State=state, InstalledTime=times[name]) for name, state in found]}


@BOOK.rule("SendCommand")
def only_nodes_that_answer_are_commanded(ssm, InstanceIds, DocumentName, Parameters, Comment, **_):
    """SendCommand: InvalidInstanceId, "You don't have permission … the SSM Agent isn't running"; Comment of 100 characters at most."""
    for one in InstanceIds or []:
        if node_of(ssm, one)["ping"] != "Online":
            raise Refused("InvalidInstanceId", f"Instances [[{one}]] not in a valid state for account")
    if len(Comment or "") > 100:
        raise Refused("ValidationException", "Member must have length less than or equal to 100")
    if DocumentName == BASELINE and (Parameters or {}).get("Operation") not in (["Scan"], ["Install"]):
        raise Refused("InvalidParameters", "Operation must be Scan or Install")


@BOOK.after("SendCommand")
def the_baseline_runs(ssm, InstanceIds, DocumentName, Parameters, **_):
    """AWS-RunPatchBaseline: installs what is missing; a kernel wants a reboot, which NoReboot does not give; what failed makes the command fail."""
    if DocumentName != BASELINE:
        return
    for one in InstanceIds:
        node = node_of(ssm, one)
        node.update(operation=Parameters["Operation"][0], ended=datetime.datetime.now(datetime.UTC).isoformat())
        node["patches"].update(dict.fromkeys(node.pop("appears", ()), "MISSING"))
        if node["operation"] == "Install":
            waits = "INSTALLED_PENDING_REBOOT" if Parameters.get("RebootOption") == ["NoReboot"] else "INSTALLED"
            becomes = {name: waits if "kernel" in name else "INSTALLED" for name, state in node["patches"].items() if state not in ("FAILED", "INSTALLED")}
            node["patches"].update(becomes, **dict.fromkeys(node["brings"], "INSTALLED_OTHER"))
            node["times"].update(dict.fromkeys([*becomes, *node["brings"]], node["ended"]))
            if "FAILED" in node["patches"].values():
                ssm._commands[-1].status = "Failed"


@BOOK.after("SendCommand")
def the_kernel_tells_its_boot(ssm, InstanceIds, DocumentName, Parameters, **_):
    """AWS-RunShellScript, of which only this question is answered. proc(5): boot_id is another one after each boot, btime is when that was."""
    if DocumentName == "AWS-RunShellScript" and "boot_id" in str(Parameters["commands"]):
        (instance,) = (one for one in all_instances(ec2_backends[ssm.account_id][ssm.region_name]) if one.id == InstanceIds[0])
        booted = instance.launch_time if node_of(ssm, instance.id)["hangs"] else getattr(instance, "_booted", instance.launch_time)
        ssm._commands[-1]._said = f"{uuid.uuid5(uuid.NAMESPACE_OID, f'{instance.id} {booted}')}\nbtime {int(booted.timestamp())}"


@BOOK.adds("ListCommandInvocations")
def list_command_invocations(ssm, CommandId, InstanceId, **_):
    """ListCommandInvocations with Details: what each plugin said."""
    found = [one for one in ssm._commands if CommandId in (None, one.command_id) and InstanceId in one.instance_ids]
    plugins = {one.command_id: [dict(Name="PatchLinux", Output=getattr(one, "_said", "failed to install"))] for one in found}
    told = [dict(CommandId=one.command_id, InstanceId=InstanceId, Status=one.status, CommandPlugins=plugins[one.command_id]) for one in found]
    return {"CommandInvocations": told}
