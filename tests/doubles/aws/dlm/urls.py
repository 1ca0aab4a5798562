# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where DLM answers."""

from __future__ import annotations

from .responses import DLMResponse

url_bases = [r"https?://dlm\.(.+)\.amazonaws\.com"]

url_paths = {
    "{0}/policies$": DLMResponse.dispatch,
    "{0}/policies/(?P<policy_id>[^/]+)$": DLMResponse.dispatch,
    "{0}/tags/(?P<resource_arn>.+)$": DLMResponse.dispatch,
}
