# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report as they are and as they should be, and what has to be written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change


@dataclass(frozen=True)
class Files:
    """A report's files, each as text by its name: those that are there, and those that should be."""

    there: Mapping[str, str]
    wanted: Mapping[str, str]


def plan(files: Files, params: Mapping[str, Any]) -> list[Change]:
    """A change for each file that is not as it should be.

    :param params: the module's options, of which ``dest`` is the folder.
    """
    return [
        Change(os.path.join(params["dest"], name), _shown(files.there.get(name)), _shown(text), "write", {"text": text})
        for name, text in files.wanted.items()
        if files.there.get(name) != text
    ]


def _shown(text: str | None) -> dict | None:
    if text is None:
        return None
    content = text.encode()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
