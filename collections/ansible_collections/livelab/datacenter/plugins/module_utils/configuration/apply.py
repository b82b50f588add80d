# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the files, has the service take them, and puts back what was there when it does not.

What was there before is kept in a journal from before the first file is written until the service has taken the last: a run that
is cut off in between is finished by the next.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import stat
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.configuration.plan import stronger
from ansible_collections.livelab.datacenter.plugins.module_utils.configuration.state import ABSENT, Entry, Service, State
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work

JOURNALS = "/var/lib/livelab"
# What systemd itself reads lies here; it has to be told of a change before it acts by it.
UNITS = ("/etc/systemd/", "/run/systemd/", "/usr/local/lib/systemd/", "/usr/lib/systemd/", "/lib/systemd/")
_ASKED = "LoadState,ActiveState,UnitFileState,ActiveEnterTimestampMonotonic"
# A server that was told to reload answers before it has: this long it has to survive what it read.
_SETTLE_SECONDS = 0.5

Run = Callable[[Sequence[str]], "tuple[int, str, str]"]


class ConfigurationWork(Work):
    """The steps of ``converge`` that touch the machine.

    :param run: runs a command and returns its exit status, standard output and standard error.
    :param journals: the directory that journals are kept in.
    """

    def __init__(self, params: Mapping[str, Any], run: Run, journals: str = JOURNALS) -> None:
        super().__init__(params)
        self._run = run
        # Without a service nothing is left to do once the files are there.
        self._journal = os.path.join(journals, f"{params['service']}.json") if params["service"] else None
        self._state = State({})
        # What was there before, by path: in the journal already, or to be.
        self._before: dict[str, Entry] = {}
        self._action = ""
        self._units_read = False

    # Reading ---------------------------------------------------------------------------------------------------------

    def read(self) -> State:
        """What is at the paths, how the service is, and what an earlier run left to do."""
        pending, self._before = self._read_journal() if self._journal else ("", {})
        service = self._read_service()
        self._action = pending
        entries = {wanted["path"]: look(wanted["path"]) for wanted in self.params["files"]}
        newer = tuple(path for path in self.params["watch"] if service and service.active and changed(path) > service.started)
        self._state = State(entries, service, pending, newer)
        return self._state

    def _read_service(self) -> Service | None:
        name = self.params["service"]
        if name is None:
            return None
        status, out, err = self._run(["systemctl", "show", "--property", _ASKED, name])
        if status != 0:
            raise ConvergeError(f"systemd does not say how the service {name} is: {(err or out).strip()}")
        return Service.from_systemctl(name, out, time.time() - time.monotonic())

    def _read_journal(self) -> tuple[str, dict[str, Entry]]:
        try:
            with open(self._journal, encoding="utf-8") as file:
                kept = json.load(file)
        except FileNotFoundError:
            return "", {}
        return kept["action"], {path: Entry.from_json(entry) for path, entry in kept["before"].items()}

    # Changing --------------------------------------------------------------------------------------------------------

    def apply(self, change: Change) -> None:
        """Make one change; what fails is taken back with all that was done before it."""
        try:
            super().apply(change)
        except (ConvergeError, OSError) as error:
            why = str(error) if isinstance(error, ConvergeError) else f"{change.what}: {error.strerror}"
            raise self._taken_back(why) from None

    def write(self, change: Change) -> None:
        """Put a file or a link in its place, or remove it; the journal is written first."""
        needs = next(wanted["needs"] for wanted in self.params["files"] if wanted["path"] == change.what)
        self._remember(change.what, needs)
        put(change.what, change.args["entry"])

    def take(self, change: Change) -> None:
        """Have the service take the configuration into use."""
        name = self._state.service.name
        self._read_units()
        if self.params["check"] and change.args["action"]:
            status, out, err = self._run(self.params["check"])
            if status != 0:
                raise ConvergeError(f"{' '.join(self.params['check'])} refuses the configuration: {(err or out).strip()}")
        if change.args["action"] in ("reload", "restart"):
            self._act(change.args["action"], name)
        if change.args["enable"]:
            status, _out, err = self._run(["systemctl", "enable", "--quiet", name])
            if status != 0:
                raise ConvergeError(f"the service {name} cannot be made to start with the machine: {err.strip()}")

    def stop(self, change: Change) -> None:
        """Stop the service, for good."""
        name = self._state.service.name
        status, _out, err = self._run(["systemctl", "disable", "--now", "--quiet", name])
        if status != 0:
            raise ConvergeError(f"the service {name} cannot be stopped: {err.strip()}")

    def settle(self, changes: Sequence[Change]) -> None:
        """All is in use: what was there before is no longer needed."""
        self._read_units()
        self._forget()

    def _read_units(self) -> None:
        """Have systemd read its units, when there was one among the files."""
        if any(path.startswith(UNITS) for path in self._before) and not self._units_read:
            status, _out, err = self._run(["systemctl", "daemon-reload"])
            if status != 0:
                raise ConvergeError(f"systemd does not read its units: {err.strip()}")
            self._units_read = True

    def _act(self, action: str, name: str) -> None:
        status, _out, err = self._run(["systemctl", action, name])
        if status == 0 and action == "reload":
            time.sleep(_SETTLE_SECONDS)
        active, out, _err = self._run(["systemctl", "is-active", name])
        if status != 0 or active != 0:
            _status, log, _err = self._run(
                ["journalctl", "--unit", name, "--lines", "16", "--output", "cat", "--no-pager", "--quiet"])
            raise ConvergeError(f"the service {name} does not {action} with it ({out.strip()}): {(log or err).strip()}")

    def _remember(self, path: str, needs: str) -> None:
        self._before.setdefault(path, self._state.entries[path])
        self._action = stronger(self._action, needs)
        if self._journal is None:
            return
        kept = {"action": self._action, "before": {path: entry.to_json() for path, entry in self._before.items()}}
        os.makedirs(os.path.dirname(self._journal), mode=0o700, exist_ok=True)
        put(self._journal, Entry("file", json.dumps(kept).encode(), mode=0o600))

    def _forget(self) -> None:
        if self._journal and os.path.exists(self._journal):
            os.unlink(self._journal)

    def _taken_back(self, why: str) -> ConvergeError:
        """Put back what was there, start the service with it, and say so."""
        for path, entry in self._before.items():
            put(path, entry)
        self._units_read = False
        self._read_units()
        service, said = self._state.service, "What was there before is in place again"
        # One that is down because an earlier run was cut off was up before it.
        if self._before and service and service.there and (service.active or self._state.pending):
            status, _out, err = self._run(["systemctl", "restart", service.name])
            said += " and in use." if status == 0 else f", but {service.name} does not start with it either: {err.strip()}"
        elif self._before:
            said += "."
        else:
            said = "Nothing was changed."
        self._forget()
        return ConvergeError(f"{why.rstrip('.')}. {said}", changed=False, changes=[])


