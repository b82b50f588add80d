# SPDX-License-Identifier: GPL-3.0-or-later
"""Words between the twin and its clients: which of them no real product has.

The automation may read what a vCenter, a host or a NAS says, and nothing that the twin alone says. Names of the twin are easy
to look for; its private words are not. They are found by their kind: a word that the twin puts on the wire, that the
automation reads, and that the product's own API does not define.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath

import yaml
from pyVmomi import VmomiSupport

_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)
_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`([^`]*)`')
# An id as of an event type or an extension: com.example.thing.
_ID = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*){2,}")
_HOST = re.compile(r"\w+://[^/]*")
_PATH = re.compile(r"/[A-Za-z][\w./-]*")
# The key of a pair, a field of JSON, and a header of HTTP.
_KEY = re.compile(r'\bKey:\s*"([^"]+)"|\bjson:"([^",]+)')
_HEADER = re.compile(r"X-[A-Za-z0-9-]+", re.IGNORECASE)
# One plain word ("task", "source") is nobody's own; one that is put together is.
_COMPOUND = re.compile(r"[A-Za-z0-9]+(?:[_.-][A-Za-z0-9]+)+|[a-z0-9]+[A-Z]\w*")
_COUNTER = re.compile(r"[a-zA-Z]+\.\w+\.(?:average|latest|maximum|minimum|none|summation)")

# Paths and keys that products have. What is added here needs a place where it is documented.
PUBLIC_PATHS = (
    "/api",  # TrueNAS: REST v2.0 under it, and the list of versions at /api/versions
    "/folder",  # vSphere: the files of datastores over HTTPS, FileManager in the API reference
    "/mnt",  # FreeNAS and TrueNAS mount pools here
    "/sdk",  # vSphere Web Services SDK
    "/vimService",  # beside it: what it offers
    "/vimServiceVersions.xml",  # and the versions that it speaks
    "/vmfs",  # a host's volumes and devices
)
PUBLIC_KEYS = {
    "initiator_addr",  # TrueNAS: a session, as iscsi.global.sessions answers
}
# Paths of the operating system that both run on are no words between them.
_SYSTEM = re.compile(r"/(?:bin|dev|etc|home|lib|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)(?:/|$)")


def go_words(sources: Iterable[str]) -> set[str]:
    """The words of Go sources that may go over the wire: ids, paths, headers, keys of pairs and of JSON."""
    found: set[str] = set()
    for source in sources:
        text = _COMMENT.sub("", source)
        keys = {key or field for key, field in _KEY.findall(text)}
        found |= {key for key in keys if _COMPOUND.fullmatch(key)}
        for literal in _literals(source):
            if any(kind.fullmatch(literal) for kind in (_ID, _PATH, _HEADER)):
                found.add(literal.rstrip("/"))
    return found


def _literals(source: str) -> list[str]:
    """The strings of a Go source."""
    return [quoted or raw for quoted, raw in _LITERAL.findall(_COMMENT.sub("", source))]


def python_words(source: str) -> set[str]:
    """The strings of a Python source, but for docstrings and texts of several lines; a path or an id also within one."""
    texts = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return _words(text for text in texts if "\n" not in text)


def yaml_words(source: str) -> set[str]:
    """The words of a playbook, a task list or a template: ids and paths, and the names that its expressions read."""
    return set(re.findall(r"\w+", source)) | _words(source.splitlines())


def _words(texts: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for text in texts:
        found |= {text, *_ID.findall(text), *_HEADER.findall(text)}
        for path in map(PurePosixPath, _PATH.findall(_HOST.sub("", text))):
            # Who asks for something under it asks it, too.
            found |= {str(path), *map(str, path.parents)}
    return found


@cache
def _properties() -> frozenset[str]:
    """The names of all properties that the vSphere API defines, as pyVmomi has it."""
    defined = [*VmomiSupport._dataDefMap.values(), *VmomiSupport._managedDefMap.values()]
    return frozenset(prop[0] for definition in defined for prop in definition[4] or ())


def documented(source: str) -> set[str]:
    """The names of a module's options and results: its own words, whoever else has them too."""
    found: set[str] = set()

    def gather(node: object) -> None:
        for key, value in node.items() if isinstance(node, dict) else ():
            found.add(str(key))
            gather(value)

    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("DOCUMENTATION", "RETURN"):
            gather(yaml.safe_load(ast.literal_eval(node.value)))
    return found


def public(word: str) -> bool:
    """Whether a product's API defines this word."""
    if word.startswith("/"):
        return word in PUBLIC_PATHS or word.startswith(tuple(f"{path}/" for path in PUBLIC_PATHS)) or bool(_SYSTEM.match(word))
    if word.startswith(("com.vmware.", "vim.", "esx.", "vprob.")) or _COUNTER.fullmatch(word):
        return True
    return word in PUBLIC_KEYS or _properties().issuperset(word.split("."))


def private(twin: Iterable[Path], automation: Iterable[Path], published: Iterable[Path] = ()) -> dict[str, list[str]]:
    """The words that the twin says and the automation reads, and that no product defines: {word: files of the automation}.

    :param published: those of the twin's sources that hold a product's API as its maker publishes it.
    """
    known = {literal for path in published for literal in _literals(path.read_text(encoding="utf-8"))}
    files = [(path, path.read_text(encoding="utf-8")) for path in automation]
    own = {word for path, text in files if path.suffix == ".py" for word in documented(text)}
    spoken = {word for word in go_words(path.read_text(encoding="utf-8") for path in twin) if not public(word)} - known - own
    found: dict[str, list[str]] = {}
    for path, text in files:
        read = python_words(text) if path.suffix == ".py" else yaml_words(text)
        for word in sorted(spoken & read):
            found.setdefault(word, []).append(path.name)
    return found
