# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a NAS's iSCSI service: what changes, in what order, and what is refused."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    CHAP,
    MIXED,
    MUTUAL,
    Credential,
    Discovery,
    Extent,
    GlobalConfig,
    Group,
    Initiator,
    Listen,
    Portal,
    Target,
    TargetExtent,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.plan import kept, plan

from .conftest import BASE, IP, G, extent, initiator, link, listen, nas, options, portal, target, user, whole

OTHER = "192.0.2.10"


def changes(current, **said):
    """The plan; it does not alter the state."""
    before = deepcopy(current)
    planned = plan(current, options(**said))
    assert current == before
    return planned


def what(current, **said):
    return [f"{change.apply} {change.what}" for change in changes(current, **said)]


def only(current, **said):
    (change,) = changes(current, **said)
    return change


def refused(current, **said):
    before = deepcopy(current)
    with pytest.raises(ConvergeError) as caught:
        plan(current, options(**said))
    assert current == before
    return str(caught.value)


# -- a whole service ----------------------------------------------------------------------------------------------------

WHOLE = {
    "pool": {"name": "new", "disks": ["da5"], "layout": "stripe"},
    "zvols": [{"name": "tank/z", "size": "1G", "sparse": True, "volblocksize": None}],
    "basename": "iqn.2005-10.org.freenas.ctl",
    "portals": [{"comment": "storage", "listen": listen(IP)}],
    "initiators": [{"comment": "all"}],
    "auths": [{"tag": 7, "user": "esxi"}],
    "discovery": {"authmethod": "CHAP", "auth": 7},
    "targets": [{"name": "vmware", "portal": "storage", "initiator": "all", "authmethod": "CHAP", "auth": 7}],
    "extents": [{"name": "z", "disk": "tank/z"}],
    "associations": [{"target": "vmware", "extent": "z"}],
    "service": {"enabled": True, "running": True},
}


def test_everything_from_nothing():
    made = {change.what: change for change in changes(nas(), **WHOLE)}
    assert list(made) == [
        "pool new",
        "zvol tank/z",
        "portal storage",
        "initiators all",
        "CHAP user esxi of group 7",
        "discovery",
        "target vmware",
        "extent z",
        "extent z at target vmware",
        "iSCSI service enabled",
        "iSCSI service running",
    ]
    assert made["portal storage"] == Change(
        "portal storage",
        None,
        {"comment": "storage", "listen": [f"{IP}:3260"]},
        "add",
        {"thing": Portal("new portals 0", "storage", (Listen(IP),))},
    )
    assert made["initiators all"].args == {"thing": Initiator("new initiators 0", "all", (), ())}
    assert made["initiators all"].after == {"comment": "all", "initiators": [], "auth_network": []}
    assert made["CHAP user esxi of group 7"].after == {"tag": 7, "user": "esxi", "peeruser": "", "secret": "(hidden)"}
    assert made["CHAP user esxi of group 7"].args["thing"].secret == "s3cret-s3cret"
    assert made["discovery"] == Change(
        "discovery",
        {"authmethod": "NONE", "auth": None},
        {"authmethod": "CHAP", "auth": 7},
        "update",
        {"thing": Discovery(CHAP, 7), "names": ["method", "tag"]},
    )
    groups = (Group("new portals 0", "new initiators 0", CHAP, 7),)
    assert made["target vmware"].args["thing"] == Target("new targets 0", "vmware", "", groups)
    assert made["target vmware"].after == {
        "name": "vmware",
        "alias": "",
        "groups": [{"portal": "storage", "initiator": "all", "authmethod": "CHAP", "auth": 7}],
    }
    assert made["extent z"].args["thing"] == Extent("new extents 0", "z", "zvol", "tank/z", read_only=False, enabled=True)
    assert made["extent z"].after == {
        "name": "z",
        "type": "disk",
        "disk": "tank/z",
        "blocksize": 512,
        "serial": "",
        "rpm": "SSD",
        "insecure_tpc": True,
        "pblocksize": False,
        "comment": "",
        "ro": False,
        "enabled": True,
    }
    association = made["extent z at target vmware"]
    assert association.args["thing"] == TargetExtent("new associations 0", "new targets 0", "new extents 0", 0)
    assert association.after == {"target": "vmware", "extent": "z", "lun": 0}
    assert made["iSCSI service enabled"] == Change(
        "iSCSI service enabled", {"enabled": False}, {"enabled": True}, "enable_service"
    )
    assert made["iSCSI service running"] == Change("iSCSI service running", {"running": False}, {"running": True}, "run_service")


def test_the_same_again_is_nothing():
    said = {
        "portals": [{"comment": "storage", "listen": listen(IP)}],
        "initiators": [{"comment": "all", "initiators": [], "auth_network": []}],
        "targets": [{"name": "vmware", "portal": "storage", "initiator": "all", "authmethod": "NONE"}],
        "extents": [{"name": "a", "disk": "tank/a", "serial": "s1"}],
        "associations": [{"target": "vmware", "extent": "a", "lun": 0}],
        "service": {"enabled": True, "running": True},
        "purge": True,
    }
    current = nas("13.0", *whole(), enabled=True, running=True)
    assert changes(current, **said) == []
    assert kept(current, options(**said)) == []
    newer = [replace(initiator(), networks=None) if isinstance(one, Initiator) else one for one in whole()]
    assert changes(nas("25.10", *newer, enabled=True, running=True), **said) == []


def test_nothing_is_mentioned():
    assert changes(nas("13.0", *whole())) == []
    assert changes(nas("13.0", *whole()), purge=True) == []


def test_the_service_goes_off():
    on = nas("13.0", enabled=True, running=True)
    assert [change.after for change in changes(on, service={"enabled": False, "running": False})] == [
        {"enabled": False},
        {"running": False},
    ]
    assert changes(on, service={"enabled": None, "running": None}) == []


# -- the same, spelt otherwise ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        {"basename": BASE.upper()},
        {"targets": [{"name": "VMware"}]},
        {"targets": [{"name": f"{BASE}:vmware"}]},
        {"targets": [{"name": f"{BASE}:VMWARE".title(), "portal": "#1", "initiator": "#1"}]},
        {"associations": [{"target": f"{BASE}:vmware", "extent": "a"}]},
        {"extents": [{"name": "a", "disk": "zvol/tank/a"}]},
        {"extents": [{"name": "a", "disk": "/dev/zvol/tank/a", "type": "disk"}]},
        {"portals": [{"comment": "#1"}]},
        {"initiators": [{"comment": "#1"}]},
    ],
)
def test_another_spelling_changes_nothing(said):
    assert changes(nas("13.0", *whole()), **said) == []


