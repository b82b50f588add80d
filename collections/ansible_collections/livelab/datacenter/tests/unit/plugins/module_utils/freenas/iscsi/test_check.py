# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that no NAS could take."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.check import check

from .conftest import listen, options


def refused(**said):
    with pytest.raises(ConvergeError) as caught:
        check(options(**said))
    return str(caught.value)


def accepted(**said):
    check(options(**said))


def test_nothing_is_said():
    accepted()
    accepted(portals=[], initiators=[], auths=[], targets=[], extents=[], associations=[], isns_servers=[], zvols=[])


def test_pool_and_zvols_are_looked_at_too():
    zvol = {"name": "tank", "size": "1G", "volblocksize": None}
    assert refused(zvols=[zvol]).startswith("zvols: name 'tank' must be a pool and a name")


# -- settings of the whole service --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["", "x", "iqn.05-10.org.x", "iqn.2005-10.", "iqn.2005-10.org.x:", "iqn.2005-10.org.x_y", "iqn.2005-10.org.x\n"]
)
def test_base_names(name):
    assert refused(basename=name) == f"basename: '{name}' is not an iSCSI qualified name, as in iqn.2005-10.org.freenas.ctl."


@pytest.mark.parametrize("name", ["iqn.2005-10.org.freenas.ctl", "IQN.2005-10.Org.x:sub.name-1"])
def test_base_names_that_are_taken(name):
    accepted(basename=name)


@pytest.mark.parametrize("port", [0, 65536, -1])
def test_the_port(port):
    assert refused(iscsi_port=port) == f"iscsi_port: {port} is not a TCP port; it must be from 1 to 65535."
    accepted(iscsi_port=3260)


@pytest.mark.parametrize("percent", [0, 100])
def test_thresholds(percent):
    assert refused(pool_avail_threshold=percent) == f"pool_avail_threshold: {percent} must be from 1 to 99 percent."
    extent = {"name": "e", "avail_threshold": percent}
    assert refused(extents=[extent]) == f"extent 'e': avail_threshold: {percent} must be from 1 to 99 percent."


@pytest.mark.parametrize("percent", [1, 99])
def test_thresholds_that_are_taken(percent):
    accepted(pool_avail_threshold=percent, extents=[{"name": "e", "avail_threshold": percent}])


@pytest.mark.parametrize("server", ["isns.example.org", "", "192.0.2.1:x:y", "[192.0.2"])
def test_isns_servers(server):
    assert refused(isns_servers=[server]) == f"isns_servers: '{server}' is not an IP address, with or without a port."


def test_isns_servers_that_are_taken():
    accepted(isns_servers=["192.0.2.1", "192.0.2.1:3205", "2001:db8::1", "[2001:db8::1]:3205"])
    assert refused(isns_servers=["2001:db8::1", "192.0.2.1", "2001:DB8:0::1"]) == "isns_servers: '2001:db8::1' is given twice."


def test_discovery():
    accepted(discovery={"authmethod": "NONE", "auth": None})
    accepted(discovery={"authmethod": "CHAP", "auth": 0})
    assert refused(discovery={"authmethod": "CHAP_MUTUAL", "auth": None}) == (
        "discovery: authmethod CHAP_MUTUAL needs 'auth', the tag of a group of CHAP users."
    )


# -- portals and initiators ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("comment", ["", "x" * 121])
def test_comments(comment):
    assert refused(portals=[{"comment": comment}]) == f"portals: comment '{comment}' must be 1 to 120 characters."
    assert refused(initiators=[{"comment": comment}]) == f"initiators: comment '{comment}' must be 1 to 120 characters."
    accepted(portals=[{"comment": "x" * 120}], initiators=[{"comment": "x" * 120}])


