"""Discovery: every kind in a process of its own; one that crashes or hangs costs only its own cameras."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator

import pytest

from engine.sources.discover import find
from tests.unit.engine.sources.process import apart_sources as acted


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """Of those that were asked."""
    yield
    assert not [child for child in multiprocessing.active_children() if child.name.startswith("lineside-find")]


def test_a_kind_that_crashes_refuses_or_is_missing_costs_only_itself() -> None:
    lists = {
        "uvc": acted.crashes,
        "gige": acted.two_cameras,
        "basler": acted.not_installed,
        "stream": acted.refuses,
    }
    found, whys = find(lists, limit_s=60.0)
    assert [info.uri for info in found] == ["acted:1", "acted:2"]
    assert sorted(whys) == ["stream", "uvc"]
    assert whys["uvc"].endswith("their driver crashed.")
    assert whys["stream"].endswith("The bus is off. Switch it on.")


def test_a_kind_that_hangs_is_ended_at_the_limit() -> None:
    begun = time.monotonic()
    found, whys = find({"genicam": acted.hangs}, limit_s=0.5)
    assert found == [] and whys["genicam"].endswith("no answer in 0.5 s.")
    assert time.monotonic() - begun < 50, "it hangs for a minute"


def test_nothing_to_ask_finds_nothing() -> None:
    assert find({}) == ([], {})
