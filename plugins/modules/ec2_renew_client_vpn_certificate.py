#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from functools import partial

from ansible_collections.msp.aws.plugins.module_utils import _certificates, _client_vpn, _pem, _tags
from ansible_collections.msp.aws.plugins.module_utils._actions import Plan, Verb, drive, run
from ansible_collections.msp.aws.plugins.module_utils._names import Names
from ansible_collections.msp.aws.plugins.module_utils._options import Problem

NAME = "ec2_renew_client_vpn_certificate"


def plan(aws, params):
    names = Names(aws, {}, check_mode=False)
    endpoint = _client_vpn.endpoint(aws, names.id_of("ec2_client_vpn_endpoints", params["client_vpn_endpoint"]))
    old, new = endpoint["ServerCertificateArn"], names.id_of("acm_certificates", params["server_certificate"])
    label = _tags.name_and_tags(endpoint)["name"] or endpoint["ClientVpnEndpointId"]
    done = old == new
    return Plan(
        label=label,
        id=endpoint["ClientVpnEndpointId"],
        before={} if done else dict(server_certificate=old),
        after={} if done else dict(server_certificate=new),
        facts=dict(server_certificate=params["before"].get("server_certificate", old)),
        dangers=() if done else _dangers(aws, endpoint, new, label, params["clients_told"]),
    )


def _dangers(aws, endpoint, new, label, told):
    """What speaks against it is refused; whom it would lock out is a danger; who is connected right now is told beside, because it changes by the minute."""
    before, after = (_held(aws, arn) for arn in (endpoint["ServerCertificateArn"], new))
    _certificates.check_server(after[0])
    strange = _certificates.strange_to_profiles(before, after)
    if strange and not told:
        raise Problem(
            f"server_certificate: every profile that was handed out refuses it, because {strange}. Give the users profiles that take both first (those of "
            "ec2_client_vpn_client_configuration, with the new certificate's chain added to <ca>), and then say so: clients_told"
        )
    users = _client_vpn.sessions(aws, endpoint["ClientVpnEndpointId"])
    if users:
        aws.warn(f"{label}: {len(users)} are connected now ({', '.join(users)}): their sessions go on, and meet the new certificate when they connect again")
    dangers = [f"would lock out everybody who has no new profile, because {strange}"] if strange else []
    if after[0].not_valid_after_utc <= before[0].not_valid_after_utc:
        dangers.append(f"would take a certificate that ends on {after[0].not_valid_after_utc:%Y-%m-%d}, not after the present one")
    return tuple(dangers)


def _held(aws, arn):
    """The certificate and those above it, the way clients are shown them."""
    with aws.reading():
        found = aws.acm.get_certificate(CertificateArn=arn)
    return _pem.parsed(found["Certificate"]) + _pem.parsed(found.get("CertificateChain", ""))


def act(aws, params, planned):
    drive(aws, planned.label, partial(_client_vpn.endpoint, aws, planned.id), partial(_next_step, aws, planned.after["server_certificate"]))


def _next_step(aws, arn, endpoint):
    if endpoint is None:
        raise Problem("the endpoint is gone")
    if endpoint["ServerCertificateArn"] == arn:
        return None
    return partial(aws.ec2.modify_client_vpn_endpoint, ClientVpnEndpointId=endpoint["ClientVpnEndpointId"], ServerCertificateArn=arn)


VERB = Verb(
    name=NAME,
    options=dict(
        client_vpn_endpoint=dict(type="str", required=True),
        server_certificate=dict(type="str", required=True),
        clients_told=dict(type="bool", default=False),
    ),
    plan=plan,
    act=act,
)


def main():
    run(VERB)


if __name__ == "__main__":
    main()
