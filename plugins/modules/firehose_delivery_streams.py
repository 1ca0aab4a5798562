#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _deliveries, _tags
from ansible_collections.msp.aws.plugins.module_utils._documents import deep, flat
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, fixed, ref, tags

SERVICE = "firehose.amazonaws.com"
KEY = "EncryptionConfiguration.KMSEncryptionConfig.AWSKMSKeyARN"
VALUES = dict(
    prefix="Prefix",
    error_output_prefix="ErrorOutputPrefix",
    compression_format="CompressionFormat",
    file_extension="FileExtension",
    custom_time_zone="CustomTimeZone",
    kms_key_arn=KEY,
)
BUFFER = dict(size_in_mbs="SizeInMBs", interval_in_seconds="IntervalInSeconds")
LOGGING = dict(enabled="Enabled", log_group="LogGroupName", log_stream_name="LogStreamName")
STRUCTURES = dict(buffering_hints=("BufferingHints", BUFFER), cloudwatch_logging_options=("CloudWatchLoggingOptions", LOGGING))
DESTINATION = {"role", "bucket", *VALUES, *STRUCTURES}


def find(aws, wanted):
    """Streams that are on their way out are gone: their names are free in a few minutes."""
    names = _names(aws)
    if wanted is not None:
        named = {entry.get("id") or entry["name"] for entry in wanted}
        names = [name for name in names if name in named]
    described = [aws.firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"] for name in names]
    return [_have(aws, stream) for stream in described if stream["DeliveryStreamStatus"] != "DELETING"]


def _names(aws):
    """The call knows no tokens: the next page begins after the last name."""
    names, more = [], True
    while more:
        after = dict(ExclusiveStartDeliveryStreamName=names[-1]) if names else {}
        page = aws.firehose.list_delivery_streams(Limit=1000, **after)
        names += page["DeliveryStreamNames"]
        more = page["HasMoreDeliveryStreams"] and page["DeliveryStreamNames"]
    return names


def _have(aws, stream):
    destination = stream["Destinations"][0] if stream.get("Destinations") else {}
    found = destination.get("ExtendedS3DestinationDescription") or {}
    bucket = found.get("BucketARN")
    return dict(
        id=stream["DeliveryStreamName"],
        name=stream["DeliveryStreamName"],
        role=found["RoleARN"].rpartition("/")[2] if found else None,
        bucket=_deliveries.as_reference(aws, bucket.rpartition(":")[2]) if bucket else None,
        **{option: value for option, value in flat(VALUES, found).items() if value != ""},
        **{option: flat(fields, found.get(member) or {}) or None for option, (member, fields) in STRUCTURES.items()},
        _destination=found,
        _destination_id=destination.get("DestinationId"),
        _version=stream["VersionId"],
        _status=stream["DeliveryStreamStatus"],
        _failure=stream.get("FailureDescription") or {},
    )


def read(aws, have, names):
    if "tags" not in names:
        return {}
    return dict(tags=_tags.as_dict(aws.firehose.list_tags_for_delivery_stream(DeliveryStreamName=have["name"], Limit=50)["Tags"]))


def create(aws, want):
    arguments = dict(Tags=_tags.as_list(want["tags"])) if want.get("tags") else {}
    destination = _configuration(aws, want["name"], {}, want)
    aws.firehose.create_delivery_stream(
        DeliveryStreamName=want["name"], DeliveryStreamType="DirectPut", ExtendedS3DestinationConfiguration=destination, **arguments
    )
    return dict(_have(aws, _active(aws, want["name"])), tags=want.get("tags", {}))


def _active(aws, name):
    """A stream takes nothing, and cannot be changed, before it is active."""

    def look():
        return aws.firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]

    stream = aws.wait(f"delivery stream {name}", look, lambda seen: seen["DeliveryStreamStatus"] != "CREATING", limit=300)
    if stream["DeliveryStreamStatus"] != "ACTIVE":
        failure = stream.get("FailureDescription") or {}
        raise Problem(f"is {stream['DeliveryStreamStatus']}: {failure.get('Type')} {failure.get('Details')}. Remove it with state: absent, then make it anew")
    return stream


def _said_by_firehose(aws, name):
    """Data Firehose guide, "Controlling access": the account is the ExternalId, and the stream is what it assumes the role for."""
    arn = f"arn:{aws.firehose.meta.partition}:firehose:{aws.firehose.meta.region_name}:{aws.account}:deliverystream/{name}"
    return {"sts:externalid": (aws.account,), "aws:sourceaccount": (aws.account,), "aws:sourcearn": (arn,)}


