#!/usr/bin/python
# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.msp.aws.plugins.module_utils import _elbv2
from ansible_collections.msp.aws.plugins.module_utils._client import AWS_ERRORS, code_of, explain
from ansible_collections.msp.aws.plugins.module_utils._engine import run
from ansible_collections.msp.aws.plugins.module_utils._kinds import Kind
from ansible_collections.msp.aws.plugins.module_utils._options import Option, Problem, ref, refs, tags

# The one listener of a Gateway Load Balancer takes every port, and AWS tells none.
EVERY_PORT = 0
ENCRYPTED = ("HTTPS", "TLS")
VERIFY = "verify"
VALUES = dict(protocol="Protocol", ssl_policy="SslPolicy")
CERTIFICATES = ("CertificateNotFound", "UnsupportedCertificate")


# ---- what is there


def find(aws, wanted):
    found = _elbv2.listeners(aws, _elbv2.balancers_of(aws, wanted))
    asked = None if wanted is None else {entry.get("id") or (entry["load_balancer"], entry["port"]) for entry in wanted}
    mine = [one for one in found if asked is None or {one["ListenerArn"], _key(one)} & asked]
    tagged = _elbv2.tags_of(aws, [one["ListenerArn"] for one in mine])
    return [_have(one, tagged.get(one["ListenerArn"], {})) for one in found]


def _key(listener):
    return listener["LoadBalancerArn"], listener.get("Port") or EVERY_PORT


def _have(listener, tagged):
    balancer, port = _key(listener)
    certificates = listener.get("Certificates") or []
    return dict(
        id=listener["ListenerArn"],
        load_balancer=balancer,
        port=port,
        certificate=certificates[0]["CertificateArn"] if certificates else None,
        alpn_policy=(listener.get("AlpnPolicy") or [None])[0],
        mutual_authentication=_elbv2.to_sheet(MUTUAL, listener.get("MutualAuthentication") or {}),
        default_actions=_elbv2.actions_of(listener.get("DefaultActions", [])),
        tags=tagged,
        _actions=listener.get("DefaultActions", []),
        **{option: listener.get(member) for option, member in VALUES.items()},
    )


def read(aws, have, names):
    found = {}
    if "additional_certificates" in names and have["protocol"] in ENCRYPTED:
        listed = aws.pages("elbv2", "describe_listener_certificates", "Certificates", ListenerArn=have["id"])
        found["additional_certificates"] = [one["CertificateArn"] for one in listed if not one.get("IsDefault")]
    if "attributes" in names:
        found["attributes"] = _attributes(aws, have["id"])
    return found


def _attributes(aws, arn):
    return _elbv2.by_key(aws.elbv2.describe_listener_attributes(ListenerArn=arn)["Attributes"])


# ---- writing


def create(aws, want):
    """Further certificates and attributes come afterwards."""
    arguments = dict(_settings(want), DefaultActions=_elbv2.written(want["default_actions"]), **_elbv2.tagged(want.get("tags", {})))
    if want["port"] != EVERY_PORT:
        arguments["Port"] = want["port"]
    listener = _certified(aws, want, aws.elbv2.create_listener, LoadBalancerArn=want["load_balancer"], **arguments)["Listeners"][0]
    with aws.reading():
        return dict(_have(listener, want.get("tags", {})), additional_certificates=[], attributes=_attributes(aws, listener["ListenerArn"]))


def _settings(change):
    arguments = {member: change[option] for option, member in VALUES.items() if option in change}
    if "certificate" in change:
        arguments["Certificates"] = [dict(CertificateArn=change["certificate"])]
    if "alpn_policy" in change:
        arguments["AlpnPolicy"] = [change["alpn_policy"]]
    if "mutual_authentication" in change:
        arguments["MutualAuthentication"] = _elbv2.to_aws(MUTUAL, change["mutual_authentication"])
    return arguments


def _certified(aws, change, call, **arguments):
    """AWS does not say what is wrong with a certificate; what ACM says of it is told too."""
    try:
        return call(**arguments)
    except AWS_ERRORS as error:
        if code_of(error) not in CERTIFICATES or not str(change.get("certificate")).split(":")[2:3] == ["acm"]:
            raise
        said = explain(error, aws.last_call)
        with aws.reading():
            state = _state_of(aws, change["certificate"])
        raise Problem(f"{said}. {state}") from error


def _state_of(aws, arn):
    try:
        certificate = aws.acm.describe_certificate(CertificateArn=arn)["Certificate"]
    except AWS_ERRORS as error:
        return f"ACM says of {arn}: {code_of(error)}"
    records = [one["ResourceRecord"] for one in certificate.get("DomainValidationOptions", []) if one.get("ResourceRecord")]
    pending = "".join(f"; DNS needs {one['Name']} {one['Type']} {one['Value']}" for one in records) if certificate["Status"] == "PENDING_VALIDATION" else ""
    return f"ACM says of {arn}: {certificate['Status']}{pending}"


