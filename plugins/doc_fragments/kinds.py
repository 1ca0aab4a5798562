# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What all modules that keep a kind of thing as the sheet says have in common; and the account, of those that talk to AWS."""

    DOCUMENTATION = r"""
options:
  state:
    description:
      - V(present) makes the account as the entries say. An entry with its own O(ignore:state=absent) is removed.
      - V(gathered) changes nothing and returns what is there in the form of the entries. Without entries it returns all.
    type: str
    choices: [present, gathered]
    default: present
  sheet_names:
    description:
      - Names that the sheet gives to things of other kinds, as a dictionary from kind to names.
      - In check mode a reference to one that does not exist yet is shown as known after apply instead of being an error.
      - The filter P(msp.aws.sheet_names#filter) makes it of a sheet.
    type: dict
    default: {}
  neighbours:
    description:
      - The other contracts of the same run, as a dictionary from inventory host to kind to label to id. An empty id stands for what that run will make.
      - A reference to something in another account or Region can then be written as C(host:name) instead of its id.
      - The filter P(msp.aws.neighbour_ids#filter) makes it of what the hosts of a run know.
    type: dict
    default: {}
  touched:
    description:
      - What the same run has made, changed or removed before, as a dictionary from kind to ids.
      - A plan (check mode) of a removal finds all of that still there. What is named here it does not take for what stands in the way.
      - The filter P(msp.aws.touched#filter) makes it of the results that the roles registered.
    type: dict
    default: {}
  confirm:
    description:
      - What may be destroyed, interrupted or bought in this run, each as kind/entry, such as V(ec2_subnets/acme/acme-a).
      - A plan (check mode) needs no confirmation and says which one the run will ask for.
    type: list
    elements: str
    default: []
  wait:
    description:
      - Whether to wait until AWS has made what takes it minutes. An entry that is not waited for is told as RV(ignore:entries[].awaited).
      - What has to be changed once more after it was made is waited for all the same.
      - A later run goes on from there, and with O(wait=true) waits for it.
    type: bool
    default: true
attributes:
  check_mode:
    description: Predicts exactly what a run would do. No writing call can leave in check mode.
    support: full
  diff_mode:
    description: Shows what was and what will be, option by option, with names instead of ids.
    support: full
notes:
  - What an entry does not name is left alone. No option has a default; on creation the service's own default applies.
  - A list of independent things can be given as a plain list, which adds, or as a dictionary of add, remove and set.
    Only set takes away what it does not name.
  - Instead of a list the entries can be given as JSON, in which Ansible does not look for templates value by value. With thousands of them that saves seconds.
  - One bad entry does not keep the others from being done. The task fails at the end and names each.
requirements:
  - python >= 3.11
"""

    ACCOUNT = r"""
options:
  account_id:
    description:
      - The AWS account of the contract. When the credentials belong to another one, nothing is read and nothing is done.
    type: str
"""
