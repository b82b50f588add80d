# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with an ESXi host or a vCenter, and reading from it in bulk."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self
from xml.parsers.expat import ExpatError

from ansible_collections.livelab.datacenter.plugins.module_utils.core import connection, tls
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError, explain_any
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import fault_text, is_fault

try:
    from pyVim.connect import SmartStubAdapter
    from pyVmomi import vim, vmodl

    PYVMOMI_ERROR = None
except ImportError as missing:
    SmartStubAdapter = vim = vmodl = None
    PYVMOMI_ERROR = str(missing)

# The managed object references to follow from a type to find what it holds: {type: property}.
_HOSTS = {"Folder": "childEntity", "Datacenter": "hostFolder", "ComputeResource": "host"}
_WAYS: dict[str, Mapping[str, str]] = {
    "HostSystem": _HOSTS,
    "ComputeResource": _HOSTS,
    "ResourcePool": {**_HOSTS, "ComputeResource": "resourcePool", "ResourcePool": "resourcePool"},
    "Datacenter": {"Folder": "childEntity"},
    "Folder": {"Folder": "childEntity", "Datacenter": "hostFolder vmFolder networkFolder datastoreFolder"},
    "VirtualMachine": {"Folder": "childEntity", "Datacenter": "vmFolder", "VirtualApp": "vm"},
    "Network": {"Folder": "childEntity", "Datacenter": "networkFolder"},
    "Datastore": {"Folder": "childEntity", "Datacenter": "datastoreFolder", "StoragePod": "childEntity"},
}
# The types that a property leads to and from which a way goes on; the properties not here lead to none of them.
_FOLDERS = ("Folder", "Datacenter", "ComputeResource", "VirtualApp", "StoragePod")
_ONWARD = {
    "childEntity": _FOLDERS,
    "hostFolder": _FOLDERS[:1],
    "vmFolder": _FOLDERS[:1],
    "networkFolder": _FOLDERS[:1],
    "datastoreFolder": _FOLDERS[:1],
    "resourcePool": ("ResourcePool", "VirtualApp"),
}
_PARENTS = {"ClusterComputeResource": "ComputeResource", "DistributedVirtualPortgroup": "Network"}
# What a host's properties refer to.
_AROUND_HOST = {} if vim is None else {"vm": vim.VirtualMachine, "network": vim.Network, "datastore": vim.Datastore}

CONNECT_OPTIONS = connection.options("VMWARE")


