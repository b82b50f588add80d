# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads against a TLS server on this machine: whom they trust, what arrives, what a refusal says."""

from __future__ import annotations

import io
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import thumbprint
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.upload import Target

DISK = bytes(range(256)) * 20000
CHECKED = {"hostname": "127.0.0.1", "validate_certs": True, "ca_path": None, "thumbprint": None, "timeout": 5}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def receive(self):
        if self.path == "/full":
            self.send_error(507, "Insufficient Storage")
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.command, self.headers["Content-Type"], self.headers.get("Overwrite"), body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = receive


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem"
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command.split(), *name], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def server(certificate):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as host:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        host.socket = context.wrap_socket(host.socket, server_side=True)
        host.received = []
        threading.Thread(target=host.serve_forever, args=(0.05,), daemon=True).start()
        yield host
        host.shutdown()


def params(server, **given):
    port = server.server_address[1]
    return {**CHECKED, "port": port, **given}


def url(server, path="/nfc/disk.vmdk"):
    return f"https://127.0.0.1:{server.server_address[1]}{path}"


def own_thumbprint(certificate, digest="SHA-256"):
    return thumbprint(ssl.PEM_cert_to_DER_cert((certificate / "cert.pem").read_text()), digest)


def test_a_disk_arrives_whole_and_progress_is_told(server, certificate):
    told = []
    target = Target(url(server), params(server, ca_path=str(certificate / "cert.pem")))
    target.send(io.BytesIO(DISK), len(DISK), False, told.append)
    assert server.received == [("POST", "application/x-vnd.vmware-streamVmdk", None, DISK)]
    assert sum(told) == len(DISK)
    assert len(told) > 1


def test_another_file_is_put(server, certificate):
    target = Target(url(server), params(server, ca_path=str(certificate / "cert.pem")))
    target.send(io.BytesIO(b"iso"), 3, True, lambda count: None)
    assert server.received == [("PUT", "application/octet-stream", "t", b"iso")]


def test_a_star_stands_for_the_server_we_are_logged_in_to(server, certificate):
    target = Target("https://*/nfc/disk.vmdk", params(server, ca_path=str(certificate / "cert.pem")))
    assert (target.host, target.port) == ("127.0.0.1", server.server_address[1])


def test_nothing_is_sent_to_a_server_no_one_vouches_for(server):
    target = Target(url(server), params(server))
    with pytest.raises(ConvergeError, match="is not trusted"):
        target.send(io.BytesIO(DISK), len(DISK), False, lambda count: None)
    assert server.received == []


@pytest.mark.parametrize("digest", ["SHA-1", "SHA-256"])
def test_the_server_we_trust_vouches_by_thumbprint(server, certificate, digest):
    target = Target(url(server), params(server), own_thumbprint(certificate, digest))
    target.send(io.BytesIO(b"x"), 1, False, lambda count: None)
    assert len(server.received) == 1


def test_a_wrong_thumbprint_vouches_for_nothing(server):
    target = Target(url(server), params(server), "AB" * 32)
    with pytest.raises(ConvergeError, match="is not trusted"):
        target.send(io.BytesIO(b"x"), 1, False, lambda count: None)
    assert server.received == []


def test_the_pinned_server_needs_no_ca(server, certificate):
    target = Target(url(server), params(server, thumbprint=own_thumbprint(certificate)))
    target.send(io.BytesIO(b"x"), 1, False, lambda count: None)
    assert len(server.received) == 1


def test_unchecked_only_when_asked_for(server):
    target = Target(url(server), params(server, validate_certs=False))
    target.send(io.BytesIO(b"x"), 1, False, lambda count: None)
    assert len(server.received) == 1


def test_a_refusal_is_said(server, certificate):
    target = Target(url(server, "/full"), params(server, ca_path=str(certificate / "cert.pem")))
    with pytest.raises(ConvergeError, match="refused the upload: 507 Insufficient Storage"):
        target.send(io.BytesIO(b"x" * 1000), 1000, False, lambda count: None)


def test_nobody_there_is_said():
    with pytest.raises(ConvergeError, match=r"127\.0\.0\.1:9 refuses connections"):
        Target("https://127.0.0.1:9/disk", {**CHECKED, "port": 9})


def test_the_host_that_takes_the_disks_has_a_pin_of_its_own(server, certificate):
    pin = own_thumbprint(certificate)
    target = Target(url(server), params(server, upload_thumbprint=pin, thumbprint="00" * 32))
    target.send(io.BytesIO(b"x"), 1, False, lambda count: None)
    assert len(server.received) == 1
    target = Target(url(server), params(server, upload_thumbprint="AB" * 32))
    with pytest.raises(ConvergeError, match="is not the pinned one"):
        target.send(io.BytesIO(b"x"), 1, False, lambda count: None)
    assert len(server.received) == 1


def test_another_host_is_named_with_its_own_option(server):
    told = params(server, hostname="vcenter.lab.local")
    target = Target(url(server), told)
    with pytest.raises(ConvergeError) as refusal:
        target.send(io.BytesIO(b"x"), 1, False, lambda count: None)
    text = str(refusal.value)
    assert text.startswith("the disks go to the ESXi host 127.0.0.1, as vcenter.lab.local says, and there: ")
    assert "as 'upload_thumbprint'" in text
    assert "as 'thumbprint'" not in text


def test_a_name_that_cannot_be_resolved_is_said_to_be_the_hosts(server):
    with pytest.raises(ConvergeError, match=r"the ESXi host esx1\.invalid, as 127\.0\.0\.1 says, .*cannot be resolved"):
        Target("https://esx1.invalid/disk", params(server))
