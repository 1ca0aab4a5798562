# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lightsail's errors (service model: InvalidInput-, NotFoundException)."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class InvalidInput(ServiceException):
    code = "InvalidInputException"


class NotFound(ServiceException):
    code = "NotFoundException"

    def __init__(self, kind, name):
        super().__init__(f"The {kind} does not exist: {name}")
