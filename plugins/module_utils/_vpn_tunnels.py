# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two tunnels of a VPN connection: their options and logs as a sheet and as AWS has them, what is wrong with them, and who is cut when they change.

Private to the collection. A tunnel is known by its inside block. Its pre-shared key is compared and never told.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.msp.aws.plugins.module_utils import _networks
from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._options import HIDDEN, Option, Problem, equal, ref, same_secret

CIDR, KEY = "tunnel_inside_cidr", "pre_shared_key"
KEY_FORM = re.compile(r"(?!0)[A-Za-z0-9._]{8,64}")
KEY_RULE = "8 to 64 letters, digits, . and _, not 0 first"
SIZE = 30
LINK_LOCAL = ipaddress.ip_network("169.254.0.0/16")
RESERVED = {f"169.254.{third}.0/30" for third in range(6)} | {"169.254.169.252/30"}
CONTROL = "enable_tunnel_lifecycle_control"
MOST = 2
# A tunnel that went down within this time is one that somebody is still at work on.
RECENT = datetime.timedelta(hours=1)

ENCRYPTION = ("AES128", "AES256", "AES128-GCM-16", "AES256-GCM-16")
INTEGRITY = ("SHA1", "SHA2-256", "SHA2-384", "SHA2-512")
GROUPS = (2, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 35)
# Option → member, and what AWS takes when nobody names it: it does not tell that, and to name it is no change.
VALUES = dict(
    phase1_lifetime_seconds=("Phase1LifetimeSeconds", 28800),
    phase2_lifetime_seconds=("Phase2LifetimeSeconds", 3600),
    rekey_margin_time_seconds=("RekeyMarginTimeSeconds", 270),
    rekey_fuzz_percentage=("RekeyFuzzPercentage", 100),
    replay_window_size=("ReplayWindowSize", 1024),
    dpd_timeout_seconds=("DPDTimeoutSeconds", 40),
    dpd_timeout_action=("DPDTimeoutAction", "clear"),
    startup_action=("StartupAction", "add"),
    enable_tunnel_lifecycle_control=("EnableTunnelLifecycleControl", False),
)
LISTS = dict(
    phase1_encryption_algorithms="Phase1EncryptionAlgorithms",
    phase2_encryption_algorithms="Phase2EncryptionAlgorithms",
    phase1_integrity_algorithms="Phase1IntegrityAlgorithms",
    phase2_integrity_algorithms="Phase2IntegrityAlgorithms",
    phase1_dh_group_numbers="Phase1DHGroupNumbers",
    phase2_dh_group_numbers="Phase2DHGroupNumbers",
    ike_versions="IKEVersions",
)
# Members that answers spell in another way than requests.
ANSWERED = dict(DPDTimeoutSeconds="DpdTimeoutSeconds", DPDTimeoutAction="DpdTimeoutAction", IKEVersions="IkeVersions")
LOGS = dict(
    log_enabled="LogEnabled",
    log_group="LogGroupArn",
    log_output_format="LogOutputFormat",
    bgp_log_enabled="BgpLogEnabled",
    bgp_log_group="BgpLogGroupArn",
    bgp_log_output_format="BgpLogOutputFormat",
)
LOG_GROUPS = ("log_group", "bgp_log_group")
LIMITS = dict(
    phase1_lifetime_seconds=(900, 28800),
    phase2_lifetime_seconds=(900, 3600),
    rekey_fuzz_percentage=(0, 100),
    replay_window_size=(64, 2048),
    dpd_timeout_seconds=(30, None),
)


def _same_set(wanted: Collection[Any], has: Collection[Any]) -> bool:
    return set(wanted) == set(has)


def _list(kind: str, choices: tuple) -> Option:
    return Option("list", kind, choices=choices, same=_same_set)


