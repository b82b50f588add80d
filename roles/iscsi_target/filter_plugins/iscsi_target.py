# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role's variables are in LIO's configuration and on tgt's command line, and which of them neither could take."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import uuid

from ansible.module_utils.common.text.formatters import human_to_bytes

# RFC 3720, 3.2.6.3: the type, a date, a reversed domain, and what its owner likes; 223 bytes at most.
_IQN = re.compile(r"iqn\.[0-9]{4}-(0[1-9]|1[0-2])\.[a-z0-9][a-z0-9.-]*(:[!-~]+)?|eui\.[0-9a-f]{16}|naa\.([0-9a-f]{16}){1,2}")
_SERIAL = re.compile(r"[A-Za-z0-9-]{1,32}")
# tgt-admin hands the two on through a shell, and cuts them at blanks.
_CHAP = re.compile(r"[A-Za-z0-9_.:@%+=,^~-]+")
# What a block device, or a part of it, is to others that are not mounts.
_MEMBERS = ("LVM2_member", "linux_raid_member", "zfs_member", "swap")
_PATH = re.compile(r"/[A-Za-z0-9_.,:@%+=/-]+")
# The last number that a LUN can have with flat addressing (SAM-3, 4.9.7).
LAST_LUN = 16383


def faults(targets: list[dict], portals: list[dict], backend: str) -> list[str]:
    """What of the role's variables could not be served, in words and without secrets; empty when all is well."""
    found = _faults_of_portals(portals)
    names = [str(target["name"]).lower() for target in targets]
    found += [f"iscsi_target_targets has {name} twice" for name in _twice(names)]
    paths = [lun["path"] for target in targets for lun in target["luns"]]
    found += [f"iscsi_target_targets has {path} as two LUNs: initiators would spoil each other's data" for path in _twice(paths)]
    users = {}
    for target in targets:
        found += _faults_of_target(target, backend)
        chap = target.get("chap") or {}
        # tgt knows an account by its user name, for all targets.
        for user, secret in ((chap.get("user"), chap.get("secret")), (chap.get("mutual_user"), chap.get("mutual_secret"))):
            if backend == "tgt" and user and users.setdefault(user, secret) != secret:
                found.append(f'iscsi_target_targets has the CHAP user "{user}" with two secrets; tgt keeps one for each user')
    return found


def _twice(values: list) -> list:
    return sorted({value for value in values if values.count(value) > 1})


def _faults_of_portals(portals: list[dict]) -> list[str]:
    found = [] if portals else ["iscsi_target_portals is empty: nothing could reach the targets"]
    for portal in portals:
        try:
            ipaddress.ip_address(str(portal["ip"]))
        except ValueError:
            found.append(f'iscsi_target_portals has the ip "{portal["ip"]}": it must be an IPv4 or IPv6 address')
        if not 1 <= int(portal.get("port") or 3260) <= 65535:
            found.append(f"iscsi_target_portals has the port {portal['port']}: it must be from 1 to 65535")
    return found or [f"iscsi_target_portals has {where} twice" for where in _twice([_where(portal) for portal in portals])]


def _faults_of_target(target: dict, backend: str) -> list[str]:
    name = str(target["name"])
    who = f"iscsi_target_targets, {name}: "
    found = []
    if not _IQN.fullmatch(name.lower()) or len(name) > 223:
        found.append(f"{who}its name must be an IQN, as iqn.2016-06.lab.storage:vmfs")
    found += [f"{who}LUN {number} is there twice" for number in _twice([lun["lun"] for lun in target["luns"]])]
    serials = [str(lun["serial"]) for lun in target["luns"] if lun.get("serial")]
    found += [f"{who}the serial {one} is there twice" for one in _twice(serials)]
    for lun in target["luns"]:
        found += [f"{who}{fault}" for fault in _faults_of_lun(lun, target, backend)]
    initiators = [str(one) for one in target["initiators"]]
    if not initiators:
        found.append(f"{who}initiators is empty, so nobody could log in; name the hosts' IQNs, or [ALL]")
    if "ALL" in initiators and len(initiators) > 1:
        found.append(f"{who}initiators has ALL and others beside it; give either")
    found += [f'{who}the initiator "{one}" must be an IQN, as iqn.1998-01.com.vmware:esxi1, or ALL'
              for one in initiators if one != "ALL" and not _IQN.fullmatch(one.lower())]
    found += [f"{who}the initiator {one} is there twice" for one in _twice([one.lower() for one in initiators])]
    return found + [f"{who}{fault}" for fault in _faults_of_chap(target.get("chap") or {})]


