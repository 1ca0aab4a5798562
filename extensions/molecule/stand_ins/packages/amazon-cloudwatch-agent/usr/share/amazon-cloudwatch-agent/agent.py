"""The commands of the CloudWatch agent as its guide and its source describe them: what they read, write and refuse, and with which status they end.

Documents are merged into one: the collectors add up, for everything else two values are a conflict. What runs last is in var/running, so that tests see it.
"""
import argparse
import json
import os
import pathlib
import pwd
import signal
import subprocess
import sys
import tomllib

HOME = pathlib.Path("/opt/aws/amazon-cloudwatch-agent")
ETC, BIN = HOME / "etc", HOME / "bin"
DOCUMENTS, COMMON = ETC / "amazon-cloudwatch-agent.d", ETC / "common-config.toml"
OLD, TOML = ETC / "amazon-cloudwatch-agent.json", ETC / "amazon-cloudwatch-agent.toml"
PIDFILE = HOME / "var" / "amazon-cloudwatch-agent.pid"
MODES = ("ec2", "onPremise", "onPrem", "auto")
KNOWN = {
    "/metrics": {"namespace", "aggregation_dimensions", "append_dimensions", "metrics_destinations", "metrics_collected", "force_flush_interval", "credentials",
                 "endpoint_override", "service.name", "deployment.environment"},
    "/logs": {"logs_collected", "metrics_collected", "log_stream_name", "force_flush_interval", "credentials", "endpoint_override", "service.name",
              "deployment.environment", "concurrency"},
    "/logs/logs_collected": {"files", "windows_events", "journald", "application_signals"},
}
NEEDED = {"/metrics": {"metrics_collected"}}


class Refused(Exception):
    pass


def load(path):
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise Refused(f"unable to scan config dir with error: unable to parse json, error: {error} in {path}") from error


def merge(into, document, path=""):
    for name, value in document.items():
        there = into.get(name)
        if name == "collect_list":
            into[name] = [*(there or []), *(one for one in value if one not in (there or []))]
        elif path.endswith("_collected") and path != "/logs/logs_collected":
            into[name] = [*(there or []), *(value if isinstance(value, list) else [value])]
        elif there is None or isinstance(there, dict) and isinstance(value, dict):
            into[name] = merge(there if there is not None else {}, value, f"{path}/{name}") if isinstance(value, dict) else value
        elif there != value:
            raise Refused(f"Under path : {path}/{name} | Error : Different values are specified for {name}")
    return into


def check(document):
    for path, known in KNOWN.items():
        part = document
        for name in path.strip("/").split("/"):
            part = part.get(name) if isinstance(part, dict) else None
        if part is None:
            continue
        if not isinstance(part, dict):
            raise Refused(f"Under path : {path} | Error : Invalid type. Expected: object")
        for name in sorted(set(part) - known):
            raise Refused(f"Under path : {path} | Error : Additional property {name} is not allowed")
        for name in sorted(NEEDED.get(path, set()) - set(part)):
            raise Refused(f"Under path : {path} | Error : {name} is required")
    for plugin, sections in document.get("metrics", {}).get("metrics_collected", {}).items():
        for section in sections:
            interval = section.get("metrics_collection_interval", 60)
            if not isinstance(interval, int) or not 1 <= interval <= 172800:
                raise Refused(f"Under path : /metrics/metrics_collected/{plugin}/metrics_collection_interval | Error : Expected: integer, given: {interval!r}")
            if plugin in ("mem", "swap", "disk", "cpu") and not section.get("measurement"):
                raise Refused(f"Under path : /metrics/metrics_collected/{plugin} | Error : measurement is required")
    for one in document.get("logs", {}).get("logs_collected", {}).get("files", {}).get("collect_list", ()):
        if not one.get("file_path"):
            raise Refused("Under path : /logs/logs_collected/files/collect_list | Error : file_path is required")


def translate(arguments):
    parser = argparse.ArgumentParser(add_help=False)
    for name in ("--input", "--input-dir", "--output", "--mode", "--config", "--multi-config"):
        parser.add_argument(name)
    given = parser.parse_args(arguments)
    tomllib.loads(pathlib.Path(given.config).read_text())
    wanted = {}
    for path in sorted(pathlib.Path(given.input_dir).iterdir()):
        new = path.suffix == ".tmp"
        if new and given.multi_config in ("default", "append") or not new and given.multi_config in ("remove", "append"):
            wanted[path.with_suffix("") if new else path] = path
    if given.multi_config != "default" and pathlib.Path(given.input).exists():
        wanted[given.input] = pathlib.Path(given.input)
    # A new document takes the place of the old one of its name.
    documents = [load(path) for path in wanted.values() if path.suffix == ".tmp" or path.with_name(f"{path.name}.tmp") not in wanted.values()]
    if not documents:
        sys.exit(99)
    merged = {}
    for document in documents:
        merge(merged, document)
    check(merged)
    pathlib.Path(given.output).write_text(f"document = {json.dumps(json.dumps(merged, sort_keys=True))}\n")
    print("Configuration validation first phase succeeded")