@pytest.mark.parametrize(
    ("addresses", "said"),
    [
        ([], "portal 'p': 'listen' must have one address at least."),
        (listen("nas.lab.local"), "portal 'p': listen: 'nas.lab.local' is not an IP address."),
        (listen("192.0.2.300"), "portal 'p': listen: '192.0.2.300' is not an IP address."),
        (listen("192.0.2.9", port=0), "portal 'p': port of 192.0.2.9: 0 is not a TCP port; it must be from 1 to 65535."),
        (listen("192.0.2.9", port=70000), "portal 'p': port of 192.0.2.9: 70000 is not a TCP port; it must be from 1 to 65535."),
        (listen("2001:db8::9", "2001:DB8:0::9"), "portal 'p': listen: '2001:db8::9' is given twice."),
        (listen("192.0.2.9", "192.0.2.9", port=1), "portal 'p': listen: '192.0.2.9' / '1' is given twice."),
    ],
)
def test_addresses(addresses, said):
    assert refused(portals=[{"comment": "p", "listen": addresses}]) == said


def test_addresses_that_are_taken():
    accepted(portals=[{"comment": "p", "listen": [*listen("0.0.0.0", "::", port=65535), *listen("::", port=1)]}])


def test_one_address_in_two_portals():
    twice = [{"comment": "p", "listen": listen("192.0.2.9")}, {"comment": "q", "listen": listen("192.0.2.9")}]
    assert refused(portals=twice) == "portals: listen: '192.0.2.9' is given twice."
    twice[0]["state"] = "absent"
    accepted(portals=twice)


@pytest.mark.parametrize(
    "name", ["", "esxi1", "iqn.1998-01.com.vmware:", "iqn.98-01.com", "eui.0123", "naa.0123", "iqn.1998-01.com.x:a b"]
)
def test_initiators(name):
    assert refused(initiators=[{"comment": "i", "initiators": [name]}]) == (
        f"initiators 'i': '{name}' is not an iSCSI name, as in iqn.1998-01.com.vmware:esxi1."
    )


def test_initiators_that_are_taken():
    names = [
        "iqn.1998-01.com.vmware:ESXi_1",
        "iqn.1991-05.com.microsoft",
        "EUI.0123456789ABCDEF",
        "naa.0123456789abcdef",
        "naa.0123456789abcdef0123456789abcdef",
    ]
    accepted(initiators=[{"comment": "i", "initiators": names}])
    twice = ["iqn.1998-01.com.vmware:a", "IQN.1998-01.com.vmware:A"]
    assert (
        refused(initiators=[{"comment": "i", "initiators": twice}])
        == "initiators 'i': 'iqn.1998-01.com.vmware:a' is given twice."
    )


@pytest.mark.parametrize("network", ["", "storage", "192.0.2.0/33", "192.0.2.0/24\n"])
def test_networks(network):
    assert refused(initiators=[{"comment": "i", "auth_network": [network]}]) == (
        f"initiators 'i': auth_network: '{network}' is not a network, as in 192.168.2.0/24."
    )
    assert refused(targets=[{"name": "t", "auth_networks": [network]}]) == (
        f"target 't': auth_networks: '{network}' is not a network, as in 192.168.2.0/24."
    )


def test_networks_that_are_taken():
    accepted(initiators=[{"comment": "i", "auth_network": ["192.0.2.7/24", "192.0.2.7", "2001:db8::/64"]}])
    twice = {"name": "t", "auth_networks": ["192.0.2.7/24", "192.0.2.0/24"]}
    assert refused(targets=[twice]) == "target 't': auth_networks: '192.0.2.0/24' is given twice."


# -- CHAP users ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"user": ""}, "auths: user '' must not be empty, nor begin or end with a space."),
        ({"user": "u "}, "auths: user 'u ' must not be empty, nor begin or end with a space."),
        ({"tag": -1}, "CHAP user 'u': tag -1 must be 0 or more."),
        ({"secret": None}, "CHAP user 'u': 'secret' is needed."),
        ({"secret": ""}, "CHAP user 'u': 'secret' is needed."),
        ({"secret": "x" * 11}, "CHAP user 'u': 'secret' has 11 characters; it must have 12 to 16."),
        ({"secret": "x" * 17}, "CHAP user 'u': 'secret' has 17 characters; it must have 12 to 16."),
        ({"peeruser": "p", "peersecret": "y" * 11}, "CHAP user 'u': 'peersecret' has 11 characters; it must have 12 to 16."),
        ({"peeruser": "p"}, "CHAP user 'u': 'peeruser' and 'peersecret' belong together; only one of them is given."),
        ({"peersecret": "y" * 12}, "CHAP user 'u': 'peeruser' and 'peersecret' belong together; only one of them is given."),
        ({"peeruser": "p", "peersecret": "x" * 12}, "CHAP user 'u': 'peersecret' must not be the same as 'secret'."),
    ],
)
def test_chap_users(said, text):
    assert refused(auths=[{"tag": 1, "user": "u", "secret": "x" * 12, **said}]) == text