def changed(path: str) -> float:
    """When a path changed last, in seconds since the epoch; 0 when there is nothing."""
    try:
        return os.lstat(path).st_mtime
    except FileNotFoundError:
        return 0.0


def look(path: str) -> Entry:
    """What is at a path."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    if stat.S_ISLNK(found.st_mode):
        return Entry("link", target=os.readlink(path))
    if not stat.S_ISREG(found.st_mode):
        return Entry("directory" if stat.S_ISDIR(found.st_mode) else "special file")
    with open(path, "rb") as file:
        content = file.read()
    return Entry("file", content, mode=stat.S_IMODE(found.st_mode), owner=_user(found.st_uid), group=_group(found.st_gid))


def put(path: str, entry: Entry) -> None:
    """Make a path what the entry says: whole or not at all, and never readable for more people than it is to be."""
    if entry.kind == "absent":
        if os.path.lexists(path):
            os.unlink(path)
        return
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    handle, new = tempfile.mkstemp(dir=folder, prefix=f".{os.path.basename(path)[:100]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(entry.content)
            file.flush()
            os.fsync(file.fileno())
        if entry.kind == "link":
            os.unlink(new)
            os.symlink(entry.target, new)
        else:
            _own(new, entry)
        os.replace(new, path)
    finally:
        if os.path.lexists(new):
            os.unlink(new)


def _own(path: str, entry: Entry) -> None:
    if entry.owner or entry.group:
        os.chown(path, _number(entry.owner, pwd.getpwnam, "user"), _number(entry.group, grp.getgrnam, "group"))
    os.chmod(path, entry.mode)


def _number(name: str, find: Callable[[str], Any], what: str) -> int:
    """The number of a user or a group; a name of digits stands for itself, as an owner without a name is read."""
    if name.isdigit():
        return int(name)
    try:
        return find(name)[2]
    except KeyError:
        raise ConvergeError(f"there is no {what} '{name}' on this machine") from None


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
