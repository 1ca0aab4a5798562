# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations as the laws play them: the tasks of their entry points, rendered by Ansible, their modules run in process."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from ansible.module_utils.testing import patch_module_args
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.msp.aws.plugins.plugin_utils._operation_plans import undo
from ansible_collections.msp.aws.plugins.plugin_utils._operations import ROOT, operations, prefix
from tests.laws.stage import ACCOUNT, PREFIX, REGION, Stage, examples

REFUSE = "ansible.builtin.assert"
# What is done only inside a server is played on one: extensions/molecule/operations.
OPERATIONS = {name: row for name, row in operations().items() if row["module"]}
# What makes a new thing, be it what was asked for or the way back from it.
MAKING = {name for name, row in OPERATIONS.items() if row.get("makes") or row["module"] == "ec2_create_image"} | {
    *("autoscaling.change_launch_template_image", "ec2.apply_os_patches", "ec2.create_snapshot", "ec2.expand_volume"),
    *("ec2.replace_volume_from_snapshot", "vpc.change_client_vpn_cidr"),
}
READY: set[Any] = set()
STOPPED = dict(
    name="acme-stopped01",
    image_parameter="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    instance_type="t3.micro",
    subnet="acme-a",
)
READS = "arn:aws:iam::aws:policy/ReadOnlyAccess"
LOOKS = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Action="s3:ListAllMyBuckets", Resource="*")])
# Verb → the kind whose examples make what it works on; a setting works on what those of its own kind make. All others have the servers.
MADE_BY = dict(
    ec2_change_client_vpn_cidr="ec2_client_vpn_endpoints",
    ec2_renew_client_vpn_certificate="ec2_client_vpn_endpoints",
    networkfirewall_change_rule="networkfirewall_rule_groups",
    autoscaling_change_launch_template_image="autoscaling_scheduled_actions",
    autoscaling_groups="autoscaling_scheduled_actions",
    lambda_publish_version="lambda_aliases",
    s3_buckets="lambda_functions",
    sns_subscriptions="lambda_functions",
)
# Kinds whose examples make what operations on the network, and on groups of servers, work on.
NETWORKS = {
    *MADE_BY.values(),
    *("ec2_customer_gateways", "ec2_network_acls", "ec2_route_tables", "ec2_vpn_connections"),
    *("ec2_transit_gateway_route_tables", "ec2_transit_gateway_vpc_attachments", "networkfirewall_firewall_policies"),
    *("directconnect_hosted_virtual_interfaces", "directconnect_transit_gateway_associations", "directconnect_virtual_gateway_associations"),
    *("directconnect_virtual_interfaces", "events_rules", "lambda_aliases", "lambda_event_source_mappings", "lambda_functions"),
}
NEXT = dict(
    name="acme-vpn-server-2028",
    authority="acme/client-vpn/ca",
    domain_name="vpn.acme.example",
    extended_key_usages=["TLS_WEB_SERVER_AUTHENTICATION"],
    validity_days=1000,
    private_key_secret="acme/client-vpn/server-2028",
)
IMPORT = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:acme-import"
# Kind → what else an operation's example names.
BESIDE = dict(
    lambda_functions=(
        ("sns_topics", dict(topics=[dict(name="acme-orders"), dict(name="acme-returns")])),
        ("sns_subscriptions", dict(subscriptions=[dict(topic="acme-returns", protocol="lambda", endpoint=IMPORT)])),
    ),
    lambda_aliases=(("lambda_functions", dict(functions=[dict(name="acme-import", memory_size=512)])),),
    ec2_client_vpn_endpoints=(("acm_certificates", dict(certificates=[NEXT])),),
    ec2_transit_gateway_vpc_attachments=(
        ("ec2_vpcs", dict(vpcs=[dict(name="acme-dev", cidr_block="10.40.0.0/16")])),
        ("ec2_subnets", dict(subnets=[dict(name="dev-tgw-a", vpc="acme-dev", cidr_block="10.40.0.0/28", availability_zone="ap-northeast-1a")])),
    )
)
LOGS = dict(
    name="acme-logs",
    availability_zone="ap-northeast-1a",
    size=100,
    volume_type="gp3",
    iops=4000,
    attachments=[dict(instance="acme-batch01", device="/dev/sdg", delete_on_termination=True)],
    tags=dict(Env="prod"),
)
NIGHTLY = "snap-0a1b2c3d4e5f60718"  # in examples, which cannot know the id of the one that there is
RETIRING = dict(STOPPED, name="acme-old01")
INTERFACES = [
    dict(name="acme-inside", subnet="acme-a", attachment=dict(instance="acme-web01", device_index=1)),
    dict(name="acme-license", subnet="acme-a"),
    dict(name="acme-mail", subnet="acme-a", private_ip_address="10.20.1.90"),
]
GENERATIONS = dict(
    name="acme-daily",
    resource_types=["INSTANCE"],
    description="acme daily snapshots",
    policy_state="ENABLED",
    execution_role="AWSDataLifecycleManagerDefaultRole",
    target_tags={"Backup": "daily"},
    schedules=[
        dict(name="daily", cron_expression="cron(0 17 * * ? *)", retain_count=7),
        dict(name="hourly", interval=4, interval_unit="HOURS", retain_count=6),
    ],
)
CONTRACT = dict(account_id=ACCOUNT, region=REGION)
LONG_AGO = "2026-01-05T00:00:00+00:00"  # by now CloudTrail shows whatever was done then


