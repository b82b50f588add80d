# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a host's software iSCSI adapter, making the changes of a plan, and looking for the LUNs behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work, dispatch
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import find as hosts
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import luns
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi import plan as iscsi_plan

_PROPERTIES = ("config.storageDevice", "config.network.vnic", "configManager")


class IscsiWork(Work):
    """``read``, ``plan`` and ``apply`` of the module ``esxi_iscsi``.

    :param check_mode: whether nothing may be changed; then there is no rescan either.
    :param warn: takes the text of a warning.
    """

    def __init__(
        self,
        params: Mapping[str, Any],
        check_mode: bool,
        warn: Callable[[str], Any],
        connect: Callable[[Mapping[str, Any]], Client] = Client,
    ) -> None:
        super().__init__(params)
        self._check_mode = check_mode
        self._warn = warn
        self._connect = connect
        self._planned = False
        self.apply = dispatch({
            "enable": self._enable,
            "disable": lambda _change: self.storage.UpdateSoftwareInternetScsiEnabled(False),
            "set_iqn": lambda change: self.storage.UpdateInternetScsiName(self.hba, change.after["iqn"]),
            "set_alias": lambda change: self.storage.UpdateInternetScsiAlias(self.hba, change.after["alias"]),
            "set_chap": self._set_chap,
            "bind": lambda change: self.manager.BindVnic(self.hba, change.args["device"]),
            "unbind": lambda change: self.manager.UnbindVnic(self.hba, change.args["device"], False),
            "add_send_target": self._add_send_target,
            "remove_send_target": self._remove_send_target,
            "add_static_target": self._add_static_target,
            "remove_static_target": self._remove_static_target,
        })

    def read(self) -> iscsi_plan.Adapter:
        """Connect, and read the adapter: one call, one to find the host in a vCenter, one for the bound ports."""
        self.client = self._connect(self.params)
        self.host, values = hosts.find_host(self.client, self.params.get("esxi_hostname"), *_PROPERTIES)
        self.name = values["name"]
        managers = values["configManager"]
        self.storage, self.manager = managers.storageSystem, managers.iscsiManager
        self.devices = _devices(values, self.name)
        adapter = software_adapter(self.devices)
        self.hba = adapter.device if adapter else ""
        bound: list[str] = []
        if adapter and self.params.get("port_binding") is not None:
            bound = [port.vnicDevice for port in self.manager.QueryBoundVnics(self.hba) or ()]
        vnics = {vnic.device: vnic.portgroup or "" for vnic in values.get("config.network.vnic") or ()}
        return from_api(self.name, adapter, bound, vnics)

    def plan(self, current: iscsi_plan.Adapter) -> list[Change]:
        """The changes; see :func:`iscsi_plan.plan`."""
        changes = iscsi_plan.plan(current, self.params)
        self._planned = bool(changes)
        return changes

    def result(self) -> dict[str, Any]:
        """Rescan when it is time to, and return what is there: adapter and LUNs."""
        before = [lun.shown() for lun in self._luns()]
        rescanned = self._rescan_is_due()
        if rescanned:
            luns.rescan(self.client, self.storage, self.hba)
        if rescanned or (self._planned and not self._check_mode):
            self._refresh()
        after = [lun.shown() for lun in self._luns()]
        if rescanned and self._unreached():
            self._warn(f"{self.name} finds no LUN behind {', '.join(self._unreached())}: is the target up, does it let "
                       "this initiator in, and has it a LUN?")
        adapter = software_adapter(self.devices)
        return {
            "changed": self._planned or after != before,
            "esxi_hostname": self.name,
            "hba": self.hba or None,
            "iqn": adapter.iScsiName if adapter else None,
            "rescanned": rescanned,
            "luns": after,
        }

    def close(self) -> None:
        """Log out."""
        if self.client:
            self.client.close()

    # -- rescan -----------------------------------------------------------------------------------------------------

    def _rescan_is_due(self) -> bool:
        if self._check_mode or not self.hba or not self.params["enabled"]:
            return False
        wish = self.params["rescan"]
        return wish == "always" or (wish == "auto" and (self._planned or bool(self._unreached())))

    def _unreached(self) -> list[str]:
        """The declared portals behind which the host sees no LUN."""
        seen = {address for lun in self._luns() for address in lun.addresses}
        targets = [*(self.params.get("send_targets") or ()), *(self.params.get("static_targets") or ())]
        portals = dict.fromkeys((target["address"], target["port"]) for target in targets)
        return [f"{host}:{port}" for host, port in portals if not seen & {f"{host}:{port}", host}]

    def _luns(self) -> list[luns.Lun]:
        return [lun for lun in luns.luns_of(self.devices) if lun.target]

    def _refresh(self) -> None:
        self.devices = _devices(self.client.read(self.host, "config.storageDevice"), self.name)

    # -- changes ----------------------------------------------------------------------------------------------------

    def _enable(self, _change: Change) -> None:
        self.storage.UpdateSoftwareInternetScsiEnabled(True)
        self._refresh()
        adapter = software_adapter(self.devices)
        if adapter is None:
            raise ConvergeError(f"{self.name} says that software iSCSI is on, but shows no adapter for it; it may need "
                                "a restart.")
        self.hba = adapter.device

    def _set_chap(self, change: Change) -> None:
        mutual = change.after["mutual_user"]
        on = change.after["level"] != "prohibited"
        properties = vim.host.InternetScsiHba.AuthenticationProperties(
            chapAuthEnabled=on,
            chapAuthenticationType=iscsi_plan.LEVELS[change.after["level"]],
            chapName=change.after["user"],
            chapSecret=change.args["password"] if on else None,
            mutualChapAuthenticationType="chapRequired" if mutual else "chapProhibited",
            mutualChapName=mutual,
            mutualChapSecret=change.args["mutual_password"] if mutual else None,
        )
        self.storage.UpdateInternetScsiAuthenticationProperties(self.hba, properties, None)

    def _add_send_target(self, change: Change) -> None:
        self.storage.AddInternetScsiSendTargets(self.hba, [_send_target(change)])

    def _remove_send_target(self, change: Change) -> None:
        self.storage.RemoveInternetScsiSendTargets(self.hba, [_send_target(change)])

    def _add_static_target(self, change: Change) -> None:
        self.storage.AddInternetScsiStaticTargets(self.hba, [_static_target(change)])

    def _remove_static_target(self, change: Change) -> None:
        self.storage.RemoveInternetScsiStaticTargets(self.hba, [_static_target(change)])