def test_values_in_another_spelling():
    current = nas(
        "13.0",
        portal(1, "storage", Listen("192.0.2.9"), Listen("2001:db8::9")),
        initiator(1, "all", "iqn.1998-01.com.vmware:esxi1", networks=("192.0.2.0/24", "2001:db8::/64")),
        extent(1, "a", "tank/my vol"),
        config=GlobalConfig(BASE, None, ("192.0.2.1", "2001:db8::1")),
    )
    said = {
        "portals": [{"comment": "storage", "listen": listen("2001:0DB8:0::9", "192.0.2.9")}],
        "initiators": [
            {
                "comment": "all",
                "initiators": ["IQN.1998-01.com.VMware:ESXi1"],
                "auth_network": ["2001:DB8:0::1/64", "192.0.2.7/24"],
            }
        ],
        "extents": [{"name": "a", "disk": "zvol/tank/my+vol"}],
        "isns_servers": ["2001:DB8::1", "192.0.2.1"],
    }
    assert changes(current, **said) == []


# -- settings of the whole service --------------------------------------------------------------------------------------


def test_settings_are_one_change():
    change = only(
        nas(),
        basename="iqn.2026-01.org.Example",
        isns_servers=["192.0.2.1", "192.0.2.2:3205"],
        pool_avail_threshold=80,
    )
    after = GlobalConfig("iqn.2026-01.org.example", None, ("192.0.2.1", "192.0.2.2:3205"), 80)
    assert change == Change(
        "iSCSI service",
        {"basename": BASE, "isns_servers": [], "pool_avail_threshold": None},
        {"basename": "iqn.2026-01.org.example", "isns_servers": ["192.0.2.1", "192.0.2.2:3205"], "pool_avail_threshold": 80},
        "update",
        {"thing": after, "names": ["basename", "isns_servers", "pool_threshold"]},
    )
    assert only(nas(), pool_avail_threshold=80).args["names"] == ["pool_threshold"]
    assert changes(nas("13.0", config=GlobalConfig(BASE, None, (), 80)), pool_avail_threshold=80) == []
    assert only(nas("13.0", config=GlobalConfig(BASE, None, ("192.0.2.1",))), isns_servers=[]).after == {"isns_servers": []}


def test_discovery():
    current = nas("13.0", user(), discovery=Discovery(CHAP, 7))
    assert changes(current, discovery={"authmethod": "CHAP", "auth": 7}) == []
    assert only(current, discovery={"authmethod": "NONE", "auth": 7}).after == {"authmethod": "NONE", "auth": None}
    mixed = nas("13.0", user(), discovery=Discovery(MIXED))
    assert changes(mixed) == []
    assert only(mixed, discovery={"authmethod": "CHAP", "auth": 7}).args["thing"] == Discovery(CHAP, 7)
    assert refused(nas("13.0", user()), discovery={"authmethod": "CHAP", "auth": 8}) == (
        "discovery: authmethod CHAP needs 'auth', the tag of a group of CHAP users; nas has: 7."
    )
    assert refused(nas("13.0", user()), discovery={"authmethod": "CHAP_MUTUAL", "auth": 7}) == (
        "discovery: authmethod CHAP_MUTUAL needs a CHAP user with 'peeruser' in group 7."
    )


# -- ports --------------------------------------------------------------------------------------------------------------


def ports(change):
    return [at.port for at in change.args["thing"].listen]


def test_ports_of_addresses():
    current = nas("13.0", portal(1, "storage", Listen(IP, 3261)))
    assert changes(current, portals=[{"comment": "storage", "listen": listen(IP)}]) == []
    assert ports(only(current, portals=[{"comment": "storage", "listen": listen(IP, port=3262)}])) == [3262]
    assert ports(only(current, iscsi_port=3263, portals=[{"comment": "storage", "listen": listen(IP)}])) == [3263]
    assert ports(only(current, iscsi_port=3263, portals=[{"comment": "storage", "listen": listen(IP, port=3262)}])) == [3262]
    assert ports(only(current, portals=[{"comment": "storage", "listen": listen(IP, OTHER)}])) == [3260, 3261]
    assert changes(current, iscsi_port=3262) == []


def test_the_port_of_all():
    current = nas("25.10", portal())
    change = only(current, iscsi_port=3261)
    assert change.args == {"thing": GlobalConfig(BASE, 3261), "names": ["port"]}
    assert (change.before, change.after) == ({"port": 3260}, {"port": 3261})
    said = [{"comment": "storage", "listen": listen(IP, port=3261)}]
    assert only(current, portals=said).args["names"] == ["port"]
    assert only(current, portals=said, iscsi_port=3261).args["names"] == ["port"]
    assert changes(current, portals=[{"comment": "storage", "listen": listen(IP, port=3260)}]) == []
    assert changes(current, portals=[{"comment": "storage", "listen": listen(IP)}]) == []
    assert what(nas("25.10"), portals=said) == ["update iSCSI service", "add portal storage"]


@pytest.mark.parametrize(
    "said",
    [
        {"portals": [{"comment": "storage", "listen": listen(IP, port=3261)}]},
        {
            "portals": [
                {"comment": "storage", "listen": [*listen(IP, port=3261), *listen(OTHER)]},
                {"comment": "second", "listen": listen("192.0.2.11", port=3261)},
            ]
        },
        {"iscsi_port": 3260, "portals": [{"comment": "storage", "listen": listen(IP, port=3261)}]},
    ],
)
def test_ports_that_do_not_agree(said):
    current = nas("25.10", portal(), portal(2, "second", Listen("192.0.2.11")))
    assert refused(current, **said) == (
        "portals: port 3261: 25.10 has one port for all portals, which is 3260; versions before 22.12 have one for each address. "
        "Set 'iscsi_port' to change it for all."
    )


def test_a_portal_is_known_by_its_address_at_the_port_that_the_options_say():
    current = nas("13.0", portal(1, "old", Listen(IP, 3263)))
    assert only(current, iscsi_port=3263, portals=[{"comment": "new", "listen": listen(IP)}]).args["names"] == ["comment"]


