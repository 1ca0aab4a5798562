# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DLM's errors (service model: InvalidRequest-, LimitExceeded-, ResourceNotFoundException)."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class InvalidRequest(ServiceException):
    code = "InvalidRequestException"

    def __init__(self, message, required=(), exclusive=()):
        super().__init__(message)
        if required:
            self.required_parameters = list(required)
        if exclusive:
            self.mutually_exclusive_parameters = list(exclusive)


class LimitExceeded(ServiceException):
    code = "LimitExceededException"
    resource_type = "lifecycle policy"


class NotFound(ServiceException):
    code = "ResourceNotFoundException"
    resource_type = "lifecycle policy"

    def __init__(self, policy_id):
        super().__init__(f"Policy {policy_id} does not exist")
        self.resource_ids = [policy_id]
