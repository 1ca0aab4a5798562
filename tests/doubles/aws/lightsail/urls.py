# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Lightsail answers."""

from __future__ import annotations

from .responses import LightsailResponse

url_bases = [r"https?://lightsail\.(.+)\.amazonaws\.com"]

url_paths = {"{0}/$": LightsailResponse.dispatch}
