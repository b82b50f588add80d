#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: stream_probe
short_description: Play a stream at its own rate and say where it stalled
version_added: 0.1.0
description:
  - Reads a file from a web server as a video player does, at the rate of the film and through a buffer of a few
    seconds, and writes down what a viewer would have seen.
  - The buffer empty while the film should go on is a I(stall). The longest time in which the player wanted bytes and
    none came is the I(longest gap); it is there also when the buffer hid it from the viewer.
  - A connection that breaks is taken up again at the same byte, with HTTP Range.
  - At the end of the file it starts again, with a connection made some seconds before.
  - Made to run beside something else, with C(async) and C(poll=0), until O(stop_file) appears.
author:
  - The livelab.datacenter authors (@livelab)
options:
  url:
    description:
      - The file to play, over C(http) or C(https). WebDAV addresses work.
      - User and password do not belong in it.
    type: str
    required: true
  username:
    description:
      - User for HTTP basic authentication.
    type: str
  password:
    description:
      - Password of O(username).
    type: str
  rate:
    description:
      - Bytes a second that the film needs, as a number or with a unit, such as V(500K).
    type: bytes
    default: 256K
  duration:
    description:
      - Seconds to play at most.
    type: float
    default: 600
  buffer_s:
    description:
      - Seconds of film in the buffer before it starts, and as much as the player reads ahead.
    type: float
    default: 2
  resume_s:
    description:
      - Seconds of film in the buffer before it goes on after a stall.
    type: float
    default: 0.25
  reconnect_after:
    description:
      - Seconds without a byte after which the connection counts as broken and is made anew.
    type: float
    default: 10
  stop_file:
    description:
      - Stop when this file is there. It must not be there at the start.
    type: path
  dest:
    description:
      - Write the result to this file too, as JSON. Its folder must be there.
    type: path
  validate_certs:
    description:
      - Whether to check the server's certificate.
    type: bool
    default: true
  ca_path:
    description:
      - PEM file with the certificate of the CA to trust. The system's trusted CAs when not set.
    type: path
attributes:
  check_mode:
    support: full
    description: Nothing is played in check mode.
  diff_mode:
    support: none
    description: There is no state to compare.
"""

EXAMPLES = r"""
- name: Watch a film while the server moves
  livelab.datacenter.stream_probe:
    url: http://192.168.1.50/remote.php/dav/files/admin/film.mp4
    username: admin
    password: "{{ owncloud_password }}"
    rate: 500K
    stop_file: /run/lab/stop
    dest: /run/lab/stream.json
  async: 900
  poll: 0
  register: viewer
"""

RETURN = r"""
stream:
  description: What was seen. The same is in O(dest). Times are UTC, in ISO 8601.
  returned: when it was played
  type: dict
  contains:
    started:
      description: When play was pressed.
      type: str
    ended:
      description: When it was left.
      type: str
    stopped_by:
      description: V(duration) or V(stop_file).
      type: str
    bytes:
      description: Bytes received.
      type: int
    startup_s:
      description: Seconds until the film started, or null when it never did.
      type: float
    played_s:
      description: Seconds of film shown.
      type: float
    stalls:
      description: Each time the film stood still.
      type: list
      elements: dict
      contains:
        start:
          description: When it stopped.
          type: str
        length_s:
          description: Seconds until it went on.
          type: float
    stalled_s:
      description: Seconds of all stalls together.
      type: float
    longest_stall_s:
      description: The longest of them, 0 when there was none.
      type: float
    longest_gap:
      description: The longest wait for a byte, as C(start) and C(length_s).
      type: dict
    gaps:
      description: The waits of 0.2 s or more, 200 at most, as C(start) and C(length_s).
      type: list
      elements: dict
    throughput:
      description: Bytes received in each second, from C(started) on.
      type: dict
    connections:
      description: How often it was connected.
      type: int
    reconnects:
      description: How many of them because the connection broke.
      type: int
    ranges:
      description: Whether the server can be asked for a part of the file.
      type: bool
    errors:
      description: What broke, when first, and how many times in a row; the first 50.
      type: list
      elements: dict
"""

import json
import os
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError, run_plainly
from ansible_collections.livelab.datacenter.plugins.module_utils.streaming.probe import Probe
from ansible_collections.livelab.datacenter.plugins.module_utils.streaming.source import Source


def check(params: dict) -> None:
    """Refuse what cannot work before anything is played."""
    for name, least in (("rate", 1), ("duration", 0.1), ("reconnect_after", 0.1), ("buffer_s", 0), ("resume_s", 0)):
        if not params[name] >= least:  # so that "not a number" is refused too
            raise ConvergeError(f"{name} is {params[name]}: it must be {least} or more")
    if params["stop_file"] and os.path.exists(params["stop_file"]):
        raise ConvergeError(f"stop_file '{params['stop_file']}' is there already and would end it at once: remove it")
    folder = os.path.dirname(params["dest"] or "") or "."
    if not os.path.isdir(folder):
        raise ConvergeError(f"dest '{params['dest']}': its folder '{folder}' is not there")
    if params["dest"] and os.path.isdir(params["dest"]):
        raise ConvergeError(f"dest '{params['dest']}' is a folder: name a file in it")


def write(module: AnsibleModule, record: dict) -> None:
    """Put the record at dest in one step, so that a reader never sees half of it."""
    handle, path = tempfile.mkstemp(dir=module.tmpdir)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(record, file, indent=2)
        file.write("\n")
    module.atomic_move(path, module.params["dest"])


def play(module: AnsibleModule) -> dict:
    """Check, play, write; returns the module's result."""
    params = module.params
    check(params)
    source = Source(
        params["url"],
        username=params["username"],
        password=params["password"],
        validate_certs=params["validate_certs"],
        ca_path=params["ca_path"],
        timeout=params["reconnect_after"],
        rate=params["rate"],
    )
    if module.check_mode:
        return {"changed": False}
    probe = Probe(source, params["rate"], params["buffer_s"], params["resume_s"])
    record = probe.run(params["duration"], params["stop_file"])
    record["url"] = params["url"]
    if params["dest"]:
        write(module, record)
    return {"changed": bool(params["dest"]), "stream": record}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "username": {"type": "str"},
            "password": {"type": "str", "no_log": True},
            "rate": {"type": "bytes", "default": "256K"},
            "duration": {"type": "float", "default": 600},
            "buffer_s": {"type": "float", "default": 2},
            "resume_s": {"type": "float", "default": 0.25},
            "reconnect_after": {"type": "float", "default": 10},
            "stop_file": {"type": "path"},
            "dest": {"type": "path"},
            "validate_certs": {"type": "bool", "default": True},
            "ca_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    run_plainly(module, lambda: play(module))


if __name__ == "__main__":
    main()