@pytest.mark.parametrize("secret", ["contraseña-12", "hash#hash#hash", " leading-blank", "trailing-line\n", "tab\ttab\ttab\t"])
def test_letters_of_secrets(secret):
    text = refused(auths=[{"tag": 1, "user": "u", "secret": secret}])
    assert text == (
        "CHAP user 'u': 'secret' must be letters, digits and signs of ASCII without '#', and must not begin or end with a space."
    )
    assert secret.strip() not in text


def test_chap_users_that_are_taken():
    accepted(auths=[{"tag": 0, "user": "u", "secret": "x" * 12, "peeruser": "p", "peersecret": "inner space 16!!"}])
    accepted(auths=[{"tag": 0, "user": "", "secret": None, "state": "absent"}])
    accepted(auths=[{"tag": 0, "user": "u"}, {"tag": 1, "user": "u"}, {"tag": 0, "user": "v", "peeruser": "", "peersecret": ""}])


# -- targets ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "a b", "a_b", "t" * 121, "t\n", "té"])
def test_names_of_targets(name):
    assert refused(targets=[{"name": name}]) == (
        f"target '{name}': its name must be 1 to 120 letters, digits, dots, hyphens and colons; the base name is put before it."
    )


def test_names_of_targets_that_are_taken():
    accepted(targets=[{"name": "t" * 120}, {"name": "VMware-1.a:b"}, {"name": "iqn.2005-10.org.x:y"}])


@pytest.mark.parametrize("alias", ['a"b', "target"])
def test_aliases(alias):
    assert refused(targets=[{"name": "t", "alias": alias}]) == (
        f"target 't': alias '{alias}' must have no double quote in it, and must not be the word target."
    )
    accepted(targets=[{"name": "t", "alias": "my target"}, {"name": "u", "alias": ""}])


GROUP = {"portal": "p", "initiator": None, "authmethod": "NONE", "auth": None}


@pytest.mark.parametrize(("option", "value"), [("portal", "p"), ("initiator", "i"), ("authmethod", "NONE"), ("auth", 0)])
def test_groups_or_one_group(option, value):
    assert refused(targets=[{"name": "t", "groups": [GROUP], option: value}]) == (
        f"target 't': '{option}' belongs into the entries of 'groups', when that is given."
    )
    assert "belongs into" in refused(targets=[{"name": "t", "groups": [], option: value}])


def test_a_portal_twice_in_a_target():
    assert refused(targets=[{"name": "t", "groups": [GROUP, GROUP]}]) == "target 't': groups: portal: 'p' is given twice."
    accepted(targets=[{"name": "t", "groups": [GROUP, {**GROUP, "portal": "q"}]}])


# -- extents and LUNs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "e" * 121, 'a"b'])
def test_names_of_extents(name):
    assert refused(extents=[{"name": name}]) == f"extents: name '{name}' must be 1 to 120 characters, without a double quote."
    accepted(extents=[{"name": "e" * 120}])


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"disk": "tank/z", "path": "/mnt/tank/f"}, "extent 'e': 'disk' and 'path' exclude each other."),
        ({"type": "file", "disk": "tank/z"}, "extent 'e': 'disk' does not go with type file."),
        ({"type": "disk", "path": "/mnt/tank/f"}, "extent 'e': 'path' does not go with type disk."),
        ({"product_id": "p" * 17}, f"extent 'e': product_id '{'p' * 17}' has 17 characters; it must have 16 at most."),
    ],
)
def test_extents(said, text):
    assert refused(extents=[{"name": "e", **said}]) == text


