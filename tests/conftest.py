# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests share: a twin of their own, and Ansible's modules run against it as a user runs them."""

from __future__ import annotations

import pytest

from tests.support.ansible import Ansible
from tests.support.twin import Twin


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    """A freshly installed data centre in model backing, for the tests of one file."""
    data_centre = Twin(tmp_path_factory.mktemp("lab"), backing="model")
    data_centre.up()
    yield data_centre
    data_centre.down()


@pytest.fixture(scope="module")
def ansible(twin):
    """Modules with their connection to that data centre in the environment."""
    return Ansible(twin)
