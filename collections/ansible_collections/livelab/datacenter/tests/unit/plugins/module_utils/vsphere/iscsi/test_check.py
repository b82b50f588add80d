# SPDX-License-Identifier: GPL-3.0-or-later
"""What no host could take of a software iSCSI adapter, refused by option and value."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.check import check

NODE = ("is not an iSCSI name; it must look like iqn.1998-01.com.vmware:esxi1 (or eui. and 16 hex digits, or naa. and 16 or "
        "32), of 223 bytes at most.")


def portal(address="10.0.2.129", port=3260, **said):
    return {"address": address, "port": port, **said}


def chap(**said):
    return {"user": "esxi", "password": "abcdefghijkl", "level": "required", "mutual_user": None, "mutual_password": None,
            "update_password": "on_create", **said}


def mutual(**said):
    return chap(**{"mutual_user": "nas", "mutual_password": "mnopqrstuvwx", **said})


def refused(**desired):
    with pytest.raises(ConvergeError) as caught:
        check({"enabled": True, **desired})
    return str(caught.value)


@pytest.mark.parametrize("desired", [
    {}, {"enabled": False, "send_targets": [], "iqn": None, "purge": True},
    {"iqn": "IQN.1998-01.com.vmware:ESXi1", "alias": "", "port_binding": ["vmk1", "vMotion"]},
    {"alias": "a" * 255, "port_binding": ["p" * 255]},
    {"send_targets": [portal(), portal(port=3261), portal("nas.lab"), portal("fd00::1", 1), portal("[fd00::2]", 65535)]},
    {"static_targets": [portal(iqn="iqn.2001-01.a:b"), portal(iqn="iqn.2001-01.a:c"), portal(port=3261, iqn="iqn.2001-01.a:b")]},
    {"send_targets": [portal()], "static_targets": [portal(iqn="iqn.2001-01.a:b")]},
    {"chap": chap()}, {"chap": mutual()}, {"chap": chap(level="preferred")}, {"chap": chap(level="discouraged")},
    {"chap": chap(level="prohibited", user=None, password=None)}, {"chap": chap(level="prohibited", password="short")},
    {"chap": chap(password="x" * 255, user="u" * 255)}, {"chap": chap(password="contraseña€ß")}, {"chap": None},
])
def test_what_a_host_could_take(desired):
    assert check({"enabled": True, **desired}) is None


@pytest.mark.parametrize(("option", "value"), [
    ("iqn", "iqn.1998-01.com.vmware:x"), ("alias", "a"), ("chap", chap()), ("port_binding", ["vmk1"]),
    ("send_targets", [portal()]), ("static_targets", [portal(iqn="iqn.2001-01.a:b")]),
])
def test_nothing_can_be_set_on_an_adapter_that_is_off(option, value):
    assert refused(enabled=False, **{option: value}) == (
        f"'enabled: false' and '{option}' contradict each other: without the adapter there is nothing to set that on.")


@pytest.mark.parametrize(("desired", "said"), [
    ({"iqn": "esxi1"}, f"iqn: 'esxi1' {NODE}"),
    ({"iqn": ""}, f"iqn: '' {NODE}"),
    ({"static_targets": [portal(iqn="x")]}, f"static_targets: iqn: 'x' {NODE}"),
    ({"alias": "a" * 256}, f"alias: {'a' * 256!r} must be 0 to 255 characters in one line."),
    ({"alias": "a\nb"}, "alias: 'a\\nb' must be 0 to 255 characters in one line."),
    ({"port_binding": ["vmk1", " "]}, "port_binding: ' ' must be 1 to 255 characters in one line."),
    ({"port_binding": [""]}, "port_binding: '' must be 1 to 255 characters in one line."),
    ({"port_binding": ["vmk1", "vmk2", "vmk1"]}, "port_binding: 'vmk1' is listed twice; list each VMkernel adapter once."),
    ({"send_targets": [portal(port=0)]}, "send_targets: port: 0 is not a TCP port; it must be from 1 to 65535."),
    ({"static_targets": [portal(port=65536, iqn="iqn.2001-01.a:b")]},
     "static_targets: port: 65536 is not a TCP port; it must be from 1 to 65535."),
    ({"send_targets": [portal("10.0.0.300")]}, "send_targets: address: '10.0.0.300' is not a host name or an IP address."),
    ({"static_targets": [portal("iscsi://nas", iqn="iqn.2001-01.a:b")]},
     "static_targets: address: 'iscsi://nas' is not a host name or an IP address. Leave out the scheme, the port and the "
     "path."),
    ({"send_targets": [portal("NAS.lab"), portal("nas.lab.")]},
     "send_targets: 'nas.lab:3260' is listed twice ('NAS.lab' and 'nas.lab.'); list each once."),
    ({"send_targets": [portal("fd00::1"), portal(), portal("FD00:0::1")]},
     "send_targets: '[fd00::1]:3260' is listed twice ('fd00::1' and 'FD00:0::1'); list each once."),
    ({"static_targets": [portal(iqn="IQN.2001-01.a:B"), portal(iqn="iqn.2001-01.a:b")]},
     "static_targets: '10.0.2.129:3260 iqn.2001-01.a:b' is listed twice ('10.0.2.129 IQN.2001-01.a:B' and "
     "'10.0.2.129 iqn.2001-01.a:b'); list each once."),
])
def test_what_no_host_could_take(desired, said):
    assert refused(**desired) == said


@pytest.mark.parametrize(("said", "why"), [
    ({"password": None}, "level 'required' needs 'user' and 'password'."),
    ({"user": "", "level": "preferred"}, "level 'preferred' needs 'user' and 'password'."),
    ({"mutual_user": "nas"}, "'mutual_user' and 'mutual_password' belong together; only one of them is given."),
    ({"mutual_password": "mnopqrstuvwx"}, "'mutual_user' and 'mutual_password' belong together; only one of them is given."),
    ({"mutual_user": "nas", "mutual_password": "mnopqrstuvwx", "level": "preferred"},
     "mutual CHAP needs level 'required', not 'preferred'."),
    ({"mutual_user": "nas", "mutual_password": "abcdefghijkl"}, "'mutual_password' must not be the same as 'password'."),
    ({"password": "short"}, "password has 5 characters; initiators and targets agree on 12 to 16 of them (255 at most)."),
    ({"password": "a" * 11}, "password has 11 characters; initiators and targets agree on 12 to 16 of them (255 at most)."),
    ({"password": "a" * 256}, "password has 256 characters; initiators and targets agree on 12 to 16 of them (255 at most)."),
    ({"password": "abcdefghijkl\n"}, "password has a line end or another control character in it; was it read from a file "
     "with the line end at its end?"),
    ({"mutual_user": "nas", "mutual_password": "mnop"},
     "mutual_password has 4 characters; initiators and targets agree on 12 to 16 of them (255 at most)."),
    ({"user": "u" * 256}, f"user: {'u' * 256!r} must be 0 to 255 characters in one line."),
    ({"mutual_user": "a\tb", "mutual_password": "mnopqrstuvwx"},
     "mutual_user: 'a\\tb' must be 0 to 255 characters in one line."),
])
def test_chap_that_cannot_be(said, why):
    assert refused(chap=chap(**said)) == f"chap: {why}"


def test_no_secret_is_in_an_error():
    for secret in ("abc\ndefghijkl", "abcdefghijk", "abcdefghijkl" * 30):
        assert secret not in refused(chap=chap(password=secret))
