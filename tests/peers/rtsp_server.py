"""A camera on the network: an RTSP server on 127.0.0.1 that sends H.264, each picture telling when it was made.

`python -m tests.peers.rtsp_server PORT FPS` prints the port it listens on and serves rtsp://127.0.0.1:PORT/line.
Debian: gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-base (appsrc, videoconvert), -good (RTP), -bad (openh264enc).
"""

from __future__ import annotations

import sys
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

from tests.peers.clock import HEIGHT, WIDTH, picture  # noqa: E402


class Line:
    """Feeds the pipeline a picture whenever one is due."""

    def __init__(self, fps: int) -> None:
        self._period = 1 / fps
        self._due = time.monotonic()
        self._count = 0

    def configure(self, _factory: object, media: GstRtspServer.RTSPMedia) -> None:
        source = media.get_element().get_child_by_name("src")
        source.connect("need-data", self.feed)

    def feed(self, source: Gst.Element, _length: int) -> None:
        self._due = max(self._due + self._period, time.monotonic())
        time.sleep(max(0.0, self._due - time.monotonic()))
        self._count += 1
        source.emit("push-buffer", Gst.Buffer.new_wrapped(picture(self._count).tobytes()))


def main(port: int, fps: int) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(str(port))
    factory = GstRtspServer.RTSPMediaFactory.new()
    caps = f"video/x-raw,format=BGR,width={WIDTH},height={HEIGHT},framerate={fps}/1"
    factory.set_launch(
        f"( appsrc name=src is-live=true do-timestamp=true format=time caps={caps} ! videoconvert ! "
        f"openh264enc complexity=low gop-size={fps} ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )"
    )
    factory.set_shared(True)
    factory.connect("media-configure", Line(fps).configure)
    server.get_mount_points().add_factory("/line", factory)
    if server.attach(None) == 0:
        sys.exit(f"cannot listen on port {port}")
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
