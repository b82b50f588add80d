# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that nobody expected are plain, and quote nothing that was sent."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.errors import explain

FORM = "the NAS's answer has a form that no version that is known has ({}). Is it a FreeNAS or TrueNAS?"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            KeyError("basename"),
            "the NAS's answer lacks 'basename', which every version that is known has. Is it a FreeNAS or TrueNAS?",
        ),
        (TypeError("s3cret"), FORM.format("TypeError")),
        (ValueError("s3cret"), FORM.format("ValueError")),
        (AttributeError("s3cret"), FORM.format("AttributeError")),
        (IndexError("s3cret"), FORM.format("IndexError")),
        (RuntimeError("s3cret"), "it failed for a reason that this module does not know: RuntimeError."),
    ],
)
def test_plain_text(error, said):
    assert explain(error) == said