def argument_spec(**options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The module's argument spec: its own ``options`` and those that connect (fragment ``vsphere``)."""
    return connection.argument_spec(CONNECT_OPTIONS, **options)


class Client:
    """A logged-in session. Use it as a context manager, or call :meth:`close`.

    :ivar content: the ``ServiceContent``, read once.
    :ivar hostname: the server as the user named it, for messages.
    :ivar calls: the API calls made so far.
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        """Connect and log in with the options of :data:`CONNECT_OPTIONS`.

        :raises ConvergeError: when the server cannot be reached, is not trusted, or refuses the user.
        """
        if PYVMOMI_ERROR:
            raise ConvergeError(f"the Python library pyVmomi is needed where this module runs: {PYVMOMI_ERROR}. "
                                "Install it with: pip install pyvmomi")
        connection.check(params)
        self.hostname: str = params["hostname"]
        self.port: int = params["port"]
        self.timeout: int = params["timeout"]
        self.calls = 0
        self._stub = self._connect(params)
        self._stub.requestModifierList.append(self._count)
        self.content = self._login(params["username"], params["password"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Log out. A failure to do so is of no consequence: the server ends idle sessions itself."""
        with contextlib.suppress(Exception):
            self.content.sessionManager.Logout()
        self._stub.DropConnections()

    @property
    def is_vcenter(self) -> bool:
        """True for a vCenter, False for an ESXi host."""
        return self.content.about.apiType == "VirtualCenter"

    def now(self) -> Any:
        """The time by the server's own clock. One API call."""
        return vim.ServiceInstance("ServiceInstance", self._stub).CurrentTime()

    def managed(self, kind: Any, moid: str) -> Any:
        """The managed object of type ``kind`` (``vim.HostSystem``) with this id (``host-12``)."""
        return kind(moid, self._stub)

    # -- reading ----------------------------------------------------------------------------------------------------

    def read(self, obj: Any, *properties: str) -> dict[str, Any]:
        """The properties of one object, by name; those that are not set are missing. One API call."""
        return self.read_all([obj], properties).get(obj, {})

    def read_all(self, objects: Iterable[Any], properties: Sequence[str]) -> dict[Any, dict[str, Any]]:
        """The properties of several objects of one type: ``{object: {property: value}}``. One API call."""
        objects = list(objects)
        if not objects:
            return {}
        spec = vmodl.query.PropertyCollector.PropertySpec(type=type(objects[0]), pathSet=list(properties))
        return self._retrieve([spec], [vmodl.query.PropertyCollector.ObjectSpec(obj=obj) for obj in objects])

    def collect(
        self, wanted: Mapping[Any, Sequence[str]], root: Any = None, along: Iterable[Any] | None = None
    ) -> dict[Any, dict[str, Any]]:
        """Every object of these types in the inventory, with these properties. One API call.

        :param wanted: ``{vim.HostSystem: ["name"], vim.Datacenter: ["name"]}``.
        :param root: the object to look beneath; the root folder when not given.
        :param along: follow only the ways that lead to these types; to those wanted when not given.
        :returns: ``{object: {property: value}}``, of all the types together.
        """
        specs = [
            vmodl.query.PropertyCollector.PropertySpec(type=kind, pathSet=list(properties))
            for kind, properties in wanted.items()
        ]
        start = vmodl.query.PropertyCollector.ObjectSpec(
            obj=root or self.content.rootFolder, selectSet=_traversals(along or wanted)
        )
        return self._retrieve(specs, [start])

    def read_host(self, host: Any, properties: Sequence[str], **around: Sequence[str]) -> dict[Any, dict[str, Any]]:
        """A host, and the objects that a property of it refers to, each with these properties. One API call.

        :param around: ``vm=["name"]``: of its machines, the name. Only ``vm``, ``network`` and ``datastore`` are known.
        :returns: ``{object: {property: value}}``.
        """
        collector = vmodl.query.PropertyCollector
        specs = [collector.PropertySpec(type=vim.HostSystem, pathSet=list(properties))]
        ways = []
        for path, wanted in around.items():
            specs.append(collector.PropertySpec(type=_AROUND_HOST[path], pathSet=list(wanted)))
            ways.append(collector.TraversalSpec(name=path, type=vim.HostSystem, path=path, skip=False))
        return self._retrieve(specs, [collector.ObjectSpec(obj=host, selectSet=ways)])

    def _retrieve(self, properties: list[Any], objects: list[Any]) -> dict[Any, dict[str, Any]]:
        collector = self.content.propertyCollector
        spec = vmodl.query.PropertyCollector.FilterSpec(
            propSet=properties, objectSet=objects, reportMissingObjectsInResults=True
        )
        options = vmodl.query.PropertyCollector.RetrieveOptions()
        page = self.retrying(lambda: collector.RetrievePropertiesEx([spec], options))
        found: dict[Any, dict[str, Any]] = {}
        while page is not None:
            for item in page.objects:
                found.setdefault(item.obj, {}).update({prop.name: prop.val for prop in item.propSet})
            if not page.token:
                break
            token = page.token
            page = self.retrying(lambda token=token: collector.ContinueRetrievePropertiesEx(token))
        return found

    def download(self, path: str, limit: int) -> bytes:
        """The last bytes, ``limit`` at the most, of a file that the server has at a path, as ``/folder/web/vmware.log?dsName=…``.

        :raises ConvergeError: when it has none, or does not hand it out.
        """
        trust = self._stub.schemeArgs["context"]
        where = http.client.HTTPSConnection(self.hostname, self.port, timeout=self.timeout, context=trust)
        with contextlib.closing(where):
            where.request("GET", path, headers={"Cookie": self._stub.cookie.split(";")[0], "Range": f"bytes=-{limit}"})
            answer = where.getresponse()
            if answer.status not in (http.client.OK, http.client.PARTIAL_CONTENT):
                raise ConvergeError(f"{self.hostname} does not hand out {path}: {answer.status} {answer.reason}")
            return answer.read()[-limit:]

    # -- patience ---------------------------------------------------------------------------------------------------

    def retrying(self, call: Callable[[], Any]) -> Any:
        """Make a call that only reads, again after a broken connection: three times in all."""
        return connection.retrying(call, lambda error: isinstance(error, (ConnectionError, http.client.HTTPException)))

    def slow(self, seconds: int = 600) -> contextlib.AbstractContextManager[None]:
        """Wait this long for an answer within the block: for calls that work before they answer, as a rescan does."""
        return self.within(max(seconds, self.timeout))

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Wait no longer than this for an answer within the block."""
        usual = self._stub.schemeArgs.get("timeout")
        self._stub.DropConnections()
        self._stub.schemeArgs["timeout"] = seconds
        try:
            yield
        finally:
            self._stub.DropConnections()
            self._stub.schemeArgs["timeout"] = usual

    # -- connecting -------------------------------------------------------------------------------------------------

    def _count(self, request: bytes) -> bytes:
        self.calls += 1
        return request

    def _connect(self, params: Mapping[str, Any]) -> Any:
        trust = connection.tls_context(params)
        where = f"{self.hostname}:{self.port}"
        # The first request asks which API versions the server speaks; pyVmomi makes it without a time limit.
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(self.timeout)
        try:
            return self.retrying(
                lambda: SmartStubAdapter(
                    host=self.hostname, port=self.port, sslContext=trust, httpConnectionTimeout=self.timeout
                )
            )
        except (OSError, http.client.HTTPException) as error:
            text = tls.explain(error, self.hostname, self.port, self.timeout, named="hostname")
            raise ConvergeError(f"cannot connect: {text or f'{where}: {explain_any(error)}'}") from error
        except Exception as error:  # pyVmomi raises a bare Exception, or the XML parser's, for a server that is none
            raise ConvergeError(f"{where} answers, but is not a vSphere endpoint: it serves no "
                                "/sdk/vimServiceVersions.xml. It must be an ESXi host or a vCenter.") from error
        finally:
            socket.setdefaulttimeout(before)

    def _login(self, username: str, password: str) -> Any:
        try:
            content = self.retrying(vim.ServiceInstance("ServiceInstance", self._stub).RetrieveContent)
            content.sessionManager.Login(username, password, None)
        except vmodl.MethodFault as fault:
            if is_fault(fault, "InvalidLogin"):
                raise ConvergeError(f"{self.hostname} refuses the login: wrong user name '{username}' or wrong "
                                    "password. A vCenter wants user@domain.") from fault
            raise ConvergeError(f"{self.hostname} refuses the login of '{username}': {fault_text(fault)}") from fault
        except (OSError, http.client.HTTPException, ExpatError) as error:
            text = tls.explain(error, self.hostname, self.port, self.timeout, named="hostname")
            raise ConvergeError(f"cannot log in: {text or explain_any(error)}") from error
        return content


def _traversals(wanted: Iterable[Any]) -> list[Any]:
    """The traversal specs that lead from the root folder to these types, each leading on to those that can follow it."""
    edges: dict[tuple[str, str], None] = {}
    for kind in wanted:
        name = kind.__name__.rsplit(".", 1)[-1]
        for source, paths in _WAYS[_PARENTS.get(name, name)].items():
            edges.update({(source, path): None for path in paths.split()})
    names = {(source, path): f"{source}.{path}" for source, path in edges}
    return [
        vmodl.query.PropertyCollector.TraversalSpec(
            name=name,
            type=getattr(vim, source),
            path=path,
            skip=False,
            selectSet=[
                vmodl.query.PropertyCollector.SelectionSpec(name=onward)
                for (following, _path), onward in names.items()
                if following in _ONWARD.get(path, ())
            ],
        )
        for (source, path), name in names.items()
    ]
