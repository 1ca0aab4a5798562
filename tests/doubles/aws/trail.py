# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CloudTrail's event history tells of the calls: an event for every management write that was executed.

Written after "CloudTrail record contents" and "CloudTrail userIdentity element" of CloudTrail's user guide. A call is only kept
when it happens, and is told when somebody looks: most runs never ask. What is found in requests and answers follows rules over the
service models instead of a table of operations, so a service or an operation that is new needs no line here.
"""

from __future__ import annotations

import base64
import datetime
import functools
import io
import json
import re
import uuid
from dataclasses import dataclass, field

import botocore.session
from botocore.parsers import create_parser
from moto.core.utils import get_service_model, utcnow
from moto.iam import models as iam_models
from moto.sts import models as sts_models
from moto.utilities.utils import get_partition

from . import births, naming
from .strict import shapes

# Writes of what lies in a thing. They are data events, or logged nowhere; the event history has neither ("Data events").
DATA = {
    "cloudwatch": {"PutMetricData"},
    "logs": {"PutLogEvents"},
    "s3": {"DeleteObjects"},  # and all that name a Key
    "sns": {"Publish", "PublishBatch"},
    "sqs": {
        "SendMessage",
        "SendMessageBatch",
        "ReceiveMessage",
        "DeleteMessage",
        "DeleteMessageBatch",
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
    },
    "dynamodb": {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"},
    "lambda": {"Invoke", "InvokeAsync", "InvokeWithResponseStream"},
    "kinesis": {"PutRecord", "PutRecords"},
    "firehose": {"PutRecord", "PutRecordBatch"},
}
# S3 guide, "Amazon S3 CloudTrail events": the operations that are logged under another name
S3_EVENTS = {
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
}
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


@dataclass
class Told:
    """One event; `resources` holds (type, name) pairs, `record` what CloudTrailEvent says."""

    n: int
    account: str
    region: str
    time: datetime.datetime
    resources: list
    record: dict

    def entry(self):
        """As LookupEvents returns it."""
        identity = self.record["userIdentity"]
        return {
            "EventId": self.record["eventID"],
            "EventName": self.record["eventName"],
            "ReadOnly": json.dumps(self.record["readOnly"]),
            "AccessKeyId": identity["accessKeyId"],
            "EventTime": self.time,
            "EventSource": self.record["eventSource"],
            "Username": identity.get("userName") or identity["principalId"].partition(":")[2],
            "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in self.resources],
            "CloudTrailEvent": json.dumps(self.record),
        }


@dataclass
class Heard:
    """One call as it came in, and its answer once there is one."""

    named: naming.Named
    account: str
    identity: dict
    environ: dict
    body: bytes
    time: datetime.datetime = field(default_factory=lambda: utcnow().replace(microsecond=0))
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    answer: tuple | None = None


class Trail:
    """Every event of every account; it lives and goes with the double's record of calls."""

    def __init__(self):
        self._heard = []
        self._told = []
        self._arns = {}  # (account, type, name) -> the ARN that an answer gave, which has the path in it

    def clear(self):
        for kept in (self._heard, self._told, self._arns):
            kept.clear()

    def begin(self, environ, body, named):
        """What will be told of this call, or None. Before it is executed: afterwards the caller's own key may be gone."""
        if not is_management_write(named):
            return None
        account = iam_models.get_account_id_from(named.access_key)
        kept = {name: value for name, value in environ.items() if isinstance(value, str)}
        return Heard(named, account, identity_of(named, account), kept, body)

    def end(self, heard, answer):
        if heard is not None:
            heard.answer = answer
            self._heard.append(heard)

    def events(self, account, region):
        """The events that a lookup in this account and Region can find, newest first."""
        while self._heard:
            told = self.tell(self._heard.pop(0))
            if told is not None:
                self._told.append(told)
        mine = [told for told in self._told if (told.account, told.region) == (account, region)]
        return mine[::-1]

    # -- one event ------------------------------------------------------------------------------

    def tell(self, heard):
        named = heard.named
        model = get_service_model(named.service)
        if named.operation not in model.operation_names:
            return None
        operation = model.operation_model(named.operation)
        environ = {**heard.environ, "wsgi.input": io.BytesIO()}
        request, _shape = shapes.parameters(environ, heard.body, named)
        answer = parsed_answer(operation, named, heard.answer)
        region = region_of_events(named)
        record = {
            "eventVersion": "1.11",
            "userIdentity": heard.identity,
            "eventTime": iso(heard.time),
            "eventSource": f"{model.endpoint_prefix}.amazonaws.com",
            "eventName": S3_EVENTS.get(named.operation, named.operation),
            "awsRegion": region,
            "sourceIPAddress": heard.environ.get("REMOTE_ADDR", ""),
            "userAgent": heard.environ.get("HTTP_USER_AGENT", ""),
            **outcome(operation, named, answer),
            "requestParameters": spelled(operation.input_shape, request, named) or None,
            "responseElements": None,
            "requestID": answer["ResponseMetadata"].get("RequestId"),
            "eventID": heard.id,
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": heard.account,
            "eventCategory": "Management",
        }
        result = {k: v for k, v in answer.items() if k not in ("ResponseMetadata", "Error")} if "errorCode" not in record else {}
        record["responseElements"] = spelled(operation.output_shape, result, named, answer=True) or None
        asked = list(things(operation, operation.input_shape, request, 0))
        got = list(things(operation, operation.output_shape, result, 1))
        arns = [(kind, self.arn(kind, name, got, heard.account, region)) for kind, name in asked if kind in ARNS]
        found = list(dict.fromkeys([*asked, *got, *arns]))
        return Told(len(self._told) + 1, heard.account, region, heard.time, found, record)

    def arn(self, kind, name, got, account, region):
        """The ARN of what a request names: as an answer gave it, now or at its creation, or else as it is without a path."""
        given = next((arn for other, arn in got if other == kind and re.fullmatch(rf"arn:.*[:/]{re.escape(name)}", arn)), None)
        if given:
            self._arns[account, kind, name] = given
        made = ARNS[kind].format(partition=get_partition(region), region=region, account=account, name=name)
        return self._arns.get((account, kind, name), made)


