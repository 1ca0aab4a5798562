# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of a server before its updates, and what becomes of files; the updates themselves are played on real hosts under extensions/molecule."""

from __future__ import annotations

import json
import subprocess
import tarfile

import boto3
import pytest

from tests.integration.conftest import ACCOUNT, SECRET
from tests.playbook import run_playbook


@pytest.fixture
def ec2(double):
    return boto3.client("ec2", endpoint_url=double.url, region_name="ap-northeast-1", aws_access_key_id=f"AKIA{ACCOUNT}EYES", aws_secret_access_key=SECRET)


@pytest.fixture
def server(ec2):
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    return ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro")["Instances"][0]["InstanceId"]


@pytest.fixture
def image(customer, ec2):
    """Plays the entry point; returns the images there are afterwards."""

    def play(instance, *arguments, name="web-1 REQ-1", rc=0):
        role = dict(name="msp.aws.os_patch", tasks_from="image")
        tasks = [{"ansible.builtin.include_role": role, "vars": dict(os_patch_image=dict(instance_id=instance, name=name, region="ap-northeast-1"))}]
        playbook = customer.folder / "image.yml"
        # As root on the server, as the engineer on the controller.
        playbook.write_text(json.dumps([dict(hosts="all", gather_facts=False, become=True, tasks=tasks)]), encoding="utf-8")
        environment = dict(AWS_ENDPOINT_URL=customer.double.url, AWS_ACCESS_KEY_ID=f"AKIA{ACCOUNT}ENGR", AWS_SECRET_ACCESS_KEY=SECRET)
        customer.double.clear_calls()
        said = run_playbook(["-i", customer.inventory, playbook, *arguments], environment, rc=rc)
        return said, ec2.describe_images(Owners=["self"])["Images"]

    return play


def test_a_plan_makes_no_image(image, server, customer):
    _said, images = image(server, "--check")
    assert images == [] and customer.writes() == []


def test_one_name_makes_one_image(image, server, customer):
    _said, first = image(server)
    assert [one["Name"] for one in first] == ["web-1 REQ-1"] and "ec2:CreateImage" in customer.writes()
    _said, second = image(server)
    assert second == first and customer.writes() == []


def test_an_image_that_cannot_be_made_stops_the_run(image):
    said, images = image("i-0123456789abcdef0", rc=2)
    assert said.recap["acme"]["failed"] == 1 and images == []


def test_what_the_way_back_writes_over_is_kept_each_time(customer, tmp_path):
    """A second time it gets a name beside the first: one that broke off has seen only a part."""
    kept, conf = tmp_path / "REQ-1.tar", tmp_path / "a b.conf"
    conf.write_text("before", encoding="utf-8")
    subprocess.run(["tar", "--create", "--absolute-names", "--file", kept, conf], check=True)
    include = "ansible.builtin.include_role"
    tasks = [{include: dict(name="msp.aws.os_patch", tasks_from=one)} for one in ("aside", "restore")]
    playbook = customer.folder / "back.yml"
    playbook.write_text(json.dumps([dict(hosts="all", gather_facts=False, vars=dict(os_patch_keep=str(kept)), tasks=tasks)]), encoding="utf-8")
    for edits in ("since", "again"):
        conf.write_text(edits, encoding="utf-8")
        run_playbook(["-i", customer.inventory, playbook])
        assert conf.read_text(encoding="utf-8") == "before"
    run_playbook(["-i", customer.inventory, playbook])
    found = {}
    for path in tmp_path.glob("REQ-1.tar.undone*"):
        with tarfile.open(path) as archive:
            found[path.name] = {one.name: archive.extractfile(one).read().decode() for one in archive}, path.stat().st_mode & 0o777
    assert found == {"REQ-1.tar.undone": ({str(conf): "again"}, 0o600), "REQ-1.tar.undone.~1~": ({str(conf): "since"}, 0o600)}
