# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: whole, by itself, the same each time, and safe against what names can hold."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.report import data, page, svg, words

pytest.importorskip("matplotlib")
VOID = {"meta", "link", "br"}


class Checker(HTMLParser):
    """Collects identifiers and addresses, and notes elements that are not closed."""

    def __init__(self):
        super().__init__()
        self.open, self.identifiers, self.addresses, self.wrong, self.words = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attributes:
            self.identifiers.append(attributes["id"])
        self.addresses += [attributes[name] for name in ("src", "href") if attributes.get(name)]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words.append(data)


def render(raw, title="A web server moves"):
    return page.render(data.load(raw), raw, title)


def checked(html):
    checker = Checker()
    checker.feed(html)
    assert checker.wrong == []
    assert checker.open == []
    return checker


def test_the_page_is_whole_and_asks_for_nothing(whole):
    files = render(whole)
    checker = checked(files["index.html"])
    assert len(checker.identifiers) == len(set(checker.identifiers))
    local = set(files) | {"data:,"}
    assert [address for address in checker.addresses if not address.startswith("#") and address not in local] == []
    assert "url(http" not in files["index.html"]
    assert "<script" not in files["index.html"]
    assert "@import" not in files["index.html"]


def test_every_reference_in_a_drawing_has_its_target(whole):
    html = render(whole)["index.html"]
    identifiers = set(re.findall(r'\bid="([^"]+)"', html))
    used = set(re.findall(r"url\(#([^)]+)\)", html)) | set(re.findall(r'href="#([^"]+)"', html))
    assert used
    assert used <= identifiers


def test_the_four_graphs_and_the_stream_are_there_wide_and_narrow(whole):
    html = render(whole)["index.html"]
    assert re.findall(r"Graph (5\.\d)", html) == ["5.1", "5.2", "5.3", "5.4"]
    assert html.count('role="img"') == 10
    # The placeholders of the drawing have become the page's colours.
    assert "var(--first)" in html
    assert not [colour for colour in svg.COLOURS if colour in html]


def test_the_same_data_gives_the_same_files(whole):
    assert render(whole) == render(whole)


def test_names_are_text_not_markup(whole):
    whole["vm"] = "<script>alert(1)</script>"
    whole["provenance"][0]["note"] = '"><img src=http://x>'
    html = render(whole, title="<b>title</b>")["index.html"]
    checker = checked(html)
    assert "<script" not in html
    assert "<img" not in html
    assert any("<script>alert(1)</script>" in text for text in checker.words)


def test_a_host_name_with_markup_stays_text_in_the_drawings(whole):
    text = json.dumps(whole).replace("esxi-2", "<i>2</i>")
    html = render(json.loads(text))["index.html"]
    checked(html)
    assert "<i>" not in html


def test_the_data_is_beside_it(whole):
    files = render(whole)
    report = json.loads(files["report.json"])
    assert report["migrations"] == whole["migrations"]
    assert [finding["verdict"] for finding in report["findings"]] == ["holds"] * 6
    rows = list(csv.DictReader(io.StringIO(files["migrations.csv"])))
    assert [row["number"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[0]["switchover_s"] == "0.02"
    assert len(files["series.csv"].splitlines()) == 1 + 2 * 79
    assert files["stream.csv"].splitlines()[1] == "0,1000000"


def test_without_counters_the_graphs_say_so(whole):
    whole["series"] = []
    html = render(whole)["index.html"]
    checked(html)
    assert html.count("There is no data for this graph.") == 3


def test_without_stream_stress_phases_and_provenance_there_is_still_a_page(whole):
    for name in ("stream", "stress", "provenance"):
        del whole[name]
    for migration in whole["migrations"]:
        migration["phases"] = None
    files = render(whole)
    checked(files["index.html"])
    assert "The phases are not known" in files["index.html"]
    assert "stream.csv" not in files


def test_computed_phases_are_said_to_be(whole):
    assert "computed from a model" not in render(whole)["index.html"]
    whole["provenance"][0]["how"] = "computed"
    assert "computed from a model" in render(whole)["index.html"]


def test_what_is_known_of_the_phases_is_shown(whole):
    whole["migrations"][0]["phases"] = {"bytes_left": 3 * 2**20, "downtime_s": 0.123, "migration": "77"}
    html = render(whole)["index.html"]
    checked(html)
    assert '<td class="number" data-label="Left">3.0 MB</td>' in html
    assert '<td class="number" data-label="Stood">0.12 s</td>' in html


@pytest.mark.parametrize(
    ("bend", "message"),
    [
        (lambda raw: raw.update(migrations=[]), "migrations is empty"),
        (lambda raw: raw.update(migrations="four"), "migrations must be a list, not str"),
        (lambda raw: raw["migrations"][1].update(load="busy"), r"migrations\[1\].load is 'busy'"),
        (lambda raw: raw["migrations"][0].update(started="noon"), r"migrations\[0\].started is 'noon'"),
        (lambda raw: raw["migrations"][0].update(started=None), r"migrations\[0\].started is 'None'"),
        (lambda raw: raw["migrations"][0].update(duration_s="long"), r"duration_s is 'long'"),
        (lambda raw: raw["migrations"][0].pop("to"), r"migrations\[0\].to is missing"),
        (lambda raw: raw["series"][0]["samples"].pop(), "79 timestamps and 78 samples"),
        (lambda raw: raw["series"][0].update(samples=["x"] * 79), r"series\[0\].samples is 'x'"),
        (lambda raw: raw.update(measured_host="esxi-9"), "measured_host 'esxi-9' is not one of hosts"),
        (lambda raw: raw["provenance"][0].update(how="so"), "must be one of real, measured, computed, stand-in"),
        (lambda raw: raw.update(stream=["x"]), "stream must be a dictionary, not list"),
    ],
)
def test_bad_data_is_named(whole, bend, message):
    bend(whole)
    with pytest.raises(ConvergeError, match=message):
        data.load(whole)


def test_data_that_is_no_dictionary_is_named():
    with pytest.raises(ConvergeError, match="must be a dictionary"):
        data.load([1])


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (words.seconds(0.0042), "4 ms"), (words.seconds(2.314), "2.31 s"), (words.seconds(75.4), "75 s"),
        (words.seconds(725), "12 min 5 s"), (words.clock(65.4), "1:05"), (words.clock(-5), "-0:05"),
        (words.memory(524288), "512 MB"), (words.memory(1_600_000), "1.53 GB"), (words.amount(2**20), "1.0 MB"),
        (words.amount(100), "100 B"), (words.date(1464696007), "2016-05-31 12:00:07 UTC"),
    ],
)
def test_words(told, expected):
    assert told == expected
