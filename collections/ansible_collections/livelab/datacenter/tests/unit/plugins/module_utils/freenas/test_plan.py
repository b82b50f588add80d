# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a NAS's iSCSI service: what changes, in what order, and what is refused."""

from __future__ import annotations

from copy import deepcopy

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.plan import plan
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import KINDS, Nas

EMPTY = Nas("nas", disks=["da1", "da2"], basename="iqn.2005-10.org.freenas.ctl",
            objects={kind: {} for kind in KINDS}, service={"enabled": False, "running": False})


def extent(name="vmware", **said):
    return {"name": name, "type": "disk", "disk": "tank/vmware", "path": None, "filesize": None, "blocksize": None,
            "serial": None, "rpm": None, "insecure_tpc": None, "pblocksize": None, **said}


def target(name="vmware", **said):
    return {"name": name, "alias": None, "portal": None, "initiator": None, "authmethod": None, "auth": None, **said}


def portal(comment="storage", ip="10.0.2.129"):
    return {"comment": comment, "listen": [{"ip": ip, "port": 3260}]}


def auth(**said):
    return {"tag": 1, "user": "esxi", "secret": "abcdefghijkl", "peeruser": None, "peersecret": None, **said}


def zvol(name="tank/vmware", size="12G", **said):
    return {"name": name, "size": size, "sparse": True, "volblocksize": None, **said}


WHOLE = {
    "pool": {"name": "tank", "disks": ["da1"], "layout": "stripe"},
    "zvols": [zvol()],
    "portals": [portal()],
    "initiators": [{"comment": "all", "initiators": None, "auth_network": None}],
    "auths": [auth()],
    "targets": [target(portal="storage", initiator="all", authmethod="CHAP", auth=1)],
    "extents": [extent()],
    "associations": [{"target": "vmware", "extent": "vmware", "lun": 0}],
    "service": {"enabled": True, "running": True},
}


def whole():
    """The state that WHOLE leads to."""
    nas = deepcopy(EMPTY)
    nas.pools = {"tank": {"layout": "stripe", "disks": ["da1"]}}
    nas.disks = ["da2"]
    nas.zvols = {"tank/vmware": {"size": 12 * 2**30, "volblocksize": "16K"}}
    nas.service = {"enabled": True, "running": True}
    for number, change in enumerate(plan(EMPTY, WHOLE)):
        if change.apply == "add":
            nas.objects[change.args["kind"]][change.args["key"]] = {**change.args["value"], "id": number}
    return nas


def steps(current, **desired):
    return [(change.apply, change.what) for change in plan(current, desired)]


def refused(current, **desired):
    with pytest.raises(ConvergeError) as caught:
        plan(current, desired)
    return str(caught.value)


def test_everything_from_nothing_in_order():
    assert steps(EMPTY, **WHOLE) == [
        ("add_pool", "pool tank"),
        ("add_zvol", "zvol tank/vmware"),
        ("add", "portal storage"),
        ("add", "initiators all"),
        ("add", "CHAP user esxi of group 1"),
        ("add", "target vmware"),
        ("add", "extent vmware"),
        ("add", "LUN of extent vmware at target vmware"),
        ("enable_service", "iSCSI service enabled"),
        ("run_service", "iSCSI service running"),
    ]


def test_a_second_run_changes_nothing():
    assert steps(whole(), **WHOLE) == []
    assert steps(whole(), **WHOLE, purge=True) == []
    assert steps(whole()) == []


def test_the_plan_leaves_the_state_alone():
    before = deepcopy(EMPTY)
    plan(EMPTY, WHOLE)
    assert before == EMPTY


def test_secrets_are_never_shown_but_their_change_is():
    changes = plan(whole(), {"auths": [auth(secret="mnopqrstuvwx")]})
    assert changes[0].after["secret"] == "(hidden, changed)"
    assert changes[0].args["value"]["secret"] == "mnopqrstuvwx"
    shown = str([change.shown() for change in plan(EMPTY, WHOLE) + changes])
    assert "abcdefghijkl" not in shown
    assert "mnopqrstuvwx" not in shown


def test_a_nas_that_hides_its_secrets():
    nas = whole()
    nas.objects["auths"][1, "esxi"]["secret"] = "********"
    assert steps(nas, auths=[auth(secret="mnopqrstuvwx")]) == []
    assert steps(nas, auths=[auth(peeruser="nas", peersecret="mnopqrstuvwx")]) == [
        ("update", "CHAP user esxi of group 1")]


def test_what_is_not_said_of_an_object_stays():
    changes = plan(whole(), {"extents": [extent(rpm="7200")]})
    assert [(change.apply, change.before["rpm"], change.after["rpm"]) for change in changes] == [
        ("update", "SSD", "7200")]
    assert changes[0].after["disk"] == "zvol/tank/vmware"


def test_purge_from_the_top_down_in_the_lists_that_are_given():
    assert steps(whole(), purge=True) == []
    assert steps(whole(), purge=True, associations=[], targets=[], extents=[]) == [
        ("remove", "LUN of extent vmware at target vmware"),
        ("remove", "target vmware"),
        ("remove", "extent vmware"),
    ]


