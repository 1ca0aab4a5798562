# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Naming components is enough to have them watched, on both sides, in the same run as everything else."""

from __future__ import annotations

import json
import urllib.request

import boto3
import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.integration.conftest import ACCOUNT, SECRET

CONTRACT = dict(
    number="ACME-1",
    customer="Acme",
    account_id=ACCOUNT,
    region="ap-northeast-1",
    language="en",
    mackerel_organization="acme-org",
    monitoring=dict(notify=["acme-alert"], mackerel_service="acme"),
)
WEB = dict(name="acme-web01", items=dict(port=[dict(port=8080)], cpu=dict(critical=95)))
SHEET = dict(
    ec2_vpcs=[dict(name="acme", cidr_block="10.20.0.0/16")],
    ec2_subnets=[dict(name="acme-a", vpc="acme", cidr_block="10.20.1.0/24", availability_zone="ap-northeast-1a")],
    ec2_instances=[dict(name="acme-web01", image_id="ami-02b76b739f98bb809", instance_type="m7i.large", subnet="acme-a")],
    monitoring=dict(ec2=[WEB], sqs=[dict(name="acme-orders")], cloudfront=[dict(name="www", distribution_id="E1ACME")]),
)


def client(double, service, region="ap-northeast-1"):
    keys = dict(aws_access_key_id=f"AKIA{ACCOUNT}TEST", aws_secret_access_key=SECRET)
    return boto3.client(service, endpoint_url=double.url, region_name=region, **keys)


def alarms(double, region="ap-northeast-1"):
    return {alarm["AlarmName"]: alarm for alarm in client(double, "cloudwatch", region).describe_alarms()["MetricAlarms"]}


def change_alarm(double, alarm, region="ap-northeast-1", **changed):
    """As somebody does it by hand: all of it is put again, with lists longer by what is given. What it is then."""
    hands, there = client(double, "cloudwatch", region), alarms(double, region)[alarm]
    taken = hands.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    now = {name: [*there[name], *value] if isinstance(value, list) else value for name, value in changed.items()}
    hands.put_metric_alarm(**{**{name: value for name, value in there.items() if name in taken}, **now})
    return {**there, **now}


@pytest.fixture
def orders(double):
    """The queue that the sheets of this file have watched."""
    return client(double, "sqs").create_queue(QueueName="acme-orders")["QueueUrl"]


