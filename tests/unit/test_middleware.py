# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles middleware and linux_files make of their variables, without a server."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("trial", ROOT / "roles" / "linux_files" / "files" / "trial.py")
trial = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(trial)
NGINX = dict(name="nginx", change="reload")
SHOP = dict(path="/etc/nginx/conf.d/shop.conf", content="", service="nginx")
DEBIAN = dict(pkg_mgr="apt", packages=dict(nginx=[dict(version="1.22.1-9")], old=[dict(version="1:2-3")]))
RHEL = dict(pkg_mgr="dnf5", packages=dict(nginx=[dict(version="1.22.1", release="9.el9", epoch=2)], old=[dict(version="2", release="3", epoch=None)]))


def value(name: str, facts: dict | None = None, **given):
    """A variable of the role, with what somebody wrote."""
    loader = DataLoader()
    told = {}
    for part in ("defaults", "vars"):
        told |= loader.load_from_file(str(ROOT / "roles" / "middleware" / part / "main.yml"), trusted_as_template=True)
    told |= dict(ansible_facts=facts or DEBIAN, middleware_ran=["nginx"], middleware_restarts=[]) | {f"middleware_{key}": one for key, one in given.items()}
    told["middleware_had"] = Templar(loader, told).template(told["middleware_versions"])
    return Templar(loader, told).template(told[f"middleware_{name}"])


def test_what_is_in_order_has_no_fault():
    given = dict(
        repositories=[dict(name="a", url="u", key="k"), dict(name="b", state="absent")],
        packages=[dict(name="nginx", version="1.*", hold=True), dict(name="old", state="absent")],
        files=[SHOP, dict(path="/etc/a", template="a.j2"), dict(path="/etc/b", state="absent")],
        services=[NGINX, dict(name="rpcbind", masked=True, state="stopped")],
    )
    assert value("faults", **given) == []


@pytest.mark.parametrize(
    "given, told",
    [
        (dict(packages=[dict(name="nginx"), dict(name="nginx", state="absent")]), "middleware_packages nginx: 2回"),
        (dict(services=[NGINX, NGINX]), "middleware_services nginx: 2回"),
        (dict(repositories=[dict(name="a", url="u")]), "url と key"),
        (dict(packages=[dict(name="a", state="absent", version="1")]), "absent に version"),
        (dict(files=[dict(path="/etc/a")]), "どれか一つ"),
        (dict(files=[dict(path="/etc/a", content="", template="a.j2")]), "どれか一つ"),
        (dict(files=[dict(path="/etc/a", content="", state="absent")]), "どれか一つ"),
        (dict(files=[SHOP]), "service nginx が middleware_services にありません"),
        (dict(services=[dict(name="a", masked=True, enabled=True)]), "両立しません"),
    ],
)
def test_what_contradicts_itself_is_told_with_its_place(given, told):
    (fault,) = value("faults", **given)
    assert told in fault


@pytest.mark.parametrize("facts", [DEBIAN, RHEL], ids=["apt", "dnf"])
@pytest.mark.parametrize("version, there", [(None, True), ("1.22.*", True), ("1.22.1-9*", True), ("1.2", False), ("1.22", False), ("1.24.*", False)])
def test_a_version_is_compared_as_the_sheet_spells_it(facts, version, there):
    package = dict(name="nginx") | (dict(version=version) if version else {})
    assert value("wanted", facts, packages=[package]) == ([] if there else [package])
    sign = "=" if facts is DEBIAN else "-"
    assert value("names", facts, packages=[package]) == ([] if there else [f"nginx{sign}{version}"])


def test_dnf_takes_a_version_without_its_release_or_with_its_epoch():
    for version in ("1.22.1", "1.22.1-9.el9", "2:1.22.1-9.el9"):
        assert value("wanted", RHEL, packages=[dict(name="nginx", version=version)]) == []


def test_what_interrupts_or_removes_is_asked_for_and_nothing_else():
    given = dict(
        packages=[dict(name="nginx", version="1.24.*"), dict(name="new", version="1"), dict(name="old", state="absent"), dict(name="never", state="absent")],
        services=[NGINX | dict(state="stopped"), dict(name="idle", state="stopped")],
        restarts=["nginx"],
    )
    assert sorted(value("dangers", **given)) == ["remove/old", "restart/nginx", "stop/nginx", "version/nginx"]
    assert value("dangers", packages=[dict(name="nginx"), dict(name="new")], services=[NGINX | dict(state="started", enabled=False)]) == []


def test_a_service_that_did_not_run_may_be_restarted():
    for name, confirm, may in (("nginx", [], False), ("nginx", ["restart/nginx"], True), ("idle", [], True)):
        (service,) = value("group_services", group=dict(name=name, change="restart", ports=[80]), confirm=confirm)
        assert service == dict(name=name, change="restart", confirmed=may)


def test_files_go_with_the_service_that_reads_them():
    given = dict(files=[SHOP, dict(path="/etc/a", content="a")], services=[NGINX])
    assert [one["name"] for one in value("groups", **given)] == ["", "nginx"]
    assert value("group_files", group=NGINX, **given) == [dict(path=SHOP["path"], content="")]
    assert value("group_files", group=dict(name=""), **given) == [dict(path="/etc/a", content="a")]


def test_a_program_that_quotes_a_secret_is_not_repeated():
    secret = dict(path="/etc/a", content='password = "s3cr3t-Pass"; token=abcd,efgh', secret=True)
    plain = dict(path="/etc/b", content="listen 8081", secret=False)
    said = trial.hidden('/etc/a:3: unknown "s3cr3t-Pass" near abcd and efgh, listen 8081', [secret, plain])
    assert said == '/etc/a:3: unknown "***" near *** and ***, listen 8081'


def test_the_nearest_directory_that_is_there(tmp_path):
    assert trial.folder_of(str(tmp_path / "a" / "b" / "c.conf")) == str(tmp_path)
