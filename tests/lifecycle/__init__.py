# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of labtwin: up, down, killed, and up again."""