@pytest.mark.usefixtures("orders")
def test_alarms_wait_for_their_metrics_or_are_made_and_told(watched, double, mackerel):
    early = ("-e", "monitoring_alarms_before_metrics=true")
    first = watched.setup(env=watched.env, **SHEET)
    counted = alarms(double).keys()  # of the queue that is there
    assert {name.partition("-")[0] for name in counted} == {"sqs"} and "ec2-acme-web01-status_check-system  AWS/EC2" in first.stdout
    waits = watched.result()["not_watched"]
    assert waits["components"] == []
    assert "monitoring ec2 acme-web01 load_average" in str(waits["items"])
    assert [line for line in waits["metrics"] if line.startswith("ec2-acme-web01-status_check-system  AWS/EC2")]
    assert f" failed, {sum(map(len, waits.values()))} not watched yet (" in first.stdout
    plan = watched.setup(*early, "--check", "--diff", env=watched.env)
    assert alarms(double).keys() == counted and watched.writes() == []
    watched.setup(*early, env=watched.env)
    assert plan.changed > 0
    (instance,) = client(double, "ec2").describe_instances()["Reservations"][0]["Instances"]
    made = alarms(double)["ec2-acme-web01-status_check-system"]
    assert made["Dimensions"] == [dict(Name="InstanceId", Value=instance["InstanceId"])] and made["AlarmActions"][0].endswith(":acme-alert")
    assert "sqs-acme-orders-deleted-consumer_stalled" in alarms(double)
    there = alarms(double, "us-east-1")["cloudfront-www-error_rate_5xx"]
    assert ":us-east-1:" in there["AlarmActions"][0]
    mackerel.clear_calls()
    assert watched.setup(*early, env=watched.env).changed == 0
    assert watched.writes() == [] and not [call for call in mackerel.calls() if call["write"]]
    watched.inspect("as_built", env=watched.env)
    assert "us-east-1/cloudfront-www-error_rate_5xx" in watched.newest("*as-built*.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("orders")
def test_a_published_metric_gets_its_alarm_and_one_threshold_is_one_write(watched, double, mackerel):
    put = client(double, "cloudwatch").put_metric_data
    put(Namespace="ACME/SQS", MetricData=[dict(MetricName="x", Value=1)])
    sheet = dict(SHEET, monitoring=dict(sqs=[dict(name="acme-orders")]))
    early = ("-e", "monitoring_alarms_before_metrics=true")
    watched.setup(*early, env=watched.env, **sheet)
    extended = change_alarm(double, "sqs-acme-orders-in_flight", AlarmActions=[client(double, "sns").create_topic(Name="theirs")["TopicArn"]])
    client(double, "cloudwatch").disable_alarm_actions(AlarmNames=["sqs-acme-orders-in_flight"])
    watched.setup(*early, env=watched.env, **dict(sheet, monitoring=dict(sqs=[dict(name="acme-orders", items=dict(in_flight=dict(threshold=50)))])))
    assert watched.writes() == ["cloudwatch:PutMetricAlarm"]
    kept = alarms(double)["sqs-acme-orders-in_flight"]
    assert (kept["Threshold"], kept["ActionsEnabled"], sorted(kept["AlarmActions"])) == (50, False, sorted(extended["AlarmActions"]))


@pytest.mark.usefixtures("orders")
def test_who_is_told_may_name_what_the_monitoring_makes(watched, double):
    """Topics, roles and monitors of the monitoring, in the very first run."""
    told = dict(
        sns_subscriptions=[dict(topic="acme-alert", protocol="email", endpoint="noc@example.jp")],
        mackerel_downtimes=[dict(name="nightly", start="2030-01-01T01:00:00+09:00", duration=60, role_scopes=["acme:ec2"])],
        mackerel_notification_groups=[dict(name="night duty", notification_level="all", monitors=[dict(monitor="ec2-acme:ec2-cpu")])],
    )
    early = ("-e", "monitoring_alarms_before_metrics=true")
    watched.setup(*early, "--check", env=watched.env, **SHEET, **told)
    planned = watched.result()["result"]
    watched.setup(*early, env=watched.env)
    both = (watched.result()["result"]["created"], planned["created"])
    created, foretold = ({one["kind"]: one["entry"] for one in found if one["kind"] in told} for found in both)
    assert created == foretold and created.keys() == told.keys() and planned["failed"] == []


def test_the_contract_asks_for_dashboards_and_for_an_integration_of_what_is_watched(watched, mackerel):
    integration = dict(name="acme", role_arn=f"arn:aws:iam::{ACCOUNT}:role/mackerel", external_id="0f4c9a1e7b")
    watched.contract(**dict(CONTRACT, monitoring=dict(CONTRACT["monitoring"], dashboard="acme/watched", aws_integration=integration)))
    web = dict(name="i-0123456789abcdef0", platform="linux", vcpu_count=2, mackerel_role="acme:web")
    sheet = dict(monitoring=dict(ec2=[web], rds=[dict(name="acme-db", engine="mysql", memory_bytes=2**33)]))
    watched.setup("--check", env=watched.env, **sheet)
    assert not [call for call in mackerel.calls() if call["write"]]
    watched.setup(env=watched.env)
    (board,) = mackerel.state("mackerel/dashboards").values()
    (made,) = mackerel.state("mackerel/aws-integrations").values()
    assert board["urlPath"] == "acme/watched/acme" and {one.get("roleFullname") for one in board["widgets"]} - {None} == {"acme:web"}
    assert made["services"]["RDS"]["includedMetrics"] == ["rds.cpu.used", "rds.memory.free", "rds.memory.swap"]
    assert made["services"]["RDS"]["role"] == "acme:rds" and not made["services"].get("SQS", {}).get("enable")
    mackerel.clear_calls()
    assert watched.setup(env=watched.env).changed == 0 and not [call for call in mackerel.calls() if call["write"]]


def test_faults_of_the_monitoring_come_before_the_first_write(watched, double):
    bad = dict(SHEET, monitoring=dict(ec2=[dict(name="acme-web01", items=dict(cpuu={}))], sqs=[dict(name="q", items=dict(in_flight=dict(threshold="x")))]))
    run = watched.setup(rc=2, env=watched.env, **bad)
    assert "monitoring ec2 acme-web01" in run.output and "monitoring sqs q in_flight threshold" in run.output
    assert watched.writes() == []
    dangling = watched.setup(rc=2, env=watched.env, **dict(SHEET, monitoring=dict(ec2=[dict(name="acme-web02", platform="linux")])))
    assert "acme-web02" in dangling.output and watched.writes() == []


def test_agents_are_told_what_the_account_knows_of_their_server_and_what_waits_is_told(watched, double):
    ec2 = client(double, "ec2")
    (image,) = ec2.describe_images(ImageIds=["ami-02b76b739f98bb809"])["Images"]
    for name in ("acme-web01", "acme-spare"):
        tags = [dict(ResourceType="instance", Tags=[dict(Key="Name", Value=name)])]
        ec2.run_instances(ImageId=image["ImageId"], MinCount=1, MaxCount=1, InstanceType="m7i.large", TagSpecifications=tags)
    disk = dict(disk=dict(primary="cloudwatch", mount_point="/"), service=[dict(service="nginx")])
    watched.contract(**dict(CONTRACT, language="ja"))
    watched.sheet(monitoring=dict(ec2=[dict(name=name, items=disk) for name in ("acme-web01", "acme-later")]))
    run = watched.play("monitoring_agents", "-e", f"monitoring_directory={watched.folder / 'results'}")
    web, later = (watched.folder / "results" / name for name in ("acme-web01", "acme-later"))
    document = json.loads((web / "amazon-cloudwatch-agent.msp-aws.json").read_text(encoding="utf-8"))
    assert document["metrics"]["metrics_collected"]["disk"]["resources"] == ["/"]
    assert "nginx" in (web / "mackerel-agent.msp-aws.conf").read_text(encoding="utf-8") and sorted(web.parent.iterdir()) == [later, web]
    assert "まだ入っていない監視があります" in run.stdout and "acme-later/mackerel-agent.msp-aws.conf service (systemd): platform" in run.stdout
    assert "acme-later/amazon-cloudwatch-agent.msp-aws.json disk (disk_linux): platform" in run.stdout
    assert "acme-web01/" not in run.stdout.partition("まだ入っていない監視があります")[2] and watched.writes() == []


@pytest.mark.parametrize("playbook", ["monitoring_design", "maintenance_setup", "monitoring_agents"])
def test_a_place_for_the_files_of_the_monitoring_is_asked_for_first(customer, double, playbook):
    customer.contract(**dict(CONTRACT, language="ja"))
    customer.sheet(**SHEET)
    run = customer.play(playbook, "-e", "monitoring_directory=/nowhere", rc=2)
    assert "monitoring_directory に書き込めるディレクトリがありません: /nowhere" in run.stdout and "does not exist" not in run.output
    assert {call["operation"] for call in double.calls()} <= {"GetCallerIdentity", "ListAccountAliases"}


def test_a_design_of_a_faulty_sheet_tells_each_fault_once(customer):
    customer.contract(**dict(CONTRACT, language="ja"))
    customer.sheet(monitoring=dict(s3=[dict(name="acme")], ec2=[dict(name="acme-web01", items=dict(cpuu={}))]))
    run = customer.play("monitoring_design", "-e", f"monitoring_directory={customer.folder / 'results'}", rc=2)
    assert "監視に誤りが 2 件あります" in run.output and "filter" not in run.output
    assert run.output.count("「s3」") == 1 and run.output.count("monitoring ec2 acme-web01") == 1
    assert not list((customer.folder / "results").iterdir())


def test_what_is_watched_no_more_and_still_pages_is_told_in_plan_run_and_report(watched, double, orders):
    """A changed side, an item switched off and a component that left; also that what is not there gets no alarm. Nothing is removed by itself."""
    early = ("-e", "monitoring_alarms_before_metrics=true")
    client(double, "sqs").create_queue(QueueName="acme-left")
    names = ("acme-orders", "acme-left", "acme-ordres")
    watched.setup(*early, env=watched.env, **dict(SHEET, monitoring=dict(ec2=[WEB], sqs=[dict(name=name) for name in names])))
    made = set(alarms(double))
    assert watched.result()["not_watched"]["components"] == ["monitoring sqs acme-ordres (did you mean 'acme-orders'?)"]
    assert not [name for name in made if "ordres" in name] and "sqs-acme-orders-in_flight" in made
    items = dict(in_flight=False)
    now = dict(ec2=[dict(WEB, items=dict(cpu=dict(primary="cloudwatch")))], sqs=[dict(name="acme-orders", items=items)])
    told = ["sqs-acme-orders-in_flight: the item", "sqs-acme-left-in_flight: nothing under monitoring", "ec2-acme:ec2-cpu: of the item"]
    watched.sheet(**dict(SHEET, monitoring=now))
    for more in (("--check", "--diff"), ()):
        run = watched.setup(*early, *more, env=watched.env)
        assert [text for text in told if text not in run.stdout] == [], run.stdout
        assert '[{name: \\"ec2-acme:ec2-cpu\\", state: absent}]' in run.stdout
    assert made <= set(alarms(double))
    run = watched.inspect("drift", *early, env=watched.env)
    paper = watched.newest("*drift*.html").read_text(encoding="utf-8")
    assert all(text in run.stdout and text in paper for text in told)
    pasted = dict(cloudwatch_alarms=[dict(name="sqs-acme-orders-in_flight", state="absent")])
    run = watched.setup(*early, "-e", "confirm=cloudwatch_alarms/sqs-acme-orders-in_flight", env=watched.env, **dict(SHEET, **pasted, monitoring=now))
    assert told[0] not in run.stdout and told[1] in run.stdout and set(alarms(double)) & made == made - {"sqs-acme-orders-in_flight"}


def test_the_design_needs_no_account(customer, double):
    customer.contract(**CONTRACT)
    customer.sheet(**SHEET)
    customer.play("monitoring_design", "-e", f"monitoring_directory={customer.folder / 'results'}", "-e", "monitoring_language=ja")
    assert "監視設計書" in customer.newest("*.html").read_text(encoding="utf-8") and customer.newest("*.xlsx").stat().st_size > 5000
    assert double.calls() == []


@pytest.mark.usefixtures("orders")
def test_an_account_that_others_built_is_proposed_and_what_was_agreed_is_applied(watched, double):
    """All Regions of the contract are looked at, nothing is written, and the proposal becomes alarms as it is."""
    client(double, "sqs").create_queue(QueueName="legacy-orders")
    client(double, "sqs", "ap-northeast-3").create_queue(QueueName="legacy-copies")
    client(double, "dynamodb").create_table(
        TableName="legacy",
        KeySchema=[dict(AttributeName="id", KeyType="HASH")],
        AttributeDefinitions=[dict(AttributeName="id", AttributeType="S")],
        BillingMode="PAY_PER_REQUEST",
    )
    watched.contract(**dict(CONTRACT, regions=["ap-northeast-1", "ap-northeast-3"]))
    watched.sheet(monitoring=dict(sqs=[dict(name="acme-orders", items=dict(in_flight=dict(threshold=50)))]))
    double.faults([dict(fault="denied", service="lambda", times=0)])
    run = watched.play("maintenance_setup", "-e", f"monitoring_directory={watched.folder / 'results'}", rc=2)
    double.clear_faults()
    assert watched.writes() == [] and run.stdout.count("ap-northeast-3 lambda: lambda:ListFunctions") == 1
    assert '"Components for the fees, in all Regions: dynamodb 1, sqs 3"' in run.stdout and '"ap-northeast-1: dynamodb 1, sqs 2"' in run.stdout
    assert "ap-northeast-1 monitoring dynamodb legacy read_throttle_index" in run.stdout.partition("To be said before it becomes the sheet")[2]
    assert "is incomplete" in watched.newest("*-maintenance-*").read_text(encoding="utf-8").splitlines()[1]
    complete = watched.play("maintenance_setup", "-e", f"monitoring_directory={watched.folder / 'results'}")
    assert complete.changed == 1 and "is incomplete" not in watched.newest("*-maintenance-*").read_text(encoding="utf-8")
    files = [watched.newest(f"*-maintenance-{region}.yml") for region in ("ap-northeast-1", "ap-northeast-3")]
    tokyo, osaka = (yaml.safe_load(path.read_text(encoding="utf-8"))["sheet"] for path in files)
    assert tokyo == dict(
        monitoring=dict(sqs=[dict(name="acme-orders", items=dict(in_flight=dict(threshold=50))), dict(name="legacy-orders")], dynamodb=[dict(name="legacy")])
    )
    assert osaka == dict(monitoring=dict(sqs=[dict(name="legacy-copies")]))
    assert "a host of that Region" in files[1].read_text(encoding="utf-8") and "a host of that Region" not in files[0].read_text(encoding="utf-8")
    assert "monitoring dynamodb legacy read_throttle_index" in run.stdout, "what is still to be said"
    early = ("-e", "monitoring_alarms_before_metrics=true")
    watched.setup(*early, "-e", f"@{files[0]}", env=watched.env)
    assert "sqs-legacy-orders-in_flight" in alarms(double) and any(name.startswith("dynamodb-legacy") for name in alarms(double))


@pytest.mark.usefixtures("orders")
def test_what_monitoring_comes_to_is_agreed_upon_and_both_ways_end_a_difference(watched, double):
    """An alarm changed by hand and one that is gone: told as differences of agreed things, put back, or adopted beside the monitoring."""
    sheet = dict(monitoring=dict(sqs=[dict(name="acme-orders")]))
    early = ("-e", "monitoring_alarms_before_metrics=true")
    watched.setup(*early, env=watched.env, **sheet)
    assert watched.inspect("drift", env=watched.env).recap["acme"]["failed"] == 0
    result = watched.result()
    told = {one["entry"] for one in result["looked"]["cloudwatch_alarms"]["agreed"]}
    assert told == set(alarms(double)) and result["looked"]["cloudwatch_alarms"]["beside"] == []
    (changed, gone, *dummy) = sorted(told)
    there = alarms(double)[changed]
    change_alarm(double, changed, Threshold=there["Threshold"] + 1)
    client(double, "cloudwatch").delete_alarms(AlarmNames=[gone])
    watched.inspect("drift", *early, rc=2, env=watched.env, fresh=False)
    assert {(one["entry"], one["verdict"]) for one in watched.result()["findings"]} == {(changed, "changed"), (gone, "missing")}
    put_back, adopt = (watched.newest(f"*drift*-{way}.yml") for way in ("put-back", "adopt"))
    own = yaml.safe_load(adopt.read_text(encoding="utf-8"))["sheet"]
    assert own["monitoring"] == sheet["monitoring"] and {one["name"] for one in own["cloudwatch_alarms"]} == {changed, gone}
    assert watched.inspect("drift", *early, "-e", f"@{adopt}", env=watched.env).recap["acme"]["failed"] == 0
    assert watched.setup(*early, "-e", f"@{adopt}", env=watched.env).changed == 0
    watched.setup(*early, "-e", f"@{put_back}", env=watched.env)
    assert set(alarms(double)) == told and alarms(double)[changed]["Threshold"] == there["Threshold"]


def test_what_the_monitoring_says_as_an_expression_or_vaulted_stays_so(watched, double, mackerel, tmp_path):
    """In what would put back and in what would take over, also where a monitor has it from there; and the monitoring as a whole puts back."""
    password = tmp_path / "password"
    password.write_text("vault-password", encoding="utf-8")
    url = "https://acme.example.jp/?key=vaulted-words"
    vaulted = VaultLib([("default", VaultSecret(b"vault-password"))]).encrypt(url).decode().strip().splitlines()
    text = """---
sheet:
  monitoring:
    ec2:
      - name: i-0123456789abcdef0
        platform: linux
        vcpu_count: 2
        items:
          cpu: {critical: "{{ acme_limit }}"}
          url_status_code:
            - url: !vault |
                %s
acme_limit: 97
"""
    (watched.inventory / "group_vars/all/sheet.yml").write_text(text % "\n                ".join(vaulted), encoding="utf-8")
    opened = ("--vault-password-file", password)
    watched.setup(*opened, env=watched.env)
    (id,) = [path.rpartition("/")[2] for path, one in mackerel.state("mackerel/monitors").items() if one.get("url") == url]
    hands = mackerel.state(f"mackerel/monitors/{id}")[f"mackerel/monitors/{id}"]
    change_by_hand(mackerel, f"/monitors/{id}", {**hands, "maxCheckAttempts": 7})
    watched.inspect("drift", *opened, rc=2, env=watched.env)
    put_back, adopt = (watched.newest(f"*drift*-{way}.yml") for way in ("put-back", "adopt"))
    for way, times in ((put_back, 1), (adopt, 2)):
        written = way.read_text(encoding="utf-8")
        assert "vaulted-words" not in written and written.count("!vault") == times and '"{{ acme_limit }}"' in written
    assert "mackerel_monitors" not in put_back.read_text(encoding="utf-8")
    shown = [path.read_text(encoding="utf-8") for path in (watched.folder / "results").glob("*drift*") if path.suffix in (".html", ".json")]
    assert len(shown) == 2 and not [text for text in shown if "vaulted-words" in text]
    watched.setup(*opened, "-e", f"@{adopt}", env=watched.env)
    assert mackerel.state(f"mackerel/monitors/{id}")[f"mackerel/monitors/{id}"]["maxCheckAttempts"] == 7
    watched.setup(*opened, "-e", f"@{put_back}", env=watched.env)
    assert mackerel.state(f"mackerel/monitors/{id}")[f"mackerel/monitors/{id}"]["maxCheckAttempts"] == 3


def change_by_hand(mackerel, path, thing):
    body = json.dumps({name: value for name, value in thing.items() if name != "id"}).encode()
    request = urllib.request.Request(f"{mackerel.url}/api/v0{path}", body, {"X-Api-Key": mackerel.key, "Content-Type": "application/json"}, method="PUT")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).close()


