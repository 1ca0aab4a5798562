# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an EBS volume is, whether it stands alone or is made with an instance.

Private to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.msp.aws.plugins.module_utils import _shapes
from ansible_collections.msp.aws.plugins.module_utils._client import Aws
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem

# Option → member of a described volume.
MEMBERS = dict(size="Size", volume_type="VolumeType", iops="Iops", throughput="Throughput", encrypted="Encrypted", kms_key_id="KmsKeyId")


def options() -> dict[str, Option]:
    """The options that a volume has wherever it is made."""
    return dict(
        size=Option("int"),
        volume_type=Option(api="CreateVolume.VolumeType"),
        iops=Option("int"),
        throughput=Option("int"),
        encrypted=Option("bool"),
        kms_key_id=Option(api="CreateVolume.KmsKeyId"),
    )


def described(volume: Mapping[str, Any]) -> dict[str, Any]:
    return {option: volume.get(member) for option, member in MEMBERS.items()}


LEAST = dict(
    size=dict(io1=4, io2=4, st1=125, sc1=125),
    iops=dict(gp3=3000, io1=100, io2=100),
    throughput=dict(gp3=125),
)
# The guide of EBS alone has these; gp3 has its least IOPS at every size.
IOPS_PER_GIB = dict(gp3=500, io1=50, io2=1000)
THROUGHPUT_PER_IOPS = 0.25


def faults(volume: Mapping[str, Any], whole: bool = False) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What no volume can be, as (option, code, facts): numbers that do not suit its type or one another.

    What is not named suits everything, unless the volume is told as a whole: then it is what AWS takes.
    """
    kind = volume.get("volume_type")
    numbers = {name: int(volume[name]) for name in LEAST if volume.get(name) is not None}
    if kind is None:
        return
    if whole and kind in ("io1", "io2") and "iops" not in numbers:
        yield "volume_type", "needs", dict(value=kind, other="iops")
    for name, value in numbers.items():
        if name != "size" and kind not in LEAST[name]:
            yield name, "needs", dict(value=value, other=f"volume_type: {' / '.join(LEAST[name])}")
        elif value < LEAST[name].get(kind, 1):
            yield name, "least", dict(value=value, limit=LEAST[name].get(kind, 1))
    if whole and kind == "gp3":
        numbers.setdefault("iops", LEAST["iops"][kind])
    yield from _ratios(kind, **numbers)


def _ratios(kind: str, size: int | None = None, iops: int | None = None, throughput: int | None = None) -> Iterator[tuple[str, str, dict[str, Any]]]:
    always = LEAST["iops"]["gp3"] if kind == "gp3" else 0
    if size and iops and kind in IOPS_PER_GIB and iops > max(size * IOPS_PER_GIB[kind], always):
        yield "iops", "most", dict(value=iops, limit=max(size * IOPS_PER_GIB[kind], always))
    if throughput and iops and kind == "gp3" and throughput > THROUGHPUT_PER_IOPS * iops:
        yield "throughput", "most", dict(value=throughput, limit=int(THROUGHPUT_PER_IOPS * iops))


def refuse(volume: Mapping[str, Any], where: str = "") -> None:
    """Raise Problem for what no volume can be."""
    for option, code, facts in faults(volume, whole=True):
        raise Problem(f"{where}{option}: {_shapes.said(code, **facts)}")


def changed(have: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The volume after ModifyVolume, which keeps the IOPS of a type that stays and gives 3,000 to a new one."""
    after = {**have, **change}
    kind = after.get("volume_type")
    told = {name: after.get(name) for name in ("volume_type", *LEAST) if name == "size" or name in change or kind in LEAST.get(name, {kind: 0})}
    if have and "volume_type" in change:
        begins = dict(iops=LEAST["iops"]["gp3"]) if kind in LEAST["iops"] else {}
        told = {**begins, **{name: value for name, value in told.items() if name == "size" or name in change}}
    return told


