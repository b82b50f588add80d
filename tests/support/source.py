# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads a Python file that is in no package: a role's filter plugin, or a program of a role's."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

TOP = Path(__file__).parents[2]


def load(path: str) -> ModuleType:
    """The module that a file makes, anew each time.

    :param path: from the project's top: ``roles/mysql/filter_plugins/mysql.py``.
    """
    spec = importlib.util.spec_from_file_location(f"{Path(path).stem}_loaded", TOP / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
