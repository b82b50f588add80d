# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes to the collection's plans and checks no unit test notices.

usage: mutation.py [FOLDER OR FILE in module_utils]...

mutmut changes one thing of a function at a time (an operator, a number, a letter of a message, an argument) and runs the
tests; a mutant that fails none has survived. Without arguments: every plan*.py and check.py, and the files of core/ that
these stand on. A folder stands for its plan*.py and check.py, or for all its files where it has neither.

A file is tried with the tests of the folder that mirrors its own (where there is none, of the one above), and no others:
what only another folder's tests notice is not tested. mutmut leaves alone what is outside functions.

Results go to benchmarks/mutation.csv, a row a file; files that were not tried keep theirs. Survivors go to
benchmarks/mutation-survivors.yml, where `why` says why a survivor may live; it is empty for one that nobody looked at yet.
The exit status is 1 while there are such, or a file has fewer than 90 of 100 mutants killed.
"""

from __future__ import annotations

import csv
import datetime
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parent.parent
COLLECTION = Path("ansible_collections/livelab/datacenter")
UTILS = COLLECTION / "plugins/module_utils"
TESTS = COLLECTION / "tests/unit/plugins/module_utils"
CORE = ("core/addresses.py", "core/converge.py", "core/sizes.py", "core/text.py")
SCORES = TOP / "benchmarks/mutation.csv"
SURVIVORS = TOP / "benchmarks/mutation-survivors.yml"
WORK = TOP / ".cache/mutation"
MUTMUT = (sys.executable, "-m", "mutmut")
ENOUGH = 90
COLUMNS = ("file", "mutants", "killed", "survived", "looked at", "score", "date")
HEADER = """---
# Mutants that no unit test notices, by file, and why each may live. Written by scripts/mutation.py; `why` is ours.
"""
# A mutant that hangs or ends the interpreter was noticed; one that breaks the import of the tests ("interrupted"), too.
KILLED = ("killed", "timeout", "segfault", "check was interrupted by user")
SETTINGS = """
[tool.pytest.ini_options]
addopts = "--import-mode=importlib -p no:cacheprovider"
[tool.mutmut]
source_paths = ["ansible_collections"]
only_mutate = {files}
pytest_add_cli_args_test_selection = {tests}
track_dependencies = false
use_git_change_detection = false
"""


@dataclass
class Result:
    """What became of one file's mutants: how many there were, and the survivors as function, line before, line after."""

    file: str
    mutants: int = 0
    survivors: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def score(self) -> float:
        """Per cent killed."""
        return 100 * (1 - len(self.survivors) / self.mutants) if self.mutants else 100.0


def targets(names: list[str], utils: Path) -> list[str]:
    """The files that are meant, relative to module_utils.

    :raises SystemExit: for a name that is neither a folder nor a file there.
    """
    if not names:
        folders = sorted({path.parent for pattern in ("plan*.py", "check.py") for path in utils.rglob(pattern)})
        return [
            *(name for name in CORE if (utils / name).is_file()),
            *(file for folder in folders for file in plans(folder, utils)),
        ]
    files = []
    for name in names:
        path = utils / name
        if path.is_file():
            files.append(path.relative_to(utils).as_posix())
        elif path.is_dir():
            files += plans(path, utils) or sorted(p.relative_to(utils).as_posix() for p in path.glob("*.py"))
        else:
            raise SystemExit(f"error: {name} is neither a folder nor a file of {utils}")
    return files


def plans(folder: Path, utils: Path) -> list[str]:
    """A resource's plan*.py and check.py, relative to module_utils."""
    return sorted(path.relative_to(utils).as_posix() for pattern in ("plan*.py", "check.py") for path in folder.glob(pattern))


