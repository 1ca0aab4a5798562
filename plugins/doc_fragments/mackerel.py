# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What all modules that talk to Mackerel have in common."""

    DOCUMENTATION = r"""
options:
  mackerel_api_key:
    description:
      - An API key of the organization, made in Mackerel's web console. A plan needs Read, a run Read and Write.
      - Without it the environment variable E(MACKEREL_APIKEY) is used.
    type: str
    required: true
  mackerel_api_base:
    description:
      - Where Mackerel's API is, when it is not C(https://api.mackerelio.com).
      - Without it the environment variable E(MACKEREL_APIBASE) is used.
    type: str
  mackerel_organization:
    description:
      - The name of the organization of the contract. When the key belongs to another one, nothing else is read and nothing is done.
    type: str
requirements:
  - urllib3
notes:
  - Reads are tried again when Mackerel is busy; a write is sent once, and after a lost answer it is looked what became of it.
"""
