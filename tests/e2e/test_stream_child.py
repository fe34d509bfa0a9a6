"""Network streams the way a station opens them: in a child process, brought back by the supervisor."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import pytest

from engine.domain.inspection import Frame, utc_now
from engine.errors import FrameIncomplete, FrameTimeout, SourceLost
from engine.sources.catalogue import open_source
from engine.sources.streams.pace import LATE_S
from engine.sources.supervisor import SourceState, Supervisor
from tests.peers.clock import age_s
from tests.peers.mjpeg import MjpegServer
from tests.peers.rtsp import RtspServer, needs_rtsp
from tests.peers.stopwatch import Stopwatch

PATIENT_S = 120.0


class Viewer:
    """Reads a supervised stream as the station does, and looks at every picture."""

    def __init__(self, uri: str) -> None:
        self.states: list[SourceState] = []
        self.words: list[str] = []
        self.supervisor = Supervisor(open_source(uri), tell=self._tell, retry_s=(0.2,))
        self.longest = 0.0
        self.watch = Stopwatch()

    def _tell(self, state: SourceState, words: str, _retry_s: float) -> None:
        self.states.append(state)
        self.words.append(words)

    def read(self) -> Frame | None:
        before = self.watch.seconds
        try:
            frame = self.supervisor.read(0.1)
        except (FrameTimeout, FrameIncomplete, SourceLost):
            frame = None
        self.longest = max(self.longest, self.watch.seconds - before)
        if frame is not None:
            stated = (utc_now() - frame.captured_at).total_seconds()
            assert age_s(frame.pixels) < stated + LATE_S + 0.5
        return frame

    def until(self, done: Callable[[], bool]) -> float:
        """Read until something is so; after how many seconds it was."""
        begin, end = self.watch.seconds, time.monotonic() + PATIENT_S
        while not done():
            assert time.monotonic() < end, (self.states, self.words)
            self.read()
        return self.watch.seconds - begin

    def streaming(self) -> bool:
        return self.supervisor.state is SourceState.STREAMING and self.read() is not None

    def lost(self) -> bool:
        return self.supervisor.state in (SourceState.LOST, SourceState.BACKOFF, SourceState.OPENING)


@pytest.mark.prove(shard="servers")
@pytest.mark.parametrize("kind", ["rtsp", "http"])
def test_a_stream_that_freezes_or_dies_is_told_lost_and_comes_back_by_itself(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    if kind == "rtsp":
        needs_rtsp()
    with RtspServer() if kind == "rtsp" else MjpegServer() as server:
        secret = server.uri if kind == "rtsp" else f"http://line:geheim@127.0.0.1:{server.port}/locked"
        viewer = Viewer(secret)
        with viewer.watch, closing(viewer.supervisor):
            viewer.supervisor.open()
            viewer.until(viewer.streaming)
            server.freeze()
            assert viewer.until(viewer.lost) <= 7
            server.resume()
            viewer.until(viewer.streaming)
            server.kill()
            assert viewer.until(viewer.lost) <= 7
            server.start()
            viewer.until(viewer.streaming)
            assert viewer.supervisor.losses == 2
            assert viewer.states.count(SourceState.LOST) == 2
            assert viewer.longest < 2
            frame = viewer.read()
            while frame is None:
                frame = viewer.read()
            told = [frame.source, viewer.supervisor.uri, viewer.supervisor.description, *viewer.words]
            assert "geheim" not in "".join(told) + caplog.text
            assert kind in frame.source
