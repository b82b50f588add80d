# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be a configuration is refused by name."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.configuration.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

GOOD = {"path": "/etc/a", "content": "x", "secret_content": None, "link": None, "mode": "0644", "state": "present"}


def params(*files, **more):
    return {"files": [GOOD | one for one in files], "service": None, "watch": [], **more}


@pytest.mark.parametrize("good", [
    {}, {"mode": "640"}, {"content": ""}, {"content": None, "state": "absent"}, {"content": None, "link": "a"},
])
def test_what_can_be_is_taken(good):
    check(params(good, service="apache2", watch=["/etc"]))


@pytest.mark.parametrize(("bad", "said"), [
    ({"path": "etc/a"}, "files[0].path is 'etc/a': it must be the absolute path of a file"),
    ({"path": "/etc/"}, "files[0].path is '/etc/'"),
    ({"mode": "rw"}, "files[0].mode is 'rw': it must be octal digits"),
    ({"mode": "0644\n"}, "files[0].mode is '0644\n'"),
    ({"mode": "0688"}, "files[0].mode is '0688'"),
    ({"content": None}, "files[0] (/etc/a) has no content: give one of content, secret_content and link"),
    ({"link": "b"}, "files[0] (/etc/a) has content and link: give one of"),
    ({"state": "absent"}, "files[0] (/etc/a) is to be absent and has 'content'"),
])
def test_a_file_that_cannot_be(bad, said):
    with pytest.raises(ConvergeError) as caught:
        check(params(bad))
    assert str(caught.value).startswith(said)


def test_a_path_twice_in_any_spelling():
    with pytest.raises(ConvergeError, match="files has '/etc/a' twice"):
        check(params({}, {"path": "/etc//a"}))


@pytest.mark.parametrize("name", ["", "-x", "a b", "a\n"])
def test_a_service_that_cannot_be(name):
    with pytest.raises(ConvergeError, match="is no name of a systemd unit"):
        check(params(service=name))


@pytest.mark.parametrize("path", ["etc", "/etc/", "/etc/a\0b", ""])
def test_a_path_to_watch_that_cannot_be(path):
    with pytest.raises(ConvergeError) as caught:
        check(params(watch=["/etc/good", path]))
    assert str(caught.value) == f"watch is '{path}': it must be the absolute path of a file"