def update(aws, have, change):
    """New certificates come before old ones go, so that there is always one to show."""
    which, certificates = dict(ListenerArn=have["id"]), change.get("additional_certificates")
    for arn in certificates.add if certificates else ():
        _certified(aws, dict(certificate=arn), aws.elbv2.add_listener_certificates, **which, Certificates=[dict(CertificateArn=arn)])
    arguments = _settings(change)
    if "default_actions" in change:
        arguments["DefaultActions"] = _elbv2.written(change["default_actions"], have["_actions"])
    if "port" in change:
        arguments["Port"] = change["port"]
    if arguments:
        _certified(aws, change, aws.elbv2.modify_listener, **which, **arguments)
    for arn in certificates.remove if certificates else ():
        aws.elbv2.remove_listener_certificates(**which, Certificates=[dict(CertificateArn=arn)])
    if "attributes" in change:
        aws.elbv2.modify_listener_attributes(**which, Attributes=_elbv2.as_attributes(change["attributes"]))
    _elbv2.update_tags(aws, have, change)


def delete(aws, have):
    aws.elbv2.delete_listener(ListenerArn=have["id"])


# ---- what is dangerous or wrong


def danger(have, change):
    if not have:
        return None
    if not change:
        return f"would be deleted with its rules; nobody would answer on port {have['port']} any more"
    reasons = []
    if "port" in change:
        reasons.append(f"would listen on port {change['port']} and no longer on {have['port']}")
    if "protocol" in change:
        reasons.append(f"would speak {change['protocol']} instead of {have['protocol']} to its clients")
    if "ssl_policy" in change:
        reasons.append(f"would turn clients away that speak what {have['ssl_policy']} allows and {change['ssl_policy']} does not")
    if "mutual_authentication" in change:
        reasons.append("would ask clients for certificates in another way than now")
    if "default_actions" in change:
        reasons.append("would lead requests that no rule is for elsewhere, from one moment to the next")
    gone = change["additional_certificates"].remove if "additional_certificates" in change else []
    if gone:
        reasons.append(f"would no longer show {', '.join(gone)} to clients that ask for their names")
    return " and ".join(reasons) or None


def refuse(want, have, change):
    after = {**have, **change}
    if not have and (want["port"] == EVERY_PORT) == ("protocol" in want):
        raise Problem(f"write a protocol; only the listener of a Gateway Load Balancer has none, and its port is {EVERY_PORT}")
    if change.get("protocol", have.get("protocol")) in ENCRYPTED and not after.get("certificate"):
        raise Problem(f"{after['protocol']} needs a certificate")
    if have and change.get("protocol") in ENCRYPTED and have["protocol"] not in ENCRYPTED and "ssl_policy" not in change:
        raise Problem(f"to become {change['protocol']} it needs an ssl_policy")
    _refuse_mutual(want.get("mutual_authentication") or {}, after.get("mutual_authentication") or {})
    certificates = change.get("additional_certificates")
    if certificates and certificates.add and after.get("protocol") not in ENCRYPTED:
        raise Problem(f"additional_certificates: {after.get('protocol')} has none")
    fault = _elbv2.action_problem(change.get("default_actions"))
    if fault:
        raise Problem(f"default_actions: {fault}")


def _refuse_mutual(said, after):
    if after.get("mode") == VERIFY and not after.get("trust_store"):
        raise Problem(f"mutual_authentication: {VERIFY} needs a trust_store")
    more = sorted(said.keys() - {"mode"})
    if after.get("mode") != VERIFY and more:
        raise Problem(f"mutual_authentication: {', '.join(more)} belongs to the mode {VERIFY}, and this is {after.get('mode')}")


def _of_its_mode(mutual):
    """Only one mode has a trust store and what goes with it: with another mode they go."""
    return mutual if mutual.get("mode") == VERIFY else {name: value for name, value in mutual.items() if name == "mode"}


def faults(entries, sheet):
    """One place where the default actions lead; certificates where the protocol has some."""
    for index, entry in enumerate(entries):
        for code, facts in _elbv2.action_faults(entry.get("default_actions")):
            yield index, "default_actions", code, facts
        if entry.get("certificate") and entry.get("protocol") and entry["protocol"] not in ENCRYPTED:
            yield index, "certificate", "needs", dict(value=entry["certificate"], other=f"protocol: {' / '.join(ENCRYPTED)}")


MUTUAL = dict(
    mode=Option(),
    trust_store=ref("elbv2_trust_stores", elsewhere=True),
    ignore_client_certificate_expiry=Option("bool"),
    advertise_trust_store_ca_names=Option(api="CreateListener.MutualAuthentication.AdvertiseTrustStoreCaNames"),
)
KIND = Kind(
    name="elbv2_listeners",
    identity=("load_balancer", "port"),
    options=dict(
        load_balancer=ref("elbv2_load_balancers", fixed=True),
        port=Option("int"),
        protocol=Option(api="CreateListener.Protocol"),
        # ACM user guide, "Supported Regions": a certificate is requested or imported in the Region of the load balancer.
        certificate=ref("acm_certificates", elsewhere=True, regional=True),
        additional_certificates=refs("acm_certificates", elsewhere=True, regional=True),
        ssl_policy=Option(),
        alpn_policy=Option(),
        mutual_authentication=Option("dict", options=MUTUAL, spelt=_of_its_mode),
        default_actions=_elbv2.actions(required=True),
        attributes=_elbv2.attributes(),
        tags=tags(),
    ),
    find=find,
    read=read,
    create=create,
    update=update,
    delete=delete,
    danger=danger,
    refuse=refuse,
    faults=faults,
    not_yet=_elbv2.NOT_YET,
)


def main():
    run(KIND)


if __name__ == "__main__":
    main()