TRAIL = Trail()  # one double, one history, as moto's backends are one world


# -- what is told at all --------------------------------------------------------------------------


def is_management_write(named):
    if not named.write or named.service == "?" or named.operation in DATA.get(named.service, ()):
        return False
    if named.service != "s3":
        return True
    shape = get_service_model("s3").operation_model(named.operation).input_shape
    return shape is None or "Key" not in shape.members


def region_of_events(named):
    """ "Global service events": they are where the service has its one endpoint, which is us-east-1 for nearly all."""
    return global_regions().get(named.service, named.region)


@functools.cache
def global_regions():
    found = {}
    for name, service in botocore.session.get_session().get_data("endpoints")["partitions"][0]["services"].items():
        place = service["endpoints"].get(service.get("partitionEndpoint"), {})
        if service.get("isRegionalized") is False and "credentialScope" in place:
            found[name] = place["credentialScope"]["region"]
    return found


# -- who ------------------------------------------------------------------------------------------


def identity_of(named, account):
    """userIdentity. A key that nobody was given is that of the user whom GetCallerIdentity names."""
    key = named.access_key
    common = {"accountId": account, "accessKeyId": key}
    session = assumed_role(key, account)
    if session is not None:
        return {**common, **session_identity(session, account)}
    user = user_of(key, account)
    arn = user.arn if user else f"arn:{get_partition(named.region)}:iam::{account}:user/moto"
    return {"type": "IAMUser", "principalId": user.id if user else key, "arn": arn, **common, "userName": user.name if user else "moto"}


def session_identity(session, account):
    name = session.role_arn.rpartition("/")[2]
    issuer = {"type": "Role", "principalId": session.user_id.partition(":")[0], "arn": session.role_arn, "accountId": account, "userName": name}
    attributes = {"creationDate": iso(session.access_key.create_date), "mfaAuthenticated": "false"}
    return {
        "type": "AssumedRole",
        "principalId": session.user_id,
        "arn": session.arn,
        "sessionContext": {"sessionIssuer": issuer, "attributes": attributes},
    }


