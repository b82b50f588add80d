# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers of the tests."""
