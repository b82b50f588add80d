# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of a package as the machine gets it: in one piece, and not compressed."""

from __future__ import annotations

import contextlib
import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy import ovf
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.store import Store

_BLOCK = 1024 * 1024


class Content:
    """A file of a package.

    :ivar file: what the descriptor says of it.
    :ivar parts: the names of the files that it is stored in.
    :ivar stored: their bytes.
    """

    def __init__(self, store: Store, file: ovf.File, where: str) -> None:
        """:raises ConvergeError: when a part is missing, or it has not the bytes that the descriptor says."""
        self._store = store
        self._where = where
        self.file = file
        self.parts = self._parts()
        self.stored = sum(store.size(name) or 0 for name in self.parts)
        self._size: int | None = None if file.gzip else self.stored
        if file.size is not None and file.size != self.stored:
            raise ConvergeError(f"ovf: '{file.href}' has {self.stored} bytes, not {file.size}: it is not whole.")

    @property
    def size(self) -> int:
        """The bytes that :meth:`open` gives. Of a compressed file they are counted, once."""
        if self._size is None:
            with self.open() as file:
                self._size = sum(len(block) for block in blocks(file))
        return self._size

    @contextlib.contextmanager
    def open(self) -> Iterator[Any]:
        """The file, open for reading bytes.

        :raises ConvergeError: when what is read is not compressed as the descriptor says.
        """
        with contextlib.ExitStack() as stack:
            raw = io.BufferedReader(_Joined(self._store, self.parts, stack), _BLOCK)
            try:
                yield gzip.GzipFile(fileobj=raw) if self.file.gzip else raw
            except (gzip.BadGzipFile, zlib.error, EOFError) as error:
                raise ConvergeError(f"'{self.file.href}' in {self._where} is not the gzip that the descriptor says, or it is "
                                    f"damaged ({error}).") from error

    def _parts(self) -> list[str]:
        href, chunk = self.file.href, self.file.chunk
        if chunk is None:
            return [self._need(href)]
        names: list[str] = []
        while (name := self._store.find(f"{href}.{len(names):09d}")) is not None:
            names.append(name)
        wrong = next((name for name in names[:-1] if self._store.size(name) != chunk), None)
        if wrong:
            raise ConvergeError(f"ovf: '{wrong}' has {self._store.size(wrong)} bytes; a piece of '{href}' has {chunk}.")
        return names or [self._need(f"{href}.{0:09d}")]

    def _need(self, href: str) -> str:
        name = self._store.find(href)
        if name is None:
            raise ConvergeError(f"ovf: '{self._where}' needs '{href}', which is not beside it.")
        return name


def blocks(file: Any) -> Iterator[bytes]:
    """The bytes of an open file, block by block."""
    while block := file.read(_BLOCK):
        yield block


class _Joined(io.RawIOBase):
    """Several files, read as one."""

    def __init__(self, store: Store, names: list[str], stack: contextlib.ExitStack) -> None:
        super().__init__()
        self._store, self._left, self._stack = store, list(names), stack
        self._file: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            if self._file is None:
                if not self._left:
                    return 0
                self._file = self._stack.enter_context(self._store.open(self._left.pop(0)))
            if block := self._file.read(len(buffer)):
                buffer[: len(block)] = block
                return len(block)
            self._file = None