def _faults_of_lun(lun: dict, target: dict, backend: str) -> list[str]:
    who = f"LUN {lun['lun']}: "
    found = []
    first = 1 if backend == "tgt" else 0
    if not first <= int(lun["lun"]) <= LAST_LUN:
        found.append(f"{who}its number must be from {first} to {LAST_LUN}" + (" (tgt keeps 0 for itself)" if first else ""))
    if not _PATH.fullmatch(str(lun["path"])):
        found.append(f'{who}the path "{lun["path"]}" must be absolute, and have letters, digits and ".,:@%+=_-" only')
    if not _SERIAL.fullmatch(serial(lun, target)):
        found.append(f'{who}the serial "{lun["serial"]}" must have 1 to 32 letters, digits and hyphens')
    if backend == "lio" and not lun.get("size") and _plugin(lun) == "fileio":
        found.append(f"{who}{lun['path']} is a file, and LIO wants to be told its size")
    if lun.get("size"):
        size = _bytes(lun["size"])
        if size is None or size < 512 or size % 512:
            found.append(f'{who}the size "{lun["size"]}" must be one of whole blocks of 512 bytes, as 10G')
    return found


def _faults_of_chap(chap: dict) -> list[str]:
    if not chap:
        return []
    found = []
    for user, secret in (("user", "secret"), ("mutual_user", "mutual_secret")):
        if bool(chap.get(user)) != bool(chap.get(secret)):
            found.append(f"chap has {user} or {secret} without the other")
            continue
        for key in (user, secret):
            if chap.get(key) and not _CHAP.fullmatch(str(chap[key])):
                found.append(f'the {key} of chap must have letters, digits and "_.:@%+=,^~-" only')
        if chap.get(secret) and not 12 <= len(str(chap[secret])) <= 16:
            found.append(f"the {secret} of chap has {len(str(chap[secret]))} characters; it must have 12 to 16")
    if chap.get("mutual_secret") and chap["mutual_secret"] == chap.get("secret"):
        found.append("the mutual_secret of chap is its secret; RFC 3720 wants another one")
    return found


def _bytes(size: object) -> int | None:
    try:
        return human_to_bytes(str(size))
    except ValueError:
        return None


def unfit(stats: list[dict], devices: list[dict]) -> list[str]:
    """What is at the paths of the LUNs and cannot be served, in words.

    :param stats: the results of M(ansible.builtin.stat) in a loop over the LUNs.
    :param devices: the results of C(lsblk) in a loop over those that are block devices: mount point and file system of each part.
    """
    found = []
    for one in stats:
        lun, stat = one["item"], one["stat"]
        path = lun["path"]
        if not stat["exists"]:
            if not lun.get("size"):
                found.append(f"{path} does not exist; give its size to have a file made, or the path of a block device that does")
        elif stat["isreg"]:
            if lun.get("size") and stat["size"] > _bytes(lun["size"]):
                found.append(f"{path} has {stat['size']} bytes, more than the {lun['size']} asked for; it is never made smaller, "
                             "because that would cut off data")
        elif not stat["isblk"]:
            found.append(f"{path} is neither a file nor a block device")
        elif lun.get("size"):
            found.append(f"{path} is a block device, whose size is its own; leave out the size")
    for one in devices:
        lines = [line.split(" ") for line in one["stdout"].splitlines()]
        mounted = [line[0] for line in lines if line[0]]
        if mounted:
            found.append(f"{one['item']['item']['path']} is in use: mounted at {', '.join(mounted)}")
        members = [line[1] for line in lines if len(line) > 1 and line[1] in _MEMBERS]
        if members:
            found.append(f"{one['item']['item']['path']} is in use: a part of it is {', '.join(members)}")
    return found


def smaller(stats: list[dict]) -> list[dict]:
    """Those of the results of M(ansible.builtin.stat) whose file is not there, or smaller than asked for."""
    sized = [one for one in stats if one["item"].get("size")]
    return [one for one in sized if not one["stat"]["exists"] or one["stat"]["size"] < _bytes(one["item"]["size"])]


def serial(lun: dict, target: dict) -> str:
    """The serial number of a LUN: the one given, or one that is its own for as long as target and number stay what they are."""
    given = str(lun.get("serial") or "")
    return given or hashlib.sha256(f"{str(target['name']).lower()},{lun['lun']}".encode()).hexdigest()[:16]


def elsewhere(portals: list[dict], addresses: list[str]) -> list[str]:
    """The addresses of portals that are none of the machine's; every one, and those of the loopback, are."""
    mine = {ipaddress.ip_address(one.split("%")[0]) for one in addresses}
    asked = [ipaddress.ip_address(str(portal["ip"])) for portal in portals]
    return [str(one) for one in asked if not (one in mine or one.is_loopback or one.is_unspecified)]


