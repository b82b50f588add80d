# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what every module that plans changes returns into the RETURN of each: Ansible has no fragments for that.

usage: return_values.py [--check]    --check writes nothing, and fails when one is not as it should be

What is a module's own stands below it and is left alone, as is a sample of its changes.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

MODULES = Path(__file__).parents[1] / "collections/ansible_collections/livelab/datacenter/plugins/modules"
# What core/converge.py puts into a result, in the order in which it is documented.
SHARED = {
    "changes": """\
changes:
  description: What was changed, in order; in check mode, what would be. After a failure, what was changed before it.
  returned: always
  type: list
  elements: dict
  contains:
    what:
      description: The object, as a user would call it.
      type: str
    action:
      description: V(add), V(update) or V(remove).
      type: str
    before:
      description: Its state before, null when it was not there.
      type: raw
    after:
      description: Its state afterwards, null when it is not there any more.
      type: raw
""",
    "failed_change": """\
failed_change:
  description: The change that failed, as those in RV(changes). C(msg) says why.
  returned: when a change failed
  type: dict
""",
    "not_reached": """\
not_reached:
  description: The changes after the one that failed, as those in RV(changes); they were not made.
  returned: when a change failed
  type: list
  elements: dict
""",
}
RETURN = re.compile(r'(?<=^RETURN = r"""\n).*?(?=^"""$)', re.MULTILINE | re.DOTALL)


def converges(source: str) -> bool:
    """Whether a module's result is made by converge."""
    return bool(re.search(r"^ +converge\(", source, re.MULTILINE))


def sample(block: str) -> str:
    """The sample of a value itself, as it is written; those of its parts are none of it."""
    found = re.search(r"^  sample:.*\n(?:   .*\n)*", block, re.MULTILINE)
    return found[0] if found else ""


def with_shared(source: str) -> str:
    """A module's source with the shared values first in its RETURN."""
    written = RETURN.search(source)
    if written is None:
        raise ValueError('there is no RETURN = r"""')
    blocks = {re.match(r"\w+", block)[0]: block for block in re.split(r"^(?=\w)", written[0], flags=re.MULTILINE) if block}
    shared = [text + sample(blocks.get(name, "")) for name, text in SHARED.items()]
    own = [block for name, block in blocks.items() if name not in SHARED]
    return source[: written.start()] + "".join(shared + own) + source[written.end() :]


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes the shared return values into the modules.")
    parser.add_argument("--check", action="store_true", help="write nothing, and fail when one is not as it should be")
    parser.add_argument("--modules", type=Path, default=MODULES, help="the folder of the modules")
    options = parser.parse_args()
    stale = []
    for file in sorted(options.modules.glob("*.py")):
        source = file.read_text(encoding="utf-8")
        made = with_shared(source) if converges(source) else source
        if made == source:
            continue
        stale.append(file.stem)
        if not options.check:
            file.write_text(made, encoding="utf-8")
            print(f"wrote {file.name}")
    if options.check and stale:
        print(f"Not as scripts/return_values.py writes them: {', '.join(stale)}. Run it.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
