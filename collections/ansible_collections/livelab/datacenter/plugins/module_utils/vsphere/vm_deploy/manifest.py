# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package's manifest: which it is, and whether the files are what it says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.content import blocks
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.store import Store, inside

_LINE = re.compile(r"(SHA-?1|SHA-?(?:2-?)?(?:256|384|512))\s*\((.+)\)\s*=\s*([0-9a-fA-F]+)", re.IGNORECASE)
_LIMIT = 16 * 1024 * 1024

# {file: (algorithm of hashlib, hex digest)}
Digests = Mapping[str, tuple[str, str]]


def find_manifests(store: Store, files: Sequence[str]) -> dict[str, Digests]:
    """The manifests of a package, whatever they are called: ``{name: digests}``.

    :param files: the package's files, the descriptor among them.
    :raises ConvergeError: for one that fits no file of the package, unless it is another package's in the same folder.
    """
    own = _stem(store.descriptor)
    there = store.names()
    others = {_stem(name) for name in there if name.lower().endswith(".ovf")} - {own}
    found = {}
    for name in there:
        if not name.lower().endswith(".mf") or name.startswith("._"):
            continue
        with store.open(name) as file:
            digests = parse_manifest(file.read(_LIMIT).decode("utf-8", "replace"), name)
        if set(files) & set(digests) and not (_stem(name) in others and store.descriptor not in digests):
            found[name] = digests
        elif _stem(name) not in others:
            raise ConvergeError(f"the manifest {name} does not fit the package: it names none of its files, but "
                                f"{', '.join(sorted(digests)[:3]) or 'nothing'}.")
    return dict(sorted(found.items(), key=lambda pair: _stem(pair[0]) != own))


def parse_manifest(text: str, where: str) -> dict[str, tuple[str, str]]:
    """The digests in a manifest.

    :raises ConvergeError: on a line that is none.
    """
    found = {}
    for line in filter(None, map(str.strip, text.lstrip("\ufeff").splitlines())):
        match = _LINE.fullmatch(line)
        if not match:
            raise ConvergeError(f"{where}: '{line[:80]}' is not like 'SHA256(disk.vmdk)= …'.")
        algorithm = re.sub(r"^sha2(?=256|384|512)", "sha", match[1].lower().replace("-", ""))
        found[inside(match[2])] = (algorithm, match[3].lower())
    return found


def verify_files(store: Store, files: Sequence[str], manifests: Mapping[str, Digests], where: str) -> list[str]:
    """Compare every file with every manifest that names it; returns the files that none names.

    :raises ConvergeError: when a digest is wrong, or a manifest names a file that is not there.
    """
    named = set()
    for manifest, digests in manifests.items():
        for name, (algorithm, digest) in digests.items():
            file = name if store.size(name) is not None else inside(unquote(name))
            if store.size(file) is None:
                raise ConvergeError(f"{manifest} names '{name}', which is not in the package: it is not whole, or the manifest "
                                    "is another's.")
            named.add(file)
            _verify_file(store, file, algorithm, digest, manifest, where)
    return [name for name in files if name not in named]


def _verify_file(store: Store, name: str, algorithm: str, digest: str, manifest: str, where: str) -> None:
    actual = hashlib.new(algorithm, usedforsecurity=False)
    with store.open(name) as file:
        for block in blocks(file):
            actual.update(block)
    if actual.hexdigest() != digest:
        raise ConvergeError(
            f"'{name}' in {where} is damaged: its {algorithm.upper()} is {actual.hexdigest()}, {manifest} says "
            f"{digest}. Nothing was uploaded."
        )


def _stem(name: str) -> str:
    return name.rpartition(".")[0]
