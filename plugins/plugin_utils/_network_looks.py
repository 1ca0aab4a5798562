# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How drawings of networks look: colours, letters, dashes, and the words in each language. A page printed without colours says the same."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.msp.aws.plugins.plugin_utils._network_things import PRIVATE, PUBLIC, UNKNOWN

WIDE = 960  # what stays legible on A4; things stand side by side up to there

INK, SOFT, RULE, PAPER = "#1a1d21", "#444b54", "#8b939d", "#ffffff"


class Look(NamedTuple):
    """Letters in the icon, its colour, and how lines to such a thing are dashed."""

    letters: str
    colour: str
    dash: str = ""


LOOKS = dict(
    ec2_instances=Look("EC2", "#a84300", "2 3"),
    ec2_nat_gateways=Look("NAT", "#5b2fb0", "7 3"),
    ec2_network_interfaces=Look("ENI", "#7a5200", "2 3"),
    ec2_vpc_endpoints=Look("EP", "#0b6b63", "2 3"),
    ec2_internet_gateways=Look("IGW", "#14532d"),
    ec2_vpn_gateways=Look("VGW", "#1f3a5f", "10 3 2 3"),
    ec2_vpc_peering_connections=Look("PCX", "#8a1c4a", "4 2"),
    transit_gateway=Look("TGW", "#1f3a5f", "10 3 2 3"),
    egress_only_internet_gateway=Look("EIG", "#14532d", "10 3"),
    firewall=Look("NFW", "#8a1c1c"),
    networkfirewall_firewalls=Look("NFW", "#8a1c1c"),
    elbv2_load_balancers=Look("ELB", "#4a148c"),
)
SUBNETS = {
    PUBLIC: (dict(fill="#f0f7e8", stroke="#4d7c0f", stroke_width=1.5), dict(fill="#3f6212", stroke="#3f6212"), PAPER),
    PRIVATE: (dict(fill="#e3edf7", stroke="#2f5f8f", stroke_width=1.5), dict(fill=PAPER, stroke="#2f5f8f"), "#1f3a5f"),
    UNKNOWN: (dict(fill="#f4f4f4", stroke="#666666", stroke_width=1.5), dict(fill=PAPER, stroke="#666666", stroke_dasharray="2 2"), INK),
}
OUTSIDE = dict(fill="#ededed", stroke="#555555", stroke_width=1.5, stroke_dasharray="5 3")

WORDS = dict(
    ja=dict(
        overview="ネットワーク全体図",
        heading="VPC構成図: {}",
        public="パブリック",
        private="プライベート",
        unknown="経路不明",
        no_zone="AZ不明",
        more="ほか {} 件",
        more_outside="ほか {} 件（契約外を含む）",
        beside="契約外",
        subnet_public="パブリックサブネット",
        subnet_private="プライベートサブネット",
        subnet_unknown="経路不明のサブネット",
        main="メイン",
        comma="、",
        used_by="サブネット: {}",
        nothing="なし",
        propagated="伝播されたルート",
        no_routes="VPC内のみ",
        tables="ルートテーブル",
        default_route="デフォルトルートの向き先",
        loose="VPCに接続されていないゲートウェイ",
        internet="インターネット",
        internet6="インターネット (IPv6)",
        premises="拠点 (VPN・専用線)",
        network="他のVPC・拠点",
        unknown_vpc="不明なVPC",
        account="アカウント {}",
        gateway_endpoint="ゲートウェイ型エンドポイント",
        ec2_internet_gateways="インターネットゲートウェイ",
        ec2_vpn_gateways="仮想プライベートゲートウェイ",
        ec2_vpc_peering_connections="VPCピアリング",
        transit_gateway="Transit Gateway",
        egress_only_internet_gateway="Egress-Only IGW",
        ec2_instances="EC2インスタンス",
        ec2_nat_gateways="NATゲートウェイ",
        ec2_network_interfaces="ネットワークインターフェイス",
        ec2_vpc_endpoints="VPCエンドポイント",
        elbv2_load_balancers="ロードバランサー",
        networkfirewall_firewalls="Network Firewall",
        counts="サブネット {subnets}・EC2インスタンス {instances}",
        text_overview="ネットワーク全体図。VPC {vpcs}、VPCピアリング {peerings}。",
        text_vpc="VPC {name}（{blocks}）の構成図。AZ {zones}、サブネット {subnets}（パブリック {public}）、EC2インスタンス {instances}。",
    ),
    en=dict(
        overview="Network overview",
        heading="VPC diagram: {}",
        public="public",
        private="private",
        unknown="routes unknown",
        no_zone="zone unknown",
        more="and {} more",
        more_outside="and {} more (some out of contract)",
        beside="out of contract",
        subnet_public="public subnet",
        subnet_private="private subnet",
        subnet_unknown="subnet whose routes are unknown",
        main="main",
        comma=", ",
        used_by="Subnets: {}",
        nothing="none",
        propagated="propagated routes",
        no_routes="inside the VPC only",
        tables="Route tables",
        default_route="where the default route leads",
        loose="Gateways without a VPC",
        internet="Internet",
        internet6="Internet (IPv6)",
        premises="Premises (VPN, DX)",
        network="Other VPCs and premises",
        unknown_vpc="unknown VPC",
        account="account {}",
        gateway_endpoint="Gateway endpoint",
        ec2_internet_gateways="Internet gateway",
        ec2_vpn_gateways="Virtual private gateway",
        ec2_vpc_peering_connections="VPC peering",
        transit_gateway="Transit gateway",
        egress_only_internet_gateway="Egress-only IGW",
        ec2_instances="EC2 instance",
        ec2_nat_gateways="NAT gateway",
        ec2_network_interfaces="Network interface",
        ec2_vpc_endpoints="VPC endpoint",
        elbv2_load_balancers="Load balancer",
        networkfirewall_firewalls="Network Firewall",
        counts="Subnets {subnets} · EC2 instances {instances}",
        text_overview="Overview of the network: VPCs {vpcs}, VPC peering connections {peerings}.",
        text_vpc="Diagram of the VPC {name} ({blocks}): Availability Zones {zones}, subnets {subnets} (public {public}), EC2 instances {instances}.",
    ),
)