def test_the_port_of_all_is_not_the_only_portal_s_to_say_where_it_is_said():
    said = {"iscsi_port": 3262, "portals": [{"comment": "storage", "listen": listen(IP, port=3261)}]}
    assert "port 3261: 25.10 has one port for all portals, which is 3262;" in refused(nas("25.10", portal()), **said)


def test_two_ports_at_once():
    said = [{"comment": "storage", "listen": [*listen(IP, port=3261), *listen(OTHER, port=3262)]}]
    assert refused(nas("25.10", portal()), portals=said).startswith("portals: port 3261: 25.10 has one port for all portals")


@pytest.mark.parametrize("port", [860, 1024])
def test_small_ports(port):
    text = f"iscsi_port: 25.10 takes 1025 to 65535, not {port}; versions before 22.12 take any."
    assert refused(nas("25.10"), iscsi_port=port) == text
    assert only(nas("25.10"), iscsi_port=1025).after == {"port": 1025}
    said = [{"comment": "storage", "listen": listen(IP, port=port)}]
    assert refused(nas("25.10"), portals=said) == text
    assert ports(only(nas("13.0"), portals=said)) == [port]
    assert changes(nas("25.10", port=860), iscsi_port=860) == []


def test_one_of_three_groups_changes_and_the_others_stay():
    portals = [portal(number, name, Listen(f"192.0.2.{number}")) for number, name in enumerate("abc", 1)]
    groups = tuple(Group(number, 1) for number in (1, 2, 3))
    current = nas("13.0", *portals, initiator(), user(), target(1, "vmware", *groups))
    said = [{"name": "vmware", "portal": "a", "authmethod": "CHAP", "auth": 7}]
    assert only(current, targets=said).args["thing"].groups == (Group(1, 1, CHAP, 7), *groups[1:])


# -- portals ------------------------------------------------------------------------------------------------------------


def test_a_portal_changes():
    change = only(nas("13.0", portal()), portals=[{"comment": "storage", "listen": listen(OTHER)}])
    assert change == Change(
        "portal storage",
        {"comment": "storage", "listen": [f"{IP}:3260"]},
        {"comment": "storage", "listen": [f"{OTHER}:3260"]},
        "update",
        {"thing": portal(1, "storage", Listen(OTHER)), "names": ["listen"]},
    )


def test_a_portal_of_another_comment_on_the_same_addresses_is_the_one():
    change = only(nas("13.0", portal(3, "")), portals=[{"comment": "storage", "listen": listen(IP)}])
    assert change.args == {"thing": portal(3, "storage"), "names": ["comment"]}
    assert change.what == "portal storage"


def test_but_not_one_that_is_declared_itself():
    said = [{"comment": "new", "listen": listen(IP)}, {"comment": "storage", "listen": listen(OTHER)}]
    assert what(nas("13.0", portal()), portals=said) == ["update portal storage", "add portal new"]


def test_nor_one_that_listens_on_more():
    current = nas("13.0", portal(1, "other", Listen(IP), Listen(OTHER)))
    said = [{"comment": "storage", "listen": listen(IP)}]
    assert refused(current, portals=said) == (
        "portal 'storage': portal 'other' of nas listens on 192.0.2.9:3260 already; only one can."
    )
    assert what(current, portals=said, purge=True) == ["update portal storage"]


def test_another_port_is_another_place_before_there_was_one_for_all():
    current = nas("13.0", portal(1, "other", Listen(IP, 3261)))
    assert what(current, portals=[{"comment": "storage", "listen": listen(IP, port=3260)}]) == ["add portal storage"]


TWO = (portal(1, "lab", Listen(IP)), portal(2, "lab", Listen(OTHER)))


@pytest.mark.parametrize("ip", [IP, OTHER])
def test_two_portals_alike_and_the_one_that_matches(ip):
    assert changes(nas("13.0", *TWO), portals=[{"comment": "lab", "listen": listen(ip)}]) == []


def test_two_portals_alike_and_the_one_that_matches_in_part():
    change = only(nas("13.0", *TWO), portals=[{"comment": "lab", "listen": listen(OTHER, "192.0.2.11")}])
    assert (change.what, change.args["thing"].id) == ("portal lab #2", 2)


@pytest.mark.parametrize(("listens", "extra"), [(listen("192.0.2.11"), " None of them is on 192.0.2.11:3260 alone."), (None, "")])
def test_two_portals_alike_and_none_that_matches(listens, extra):
    assert refused(nas("13.0", *TWO), portals=[{"comment": "lab", "listen": listens}]) == (
        f"nas has 2 objects that are all portal 'lab': #1 (on {IP}:3260), #2 (on {OTHER}:3260).{extra} Give them different names "
        "on the NAS, or declare the one that is meant as it is."
    )


def test_two_portals_alike_and_both_match():
    said = refused(nas("13.0", *TWO), portals=[{"comment": "lab", "listen": listen(IP, OTHER)}])
    assert said.startswith("nas has 2 objects that are all portal 'lab'")


def test_the_other_of_two_alike_is_purged_by_number():
    current = nas("13.0", *TWO)
    assert what(current, portals=[{"comment": "lab", "listen": listen(OTHER)}], purge=True) == ["remove portal lab #1"]
    both = [f"remove portal lab #{number}" for number in (1, 2)]
    assert what(current, portals=[], purge=True) == both


def test_a_reference_to_one_of_two_alike():
    current = nas("13.0", *TWO, initiator())
    assert refused(current, targets=[{"name": "t", "portal": "lab"}]) == (
        f"target 't': nas has 2 portals 'lab': #1 (on {IP}:3260), #2 (on {OTHER}:3260). Refer to it by number, as in '#1'."
    )
    assert only(current, targets=[{"name": "t", "portal": "#2"}]).args["thing"].groups == (Group(2),)
    declared = {"portals": [{"comment": "lab", "listen": listen(OTHER)}]}
    assert only(current, **declared, targets=[{"name": "t", "portal": "lab"}]).args["thing"].groups == (Group(2),)