def assumed_role(key, account):
    sessions = (session for backend in existing(sts_models.sts_backends, account) for session in backend.assumed_roles)
    return next((session for session in sessions if session.access_key_id == key), None)


def user_of(key, account):
    for backend in existing(iam_models.iam_backends, account):
        name = getattr(backend.access_keys.get(key), "user_name", None)
        if name in backend.users:
            return backend.users[name]
    return None


def existing(backends, account):
    """Only backends that somebody has used: to make one of IAM takes a second, and a call to another service needs none."""
    return [backend for backend in dict.values(dict.get(backends, account, {})) if not births.sleeps(backend)]


# -- what -----------------------------------------------------------------------------------------


def parsed_answer(operation, named, answer):
    status, headers, body = answer
    response = {"status_code": status, "headers": {k.lower(): v for k, v in dict(headers).items()}, "body": body, "context": {}}
    protocol = "smithy-rpc-v2-cbor" if named.protocol == "cbor" else named.protocol
    return create_parser(protocol).parse(response, operation.output_shape)


def outcome(operation, named, answer):
    """errorCode: EC2 says whose fault it was, the others give the exception's name in the model (NoSuchEntityException)."""
    if "Error" not in answer:
        return {}
    code = answer["Error"].get("Code", "")
    if named.protocol == "ec2":
        code = f"{'Server' if answer['ResponseMetadata']['HTTPStatusCode'] >= 500 else 'Client'}.{code}"
    else:
        code = next((shape.name for shape in operation.error_shapes if shape.error_code == code), code)
    return {"errorCode": code, "errorMessage": answer["Error"].get("Message")}


def spelled(shape, value, named, answer=False):
    """Parameters or response as CloudTrail spells them: members begin small, secrets are not told."""
    if value is None or shape is None:
        return None
    if shape.metadata.get("sensitive"):
        return HIDDEN
    if shape.type_name == "structure":
        members = ((name, shape.members[name], item) for name, item in value.items() if name in shape.members)
        return {member_name(name, member, named, answer): spelled(member, item, named, answer) for name, member, item in members}
    if shape.type_name == "map":
        return {key: spelled(shape.value, item, named, answer) for key, item in value.items()}
    if shape.type_name == "list":
        items = [spelled(shape.member, item, named, answer) for item in value]
        return {"items": items} if named.protocol == "ec2" else items
    return plain(value)


def member_name(name, member, named, answer):
    if named.service == "s3":
        return "bucketName" if name == "Bucket" else name
    if named.protocol == "ec2" and answer:
        return member.serialization.get("name", name)  # instancesSet
    return name[0].lower() + name[1:]


