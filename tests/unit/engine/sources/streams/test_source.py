"""The stream source against a real RTSP server (GStreamer, H.264) and a real HTTP server (Motion JPEG)."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Thread
from urllib.request import urlopen

import cv2
import numpy as np
import pytest

from engine.domain.inspection import Frame, utc_now
from engine.errors import (
    FrameIncomplete,
    FrameTimeout,
    InputError,
    LinesideError,
    SourceLost,
    SourceNotFound,
    UnsupportedProperty,
    UsageError,
)
from engine.sources.base import FrameSource
from engine.sources.streams.mjpeg import MAX_PART
from engine.sources.streams.pace import LATE_S
from engine.sources.streams.source import StreamSource, cameras, source
from tests.peers.clock import HEIGHT, WIDTH, age_s
from tests.peers.mjpeg import MjpegServer
from tests.peers.relay import Relay
from tests.peers.rtsp import RtspServer, needs_rtsp
from tests.peers.stopwatch import Stopwatch

pytestmark = pytest.mark.slow

DEADLINE_S = 120.0
KINDS = ["rtsp", "http"]


@pytest.fixture(scope="module")
def rtsp() -> Iterator[RtspServer]:
    needs_rtsp()
    with RtspServer() as server:
        yield server


@pytest.fixture(scope="module")
def http() -> Iterator[MjpegServer]:
    with MjpegServer() as server:
        yield server


@pytest.fixture
def server(request: pytest.FixtureRequest) -> RtspServer | MjpegServer:
    found: RtspServer | MjpegServer = request.getfixturevalue(request.param)
    return found


def _next(stream: StreamSource) -> Frame:
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        with suppress(FrameTimeout):
            return stream.read(0.2)
    raise AssertionError("no frame")


def _stated_age(frame: Frame) -> float:
    return (utc_now() - frame.captured_at).total_seconds()


def _loss(stream: StreamSource) -> tuple[SourceLost, float, float]:
    """Read until it is lost: the error, after how long, and the longest a read took."""
    longest, end = 0.0, time.monotonic() + DEADLINE_S
    with Stopwatch() as watch:
        while time.monotonic() < end:
            before = watch.seconds
            try:
                stream.read(0.1)
            except FrameTimeout:
                pass
            except SourceLost as error:
                return error, watch.seconds, max(longest, watch.seconds - before)
            longest = max(longest, watch.seconds - before)
    raise AssertionError("not lost")


@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_pictures_come_fresh_in_sequence_and_are_dated(server: RtspServer | MjpegServer) -> None:
    stream = source(server.uri)
    checked: FrameSource = stream
    assert (checked.free_running, checked.live, checked.total, checked.caps()) == (True, True, None, ())
    with closing(stream):
        stream.open()
        frames = []
        for _ in range(6):
            frames.append(_next(stream))
            assert age_s(frames[-1].pixels) < _stated_age(frames[-1]) + LATE_S + 0.5
        assert all(frame.size == (HEIGHT, WIDTH) and frame.pixels.dtype == np.uint8 for frame in frames)
        sequences = [frame.sequence for frame in frames]
        assert sequences == sorted(set(sequences))
        if server.uri.startswith("rtsp"):
            stamps = [frame.device_ns for frame in frames]
            assert stamps == sorted(set(stamps))
            assert stamps[0] > 0
        assert stream.description.startswith(f"{server.uri[:4]} 127.0.0.1 640×360")
        assert frames[0].source == stream.uri == server.uri
        stream.check()


@pytest.mark.prove(shard="servers")
@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_what_the_network_held_up_is_never_handed_on(server: RtspServer | MjpegServer) -> None:
    with (
        Relay(server.port) as network,
        closing(source(server.uri.replace(str(server.port), str(network.port)))) as stream,
    ):
        stream.open()
        for _ in range(8):
            _next(stream)
        network.hold()
        time.sleep(1.6)
        network.release()
        # A picture that was read before is in the slot still.
        with suppress(FrameTimeout):
            stream.read(0.0)
        held = 0
        for _ in range(30):
            try:
                frame = stream.read(0.5)
            except (FrameTimeout, SourceLost):
                break
            held += age_s(frame.pixels) - _stated_age(frame) > LATE_S + 0.5
        assert held == 0
        assert stream.skipped > 5


@pytest.mark.prove(shard="servers")
@pytest.mark.smoke
@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_frozen_is_lost_within_seconds_and_reads_never_block(server: RtspServer | MjpegServer) -> None:
    with closing(source(server.uri)) as stream:
        stream.open()
        _next(stream)
        server.freeze()
        try:
            error, after, longest = _loss(stream)
        finally:
            server.resume()
        assert "127.0.0.1" in error.message
        assert after <= 7
        assert longest < 2
        with pytest.raises(SourceLost):
            stream.check()
        stream.open()
        frame = _next(stream)
        assert age_s(frame.pixels) < _stated_age(frame) + LATE_S + 0.5
        assert frame.sequence >= 0


@pytest.mark.prove(shard="servers")
@pytest.mark.parametrize("server", KINDS, indirect=True)
def test_killed_is_lost_not_found_while_away_and_back_on_its_port(server: RtspServer | MjpegServer) -> None:
    with closing(source(server.uri)) as stream:
        stream.open()
        _next(stream)
        server.kill()
        try:
            _error, after, _longest = _loss(stream)
            assert after <= 7
            with pytest.raises(SourceNotFound, match="No camera answers"):
                stream.open()
        finally:
            server.start()
        stream.open()
        frame = _next(stream)
        assert age_s(frame.pixels) < _stated_age(frame) + LATE_S + 0.5


def test_parts_without_a_length_are_taken(http: MjpegServer) -> None:
    with closing(source(http.uri.replace("/line", "/plain"))) as stream:
        stream.open()
        assert [_next(stream).size for _ in range(3)] == [(HEIGHT, WIDTH)] * 3


def test_a_torn_picture_is_incomplete_and_never_handed_on(http: MjpegServer) -> None:
    whole, torn = 0, []
    with closing(source(http.uri.replace("/line", "/torn"))) as stream:
        stream.open()
        end = time.monotonic() + DEADLINE_S
        while (whole < 6 or len(torn) < 2) and time.monotonic() < end:
            try:
                frame = stream.read(0.2)
            except FrameIncomplete as error:
                torn.append(error.sequence)
            except FrameTimeout:
                pass
            else:
                whole += 1
                # The lower half of a torn picture would be one flat grey.
                assert int(frame.pixels[-1, -1, 0]) == pytest.approx(90, abs=6)
    assert whole >= 6
    assert torn == sorted(set(torn))
    assert all(sequence % 3 == 2 for sequence in torn)


@pytest.mark.parametrize("path", ["locked", "digest"])
def test_the_password_opens_the_camera_and_shows_nowhere(
    http: MjpegServer, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    uri = f"http://line:geheim@127.0.0.1:{http.port}/{path}"
    with closing(source(uri)) as stream:
        stream.open()
        frame = _next(stream)
        assert stream.uri == frame.source == f"http://line:***@127.0.0.1:{http.port}/{path}"
        assert "geheim" not in stream.description + repr(frame) + caplog.text


@pytest.mark.parametrize("path", ["locked", "digest"])
def test_a_wrong_password_is_tried_once_and_not_shown(http: MjpegServer, path: str) -> None:
    before = _tries(http)
    with pytest.raises(InputError, match="refuses the user") as caught:
        source(f"http://line:falsch99@127.0.0.1:{http.port}/{path}").open()
    assert "falsch99" not in str(caught.value)
    assert _tries(http) == before + 1


def _tries(http: MjpegServer) -> int:
    with urlopen(f"http://127.0.0.1:{http.port}/tries", timeout=DEADLINE_S) as answer:
        return int(answer.read())


@pytest.mark.parametrize("kind", KINDS)
def test_no_error_and_no_output_shows_the_password(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as line:
        port = line.getsockname()[1]
    for uri in (f"{kind}://me:geheim@127.0.0.1:{port}/line", f"{kind}://me:geheim@127.0.0.1:{port}/line?pwd=geheim"):
        with pytest.raises(SourceNotFound) as caught:
            source(uri).open()
        assert "geheim" not in str(caught.value)
    written = capfd.readouterr()
    assert "geheim" not in written.out + written.err


def test_rtsp_with_a_wrong_path_says_so_and_shows_no_password(
    rtsp: RtspServer, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SourceNotFound, match="gives no picture") as caught:
        source(f"rtsp://me:geheim@127.0.0.1:{rtsp.port}/nothing").open()
    written = capfd.readouterr()
    assert "geheim" not in written.out + written.err + str(caught.value)


@pytest.mark.parametrize(("path", "error"), [("/page", InputError), ("/nothing", SourceNotFound)])
def test_an_address_without_a_stream_is_refused(http: MjpegServer, path: str, error: type[LinesideError]) -> None:
    with pytest.raises(error, match=r"127\.0\.0\.1"):
        source(http.uri.replace("/line", path)).open()


@contextmanager
def _answering(body: bytes) -> Iterator[str]:
    """A server that sends one answer and waits."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def answer() -> None:
            line, _ = listening.accept()
            with line, suppress(OSError):
                line.recv(4096)
                head = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=--part\r\n\r\n"
                line.sendall(head + body)
                line.recv(1)

        thread = Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        thread.join(DEADLINE_S)


