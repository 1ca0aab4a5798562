"""Refuses what mackerel-agent refuses: no TOML, no key, keys that it does not know. Writes a host id, and what it has read last, so that tests see it."""
import glob
import os
import pathlib
import signal
import sys
import tomllib

KNOWN = {"apibase", "apikey", "root", "pidfile", "conffile", "roles", "verbose", "silent", "diagnostic", "connection", "display_name", "host_status",
         "filesystems", "interfaces", "disks", "http_proxy", "https_proxy", "cloud_platform", "plugin", "include", "disable_http_keep_alive"}
STATE = pathlib.Path("/var/lib/mackerel-agent")
arguments = dict(argument.lstrip("-").split("=", 1) for argument in sys.argv[1:] if "=" in argument)
conffile = arguments.get("conf", "/etc/mackerel-agent/mackerel-agent.conf")


def load():
    wanted = {}
    for path in [conffile]:
        wanted |= tomllib.loads(pathlib.Path(path).read_text())
    for path in sorted(glob.glob(wanted.get("include", ""))):
        wanted |= tomllib.loads(pathlib.Path(path).read_text())
    if not wanted.get("apikey") and not arguments.get("apikey"):
        raise ValueError("Apikey must be specified in the config file (or by the Mackerel's web site)")
    return wanted


def read(*_):
    STATE.joinpath("read").write_text(repr(sorted(load().items())))


try:
    config = load()
except (OSError, ValueError) as error:
    sys.exit(f"[CRITICAL] failed to test config: {error}")
unknown = sorted(set(config) - KNOWN)
if "configtest" in sys.argv:
    sys.exit("".join(f"[WARNING] {key} is unexpected key.\n" for key in unknown) if unknown else 0)
STATE.mkdir(exist_ok=True)
STATE.joinpath("id").exists() or STATE.joinpath("id").write_text("3standinhost")
STATE.joinpath("pid").write_text(str(os.getpid()))
read()
signal.signal(signal.SIGHUP, read)
while True:
    signal.pause()
