from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import InputError, SourceEnded, UsageError
from engine.sources.files.video import VideoSource


def _video(path: Path, count: int = 8) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (96, 64))
    assert writer.isOpened()
    for n in range(count):
        writer.write(np.full((64, 96, 3), 4 * n, np.uint8))
    writer.release()
    return path


def test_every_frame_comes_in_order_then_the_end(tmp_path: Path) -> None:
    source = VideoSource(_video(tmp_path / "run ü %03d.avi"))
    source.open()
    assert (source.total, source.free_running, source.skipped) == (8, False, 0)
    assert source.description == "video run ü %03d.avi 96×64 25 fps"
    for n in range(8):
        frame = source.read(0.2)
        assert frame is not None
        assert frame.sequence == n
        assert frame.pixels.shape == (64, 96, 3)
        assert abs(float(frame.pixels.mean()) - 4 * n) < 3
    for _ in range(2):
        with pytest.raises(SourceEnded, match="All 8 frames"):
            source.read(0.2)
    source.close()


def test_truncated_video_tells_how_far_it_came(tmp_path: Path) -> None:
    path = _video(tmp_path / "short.avi", 60)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = VideoSource(path)
    source.open()
    seen = 0
    with pytest.raises(SourceEnded) as caught:
        while source.read(0.2) is not None:
            seen += 1
    assert 0 < seen < 60
    assert source.total is not None
    assert f"after {seen} of {source.total} frames" in str(caught.value)
    source.close()


def test_reopened_video_starts_again(tmp_path: Path) -> None:
    source = VideoSource(_video(tmp_path / "run.avi"))
    for _ in range(2):
        source.open()
        frame = source.read(0.2)
        assert frame is not None
        assert frame.sequence == 0
        source.close()
    with pytest.raises(UsageError, match="not open"):
        source.read(0.2)


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100])
def test_unreadable_video_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.mp4"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.mp4") as caught:
        VideoSource(path).open()
    assert caught.value.remedy


def test_missing_video_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no video"):
        VideoSource(tmp_path / "gone.mp4").open()