def test_two_groups_of_initiators_alike():
    current = nas("13.0", initiator(1, "lab", "iqn.a"), initiator(2, "lab"))
    assert changes(current, initiators=[{"comment": "lab", "initiators": ["IQN.a"]}]) == []
    assert changes(current, initiators=[{"comment": "lab"}]) == []
    assert refused(current, initiators=[{"comment": "lab", "initiators": ["iqn.b"]}]) == (
        "nas has 2 objects that are all initiators 'lab': #1 (of iqn.a), #2 (of all). Give them different names on the NAS, or "
        "declare the one that is meant as it is."
    )
    assert (
        refused(
            nas("13.0", *current.things[Initiator].values(), portal()),
            targets=[{"name": "t", "portal": "storage", "initiator": "lab"}],
        )
        == "target 't': nas has 2 groups of initiators 'lab': #1 (of iqn.a), #2 (of all). Refer to it by number, as in '#1'."
    )


def test_addresses():
    current = nas("13.0", portal(1, "old", Listen("192.0.2.50")), addresses=("0.0.0.0", IP))
    assert refused(current, portals=[{"comment": "new", "listen": listen("198.51.100.1")}]) == (
        f"portal 'new': nas has no address '198.51.100.1'; it has: 0.0.0.0, {IP}."
    )
    assert what(current, portals=[{"comment": "new", "listen": listen(IP)}]) == ["add portal new"]
    assert what(current, portals=[{"comment": "old", "listen": listen("192.0.2.50", IP)}]) == ["update portal old"]
    assert refused(nas(), portals=[{"comment": "new"}]) == (
        "portal 'new': nas has no such portal; to make it, 'listen' must have one address at least."
    )


def test_an_address_goes_from_one_portal_to_another():
    current = nas("13.0", portal(1, "a", Listen(IP)), portal(2, "b", Listen(OTHER)))
    said = [{"comment": "a", "listen": listen(OTHER)}, {"comment": "b", "listen": listen("192.0.2.11")}]
    assert what(current, portals=said) == ["update portal b", "update portal a"]
    swap = [{"comment": "a", "listen": listen(OTHER)}, {"comment": "b", "listen": listen(IP)}]
    assert refused(current, portals=swap) == (
        "portal a and portal b would have to swap what only one can have at a time. Do it in two tasks, with something else in "
        "between."
    )


@pytest.mark.parametrize("version", ["22.12", "25.10"])
def test_an_address_is_one_portals_whatever_its_port_where_there_is_one_for_all(version):
    current = nas(version, portal())
    said = refused(current, portals=[{"comment": "storage"}, {"comment": "new", "listen": listen(IP)}])
    assert said == f"portal 'storage' and portal 'new' would both listen on {IP}:3260; only one can."


# -- initiators and CHAP users ------------------------------------------------------------------------------------------


def test_initiators_change():
    current = nas("13.0", initiator(1, "all", "iqn.a"))
    change = only(current, initiators=[{"comment": "all", "initiators": ["iqn.b", "iqn.a"], "auth_network": ["192.0.2.9"]}])
    assert change.args == {
        "thing": initiator(1, "all", "iqn.a", "iqn.b", networks=("192.0.2.9/32",)),
        "names": ["initiators", "networks"],
    }
    assert only(current, initiators=[{"comment": "all", "initiators": []}]).after["initiators"] == []


@pytest.mark.parametrize("have", [(), (initiator(1, "all", networks=None),)])
def test_networks_that_a_version_has_not(have):
    current = nas("TrueNAS-25.10.5", *have)
    assert refused(current, initiators=[{"comment": "all", "auth_network": ["192.0.2.0/24"]}]) == (
        "initiators 'all': auth_network: TrueNAS-25.10.5 does not have networks of a group of initiators; versions before 22.12 "
        "have it. Use 'auth_networks' of the targets, or leave it out."
    )
    made = changes(current, initiators=[{"comment": "all", "auth_network": []}])
    assert [change.after for change in made] == [{"comment": "all", "initiators": []}] * (not have)
    assert refused(nas("13.0", portal()), targets=[{"name": "t", "portal": "storage", "auth_networks": ["192.0.2.0/24"]}]) == (
        "target 't': auth_networks: 13.0 does not have networks of a target; versions from 22.12 on have it. Use 'auth_network' "
        "of the initiators, or leave it out."
    )
    assert (
        only(nas("13.0", portal()), targets=[{"name": "t", "portal": "storage", "auth_networks": []}]).args["thing"].networks
        is None
    )


def test_networks_of_a_target():
    current = nas("25.10", portal(), target(1, "t", Group(1), networks=("192.0.2.0/24",)))
    assert changes(current, targets=[{"name": "t", "auth_networks": ["192.0.2.5/24"]}]) == []
    change = only(current, targets=[{"name": "t", "auth_networks": []}])
    assert change.args["names"] == ["networks"]
    assert change.after["auth_networks"] == []
    assert only(current, targets=[{"name": "n", "portal": "storage"}]).args["thing"].networks == ()


def test_secrets_that_change_say_so():
    current = nas("13.0", user(1, 7, "esxi", "other-secret-", "nas", "peer-secret-1"))
    change = only(current, auths=[{"tag": 7, "user": "esxi", "peeruser": "nas", "peersecret": "peer-secret-1"}])
    assert change.args == {"thing": user(1, 7, "esxi", "s3cret-s3cret", "nas", "peer-secret-1"), "names": ["secret"]}
    assert change.before == {"tag": 7, "user": "esxi", "peeruser": "nas", "secret": "(hidden)", "peersecret": "(hidden)"}
    assert change.after == {**change.before, "secret": "(hidden, changed)"}
    change = only(current, auths=[{"tag": 7, "user": "esxi", "secret": "other-secret-", "peersecret": "peer-secret-2"}])
    assert change.after == {**change.before, "peersecret": "(hidden, changed)"}
    assert "secret-" not in repr([change, change.before, change.after])


def test_secrets_that_the_nas_hides():
    current = nas("13.0", user(1, 7, "esxi", "********", "nas", "********"))
    assert changes(current, auths=[{"tag": 7, "user": "esxi", "peeruser": "nas", "peersecret": "peer-secret-1"}]) == []
    assert only(current, auths=[{"tag": 7, "user": "esxi", "peeruser": "nas2"}]).args["names"] == ["peer_user"]
    stars = nas("13.0", user(1, 7, "esxi", "a*c***f*h*j**"))
    assert only(stars, auths=[{"tag": 7, "user": "esxi"}]).args["names"] == ["secret"]
    empty = nas("13.0", user(1, 7, "esxi", ""))
    assert only(empty, auths=[{"tag": 7, "user": "esxi"}]).args["names"] == ["secret"]


