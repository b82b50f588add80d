# SPDX-License-Identifier: GPL-3.0-or-later
"""A private word of the twin is found in the automation, of whatever kind it is and however it is read."""

from __future__ import annotations

import pytest

from tests.support import vocabulary


@pytest.fixture
def found(tmp_path):
    """Finds private words between a Go source and a file of the automation."""

    def find(go: str, text: str, name: str = "read.py") -> list[str]:
        (tmp_path / "say.go").write_text(f"package p\n{go}\n", encoding="utf-8")
        (tmp_path / name).write_text(text, encoding="utf-8")
        return list(vocabulary.private([tmp_path / "say.go"], [tmp_path / name]))

    return find


@pytest.mark.parametrize(
    ("go", "python", "word"),
    [
        ('const E = "dev.livelab.vm.Figures"', 'EVENT = "dev.livelab.vm.Figures"', "dev.livelab.vm.Figures"),
        ('e := EventEx{EventTypeId: "org.lab.Moved"}', "f(types=['org.lab.Moved'])", "org.lab.Moved"),
        ('mux.Handle("/figures", h)', 'get(f"https://{host}/figures")', "/figures"),
        ('mux.Handle("/figures/", h)', 'get(f"/figures/{name}")', "/figures"),
        ('mux.Handle("/figures/", h)', 'get("https://host/figures/web")', "/figures"),
        ("mux.Handle(`/lab/state`, h)", 'get(base + "/lab/state?now=1")', "/lab/state"),
        ('w.Header().Set("X-Lab-Measured", "1")', 'answer.headers.get("X-Lab-Measured")', "X-Lab-Measured"),
        ('kv := KeyAnyValue{Key: "total_ms", Value: 1}', 'd = {"total_ms": 1}', "total_ms"),
        ('kv := KeyAnyValue{ Key:   "stopTime", Value: 1}', 'pair.key == "stopTime"', "stopTime"),
        ('type R struct { N int `json:"dirty_rate"` }', 'answer["dirty_rate"]', "dirty_rate"),
        ('type R struct { N int `json:"dirty_rate,omitempty"` }', 'answer.get("dirty_rate")', "dirty_rate"),
    ],
)
def test_a_private_word_is_found(found, go, python, word):
    assert found(go, python) == [word]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("main.yml", '- debug:\n    msg: "{{ answer.json.dirty_rate }}"\n'),
        ("main.yml", "- uri:\n    url: https://{{ host }}/dirty_rate\n"),
        ("page.j2", "{{ answer['dirty_rate'] }}"),
    ],
)
def test_a_private_word_is_found_in_roles_too(found, name, text):
    assert found('type R struct { N int `json:"dirty_rate"` }\nvar p = "/dirty_rate"', text, name)


@pytest.mark.parametrize(
    ("go", "python"),
    [
        ('p := "config.hardware.device"', '"config.hardware.device"'),  # a property of the API
        ('c := "cpu.usagemhz.average"', '"cpu.usagemhz.average"'),  # a counter
        ('e := "com.vmware.vc.vm.VmMigrated"', '"com.vmware.vc.vm.VmMigrated"'),
        ('mux.Handle("/api/v2.0/pool", h)', '"/api/v2.0/pool"'),
        ('open("/dev/zvol/tank")', '"/dev/zvol/tank"'),
        ('kv := KeyValue{Key: "task"}', '"task"'),  # a plain word
        ('// Key: "total_ms" is what it says.', '"total_ms"'),
        ('kv := KeyValue{Key: "total_ms"}', '"total"'),
        ('type R struct { N int `json:"memory_mb"` }', "RETURN = '''\nmemory_mb:\n  type: int\n'''\nx = {'memory_mb': 1}"),
    ],
)
def test_what_a_product_defines_or_the_automation_says_itself_is_none(found, go, python):
    assert found(go, python) == []


def test_what_a_product_publishes_is_none(tmp_path):
    for name, go in (("table.go", 'iscsi("auth_networks")'), ("say.go", 'type R struct { N int `json:"auth_networks"` }')):
        (tmp_path / name).write_text(go, encoding="utf-8")
    (tmp_path / "read.py").write_text('body["auth_networks"]', encoding="utf-8")
    files = [tmp_path / "table.go", tmp_path / "say.go"], [tmp_path / "read.py"]
    assert vocabulary.private(*files) == {"auth_networks": ["read.py"]}
    assert vocabulary.private(*files, published=[tmp_path / "table.go"]) == {}
