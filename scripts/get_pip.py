# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the script that ansible-test downloads to install pip: Python brings one along.

Its arguments are pip's, and options of that script (--no-setuptools, --no-wheel) that mean nothing here.
"""

import subprocess
import sys

# In a process of its own, because it hides pip's settings from all that comes after it in this one.
subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", *wanted])
# Python 3.11 brings setuptools too, which nobody asked for.
subprocess.check_call([sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", "--disable-pip-version-check", "setuptools"])
