# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole road on real machines."""
