# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tickets whose work is inside a server: the account is a double, the server is a guest with systemd."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509

from tests.integration.conftest import SECRET
from tests.integration.test_operations import AGREED, Desk, days, somebody

pytest_plugins = ["tests.integration.conftest"]  # its fixtures
NAME, FOLDER, TOOL = os.environ["GUEST"], Path(os.environ["GUEST_FOLDER"]).resolve(), os.environ["MSP_GUEST"]
PKI = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "pki"
OURS = "of the customer"
DISK = "vol-0123456789abcdef0"
WAY = f'-o ProxyCommand="{TOOL} connect {NAME}" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR'
UPDATE, RENEWAL, GROWTH, PATCHES = "ec2.update_software", "ec2.renew_server_certificate", "ec2.expand_volume", "ec2.apply_os_patches_in_guest"
PARAMETERS = {
    UPDATE: dict(package="plain", version="2", service="ssh", image_name="web before plain 2"),
    PATCHES: dict(security_only=True, reboot_option="NoReboot", services=["ssh"], image_name="web before patches"),
    RENEWAL: dict(site="www.example.com", certificate_secret="acme/www.example.com", names=["www.example.com"], service="nginx", port=443),
    GROWTH: dict(size=3, instance="web", path="/data", filesystem="xfs", layout="partition"),
}


def inside(command):
    """What somebody at the server sees."""
    login = ["ssh", "-i", str(FOLDER / "key"), *shlex.split(WAY), f"admin@{NAME}", f"sudo {command}"]
    return subprocess.run(login, check=True, text=True, capture_output=True, timeout=60).stdout.strip()


def version(package="plain"):
    return inside(f"dpkg-query --show --showformat='${{Version}}' {package}")


def served():
    """The name of the certificate that the site has."""
    said = inside("sh -c 'echo | openssl s_client -connect 127.0.0.1:443 -servername www.example.com 2>/dev/null'")
    found = x509.load_pem_x509_certificate(said.encode())
    return found.subject.rfc4514_string()


class Tickets(Desk):
    """A customer whose server is the guest."""

    def request(self, operation, ticket="REQ-1", **more):
        target = "data" if operation == GROWTH else "web"
        told = dict(contract="ACME-1", ticket=ticket, operation=operation, target=target, parameters=PARAMETERS[operation])
        return {**told, "received": days(-20), "wished": days(-1), **more}

    def changes(self):
        return [(one["option"], one["before"], one["after"]) for one in self.records()[-1]["content"]["changes"]]

    def kinds(self):
        return [record["kind"] for record in self.records()]

    def kept(self):
        """All that the runs have left on the controller."""
        files = [path for path in self.customer.folder.rglob("*") if path.is_file()]
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in files)


@pytest.fixture
def desk(customer):
    customer.contract(**AGREED)
    (customer.inventory / "group_vars" / "linux_servers.yml").write_text(
        json.dumps(dict(ansible_user="admin", ansible_ssh_private_key_file=str(FOLDER / "key"), ansible_ssh_common_args=WAY, ansible_pipelining=True))
    )
    client = somebody(customer.double)
    image = [one["ImageId"] for one in client.describe_images(Owners=["amazon"])["Images"] if one.get("Platform") != "windows"][0]
    named = [dict(ResourceType="instance", Tags=[dict(Key="Name", Value="web")])]
    made = client.run_instances(ImageId=image, InstanceType="t3.medium", MinCount=1, MaxCount=1, TagSpecifications=named)
    return Tickets(customer, made["Instances"][0]["InstanceId"])


def test_an_update_from_its_refusal_to_its_way_back(desk):
    """The double dies after the image was begun: the next run goes on, with that one image."""
    request = desk.request(UPDATE)
    assert "Annex 1, 1.4" in desk.operate(dict(request, received=days(-2)), rc=2).output
    desk.operate(request)
    kept = f"/var/backups/msp.aws/{request['ticket']}.tar"
    assert desk.changes() == [("configuration_kept", None, kept), ("image", None, "web before plain 2"), ("plain", "1", "2")]
    assert "has to be approved" in desk.operate(request, "apply", rc=2).output
    assert desk.customer.writes() == [] and version() == "1"
    inside(f"sh -c 'echo {OURS} >/etc/plain.conf'")
    approval = desk.approval()
    desk.double.faults([dict(fault="die_after", at=1, of="write")])
    desk.operate(request, "apply", rc=2, operation_approval=approval)
    desk.double.clear_faults()
    assert version() == "1"
    desk.operate(request, "apply")
    assert desk.customer.writes() == [] and len(somebody(desk.double).describe_images(Owners=["self"])["Images"]) == 1
    assert version() == "2" and desk.kinds()[-2:] == ["result", "end"]
    assert "Know the server" not in desk.operate(request, "apply").output and desk.customer.writes() == [] and desk.kinds()[-1] == "end"
    # Somebody made the configuration what the new version needs.
    inside("sh -c 'echo for 2 >/etc/plain.conf'")
    desk.operate(request, "roll_back", confirm=["ec2_create_image/web"])
    assert version() == "1" and inside("cat /etc/plain.conf") == OURS and desk.records()[-1]["content"]["outcome"] == "rolled_back"
    assert inside(f"tar --extract --to-stdout --absolute-names --file {kept}.undone /etc/plain.conf") == "for 2"


