# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a host's software iSCSI adapter."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.plan import Adapter, plan

VMKERNELS = {"vmk0": "Management Network", "vmk1": "vMotion"}
OFF = Adapter("esxi1", vmkernels=VMKERNELS)
ON = Adapter("esxi1", enabled=True, hba="vmhba64", iqn="iqn.1998-01.com.vmware:esxi1", vmkernels=VMKERNELS,
             bound=["vmk1"], send_targets=[("10.0.2.129", 3260)],
             static_targets=[("10.0.2.1", 3260, "iqn.2001-01.a:b")],
             chap={"user": "esxi", "level": "required", "mutual_user": None})


def portal(address="10.0.2.129", port=3260):
    return {"address": address, "port": port}


def chap(**said):
    return {"user": "esxi", "password": "abcdefghijkl", "level": "required", "mutual_user": None,
            "mutual_password": None, "update_password": "on_create", **said}


def steps(current, **desired):
    changes = plan(current, {"enabled": True, "purge": False, **desired})
    return [(change.apply, change.what) for change in changes]


def refused(current, **desired):
    with pytest.raises(ConvergeError) as caught:
        steps(current, **desired)
    return str(caught.value)


def test_from_nothing_in_order():
    assert steps(OFF, iqn="iqn.2001-01.a:x", chap=chap(), port_binding=["vMotion"], send_targets=[portal()]) == [
        ("enable", "software iSCSI"),
        ("set_iqn", "iSCSI iqn"),
        ("set_chap", "CHAP"),
        ("bind", "port binding vmk1"),
        ("add_send_target", "send target 10.0.2.129:3260"),
    ]


def test_as_declared_already():
    assert steps(ON) == []
    assert steps(ON, iqn=ON.iqn, chap=chap(), port_binding=["vmk1"], send_targets=[portal()], purge=True) == []


def test_secrets_are_in_no_change():
    change = plan(OFF, {"enabled": True, "purge": False, "chap": chap()})[1]
    assert "abcdefghijkl" not in str(change.shown())
    assert change.args["password"] == "abcdefghijkl"


def test_a_secret_is_sent_again_when_asked_to():
    assert steps(ON, chap=chap(update_password="always")) == [("set_chap", "CHAP")]
    assert steps(ON, chap=chap(user="other")) == [("set_chap", "CHAP")]


def test_no_chap():
    assert steps(ON, chap=chap(level="prohibited")) == [("set_chap", "CHAP")]
    assert steps(OFF, chap=chap(level="prohibited", user=None, password=None)) == [("enable", "software iSCSI")]


def test_what_is_not_listed_goes_only_with_purge():
    wanted = {"port_binding": ["vmk0"], "send_targets": [portal("10.0.2.7")]}
    assert steps(ON, **wanted) == [("bind", "port binding vmk0"), ("add_send_target", "send target 10.0.2.7:3260")]
    assert steps(ON, **wanted, purge=True) == [
        ("unbind", "port binding vmk1"),
        ("bind", "port binding vmk0"),
        ("remove_send_target", "send target 10.0.2.129:3260"),
        ("add_send_target", "send target 10.0.2.7:3260"),
    ]
    assert steps(ON, static_targets=[], purge=True) == [
        ("remove_static_target", "static target 10.0.2.1:3260 iqn.2001-01.a:b")]


def test_off():
    assert steps(ON, enabled=False) == [("disable", "software iSCSI")]
    assert steps(OFF, enabled=False) == []
    assert "'enabled: false' and 'send_targets' contradict" in refused(ON, enabled=False, send_targets=[portal()])


def test_unknown_vmkernel_adapter_names_those_there_are():
    assert refused(ON, port_binding=["vmk7"]) == (
        "port_binding: esxi1 has no VMkernel adapter 'vmk7'; it has: vmk0 (port group 'Management Network'), "
        "vmk1 (port group 'vMotion').")


def test_a_port_group_with_two_adapters_is_ambiguous():
    current = Adapter("esxi1", vmkernels={"vmk1": "vMotion", "vmk2": "vMotion"})
    assert "has several VMkernel adapters on 'vMotion'" in refused(current, port_binding=["vMotion"])


@pytest.mark.parametrize(("desired", "said"), [
    ({"iqn": "esxi1"}, "iqn: 'esxi1' is not an iSCSI name"),
    ({"static_targets": [{**portal(), "iqn": "x"}]}, "static_targets: iqn: 'x' is not an iSCSI name"),
    ({"send_targets": [portal(port=0)]}, "a port from 1 to 65535"),
    ({"chap": chap(password=None)}, "needs 'user' and 'password'"),
    ({"chap": chap(password="short")}, "has 5 characters"),
    ({"chap": chap(mutual_user="nas")}, "'mutual_user' and 'mutual_password' belong together"),
    ({"chap": chap(mutual_user="nas", mutual_password="abcdefghijkl")}, "must not be the same"),
    ({"chap": chap(level="preferred", mutual_user="nas", mutual_password="mnopqrstuvwx")}, "needs level 'required'"),
])
def test_what_no_host_could_take(desired, said):
    assert said in refused(OFF, **desired)
