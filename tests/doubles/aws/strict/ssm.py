# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public parameters of Windows images, which moto lacks (EC2 guide for Windows, "Find Windows AMIs using Systems Manager")."""

from __future__ import annotations

import datetime
import re

from moto.ec2.models import ec2_backends
from moto.ssm.models import Parameter, ParameterDict

from .rules import RuleBook

WINDOWS = re.compile(r"/aws/service/ami-windows-latest/Windows_Server-(2016|2019|2022|2025)-(English|Japanese)-\w+-\w+")
_moto_loads = ParameterDict._check_loading_status


def also_windows(parameters, key):
    """Answers with one of moto's Windows images, whichever edition is asked for."""
    _moto_loads(parameters, key)
    name = str(key or "")
    if not WINDOWS.fullmatch(name) or dict.__contains__(parameters, name):
        return
    images = ec2_backends[parameters.account_id][parameters.region_name].amis.values()
    image = next(one for one in images if one.platform == "windows")
    made = datetime.datetime(2026, 1, 14, tzinfo=datetime.UTC)
    facts = dict(description=None, allowed_pattern=None, keyid=None, last_modified_date=made, version=1, data_type="aws:ec2:image")
    dict.__setitem__(parameters, name, [Parameter(parameters.account_id, name, image.id, "String", **facts)])


ParameterDict._check_loading_status = also_windows
BOOK = RuleBook("ssm")