def test_a_user_is_known_by_group_and_name():
    current = nas("13.0", user(1, 7, "esxi"))
    assert what(current, auths=[{"tag": 8, "user": "esxi"}]) == ["add CHAP user esxi of group 8"]
    assert what(current, auths=[{"tag": 7, "user": "other"}]) == ["add CHAP user other of group 7"]


def test_two_users_alike():
    current = nas("13.0", user(1, 7, "esxi"), user(2, 7, "esxi"))
    said = refused(current, auths=[{"tag": 7, "user": "esxi"}])
    assert said.startswith("nas has 2 objects that are all CHAP 'esxi of group 7': #1 (esxi of group 7), #2 (esxi of group 7).")


# -- targets ------------------------------------------------------------------------------------------------------------

BIG = Group(1, 1, MUTUAL, 7)


def test_what_is_not_said_of_a_target_stays():
    things = (portal(), initiator(), user(1, 7, "esxi", peer="nas", peer_secret="x"), target(1, "vmware", BIG, alias="LUNs"))
    current = nas("13.0", *things)
    assert changes(current, targets=[{"name": "vmware"}]) == []
    change = only(current, targets=[{"name": "vmware", "authmethod": "CHAP"}])
    assert change.args == {"thing": target(1, "vmware", replace(BIG, method=CHAP), alias="LUNs"), "names": ["groups"]}
    change = only(current, targets=[{"name": "vmware", "authmethod": "NONE", "alias": ""}])
    assert change.args == {"thing": target(1, "vmware", Group(1, 1)), "names": ["alias", "groups"]}
    assert only(current, targets=[{"name": "vmware", "alias": "x"}]).args["names"] == ["alias"]


def test_groups_of_a_target():
    things = (portal(), portal(2, "second", Listen(OTHER)), initiator(), target(1, "vmware", Group(1, 1), Group(2)))
    current = nas("13.0", *things)
    assert changes(current, targets=[{"name": "vmware"}]) == []
    change = only(current, targets=[{"name": "vmware", "portal": "second", "initiator": "all"}])
    assert change.args["thing"].groups == (Group(1, 1), Group(2, 1))
    assert refused(current, targets=[{"name": "vmware", "initiator": "all"}]) == (
        "target 'vmware': it has 2 groups, and 'portal' says none of them: storage, second. Declare them all in 'groups'."
    )
    group = {"portal": "second", "initiator": None, "authmethod": "NONE", "auth": None}
    assert only(current, targets=[{"name": "vmware", "groups": [group]}]).args["thing"].groups == (Group(2),)
    assert refused(current, targets=[{"name": "vmware", "groups": []}]) == (
        "target 'vmware': 'groups' must have one entry at least, with a portal by which it is reached."
    )
    both = [{**group, "portal": "storage", "initiator": "all"}, group]
    assert changes(current, targets=[{"name": "vmware", "groups": both}]) == []


def test_a_target_moves_to_another_portal():
    current = nas("13.0", portal(), portal(2, "second", Listen(OTHER)), initiator(), target())
    assert only(current, targets=[{"name": "vmware", "portal": "second"}]).args["thing"].groups == (Group(2, 1),)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"name": "t"}, "target 't': 'portal' must name one of the portals of nas: second, storage."),
        ({"name": "t", "portal": "no"}, "target 't': nas has no portal 'no'; it has: second, storage."),
        (
            {"name": "t", "portal": "storage", "initiator": "no"},
            "target 't': nas has no group of initiators 'no'; it has: none.",
        ),
        (
            {"name": "t", "portal": "storage", "authmethod": "CHAP"},
            "target 't': authmethod CHAP needs 'auth', the tag of a group of CHAP users; nas has: 7.",
        ),
        (
            {"name": "t", "portal": "storage", "authmethod": "CHAP", "auth": 8},
            "target 't': authmethod CHAP needs 'auth', the tag of a group of CHAP users; nas has: 7.",
        ),
        (
            {"name": "t", "portal": "storage", "authmethod": "CHAP_MUTUAL", "auth": 7},
            "target 't': authmethod CHAP_MUTUAL needs a CHAP user with 'peeruser' in group 7.",
        ),
        (
            {"name": "t", "portal": "storage", "alias": "taken"},
            "target 't': alias 'taken' is that of target 'old' already.",
        ),
    ],
)
def test_targets_that_are_refused(said, text):
    current = nas("13.0", portal(), portal(2, "second", Listen(OTHER)), user(), target(9, "old", Group(1), alias="taken"))
    assert refused(current, targets=[said]) == text


def test_no_portal_at_all():
    assert refused(nas(), targets=[{"name": "t"}]) == "target 't': 'portal' must name one of the portals of nas: none."


def test_an_auth_without_a_method_is_no_method():
    current = nas("13.0", portal(), user())
    change = only(current, targets=[{"name": "t", "portal": "storage", "auth": 7}])
    assert change.args["thing"].groups == (Group(1),)


# -- extents ------------------------------------------------------------------------------------------------------------


def test_each_field_of_an_extent():
    current = nas("25.10", extent(1, product_id=""))
    fields = {
        "blocksize": ("blocksize", 4096),
        "serial": ("serial", "x" * 20),
        "rpm": ("rpm", "7200"),
        "insecure_tpc": ("tpc", False),
        "pblocksize": ("hide_pblocksize", True),
        "comment": ("comment", "c"),
        "avail_threshold": ("threshold", 9),
        "ro": ("read_only", True),
        "enabled": ("enabled", False),
        "product_id": ("product_id", "p"),
    }
    for word, (name, value) in fields.items():
        change = only(current, extents=[{"name": "a", word: value}])
        assert change.args == {"thing": replace(extent(1, product_id=""), **{name: value}), "names": [name]}, word
        assert change.after[word] == value


@pytest.mark.parametrize(
    ("word", "value", "feature", "since", "nothing"),
    [
        ("product_id", "p", "a product id of an extent", "25.10", ""),
        ("enabled", False, "extents that can be switched off", "11.3", True),
        ("ro", True, "extents that can only be read", "9.3.1", False),
    ],
)
def test_fields_that_a_version_has_not(word, value, feature, since, nothing):
    current = nas("9.3.0", *[replace(extent(), read_only=None, enabled=None)])
    assert refused(current, extents=[{"name": "a", word: value}]) == (
        f"extent 'a': {word}: 9.3.0 does not have {feature}; versions from {since} on have it."
    )
    assert changes(current, extents=[{"name": "a", word: nothing}]) == []