def _devices(values: Mapping[str, Any], host: str) -> Any:
    if values.get("config.storageDevice") is None:
        raise ConvergeError(f"{host} does not tell its storage devices; is it connected, and may the user read it?")
    return values["config.storageDevice"]


def _send_target(change: Change) -> Any:
    return vim.host.InternetScsiHba.SendTarget(address=change.args["address"], port=change.args["port"])


def _static_target(change: Change) -> Any:
    return vim.host.InternetScsiHba.StaticTarget(
        address=change.args["address"], port=change.args["port"], iScsiName=change.args["iqn"]
    )


def software_adapter(devices: Any) -> Any:
    """The software iSCSI adapter among a ``HostStorageDeviceInfo``'s, or ``None``."""
    if devices.softwareInternetScsiEnabled is False:
        return None
    return next((hba for hba in devices.hostBusAdapter or () if getattr(hba, "isSoftwareBased", False)), None)


def from_api(host: str, adapter: Any, bound: list[str], vnics: dict[str, str]) -> iscsi_plan.Adapter:
    """The state, from ``HostInternetScsiHba`` (``None``: there is no software adapter)."""
    if adapter is None:
        return iscsi_plan.Adapter(host=host, vmkernels=vnics)
    static = [target for target in adapter.configuredStaticTarget or ()
              if target.discoveryMethod in (None, "", "staticMethod")]
    return iscsi_plan.Adapter(
        host=host,
        enabled=True,
        hba=adapter.device,
        iqn=adapter.iScsiName or "",
        alias=adapter.iScsiAlias or "",
        chap=_chap(adapter.authenticationProperties),
        bound=bound,
        vmkernels=vnics,
        send_targets=[(target.address, target.port or 3260) for target in adapter.configuredSendTarget or ()],
        static_targets=[(target.address, target.port or 3260, target.iScsiName) for target in static],
    )


def _chap(properties: Any) -> dict[str, Any]:
    levels = {api: level for level, api in iscsi_plan.LEVELS.items()}
    if properties is None or not properties.chapAuthEnabled:
        return {"user": None, "level": "prohibited", "mutual_user": None}
    mutual = properties.mutualChapAuthenticationType not in (None, "", "chapProhibited")
    return {
        "user": properties.chapName or None,
        # Hosts that do not tell the level know only this one.
        "level": levels.get(properties.chapAuthenticationType, "required"),
        "mutual_user": (properties.mutualChapName or None) if mutual else None,
    }
