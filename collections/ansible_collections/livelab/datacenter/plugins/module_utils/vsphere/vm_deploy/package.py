# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OVF folder or an OVA archive: its descriptor, its files, and whether they are what the manifest says."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tarfile

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy import ovf

_BLOCK = 1024 * 1024
_LINE = re.compile(r"^(SHA-?1|SHA-?256|SHA-?512)\s*\((.+)\)\s*=\s*([0-9a-fA-F]+)$", re.IGNORECASE)
_DESCRIPTOR_LIMIT = 16 * 1024 * 1024


class Package:
    """An opened package. Use it as a context manager.

    :ivar descriptor: the parsed :class:`ovf.Descriptor`.
    """

    def __init__(self, path: str) -> None:
        """Open `path`, an .ovf or .ova file. Raises ConvergeError when it is neither or a file of it is missing."""
        if not os.path.isfile(path):
            raise ConvergeError(f"ovf: '{path}' is not there; it must be an .ovf or .ova file where this runs.")
        self.path = path
        try:
            self._store = _Archive(path) if path.lower().endswith(".ova") else _Folder(path)
            with self._store.open(self._store.descriptor) as file:
                text = file.read(_DESCRIPTOR_LIMIT).decode("utf-8-sig")
        except (OSError, tarfile.TarError, EOFError) as error:
            raise ConvergeError(f"ovf: '{path}' cannot be read: {error}.") from error
        except UnicodeDecodeError as error:
            raise ConvergeError(f"ovf: '{path}' is not an OVF descriptor: it is not text.") from error
        self.descriptor = ovf.parse(text, path)
        for file in self.descriptor.files:
            self._check_file(file)

    def __enter__(self) -> Package:
        return self

    def __exit__(self, *_error) -> None:
        self._store.close()

    def size(self, href: str) -> int:
        """The bytes of a file of the package."""
        return self._store.size(href)

    def open(self, href: str):
        """A file of the package, open for reading bytes; a context manager."""
        return self._store.open(href)

    def verify(self) -> str | None:
        """Check every file against the manifest; returns the manifest's name, None when there is none.

        Raises ConvergeError when a checksum is wrong, or a file of the package is not in the manifest.
        """
        name = os.path.splitext(self._store.descriptor)[0] + ".mf"
        if self._store.size(name) is None:
            return None
        with self._store.open(name) as file:
            expected = parse_manifest(file.read(_DESCRIPTOR_LIMIT).decode("utf-8", "replace"), name)
        for href in [self._store.descriptor, *(file.href for file in self.descriptor.files)]:
            if href not in expected:
                raise ConvergeError(f"{name} has no checksum of '{href}': the package is not whole. Export it again.")
            self._verify_file(href, *expected[href], name)
        return name

    def _verify_file(self, href: str, algorithm: str, digest: str, manifest: str) -> None:
        actual = hashlib.new(algorithm, usedforsecurity=False)
        with self._store.open(href) as file:
            while block := file.read(_BLOCK):
                actual.update(block)
        if actual.hexdigest() != digest:
            raise ConvergeError(
                f"'{href}' in {self.path} is damaged: its {algorithm.upper()} is {actual.hexdigest()}, {manifest} says "
                f"{digest}. Nothing was uploaded."
            )

    def _check_file(self, file: ovf.File) -> None:
        actual = self._store.size(file.href)
        if actual is None:
            raise ConvergeError(f"ovf: '{self.path}' needs '{file.href}', which is not beside it.")
        if file.size is not None and file.size != actual:
            raise ConvergeError(f"ovf: '{file.href}' has {actual} bytes, not {file.size}: it is not whole.")


def parse_manifest(text: str, where: str) -> dict:
    """`{file: (algorithm of hashlib, hex digest)}` of a manifest. Raises ConvergeError on a line that is none."""
    found = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        match = _LINE.match(line.strip())
        if not match:
            raise ConvergeError(f"{where}: '{line.strip()[:80]}' is not like 'SHA256(disk.vmdk)= …'.")
        found[match[2].strip()] = (match[1].lower().replace("-", ""), match[3].lower())
    return found


class _Folder:
    """The files beside an .ovf."""

    def __init__(self, path: str) -> None:
        self._folder, self.descriptor = os.path.split(path)

    def size(self, name: str):
        path = os.path.join(self._folder, name)
        return os.path.getsize(path) if os.path.isfile(path) else None

    def open(self, name: str):
        return open(os.path.join(self._folder, name), "rb")

    def close(self) -> None:
        """Nothing is held open."""


class _Archive:
    """The members of an .ova, read in place."""

    def __init__(self, path: str) -> None:
        self._tar = tarfile.open(path, "r:")  # noqa: SIM115 - open as long as the package is
        self._members = {member.name: member for member in self._tar if member.isreg()}
        names = [name for name in self._members if name.lower().endswith(".ovf")]
        if not names:
            raise ConvergeError(f"ovf: '{path}' holds no .ovf file: it is not an OVA.")
        self.descriptor = names[0]

    def size(self, name: str):
        return self._members[name].size if name in self._members else None

    def open(self, name: str):
        return contextlib.closing(self._tar.extractfile(self._members[name]))

    def close(self) -> None:
        self._tar.close()
