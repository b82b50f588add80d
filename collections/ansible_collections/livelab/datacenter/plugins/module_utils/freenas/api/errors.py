# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users are told of errors that nobody expected. No I/O."""

from __future__ import annotations


def explain(error: Exception) -> str:
    """Plain text for an error that no dialect translated: its own text is not shown, which may quote what was sent."""
    kind = type(error).__name__
    if isinstance(error, KeyError):
        return f"the NAS's answer lacks '{error.args[0]}', which every version that is known has. Is it a FreeNAS or TrueNAS?"
    if isinstance(error, (TypeError, ValueError, AttributeError, LookupError)):
        return f"the NAS's answer has a form that no version that is known has ({kind}). Is it a FreeNAS or TrueNAS?"
    return f"it failed for a reason that this module does not know: {kind}."
