# Copyright (c) 2026 msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners: protocols, certificates, and the actions of listeners and rules."""

from __future__ import annotations

import copy
import re

from moto.acm.models import acm_backends
from moto.elbv2 import models
from moto.elbv2.ssl_policies import SSL_POLICIES
from moto.iam.models import iam_backends
from moto.moto_api._internal import mock_random

from ..rules import Refused
from . import attributes, tags
from .book import BOOK, balancer_of, group_of, invalid, listener_of, once_again, page, store_of, wrong
from .target_groups import settle

PROTOCOLS = {"application": ("HTTP", "HTTPS"), "network": ("TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"), "gateway": (None,)}
ENCRYPTED = ("HTTPS", "TLS")
USUAL_POLICY = "ELBSecurityPolicy-2016-08"
# Protocols of target groups for those of the listener. Target groups guides.
LEADS = {
    "HTTP": ("HTTP", "HTTPS", None),
    "HTTPS": ("HTTP", "HTTPS", None),
    "TCP": ("TCP", "TCP_UDP"),
    "TLS": ("TCP", "TLS"),
    "UDP": ("UDP", "TCP_UDP"),
    "TCP_UDP": ("TCP_UDP",),
    None: ("GENEVE",),
}
ROUTING = ("forward", "redirect", "fixed-response")
AUTHENTICATION = ("authenticate-oidc", "authenticate-cognito", "jwt-validation")
MOST_CERTIFICATES = 25


# -- actions --------------------------------------------------------------------------------------


def checked(elbv2, balancer, protocol, actions, there=()):
    """Action: "Each rule must include exactly one of the following routing actions: forward, fixed-response, or redirect, and it must be the last
    action to be performed. Optionally, a rule for an HTTPS listener can also include one of the following user authentication actions"; Order "is
    required for rules with multiple actions".
    """
    actions = copy.deepcopy(actions)
    if len(actions) > 1 and any(not one.get("Order") for one in actions):
        raise invalid("You must specify an order for each of several actions")
    actions = sorted(actions, key=lambda one: one.get("Order") or 0)
    kinds = [one["Type"] for one in actions]
    if len([kind for kind in kinds if kind in ROUTING]) != 1 or kinds[-1] not in ROUTING:
        raise Refused("InvalidLoadBalancerAction", "You must specify exactly one routing action, and it must be the last one")
    if balancer.type != "application" and kinds != ["forward"]:
        raise Refused("InvalidLoadBalancerAction", f"Actions of a {balancer.type} load balancer can only be of the type forward")
    if set(kinds) & set(AUTHENTICATION) and protocol != "HTTPS":
        raise Refused("InvalidLoadBalancerAction", "Actions that authenticate users are for HTTPS listeners")
    for place, action in enumerate(actions, 1):
        CHECKS.get(action["Type"], anything)(elbv2, balancer, protocol, action, {one.type: one.data for one in there})
        action.setdefault("Order", place)
    return [models.FakeAction(one) for one in actions]


def anything(*_):
    pass