def test_files():
    change = only(nas(), extents=[{"name": "f", "path": "/mnt/tank/f", "filesize": "1G"}])
    assert change.args["thing"] == Extent("new extents 0", "f", "file", "/mnt/tank/f", G, read_only=False, enabled=True)
    assert change.after["type"] == "file"
    assert (change.after["path"], change.after["filesize"]) == ("/mnt/tank/f", G)
    current = nas("13.0", extent(1, "f", "/mnt/tank/f", kind="file", filesize=G))
    assert changes(current, extents=[{"name": "f", "path": "/mnt/tank/f", "filesize": "1G", "type": "file"}]) == []
    assert only(current, extents=[{"name": "f", "filesize": "2G"}]).args["names"] == ["filesize"]
    assert only(current, extents=[{"name": "f", "filesize": " 0 "}]).args["thing"].filesize == 0
    moved = only(current, extents=[{"name": "f", "disk": "tank/a"}])
    assert moved.args["names"] == ["kind", "source", "filesize"]
    assert moved.args["thing"].filesize == 0
    gone = nas("13.0", extent(1, "f", "/mnt/gone/f", kind="file", filesize=G))
    assert changes(gone, extents=[{"name": "f", "path": "/mnt/gone/f"}]) == []


def test_disks():
    assert only(nas(), extents=[{"name": "d", "disk": "da5"}]).args["thing"].kind == "disk"
    assert only(nas(), extents=[{"name": "d", "disk": "/dev/da5"}]).args["thing"].source == "da5"
    used = nas("13.0", extent(1, "d", "da9", kind="disk"))
    assert changes(used, extents=[{"name": "d", "disk": "da9"}]) == []


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"name": "n"}, "extent 'n': nas has no such extent; to make it, 'disk' must be a zvol, as in tank/vmware, or a disk."),
        ({"name": "n", "type": "file"}, "extent 'n': nas has no such extent; to make it, 'path' must be a file below /mnt."),
        ({"name": "a", "type": "file"}, "extent 'a': it is a zvol now; to make it a file, give 'path'."),
        ({"name": "f", "type": "disk"}, "extent 'f': it is a file now; to make it a disk, give 'disk'."),
        ({"name": "n", "disk": "tank/no"}, "extent 'n': nas has no zvol 'tank/no'; it has: tank/a, tank/b, tank/c."),
        ({"name": "n", "disk": "da9"}, "extent 'n': nas has no free disk 'da9'; free disks: da5."),
        (
            {"name": "n", "path": "/mnt/no/f", "filesize": "1G"},
            "extent 'n': path '/mnt/no/f': nas has no pool 'no'; it has: tank.",
        ),
        (
            {"name": "n", "path": "/mnt/tank/n", "filesize": "1000"},
            "extent 'n': filesize 1000 must be a multiple of its blocks of 512 bytes.",
        ),
        ({"name": "n", "disk": "tank/a"}, "extent 'n': 'tank/a' is extent 'a' of nas already; two would write over each other."),
        (
            {"name": "n", "disk": "tank/b", "serial": "s1"},
            "extent 'n': serial 's1' is that of extent 'a' of nas already; initiators would take them for one disk.",
        ),
        (
            {"name": "n", "disk": "tank/b", "serial": "x" * 17},
            f"extent 'n': serial '{'x' * 17}' has 17 characters; 13.0 takes 16 at most.",
        ),
    ],
)
def test_extents_that_are_refused(said, text):
    current = nas("13.0", extent(), extent(2, "f", "/mnt/tank/f", "s2", "file"))
    assert refused(current, extents=[said]) == text


def test_names_of_extents_by_version():
    name = "n" * 65
    assert refused(nas("22.12"), extents=[{"name": name, "disk": "tank/a"}]) == (
        f"extent '{name}': its name has 65 characters; 22.12 takes 64 at most."
    )
    assert len(changes(nas("22.12"), extents=[{"name": "n" * 64, "disk": "tank/a"}])) == 1
    assert len(changes(nas("13.0"), extents=[{"name": name, "disk": "tank/a", "serial": "x" * 16}])) == 1


def test_a_whole_disk_by_version():
    assert refused(nas("22.12"), extents=[{"name": "d", "disk": "sdb"}]) == (
        "extent 'd': disk 'sdb': 22.12 does not have a whole disk as an extent; versions before 22.12 have it. Put a zvol on it."
    )


def test_a_zvol_that_is_no_multiple_of_the_block():
    odd = nas("13.0")
    volumes = replace(odd.volumes, zvols={"tank/odd": replace(odd.volumes.zvols["tank/a"], name="tank/odd", size=G + 512)})
    current = replace(odd, volumes=volumes)
    assert refused(current, extents=[{"name": "n", "disk": "tank/odd", "blocksize": 4096}]) == (
        f"extent 'n': zvol 'tank/odd' has {G + 512} bytes, which is no multiple of blocks of 4096."
    )
    assert len(changes(current, extents=[{"name": "n", "disk": "tank/odd"}])) == 1


def test_an_extent_on_a_zvol_that_is_gone_stays():
    gone = nas("13.0", extent(1, "a", "tank/gone"))
    assert changes(gone, extents=[{"name": "a", "disk": "tank/gone"}]) == []


def test_extents_that_pass_a_zvol_on():
    current = nas("13.0", extent(1, "a", "tank/a", "s1"), extent(2, "b", "tank/b", "s2"))
    said = [{"name": "a", "disk": "tank/b"}, {"name": "b", "disk": "tank/c"}]
    assert what(current, extents=said) == ["update extent b", "update extent a"]
    serials = [{"name": "a", "serial": "s2"}, {"name": "b", "serial": "s3"}]
    assert what(current, extents=serials) == ["update extent b", "update extent a"]
    assert what(current, extents=[{"name": "n", "disk": "tank/a"}, {"name": "a", "disk": "tank/c"}]) == [
        "update extent a",
        "add extent n",
    ]
    assert refused(current, extents=[{"name": "a", "disk": "tank/b"}, {"name": "b", "disk": "tank/a"}]) == (
        "extent a and extent b would have to swap what only one can have at a time. Do it in two tasks, with something else in "
        "between."
    )