TUNNEL = dict(
    tunnel_inside_cidr=Option(required=True, wrong=_networks.wrong_ipv4_key),
    pre_shared_key=Option(secret=True, same=same_secret),
    ike_versions=_list("str", ("ikev1", "ikev2")),
    phase1_encryption_algorithms=_list("str", ENCRYPTION),
    phase1_integrity_algorithms=_list("str", INTEGRITY),
    phase1_dh_group_numbers=_list("int", GROUPS),
    phase1_lifetime_seconds=Option("int"),
    phase2_encryption_algorithms=_list("str", ENCRYPTION),
    phase2_integrity_algorithms=_list("str", INTEGRITY),
    phase2_dh_group_numbers=_list("int", (5, 36, 37, *GROUPS)),
    phase2_lifetime_seconds=Option("int"),
    rekey_margin_time_seconds=Option("int"),
    rekey_fuzz_percentage=Option("int"),
    replay_window_size=Option("int"),
    dpd_timeout_seconds=Option("int"),
    dpd_timeout_action=Option(choices=("clear", "none", "restart")),
    startup_action=Option(choices=("add", "start")),
    enable_tunnel_lifecycle_control=Option("bool"),
)
LOG = dict(
    tunnel_inside_cidr=Option(required=True, wrong=_networks.wrong_ipv4_key),
    log_enabled=Option("bool"),
    log_group=ref("logs_log_groups"),
    log_output_format=Option(choices=("json", "text")),
    bgp_log_enabled=Option("bool"),
    bgp_log_group=ref("logs_log_groups"),
    bgp_log_output_format=Option(choices=("json", "text")),
)


class Tunnel(NamedTuple):
    """A tunnel as it is: its inside block, AWS's outside address, and what the telemetry tells, since when."""

    cidr: str
    address: str
    told: str
    since: datetime.datetime | None

    @property
    def up(self) -> bool:
        return self.told == "UP"

    @property
    def long_down(self) -> bool:
        """Nobody is about to bring it up: a plan has told that the other one is alone."""
        return not self.up and (self.since is None or datetime.datetime.now(datetime.UTC) - self.since > RECENT)


# ---- as AWS has them


def _answered(connection: Mapping[str, Any]) -> list[dict[str, Any]]:
    return connection.get("Options", {}).get("TunnelOptions", [])


def options_of(connection: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_read(tunnel) for tunnel in _answered(connection)]