def test_extents_that_are_taken():
    accepted(
        extents=[
            {"name": "e", "type": "disk", "disk": "tank/z", "product_id": "p" * 16, "serial": "s" * 20},
            {"name": "f", "type": "file", "path": "/mnt/tank/f", "filesize": "0"},
            {"name": "g", "path": "/mnt/tank/sub/f", "filesize": "1G", "product_id": ""},
        ]
    )


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/mnt",
        "/mnt/f",
        "/mnt//f",
        "/mnt/tank/",
        "mnt/tank/f",
        "/var/tank/f",
        "/mnt/tank/a b",
        "/mnt/../etc/f",
        "/mnt/tank/f\n",
    ],
)
def test_paths(path):
    assert refused(extents=[{"name": "e", "path": path}]) == (
        f"extent 'e': path '{path}' must be a file in a pool, without spaces, as in /mnt/tank/lun0."
    )


def test_sizes_of_files():
    text = refused(extents=[{"name": "e", "path": "/mnt/tank/f", "filesize": "big"}])
    assert text.startswith("extent 'e': filesize: 'big' is not a size")


@pytest.mark.parametrize("serial", ["", "a b", 'a"b', "s" * 21, "s\n", "ñ"])
def test_serials(serial):
    assert refused(extents=[{"name": "e", "serial": serial}]) == (
        f"extent 'e': serial '{serial}' must be 1 to 20 letters, digits and signs, without spaces and double quotes."
    )


def link(target="t", extent="e", lun=None):
    return {"target": target, "extent": extent, "lun": lun}


@pytest.mark.parametrize("lun", [-1, 16383])
def test_numbers_of_luns(lun):
    assert refused(associations=[link(lun=lun)]) == f"associations: lun {lun} of extent 'e' must be from 0 to 16382."
    accepted(associations=[link(lun=0), link(extent="f", lun=16382)])


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"portals": [{"comment": "p"}, {"comment": "p"}]}, "portals: 'p' is given twice."),
        ({"portals": [{"comment": "p"}, {"comment": "p", "state": "absent"}]}, "portals: 'p' is given twice."),
        ({"initiators": [{"comment": "i"}, {"comment": "i"}]}, "initiators: 'i' is given twice."),
        ({"auths": [{"tag": 1, "user": "u"}, {"tag": 1, "user": "u"}]}, "auths: '1' / 'u' is given twice."),
        ({"targets": [{"name": "t"}, {"name": "T"}]}, "targets: 't' is given twice."),
        ({"extents": [{"name": "e"}, {"name": "e"}]}, "extents: 'e' is given twice."),
        ({"associations": [link(lun=0), link("T", lun=1)]}, "associations: 't' / 'e' is given twice."),
        ({"associations": [link(lun=0), link("T", "f", lun=0)]}, "associations: target and lun: 't' / '0' is given twice."),
        (
            {"extents": [{"name": "e", "disk": "tank/my vol"}, {"name": "f", "disk": "zvol/tank/my+vol"}]},
            "extents: disk: 'tank/my vol' is given twice.",
        ),
        (
            {"extents": [{"name": "e", "path": "/mnt/tank/f"}, {"name": "f", "path": "/mnt/tank/f"}]},
            "extents: path: '/mnt/tank/f' is given twice.",
        ),
        ({"extents": [{"name": "e", "serial": "s"}, {"name": "f", "serial": "s"}]}, "extents: serial: 's' is given twice."),
    ],
)
def test_what_is_given_twice(said, text):
    assert refused(**said) == text


def test_what_is_not_the_same():
    accepted(
        auths=[{"tag": 1, "user": "u"}, {"tag": 2, "user": "u"}],
        extents=[{"name": "e", "disk": "tank/z"}, {"name": "E", "disk": "tank/Z"}, {"name": "f"}, {"name": "g"}],
        associations=[link(), link(extent="f"), link("u", "g", 0), link("t", "g", 0)],
    )


def test_what_is_absent_is_only_named():
    accepted(
        extents=[
            {"name": "e", "disk": "tank/z", "serial": "s"},
            {"name": "f", "disk": "tank/z", "serial": "s", "state": "absent"},
        ],
        associations=[link(lun=0), {**link("t", "f", 0), "state": "absent"}, {**link("t", "g", -1), "state": "absent"}],
        portals=[{"comment": "p", "listen": [], "state": "absent"}],
    )
