"""The commands of the SSM Agent as its guide and its source describe them. The activations that Systems Manager has are a file of the repository.

Without a registration it looks for a role at the metadata address, as on EC2; there is none, since guests stand for machines outside EC2.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import urllib.parse
import urllib.request

STATE = pathlib.Path("/var/lib/amazon/ssm")
REGISTRATION, KEY = STATE / "registration", STATE / "Vault" / "Store" / "RegistrationKey"
SERVICE = "http://127.0.0.1:8080/ssm/activations.json"
VERSION = pathlib.Path("/usr/share/amazon-ssm-agent/VERSION").read_text().strip()
PROXIES = ("http_proxy", "https_proxy", "no_proxy")


def ask(proxy=None):
    """What Systems Manager answers. A proxy is one where it answers just so, as if it had been asked to connect to it."""
    way = urllib.parse.urlsplit(SERVICE)._replace(netloc=urllib.parse.urlsplit(proxy or SERVICE).netloc.rpartition("@")[2]).geturl()
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(way, timeout=3) as answer:
        return json.load(answer)


def usage():
    print("\n\nCommand-line Usage:\n\t-register\tregister managed instance\n\t\t-id\n\t\t-code\n\t\t-region\n\t\t-clear\n\t-y", file=sys.stderr)
    sys.exit(1)


def register(given):
    if not (given.code and given.id and given.region):
        if not given.clear:
            usage()
        KEY.unlink(missing_ok=True)
        REGISTRATION.unlink(missing_ok=True)
        print("INFO Registration information has been removed from the instance.")
        return
    if REGISTRATION.exists() and not given.y:
        print("\nInstance already registered. Would you like to override existing with new registration information? [Yes/No]: ", end="")
        sys.exit("ERROR Registration failed due to unexpected newline")
    try:
        activations = ask(os.environ.get("https_proxy"))
    except (OSError, ValueError) as error:
        sys.exit(f"ERROR Registration failed due to error registering the instance with AWS SSM. RequestError: send request failed caused by: {error}")
    held = activations.get(given.region, {}).get(given.id)
    if held is None:
        sys.exit("ERROR Registration failed due to error registering the instance with AWS SSM. InvalidActivationId: ")
    if held != given.code:
        sys.exit("ERROR Registration failed due to error registering the instance with AWS SSM. InvalidActivation: ")
    KEY.parent.mkdir(parents=True, exist_ok=True)
    KEY.touch(mode=0o600)
    REGISTRATION.write_text(json.dumps(dict(ManagedInstanceID=f"mi-0{given.id.replace('-', '')[:16]}", Region=given.region)))
    REGISTRATION.chmod(0o600)
    print(f"INFO Successfully registered the instance with AWS SSM using Managed instance-id: mi-0{given.id.replace('-', '')[:16]}")


def registered():
    return json.loads(REGISTRATION.read_text()) if REGISTRATION.exists() else None


def run():
    # What it found at its start is what it works with.
    found = registered()
    environment = {name: os.environ[name] for name in PROXIES if name in os.environ}
    (STATE / "running").write_text(json.dumps(dict(registration=found, environment=environment, pid=os.getpid()), sort_keys=True))
    while True:
        signal.pause()


def diagnostics():
    active = subprocess.run(["systemctl", "-q", "is-active", "amazon-ssm-agent"], check=False).returncode == 0
    running = json.loads((STATE / "running").read_text()) if active else {}
    told = registered()

    def line(check, status, note):
        return dict(Check=check, Status=status, Note=note)

    try:
        ask(running.get("environment", {}).get("https_proxy"))
        reached = line("Connectivity to ssm endpoint", "Success", "ssm is reachable")
    except (OSError, ValueError) as error:
        reached = line("Connectivity to ssm endpoint", "Failed", f"ssm is not reachable: {error}")
    known = told and f"Instance has hybrid registration with instance id {told['ManagedInstanceID']} in region {told['Region']}"
    lines = [
        line("EC2 IMDS", "Skipped", "Instance has hybrid registration") if told else line("EC2 IMDS", "Failed", "Failed to query IMDS: timeout"),
        line("Hybrid instance registration", "Success", known)
        if told else line("Hybrid instance registration", "Skipped", "Instance does not have hybrid registration"),
        reached,
        line("AWS Credentials", "Success", "Credentials are for the role of the activation")
        if reached["Status"] == "Success" and told and running.get("registration") == told else line("AWS Credentials", "Failed", "No credentials available"),
        line("Agent service", "Success", "Agent service is running and is running as expected user")
        if active else line("Agent service", "Failed", "Agent is installed as a systemctl service but is not running"),
        line("SSM Agent version", "Success", f"SSM Agent version is {VERSION}"),
    ]
    print(json.dumps(dict(DiagnosticsOutput=lines), indent=2))


def main(command, *arguments):
    if command == "ssm-cli" and arguments[:1] == ("get-diagnostics",):
        return diagnostics()
    if command == "ssm-cli" and arguments == ("get-instance-information",):
        told = registered()
        if not told:
            sys.exit("failed to find agent identity")
        return print(json.dumps({"instance-id": told["ManagedInstanceID"], "region": told["Region"], "release-version": VERSION}))
    if command == "ssm-cli":
        sys.exit(2)
    if not arguments:
        return run()
    if arguments == ("-version",):
        return print(f"SSM Agent version: {VERSION}")
    parser = argparse.ArgumentParser(add_help=False, prefix_chars="-", allow_abbrev=False)
    for name in ("-register", "-clear", "-y"):
        parser.add_argument(name, action="store_true")
    for name in ("-code", "-id", "-region"):
        parser.add_argument(name, default="")
    given = parser.parse_args(arguments)
    return register(given) if given.register else usage()


main(*sys.argv[1:])