def test_a_portal_that_listens_there_already_is_taken():
    changes = plan(whole(), {"portals": [portal("other")], "targets": [target(portal="other")]})
    assert [(change.apply, change.what) for change in changes] == [("update", "portal other")]
    assert changes[0].before["comment"] == "storage"


def test_zvols_grow_and_never_shrink():
    assert steps(whole(), zvols=[zvol(size="14GiB")]) == [("grow_zvol", "zvol tank/vmware")]
    assert "it cannot shrink to 1073741824" in refused(whole(), zvols=[zvol(size="1G")])
    assert "has blocks of 16K, not 4K" in refused(whole(), zvols=[zvol(volblocksize="4K")])


def test_layouts():
    nas = deepcopy(EMPTY)
    nas.disks = ["da1", "da2", "da3", "da4"]
    change = plan(nas, {"pool": {"name": "tank", "disks": nas.disks, "layout": "raid10"}})[0]
    assert change.args["vdevs"] == [
        {"type": "MIRROR", "disks": ["da1", "da2"]},
        {"type": "MIRROR", "disks": ["da3", "da4"]},
    ]


@pytest.mark.parametrize(("desired", "said"), [
    ({"pool": {"name": "x", "disks": ["da9"], "layout": "stripe"}}, "no free disk 'da9'; free disks: da1, da2"),
    ({"pool": {"name": "x", "disks": ["da1"], "layout": "mirror"}}, "layout mirror needs 2 disks at least; 1 given"),
    ({"pool": {"name": "x", "disks": None, "layout": "stripe"}}, "needs 1 disks at least; 0 given"),
    ({"pool": {"name": "x", "disks": ["da1", "da1"], "layout": "mirror"}}, "a disk is given twice"),
    ({"pool": {"name": "1x", "disks": ["da1"], "layout": "stripe"}}, "must begin with a letter"),
    ({"zvols": [zvol()]}, "zvol 'tank/vmware': nas has no pool 'tank'; it has: none"),
    ({"zvols": [zvol(name="tank")]}, "must be a pool and a name"),
    ({"zvols": [zvol(size="12X")]}, "zvols: size of 'tank/vmware': '12X' is not a size"),
    ({"zvols": [zvol(size="1000")]}, "must be a multiple of its blocks of 16384 bytes"),
    ({"targets": [target("Bad Name", portal="p")]}, "must be small letters"),
    ({"targets": [target()]}, "'portal' must name one of the portals of nas: none"),
    ({"targets": [target(portal="p")]}, "target 'vmware': nas has no portal 'p'; it has: none"),
    ({"extents": [extent()]}, "extent 'vmware': nas has no zvol 'tank/vmware'; it has: none"),
    ({"extents": [extent(type="file", disk=None, path="/tmp/x")]}, "must be a file below /mnt"),
    ({"extents": [extent(), extent()]}, "extents: 'vmware' is given twice"),
    ({"associations": [{"target": "t", "extent": "e", "lun": 0}]}, "nas has no target 't'; it has: none"),
    ({"associations": [{"target": "t", "extent": "e", "lun": 2000}]}, "lun 2000 of extent 'e' must be from 0 to 1023"),
    ({"portals": [{"comment": "p", "listen": []}]}, "'listen' must have one address at least"),
    ({"auths": [auth(secret="short")]}, "'secret' has 5 characters; it must have 12 to 16"),
    ({"auths": [auth(peeruser="x")]}, "'peeruser' and 'peersecret' belong together"),
    ({"auths": [auth(peeruser="x", peersecret="abcdefghijkl")]}, "must not be the same"),
])
def test_what_the_nas_cannot_take(desired, said):
    assert said in refused(EMPTY, **desired)


@pytest.mark.parametrize(("desired", "said"), [
    ({"pool": {"name": "tank", "disks": ["da2"], "layout": "stripe"}}, "is a stripe of da1, not a stripe of da2"),
    ({"targets": [target(auth=7)]}, "needs 'auth', the tag of a group of CHAP users; nas has: 1"),
    ({"targets": [target(authmethod="CHAP_MUTUAL")]}, "needs a CHAP user with 'peeruser' in group 1"),
    ({"extents": [extent("two")], "associations": [{"target": "vmware", "extent": "two", "lun": 0}]},
     "LUN 0 of target 'vmware' cannot be extent 'two': it is 'vmware'"),
    ({"targets": [target("b", portal="storage")], "associations": [{"target": "b", "extent": "vmware", "lun": 1}]},
     "An extent belongs to a single target"),
])
def test_what_does_not_fit_with_what_is_there(desired, said):
    assert said in refused(whole(), **desired)


def test_an_address_that_the_nas_does_not_have():
    nas = deepcopy(EMPTY)
    nas.addresses = ["0.0.0.0", "10.0.2.129"]
    assert steps(nas, portals=[portal()]) == [("add", "portal storage")]
    assert refused(nas, portals=[portal(ip="9.9.9.9")]) == (
        "portal 'storage': nas has no address '9.9.9.9'; it has: 0.0.0.0, 10.0.2.129.")
