# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules against the twin, model backing."""