# -- LUNs ---------------------------------------------------------------------------------------------------------------

LUNS = (portal(), initiator(), target(), extent(), extent(2, "b", "tank/b", "s2"), extent(3, "c", "tank/c", "s3"))


def at(extent, lun=None, target="vmware", **said):
    return {"target": target, "extent": extent, "lun": lun, **said}


def test_luns():
    current = nas("13.0", *LUNS, link())
    change = only(current, associations=[at("a", 5)])
    assert change.args == {"thing": link(1, 5), "names": ["lun"]}
    assert changes(current, associations=[at("a")]) == []
    assert only(current, associations=[at("b", 1)]).args["thing"] == TargetExtent("new associations 1", 1, 2, 1)


def test_luns_that_move_up():
    current = nas("13.0", *LUNS, link(1, 0, 1, 1), link(2, 1, 1, 2))
    assert what(current, associations=[at("a", 1), at("b", 2)]) == [
        "update extent b at target vmware",
        "update extent a at target vmware",
    ]


def test_luns_that_swap():
    current = nas("13.0", *LUNS, link(1, 0, 1, 1), link(2, 1, 1, 2))
    planned = changes(current, associations=[at("a", 1), at("b", 0)])
    assert [
        (change.apply, change.what, change.before and change.before["lun"], change.after and change.after["lun"])
        for change in planned
    ] == [
        ("remove", "LUN 0 of target vmware", 0, None),
        ("update", "extent b at target vmware", 1, 0),
        ("add", "extent a at target vmware", None, 1),
    ]
    assert planned[0].args["thing"] == link(1, 0, 1, 1)
    assert planned[2].args["thing"] == TargetExtent("again 1", 1, 1, 1)


def test_three_luns_in_a_ring():
    current = nas("13.0", *LUNS, link(1, 0, 1, 1), link(2, 1, 1, 2), link(3, 2, 1, 3))
    assert what(current, associations=[at("a", 1), at("b", 2), at("c", 0)]) == [
        "remove LUN 0 of target vmware",
        "update extent c at target vmware",
        "update extent b at target vmware",
        "add extent a at target vmware",
    ]


def test_two_rings():
    more = (extent(4, "d", "tank/d", "s4"), link(4, 3, 1, 4))
    current = nas("13.0", *LUNS, *more, link(1, 0, 1, 1), link(2, 1, 1, 2), link(3, 2, 1, 3))
    planned = what(current, associations=[at("a", 1), at("b", 0), at("c", 3), at("d", 2)])
    assert planned[:2] == ["remove LUN 3 of target vmware", "remove LUN 0 of target vmware"]
    assert len(planned) == 6


@pytest.mark.parametrize(
    ("version", "said", "text"),
    [
        ("13.0", at("no"), "associations: extent 'no' at target 'vmware': nas has no extent 'no'; it has: a, b, c."),
        ("13.0", at("a", target="no"), "associations: extent 'a' at target 'no': nas has no target 'no'; it has: vmware."),
        (
            "13.0",
            at("b"),
            "LUN 0 of target 'vmware' cannot be extent 'b': it is 'a'. Choose another number, or purge that one.",
        ),
        ("13.0", at("b", 1024), "associations: lun 1024 of extent 'b' must be from 0 to 1023; 13.0 has no more."),
        ("9.3.1", at("b", 15), "associations: lun 15 of extent 'b' must be from 0 to 14; 9.3.1 has no more."),
    ],
)
def test_luns_that_are_refused(version, said, text):
    assert refused(nas(version, *LUNS, link()), associations=[said]) == text


def test_the_largest_lun():
    assert only(nas("13.0", *LUNS), associations=[at("b", 1023)]).after["lun"] == 1023


def test_an_extent_in_two_targets():
    things = (*LUNS, link(), target(2, "second", Group(1, 1)))
    said = [at("a", target="second")]
    assert refused(nas("22.12", *things), associations=said) == (
        "extent 'a' cannot be a LUN of target 'second': it is one of 'vmware'. An extent belongs to a single target."
    )
    assert what(nas("13.0", *things), associations=said) == ["add extent a at target second"]


# -- what goes ----------------------------------------------------------------------------------------------------------


def test_what_is_declared_absent_goes_from_the_top_down():
    said = {
        "portals": [{"comment": "storage", "state": "absent"}],
        "initiators": [{"comment": "all", "state": "absent"}],
        "auths": [{"tag": 7, "user": "esxi", "state": "absent"}],
        "targets": [{"name": "VMware", "state": "absent"}],
        "extents": [{"name": "a", "state": "absent"}],
        "associations": [at("a", state="absent")],
    }
    current = nas("13.0", *whole(), user())
    assert what(current, **said) == [
        "remove extent a at target vmware",
        "remove target vmware",
        "remove extent a",
        "remove portal storage",
        "remove initiators all",
        "remove CHAP user esxi of group 7",
    ]
    removed = changes(current, **said)[1]
    assert (removed.before["name"], removed.after, removed.args) == ("vmware", None, {"thing": target()})
    assert changes(nas(), **said) == []


@pytest.mark.parametrize(
    "said", [{"targets": [{"name": "vmware", "state": "absent"}]}, {"extents": [{"name": "a", "state": "absent"}]}]
)
def test_its_luns_go_with_it(said):
    planned = what(nas("13.0", *whole()), **said)
    assert planned[0] == "remove extent a at target vmware"
    assert len(planned) == 2


def test_what_is_absent_is_not_taken_for_another():
    assert changes(nas("13.0", portal()), portals=[{"comment": "other", "listen": listen(IP), "state": "absent"}]) == []


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (
            {"portals": [{"comment": "storage", "state": "absent"}]},
            "portal storage cannot be removed: target 'vmware' is reached by it.",
        ),
        (
            {"initiators": [{"comment": "all", "state": "absent"}]},
            "initiators all cannot be removed: target 'vmware' lets it in.",
        ),
        (
            {"auths": [{"tag": 7, "user": "esxi", "state": "absent"}]},
            "CHAP user esxi of group 7 cannot be removed: target 'vmware' asks for its group 7.",
        ),
    ],
)
def test_what_something_uses_cannot_be_absent(said, text):
    current = nas("13.0", portal(), initiator(), user(), target(1, "vmware", Group(1, 1, CHAP, 7)))
    assert refused(current, **said) == text