@pytest.mark.usefixtures("orders")
def test_alarms_that_are_in_another_region_are_compared_put_back_and_taken_over_too(watched, double):
    """One changed by hand in us-east-1 and one made there, beside a topic whose name is in the contract's own Region as well."""
    watched.contract(**dict(CONTRACT, language="ja"))
    sheet = dict(monitoring=dict(cloudfront=[dict(name="www", distribution_id="E1ACME")], sqs=[dict(name="acme-orders")]))
    early = ("-e", "monitoring_alarms_before_metrics=true")
    watched.setup(*early, env=watched.env, **sheet)
    there = alarms(double, "us-east-1")
    (name,) = there
    change_alarm(double, name, "us-east-1", Threshold=99)
    change_alarm(double, name, "us-east-1", AlarmName="theirs", Threshold=there[name]["Threshold"])
    watched.inspect("drift", *early, rc=2, env=watched.env, fresh=False)
    (told,), looked = watched.result()["findings"], watched.result()["looked"]
    assert {f"us-east-1/{name}"} == {one["entry"] for one in looked["cloudwatch_alarms"]["agreed"]} - set(alarms(double))
    assert {one["entry"]: one["verdict"] for one in looked["sns_topics"]["agreed"]} == {"acme-alert": "same", "us-east-1/acme-alert": "same"}
    assert (told["entry"], told["option"], told["actual"], told["region"]) == (f"us-east-1/{name}", "threshold", 99, "us-east-1")
    assert [event["name"] for event in told["changed_by"]][:1] == ["PutMetricAlarm"]
    assert {one["entry"] for one in looked["cloudwatch_alarms"]["beside"]} == {"us-east-1/theirs"}
    told = watched.inspect("adopt", env=watched.env).stdout
    (adopted,) = (watched.folder / "results").glob("*-adopt-*-us-east-1.yml")
    here = yaml.safe_load(watched.newest("*-adopt-*Z.yml").read_text(encoding="utf-8"))["sheet"]
    assert f"us-east-1 にあるもの 3 件を {adopted} に書き出しました。sheet.yml には入れないでください" in told
    assert f"{sum(len(given) if isinstance(given, list) else 1 for given in here.values())} 件を" in told
    kept = yaml.safe_load(adopted.read_text(encoding="utf-8"))["sheet"]
    assert {one["name"]: one["threshold"] for one in kept["cloudwatch_alarms"]} == {name: 99, "theirs": there[name]["Threshold"]}
    watched.setup(*early, "-e", f"@{watched.newest('*drift*-put-back.yml')}", env=watched.env)
    assert watched.writes() == ["cloudwatch:PutMetricAlarm"] and alarms(double, "us-east-1")[name]["Threshold"] == there[name]["Threshold"]
    assert watched.inspect("drift", *early, env=watched.env).recap["acme"]["failed"] == 0
