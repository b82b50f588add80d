# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the iSCSI service of a NAS as it is to the one declared: a list of changes. No I/O.

The order: LUNs, targets and extents that go; pool and zvols; what holds for the whole service; what nothing uses any
more; then the service's parts from the bottom up, each after what frees that which it needs; what was used until then;
last the service itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import canonical_host
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    Credential,
    Discovery,
    Extent,
    Initiator,
    Portal,
    Target,
    TargetExtent,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi import plan_items, plan_purge
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.goal import Goal, put
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.plan_links import check_links
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.plan_match import match
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.plan_order import Step, holds, ordered, refuse_ring
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import KINDS, Handle, Nas
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume import plan as volume

_ITEMS = {
    "portals": plan_items.portal,
    "initiators": plan_items.initiator,
    "auths": plan_items.credential,
    "targets": plan_items.target,
    "extents": plan_items.extent,
    "associations": plan_items.association,
}
_FIRST_SERVICE_PORT = 1025


def plan(current: Nas, desired: Mapping[str, Any]) -> list[Change]:
    """The changes, in the order to make them.

    :param current: the NAS as it is; it is not altered.
    :param desired: the module's options, checked.
    :raises ConvergeError: when the NAS cannot take it; nothing has been changed then.
    """
    goal, _kept, first = _reach(current, desired)
    return _changes(goal, first) + _service(current, desired)


def kept(current: Nas, desired: Mapping[str, Any]) -> list[str]:
    """What a purge leaves, because something that stays uses it: texts for the user."""
    return _reach(current, desired)[1]


def _reach(current: Nas, desired: Mapping[str, Any]) -> tuple[Goal, list[str], list[Change]]:
    """The state that is to be reached, what a purge leaves, and the changes of pool and zvols."""
    goal = Goal(current)
    goal.volumes, first = volume.planned(current.volumes, desired)
    _reach_config(goal, desired)
    absent: dict[type, set[Handle]] = {}
    for option, kind in KINDS.items():
        for item in desired.get(option) or ():
            handle = _reach_item(goal, option, item, desired)
            if item.get("state") == "absent" and handle is not None:
                absent.setdefault(kind, set()).add(handle)
    _reach_port(goal, desired)
    _reach_discovery(goal, desired)
    left = plan_purge.remove(goal, desired, absent)
    check_links(goal)
    return goal, left, first


def _reach_item(goal: Goal, option: str, item: Mapping[str, Any], desired: Mapping[str, Any]) -> Handle:
    """Put what an entry declares into the goal; of one that is absent only say which it is."""
    kind, listen = KINDS[option], ()
    if kind is Portal:
        listen = plan_items.listen_of(goal, item, None, desired.get("iscsi_port"))
    if item.get("state") == "absent":
        # What is only to go is never taken for something of another name.
        return match(goal, option, item, (), desired)
    handle = match(goal, option, item, listen, desired)
    have = goal.things[kind].get(handle)
    if kind is Portal:
        listen = plan_items.listen_of(goal, item, have, desired.get("iscsi_port"))
    thing = _ITEMS[option](goal, item, have, listen)
    put(goal, thing, handle if have else f"new {option} {len(goal.things[kind])}")
    return handle


def _reach_config(goal: Goal, desired: Mapping[str, Any]) -> None:
    said: dict[str, Any] = {}
    if desired.get("basename") is not None:
        said["basename"] = desired["basename"].lower()
    servers = desired.get("isns_servers")
    if servers is not None and set(map(canonical_host, servers)) != set(map(canonical_host, goal.config.isns_servers)):
        said["isns_servers"] = tuple(servers)
    if desired.get("pool_avail_threshold") is not None:
        said["pool_threshold"] = desired["pool_avail_threshold"]
    if desired.get("iscsi_port") is not None and goal.version.has("service_port"):
        said["port"] = desired["iscsi_port"]
    goal.config = replace(goal.config, **said)


def _reach_port(goal: Goal, desired: Mapping[str, Any]) -> None:
    """Where one port is all portals', those that are declared must agree; when there are no others, they say it."""
    if not goal.version.has("service_port"):
        return
    portals = [one for handle, one in goal.things[Portal].items() if handle in goal.declared[Portal]]
    ports = sorted({at.port for one in portals for at in one.listen} - {goal.config.port})
    if ports:
        alone = len(ports) == 1 and len(portals) == len(goal.things[Portal]) and desired.get("iscsi_port") is None
        agreed = alone and {at.port for one in portals for at in one.listen} == set(ports)
        if not agreed:
            raise ConvergeError(f"portals: port {ports[0]}: {goal.version.name} has one port for all portals, which is "
                                f"{goal.config.port}; versions before 22.12 have one for each address. Set 'iscsi_port' to "
                                "change it for all.")
        goal.config = replace(goal.config, port=ports[0])
    if goal.config.port != goal.nas.config.port and goal.config.port < _FIRST_SERVICE_PORT:
        raise ConvergeError(f"iscsi_port: {goal.version.name} takes {_FIRST_SERVICE_PORT} to 65535, not {goal.config.port}; "
                            "versions before 22.12 take any.")
    # It is not a change of a portal when the port of all changes.
    for handle, one in goal.things[Portal].items():
        listen = tuple(replace(at, port=goal.config.port) for at in one.listen)
        goal.things[Portal][handle] = replace(one, listen=listen)