def sample(operation: str) -> dict[str, Any]:
    """The example of an operation's row, as the role's variables."""
    row = OPERATIONS[operation]
    given = {prefix(operation) + name: value for name, value in row["example"]["parameters"].items()}
    return {row["target"]: row["example"]["target"], **given}


def _tasks(operation: str) -> tuple[DataLoader, list[dict[str, Any]]]:
    loader, row = DataLoader(), OPERATIONS[operation]
    return loader, loader.load_from_file(str(ROOT / "roles" / row["role"] / "tasks" / f"{row['entry']}.yml"), trusted_as_template=True)


def _task(operation: str) -> tuple[DataLoader, dict[str, Any]]:
    """The task of an entry point that works at AWS, as Ansible loads it. Another one goes on inside the server."""
    loader, tasks = _tasks(operation)
    (task,) = [task for task in tasks if any(word.startswith(PREFIX) for word in task)]
    return loader, task


def _refusal(operation: str, given: dict[str, Any]) -> str | None:
    """What the entry point says before that of what was requested."""
    loader, tasks = _tasks(operation)
    templar = Templar(loader, variables=given)
    for task in [task for task in tasks if REFUSE in task]:
        told = task[REFUSE]
        if templar.evaluate_conditional(task["when"]) and not all(map(templar.evaluate_conditional, told["that"])):
            return str(templar.template(told["fail_msg"]))
    return None


