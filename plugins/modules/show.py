# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work is done on the controller, by the action plugin of the same name; the documentation lies in show.yml."""

from __future__ import annotations