def _address(portal: dict) -> str:
    """IPv6 in brackets, as both services write it."""
    address = ipaddress.ip_address(str(portal["ip"]))
    return str(address) if address.version == 4 else f"[{address}]"


def _where(portal: dict) -> str:
    return f"{_address(portal)}:{int(portal.get('port') or 3260)}"


def listen(portals: list[dict]) -> str:
    """The portals as tgtd's option C(--iscsi) has them."""
    return ",".join(f"portal={_where(portal)}" for portal in portals)


def lio(before: dict, targets: list[dict], portals: list[dict]) -> dict:
    """LIO's configuration, as targetcli saves it, with these targets in it and everybody else's as they were.

    What this role made is known by the names of its storage objects, which begin with "iscsi_target-", and by the targets that
    serve them. The form is that of rtslib-fb 2.1's C(RTSRoot.dump).
    """
    ours = {str(target["name"]).lower() for target in targets}
    objects = [one for one in before.get("storage_objects", []) if not one.get("name", "").startswith("iscsi_target-")]
    others = [one for one in before.get("targets", []) if one.get("wwn") not in ours and not _serves_ours(one)]
    for target in targets:
        objects += [_storage_object(lun, target) for lun in target["luns"]]
    return {
        **before,
        "fabric_modules": before.get("fabric_modules", []),
        "storage_objects": objects,
        "targets": others + [_lio_target(target, portals) for target in targets],
    }


def _serves_ours(target: dict) -> bool:
    return any("/iscsi_target-" in lun.get("storage_object", "") for tpg in target.get("tpgs", []) for lun in tpg.get("luns", []))


def _plugin(lun: dict) -> str:
    """A LUN of a size is a file; so is one whose path is not below /dev."""
    return "fileio" if lun.get("size") or not str(lun["path"]).startswith("/dev/") else "block"


def _object_name(lun: dict, target: dict) -> str:
    digest = hashlib.sha256(str(target["name"]).lower().encode()).hexdigest()
    return f"iscsi_target-{digest[:8]}-{lun['lun']}"


def _storage_object(lun: dict, target: dict) -> dict:
    # LIO's serial is a UUID: its hexadecimal digits are in the NAA id, by which an initiator knows the LUN.
    wwn = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{str(target['name']).lower()},{serial(lun, target)}"))
    made = {"name": _object_name(lun, target), "plugin": _plugin(lun), "dev": lun["path"], "wwn": wwn, "write_back": False}
    if made["plugin"] == "block":
        return {**made, "readonly": bool(lun.get("readonly"))}
    return {**made, "size": _bytes(lun["size"])} if lun.get("size") else made


def _lio_target(target: dict, portals: list[dict]) -> dict:
    chap = target.get("chap") or {}
    everybody = list(target["initiators"]) == ["ALL"]
    luns = [{"index": int(lun["lun"]), "storage_object": f"/backstores/{_plugin(lun)}/{_object_name(lun, target)}"}
            for lun in sorted(target["luns"], key=lambda one: int(one["lun"]))]
    readonly = {int(lun["lun"]): bool(lun.get("readonly")) for lun in target["luns"]}
    mapped = [{"index": lun["index"], "tpg_lun": lun["index"], "write_protect": readonly[lun["index"]]} for lun in luns]
    said = {f"chap_{ours}": chap[key] for key, ours in
            (("user", "userid"), ("secret", "password"), ("mutual_user", "mutual_userid"), ("mutual_secret", "mutual_password"))
            if chap.get(key)}
    acls = [] if everybody else [{"node_wwn": str(one).lower(), "mapped_luns": mapped, **said} for one in target["initiators"]]
    return {"fabric": "iscsi", "wwn": str(target["name"]).lower(), "tpgs": [{
        "tag": 1,
        "enable": True,
        "attributes": {
            "authentication": int(bool(chap)),
            "generate_node_acls": int(everybody),
            "cache_dynamic_acls": int(everybody),
            "demo_mode_write_protect": int(any(readonly.values()) if everybody else True),
        },
        "luns": luns,
        "node_acls": acls,
        "portals": [{"ip_address": _address(portal), "port": int(portal.get("port") or 3260), "iser": False, "offload": False}
                    for portal in portals],
        **(said if everybody else {}),
    }]}


class FilterModule:
    """The filters that the role's tasks and templates use."""

    def filters(self) -> dict:
        return {
            "iscsi_target_faults": faults,
            "iscsi_target_elsewhere": elsewhere,
            "iscsi_target_unfit": unfit,
            "iscsi_target_smaller": smaller,
            "iscsi_target_serial": serial,
            "iscsi_target_listen": listen,
            "iscsi_target_lio": lio,
        }
