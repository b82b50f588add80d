# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read for a pool and zvols, and what is asked of the NAS for a change."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import Disk, Filesystem, Pool, Zvol
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.apply import VolumeWork, kinds_of


class Session:
    hostname = "nas"

    def __init__(self):
        self.said = []

    def read(self, *kinds):
        self.said.append(kinds)
        return dict.fromkeys(kinds, ())

    def create(self, thing):
        self.said.append(("create", thing))

    def update(self, thing, names):
        self.said.append(("update", thing, names))


@pytest.mark.parametrize(
    ("params", "kinds"),
    [
        ({}, []),
        ({"pool": {"name": "tank"}}, [Pool, Disk]),
        ({"zvols": [{}]}, [Pool, Filesystem, Zvol]),
        ({"pool": {"name": "tank"}, "zvols": [{}]}, [Pool, Disk, Filesystem, Zvol]),
    ],
)
def test_as_little_is_read_as_can_be(params, kinds):
    assert kinds_of(params) == kinds


def test_reads_and_changes():
    session, zvol = Session(), Zvol("tank/z", 1)
    work = VolumeWork({"zvols": [{}]}, lambda params: session)
    assert work.read().host == "nas"
    work.apply(Change("z", None, {}, "add", {"thing": zvol}))
    work.apply(Change("z", {}, {}, "update", {"thing": zvol, "names": ["size"]}))
    assert session.said == [(Pool, Filesystem, Zvol), ("create", zvol), ("update", zvol, ["size"])]
