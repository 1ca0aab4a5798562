#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _deliveries, _iam, _tags
from ansible_collections.msp.aws.plugins.module_utils._documents import as_named, deep, flat, listed
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, merged, ref, tags

SERVICE = "config.amazonaws.com"
LINKED_ROLE = "AWSServiceRoleForConfig"
ALL = "ALL_SUPPORTED_RESOURCE_TYPES"
INCLUSION = "INCLUSION_BY_RESOURCE_TYPES"
EXCLUSION = "EXCLUSION_BY_RESOURCE_TYPES"

OVERRIDE = dict(description="description", resource_types="resourceTypes", recording_frequency="recordingFrequency")
RECORDER = dict(
    name="name",
    recording_strategy="recordingGroup.recordingStrategy.useOnly",
    include_global_resource_types="recordingGroup.includeGlobalResourceTypes",
    resource_types="recordingGroup.resourceTypes",
    exclusion_by_resource_types="recordingGroup.exclusionByResourceTypes.resourceTypes",
    recording_frequency="recordingMode.recordingFrequency",
    recording_mode_overrides=listed("recordingMode.recordingModeOverrides", OVERRIDE),
)
CHANNEL = dict(
    delivery_channel_name="name",
    s3_bucket_name="s3BucketName",
    s3_key_prefix="s3KeyPrefix",
    s3_kms_key_arn="s3KmsKeyArn",
    sns_topic="snsTopicARN",
    delivery_frequency="configSnapshotDeliveryProperties.deliveryFrequency",
)
# What AWS says of a recorder and does not take back.
TOLD_ONLY = ("arn", "recordingScope", "servicePrincipal")
GROUP = ("recording_strategy", "include_global_resource_types", "resource_types", "exclusion_by_resource_types")
# In each strategy the members of the others have to be empty.
OWN_MEMBERS = {ALL: "include_global_resource_types", INCLUSION: "resource_types", EXCLUSION: "exclusion_by_resource_types"}
LONGEST_RETENTION = 2557  # days, kept when nothing is said


# ---- what is there


def find(aws, wanted):
    """The customer's recorder with its channel. Those that AWS services have for themselves are not listed, and would be left alone."""
    recorders = [one for one in aws.config.describe_configuration_recorders()["ConfigurationRecorders"] if not one.get("servicePrincipal")]
    if not recorders:
        for want in wanted or ():
            _warn_of_defaults(aws, want)
        return []
    return [_have(aws, recorders[0], _channel(aws), _status(aws, recorders[0]["name"]), _retention(aws))]


def _warn_of_defaults(aws, want):
    """PutConfigurationRecorder: what AWS records where nobody says what."""
    if want.get("recording") and not want.get("recording_strategy"):
        often = want.get("recording_frequency") or "CONTINUOUS, at each change"
        aws.warn(
            f"config_configuration_recorder configuration_recorder: recording_strategy is not named, so AWS records resources of every type that it knows, "
            f"those to come too ({often}), each item billed. Prices: https://aws.amazon.com/config/pricing/"
        )


def _channel(aws):
    return next(iter(aws.config.describe_delivery_channels()["DeliveryChannels"]), None)


def _retention(aws):
    return next(iter(aws.pages("config", "describe_retention_configurations", "RetentionConfigurations")), None)


def _status(aws, name):
    return aws.config.describe_configuration_recorder_status(ConfigurationRecorderNames=[name])["ConfigurationRecordersStatus"][0]


