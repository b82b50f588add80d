# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OVF folder or an OVA archive: its descriptor, its files, and whether they are what they should be."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Mapping
from typing import Any, Self

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy import ovf, vmdk
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.content import Content
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.manifest import (
    find_manifests,
    verify_files,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.store import (
    Archive,
    Folder,
    Store,
    inside,
)

_DESCRIPTOR_LIMIT = 16 * 1024 * 1024


class Package:
    """An opened package. Use it as a context manager, or call :meth:`close`.

    :ivar path: where it is.
    :ivar descriptor: the parsed :class:`ovf.Descriptor`.
    """

    def __init__(self, path: str, option: str | None = None, properties: Mapping[str, Any] | None = None) -> None:
        """Open an .ovf or .ova file.

        :param option: the deployment option wanted.
        :param properties: values of its properties.
        :raises ConvergeError: when it is neither, a file of it is missing, or it cannot be deployed so.
        """
        if not os.path.isfile(path):
            raise ConvergeError(f"ovf: '{path}' is not there; it must be an .ovf or .ova file where this runs.")
        self.path = path
        self._store = _store(path)
        try:
            self._read(option, properties)
        except BaseException:
            self._store.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._store.close()

    @property
    def manifest(self) -> str | None:
        """The name of the manifest, ``None`` when there is none."""
        return next(iter(self._manifests), None)

    @property
    def stored(self) -> int:
        """The bytes of all its files but the descriptor, as they are stored."""
        return sum(content.stored for content in self._contents.values())

    def content(self, href: str) -> Content:
        """A file of the package, by the reference that the descriptor or the server makes to it.

        :raises ConvergeError: when the package has none.
        """
        found = self._contents.get(href) or next(
            (one for one in self._contents.values() if inside(one.file.href) == inside(href)), None)
        if found is None:
            raise ConvergeError(f"the server wants the file '{href}', which the package {self.path} does not have.")
        return found

    def verify(self) -> list[str]:
        """Look at every byte, and compare it with the manifest; returns what was not verified, in sentences.

        :raises ConvergeError: when something is damaged, or no disk.
        """
        unnamed = verify_files(self._store, self._files(), self._manifests, self.path)
        warnings = self._look_at_disks()
        if self.manifest is None:
            warnings.append(f"the package {self.path} has no manifest (.mf): its files are not verified.")
        elif unnamed:
            warnings.append(f"{self.manifest} does not name {', '.join(unnamed)}, which are not verified.")
        signatures = [name for name in self._store.names() if name.lower().endswith(".cert")]
        return warnings + [f"the signature {name} of the package is not verified." for name in signatures]

    def _read(self, option: str | None, properties: Mapping[str, Any] | None) -> None:
        try:
            with self._store.open(self._store.descriptor) as file:
                data = file.read(_DESCRIPTOR_LIMIT)
            self.descriptor = ovf.parse(data, self.path, option, properties)
            self._contents = {file.href: Content(self._store, file, self.path) for file in self.descriptor.files}
            self._manifests = find_manifests(self._store, self._files())
        except (OSError, tarfile.TarError, EOFError) as error:
            raise _unreadable(self.path, error) from error

    def _files(self) -> list[str]:
        return [self._store.descriptor, *(part for content in self._contents.values() for part in content.parts)]

    def _of(self, disk: ovf.Disk) -> Content:
        found = next((one for one in self._contents.values() if one.file.identifier == disk.file), None)
        if found is None:
            raise ConvergeError(f"the disk '{disk.identifier}' of {self.path} is in the file '{disk.file}', which its "
                                "References do not list.")
        return found

    def _look_at(self, disk: ovf.Disk) -> int:
        """The capacity of the disk that a file holds; no larger than the machine's."""
        content = self._of(disk)
        with content.open() as file:
            held = vmdk.capacity(file.read(vmdk.HEAD), content.file.href)
        if held > disk.capacity:
            raise ConvergeError(f"'{content.file.href}' holds a disk of {held} bytes, the descriptor says that it has "
                                f"{disk.capacity}: they do not belong together.")
        # Counted before anything is sent: the size is the first that a host is told.
        content.size  # noqa: B018
        return held

    def _look_at_disks(self) -> list[str]:
        """Those whose file holds less than the descriptor says; what is less than a MiB is rounding."""
        found = []
        for disk in self.descriptor.disks:
            held = self._look_at(disk) if disk.file is not None else disk.capacity
            if disk.capacity - held >= 2**20:
                found.append(f"'{self._of(disk).file.href}' holds a disk of {held} bytes, the descriptor says that it has "
                             f"{disk.capacity}.")
        return found


def _store(path: str) -> Store:
    try:
        return Archive(path) if path.lower().endswith(".ova") else Folder(path)
    except (OSError, tarfile.TarError, EOFError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: Exception) -> ConvergeError:
    return ConvergeError(f"ovf: '{path}' cannot be read: {error}.")
