# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request looks like on the wire, and what is answered."""

from __future__ import annotations

from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model

from ..strict import shapes
from .exceptions import InvalidInput
from .models import lightsail_backends

PAGE = 25


class LightsailResponse(BaseResponse):
    def __init__(self):
        super().__init__(service_name="lightsail")
        self.automated_parameter_parsing = True

    @property
    def backend(self):
        return lightsail_backends[self.current_account][self.region]

    def checked(self):
        """The parameters, once they are as the service model wants them."""
        shape = get_service_model("lightsail").operation_model(self._get_action()).input_shape
        values = shapes.given(self.params, shape)
        wrong = shapes.first_violation(shape, values)
        if wrong:
            raise InvalidInput(f"{wrong[0]}: {wrong[1]}")
        return values

    def paged(self, member, things):
        start = int(self.checked().get("pageToken") or 0)
        more = dict(nextPageToken=str(start + PAGE)) if len(things) > start + PAGE else {}
        return ActionResult({member: things[start : start + PAGE], **more})

    def create_instances(self):
        return ActionResult({"operations": [self.backend.create_instance(name, self.checked()) for name in self.checked()["instanceNames"]]})

    def get_instances(self):
        return self.paged("instances", [one.described() for one in self.backend.instances.values()])

    def put_alarm(self):
        return ActionResult({"operations": [self.backend.put_alarm(self.checked())]})

    def get_alarms(self):
        return self.paged("alarms", self.backend.search(self.checked()))

    def delete_alarm(self):
        return ActionResult({"operations": [self.backend.delete_alarm(self.checked()["alarmName"])]})

    def tag_resource(self):
        values = self.checked()
        return ActionResult({"operations": [self.backend.tag(values["resourceName"], values["tags"])]})

    def untag_resource(self):
        values = self.checked()
        return ActionResult({"operations": [self.backend.untag(values["resourceName"], values["tagKeys"])]})