def _have(aws, recorder, channel, status, retention):
    _warn_of_failure(aws, status)
    role = recorder["roleARN"].rpartition("/")[2]
    have = dict(
        dict.fromkeys((*RECORDER, *CHANNEL)),
        id=recorder.get("arn") or recorder["name"],
        service_linked_role=role == LINKED_ROLE,
        role=None if role == LINKED_ROLE else role,
        recording=status["recording"],
        retention_period_in_days=(retention or {}).get("RetentionPeriodInDays"),
        _recorder={member: value for member, value in recorder.items() if member not in TOLD_ONLY},
        _arn=recorder.get("arn"),
        _channel=channel,
        _retention=(retention or {}).get("Name"),
    )
    have.update({**flat(RECORDER, recorder), **flat(CHANNEL, channel or {})})
    have["recording_strategy"] = have["recording_strategy"] or _old_strategy(recorder)
    have["recording_frequency"] = have["recording_frequency"] or "CONTINUOUS"
    if have["s3_bucket_name"]:
        have["s3_bucket_name"] = _deliveries.as_reference(aws, have["s3_bucket_name"])
    return have


def _old_strategy(recorder):
    """Recorders from before there were strategies say it by what they hold."""
    return ALL if recorder.get("recordingGroup", {}).get("allSupported", True) else INCLUSION


def _warn_of_failure(aws, status):
    if status["recording"] and status.get("lastStatus", "").lower() == "failure":
        aws.warn(f"AWS Config records but fails: {_failure(status)}")


def _failure(status):
    return f"{status.get('lastErrorCode')}: {status.get('lastErrorMessage')}"


def read(aws, have, names):
    if "tags" not in names:
        return {}
    return dict(tags=_tags.as_dict(aws.pages("config", "list_tags_for_resource", "Tags", ResourceArn=have["_arn"])))


# ---- writing


def create(aws, want):
    """A recorder can be without a channel, a channel not without a recorder, and nothing is recorded without both: update adds the rest."""
    recorder = _recorder(aws, {}, dict(want, **{name: _plain(want[name]) for name in GROUP if name in want}))
    tagged = dict(Tags=_tags.as_list(want["tags"])) if want.get("tags") else {}
    aws.config.put_configuration_recorder(ConfigurationRecorder=recorder, **tagged)
    with aws.reading():
        return dict(find(aws, None)[0], tags=want.get("tags", {}))


def _plain(value):
    return (value.get("add") or value.get("set") or []) if isinstance(value, dict) else value


def _recorder(aws, document, wanted):
    """PutConfigurationRecorder takes the whole: what nobody named goes with it as it is."""
    recorder = deep(RECORDER, {name: wanted[name] for name in RECORDER if name in wanted and name not in GROUP}, document)
    if wanted.get("service_linked_role"):
        recorder["roleARN"] = _linked_role(aws)
    elif wanted.get("role"):
        recorder["roleARN"] = _deliveries.role_arn(aws, wanted["role"])
    if set(GROUP) & wanted.keys():
        recorder["recordingGroup"] = _group({**flat(RECORDER, document), **wanted})
    if "recordingMode" in recorder:
        recorder["recordingMode"].setdefault("recordingFrequency", "CONTINUOUS")
    return recorder


def _group(wanted):
    strategy = wanted.get("recording_strategy") or ALL
    own = OWN_MEMBERS[strategy]
    group = deep(RECORDER, dict(recording_strategy=strategy, **({own: wanted[own]} if own in wanted else {})), {})["recordingGroup"]
    return dict(group, allSupported=strategy == ALL)


def _linked_role(aws):
    """The role that Config itself keeps up to date; made when the account has none yet."""
    with aws.reading():
        found = _iam.if_any(aws.iam.get_role, RoleName=LINKED_ROLE)
    return (found or aws.iam.create_service_linked_role(AWSServiceName=SERVICE))["Role"]["Arn"]


def update(aws, have, change):
    _check_ours(have)
    name = have["name"]
    if change.get("recording") is False:
        aws.config.stop_configuration_recorder(ConfigurationRecorderName=name)
    after = merged(OPTIONS, have, change)
    named = {option: after[option] for option in ("role", "service_linked_role", *RECORDER) if option in change}
    if named:
        aws.config.put_configuration_recorder(ConfigurationRecorder=_recorder(aws, have["_recorder"], named))
    if set(CHANNEL) & change.keys():
        _put_channel(aws, have, {option: after[option] for option in CHANNEL if option in change})
    _put_retention(aws, have, change)
    _tags.write(have, change, aws.config.tag_resource, aws.config.untag_resource, ResourceArn=have["_arn"])
    if change.get("recording"):
        aws.config.start_configuration_recorder(ConfigurationRecorderName=name)
        _await_delivery(aws, name)