def test_patches_are_those_of_the_plan(desk):
    """Killed when they are installed and nobody has looked at the services: the next run looks, and installs and images nothing again."""
    request = desk.request(PATCHES)
    desk.operate(request)
    assert desk.changes() == [("image", None, "web before patches"), ("shaky", "1", "2")]
    desk.killed(request, "See that the services are back", operation_approval=desk.approval())
    assert version("shaky") == "2" and desk.customer.writes() == ["ec2:CreateImage"] and desk.kinds()[-1] == "before"
    installed = inside("cat /var/log/dpkg.log")
    desk.operate(request, "apply")
    assert inside("cat /var/log/dpkg.log") == installed and desk.customer.writes() == [] and desk.kinds()[-2:] == ["result", "end"]


def test_a_certificate_and_the_pair_before_it(desk):
    pair = dict(zip(("certificate", "private_key", "chain", "ca"), ("renewed.pem", "renewed.key", "middle.pem", "root.pem"), strict=True))
    told = {name: (PKI / file).read_text(encoding="utf-8") for name, file in pair.items()}
    secrets = somebody(desk.double, "secretsmanager")
    secrets.create_secret(Name="acme/www.example.com", SecretString=json.dumps(dict(told, private_key=(PKI / "first.key").read_text(encoding="utf-8"))))
    request = desk.request(RENEWAL)
    assert "private_key は" in desk.operate(request, rc=2).output
    secrets.put_secret_value(SecretId="acme/www.example.com", SecretString=json.dumps(told))
    said = desk.operate(request).output
    assert [one for one, dummy, dummy in desk.changes()] == ["www.example.com serial", "www.example.com served", "www.example.com valid until"]
    assert served() == "CN=first"
    # Killed when the new pair is in place and the web server has not read it.
    said += desk.killed(request, "Let services that run read them", operation_approval=desk.approval()).output
    assert served() == "CN=first"
    said += desk.operate(request, "apply").output
    assert served() == "CN=renewed" and desk.customer.writes() == [] and desk.kinds()[-2:] == ["result", "end"]
    said += desk.operate(request, "roll_back", confirm=["ops_ec2/web"]).output
    assert served() == "CN=first"
    key = told["private_key"].splitlines()[1]
    assert key not in said + desk.kept() and SECRET not in said


@contextmanager
def modified(desk, volume):
    """As soon as EC2 says that the volume is larger, it is larger in the server."""

    def watch():
        while somebody(desk.double).describe_volumes(VolumeIds=[volume])["Volumes"][0]["Size"] < 3:
            time.sleep(0.2)
        subprocess.run([TOOL, "grow", NAME, DISK, "3G"], check=True)

    with ThreadPoolExecutor(1) as beside:
        grown = beside.submit(watch)
        yield
        grown.result(timeout=1)


def test_a_volume_and_the_file_system_on_it(desk):
    client = somebody(desk.double)
    named = [dict(ResourceType="volume", Tags=[dict(Key="Name", Value="data")])]
    made = client.create_volume(AvailabilityZone="ap-northeast-1a", Size=2, VolumeType="gp3", TagSpecifications=named)["VolumeId"]
    client.attach_volume(VolumeId=made, InstanceId=desk.server, Device="/dev/sdf")
    # The disk of the guest takes the id that the double has given.
    volumes = FOLDER / "root" / "etc" / "volumes"
    volumes.write_text(f"{made} {volumes.read_text().split()[1]}\n")
    request = desk.request(GROWTH)
    wrong = dict(request, parameters=dict(request["parameters"], path="/mnt"))
    assert "What is mounted at /mnt is not" in desk.operate(wrong, rc=2).output
    desk.operate(request)
    assert desk.changes() == [("size", 2, 3), ("snapshot", None, "data-before-REQ-1"), ("/data", "2.0 GiB", "3 GiB")]
    # Killed between the partition and the file system on it.
    with modified(desk, made):
        desk.killed(request, "Let the file system grow", operation_approval=desk.approval())
    assert desk.customer.writes() == ["ec2:CreateSnapshot", "ec2:ModifyVolume"] and desk.kinds()[-1] == "before"
    desk.operate(request, "apply")
    assert desk.customer.writes() == [] and desk.kinds()[-2:] == ["result", "end"]
    assert int(inside("findmnt --noheadings --bytes --output=SIZE --mountpoint /data")) > 2.8 * 1024**3
