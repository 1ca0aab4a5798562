# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Law 4 as the double sees it: which objects a change of one entry moved, and what of the entry's own."""

from __future__ import annotations

import re

# What AWS moves in a thing with an option that was named, by another name and with a value of its own, and where it notes when and how far that is.
# Each kind has its own: what is not said here stays as it is, whatever it is called.
MOVES_ALONG = dict(
    autoscaling_groups=r"^autoscaling_groups\.(instance_states\.instance_id|provided_launch_template_version)$",  # it launches anew, of that version
    cloudtrail_trails=r"cw_log_group_arn$|^trails\.status\.stopped$",  # the log group with :* behind it, and when the recording was stopped
    cloudwatch_alarms=r"given\.ActionsEnabled$|^alarms\.configuration_updated_timestamp$",  # a put says all of it
    directconnect_hosted_connections=r"^connections\.settled$",
    directconnect_hosted_virtual_interfaces=r"amazon_side_asn$|^interfaces\.settled$",  # that of the gateway it leads to
    dlm_lifecycle_policies=r"^policies\.modified$",
    ec2_client_vpn_endpoints=r"associations\.",  # of its target networks
    ec2_elastic_ips=r"\.eni$|^addresses\.association_id$",
    # A change is a new version.
    ec2_launch_templates=r"^launch_templates\.(default_version_number|versions\.(create_time|number|data\.TagSpecifications\.ResourceType))$",
    ec2_nat_gateways=r"address_set\.",  # with its secondary addresses
    ec2_network_acls=r"^network_acls\._associations\.aclassoc-\w+\.(id|new_association_id)$",  # of its subnets
    ec2_network_interfaces=r"^enis\.(attach_time|status)$",
    # Once accepted it is at the default table.
    ec2_transit_gateway_attachment_accepters=r"^transit_gateway_attachments\.(settled|association\.(settled|table_id))$",
    ec2_transit_gateways=r"options\.\w+DefaultRouteTableId$",  # of the table that is the default
    ec2_volumes=r"^volumes\.modifications\.(start|end)_time$",
    ec2_vpc_endpoint_services=r"configurations\.dns\.",  # how a private name is to be verified
    ec2_vpc_endpoints=r"network_interface_ids$",  # one in each subnet
    ec2_vpc_peering_connections=r"^vpc_pcxs\._status\.(code|message)$",
    ec2_vpcs=r"^vpcs\._cidr_block_association_set\.vpc-cidr-assoc-\w+\.(association_id|cidr_block_state\.state|ipv6_pool)$",  # of its blocks
    elbv2_target_groups=r"^target_groups\._draining\.",  # what is taken out is seen to leave for a while
    elbv2_trust_stores=r"trust_stores\.(last$|lists\.)",  # its lists by their numbers, and the newest one
    firehose_delivery_streams=r"EncryptionConfiguration\.|^delivery_streams\.(last_update_timestamp|version_id)$",
    iam_access_keys=r"^secrets\.last_changed_date$",  # of the secret that keeps it
    lambda_event_source_mappings=r"^_event_source_mappings\.last_modified$",
    lambda_functions=r"\.code_|event_invoke_config\.(arn|last_modified)$",  # what the hash is of, and whose configuration it is
    mackerel_monitors=r"maxCheckAttempts$",  # a put says all of it
    networkfirewall_firewall_policies=r"^policies\.token$",
    networkfirewall_firewalls=r"^firewalls\.token$",
    networkfirewall_rule_groups=r"consumed$|^rule_groups\.token$",  # the capacity that its rules take
    secretsmanager_secrets=r"^secrets\.last_changed_date$",
    sns_topics=r"_policy_json\.Statement",  # of the services that may publish
)


def leaves(value):
    """Every text in it."""
    if isinstance(value, dict):
        return {text for key, inner in value.items() for text in leaves(key) | leaves(inner)}
    if isinstance(value, list):
        return {text for inner in value for text in leaves(inner)}
    return {text for part in [value] if isinstance(part, str) for text in {part, re.split("[/:]", part)[-1]} - {""}}


def related(words, state):
    """With the ids of the objects that hold one of the words."""
    return words | {path.rpartition("/")[2] for path, thing in state.items() if words & leaves(thing)}


def assert_nothing_foreign_moved(before, after, words):
    """An object that has nothing to do with the entry is what it was, byte for byte.

    To do with it have those that hold one of the words: its id, its name, what it named or names, and the ids of all these.
    """
    words = related(words, after)
    for path in before.keys() | after.keys():
        if before.get(path) != after.get(path):
            assert words & leaves([path, before.get(path), after.get(path)]), f"{path} moved, which has nothing to do with {words}"


def assert_only_what_is_named_moved(kind, own, about, before, after):
    """Of the entry's own objects each value that moved is called as an option that was named, or is what one says; all else is what it was, byte for byte.

    own    the id and the name of the thing
    about  what the named options said, were and are
    """
    called, said = names_in(about, kind.options), related(leaves(about) | set(scalars(about)), after)
    for path in before.keys() & after.keys():
        if before[path] == after[path] or not own & leaves(path.split("/")):
            continue
        # What says nothing, such as a default that is written out, takes nothing away: what stood there before is told itself.
        old, new = ([one for one in flat(thing) if one[1] not in (None, "", False, 0)] for thing in (before[path], after[path]))
        for where, value in [one for one in old if one not in new] + [one for one in new if one not in old]:
            place = ".".join([*path.split("/")[3:4], *where])
            parts = [bare(part) for part in [*path.split("/")[3:], *where]]
            by_name = any(name in part or (len(part) > 3 and part in name) for name in called for part in parts)
            by_value = not isinstance(value, bool) and (str(value) in said or bool(leaves(value) & said))
            along = re.search(MOVES_ALONG.get(kind.name, "^$"), place)
            assert by_name or by_value or along, f"{kind.name}: {place} moved ({value!r}), which nobody named"


def flat(value, path=()):
    """Each value that is no container, with where it stands; lists have no places."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, (*path, str(key)))
    elif isinstance(value, list):
        for inner in value:
            yield from flat(inner, path)
    else:
        yield path, value


def scalars(value):
    return [str(one) for dummy, one in flat(value) if one is not None and not isinstance(one, bool)]


def bare(word):
    return re.sub(r"[^a-z0-9]", "", word.lower())


def names_in(about, options):
    """What the named options are called, in the sheet and by the service."""
    found = set()
    for name, value in [pair for one in about for pair in one.items()]:
        found |= {bare(name), *(bare(part) for where, dummy in flat(value) for part in where)}
        if name in options and options[name].api:
            found.add(bare(options[name].api.rpartition(".")[2]))
    return found
