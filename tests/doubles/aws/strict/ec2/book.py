# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The book itself, and what all chapters need."""

from __future__ import annotations

from ..rules import Refused, RuleBook

BOOK = RuleBook(
    "ec2",
    invalid="InvalidParameterValue",
    missing="MissingParameter",
    mismatch="IdempotentParameterMismatch",
)


def dependency(kind, thing):
    return Refused("DependencyViolation", f"The {kind} '{thing}' has dependencies and cannot be deleted.")


def invalid(message):
    return Refused("InvalidParameterValue", message)


def known(collection, key, code, kind):
    """The thing of that id, or the service's own NotFound."""
    if key not in collection:
        raise Refused(code, f"The {kind} ID '{key}' does not exist")
    return collection[key]


def all_subnets(ec2):
    return [subnet for by_zone in ec2.subnets.values() for subnet in by_zone.values()]


def subnet_of(ec2, subnet_id):
    return next((subnet for subnet in all_subnets(ec2) if subnet.id == subnet_id), None)


def all_groups(ec2):
    return [group for groups in ec2.groups.values() for group in groups.values()]


def live(instance):
    return instance.state != "terminated"


def all_instances(ec2):
    return [i for r in ec2.reservations.values() for i in r.instances if live(i)]


def forget_tags(ec2, *ids):
    """The tags of a thing go with it."""
    for one in ids:
        ec2.tags.pop(one, None)


def filters(model, **readers):
    """Filters of a Describe call that moto lacks for its `model`: name, with _ for -, → what it is compared with."""
    known_to_moto = model.get_filter_value

    def get_filter_value(self, name, method_name=None):
        reader = readers.get(name.replace("-", "_"))
        return reader(self) if reader else known_to_moto(self, name, method_name)

    model.get_filter_value = get_filter_value
