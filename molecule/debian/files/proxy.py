#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy for plain HTTP that lets in whoever has the password, and nobody else."""

import base64
import http.server
import urllib.error
import urllib.request

WORD = "Basic " + base64.b64encode(b"student:p@ss/word").decode()


class Proxy(http.server.BaseHTTPRequestHandler):
    """Passes GET on."""

    def do_GET(self):
        if self.headers.get("Proxy-Authorization") != WORD:
            self.send_error(407)
            return
        passed = {name: self.headers[name] for name in ("Range", "If-Range", "If-Modified-Since") if name in self.headers}
        try:
            answer = urllib.request.urlopen(urllib.request.Request(self.path, headers=passed))
        except urllib.error.HTTPError as error:
            answer = error
        self.send_response(answer.status)
        for name in ("Content-Length", "Content-Range", "Last-Modified", "Content-Type"):
            if answer.headers.get(name):
                self.send_header(name, answer.headers[name])
        self.end_headers()
        while chunk := answer.read(1 << 16):
            self.wfile.write(chunk)


http.server.ThreadingHTTPServer(("127.0.0.1", 3128), Proxy).serve_forever()
