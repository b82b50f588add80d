# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files change, what of them is shown, and what the service does for them."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.configuration.plan import HIDDEN, plan, stronger
from ansible_collections.livelab.datacenter.plugins.module_utils.configuration.state import ABSENT, Entry, Service, State
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

OPEN = Entry("file", b"old\n", mode=0o644, owner="root", group="adm")
CLOSED = Entry("file", b"password = hunter22\n", mode=0o640, owner="root", group="adm")
LINK = Entry("link", target="../a.conf")
SHOWN = {"content": "old\n", "mode": "0644", "owner": "root", "group": "adm"}
UP = Service("web", there=True, active=True, enabled=True, started=1.0)


def wanted(**said):
    return {"path": "/etc/a", "content": None, "secret_content": None, "link": None, "mode": "0644", "state": "present",
            "owner": "root", "group": "adm", "needs": "reload", **said}


def changes(now, service=None, pending="", newer=(), **said):
    state = State(entries={"/etc/a": now}, service=service, pending=pending, newer=newer)
    return plan(state, {"files": [wanted(**said)], "service": service and service.name, "service_state": "started"})


def shown(now, **said):
    """What a plan says of the file, before and after."""
    (change,) = changes(now, **said)
    assert (change.what, change.apply) == ("/etc/a", "write")
    return change.before, change.after


def test_a_file_is_shown_as_it_was_and_will_be():
    assert shown(OPEN, content="new\n", mode="600", owner="www-data", group="www-data") == (
        SHOWN, {"content": "new\n", "mode": "0600", "owner": "www-data", "group": "www-data"})
    assert shown(ABSENT, content="old\n") == (None, SHOWN)
    assert shown(LINK, content="old\n") == ({"link": "../a.conf"}, SHOWN)
    hidden = SHOWN | {"content": HIDDEN}
    assert shown(OPEN, link="b.conf") == (hidden, {"link": "b.conf"})
    assert shown(LINK, state="absent") == ({"link": "../a.conf"}, None)


def test_bytes_that_are_no_text_are_shown_all_the_same():
    before, _after = shown(Entry("file", b"\xff\n", mode=0o644), content="x")
    assert before["content"] == "\N{REPLACEMENT CHARACTER}\n"


@pytest.mark.parametrize(("now", "said", "hidden"), [
    # Others may read it: no secret.
    (OPEN, {"content": "x"}, (False, False)),
    # One that is closed to others may hold a secret, whatever it becomes.
    (CLOSED, {"content": "x"}, (True, False)),
    (CLOSED, {"state": "absent"}, (True, None)),
    (Entry("file", b"s", mode=0o700), {"content": "x"}, (True, False)),
    # Reading is what counts, not running.
    (Entry("file", b"s", mode=0o641), {"content": "x"}, (True, False)),
    # Nobody says of a file that goes whether it held one.
    (OPEN, {"state": "absent"}, (True, None)),
    (OPEN, {"secret_content": "s", "mode": "0600"}, (True, True)),
])
def test_no_secret_is_shown(now, said, hidden):
    assert tuple(side and side["content"] == HIDDEN for side in shown(now, **said)) == hidden


def test_what_is_as_wanted_does_not_change():
    assert changes(OPEN, content="old\n") == []
    assert changes(LINK, link="../a.conf") == []
    assert changes(ABSENT, state="absent") == []


def test_what_is_neither_file_nor_link_is_left():
    with pytest.raises(ConvergeError) as caught:
        changes(Entry("directory"), content="x")
    assert str(caught.value) == "/etc/a is a directory: this module writes files and links only; remove it first"


def test_the_stronger_of_two_actions():
    order = ["", "nothing", "reload", "restart"]
    for place, weaker in enumerate(order):
        for strong in order[place:]:
            assert (stronger(weaker, strong), stronger(strong, weaker)) == (strong, strong)


@pytest.mark.parametrize(("service", "more", "before", "after"), [
    (UP, {}, {"active": True, "enabled": True, "configuration": "as it was"},
     {"active": True, "enabled": True, "configuration": "in use (reload)"}),
    (UP, {"pending": "restart"}, {"active": True, "enabled": True, "configuration": "as it was"},
     {"active": True, "enabled": True, "configuration": "in use (restart)"}),
    (UP, {"newer": ("/etc/b",)}, {"active": True, "enabled": True, "configuration": "as it was"},
     {"active": True, "enabled": True, "configuration": "in use (restart)"}),
    (Service("web", True, False, False, 0.0), {}, {"active": False, "enabled": False, "configuration": "as it was"},
     {"active": True, "enabled": True, "configuration": "in use (restart)"}),
    (Service("web", True, True, False, 1.0), {"needs": "nothing"}, {"active": True, "enabled": False},
     {"active": True, "enabled": True}),
])
def test_the_service_takes_it(service, more, before, after):
    change = changes(OPEN, service, content="new", **more)[-1]
    assert (change.what, change.apply, change.before, change.after) == ("service web", "take", before, after)
    action = after.get("configuration", "nothing").removeprefix("in use (").removesuffix(")")
    assert change.args == {"action": action, "enable": not service.enabled}


def test_no_service_nothing_to_take():
    for service in (None, Service("web", False, False, False, 0.0)):
        assert [change.what for change in changes(OPEN, service, content="new")] == ["/etc/a"]
    assert [change.what for change in changes(OPEN, UP, content="new", needs="nothing")] == ["/etc/a"]
