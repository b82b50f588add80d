# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe against a web server on this machine that can pause, break off and refuse."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.streaming.probe import Probe
from ansible_collections.livelab.datacenter.plugins.module_utils.streaming.source import Source, StreamError

FILM = bytes(range(256)) * 16384
RATE = 200_000


class FilmServer(ThreadingHTTPServer):
    """Serves FILM. Set `pause` (at byte, seconds), `break_at` (byte, once), `think` (seconds), `ranges`, …"""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pause, self.break_at, self.ranges, self.password, self.film = None, None, True, None, FILM
        self.asked, self.think = [], 0

    def url(self, path="/film.mp4"):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        server.asked.append(self.headers.get("Range"))
        if server.password and self.headers.get("Authorization") != basic(server.password):
            self.send_error(401)
            return
        if self.path != "/film.mp4":
            self.send_error(404)
            return
        time.sleep(server.think)
        start = int(self.headers["Range"][6:-1]) if server.ranges else 0
        self.send_response(206 if server.ranges else 200)
        self.send_header("Content-Length", str(len(server.film) - start))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.send_film(start)

    def send_film(self, start):
        server = self.server
        for position in range(start, len(server.film), 4096):
            if server.pause and position >= server.pause[0]:
                seconds, server.pause = server.pause[1], None
                self.wfile.flush()
                time.sleep(seconds)
            if server.break_at is not None and position >= server.break_at:
                server.break_at = None
                return
            self.wfile.write(server.film[position : position + 4096])


def basic(password):
    return "Basic " + base64.b64encode(password.encode()).decode()


@pytest.fixture
def server():
    with FilmServer() as film:
        # Small, as in a network without megabytes of buffers on the way.
        film.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        thread = threading.Thread(target=film.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield film
        film.shutdown()
        thread.join()


def watch(server, duration=1.5, buffer_s=0.3, **source):
    return Probe(Source(server.url(), rate=RATE, **source), RATE, buffer_s, 0.1).run(duration)


def test_an_even_stream_plays_without_a_stall_at_its_own_rate(server):
    record = watch(server, duration=2.0)
    assert record["stalls"] == []
    assert record["connections"] == 1
    assert record["ranges"] is True
    # It reads what it plays and its buffer ahead, not as fast as the server sends.
    assert record["bytes"] <= RATE * (2.0 + 0.3) + 65536
    assert record["bytes"] >= RATE * 1.5
    assert sum(record["throughput"]["bytes"]) == record["bytes"]
    assert record["stopped_by"] == "duration"


def test_a_long_pause_is_a_stall_and_the_longest_gap(server):
    server.pause = (150_000, 1.5)
    record = watch(server, duration=3.0)
    assert len(record["stalls"]) == 1
    assert 0.3 < record["longest_stall_s"] < 1.6
    assert 0.8 < record["longest_gap"]["length_s"] < 1.7
    assert record["gaps"][0] == record["longest_gap"]
    gap = datetime.fromisoformat(record["longest_gap"]["start"])
    assert datetime.fromisoformat(record["started"]) < gap < datetime.fromisoformat(record["ended"])


def test_a_pause_the_buffer_covers_is_a_gap_but_no_stall(server):
    server.pause = (400_000, 0.8)
    record = watch(server, duration=3.0, buffer_s=1.5)
    assert record["stalls"] == []
    assert record["longest_gap"]["length_s"] > 0.3


def test_a_broken_connection_goes_on_at_the_same_byte(server):
    server.break_at = 200_704
    record = watch(server, duration=2.0)
    assert record["reconnects"] == 1
    assert server.asked == ["bytes=0-", "bytes=200704-"]
    assert "early" in record["errors"][0]["message"]


def test_silence_longer_than_the_limit_counts_as_broken(server):
    server.pause = (100_000, 30)
    record = watch(server, duration=2.5, timeout=0.5)
    assert record["reconnects"] == 1
    assert "did not answer" in record["errors"][0]["message"]


def test_a_server_without_range_starts_again(server):
    server.ranges, server.break_at = False, 200_704
    record = watch(server, duration=2.0)
    assert record["ranges"] is False
    assert record["reconnects"] == 1
    assert record["bytes"] > 200_704


def test_a_short_film_is_played_again(server):
    server.film = FILM[:100_000]
    record = watch(server, duration=2.0)
    assert record["loops"] >= 2
    assert record["connections"] == record["loops"] + 1
    assert record["stalls"] == []
    assert record["errors"] == []


def test_the_end_of_the_film_is_no_outage(server):
    server.film, server.think = FILM[:300_000], 0.8
    record = watch(server, duration=4.0)
    assert record["loops"] >= 1
    assert record["longest_gap"]["length_s"] < 0.8
    assert record["stalls"] == []


def test_a_stop_file_ends_it(server, tmp_path):
    stop = tmp_path / "stop"
    threading.Timer(0.5, stop.touch).start()
    record = Probe(Source(server.url()), RATE, 0.3, 0.1).run(30, str(stop))
    assert record["stopped_by"] == "stop_file"
    assert record["duration_s"] < 10


def test_a_server_that_goes_away_for_good_is_a_stall_to_the_end(server):
    server.break_at = 100_352
    source = Source(server.url())
    original = source.open

    def refuse_again(offset):
        if offset:
            raise StreamError("gone")
        original(offset)

    source.open = refuse_again
    record = Probe(source, RATE, 0.2, 0.1).run(2.0)
    assert record["errors"][-1]["message"] == "gone"
    assert record["errors"][-1]["times"] > 3
    assert record["longest_stall_s"] > 0.8
    assert record["longest_gap"]["length_s"] > 0.8


def test_password_is_sent_and_a_wrong_one_is_said(server):
    server.password = "admin:secret"
    assert watch(server, duration=0.5, username="admin", password="secret")["bytes"] > 0
    with pytest.raises(ConvergeError, match=r"401 .*check username and password") as error:
        watch(server, username="admin", password="wrong")
    assert "wrong" not in str(error.value)


def test_a_file_that_is_not_there_is_said(server):
    with pytest.raises(ConvergeError, match=r"/nothing was answered 404"):
        Probe(Source(server.url("/nothing")), RATE, 0.3, 0.1).run(1)


def test_an_empty_file_is_said(server):
    server.film = b""
    with pytest.raises(ConvergeError, match="is empty"):
        watch(server)


def test_nobody_there_is_said():
    with pytest.raises(ConvergeError, match=r"127\.0\.0\.1:9 refuses connections"):
        Source("http://127.0.0.1:9/film").open(0)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://host/film", "not of the form"),
        ("film.mp4", "not of the form"),
        ("http://host:port/film", "not a URL"),
        ("http://user:secret@host/film", "username and password"),
    ],
)
def test_a_bad_url_is_said(url, words):
    with pytest.raises(ConvergeError, match=words) as error:
        Source(url)
    assert "secret" not in str(error.value)
