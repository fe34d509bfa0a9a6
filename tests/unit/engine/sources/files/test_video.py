from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import EndedEarly, InputError, PictureError, SourceEnded, UsageError
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


def _metal(number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    noise = np.random.default_rng(number).integers(0, 255, (64, 96, 3), np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (5, 5), 1.5), np.uint8)


def _written(path: Path, code: str, count: int = 20) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*code), 25.0, (96, 64))
    assert writer.isOpened()
    for number in range(count):
        writer.write(_metal(number))
    writer.release()
    return path


def _damage(path: Path, *numbers: int) -> Path:
    """Overwrite the middle of these frames, counted from 1, as a bad sector does."""
    data = bytearray(path.read_bytes())
    starts = [
        found.start() for found in re.finditer(b"00dc", bytes(data)) if data[found.start() + 8 :][:2] == b"\xff\xd8"
    ]
    for number in numbers:
        length = int.from_bytes(data[starts[number - 1] + 4 : starts[number - 1] + 8], "little")
        middle = starts[number - 1] + 8 + length * 2 // 3
        data[middle : middle + length // 6] = bytes(length // 6)
    path.write_bytes(data)
    return path


def _read_all(source: VideoSource) -> tuple[list[int], list[str], SourceEnded]:
    """Numbers of the frames that were whole, what was said of the others, and the end."""
    source.open()
    whole: list[int] = []
    said: list[str] = []
    while True:
        try:
            whole.append(source.read(0.2).sequence)
        except PictureError as error:
            said.append(error.message)
        except SourceEnded as ended:
            source.close()
            return whole, said, ended


def test_a_damaged_frame_of_motion_jpeg_is_a_bad_picture_and_the_next_goes_on(tmp_path: Path) -> None:
    path = _damage(_written(tmp_path / "hole.avi", "MJPG"), 1, 4, 5, 8, 20)
    whole, said, ended = _read_all(VideoSource(path))
    assert whole == [n - 1 for n in range(1, 21) if n not in (1, 4, 5, 8, 20)]
    assert said == [f"Frame {n} of the video {path} is damaged." for n in (1, 4, 5, 8, 20)]
    assert not isinstance(ended, EndedEarly)


@pytest.mark.parametrize(("suffix", "code"), [(".avi", "MJPG"), (".mkv", "MJPG"), (".mp4", "mp4v"), (".mov", "MJPG")])
def test_a_whole_video_ends_at_its_end(tmp_path: Path, suffix: str, code: str) -> None:
    whole, said, ended = _read_all(VideoSource(_written(tmp_path / f"whole{suffix}", code)))
    assert (whole, said) == (list(range(20)), [])
    assert not isinstance(ended, EndedEarly)


def test_a_cut_frame_at_the_end_is_where_the_file_was_cut(tmp_path: Path) -> None:
    path = _written(tmp_path / "cut.avi", "MJPG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 5])
    whole, said, ended = _read_all(VideoSource(path))
    assert isinstance(ended, EndedEarly)
    assert said == []
    assert ended.message == f"The video {path} ended after {len(whole)} of 20 frames."
    assert 8 < len(whole) < 14


def test_a_damaged_last_frame_of_a_stream_that_claims_no_number_is_told(tmp_path: Path) -> None:
    data = cv2.imencode(".jpg", _metal(1))[1].tobytes()
    (tmp_path / "run.mjpeg").write_bytes(data * 3 + data[: len(data) // 2])
    whole, said, _ended = _read_all(VideoSource(tmp_path / "run.mjpeg"))
    assert whole == [0, 1, 2]
    assert said == [f"Frame 4 of the video {tmp_path / 'run.mjpeg'} is damaged."]


def test_frames_of_motion_jpeg_are_what_the_files_would_be(tmp_path: Path) -> None:
    source = VideoSource(_written(tmp_path / "whole.avi", "MJPG", 2))
    source.open()
    assert np.abs(source.read(0.2).pixels.astype(int) - _metal(0)).mean() < 8
    grey = cv2.imencode(".jpg", np.full((64, 96), 90, np.uint8))[1].tobytes()
    (tmp_path / "grey.mjpeg").write_bytes(grey * 5)
    source = VideoSource(tmp_path / "grey.mjpeg")
    source.open()
    frame = source.read(0.2)
    assert frame.pixels.shape == (64, 96, 3)
    assert abs(float(frame.pixels.mean()) - 90) < 2
    source.close()