def forward(elbv2, balancer, protocol, action, _there):
    """TargetGroupArn and ForwardConfig say the same where there is one group, and the answers have both; ActionTargetGroup: "You can use each target
    group with only one load balancer"; TargetGroupTuple.Weight "The range is 0 to 999".
    """
    groups = action.get("ForwardConfig", {}).get("TargetGroups") or []
    alone = action.get("TargetGroupArn")
    if not groups and not alone or (alone and groups and [one["TargetGroupArn"] for one in groups] != [alone]):
        raise invalid("You must specify one target group, or several in the forward configuration")
    config = action.setdefault("ForwardConfig", {})
    config["TargetGroups"] = groups or [{"TargetGroupArn": alone}]
    for one in config["TargetGroups"]:
        one.setdefault("Weight", 1)
        if not 0 <= one["Weight"] <= 999:
            raise invalid(f"The weight {one['Weight']} is not between 0 and 999")
        group = group_of(elbv2, one["TargetGroupArn"])
        if group.protocol not in LEADS[protocol]:
            raise Refused("IncompatibleProtocols", f"The protocol {group.protocol} of {group.arn} does not fit the listener's {protocol}")
        if set(group.load_balancer_arns) - {balancer.arn}:
            raise Refused("TargetGroupAssociationLimit", f"The target group {group.arn} is used by another load balancer")
    stickiness = config.setdefault("TargetGroupStickinessConfig", {"Enabled": False})
    if stickiness.get("Enabled") and not 1 <= stickiness.get("DurationSeconds", 0) <= 604800:
        raise invalid("Target group stickiness needs a duration of 1 to 604800 seconds")
    if len(config["TargetGroups"]) == 1:
        action["TargetGroupArn"] = config["TargetGroups"][0]["TargetGroupArn"]


def redirect(_elbv2, _balancer, _protocol, action, _there):
    """RedirectActionConfig: what is left out is kept, as #{protocol}, #{host} ... ; "You can't redirect HTTPS to HTTP", and not to the very same."""
    config = action.get("RedirectConfig")
    if not config:
        raise invalid("A redirect configuration must be specified with the action redirect")
    usual = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
    action["RedirectConfig"] = {**usual, **config}
    if all(action["RedirectConfig"][name] == value for name, value in usual.items()):
        raise Refused("InvalidLoadBalancerAction", "The redirect configuration is not valid because it creates a loop")


def fixed_response(_elbv2, _balancer, _protocol, action, _there):
    """FixedResponseActionConfig.ContentType, which is a list in words."""
    config = action.get("FixedResponseConfig")
    if not config:
        raise invalid("A fixed response configuration must be specified with the action fixed-response")
    known = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
    if config.get("ContentType") and config["ContentType"] not in known:
        raise Refused("InvalidLoadBalancerAction", f"The ContentType must be one of: {known}")


def oidc(_elbv2, _balancer, _protocol, action, there):
    """ClientSecret "is required if you are creating a rule. If you are modifying a rule, you can omit this parameter if you set
    UseExistingClientSecret to true"; it is never given back.
    """
    config = action.get("AuthenticateOidcConfig")
    if not config:
        raise invalid("An OIDC configuration must be specified")
    secret, kept = config.pop("ClientSecret", None), config.pop("UseExistingClientSecret", False)
    if not secret and not (kept and "authenticate-oidc" in there):
        raise invalid("You must specify a client secret")
    usual(config)


def cognito(_elbv2, _balancer, _protocol, action, _there):
    config = action.get("AuthenticateCognitoConfig")
    if not config:
        raise invalid("A Cognito configuration must be specified")
    usual(config)


def usual(config):
    defaults = {"SessionCookieName": "AWSELBAuthSessionCookie", "Scope": "openid", "SessionTimeout": 604800, "OnUnauthenticatedRequest": "authenticate"}
    for name, value in defaults.items():
        config.setdefault(name, value)


CHECKS = {"forward": forward, "redirect": redirect, "fixed-response": fixed_response, "authenticate-oidc": oidc, "authenticate-cognito": cognito}


# -- certificates ---------------------------------------------------------------------------------


def certificate_fits(elbv2, arn):
    """CertificateNotFoundException; HTTPS guide: "The certificate must be issued", and be of the Region."""
    if re.search(":iam:", arn):
        if iam_backends[elbv2.account_id]["aws"].get_certificate_by_arn(arn) is None:
            raise Refused("CertificateNotFound", f"Certificate '{arn}' not found")
        return
    found = acm_backends[elbv2.account_id][elbv2.region_name]._certificates.get(arn)
    if found is None:
        raise Refused("CertificateNotFound", f"Certificate ARN '{arn}' is not valid")
    if found.status != "ISSUED":
        message = f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a supported key size."
        raise Refused("UnsupportedCertificate", message)


