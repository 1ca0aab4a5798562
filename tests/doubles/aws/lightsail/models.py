# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances and alarms of one account and Region.

Source of each rule: the documentation strings of botocore's lightsail model (PutAlarm and its members).
"""

from __future__ import annotations

import copy

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.common_models import BaseModel
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from .exceptions import InvalidInput, NotFound

OF_AN_INSTANCE = {
    "BurstCapacityPercentage",
    "BurstCapacityTime",
    "CPUUtilization",
    "NetworkIn",
    "NetworkOut",
    "StatusCheckFailed",
    "StatusCheckFailed_Instance",
    "StatusCheckFailed_System",
    "DiskReadOps",
    "DiskWriteOps",
    "DiskReadBytes",
    "DiskWriteBytes",
    "DiskTotalReadTime",
    "DiskTotalWriteTime",
    "DiskQueueLength",
}
PER_METRIC, PERIODS, TAGS = 2, 288, 50
TOLD = ("comparisonOperator", "evaluationPeriods", "threshold", "metricName", "contactProtocols", "notificationTriggers", "datapointsToAlarm")


class Thing(BaseModel):
    def __init__(self, backend, kind, name):
        self.name = name
        self.kind = kind
        self.arn = f"arn:{backend.partition}:lightsail:{backend.region_name}:{backend.account_id}:{kind}/{mock_random.uuid4()}"
        self.created = utcnow().replace(microsecond=0)
        self.region = backend.region_name
        self.tags = {}

    def described(self):
        tags = [dict(key=key, value=value) for key, value in self.tags.items()]
        where = dict(availabilityZone="all", regionName=self.region)
        return dict(name=self.name, arn=self.arn, createdAt=self.created, location=where, resourceType=self.kind, tags=tags)


class Instance(Thing):
    def __init__(self, backend, name, values):
        super().__init__(backend, "Instance", name)
        self.blueprint = values["blueprintId"]
        self.bundle = values["bundleId"]

    def described(self):
        return dict(super().described(), blueprintId=self.blueprint, bundleId=self.bundle, hardware=dict(cpuCount=2, ramSizeInGb=1.0))


class Alarm(Thing):
    def __init__(self, backend, name):
        super().__init__(backend, "Alarm", name)
        self.values = {}

    def put(self, values):
        """PutAlarm: "the update completely overwrites the previous configuration"; tags are those of the creation."""
        self.values = dict(dict(treatMissingData="missing", notificationEnabled=True, datapointsToAlarm=values["evaluationPeriods"]), **values)

    def described(self):
        values = self.values
        watched = dict(name=values["monitoredResourceName"], resourceType="Instance")
        more = {name: values[name] for name in (*TOLD, "treatMissingData", "notificationEnabled") if name in values}
        return dict(super().described(), monitoredResourceInfo=watched, period=300, state="INSUFFICIENT_DATA", **copy.deepcopy(more))


class LightsailBackend(BaseBackend):
    def __init__(self, region_name, account_id):
        super().__init__(region_name, account_id)
        self.instances = {}
        self.alarms = {}

    def create_instance(self, name, values):
        if name in self.instances:
            raise InvalidInput(f"Some names are already in use: {name}")
        self.instances[name] = Instance(self, name, values)
        return self._operation("CreateInstance", name, "Instance")

    def put_alarm(self, values):
        values = copy.deepcopy(values)
        name, tags = values.pop("alarmName"), values.pop("tags", ())
        self._check(name, values)
        if name not in self.alarms:
            self.alarms[name] = Alarm(self, name)
            self.tag(name, tags)
        self.alarms[name].put(values)
        return self._operation("PutAlarm", name, "Alarm")

    def _check(self, name, values):
        watched, metric = values["monitoredResourceName"], values["metricName"]
        if watched not in self.instances:
            raise NotFound("resource", watched)
        if metric not in OF_AN_INSTANCE:
            raise InvalidInput(f"metricName: {metric} is not available for instances")
        others = [one for one in self.alarms.values() if one.name != name]
        if sum((one.values["monitoredResourceName"], one.values["metricName"]) == (watched, metric) for one in others) >= PER_METRIC:
            raise InvalidInput(f"You can configure up to {PER_METRIC} alarms per metric: {watched} {metric}")
        if not 1 <= values["evaluationPeriods"] <= PERIODS:
            raise InvalidInput(f"evaluationPeriods must be between 1 and {PERIODS}")
        if not 1 <= values.get("datapointsToAlarm", 1) <= values["evaluationPeriods"]:
            raise InvalidInput("datapointsToAlarm must be between 1 and evaluationPeriods")
        if "ALARM" not in values.get("notificationTriggers", ["ALARM"]):
            raise InvalidInput("notificationTriggers: the ALARM state must be specified")

    def search(self, wanted):
        name, watched = wanted.get("alarmName"), wanted.get("monitoredResourceName")
        if name is not None and name not in self.alarms:
            raise NotFound("Alarm", name)
        found = [one.described() for one in self.alarms.values()]
        return [one for one in found if name in (None, one["name"]) and watched in (None, one["monitoredResourceInfo"]["name"])]

    def delete_alarm(self, name):
        if name not in self.alarms:
            raise NotFound("Alarm", name)
        del self.alarms[name]
        return self._operation("DeleteAlarm", name, "Alarm")

    def _thing(self, name):
        thing = self.alarms.get(name) or self.instances.get(name)
        if thing is None:
            raise NotFound("resource", name)
        return thing

    def tag(self, name, tags):
        merged = dict(self._thing(name).tags, **{tag["key"]: tag.get("value", "") for tag in tags})
        if len(merged) > TAGS:
            raise InvalidInput(f"A resource has at most {TAGS} tags")
        self._thing(name).tags = merged
        return self._operation("TagResource", name, self._thing(name).kind)

    def untag(self, name, keys):
        for key in keys:
            self._thing(name).tags.pop(key, None)
        return self._operation("UntagResource", name, self._thing(name).kind)

    def _operation(self, kind, name, of):
        told = dict(operationType=kind, resourceName=name, resourceType=of, status="Succeeded", isTerminal=True)
        return dict(told, id=str(mock_random.uuid4()), createdAt=utcnow().replace(microsecond=0))


lightsail_backends = BackendDict(LightsailBackend, "lightsail")