@pytest.mark.parametrize(
    "body",
    [
        b"--part\r\nContent-Length: %d\r\n\r\n" % (MAX_PART + 1),
        b"--part\r\nContent-Length: -5\r\n\r\n",
        b"--part\r\nContent-Length: many\r\n\r\n",
        b"--part\r\n" + b"X-More: x\r\n" * 100 + b"\r\n",
        b"x" * 100_000,
    ],
    ids=["huge", "negative", "word", "endless header", "no boundary"],
)
def test_a_server_that_sends_nonsense_is_lost(body: bytes) -> None:
    with _answering(body) as uri, closing(source(uri)) as stream:
        with pytest.raises(SourceLost, match="ended"):
            stream.open()
        with pytest.raises(UsageError, match="not open"):
            stream.read(0.1)


def test_parts_that_are_no_pictures_are_incomplete() -> None:
    good = cv2.imencode(".jpg", np.full((20, 30), 200, np.uint8))[1].tobytes()
    parts = [b"", b"GIF89a", good[:-40], good]
    body = b"".join(b"----part\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(part), part) for part in parts)
    with _answering(body) as uri, closing(source(uri)) as stream:
        stream.open()
        with pytest.raises(FrameIncomplete):
            stream.read(DEADLINE_S)


def test_a_closed_stream_is_not_read_and_has_no_settings() -> None:
    stream = source("rtsp://127.0.0.1/line")
    stream.close()
    with pytest.raises(UsageError, match="not open"):
        stream.read(0.1)
    with pytest.raises(UnsupportedProperty):
        stream.set("exposure_us", 100)
    with pytest.raises(UnsupportedProperty):
        stream.trigger()
    assert cameras() == []
