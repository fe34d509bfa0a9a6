"""The selftest's camera is opened as the line opens one: what is lost on the way is opened again."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import SourceLost
from engine.sources.base import FrameSource
from engine.sources.catalogue import open_here
from engine.system.places import home
from gui import selftest


def lost_at_first(uri: str) -> FrameSource:
    """In the child: the first opening fails as a driver does that the machine gave no time."""
    marker = home() / "tried"
    if not marker.exists():
        marker.parent.mkdir()
        marker.touch()
        raise SourceLost("It did not open in time.")
    return open_here(uri)


def test_a_camera_that_is_lost_at_its_opening_is_opened_again(
    monkeypatch: pytest.MonkeyPatch, lineside_home: Path
) -> None:
    monkeypatch.setattr(selftest, "open_here", lost_at_first)
    assert "in processes of their own" in selftest.check_cameras()
    assert (lineside_home / "tried").exists(), "it was lost once"
