#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count the API calls of livelab.datacenter and of community.vmware for the same end state, side by side in one run.

Two twins in model backing are freshly installed. On host 1 of the one, our modules build the vMotion network and the
iSCSI storage of the thesis's chapter 3; on host 1 of the other, the modules of community.vmware do. Then both run
again, with nothing left to do. Calls are counted by the endpoint that answers them: nothing depends on the clients'
word.

usage: api_calls.py [--json FILE]      (build/labtwin is there after `make setup-test`)
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).parents[1]
sys.path.insert(0, str(TOP))

from tests.support import states
from tests.support.ansible import Ansible
from tests.support.twin import Twin

C = "community.vmware."


def main() -> None:
    """Measure both and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    figures = {
        "ours": measure(ours, "127.28.21", "127.28.22"),
        "community": measure(community, "127.28.23", "127.28.24"),
    }
    print(f"{'':<26}{'livelab.datacenter':>20}{'community.vmware':>20}")
    for what, unit in (("calls", ""), ("modules", ""), ("seconds", " s")):
        for run in ("first", "again"):
            row = [f"{figures[who][run][what]:.0f}{unit}" for who in ("ours", "community")]
            print(f"{what + ', ' + run + ' run':<26}{row[0]:>20}{row[1]:>20}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure(steps, control: str, data: str) -> dict:
    """Run a list of steps twice against a fresh twin: calls, modules run and seconds of each time."""
    with tempfile.TemporaryDirectory(prefix="calls-") as folder:
        twin = Twin(Path(folder) / "lab", control=control, data=data)
        twin.up()
        try:
            ansible = Ansible(twin)
            prepare(ansible)
            return {run: once(ansible, steps(ansible)) for run in ("first", "again")}
        finally:
            twin.down()


def prepare(ansible: Ansible) -> None:
    """The data centre, the host and the LUN: the same for both, and not counted."""
    twin = ansible.twin
    succeed(ansible, "vcenter_datacenter", {"name": states.DATACENTER}, "vcenter")
    succeed(ansible, "vcenter_host", states.host(twin, 1), "vcenter")
    succeed(ansible, "freenas_iscsi", states.target(twin), "nas")


def once(ansible: Ansible, steps) -> dict:
    """Run each module that steps asks for, and hand it the result."""
    before, began, count, result = ansible.twin.calls("vcenter"), time.monotonic(), 0, None
    while True:
        try:
            module, args = steps.send(result)
        except StopIteration:
            break
        result = succeed(ansible, module, args, "vcenter")
        count += 1
    return {
        "calls": ansible.twin.calls("vcenter") - before,
        "modules": count,
        "seconds": round(time.monotonic() - began, 1),
    }


def succeed(ansible: Ansible, module: str, args: dict, where: str) -> dict:
    done = ansible.run(module, args, where)
    if done.failed:
        raise SystemExit(f"{module}: {done.msg}")
    return done.data


def ours(ansible: Ansible):
    """Network, iSCSI and datastore in three tasks."""
    twin = ansible.twin
    name = states.host_name(twin, 1)
    yield "esxi_network", {**states.network(twin, 1), "esxi_hostname": name}
    yield "esxi_iscsi", {**states.iscsi(twin), "esxi_hostname": name}
    yield "esxi_datastore", {**states.datastore(twin), "hosts": [name]}


def community(ansible: Ansible):
    """The same with the modules that community.vmware has for it."""
    twin = ansible.twin
    host = {"esxi_hostname": states.host_name(twin, 1)}
    vmotion = {"vswitch_name": "vSwitch1", "portgroup_name": "vMotion"}
    address = {"type": "static", "ip_address": f"{twin.data}.11", "subnet_mask": "255.255.255.0"}
    yield C + "vmware_vswitch", {**host, "switch": "vSwitch1", "nics": ["vmnic1"]}
    yield C + "vmware_portgroup", {"hosts": [host["esxi_hostname"]], "switch": "vSwitch1", "portgroup": "vMotion"}
    yield C + "vmware_vmkernel", {**host, **vmotion, "enable_vmotion": True, "network": address}
    yield C + "vmware_host_iscsi", {**host, "state": "enabled"}
    info = yield C + "vmware_host_iscsi_info", host
    adapter = {"vmhba_name": info["iscsi_properties"]["vmhba_name"]}
    yield C + "vmware_host_iscsi", {**host, "iscsi_config": {**adapter, "port_bind": ["vmk1"]}}
    yield C + "vmware_host_iscsi", {**host, "iscsi_config": {**adapter, "send_target": {"address": f"{twin.data}.129"}}}
    yield C + "vmware_host_scanhba", {**host, "refresh_storage": True}
    disks = yield C + "vmware_host_disk_info", host
    names = [disk["canonical_name"] for disk in disks["hosts_disk_info"][host["esxi_hostname"]]]
    device = next(name for name in names if name.startswith("naa."))
    store = {"datastore_name": states.DATASTORE, "datastore_type": "vmfs", "vmfs_device_name": device}
    yield C + "vmware_host_datastore", {**host, **store, "state": "present"}


if __name__ == "__main__":
    main()
