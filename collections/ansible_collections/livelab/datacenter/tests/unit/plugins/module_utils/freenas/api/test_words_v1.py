# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API v1.0's fields and the vocabulary. That what is written reads back is tested on each version, by tests/integration."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import objects, words_v1
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.rest_v1 import refusal_text
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version

NEW, OLD = Version((9, 3, 1), "FreeNAS-9.3-STABLE"), Version((9, 3, 0), "FreeNAS-9.3-RELEASE")


@pytest.mark.parametrize(("path", "kind", "said"), [
    ("/dev/zvol/tank/vmware", "ZVOL", ("zvol", "tank/vmware")),
    ("/dev/zvol/tank/my+vol", "ZVOL", ("zvol", "tank/my vol")),
    ("/dev/ada1", "Disk", ("disk", "ada1")),
    ("/mnt/tank/iso", "File", ("file", "/mnt/tank/iso")),
])
def test_what_an_extent_is_made_of(path, kind, said):
    row = {"id": 1, "iscsi_target_extent_name": "x", "iscsi_target_extent_type": kind, "iscsi_target_extent_path": path}
    found = words_v1.extent(NEW, row)
    assert (found.kind, found.source) == said


@pytest.mark.parametrize(("text", "words"), [("ALL", ()), ("all", ()), ("", ()), (None, ()), ("a\nb  c", ("a", "b", "c"))])
def test_lists_are_texts(text, words):
    row = {"id": 1, "iscsi_target_initiator_initiators": text, "iscsi_target_initiator_auth_network": text}
    assert words_v1.initiator(NEW, row) == objects.Initiator(1, "", words, words)


def test_addresses_of_portals():
    row = {"id": 1, "iscsi_target_portal_comment": "x", "iscsi_target_portal_ips": ["10.0.0.1:3260", "[fe80::1]:3261"]}
    found = words_v1.portal(NEW, row)
    assert found.listen == (objects.Listen("10.0.0.1", 3260), objects.Listen("fe80::1", 3261))
    assert words_v1.where(found.listen) == row["iscsi_target_portal_ips"]


def test_parts_of_a_pool():
    def leaf(name):
        return {"name": name, "type": "dev"}

    tree = [{"name": "tank", "type": "root", "children": [
        {"name": "mirror-0", "children": [leaf("ada1p2"), leaf("ada2p2.eli")]},
        {"name": "raidz-1", "children": [leaf("da3"), leaf("da4p1"), leaf("da5p2")]},
        {"name": "stripe", "children": [leaf("da6p2")]},
    ]}]
    assert words_v1.vdevs(tree) == (
        objects.Vdev("mirror", ("ada1", "ada2")), objects.Vdev("raidz1", ("da3", "da4", "da5")), objects.Vdev("stripe", ("da6",)),
    )


def test_fields_are_those_of_the_version():
    extent = objects.Extent(None, "x", "zvol", "tank/my vol", serial="77", rpm="UNKNOWN", threshold=None, read_only=True)
    assert words_v1.body(OLD, extent) == {
        "iscsi_target_extent_name": "x", "iscsi_target_extent_type": "Disk", "iscsi_target_extent_disk": "zvol/tank/my+vol",
        "iscsi_target_extent_insecure_tpc": True, "iscsi_target_extent_comment": "",
    }
    new = words_v1.body(NEW, extent)
    assert [new[f"iscsi_target_extent_{name}"] for name in ("serial", "rpm", "ro")] == ["77", "Unknown", True]
    # Null would be passed over.
    assert words_v1.body(NEW, extent, ["threshold"]) == {"iscsi_target_extent_avail_threshold": ""}
    target = objects.Target(None, "web", "", (objects.Group(3, None, objects.MUTUAL, 2),))
    assert words_v1.body(NEW, target) == {"iscsi_target_name": "web", "iscsi_target_alias": ""}
    assert words_v1.body(OLD, target)["iscsi_target_authtype"] == "CHAP Mutual"


class Answer:
    status_code, reason = 409, "Conflict"

    def __init__(self, body):
        self.body, self.headers = body, {"Content-Type": "application/json"}

    def json(self):
        if isinstance(self.body, str):
            raise ValueError
        return self.body


@pytest.mark.parametrize(("body", "said"), [
    ({"iscsi_target_extent_name": ["Extent name must be unique."]}, "extent_name: Extent name must be unique."),
    ({"__all__": ["one", "two"]}, "one; two"),
    ({"__all__": "cannot create"}, "cannot create"),
    ({"error_message": "it is busy", "traceback": "Traceback"}, "it is busy"),
    ({}, "HTTP status 409 Conflict"),
    ([], "HTTP status 409 Conflict"),
    ("<html>", "HTTP status 409 Conflict"),
])
def test_refusals_are_plain_text(body, said):
    assert refusal_text(Answer(body)) == said
