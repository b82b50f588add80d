# SPDX-License-Identifier: GPL-3.0-or-later
"""The mutation score counts what survived, and remembers who was looked at."""

from __future__ import annotations

import pytest

from scripts import mutation

SHOWN = """# a.b.x_plan__mutmut_1: survived
--- a/b.py
+++ a/b.py
@@ -1,4 +1,4 @@
 def plan(a):
-    return a > 1
+    return a >= 1
"""


def test_difference_is_the_lines_that_differ():
    assert mutation.difference(SHOWN) == ("return a > 1", "return a >= 1")


@pytest.mark.parametrize(
    ("mangled", "name"),
    [("x_plan__mutmut_12", "plan"), ("x__read__mutmut_1", "_read"), ("xǁ_Workǁ__init____mutmut_3", "_Work.__init__")],
)
def test_a_function_is_named_as_in_the_source(mangled, name):
    assert mutation.plain_name(mangled) == name


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one plan, and the files that results are written to."""
    utils = tmp_path / "collections" / mutation.UTILS
    (utils / "x").mkdir(parents=True)
    for name in ("plan.py", "plan_order.py", "check.py", "state.py"):
        (utils / "x" / name).touch()
    (utils / "bare").mkdir()
    (utils / "bare" / "page.py").touch()
    (tmp_path / "benchmarks").mkdir()
    monkeypatch.setattr(mutation, "TOP", tmp_path)
    monkeypatch.setattr(mutation, "SCORES", tmp_path / "benchmarks/mutation.csv")
    monkeypatch.setattr(mutation, "SURVIVORS", tmp_path / "benchmarks/mutation-survivors.yml")
    return tmp_path


def test_a_folder_stands_for_its_plans_and_check_or_for_all_it_has(project):
    utils = project / "collections" / mutation.UTILS
    both = ["x/check.py", "x/plan.py", "x/plan_order.py"]
    assert mutation.targets(["x"], utils) == both
    assert mutation.targets([], utils) == both
    assert mutation.targets(["bare", "x/state.py"], utils) == ["bare/page.py", "x/state.py"]
    with pytest.raises(SystemExit, match="y is neither a folder nor a file"):
        mutation.targets(["y"], utils)


def test_a_survivor_with_a_reason_stays_looked_at_and_a_new_one_shows(project):
    old, new = ("plan", "a > 1", "a >= 1"), ("plan", "a\nb", "a\nc")
    # Twice the same: a line may occur twice in a function.
    assert not mutation.write([mutation.Result("x/plan.py", 30, [old, old])])
    survivors = project / "benchmarks/mutation-survivors.yml"
    assert survivors.read_text(encoding="utf-8").endswith(
        "\nx/plan.py:\n  - function: plan\n    was: a > 1\n    mutant: a >= 1\n    why: ''\n"
    )
    survivors.write_text(survivors.read_text(encoding="utf-8").replace("why: ''", "why: a is never 1"), encoding="utf-8")
    assert mutation.write([mutation.Result("x/plan.py", 30, [old, old])])
    assert not mutation.write([mutation.Result("x/plan.py", 30, [old, new])])
    row = (project / "benchmarks/mutation.csv").read_text(encoding="utf-8").splitlines()[1]
    assert row.startswith("x/plan.py,30,28,2,1,93.3,")
    # What was killed since is gone, and the other's row stays.
    assert mutation.write([mutation.Result("x/check.py", 0, []), mutation.Result("x/plan.py", 30, [old])])
    assert "a\nc" not in survivors.read_text(encoding="utf-8")
    assert len((project / "benchmarks/mutation.csv").read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.usefixtures("project")
def test_fewer_than_ninety_in_a_hundred_are_not_enough_whatever_the_reasons():
    survivors = [("plan", f"a > {n}", f"a >= {n}") for n in range(2)]
    mutation.write([mutation.Result("x/plan.py", 19, survivors)])
    mutation.SURVIVORS.write_text(mutation.SURVIVORS.read_text(encoding="utf-8").replace("why: ''", "why: x"), encoding="utf-8")
    assert not mutation.write([mutation.Result("x/plan.py", 19, survivors)])
    assert mutation.write([mutation.Result("x/plan.py", 20, survivors)])