def download(source, way):
    for left in DOCUMENTS.glob("*.tmp"):
        left.unlink()
    kind, dummy, where = source.partition(":")
    if kind != "file" or not where:
        raise Refused(f"location type {kind} is not supported")
    path = DOCUMENTS / f"file_{os.path.basename(where)}"
    try:
        path.unlink() if way == "remove" else path.with_name(f"{path.name}.tmp").write_text(pathlib.Path(where).read_text())
    except OSError as error:
        raise Refused(f"fail to fetch/remove json config: {error}") from error


def translator(mode):
    return [BIN / "config-translator", "--input", OLD, "--input-dir", DOCUMENTS, "--output", TOML, "--mode", mode, "--config", COMMON]


def configure(way, mode, source):
    download(source, way)
    if not any(DOCUMENTS.iterdir()):
        TOML.unlink(missing_ok=True)
        return
    subprocess.run([*translator(mode), "--multi-config", way], check=True)
    subprocess.run([BIN / "amazon-cloudwatch-agent", "-schematest", "-config", TOML], check=True)
    new = list(DOCUMENTS.glob("*.tmp"))
    if way == "default":
        OLD.unlink(missing_ok=True)
        for path in set(DOCUMENTS.iterdir()) - set(new):
            path.unlink()
    for path in new:
        path.rename(path.with_suffix(""))


def control(arguments):
    parser = argparse.ArgumentParser(add_help=False)
    for name in ("-a", "-m", "-c"):
        parser.add_argument(name, default="")
    parser.add_argument("-s", action="store_true")
    given = parser.parse_args(arguments)
    if (given.m or "ec2") not in MODES:
        raise Refused(f"Invalid mode: {given.m}")
    if given.a == "status":
        active = subprocess.run(["systemctl", "-q", "is-active", "amazon-cloudwatch-agent"], check=False).returncode == 0
        print(json.dumps(dict(status="running" if active else "stopped", configstatus="configured" if TOML.exists() else "not configured",
                              version=(BIN / "CWAGENT_VERSION").read_text().strip())))
        return
    if given.a not in ("fetch-config", "append-config", "remove-config"):
        raise Refused(f"Invalid action: {given.a}")
    configure({"fetch-config": "default"}.get(given.a, given.a.split("-")[0]), given.m or "ec2", given.c)
    if given.s:
        subprocess.run(["systemctl", "restart", "amazon-cloudwatch-agent"], check=True)


def start():
    with (HOME / "logs" / "amazon-cloudwatch-agent.log").open("a") as log:
        done = subprocess.run([*translator("auto"), "--multi-config", "remove"], stdout=log, stderr=log, check=False)
        if done.returncode == 99:
            sys.exit(0)
        if done.returncode:
            sys.exit(f"E! Cannot translate JSON, ERROR is exit status {done.returncode}")
        document = json.loads(tomllib.loads(TOML.read_text())["document"])
        user = document.get("agent", {}).get("run_as_user", "root")
        try:
            pwd.getpwnam(user)
        except KeyError:
            print(f"E! Failed to ChangeUser: user: unknown user {user}", file=log)
            sys.exit(1)
    (HOME / "logs" / "state").mkdir(exist_ok=True)
    for one in document.get("logs", {}).get("logs_collected", {}).get("files", {}).get("collect_list", ()):
        (HOME / "logs" / "state" / one["file_path"].replace("/", "_")).write_text("0")
    PIDFILE.write_text(str(os.getpid()))
    (HOME / "var" / "running").write_text(json.dumps(dict(document=document, proxy=tomllib.loads(COMMON.read_text()).get("proxy", {})), sort_keys=True))
    while True:
        signal.pause()


def main(command, *arguments):
    if command == "config-translator":
        translate(arguments)
    elif command == "amazon-cloudwatch-agent" and arguments[:1] == ("-schematest",):
        tomllib.loads(pathlib.Path(arguments[-1]).read_text())
    elif command == "amazon-cloudwatch-agent-ctl":
        control(arguments)
    elif command == "start-amazon-cloudwatch-agent":
        start()
    else:
        sys.exit(f"{command} {' '.join(arguments)}: this stand-in does not know it")


try:
    main(*sys.argv[1:])
except (Refused, tomllib.TOMLDecodeError) as error:
    sys.exit(f"{error}\nconfiguration validation first phase failed. Agent version: 1.0")
except subprocess.CalledProcessError as error:
    sys.exit(error.returncode)
