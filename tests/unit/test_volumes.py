# Copyright (c) msp.aws contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an EBS volume gives less of after a change of its type or numbers."""

from __future__ import annotations

import pytest

from ansible_collections.msp.aws.plugins.module_utils import _volumes


@pytest.mark.parametrize(
    ("have", "change", "said"),
    [
        (dict(volume_type="gp2", size=2000, iops=6000), dict(volume_type="gp3"), "3000 IOPS instead of 6000, 125 MiB/s instead of 250"),
        (dict(volume_type="gp2", size=2000, iops=6000), dict(volume_type="gp3", iops=6000, throughput=250), None),
        (dict(volume_type="gp2", size=20, iops=100), dict(volume_type="gp3"), None),
        (dict(volume_type="gp3", size=100, iops=6000, throughput=500), dict(throughput=250), "250 MiB/s instead of 500"),
        (dict(volume_type="gp3", size=100, iops=6000, throughput=500), dict(size=200), None),
        (dict(volume_type="gp3", size=100, iops=3000, throughput=125), dict(volume_type="io2", iops=4000), None),
        (dict(volume_type="io2", size=100, iops=16000), dict(volume_type="gp3"), "3000 IOPS instead of 16000, 125 MiB/s instead of 4000"),
        (dict(volume_type="gp3", size=1024, iops=3000, throughput=125), dict(volume_type="sc1"), "250 IOPS instead of 3000, 12 MiB/s instead of 125"),
    ],
)
def test_a_volume_tells_what_it_gives_less_of(have, change, said):
    assert _volumes.less(have, change) == said
