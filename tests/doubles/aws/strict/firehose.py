# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firehose: streams to S3 with states over time, the roles they take on, and destinations that are merged.

Source of each rule: the documentation strings of botocore's firehose model (named by operation or shape).
"""

from __future__ import annotations

from moto.firehose.models import FirehoseBackend

from .access import bucket_of, role_of, trusts
from .passing import Passing
from .rules import Refused, RuleBook

BOOK = RuleBook("firehose", invalid="InvalidArgumentException")
DEFAULTS = {
    "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
    "CompressionFormat": "UNCOMPRESSED",
    "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
    "CloudWatchLoggingOptions": {"Enabled": False},
    "S3BackupMode": "Disabled",
}
TOGETHER = ("SizeInMBs", "IntervalInSeconds")


class State(Passing):
    """CREATING for a few looks, then ACTIVE; DELETING for a few looks, then gone."""


def invalid(message):
    return Refused("InvalidArgumentException", message)


def stream_of(firehose, name):
    if name not in firehose.delivery_streams or status_of(firehose.delivery_streams[name]) == "GONE":
        raise Refused("ResourceNotFoundException", f"Firehose {name} under account {firehose.account_id} not found.")
    return firehose.delivery_streams[name]


def check_destination(firehose, destination):
    """ExtendedS3DestinationConfiguration, BufferingHints, CloudWatchLoggingOptions."""
    if "RoleARN" in destination:
        role = role_of(firehose.account_id, destination["RoleARN"])
        if role is None or not trusts(role, "firehose.amazonaws.com"):
            raise invalid(f"Firehose is unable to assume role {destination['RoleARN']}. Please check the role provided.")
    if "BucketARN" in destination and bucket_of(destination["BucketARN"].rpartition(":")[2]) is None:
        raise invalid(f"The bucket {destination['BucketARN']} does not exist")
    hints = destination.get("BufferingHints")
    if hints and not all(member in hints for member in TOGETHER):
        raise invalid("BufferingHints: SizeInMBs and IntervalInSeconds are specified together")
    logging = destination.get("CloudWatchLoggingOptions", {})
    if logging.get("Enabled") and not (logging.get("LogGroupName") and logging.get("LogStreamName")):
        raise invalid("LogGroupName and LogStreamName are required if CloudWatch logging is enabled")


@BOOK.rule("CreateDeliveryStream")
def a_new_stream_is_sound(firehose, DeliveryStreamName, ExtendedS3DestinationConfiguration, **_):
    """CreateDeliveryStream: ResourceInUseException while one of this name is there, also one that is being deleted."""
    there = firehose.delivery_streams.get(DeliveryStreamName)
    if there is not None and status_of(there) == "GONE":
        del firehose.delivery_streams[DeliveryStreamName]
    elif there is not None:
        raise Refused("ResourceInUseException", f"Firehose {DeliveryStreamName} under accountId {firehose.account_id} already exists")
    if ExtendedS3DestinationConfiguration:
        check_destination(firehose, ExtendedS3DestinationConfiguration)


@BOOK.after("CreateDeliveryStream")
def it_is_being_made(firehose, DeliveryStreamName, **_):
    """CreateDeliveryStream: "The initial status of the Firehose stream is CREATING. After ... its status is ACTIVE"."""
    stream = firehose.delivery_streams[DeliveryStreamName]
    stream.state = State()
    stream.state.be("CREATING", "ACTIVE")
    for destination in stream.destinations:
        destination.pop("S3", None)
        if "ExtendedS3" in destination:
            destination["ExtendedS3"] = {**DEFAULTS, **destination["ExtendedS3"]}


def status_of(stream):
    return vars(stream)["state"].state if "state" in vars(stream) else stream.delivery_stream_status


@BOOK.adds("DescribeDeliveryStream")
def describe_delivery_stream(firehose, DeliveryStreamName, **_):
    stream = stream_of(firehose, DeliveryStreamName)
    status = stream.state.look() if "state" in vars(stream) else stream.delivery_stream_status
    return {
        "DeliveryStreamDescription": {
            "DeliveryStreamName": DeliveryStreamName,
            "DeliveryStreamARN": stream.delivery_stream_arn,
            "DeliveryStreamStatus": status,
            "DeliveryStreamType": stream.delivery_stream_type,
            "VersionId": stream.version_id,
            "Destinations": [
                {"DestinationId": one["destination_id"], **{f"{kind}DestinationDescription": told for kind, told in one.items() if kind != "destination_id"}}
                for one in stream.destinations
            ],
            "HasMoreDestinations": False,
        }
    }


@BOOK.adds("ListDeliveryStreams")
def list_delivery_streams(firehose, Limit, ExclusiveStartDeliveryStreamName, DeliveryStreamType, **_):
    """ListDeliveryStreams: "in alphabetical order of their names", ten at once where no limit is said."""
    names = sorted(
        name for name, stream in firehose.delivery_streams.items() if status_of(stream) != "GONE" and DeliveryStreamType in (None, stream.delivery_stream_type)
    )
    rest = [name for name in names if name > (ExclusiveStartDeliveryStreamName or "")]
    return {"DeliveryStreamNames": rest[: Limit or 10], "HasMoreDeliveryStreams": len(rest) > (Limit or 10)}


@BOOK.rule("UpdateDestination")
def it_can_be_changed(firehose, DeliveryStreamName, ExtendedS3DestinationUpdate, **_):
    """UpdateDestination: ResourceInUseException: "The resource is already in use and not available for this operation"."""
    stream = stream_of(firehose, DeliveryStreamName)
    if status_of(stream) != "ACTIVE":
        raise Refused("ResourceInUseException", f"Firehose {DeliveryStreamName} is {status_of(stream)}")
    if ExtendedS3DestinationUpdate:
        check_destination(firehose, ExtendedS3DestinationUpdate)


@BOOK.after("UpdateDestination")
def only_the_extended_one_is_told(firehose, DeliveryStreamName, **_):
    for destination in firehose.delivery_streams[DeliveryStreamName].destinations:
        destination.pop("S3", None)


@BOOK.rule("DeleteDeliveryStream")
def it_can_be_deleted(firehose, DeliveryStreamName, **_):
    """DeleteDeliveryStream: "You can't delete a Firehose stream that is in the CREATING state"."""
    stream = stream_of(firehose, DeliveryStreamName)
    if status_of(stream) == "CREATING":
        raise Refused("ResourceInUseException", f"Firehose {DeliveryStreamName} is CREATING")


@BOOK.patch(FirehoseBackend, "delete_delivery_stream")
def it_goes_slowly(original, firehose, delivery_stream_name):
    """DeleteDeliveryStream: "it goes into the DELETING state" (in moto it is gone at once)."""
    stream = stream_of(firehose, delivery_stream_name)
    firehose.tagger.delete_all_tags_for_resource(stream.delivery_stream_arn)
    stream.state = State()
    stream.state.be("DELETING", "GONE")