def plain(value):
    if isinstance(value, datetime.datetime):
        return iso(value)
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def iso(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


# -- which things ---------------------------------------------------------------------------------

MEMBER = re.compile(r"(?P<what>.*[a-z0-9])?(?P<how>Id|Identifier|Name|Arn|ARN)s?|(?P<bare>id|name|arn)s?|(?P<bucket>Bucket)")
NO_THING = re.compile(r"(?:Owner|Account|Attribute|AvailabilityZone|Client|Device|Dns|External|Metric|Region|Request|Requester|Service|Version)$")
EC2_ID = re.compile(r"(?P<kind>[a-z]+(?:-[a-z]+)*)-[0-9a-f]{8,17}")
ARN = re.compile(r"arn:[^:]+:(?P<service>[^:]+):[^:]*:[^:]*:(?P<rest>.+)")
KINDLESS = ("s3", "sns", "sqs")  # services whose ARNs end in the name alone

SEGMENTS = {"cloudwatch": "CloudWatch", "logs": "Logs", "lambda": "Lambda", "events": "Events", "cloudtrail": "CloudTrail"}
# The types of EC2's things by the beginning of their ids, where that is not the name of the type
EC2_TYPES = {
    "i": "Instance",
    "ami": "Ami",
    "vol": "Volume",
    "snap": "Snapshot",
    "vpc": "VPC",
    "subnet": "Subnet",
    "sg": "SecurityGroup",
    "sgr": "SecurityGroupRule",
    "acl": "NetworkAcl",
    "rtb": "RouteTable",
    "rtbassoc": "SubnetRouteTableAssociation",
    "igw": "InternetGateway",
    "vgw": "VPNGateway",
    "nat": "NatGateway",
    "eni": "NetworkInterface",
    "eipalloc": "EIP",
    "pcx": "VPCPeeringConnection",
    "vpce": "VPCEndpoint",
    "dopt": "DHCPOptions",
    "key": "KeyPair",
    "pl": "PrefixList",
}
TYPES = {"AWS::EC2::Key": "AWS::EC2::KeyPair", "AWS::EC2::Group": "AWS::EC2::SecurityGroup", "AWS::Logs::Filter": "AWS::Logs::MetricFilter"}
# Things that are told with their ARN although the call has only their name
ARNS = {
    "AWS::CloudWatch::Alarm": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",
    "AWS::IAM::Group": "arn:{partition}:iam::{account}:group/{name}",
    "AWS::IAM::InstanceProfile": "arn:{partition}:iam::{account}:instance-profile/{name}",
    "AWS::IAM::Role": "arn:{partition}:iam::{account}:role/{name}",
    "AWS::IAM::User": "arn:{partition}:iam::{account}:user/{name}",
}


def things(operation, shape, value, deep):
    """(type, name) of what a request or an answer names: members that end in Id, Name or Arn, EC2's ids wherever they are.

    Names that lie deeper than `deep` structures say how a thing is made, not which one it is.
    """
    for path, text in leaves(shape, value, ()):
        found = thing(operation, path, text, len(path) - 1 <= deep)
        if found:
            yield found


def leaves(shape, value, path):
    """(names of the members on the way, text) of every text that is no secret and no tag."""
    if value is None or shape is None or shape.metadata.get("sensitive"):
        return
    if shape.type_name == "structure":
        for name, item in value.items():
            if name in shape.members and not name.lower().startswith("tag"):
                yield from leaves(shape.members[name], item, (*path, name))
    elif shape.type_name == "list":
        for item in value:
            yield from leaves(shape.member, item, path)
    elif shape.type_name == "string" and path and value:
        yield path, str(value)


def thing(operation, path, text, near):
    service = operation.service_model.service_name
    ec2_id = EC2_ID.fullmatch(text) if service == "ec2" and path[-1] not in ("Value", "Description") else None
    if ec2_id:
        kind = EC2_TYPES.get(ec2_id["kind"])
        return (kind and f"AWS::EC2::{kind}", text)
    member = MEMBER.fullmatch(path[-1])
    what = member and (member["what"] or member["bucket"] or "")
    if member is None or NO_THING.search(what) or (service == "s3" and not member["bucket"]):
        return None
    if (member["how"] or member["bare"] or "").lower() == "arn":
        arn = ARN.fullmatch(text)
        return arn and (type_of_arn(arn, what), text)
    if not near or (service == "ec2" and member["how"] == "Id"):
        return None
    if not what:  # Name alone: of the thing that the answer holds, or that the operation is about
        what = path[-2] if len(path) > 1 else re.sub(r"^[A-Z][a-z]+", "", operation.name)
    return (type_of(service, what[0].upper() + what[1:]), text)


def type_of_arn(arn, what):
    """From the ARN itself where it says so; a resourceArn that does not leaves it open."""
    kind = re.match(r"([a-z-]+)[/:]", arn["rest"]) if arn["service"] not in KINDLESS else None
    if kind:
        return type_of(arn["service"], kind[1].title().replace("-", ""))
    return type_of(arn["service"], what) if what.lower() not in ("", "resource") else None


def type_of(service, what):
    name = f"AWS::{SEGMENTS.get(service, service.upper())}::{what}"
    return TYPES.get(name, name)
