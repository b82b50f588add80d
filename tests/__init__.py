# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the whole: modules against the twin, the twin's life, the playbooks."""