def in_use(elbv2):
    """CertificateDetail.InUseBy."""
    listeners = [one for balancer in elbv2.load_balancers.values() for one in balancer.listeners.values()]
    for arn, held in acm_backends[elbv2.account_id][elbv2.region_name]._certificates.items():
        others = [user for user in held.in_use_by if ":listener/" not in user and ":loadbalancer/" not in user]
        held.in_use_by = others + sorted({one.load_balancer_arn for one in listeners if arn in [*one.certificates, *one.sni]})


def encryption(elbv2, listener, protocol, Certificates, SslPolicy):
    """CreateListener.Certificates: "You must provide exactly one certificate"; ModifyListener: "Changing the protocol from HTTPS to HTTP, or from TLS
    to TCP, removes the security policy and default certificate properties. If you change the protocol from HTTP to HTTPS, or from TCP to TLS, you
    must add the security policy and default certificate properties". HTTPS guide: one that is no longer the default one stays on the list.
    """
    if protocol not in ENCRYPTED:
        if Certificates:
            raise invalid(f"Certificates cannot be specified for {protocol} listeners")
        if SslPolicy:
            raise invalid(f"An SSL policy cannot be specified for {protocol} listeners")
        return [], None, []
    if len(Certificates or []) > 1:
        raise invalid("You can specify only one certificate")
    has = listener.certificates if listener else []
    if not Certificates and not has:
        raise invalid(f"A certificate must be specified for {protocol} listeners")
    if SslPolicy and SslPolicy not in SSL_POLICIES:
        raise Refused("SSLPolicyNotFound", f"SSL policy '{SslPolicy}' not found")
    if listener and listener.protocol not in ENCRYPTED and not SslPolicy:
        raise invalid("An SSL policy must be specified")
    chosen = [one["CertificateArn"] for one in Certificates or []] or has
    certificate_fits(elbv2, chosen[0])
    sni = [one for one in dict.fromkeys([*(listener.sni if listener else []), *has]) if one not in chosen]
    return chosen, SslPolicy or (listener.ssl_policy if listener else None) or USUAL_POLICY, sni


# -- listeners ------------------------------------------------------------------------------------


def fits(balancer, Port, protocol, own=None):
    """CreateListener: Port and Protocol "You can't specify ... for a Gateway Load Balancer"; DuplicateListenerException; GWLB guide: one listener."""
    if protocol not in PROTOCOLS[balancer.type]:
        raise invalid(f"Listener protocol '{protocol}' must be one of '{PROTOCOLS[balancer.type]}'")
    if (Port is None) != (balancer.type == "gateway"):
        raise invalid("A listener port must be specified, but for Gateway Load Balancers")
    others = [one for one in balancer.listeners.values() if one is not own]
    if any(one.port == Port for one in others):
        raise Refused("DuplicateListener", f"A listener already exists on this port for this load balancer '{balancer.arn}'")
    if protocol in ("UDP", "TCP_UDP", "QUIC", "TCP_QUIC") and balancer.ip_address_type == "dualstack":
        raise wrong(f"The protocol {protocol} is not supported with dualstack")


def mutual(elbv2, protocol, given):
    """MutualAuthenticationAttributes: "Options are off, passthrough or verify"; "[HTTPS listeners]"; TrustStoreNotReadyException."""
    if not given:
        return {"Mode": "off"} if protocol == "HTTPS" else None
    if protocol != "HTTPS":
        raise wrong("Mutual authentication is for HTTPS listeners")
    if given.get("Mode") not in ("off", "passthrough", "verify"):
        raise invalid(f"Mutual authentication mode '{given.get('Mode')}' is not one of off, passthrough, verify")
    if given["Mode"] == "verify" and not given.get("TrustStoreArn"):
        raise invalid("A trust store must be specified for the mode verify")
    if given["Mode"] == "verify" and store_of(elbv2, given["TrustStoreArn"]).status != "ACTIVE":
        raise Refused("TrustStoreNotReady", f"The trust store '{given['TrustStoreArn']}' is not active")
    return dict(given)


