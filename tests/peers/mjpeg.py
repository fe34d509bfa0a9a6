"""The HTTP server of the tests (mjpeg_server.py): a camera that sends Motion JPEG."""

from __future__ import annotations

from tests.peers.server import Server


class MjpegServer(Server):
    """Serves `uri`; use it as a context."""

    def __init__(self, fps: int = 20) -> None:
        super().__init__("tests.peers.mjpeg_server", fps)

    @property
    def uri(self) -> str:
        """Known once it was started."""
        return f"http://127.0.0.1:{self.port}/line"