def _put_channel(aws, have, wanted):
    if wanted.get("s3_bucket_name"):
        wanted["s3_bucket_name"] = _deliveries.bucket_name(wanted["s3_bucket_name"])
    channel = deep(CHANNEL, wanted, have["_channel"] or dict(name="default"))
    with _deliveries.explained(SERVICE, channel["s3BucketName"]):
        aws.config.put_delivery_channel(DeliveryChannel=channel)


def _put_retention(aws, have, change):
    if change.get("retention_period_in_days"):
        aws.config.put_retention_configuration(RetentionPeriodInDays=change["retention_period_in_days"])
    elif "retention_period_in_days" in change:
        aws.config.delete_retention_configuration(RetentionConfigurationName=have["_retention"])


def _await_delivery(aws, name):
    """AWS takes a recorder that cannot record, and says so in its status."""
    what = f"the first record of AWS Config ({name})"
    status = aws.wait(what, lambda: _status(aws, name), lambda status: status.get("lastStatus", "").lower() not in ("", "pending"), limit=180)
    if status["lastStatus"].lower() == "failure":
        raise Problem(f"AWS Config was started and fails: {_failure(status)}. Look at the role, the policy of the bucket and that of the key")


def delete(aws, have):
    """The recorder goes last: as long as it is there, the next run finds what is left of the rest."""
    _check_ours(have)
    if have["recording"]:
        aws.config.stop_configuration_recorder(ConfigurationRecorderName=have["name"])
    if have["_channel"]:
        aws.config.delete_delivery_channel(DeliveryChannelName=have["_channel"]["name"])
    aws.config.delete_configuration_recorder(ConfigurationRecorderName=have["name"])


# ---- what to think about first


def _check_ours(have):
    if str(have.get("name")).startswith("aws-controltower"):
        raise Problem(f"the recorder {have['name']} is kept by AWS Control Tower: it is changed in the management account, never here")


def refuse(want, have, change):
    _check_ours(have)
    for option, what in (("name", "recorder"), ("delivery_channel_name", "delivery channel")):
        if option in change and have.get(option):
            raise Problem(f"AWS allows one {what} in a Region, and this account has {have[option]!r}, which keeps its name: write {option}: {have[option]}")
    after = merged(OPTIONS, have, change)
    if not (after.get("role") or after.get("service_linked_role")) or (want.get("role") and want.get("service_linked_role")):
        raise Problem(f"a recorder works with one role: name either role, or service_linked_role: true for {LINKED_ROLE}")
    if set(CHANNEL) & change.keys() and not after.get("s3_bucket_name"):
        raise Problem(f"{', '.join(sorted(set(CHANNEL) & change.keys()))}: a delivery channel needs s3_bucket_name")
    if change.get("recording") and not after.get("s3_bucket_name"):
        raise Problem("recording needs a delivery channel: name s3_bucket_name too")
    _check_group(after, change)


def _check_group(after, change):
    """AWS refuses members that do not go with the strategy, or forgets them."""
    strategy = after.get("recording_strategy") or ALL
    for other, option in OWN_MEMBERS.items():
        if other != strategy and option in change and after.get(option):
            raise Problem(f"{option} goes with recording_strategy {other}, and it is {strategy}")
    if strategy != ALL and set(GROUP) & change.keys() and not after.get(OWN_MEMBERS[strategy]):
        raise Problem(f"recording_strategy {strategy} needs {OWN_MEMBERS[strategy]}")