def test_a_purge():
    said = {"portals": [], "initiators": [], "auths": [], "targets": [], "extents": [], "associations": []}
    current = nas("13.0", *whole(), user())
    assert changes(current, **said) == []
    assert what(current, **said, purge=True) == [
        "remove extent a at target vmware",
        "remove target vmware",
        "remove extent a",
        "remove portal storage",
        "remove initiators all",
        "remove CHAP user esxi of group 7",
    ]
    assert kept(current, options(**said, purge=True)) == []


def test_a_purge_of_one_list_leaves_the_others():
    current = nas("13.0", portal(), portal(2, "old", Listen(OTHER)), initiator())
    assert what(current, portals=[{"comment": "storage"}], purge=True) == ["remove portal old"]


def test_a_purge_leaves_the_floor_under_what_stays():
    things = (portal(), initiator(), user(), target(1, "vmware", Group(1, 1, CHAP, 7)), extent(), link())
    current = nas("13.0", *things)
    lists = {"portals": [], "initiators": [], "auths": [], "extents": [], "targets": []}
    assert changes(current, **lists, purge=True) == []
    assert kept(current, options(**lists, purge=True)) == [
        "target vmware is not listed, but was not purged: extent 'a' is its LUN 0.",
        "extent a is not listed, but was not purged: it is LUN 0 of target 'vmware'.",
        "portal storage is not listed, but was not purged: target 'vmware' is reached by it.",
        "initiators all is not listed, but was not purged: target 'vmware' lets it in.",
        "CHAP user esxi of group 7 is not listed, but was not purged: target 'vmware' asks for its group 7.",
    ]


def users(*members, method=CHAP, discovery=None):
    return nas("13.0", portal(), *members, target(1, "vmware", Group(1, None, method, 7)), discovery=discovery)


@pytest.mark.parametrize(
    ("current", "said", "gone"),
    [
        (users(user(1), user(2, 7, "b")), [{"tag": 7, "user": "b"}], ["esxi of group 7"]),
        (users(user(1), user(2, 8, "b")), [{"tag": 8, "user": "b"}], []),
        (users(user(1, peer="nas", peer_secret="x"), user(2, 7, "b"), method=MUTUAL), [{"tag": 7, "user": "b"}], []),
        (
            users(user(1, peer="nas", peer_secret="x"), user(2, 7, "b"), method=MUTUAL),
            [{"tag": 7, "user": "esxi"}],
            ["b of group 7"],
        ),
        (users(user(1), user(2, 9, "b"), discovery=Discovery(CHAP, 9)), [{"tag": 7, "user": "esxi"}], []),
        (users(user(1), user(2, 9, "b"), discovery=Discovery(CHAP, 8)), [{"tag": 7, "user": "esxi"}], ["b of group 9"]),
        (users(user(1), user(2, 7, "b")), [], ["b of group 7"]),
    ],
)
def test_a_purge_leaves_the_users_that_something_asks_for(current, said, gone):
    assert what(current, auths=said, purge=True) == [f"remove CHAP user {name}" for name in gone]


def test_discovery_keeps_its_users():
    current = nas("13.0", user(), discovery=Discovery(CHAP, 7))
    assert kept(current, options(auths=[], purge=True)) == [
        "CHAP user esxi of group 7 is not listed, but was not purged: discovery asks for its group 7."
    ]
    said = {"auths": [], "purge": True, "discovery": {"authmethod": "NONE"}}
    assert what(current, **said) == ["update discovery", "remove CHAP user esxi of group 7"]


def test_what_a_target_uses_until_it_is_changed_goes_afterwards():
    things = (portal(), initiator(), initiator(2, "old"), user(), target(1, "vmware", Group(1, 2, CHAP, 7)))
    said = {
        "portals": [{"comment": "new", "listen": listen(OTHER)}],
        "initiators": [{"comment": "all"}],
        "auths": [],
        "targets": [{"name": "vmware", "portal": "new", "initiator": "all", "authmethod": "NONE"}],
        "purge": True,
    }
    assert what(nas("13.0", *things, user(2, 8, "b")), **said) == [
        "remove CHAP user b of group 8",
        "add portal new",
        "update target vmware",
        "remove portal storage",
        "remove initiators old",
        "remove CHAP user esxi of group 7",
    ]


def test_what_nothing_uses_goes_before_what_needs_its_place():
    current = nas("13.0", portal(1, "old", Listen(IP), Listen(OTHER)), portal(2, "second", Listen("192.0.2.11")))
    said = [{"comment": "second", "listen": listen(IP)}]
    assert what(current, portals=said, purge=True) == ["remove portal old", "update portal second"]


def test_extents_that_go_free_their_zvol_first():
    current = nas("13.0", *whole())
    said = {"extents": [{"name": "n", "disk": "tank/a", "serial": "s1"}], "associations": [at("n")], "purge": True}
    assert what(current, **said) == [
        "remove extent a at target vmware",
        "remove extent a",
        "add extent n",
        "add extent n at target vmware",
    ]


def test_a_portal_without_a_comment_has_its_number():
    current = nas("13.0", portal(3, ""))
    assert what(current, portals=[], purge=True) == ["remove portal #3"]
    assert changes(current, portals=[{"comment": "#3", "listen": listen(IP)}]) == []
    assert refused(current, targets=[{"name": "t"}]).endswith("of nas: #3.")


def test_targets_of_a_whole_name():
    whole_name = "iqn.1999-01.org.other:vmware"
    current = nas("13.0", portal(), target(1, whole_name, Group(1)))
    assert changes(current, targets=[{"name": whole_name.upper()}]) == []
    assert what(current, targets=[{"name": "vmware", "portal": "storage"}]) == ["add target vmware"]


def test_the_base_name_changes_under_targets():
    current = nas("13.0", *whole())
    new = "iqn.2026-01.org.example"
    assert what(current, basename=new, targets=[{"name": f"{new}:vmware"}]) == ["update iSCSI service"]
    assert what(current, basename=new, targets=[{"name": f"{BASE}:vmware"}]) == ["update iSCSI service"]
    assert isinstance(current.things[Credential], dict)
