# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a host's software iSCSI adapter, making the changes of a plan, and looking for the LUNs behind it."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import find, luns
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim, vmodl
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi import consequences, state
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.plan import cautions

_STORAGE = ("config.storageDevice", "config.fileSystemVolume")
_NETWORK = ("config.network.vnic", "config.network.portgroup")
_PROPERTIES = (*_STORAGE, *_NETWORK, "configManager")
# Seconds by which the host's clock may tick differently while it looks for LUNs.
_SLACK = 5


class IscsiWork(Work):
    """What speaks to the server for the module ``esxi_iscsi``."""

    def __init__(self, params: Mapping[str, Any], connect: Callable[[Mapping[str, Any]], Client] = Client) -> None:
        super().__init__(params)
        self._connect = connect
        self.before = self.current = state.Adapter("")
        self.rescanned = False

    def read(self) -> state.Adapter:
        """Connect, and read the adapter: one call, one to find the host in a vCenter, one for the bound ports."""
        self.client = self._connect(self.params)
        self.host, self.values = find.find_host(self.client, self.params.get("esxi_hostname"), *_PROPERTIES)
        managers = self.values["configManager"]
        self.storage, self.manager = managers.storageSystem, managers.iscsiManager
        self._ports: Sequence[Any] = ()
        hba = state.software_adapter(self._devices())
        if hba and self.params.get("port_binding") is not None:
            self._ports = self.manager.QueryBoundVnics(hba.device) or ()
        self.before = self.current = self._state()
        return self.current

    def verify(self, _changes: Sequence[Change]) -> None:
        """Say what the plan leaves, and what a rescan would look for."""
        for text in cautions(self.current, self.params):
            self.warn(text)
        missing = consequences.unreached(self.current, self.params)
        if self.check_mode and missing and self.current.enabled and self.params["rescan"] != "never":
            self.warn(f"{self.current.host} sees no LUN behind {', '.join(map(str, missing))} yet; a run has it look for "
                      "them (rescan).")

    def settle(self, changes: Sequence[Change]) -> bool:
        """Rescan when it is time to, and say what is not reached.

        :returns: whether other LUNs are there than before.
        """
        began = time.monotonic()
        if self._rescan_is_due(changes):
            luns.rescan(self.client, self.storage, self.current.hba)
            self.rescanned = True
        if self.rescanned or changes:
            self._refresh()
        self._tell(began)
        return _shown(self.current) != _shown(self.before)

    def result(self) -> dict[str, Any]:
        """The adapter, and the LUNs that are reached over iSCSI."""
        return {
            "esxi_hostname": self.current.host,
            "hba": self.current.hba or None,
            "iqn": self.current.iqn or None,
            "rescanned": self.rescanned,
            "luns": _shown(self.current),
        }

    # -- reading ----------------------------------------------------------------------------------------------------

    def _devices(self) -> Any:
        devices = self.values.get("config.storageDevice")
        if devices is None:
            raise ConvergeError(f"{self.values['name']} does not tell its storage devices; is it connected, and may user "
                                f"'{self.params['username']}' read it?")
        return devices

    def _state(self) -> state.Adapter:
        values = self.values
        vmkernels = state.vmkernels_from_api(*map(values.get, _NETWORK))
        return state.from_api(values["name"], self._devices(), values.get("config.fileSystemVolume"), vmkernels, self._ports)

    def _refresh(self) -> None:
        self.values = {**self.values, **self.client.read(self.host, *_STORAGE)}
        self.current = self._state()

    # -- rescan -----------------------------------------------------------------------------------------------------

    def _rescan_is_due(self, changes: Sequence[Change]) -> bool:
        if not (self.current.hba and self.params["enabled"]):
            return False
        wish = self.params["rescan"]
        out_of_reach = consequences.unreached(self.current, self.params) or consequences.lost(self.current)
        return wish == "always" or (wish == "auto" and bool(changes or out_of_reach))

    def _tell(self, began: float) -> None:
        if not self.params["enabled"]:
            return
        if consequences.unreached(self.current, self.params) or consequences.lost(self.current):
            events = self._events(began) if self.rescanned else []
            for text in consequences.describe(self.current, self.before, self.params, events):
                self.warn(text)

    def _events(self, began: float) -> list[str]:
        """What the host has reported of its initiator since then, by its own clock; a host that tells nothing is believed."""
        manager = self.client.content.eventManager
        with contextlib.suppress(vmodl.MethodFault):
            now = self.client.now()
            since = now - datetime.timedelta(seconds=time.monotonic() - began + _SLACK)
            by_host = vim.event.EventFilterSpec.ByEntity(entity=self.host, recursion="self")
            spec = vim.event.EventFilterSpec(entity=by_host, eventTypeId=list(consequences.EVENTS),
                                             time=vim.event.EventFilterSpec.ByTime(beginTime=since))
            return [event.fullFormattedMessage or event.eventTypeId for event in manager.QueryEvents(spec) or ()]
        return []

    # -- changes ----------------------------------------------------------------------------------------------------

    def enable(self, _change: Change) -> None:
        """Turn the adapter on, and see which device it has become."""
        self.storage.UpdateSoftwareInternetScsiEnabled(True)
        self._refresh()
        if not self.current.hba:
            raise ConvergeError(f"{self.current.host} says that software iSCSI is on, but shows no adapter for it; it may "
                                "need a restart.")

    def disable(self, _change: Change) -> None:
        """Turn the adapter off."""
        self.storage.UpdateSoftwareInternetScsiEnabled(False)

    def set_iqn(self, change: Change) -> None:
        """Give the host another iSCSI name."""
        self.storage.UpdateInternetScsiName(self.current.hba, change.after["iqn"])

    def set_alias(self, change: Change) -> None:
        """Give the adapter another alias."""
        self.storage.UpdateInternetScsiAlias(self.current.hba, change.after["alias"])

    def set_chap(self, change: Change) -> None:
        """Set CHAP for all targets that have no settings of their own."""
        properties = _authentication(change.args)
        self.storage.UpdateInternetScsiAuthenticationProperties(self.current.hba, properties, None)

    def bind(self, change: Change) -> None:
        """Bind a VMkernel adapter."""
        self.manager.BindVnic(self.current.hba, change.args["device"])

    def unbind(self, change: Change) -> None:
        """Release a VMkernel adapter; the host refuses while paths go over it."""
        self.manager.UnbindVnic(self.current.hba, change.args["device"], False)

    def add_send_target(self, change: Change) -> None:
        """Add a portal to ask."""
        self.storage.AddInternetScsiSendTargets(self.current.hba, [_send_target(change)])

    def remove_send_target(self, change: Change) -> None:
        """Ask a portal no more."""
        self.storage.RemoveInternetScsiSendTargets(self.current.hba, [_send_target(change)])

    def add_static_target(self, change: Change) -> None:
        """Add a target by its name."""
        self.storage.AddInternetScsiStaticTargets(self.current.hba, [_static_target(change)])

    def remove_static_target(self, change: Change) -> None:
        """Remove a target that somebody named."""
        self.storage.RemoveInternetScsiStaticTargets(self.current.hba, [_static_target(change)])


def _shown(current: state.Adapter) -> list[dict[str, Any]]:
    return [lun.shown() for lun in current.luns]


def _authentication(args: Mapping[str, Any]) -> Any:
    chap = args["chap"]
    on, mutual = chap.level != "prohibited", bool(chap.mutual_user)
    return vim.host.InternetScsiHba.AuthenticationProperties(
        chapAuthEnabled=on,
        chapAuthenticationType=state.LEVELS[chap.level],
        chapName=chap.user,
        chapSecret=args["password"] if on else None,
        mutualChapAuthenticationType=state.LEVELS["required" if mutual else "prohibited"],
        mutualChapName=chap.mutual_user,
        mutualChapSecret=args["mutual_password"] if mutual else None,
    )


def _send_target(change: Change) -> Any:
    target = change.args["target"]
    return vim.host.InternetScsiHba.SendTarget(address=target.address, port=target.port)


def _static_target(change: Change) -> Any:
    target = change.args["target"]
    return vim.host.InternetScsiHba.StaticTarget(address=target.address, port=target.port, iScsiName=target.iqn)
