"""The RTSP server of the tests (rtsp_server.py): a camera that sends H.264."""

from __future__ import annotations

import pytest

from tests.peers.server import Server


def needs_rtsp() -> None:
    """Skip where GStreamer's RTSP server is not installed."""
    gi = pytest.importorskip("gi", reason="PyGObject is not installed")
    try:
        gi.require_version("GstRtspServer", "1.0")
    except ValueError:
        pytest.skip("GStreamer's RTSP server is not installed (gir1.2-gst-rtsp-server-1.0)")


class RtspServer(Server):
    """Serves `uri`; use it as a context."""

    def __init__(self, fps: int = 20) -> None:
        super().__init__("tests.peers.rtsp_server", fps)

    @property
    def uri(self) -> str:
        """Known once it was started."""
        return f"rtsp://127.0.0.1:{self.port}/line"
