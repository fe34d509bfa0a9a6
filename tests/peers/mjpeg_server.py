"""A camera on the network: Motion JPEG over HTTP on 127.0.0.1, each picture telling when it was made.

`python -m tests.peers.mjpeg_server PORT FPS` prints the port. Paths: /line; /plain without lengths; /torn with every
third picture cut; /locked asks for user `line`, password `geheim`, /digest the same without sending it; /page is no
stream; /tries tells how often a wrong password came.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import itertools
import re
import sys
import time

import cv2

from tests.peers.clock import picture

KEY = "Basic " + base64.b64encode(b"line:geheim").decode()
FPS = int(sys.argv[2]) if len(sys.argv) > 2 else 20


def _digest(given: str) -> bool:
    """Whether the answer to our challenge is right (RFC 2617 section 3.2.2.1, without qop)."""
    fields = dict(re.findall(r'(\w+)="([^"]*)"', given))
    first, second = (hashlib.md5(text).hexdigest() for text in (b"line:camera:geheim", b"GET:/digest"))
    return fields.get("response") == hashlib.md5(f"{first}:abc:{second}".encode()).hexdigest()


class Camera(http.server.BaseHTTPRequestHandler):
    """One viewer."""

    tries = 0

    def do_GET(self) -> None:
        if self.path == "/page":
            self._head(200, "text/html")
        elif self.path == "/tries":
            self._head(200, "text/plain")
            self.wfile.write(b"%d" % Camera.tries)
        elif self.path == "/locked" and self.headers.get("Authorization") != KEY:
            self._ask('Basic realm="camera"')
        elif self.path == "/digest" and not _digest(self.headers.get("Authorization", "")):
            self._ask('Digest realm="camera", nonce="abc"')
        elif self.path in ("/line", "/plain", "/torn", "/locked", "/digest"):
            self._head(200, "multipart/x-mixed-replace; boundary=part")
            self._stream()
        else:
            self._head(404, "text/html")

    def _ask(self, challenge: str) -> None:
        Camera.tries += "Authorization" in self.headers
        self._head(401, "text/html", {"WWW-Authenticate": challenge, "Content-Length": "0"})

    def _head(self, code: int, kind: str, more: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in {"Content-Type": kind, **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def _stream(self) -> None:
        due = time.monotonic()
        for count in itertools.count():
            due = max(due + 1 / FPS, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))
            jpeg = cv2.imencode(".jpg", picture(count))[1].tobytes()
            if self.path == "/torn" and count % 3 == 2:
                jpeg = jpeg[: len(jpeg) // 2]
            length = b"" if self.path == "/plain" else b"Content-Length: %d\r\n" % len(jpeg)
            try:
                self.wfile.write(b"--part\r\nContent-Type: image/jpeg\r\n" + length + b"\r\n" + jpeg + b"\r\n")
            except OSError:
                return

    def log_message(self, *_: object) -> None:
        """Not here."""


if __name__ == "__main__":
    with http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Camera) as server:
        server.daemon_threads = True
        print(server.server_port, flush=True)
        server.serve_forever()
