# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for tasks, retries and paging of a vSphere session, without a server."""

from __future__ import annotations

from types import SimpleNamespace as Obj

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core import connection
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import find as hosts
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import TaskFailed, wait_for_task

vim = pytest.importorskip("pyVmomi").vim
vmodl = pytest.importorskip("pyVmomi").vmodl


class Collector:
    """A property collector that answers what the test put in."""

    def __init__(self, *answers):
        self.answers, self.destroyed, self.specs = list(answers), False, []

    def CreateFilter(self, _spec, partialUpdates):
        return Obj(DestroyPropertyFilter=self._destroy)

    def _destroy(self):
        self.destroyed = True

    def _next(self, *_args):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    WaitForUpdatesEx = ContinueRetrievePropertiesEx = _next

    def RetrievePropertiesEx(self, specs, _options):
        self.specs += specs
        return self._next()


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setattr(connection, "_FIRST_WAIT", 0)

    def connect(*answers, vcenter=True):
        made = Client.__new__(Client)
        made.hostname, made.timeout = "vc", 10
        made.content = Obj(propertyCollector=Collector(*answers), rootFolder=vim.Folder("group-d1"),
                           about=Obj(apiType="VirtualCenter" if vcenter else "HostAgent"))
        return made

    return connect


def update(state, progress=None, error=None, result=None):
    info = Obj(state=state, progress=progress, error=error, result=result, descriptionId="x.y")
    change = Obj(name="info", val=info)
    return Obj(version="1", filterSet=[Obj(objectSet=[Obj(changeSet=[change])])])


TASK = vim.Task("task-1")


def test_a_task_is_waited_for_with_its_progress(session):
    client = session(update("running", 10), None, update("running", 60), update("success", result="vm-1"))
    seen = []
    assert wait_for_task(client, TASK, progress=seen.append).result == "vm-1"
    assert seen == [10, 60]
    assert client.content.propertyCollector.destroyed


def test_a_task_that_fails_says_why(session):
    error = vmodl.LocalizedMethodFault(fault=vim.fault.InvalidState(), localizedMessage="No vMotion interface.")
    client = session(update("error", error=error))
    with pytest.raises(TaskFailed, match=r"No vMotion interface\. .* \(InvalidState\)") as caught:
        wait_for_task(client, TASK)
    assert isinstance(caught.value.fault, vim.fault.InvalidState)
    assert client.content.propertyCollector.destroyed


def test_a_task_that_does_not_end(session):
    with pytest.raises(ConvergeError, match=r"the task task-1 has not ended within 0 s; it may still go on at vc"):
        wait_for_task(session(), TASK, timeout=0)


def page(*items, token=None):
    objects = [Obj(obj=obj, propSet=[Obj(name=name, val=value) for name, value in values.items()])
               for obj, values in items]
    return Obj(objects=objects, token=token)


def test_pages_are_read_to_the_end(session):
    one, two = vim.HostSystem("host-1"), vim.HostSystem("host-2")
    client = session(page((one, {"name": "a"}), token="t"), page((two, {"name": "b"})))
    assert client.collect({vim.HostSystem: ["name"]}) == {one: {"name": "a"}, two: {"name": "b"}}
    ways = {spec.name for spec in client.content.propertyCollector.specs[0].objectSet[0].selectSet}
    assert ways == {"Folder.childEntity", "Datacenter.hostFolder", "ComputeResource.host"}


def test_nothing_found_is_empty(session):
    assert session(None).collect({vim.HostSystem: ["name"]}) == {}
    assert session().read_all([], ["name"]) == {}


def test_reads_are_tried_again_after_a_broken_connection(session):
    host = vim.HostSystem("host-1")
    client = session(ConnectionResetError(), BrokenPipeError(), page((host, {"name": "a"})))
    assert client.read(host, "name") == {"name": "a"}
    with pytest.raises(ConnectionResetError):
        session(*[ConnectionResetError()] * 3).read(host, "name")


def found(**names):
    return page(*((vim.HostSystem(f"host-{name}"), {"name": name, "runtime.connectionState": state})
                  for name, state in names.items()))


def test_hosts_of_a_vcenter_by_name(session):
    assert [host.name for host in hosts.find_hosts(session(found(a="connected", b="connected")), ["A"])] == ["a"]
    with pytest.raises(ConvergeError, match=r"no ESXi host 'x' in vc; it has: a, b\."):
        hosts.find_hosts(session(found(a="connected", b="connected")), ["x"])
    with pytest.raises(ConvergeError, match="the ESXi host 'a' is notResponding in vc"):
        hosts.find_hosts(session(found(a="notResponding")), ["a"])
    with pytest.raises(ConvergeError, match="'esxi_hostname' must name one of its hosts"):
        hosts.find_host(session(), None)


def test_the_only_host_of_an_esxi(session):
    host, values = hosts.find_host(session(found(a="connected"), vcenter=False), None)
    assert (host._GetMoId(), values["name"]) == ("host-a", "a")
    with pytest.raises(ConvergeError, match="vc is the ESXi host 'a', not 'other'"):
        hosts.find_host(session(found(a="connected"), vcenter=False), "other")