# What a volume gives by its size alone, as the guide of EBS has it: IOPS and MiB/s. Of st1 and sc1 what they give without a burst.
BY_SIZE: Mapping[str, Callable[[int], tuple[float, float]]] = dict(
    gp2=lambda size: (min(max(3 * size, 100), 16000), 250 if size > 170 else 125),
    st1=lambda size: (500, min(40 * size / 1024, 500)),
    sc1=lambda size: (250, min(12 * size / 1024, 192)),
    standard=lambda size: (100, 40),
)
# MiB/s at most of those whose throughput follows from their IOPS.
FASTEST = dict(io1=1000, io2=4000)


def less(have: Mapping[str, Any], change: Mapping[str, Any]) -> str | None:
    """What a volume gives less of after a change, such as one of gp2 that becomes gp3 and keeps only what every gp3 has."""
    if not {"volume_type", "iops", "throughput"} & change.keys():
        return None
    begins = dict(iops=None, throughput=None) if "volume_type" in change else {}
    pairs = zip(_gives(have), _gives({**have, **begins, **change}), ("IOPS", "MiB/s"), strict=True)
    return ", ".join(f"{after:g} {what} instead of {before:g}" for before, after, what in pairs if after < before) or None


def _gives(volume: Mapping[str, Any]) -> tuple[float, float]:
    kind = volume["volume_type"]
    if kind in BY_SIZE:
        return BY_SIZE[kind](volume["size"])
    iops = volume.get("iops") or LEAST["iops"]["gp3"]
    return iops, min(iops * THROUGHPUT_PER_IOPS, FASTEST[kind]) if kind in FASTEST else volume.get("throughput") or LEAST["throughput"]["gp3"]


def key_words(aws: Aws, wanted: Iterable[tuple[Mapping[str, Any], str | None]] | None) -> Callable[[Mapping[str, Any], str | None], str | None]:
    """How to say a KMS key: EC2 answers with its ARN, but who wrote its id or an alias is answered in the same words.

    `wanted` are entries, each with its word for its key; None when nobody asked in any words, then a key is said by its alias.
    The aliases are listed once, and only where one is used.
    """
    words = {entry.get("id") or entry.get("name"): word for entry, word in wanted or () if word}
    aliases = {}
    if wanted is None or any(_tail(word, ":").startswith("alias/") for word in words.values()):
        aliases = {alias["AliasName"]: alias.get("TargetKeyId") for alias in aws.pages("kms", "list_aliases", "Aliases")}
    by_key = {key: alias for alias, key in aliases.items()}

    def said(have: Mapping[str, Any], arn: str | None) -> str | None:
        if arn is None:
            return None
        key, word = _tail(arn, "/"), words.get(have["id"]) or words.get(have["name"])
        if word is not None and aliases.get(_tail(word, ":"), _tail(word, "/")) == key:
            return word
        return by_key.get(key, arn)

    return said


def _tail(text: str, separator: str) -> str:
    return text.rpartition(separator)[2]


# ---- modifications


def modification(aws: Aws, volume_id: str) -> dict[str, Any]:
    """The latest one; nothing where there was none."""
    found = aws.pages("ec2", "describe_volumes_modifications", "VolumesModifications", Filters=[dict(Name="volume-id", Values=[volume_id])])
    return max(found, key=lambda one: one["StartTime"], default={})


def modify(aws: Aws, volume_id: str, **members: Any) -> None:
    """And wait. What is shown right afterwards may still be the modification before."""
    answer = aws.ec2.modify_volume(VolumeId=volume_id, **members)
    await_modified(aws, volume_id, answer["VolumeModification"]["StartTime"])


def await_modified(aws: Aws, volume_id: str, since: datetime | None = None) -> None:
    """From the state `optimizing` on a volume has its new size and may be used; the rest can take hours."""

    def look() -> tuple[Any, Any]:
        latest = modification(aws, volume_id)
        ours = since is None or latest and latest["StartTime"] >= since.replace(microsecond=0)
        return (latest.get("ModificationState"), latest.get("StatusMessage")) if ours else (None, None)

    def until(seen: Any) -> bool:
        if seen[0] == "failed":
            raise Problem(f"the modification of volume {volume_id} failed: {seen[1]}")
        return seen[0] in ("optimizing", "completed")

    aws.wait(f"modification of volume {volume_id}", look, until, limit=600)
