# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the files of a package are: in a folder beside the descriptor, or in an OVA archive."""

from __future__ import annotations

import contextlib
import os
import posixpath
import tarfile
from typing import Any
from urllib.parse import unquote

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError


class Store:
    """Files by their names relative to the descriptor."""

    descriptor: str

    def names(self) -> list[str]:
        """The files directly beside the descriptor."""
        raise NotImplementedError

    def size(self, name: str) -> int | None:
        """The bytes of a file, ``None`` when there is none of this name."""
        raise NotImplementedError

    def open(self, name: str) -> Any:
        """A file, open for reading bytes; a context manager."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what is held open."""

    def find(self, href: str) -> str | None:
        """The name of the file that a reference names: as it stands there, or percent-encoded as URLs are.

        :raises ConvergeError: when it leads out of the package.
        """
        for spelt in (href, unquote(href)):
            if self.size(name := inside(spelt)) is not None:
                return name
        return None


def inside(reference: str) -> str:
    """A reference in its one spelling, without ``./``.

    :raises ConvergeError: when it leads out of the package.
    """
    name = posixpath.normpath(reference.strip())
    if name.startswith(("/", "../", "\\")) or name in (".", "..") or ".." in name.split("\\") or "\0" in name:
        raise ConvergeError(f"the package names the file '{reference}'; it must be a file beside the descriptor.")
    return name


class Folder(Store):
    """The files beside an .ovf."""

    def __init__(self, path: str) -> None:
        self._folder, self.descriptor = os.path.split(path)

    def names(self) -> list[str]:
        return sorted(os.listdir(self._folder or "."))

    def size(self, name: str) -> int | None:
        path = os.path.join(self._folder, name)
        return os.path.getsize(path) if os.path.isfile(path) else None

    def open(self, name: str) -> Any:
        return open(os.path.join(self._folder, name), "rb")


class Archive(Store):
    """The members of an .ova, read in place."""

    def __init__(self, path: str) -> None:
        """:raises ConvergeError: when it holds no descriptor, or several."""
        self._tar = tarfile.open(path, "r:")  # noqa: SIM115 - open as long as the package is
        members = {posixpath.normpath(member.name): member for member in self._tar if member.isreg()}
        # What macOS puts into archives beside each file.
        names = [name for name in members if not posixpath.basename(name).startswith("._")]
        descriptors = [name for name in names if name.lower().endswith(".ovf")]
        if len(descriptors) != 1:
            self._tar.close()
            what = f"holds {len(descriptors)} .ovf files: {', '.join(descriptors)}" if descriptors else "holds no .ovf file"
            raise ConvergeError(f"ovf: '{path}' {what}; an OVA has one.")
        folder, self.descriptor = posixpath.split(descriptors[0])
        prefix = f"{folder}/" if folder else ""
        self._members = {name.removeprefix(prefix): members[name] for name in names if name.startswith(prefix)}

    def names(self) -> list[str]:
        return sorted(name for name in self._members if "/" not in name)

    def size(self, name: str) -> int | None:
        return self._members[name].size if name in self._members else None

    def open(self, name: str) -> Any:
        return contextlib.closing(self._tar.extractfile(self._members[name]))

    def close(self) -> None:
        self._tar.close()
