# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding one virtual machine, as the modules that work on one name it."""

from __future__ import annotations

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import Found, Inventory

# What tells machines apart besides their names and paths.
IDENTITY = ("config.uuid", "config.instanceUuid")


def find_machine(client: Client, name: str, folder: str | None = None, datacenter: str | None = None) -> Found:
    """The virtual machine of this name, path, UUID or id. One API call.

    :param folder: the VM folder it is in, ``lab/web`` or ``/DC/vm/lab/web``.
    :param datacenter: the data centre it is in, by name or path.
    :raises ConvergeError: naming those that exist, or the paths of all that fit.
    """
    return choose(Inventory.read(client, {vim.VirtualMachine: IDENTITY}), name, folder, datacenter)


def choose(inventory: Inventory, name: str, folder: str | None = None, datacenter: str | None = None) -> Found:
    """The same, in an inventory that was read with :data:`IDENTITY`."""
    centre = inventory.datacenter(datacenter) if datacenter else None
    refuse_unknown_folder(inventory, folder, centre)
    return inventory.machine(name, folder, centre)


def refuse_unknown_folder(inventory: Inventory, folder: str | None, datacenter: Found | None) -> None:
    """A folder that is not there would otherwise look like one that holds no machines.

    :param datacenter: where it must be; in any data centre when not given.
    :raises ConvergeError: naming the folders that there are.
    """
    if folder is None:
        return
    refusals = []
    for centre in [datacenter] if datacenter else inventory.of(vim.Datacenter):
        try:
            inventory.folder(folder, "vm", centre)
        except ConvergeError as refusal:
            refusals.append(str(refusal))
        else:
            return
    raise ConvergeError(" ".join(refusals))