def _reach_discovery(goal: Goal, desired: Mapping[str, Any]) -> None:
    wanted = desired.get("discovery")
    if wanted:
        method = wanted["authmethod"]
        goal.discovery = Discovery(method, None if method == "NONE" else wanted["auth"])


# -- the changes --------------------------------------------------------------------------------------------------------


def _changes(goal: Goal, first: list[Change]) -> list[Change]:
    gone = {kind: _removals(goal, kind) for kind in KINDS.values()}
    early, late = [], []
    for kind in (Portal, Initiator, Credential):
        for change in gone[kind]:
            (late if _used_before(goal, change.args["thing"]) else early).append(change)
    links, extra = _put(goal, TargetExtent)
    return [
        *gone[TargetExtent],
        *extra,
        *gone[Target],
        *gone[Extent],
        *first,
        *early,
        *_config(goal),
        *_put(goal, Portal)[0],
        *_put(goal, Initiator)[0],
        *_put(goal, Credential)[0],
        *_discovery(goal),
        *_put(goal, Target)[0],
        *_put(goal, Extent)[0],
        *links,
        *late,
    ]


def _removals(goal: Goal, kind: type) -> list[Change]:
    return [
        Change(goal.title(one), goal.shown(one), None, "remove", {"thing": one})
        for handle, one in goal.nas.things[kind].items()
        if handle not in goal.things[kind]
    ]


def _used_before(goal: Goal, thing: Any) -> bool:
    """Whether a target that stays uses it until it is changed: it can then only go afterwards."""
    staying = [one for handle, one in goal.nas.things[Target].items() if handle in goal.things[Target]]
    groups = [group for one in staying for group in one.groups]
    if isinstance(thing, Portal):
        return any(group.portal == thing.id for group in groups)
    if isinstance(thing, Initiator):
        return any(group.initiator == thing.id for group in groups)
    return thing.tag in {goal.nas.discovery.tag, *(group.tag for group in groups)}


def _put(goal: Goal, kind: type) -> tuple[list[Change], list[Change]]:
    """What is added and updated, in an order that works; and LUNs that are to be taken away first, to make one."""
    steps = [step for handle, one in goal.things[kind].items() for step in _step(goal, kind, handle, one)]
    done, ring = ordered(steps)
    extra: list[Change] = []
    while ring and kind is TargetExtent:
        # LUNs that change places: the first is taken away before, and comes again at its new number.
        thing, have = ring[0].change.args["thing"], goal.nas.things[kind][ring[0].change.args["thing"].id]
        number = f"LUN {have.lun} of target {goal.name(Target, have.target)}"
        extra.append(Change(number, goal.shown(have), None, "remove", {"thing": have}))
        again = replace(thing, id=f"again {thing.id}")
        change = Change(ring[0].change.what, None, goal.shown(thing), "add", {"thing": again})
        more, ring = ordered([*ring[1:], Step(change, frozenset(), holds(thing))])
        done += more
    refuse_ring(ring)
    return done, extra


def _step(goal: Goal, kind: type, handle: Handle, after: Any) -> list[Step]:
    before = goal.nas.things[kind].get(handle)
    if before is None:
        change = Change(goal.title(after), None, goal.shown(after), "add", {"thing": after})
        return [Step(change, frozenset(), holds(after))]
    compared = after
    if kind is Portal and goal.version.has("service_port"):
        # The port is no part of it there.
        compared = replace(after, listen=tuple(replace(at, port=goal.nas.config.port) for at in after.listen))
    names = [field.name for field in fields(after) if getattr(before, field.name) != getattr(compared, field.name)]
    if not names:
        return []
    args = {"thing": after, "names": names}
    change = Change(goal.title(after), goal.shown(before), _marked(goal, before, after), "update", args)
    return [Step(change, holds(before), holds(after))]


def _marked(goal: Goal, before: Any, after: Any) -> dict[str, Any]:
    """An object as it will be, in which a secret that changes says so."""
    shown = goal.shown(after)
    if isinstance(after, Credential):
        for name, word in (("secret", "secret"), ("peer_secret", "peersecret")):
            if word in shown and getattr(before, name) != getattr(after, name):
                shown[word] = "(hidden, changed)"
    return shown


def _config(goal: Goal) -> list[Change]:
    """The settings of the whole service, in one change."""
    words = {"basename": "basename", "port": "port", "isns_servers": "isns_servers", "pool_threshold": "pool_avail_threshold"}
    before, after = goal.nas.config, goal.config
    names = [name for name in words if getattr(before, name) != getattr(after, name)]
    if not names:
        return []

    def shown(config: Any) -> dict[str, Any]:
        values = {words[name]: getattr(config, name) for name in names}
        return {word: list(value) if isinstance(value, tuple) else value for word, value in values.items()}

    return [Change("iSCSI service", shown(before), shown(after), "update", {"thing": after, "names": names})]


def _discovery(goal: Goal) -> list[Change]:
    before, after = ({"authmethod": one.method, "auth": one.tag} for one in (goal.nas.discovery, goal.discovery))
    args = {"thing": goal.discovery, "names": ["method", "tag"]}
    return [] if before == after else [Change("discovery", before, after, "update", args)]


def _service(current: Nas, desired: Mapping[str, Any]) -> list[Change]:
    """The changes of the service itself: the last of the plan."""
    changes = []
    for name, step in (("enabled", "enable_service"), ("running", "run_service")):
        after = (desired.get("service") or {}).get(name)
        if after is not None and after != getattr(current.service, name):
            changes.append(Change(f"iSCSI service {name}", {name: not after}, {name: after}, step))
    return changes