def alpn(protocol, given):
    """AlpnPolicy: "[TLS listeners] ... You can specify one policy name"."""
    if given and (protocol != "TLS" or len(given) > 1):
        raise wrong("An ALPN policy can be specified for TLS listeners, and only one")
    if given and given[0] not in ("HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"):
        raise Refused("ALPNPolicyNotFound", f"The ALPN policy '{given[0]}' does not exist")
    return list(given or [])


@BOOK.adds("CreateListener")
def create(elbv2, LoadBalancerArn, Protocol, Port, SslPolicy, Certificates, DefaultActions, AlpnPolicy, MutualAuthentication, Tags, **_):
    balancer = balancer_of(elbv2, LoadBalancerArn)
    asked = copy.deepcopy([LoadBalancerArn, Protocol, Port, SslPolicy, Certificates, without_secrets(DefaultActions), AlpnPolicy, MutualAuthentication, Tags])
    there = next((one for one in balancer.listeners.values() if one.port == Port), None)
    if once_again(there, asked):
        return {"Listeners": [shown(there)]}
    fits(balancer, Port, Protocol)
    chosen, policy, sni = encryption(elbv2, None, Protocol, Certificates, SslPolicy)
    more, policies = mutual(elbv2, Protocol, MutualAuthentication), alpn(Protocol, AlpnPolicy)
    actions = checked(elbv2, balancer, Protocol, DefaultActions)
    arn = f"{LoadBalancerArn.replace(':loadbalancer/', ':listener/')}/{mock_random.get_random_hex(16)}"
    listener = models.FakeListener(LoadBalancerArn, arn, Protocol, Port, policy, chosen[0] if chosen else None, actions, policies)
    listener.protocol, listener.sni, listener.mutual, listener.asked = Protocol, sni, more, asked
    listener.attributes = attributes.defaults(attributes.LISTENERS[balancer.type])
    listener._default_rule[0].arn = f"{arn.replace(':listener/', ':listener-rule/')}/{mock_random.get_random_hex(16)}"
    balancer.listeners[arn] = listener
    elbv2.tagging_service.tag_resource(arn, Tags)
    settle(elbv2)
    in_use(elbv2)
    return {"Listeners": [shown(listener)]}


def without_secrets(actions):
    oidc_config = "AuthenticateOidcConfig"
    return [{**one, oidc_config: {**one[oidc_config], "ClientSecret": None}} if oidc_config in one else one for one in actions]


def shown(listener):
    """Listener.Certificates: "The default certificate for the listener"; a Gateway Load Balancer's has neither port nor protocol."""
    told = {
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.load_balancer_arn,
        "Port": listener.port,
        "Protocol": listener.protocol,
        "SslPolicy": listener.ssl_policy,
        "Certificates": [{"CertificateArn": one} for one in listener.certificates] or None,
        "DefaultActions": [one.data for one in listener.default_actions],
        "AlpnPolicy": listener.alpn_policy or None,
        "MutualAuthentication": listener.mutual,
    }
    return {member: value for member, value in told.items() if value is not None}


@BOOK.adds("DescribeListeners")
def describe(elbv2, LoadBalancerArn, ListenerArns, Marker, PageSize, **_):
    """DescribeListeners: "You must specify either a load balancer or one or more listeners"."""
    if bool(LoadBalancerArn) == bool(ListenerArns):
        raise invalid("You must specify either listener ARNs or a load balancer ARN")
    found = list(balancer_of(elbv2, LoadBalancerArn).listeners.values()) if LoadBalancerArn else [listener_of(elbv2, one) for one in ListenerArns]
    return page([shown(one) for one in found], Marker, PageSize, "Listeners")


