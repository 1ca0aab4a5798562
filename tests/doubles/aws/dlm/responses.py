# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request looks like on the wire, and what is answered."""

from __future__ import annotations

from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.utils import get_service_model

from ..strict import shapes
from .exceptions import InvalidRequest
from .models import dlm_backends


class DLMResponse(BaseResponse):
    def __init__(self):
        super().__init__(service_name="dlm")
        self.automated_parameter_parsing = True

    @property
    def backend(self):
        return dlm_backends[self.current_account][self.region]

    def checked(self):
        """The parameters, once they are as the service model wants them."""
        shape = get_service_model("dlm").operation_model(self._get_action()).input_shape
        values = shapes.given(self.params, shape)
        wrong = shapes.first_violation(shape, values)
        if wrong:
            path, problem = wrong
            required = [path] if problem == "is required" else []
            raise InvalidRequest(f"Invalid request: parameter {path} {problem}", required)
        return values

    def create_lifecycle_policy(self):
        return ActionResult({"PolicyId": self.backend.create(self.checked()).id})

    def get_lifecycle_policies(self):
        found = self.backend.search(self.checked())
        return ActionResult({"Policies": [policy.summary() for policy in found]})

    def get_lifecycle_policy(self):
        policy = self.backend.policy(self.checked()["PolicyId"])
        return ActionResult({"Policy": policy.details()})

    def update_lifecycle_policy(self):
        values = self.checked()
        self.backend.update(values.pop("PolicyId"), values)
        return EmptyResult()

    def delete_lifecycle_policy(self):
        self.backend.delete(self.checked()["PolicyId"])
        return EmptyResult()

    def tag_resource(self):
        values = self.checked()
        self.backend.by_arn(values["ResourceArn"]).tag(values["Tags"])
        return EmptyResult()

    def untag_resource(self):
        values = self.checked()
        self.backend.by_arn(values["ResourceArn"]).untag(values["TagKeys"])
        return EmptyResult()

    def list_tags_for_resource(self):
        policy = self.backend.by_arn(self.checked()["ResourceArn"])
        return ActionResult({"Tags": dict(policy.tags)})