def try_folder(folder: str, files: list[str]) -> list[Result]:
    """Runs mutmut over files of one folder with that folder's tests, in a copy of the collection.

    :raises SystemExit: when the tests fail as they are.
    """
    tree = WORK / folder.replace("/", "-")
    shutil.rmtree(tree, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__", "output")
    shutil.copytree(TOP / "collections/ansible_collections", tree / "ansible_collections", ignore=ignored)
    tests = TESTS / folder
    while not (tree / tests).is_dir():
        tests = tests.parent
    lists = {"files": [str(UTILS / file) for file in files], "tests": [str(tests)]}
    (tree / "pyproject.toml").write_text(SETTINGS.format(**{key: str(value).replace("'", '"') for key, value in lists.items()}))
    log = tree / "log"
    with log.open("w") as output:
        done = subprocess.run([*MUTMUT, "run", "--max-children", "2"], cwd=tree, stdout=output, stderr=output, check=False)
    if done.returncode:
        print("\n".join(log.read_text().splitlines()[-40:]), file=sys.stderr)
        raise SystemExit(f"error: mutmut ended with {done.returncode} over {folder}; what it said is above, and in {log}")
    return collect(tree, files)


def mutmut(tree: Path, *arguments: str) -> str:
    """What a command of mutmut's prints, in that tree."""
    return subprocess.run([*MUTMUT, *arguments], cwd=tree, stdout=subprocess.PIPE, text=True, check=True).stdout


def collect(tree: Path, files: list[str]) -> list[Result]:
    """The results of the run that was made in that tree."""
    results = {file: Result(file) for file in files}
    for line in mutmut(tree, "results", "--all", "true").splitlines():
        name, _, status = line.strip().rpartition(": ")
        module, _, function = name.rpartition(".")
        result = results[module.replace(".", "/").removeprefix(f"{UTILS.as_posix()}/") + ".py"]
        result.mutants += 1
        if status not in KILLED:
            result.survivors.append((plain_name(function), *difference(mutmut(tree, "show", name))))
    return list(results.values())


def plain_name(mangled: str) -> str:
    """The function or Class.method of a mutant: `x_plan__mutmut_7` and `xǁWorkǁread__mutmut_1` in mutmut's words."""
    return re.sub(r"^x[ǁ_]|__mutmut_\d+$", "", mangled).replace("ǁ", ".")


def difference(shown: str) -> tuple[str, str]:
    """The lines that differ, before and after, of the unified diff that `mutmut show` prints."""
    body = shown.partition("\n@@")[2].splitlines()
    return tuple("\n".join(line[1:].strip() for line in body if line.startswith(sign)) for sign in "-+")


def look_up(results: list[Result], known: dict[str, list[dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    """The ledger of survivors after these results: reasons that were given stay, who was killed since is gone."""
    ledger = dict(known)
    for result in results:
        reasons = {(entry["function"], entry["was"], entry["mutant"]): entry["why"] for entry in known.get(result.file, [])}
        ledger[result.file] = [
            {"function": key[0], "was": key[1], "mutant": key[2], "why": reasons.get(key, "")}
            for key in dict.fromkeys(result.survivors)
        ]
    return {file: ledger[file] for file in sorted(ledger) if ledger[file] and (TOP / "collections" / UTILS / file).is_file()}


def looked_at(result: Result, ledger: dict[str, list[dict[str, str]]]) -> int:
    """How many of a file's survivors have a reason to live."""
    given = {(entry["function"], entry["was"], entry["mutant"]) for entry in ledger.get(result.file, []) if entry["why"]}
    return sum(count for key, count in Counter(result.survivors).items() if key in given)


def write(results: list[Result]) -> bool:
    """Writes scores and survivors; True when every file that was tried has enough killed and every survivor a reason."""
    known = yaml.safe_load(SURVIVORS.read_text(encoding="utf-8")) if SURVIVORS.is_file() else {}
    ledger = look_up(results, known or {})
    text = yaml.dump(ledger, sort_keys=False, allow_unicode=True, width=10000, indent=2, Dumper=Indented) if ledger else "{}\n"
    SURVIVORS.write_text(HEADER + text, encoding="utf-8")
    rows = {}
    if SCORES.is_file():
        with SCORES.open(encoding="utf-8", newline="") as stream:
            rows = {row["file"]: row for row in csv.DictReader(stream)}
    today = datetime.date.today().isoformat()
    for result in results:
        survived, seen = len(result.survivors), looked_at(result, ledger)
        values = (result.file, result.mutants, result.mutants - survived, survived, seen, f"{result.score:.1f}", today)
        rows[result.file] = dict(zip(COLUMNS, values, strict=True))
    with SCORES.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[file] for file in sorted(rows) if (TOP / "collections" / UTILS / file).is_file())
    return all(result.score >= ENOUGH and looked_at(result, ledger) == len(result.survivors) for result in results)


class Indented(yaml.SafeDumper):
    """YAML as the rest of the project writes it: lists indented, several lines as a block."""

    def increase_indent(self, flow=False, indentless=False):
        """Indents lists, too."""
        return super().increase_indent(flow, False)


Indented.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)
)


def main(names: list[str]) -> int:
    """Tries what is named, and prints a line a file and the survivors that nobody looked at."""
    files = targets(names, TOP / "collections" / UTILS)
    good = True
    for folder in dict.fromkeys(os.path.dirname(file) for file in files):
        results = try_folder(folder, [file for file in files if os.path.dirname(file) == folder])
        good = write(results) and good
        for result in results:
            killed = result.mutants - len(result.survivors)
            print(f"{result.file}: {killed} of {result.mutants} killed, {result.score:.1f} %", flush=True)
    known = yaml.safe_load(SURVIVORS.read_text(encoding="utf-8")) or {}
    for file in files:
        for entry in known.get(file, []):
            if not entry["why"]:
                print(f"\n{file}, {entry['function']}:\n- {entry['was']}\n+ {entry['mutant']}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