def _configuration(aws, name, found, change):
    """The members that the change names, each whole: AWS keeps of a destination what it is not told."""
    whole = deep({option: path for option, path in VALUES.items() if option != "kms_key_arn"}, {**change}, {})
    configuration = {member: value for member, value in whole.items() if value is not None}
    for option in ("prefix", "error_output_prefix", "file_extension", "custom_time_zone"):
        if option in change and change[option] is None:
            configuration[VALUES[option]] = ""
    for option, (member, fields) in STRUCTURES.items():
        if option in change:
            configuration[member] = deep(fields, change[option], found.get(member) or {})
    if change.get("kms_key_arn"):
        configuration["EncryptionConfiguration"] = dict(KMSEncryptionConfig=dict(AWSKMSKeyARN=change["kms_key_arn"]))
    elif "kms_key_arn" in change:
        configuration["EncryptionConfiguration"] = dict(NoEncryptionConfig="NoEncryption")
    if "bucket" in change:
        configuration["BucketARN"] = f"arn:{aws.firehose.meta.partition}:s3:::{_deliveries.bucket_name(change['bucket'])}"
    if "role" in change:
        configuration["RoleARN"] = _deliveries.trusted_role(aws, change["role"], SERVICE, _said_by_firehose(aws, name))
    return configuration


def update(aws, have, change):
    if DESTINATION & change.keys():
        with aws.reading():
            stream = _active(aws, have["name"]) if have["_status"] == "CREATING" else dict(VersionId=have["_version"])
        aws.firehose.update_destination(
            DeliveryStreamName=have["name"],
            CurrentDeliveryStreamVersionId=stream["VersionId"],
            DestinationId=have["_destination_id"],
            ExtendedS3DestinationUpdate=_configuration(aws, have["name"], have["_destination"], change),
        )
    _tags.write(have, change, aws.firehose.tag_delivery_stream, aws.firehose.untag_delivery_stream, DeliveryStreamName=have["name"])


def delete(aws, have):
    aws.firehose.delete_delivery_stream(DeliveryStreamName=have["name"])


def refuse(want, have, change):
    if have and have["_status"] not in ("ACTIVE", "CREATING"):
        raise Problem(f"is {have['_status']}: {have['_failure'].get('Details')}. Remove it with state: absent, then make it anew")
    if have and not have["_destination"] and DESTINATION & change.keys():
        raise Problem("this stream delivers to something else than a bucket: leave it out of the sheet, or make another one")
    buffer = change.get("buffering_hints")
    if buffer and len([value for value in buffer.values() if value is not None]) < len(BUFFER):
        raise Problem(f"buffering_hints: AWS takes {' and '.join(BUFFER)} only together")


def danger(have, change):
    if not have:
        return None
    if not change:
        return "would be deleted with the logs that it has not delivered yet, and what is sent to it from then on would be lost"
    reasons = []
    if "bucket" in change:
        reasons.append(f"would deliver to {change['bucket']} from now on, and nothing more to {have['bucket']}")
    if "kms_key_arn" in change and have.get("kms_key_arn"):
        reasons.append(f"would no longer encrypt what it delivers with {have['kms_key_arn']}")
    return " and ".join(reasons) or None


API = "CreateDeliveryStream.ExtendedS3DestinationConfiguration"
KIND = Kind(
    name="firehose_delivery_streams",
    identity=("name",),
    options=dict(
        name=fixed(api="CreateDeliveryStream.DeliveryStreamName"),
        role=ref("iam_roles", required=True),
        bucket=ref("s3_buckets", required=True, elsewhere=True),
        prefix=Option(clearable=True, api=f"{API}.Prefix"),
        error_output_prefix=Option(clearable=True, api=f"{API}.ErrorOutputPrefix"),
        buffering_hints=Option(
            "dict",
            options=dict(
                size_in_mbs=Option("int", api=f"{API}.BufferingHints.SizeInMBs"),
                interval_in_seconds=Option("int", api=f"{API}.BufferingHints.IntervalInSeconds"),
            ),
        ),
        compression_format=Option(api=f"{API}.CompressionFormat"),
        file_extension=Option(clearable=True, api=f"{API}.FileExtension"),
        custom_time_zone=Option(clearable=True, api=f"{API}.CustomTimeZone"),
        kms_key_arn=Option(clearable=True, api=f"{API}.{KEY}"),
        cloudwatch_logging_options=Option(
            "dict",
            options=dict(
                enabled=Option("bool"),
                log_group=ref("logs_log_groups"),
                log_stream_name=Option(api=f"{API}.CloudWatchLoggingOptions.LogStreamName"),
            ),
        ),
        tags=tags(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    refuse=refuse,
    danger=danger,
    # A role made a moment ago is not known everywhere; a stream of this name may still be on its way out, or in another change.
    not_yet=(r"unable to assume role", r"\(ResourceInUseException\)", r"\(ConcurrentModificationException\)"),
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
