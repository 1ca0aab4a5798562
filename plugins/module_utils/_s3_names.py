# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that a new bucket can have. Private to the collection.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html. Buckets that were made before these rules have other names.
"""

from __future__ import annotations

import re

NAME = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.))*[a-z0-9]")
NAME_SIZES = (3, 63)
KEPT_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
OWN_END = "-an"
KEPT_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", OWN_END)
OWN_NAME = re.compile(rf".+-(\d{{12}})-([a-z]+(?:-[a-z]+)+-\d+){OWN_END}")


def own_place(name):
    """Account and Region of a bucket in an account's own namespace, whose names nobody else can have; None of any other."""
    found = OWN_NAME.fullmatch(name)
    return found.groups() if found else None


def wrong_name(name):
    """Why no new bucket can be called so, as a code and a limit, or None."""
    if not NAME_SIZES[0] <= len(name) <= NAME_SIZES[1]:
        return ("shortest", NAME_SIZES[0]) if len(name) < NAME_SIZES[0] else ("longest", NAME_SIZES[1])
    if not NAME.fullmatch(name):
        return "bucket_name", None
    start = next((start for start in KEPT_STARTS if name.startswith(start)), None)
    end = next((end for end in KEPT_ENDS if name.endswith(end) and not own_place(name)), None)
    return ("reserved_start", start) if start else ("reserved_end", end) if end else None