def danger(have, change):
    if not change:
        return "would end the recording: rules and Security Hub have nothing to judge from then on (what was recorded is kept)"
    reasons = []
    if change.get("recording") is False and have.get("recording"):
        reasons.append("would stop the recording: changes from then on are never known, and rules and Security Hub have nothing to judge")
    lost = _no_longer_recorded(have, change) if have else None
    if lost:
        reasons.append(f"would no longer record {lost}")
    days, kept = change.get("retention_period_in_days"), have.get("retention_period_in_days") or LONGEST_RETENTION
    if have and days and days < kept:
        reasons.append(f"would delete for good what was recorded more than {days} days ago, where {kept} days are kept now")
    return "; ".join(reasons) or None


def _no_longer_recorded(have, change):
    after = merged(OPTIONS, have, change)
    before, now = have["recording_strategy"], after["recording_strategy"]
    if before != now and now == INCLUSION:
        return f"anything but {', '.join(sorted(after['resource_types']))}"
    if before != now and now == EXCLUSION:
        return None if before == INCLUSION else ", ".join(sorted(after["exclusion_by_resource_types"]))
    if now == EXCLUSION:
        return ", ".join(sorted(set(after["exclusion_by_resource_types"]) - set(have["exclusion_by_resource_types"] or [])))
    if now == INCLUSION:
        return ", ".join(sorted(set(have["resource_types"] or []) - set(after["resource_types"])))
    return "users, groups, roles and policies of IAM" if have["include_global_resource_types"] and not after.get("include_global_resource_types") else None


def faults(entries, sheet):
    for index, entry in enumerate(entries):
        if entry.get("role") and entry.get("service_linked_role"):
            yield index, "role", "one_of", dict(value=entry["role"], other="role, service_linked_role")


# ---- the declaration

PUT = "PutConfigurationRecorder.ConfigurationRecorder"


def _types(path, **facts):
    return Option("list", "str", many=True, api=f"{PUT}.{path}", **facts)


def _overrides():
    api = f"{PUT}.recordingMode.recordingModeOverrides"
    options = dict(
        description=Option(api=f"{api}.description"),
        resource_types=Option("list", "str", required=True, api=f"{api}.resourceTypes", same=lambda one, other: set(one) == set(other)),
        recording_frequency=Option(required=True, api=f"{api}.recordingFrequency"),
    )
    return Option("list", "dict", clearable=True, options=options, same=as_named)


def _same_bucket(one, other):
    return _deliveries.bucket_name(one) == _deliveries.bucket_name(other)


OPTIONS = dict(
    name=Option(required=True, api=f"{PUT}.name"),
    role=ref("iam_roles"),
    service_linked_role=Option("bool"),
    recording_strategy=Option(api=f"{PUT}.recordingGroup.recordingStrategy.useOnly"),
    include_global_resource_types=Option("bool"),
    resource_types=_types("recordingGroup.resourceTypes"),
    exclusion_by_resource_types=_types("recordingGroup.exclusionByResourceTypes.resourceTypes"),
    recording_frequency=Option(api=f"{PUT}.recordingMode.recordingFrequency"),
    recording_mode_overrides=_overrides(),
    delivery_channel_name=Option(api="PutDeliveryChannel.DeliveryChannel.name"),
    s3_bucket_name=ref("s3_buckets", elsewhere=True, same=_same_bucket),
    s3_key_prefix=Option(clearable=True),
    s3_kms_key_arn=Option(clearable=True),
    sns_topic=ref("sns_topics", elsewhere=True, clearable=True),
    delivery_frequency=Option(clearable=True, api="PutDeliveryChannel.DeliveryChannel.configSnapshotDeliveryProperties.deliveryFrequency"),
    retention_period_in_days=Option("int", clearable=True, api="PutRetentionConfiguration.RetentionPeriodInDays"),
    recording=Option("bool"),
    tags=tags(),
)

KIND = Kind(
    name="config_configuration_recorder",
    identity=(),
    options=OPTIONS,
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    faults=faults,
    # The last one: a neighbour of the same run has just made the account's role.
    not_yet=(
        *_deliveries.NOT_YET,
        r"\((InvalidRoleException|NoSuchBucketException|NoAvailableConfigurationRecorderException)\)",
        r"CreateServiceLinkedRole operation.*has been taken in this account",
    ),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