class Desk:
    """Who carries operations out, in the account of a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.double = stage, stage.double
        self.operation = ""

    def open(self, operation: str = "") -> Desk:
        """An account with what this operation (or the one before) works on, made once and brought back from then on."""
        self.operation = operation or self.operation
        module = OPERATIONS[self.operation]["module"] if self.operation else ""
        made_by = MADE_BY.get(module, module)
        if made_by in NETWORKS:
            self._with_networks(made_by)
        else:
            self._with_servers()
        self.double.clear_calls()
        return self

    def _with_networks(self, kind: str) -> None:
        key = f"operations on {kind}"
        if (self.double.url, kind) not in READY:
            self.stage.prepare(kind)
            for needed, task in BESIDE.get(kind, ()):
                self.stage.run(needed, task)
            self.stage.run(kind, examples(kind).make)
            self.double.snapshot(key)
            READY.add((self.double.url, kind))
        self.double.restore(key)

    def _with_servers(self) -> None:
        """Servers that run and one that is stopped."""
        if self.double.url not in READY:
            self.stage.prepare("ec2_instances")
            self.stage.run("ec2_instances", examples("ec2_instances").make)
            self.stage.run("ec2_instances", dict(instances=[STOPPED]))
            self._stop(STOPPED["name"])
            self._lacks_patches("acme-batch01")
            self._retires(self.stage.run("ec2_instances", dict(instances=[RETIRING])))
            self.stage.run("ec2_volumes", dict(volumes=[dict(name="acme-data", availability_zone="ap-northeast-1a", size=20, volume_type="gp3"), LOGS]))
            self._saves("acme-logs")
            self.stage.run("ec2_elastic_ips", dict(elastic_ips=[dict(name="acme-spare")]))
            self._hire()
            self._budget()
            self._record()
            self.stage.run("ec2_network_interfaces", dict(network_interfaces=INTERFACES))
            self.stage.run("ec2_internet_gateways", dict(internet_gateways=[dict(name="acme", vpc="acme")]))
            mail = dict(name="acme-mail", network_interface="acme-mail", private_ip_address="10.20.1.90")
            self.stage.run("ec2_elastic_ips", dict(elastic_ips=[mail]))
            for kind, task in examples("dlm_lifecycle_policies").before:
                self.stage.run(kind, task)
            self.stage.run("dlm_lifecycle_policies", dict(lifecycle_policies=[GENERATIONS]))
            self.double.snapshot("operations")
            READY.add(self.double.url)
        self.double.restore("operations")
        self.double.instance_types()
        self.double.transition("ec2::instance", progression="manual", times=2)

    def close(self) -> None:
        """For all others the double is as it was."""
        self.double.clear_faults()
        self.double.instance_types()
        self.double.transition("ec2::instance", progression="immediate")

    def _hire(self) -> None:
        """Users, groups and a role of IAM: one with a key only, one who has forgotten the password, one who goes, with all that hangs on a user."""
        run, iam = self.stage.run, self.stage.client("iam")
        run("iam_groups", dict(groups=[dict(name="acme-operators", managed_policies=[READS]), dict(name="acme-former", inline_policies=dict(look=LOOKS))]))
        leaver = dict(name="acme-leaver", groups=["acme-operators", "acme-former"], managed_policies=[READS], inline_policies=dict(look=LOOKS))
        run("iam_users", dict(users=[dict(name="acme-operator"), dict(name="acme-auditor", groups=["acme-operators"]), leaver]))
        console = [dict(user=f"acme-{who}", password_secret=f"acme/iam/{who}", password_reset_required=True) for who in ("auditor", "leaver")]
        run("iam_login_profiles", dict(login_profiles=console))
        iam.update_login_profile(UserName="acme-auditor", Password="Chosen-9d41b7!", PasswordResetRequired=False)
        trust = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Action="sts:AssumeRole", Principal=dict(Service="ec2.amazonaws.com"))])
        run("iam_roles", dict(roles=[dict(name="acme-reports", assume_role_policy=trust)]))
        for user in ("acme-leaver", "acme-operator"):
            iam.create_access_key(UserName=user)
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName="acme-leaver")["VirtualMFADevice"]["SerialNumber"]
        iam.enable_mfa_device(UserName="acme-leaver", SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="654321")

    def _budget(self) -> None:
        """A budget that tells two people, by what was spent and by what is expected."""
        people = [dict(email="a@example.jp"), dict(email="b@example.jp")]
        which = dict(comparison_operator="GREATER_THAN", threshold=80, threshold_type="PERCENTAGE", subscribers=people)
        told = [dict(which, notification_type=kind) for kind in ("ACTUAL", "FORECASTED")]
        monthly = dict(name="acme-monthly", budget_type="COST", time_unit="MONTHLY", budget_limit=dict(amount="2000", unit="USD"), notifications=told)
        self.stage.run("budgets_budgets", dict(budgets=[monthly]))

    def _record(self) -> None:
        """AWS Config has a recorder."""
        trust = dict(Version="2012-10-17", Statement=[dict(Effect="Allow", Action="sts:AssumeRole", Principal=dict(Service="config.amazonaws.com"))])
        self.stage.run("iam_roles", dict(roles=[dict(name="acme-config", assume_role_policy=trust)]))
        self.stage.run("config_configuration_recorder", dict(configuration_recorder=dict(name="default", role="acme-config")))

    def _retires(self, made: dict[str, Any]) -> None:
        """Its host is to be retired; an event of last week is over, and another one may be moved."""
        later = datetime.now(UTC) + timedelta(days=30)
        events = [
            dict(InstanceEventId="instance-event-0a", Code="system-reboot", Description="[Completed] reboot", NotBefore=LONG_AGO),
            dict(InstanceEventId="instance-event-0b", Code="instance-retirement", Description="degraded hardware", NotBefore=later.isoformat()),
        ]
        deadline = dict(NotBeforeDeadline=(later + timedelta(days=7)).isoformat())
        moves = dict(InstanceEventId="instance-event-0c", Code="system-maintenance", Description="power", NotBefore=later.isoformat())
        self.double.instance_events(made["entries"][0]["id"], [*events, {**moves, **deadline}])

    def _lacks_patches(self, name: str) -> None:
        found = self.stage.client("ec2").describe_instances(Filters=[dict(Name="tag:Name", Values=[name])])["Reservations"]
        patches = {"kernel-6.1": "MISSING", "openssl-3.0": "MISSING", "bash-5.2": "INSTALLED"}
        self.double.managed_node(found[0]["Instances"][0]["InstanceId"], patches=patches, scanned=datetime.now(UTC).isoformat())

    def _saves(self, name: str) -> None:
        client = self.stage.client("ec2")
        (volume,) = client.describe_volumes(Filters=[dict(Name="tag:Name", Values=[name])])["Volumes"]
        client.create_snapshot(VolumeId=volume["VolumeId"], Description="nightly")

    def nightly(self) -> str:
        """The id of the snapshot of last night."""
        (found,) = self.stage.client("ec2").describe_snapshots(Filters=[dict(Name="description", Values=["nightly"])])["Snapshots"]
        return found["SnapshotId"]

    def _stop(self, name: str) -> None:
        client = self.stage.client("ec2")
        found = client.describe_instances(Filters=[dict(Name="tag:Name", Values=[name])])["Reservations"]
        client.stop_instances(InstanceIds=[found[0]["Instances"][0]["InstanceId"]])

    def attempt(self, operation: str, *, check: bool = False, confirmed: bool = True, variables: dict[str, Any] | None = None, **frame: Any) -> dict[str, Any]:
        """What the entry point registers. `frame`: what the role operation tells it, such as before and undo."""
        told = {"contract": CONTRACT, "operation_ticket": "REQ-1", **{f"operation_{name}": value for name, value in frame.items()}}
        if confirmed and not check:
            plan = self.attempt(operation, check=True, variables=variables, **frame)
            told["operation_confirm"] = [f"{self.module(operation)}/{entry['entry']}" for entry in plan["entries"]]
        loader, task = _task(operation)
        given = {**(sample(operation) if variables is None else variables), **told, **task.get("vars", {})}
        given |= {name: self.nightly() for name, value in given.items() if value == NIGHTLY}
        refusal = _refusal(operation, given)
        if refusal:
            return dict(failed=True, assertion=refusal, msg=refusal)
        arguments = Templar(loader, variables=given).template(task[PREFIX + self.module(operation)])
        return self._module(self.module(operation), {**arguments, **self.stage.hands()}, check)

    def run(self, operation: str, *, fails: bool = False, **how: Any) -> dict[str, Any]:
        result = self.attempt(operation, **how)
        assert bool(result.get("failed")) == fails, result.get("msg") or result
        return result

    @staticmethod
    def module(operation: str) -> str:
        """The module that an entry point is about."""
        return next(word for word in _task(operation)[1] if word.startswith(PREFIX)).removeprefix(PREFIX)

    def calls_of(self, operation: str) -> set[str]:
        """Every call of an operation: planned, killed after its first write, gone on with, and brought back where that can be."""
        plan = self.run(operation, check=True)
        self.double.faults([dict(fault="die_after", at=1, of="write")])
        self.run(operation, fails=True)
        self.double.clear_faults()
        self.run(operation, before=dict(plan.get("facts", {}), at=LONG_AGO))
        way_back = undo(OPERATIONS[operation], plan)
        if way_back:
            self.run(operation, undo=way_back)
        return {f"{call['service']}:{call['operation']}" for call in self.double.calls()}

    @staticmethod
    def _module(name: str, arguments: dict[str, Any], check: bool) -> dict[str, Any]:
        out = io.StringIO()
        with patch_module_args(dict(arguments, _ansible_check_mode=check, _ansible_diff=True)), redirect_stdout(out):
            try:
                import_module(f"ansible_collections.msp.aws.plugins.modules.{name}").main()
            except SystemExit:
                pass
        return json.loads(out.getvalue())

    def writes(self) -> list[str]:
        return self.stage.writes()

    def states(self) -> dict[str, tuple[str, str]]:
        """Name → type and state of every instance, as somebody else sees them when all has settled."""
        client = self.stage.client("ec2")
        for dummy in range(6):
            reservations = client.describe_instances()["Reservations"]
        instances = [one for group in reservations for one in group["Instances"]]
        names = {one["InstanceId"]: next(tag["Value"] for tag in one["Tags"] if tag["Key"] == "Name") for one in instances}
        return {names[one["InstanceId"]]: (one["InstanceType"], one["State"]["Name"]) for one in instances}

    def members(self, operation: str) -> set[str]:
        """What goes with the target: instances of a group with their volumes and interfaces, the interface of an address."""
        role, target = OPERATIONS[operation]["role"], OPERATIONS[operation]["example"]["target"]
        if role == "ops_elastic_ip":
            found = self.stage.client("ec2").describe_addresses(Filters=[dict(Name="tag:Name", Values=[target])])["Addresses"]
            return {one["NetworkInterfaceId"] for one in found if one.get("NetworkInterfaceId")}
        if role != "ops_auto_scaling":
            return set()
        groups = self.stage.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[target])
        return {one["InstanceId"] for group in groups["AutoScalingGroups"] for one in group["Instances"]}