def _read(tunnel: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(tunnel_inside_cidr=tunnel.get("TunnelInsideCidr"), pre_shared_key=tunnel.get("PreSharedKey") or HIDDEN)
    found.update({option: tunnel.get(ANSWERED.get(member, member), usual) for option, (member, usual) in VALUES.items()})
    for option, member in LISTS.items():
        given = [one["Value"] for one in tunnel.get(ANSWERED.get(member, member), [])]
        if given:
            found[option] = given
    return found


def logs_of(connection: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that are on; a tunnel without any has no item."""
    found = []
    for tunnel in _answered(connection):
        given = tunnel.get("LogOptions", {}).get("CloudWatchLogOptions", {})
        if given.get("LogEnabled") or given.get("BgpLogEnabled"):
            item = {option: given[member] for option, member in LOGS.items() if given.get(member) is not None}
            item.update({option: _group(item[option]) for option in LOG_GROUPS if option in item})
            found.append(dict(item, tunnel_inside_cidr=tunnel.get("TunnelInsideCidr")))
    return found


def _group(arn: str) -> str:
    return arn.partition(":log-group:")[2].removesuffix(":*")


def states_of(connection: Mapping[str, Any]) -> list[Tunnel]:
    told = {one.get("OutsideIpAddress"): one for one in connection.get("VgwTelemetry", [])}
    return [_state(one, told.get(one.get("OutsideIpAddress"), {})) for one in _answered(connection)]


def _state(tunnel: Mapping[str, Any], telemetry: Mapping[str, Any]) -> Tunnel:
    return Tunnel(tunnel.get("TunnelInsideCidr"), tunnel.get("OutsideIpAddress"), _told(telemetry), telemetry.get("LastStatusChange"))


def _told(telemetry: Mapping[str, Any]) -> str:
    status = telemetry.get("Status", "DOWN")
    if status == "UP":
        return status
    since = telemetry.get("LastStatusChange")
    return " ".join(part for part in (status, since and f"since {since:%Y-%m-%d %H:%M} UTC", telemetry.get("StatusMessage")) if part)


# ---- as AWS takes them


def requested(aws: Aws, tunnels: list[Mapping[str, Any]], logs: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """TunnelOptions of the creating call."""
    named = {log[CIDR]: log for log in logs}
    return [{"TunnelInsideCidr": one[CIDR], **_members(aws, {**one, **({"log": named[one[CIDR]]} if one[CIDR] in named else {})})} for one in tunnels]


def arguments(aws: Aws, named: Mapping[str, Any]) -> dict[str, Any]:
    """Of ModifyVpnTunnelOptions. Without a replacement of the tunnel where AWS can do without."""
    return dict(TunnelOptions=_members(aws, named), **({} if interrupts(named) else dict(SkipTunnelReplacement=True)))


def _members(aws: Aws, named: Mapping[str, Any]) -> dict[str, Any]:
    found = {member: named[option] for option, (member, dummy) in VALUES.items() if named.get(option) is not None}
    found.update({member: [dict(Value=value) for value in named[option]] for option, member in LISTS.items() if named.get(option)})
    if named.get(KEY) not in (None, HIDDEN):
        found["PreSharedKey"] = named[KEY]
    if "log" in named:
        found["LogOptions"] = dict(CloudWatchLogOptions=_log(aws, named["log"]))
    return found


def _log(aws: Aws, log: Mapping[str, Any]) -> dict[str, Any]:
    found = {member: log[option] for option, member in LOGS.items() if log.get(option) is not None}
    for option in LOG_GROUPS:
        if log.get(option):
            found[LOGS[option]] = f"arn:{aws.ec2.meta.partition}:logs:{aws.region}:{aws.account}:log-group:{log[option]}"
    return found


# ---- what a change touches


def interrupts(named: Mapping[str, Any]) -> bool:
    """AWS replaces the endpoint of a tunnel for everything but its lifecycle control."""
    return set(named) != {CONTROL}


def touched(have: Mapping[str, Any], change: Mapping[str, Any]) -> list[tuple[Tunnel, dict[str, Any]]]:
    """Each tunnel that changes with what is new: option → value, and `log` → its log options. Those that are down come first: nobody misses them."""
    named: dict[str, dict[str, Any]] = {}
    tunnels, logs = change.get("tunnel_options"), change.get("log_options")
    for old, new in tunnels.change if tunnels else ():
        named[new[CIDR]] = {option: new[option] for option in TUNNEL if new.get(option) is not None and not equal(TUNNEL[option], new[option], old.get(option))}
    for new in logs.coming if logs else ():
        named.setdefault(new[CIDR], {})["log"] = new
    for old in logs.remove if logs else ():
        named.setdefault(old[CIDR], {})["log"] = dict(log_enabled=False, bgp_log_enabled=False)
    there = {tunnel.cidr: tunnel for tunnel in have["_tunnels"]}
    return sorted(((there[cidr], new) for cidr, new in named.items() if cidr in there), key=lambda pair: (pair[0].up, pair[0].cidr))


def dangers(have: Mapping[str, Any], change: Mapping[str, Any]) -> Iterator[str]:
    """A log alone changes nothing for a tunnel that is down."""
    up = {tunnel.cidr for tunnel in have["_tunnels"] if tunnel.up}
    for tunnel, named in touched(have, change):
        if not interrupts(named) or not (tunnel.up or set(named) - {"log"}):
            continue
        alone = ", the only one that is up, so that nothing goes through the connection meanwhile" if up == {tunnel.cidr} else ""
        key = "; it stays down until the customer's router has the new key" if KEY in named else ""
        yield f"would change {', '.join(sorted(named))} of the tunnel {tunnel.cidr} ({tunnel.address}), which takes it down for several minutes{alone}{key}"


# ---- what is wrong


def unseen_keys(have: Mapping[str, Any], want: Mapping[str, Any]) -> list[str]:
    """The tunnels for which a sheet names a key that cannot be compared, because AWS shows none."""
    given = want.get("tunnel_options") or {}
    hidden = {one[CIDR] for one in have["tunnel_options"] if one[KEY] == HIDDEN}
    return [item[CIDR] for item in [*(given.get("add") or []), *(given.get("set") or [])] if item.get(KEY) not in (None, HIDDEN) and item[CIDR] in hidden]


def refuse(have: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    tunnels, logs = change.get("tunnel_options"), change.get("log_options")
    if tunnels:
        there = ", ".join(one[CIDR] for one in have.get("tunnel_options", []))
        if have and (tunnels.add or tunnels.remove):
            raise Problem(f"tunnel_options: a connection keeps its two tunnels, which are {there}; name those, by their tunnel_inside_cidr")
        if len(tunnels.add) > MOST:
            raise Problem(f"tunnel_options: a connection has {MOST} tunnels, not {len(tunnels.add)}")
        for item in tunnels.coming:
            for option, wrong, *dummy in _wrong(item):
                raise Problem(f"tunnel_options {item[CIDR]}: {option} {wrong}")
    if logs:
        known = [one[CIDR] for one in have.get("tunnel_options", [])] or [item[CIDR] for item in (tunnels.add if tunnels else ())]
        for item in logs.coming:
            if item[CIDR] not in known:
                raise Problem(f"log_options: {item[CIDR]} is no tunnel of this connection ({', '.join(known) or 'name it in tunnel_options too'})")
            wrong = _wrong_log(item)
            if wrong:
                raise Problem(f"log_options {item[CIDR]}: {wrong}")


def _wrong(item: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    """(option, what is wrong), without a word of the key; and code and limit with which a sheet's check says it in any language."""
    block = _networks.network(item[CIDR])  # what is none is told of the option
    if block and (block.version != 4 or block.prefixlen != SIZE or not block.subnet_of(LINK_LOCAL) or str(block) in RESERVED):
        yield CIDR, f"must be a /{SIZE} of {LINK_LOCAL} that AWS has not reserved for itself", "pattern", f"169.254.x.x/{SIZE}, ≠ {', '.join(sorted(RESERVED))}"
    if item.get(KEY) is not None and item[KEY] != HIDDEN and not KEY_FORM.fullmatch(item[KEY]):
        yield KEY, f"must have {KEY_RULE}", "pattern", KEY_FORM.pattern
    for option, (least, most) in LIMITS.items():
        value = item.get(option)
        if isinstance(value, int) and (value < least or (most is not None and value > most)):
            said = f"must be {least} to {most}" if most else f"must be at least {least}"
            yield option, said, *(("least", least) if value < least else ("most", most))
    first, second = (item.get(f"phase{number}_lifetime_seconds") or usual for number, usual in ((1, 28800), (2, 3600)))
    if isinstance(first, int) and isinstance(second, int) and second >= first:
        yield "phase2_lifetime_seconds", "must be less than phase1_lifetime_seconds", "pattern", "< phase1_lifetime_seconds"
    margin = item.get("rekey_margin_time_seconds")
    if isinstance(margin, int) and isinstance(second, int) and not 60 <= margin <= second / 2:
        said = "must be between 60 and half of phase2_lifetime_seconds"
        yield "rekey_margin_time_seconds", said, "pattern", "60 … phase2_lifetime_seconds / 2"


def _wrong_log(item: Mapping[str, Any]) -> str | None:
    if not (item.get("log_enabled") or item.get("bgp_log_enabled")):
        return "log_enabled or bgp_log_enabled must be true; to end the logs write remove"
    for switch, group in (("log_enabled", "log_group"), ("bgp_log_enabled", "bgp_log_group")):
        if item.get(switch) and not item.get(group):
            return f"{switch} needs {group}"
    return None


def faults(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What a sheet says wrong of tunnels, as (option, code, facts)."""
    given = entry.get("tunnel_options") or []
    items = [*(given.get("add") or []), *(given.get("set") or [])] if isinstance(given, Mapping) else given
    items = [item for item in items if isinstance(item, Mapping) and item.get(CIDR)]
    if len(items) > MOST:
        yield "tunnel_options", "most_items", dict(value=len(items), limit=MOST)
    for item in items:
        for option, dummy, code, limit in _wrong({**item, KEY: item.get(KEY) if isinstance(item.get(KEY), str) else None}):
            yield f"tunnel_options.{option}", code, dict(value=HIDDEN if option == KEY else item.get(option), limit=limit)