@BOOK.adds("ModifyListener")
def modify(elbv2, ListenerArn, Port, Protocol, SslPolicy, Certificates, DefaultActions, AlpnPolicy, MutualAuthentication, **_):
    """ModifyListener: "Any properties that you do not specify remain unchanged"."""
    listener = listener_of(elbv2, ListenerArn)
    balancer = balancer_of(elbv2, listener.load_balancer_arn)
    protocol, port = Protocol or listener.protocol, Port or listener.port
    fits(balancer, port, protocol, own=listener)
    chosen, policy, sni = encryption(elbv2, listener, protocol, Certificates, SslPolicy)
    kept = listener.mutual if protocol == "HTTPS" else None
    more = mutual(elbv2, protocol, MutualAuthentication or kept)
    policies = alpn(protocol, AlpnPolicy if AlpnPolicy is not None else listener.alpn_policy if protocol == "TLS" else None)
    if DefaultActions:
        listener.default_actions = checked(elbv2, balancer, protocol, DefaultActions, listener.default_actions)
        listener._default_rule[0].actions = listener.default_actions
    listener.port, listener.protocol, listener.ssl_policy, listener.certificates, listener.sni = port, protocol, policy, chosen, sni
    listener.certificate, listener.mutual, listener.alpn_policy = (chosen or [None])[0], more, policies
    settle(elbv2)
    in_use(elbv2)
    return {"Listeners": [shown(listener)]}


@BOOK.adds("DeleteListener")
def delete(elbv2, ListenerArn, **_):
    remove(elbv2, listener_of(elbv2, ListenerArn))


def remove(elbv2, listener):
    del elbv2.load_balancers[listener.load_balancer_arn].listeners[listener.arn]
    for arn in (listener.arn, *(rule.arn for rule in listener.rules.values())):
        tags.forget(elbv2, arn)
    settle(elbv2)
    in_use(elbv2)


@BOOK.adds("DescribeListenerCertificates")
def certificates(elbv2, ListenerArn, Marker, PageSize, **_):
    """DescribeListenerCertificates: "the default certificate and the certificate list"."""
    listener = listener_of(elbv2, ListenerArn)
    told = [{"CertificateArn": one, "IsDefault": True} for one in listener.certificates]
    return page([*told, *({"CertificateArn": one, "IsDefault": False} for one in listener.sni)], Marker, PageSize, "Certificates")


@BOOK.adds("AddListenerCertificates")
def add(elbv2, ListenerArn, Certificates, **_):
    """AddListenerCertificates: "You can specify one certificate per call", "If the certificate in already in the certificate list, the call is
    successful but the certificate is not added again".
    """
    listener = listener_of(elbv2, ListenerArn)
    if listener.protocol not in ENCRYPTED:
        raise wrong(f"Certificates cannot be specified for {listener.protocol} listeners")
    if len(Certificates) != 1:
        raise invalid("You can specify one certificate")
    arn = Certificates[0]["CertificateArn"]
    certificate_fits(elbv2, arn)
    after = list(dict.fromkeys([*listener.sni, arn]))
    if len(after) > MOST_CERTIFICATES:
        raise Refused("TooManyCertificates", "You've reached the limit on the number of certificates per load balancer")
    listener.sni = after
    in_use(elbv2)
    return {"Certificates": [{"CertificateArn": one, "IsDefault": False} for one in after]}


@BOOK.adds("RemoveListenerCertificates")
def take(elbv2, ListenerArn, Certificates, **_):
    """RemoveListenerCertificates: from the list; the default one goes with another default one only."""
    listener = listener_of(elbv2, ListenerArn)
    named = [one["CertificateArn"] for one in Certificates]
    if set(named) & set(listener.certificates) - set(listener.sni):
        raise Refused("OperationNotPermitted", "The default certificate cannot be removed")
    listener.sni = [one for one in listener.sni if one not in named]
    in_use(elbv2)
