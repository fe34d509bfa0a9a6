"""Who opens a source, what can be done with it and what is kept in the recipe; without a window."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from engine.domain.inspection import Frame
from engine.domain.recipe import CameraSetup
from engine.packages.package import ModelPackage
from engine.recipes.file import load_recipe
from engine.sources.base import SourceInfo
from engine.sources.supervisor import SourceState
from engine.station.preview import Standing
from gui.pages.camera.presenter import CameraPresenter, OnLine, Rate, once_each, save, ungoverned, wait_words
from tests.packages import write_tiny_package

CAMERA = "gige:77"
ELSEWHERE = OnLine("demo:")
STREAMING, LOST = Standing(SourceState.STREAMING), Standing(SourceState.LOST, "It was unplugged.")
OVER = Standing(SourceState.CLOSED, "The file ended.", over=True)


@pytest.fixture
def rules() -> CameraPresenter:
    made = CameraPresenter()
    made.choose(CAMERA, watched=False)
    return made


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return write_tiny_package(tmp_path / "tiny")


def frame(grey: int = 90) -> Frame:
    pixels = np.full((32, 48), grey, np.uint8)
    pixels[8:24, 12:36] = 200
    pixels[::3, ::5] = 20
    return Frame(pixels, CAMERA, 1, datetime(2026, 3, 1, tzinfo=UTC), "")


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_source_that_is_watched_is_not_opened_again_unless_it_ended(rules: CameraPresenter) -> None:
    assert rules.current == CAMERA
    assert not rules.choose(CAMERA, watched=True)
    assert rules.choose(CAMERA, watched=False)
    rules.stand(STREAMING)
    assert not rules.choose(CAMERA, watched=True)
    rules.stand(OVER)
    assert rules.choose(CAMERA, watched=True)
    assert rules.choose("uvc:1", watched=True) and rules.current == "uvc:1"


@pytest.mark.parametrize(
    ("line", "mode"),
    [
        (ELSEWHERE, "own"),
        (OnLine("demo:", ready=True), "own"),
        (OnLine(CAMERA, reads=True), "wait"),
        (OnLine(CAMERA, reads=True, ready=True), "line"),
    ],
)
def test_the_lines_own_source_is_never_opened_a_second_time(rules: CameraPresenter, line: OnLine, mode: str) -> None:
    assert rules.mode == ""
    assert rules.wanted(line) == rules.look(line) == rules.mode == mode
    rules.rest()
    assert rules.mode == ""


def test_looking_anew_forgets_how_the_source_stood(rules: CameraPresenter) -> None:
    rules.stand(OVER)
    rules.look(ELSEWHERE)
    assert not rules.choose(CAMERA, watched=True)


def test_what_the_line_uses_is_not_offered_to_it(rules: CameraPresenter) -> None:
    rules.look(ELSEWHERE)
    assert rules.may_use(ELSEWHERE) and not rules.is_on_line(ELSEWHERE)
    assert not rules.may_use(OnLine(CAMERA)) and rules.is_on_line(OnLine(CAMERA))
    reads = OnLine("demo:", reads=True, ready=True)
    assert not rules.may_use(reads)
    rules.look(reads)
    assert rules.is_on_line(reads)
    assert not CameraPresenter().may_use(ELSEWHERE)


def test_a_source_is_set_while_it_gives_pictures_and_let_go_once(rules: CameraPresenter) -> None:
    opening = Standing(SourceState.OPENING)
    assert [rules.stand(s) for s in (opening, opening, STREAMING, STREAMING, LOST, LOST)] == [
        "drop",
        "",
        "set",
        "set",
        "drop",
        "",
    ]


def test_settings_are_shut_while_words_say_why_there_is_no_picture(rules: CameraPresenter) -> None:
    assert rules.settable(STREAMING) and rules.settable(Standing(SourceState.OPENING))
    assert rules.settable(Standing(SourceState.STREAMING, "slow"))
    assert not rules.settable(LOST)


def test_no_small_picture_is_taken_of_what_somebody_has_open(rules: CameraPresenter) -> None:
    found = [CAMERA, "demo:", "uvc:1", "uvc:2"]
    assert rules.to_peek(found, ["uvc:2"], ELSEWHERE) == ["uvc:1"]
    assert rules.to_peek([], [], ELSEWHERE) == []


def test_only_what_governs_itself_is_read_again(rules: CameraPresenter) -> None:
    assert rules.moves_by_itself({"auto_focus": True})
    assert rules.moves_by_itself({"auto_gain": True, "auto_exposure": False})
    assert not rules.moves_by_itself({"auto_exposure": False, "trigger": True, "gain_db": 1.0})
    assert not rules.moves_by_itself({"auto_exposure": "on"})


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (Standing(SourceState.OPENING, "It was unplugged."), "Trying again now."),
        (Standing(SourceState.OPENING), ""),
        (Standing(SourceState.BACKOFF), "Trying again now."),
        (LOST, "It will be opened again by itself."),
        (STREAMING, ""),
        (OVER, ""),
    ],
)
def test_when_a_source_is_tried_again_is_said(standing: Standing, words: str) -> None:
    assert wait_words(standing) == words


def test_the_seconds_to_the_next_try_are_counted_down() -> None:
    assert re.fullmatch(r"Next try in \d[\d,]* s\.", wait_words(Standing(SourceState.BACKOFF, retry_s=1e6)))
    assert wait_words(Standing(SourceState.BACKOFF, retry_s=1e6, at=-2e6)) == "Trying again now."


# ── what is kept in the recipe ───────────────────────────────────────────────────────────────────────────────────────
def test_settings_or_a_golden_picture_can_be_saved_in_the_recipe_of_a_model(
    rules: CameraPresenter, package: ModelPackage
) -> None:
    assert rules.nothing_to_save({"gain_db": 1.0}, None).startswith("No model is loaded yet")
    assert rules.nothing_to_save({}, package) == "There is nothing to save."
    assert rules.nothing_to_save({"gain_db": 1.0}, package) == ""
    rules.take_golden(frame(), (8, ""), None)
    assert rules.nothing_to_save({}, package) == ""


def test_a_golden_picture_is_the_frame_with_what_it_measures(rules: CameraPresenter) -> None:
    shot = frame()
    imaging = rules.take_golden(shot, (8, ""), None)
    assert rules.golden is not None
    assert rules.golden[0] is shot and rules.golden[1] is imaging
    assert imaging.golden.shape == (32, 48)


def test_a_picture_that_cannot_be_golden_leaves_the_one_before(rules: CameraPresenter) -> None:
    rules.take_golden(frame(), (8, ""), None)
    before = rules.golden
    with pytest.raises(ValueError, match="none of the mosaics"):
        rules.take_golden(frame(), (8, "none such"), None)
    assert rules.golden is before


def test_what_the_camera_governs_is_not_kept() -> None:
    values = {"auto_exposure": True, "exposure_us": 9.0, "auto_gain": False, "gain_db": 2.0, "gain_raw": 3}
    assert ungoverned(values) == {"auto_exposure": True, "auto_gain": False, "gain_db": 2.0, "gain_raw": 3}
    assert ungoverned(values | {"auto_gain": True}) == {"auto_exposure": True, "auto_gain": True}
    assert ungoverned({"auto_focus": True, "focus": 4.0}) == {"auto_focus": True}


def test_settings_and_golden_picture_go_into_a_recipe_made_of_the_package(
    rules: CameraPresenter, package: ModelPackage, tmp_path: Path
) -> None:
    shot = frame()
    imaging = rules.take_golden(shot, (8, ""), None)
    saved = save("", tmp_path / "recipes", package, CameraSetup((("gain_db", 2.0),), 0.5), (shot, imaging))
    first = load_recipe(saved.path, package)
    assert (saved.path.name, first.name, first.version) == ("tiny.toml", "tiny", saved.version)
    assert dict(first.camera.settings) == {"gain_db": 2.0} and first.camera.takt_s == 0.5
    assert first.imaging is not None and first.imaging.digest == imaging.digest
    again = save(str(saved.path), tmp_path, package, CameraSetup((("gain_db", 3.0),)), None)
    second = load_recipe(saved.path, package)
    assert (again.path, second.version) == (saved.path, first.version + 1)
    assert second.imaging is not None and second.imaging.digest == imaging.digest
    third = save(str(saved.path), tmp_path, package, None, None)
    assert dict(load_recipe(third.path, package).camera.settings) == {"gain_db": 3.0}


# ── measuring and finding ────────────────────────────────────────────────────────────────────────────────────────────
def test_the_rate_counts_the_pictures_that_were_not_shown() -> None:
    rate = Rate()
    assert rate.at(0.0) == 0.0
    rate.add(10.0, 100)
    assert rate.at(10.0) == 0.0
    rate.add(11.0, 130)
    assert rate.at(11.0) == 30.0
    rate.add(12.5, 160)
    assert rate.at(12.5) == 20.0
    assert rate.at(14.6) == 0.0


def test_the_rate_begins_again_with_the_numbers() -> None:
    rate = Rate()
    rate.add(10.0, 100)
    rate.add(10.5, 3)
    assert rate.at(10.5) == 0.0
    rate.add(11.0, 8)
    assert rate.at(11.0) == 0.0
    rate.add(11.5, 13)
    assert rate.at(11.5) == 10.0
    rate.clear()
    rate.add(12.0, 14)
    assert rate.at(12.0) == 0.0


def test_pictures_of_one_moment_have_no_rate() -> None:
    rate = Rate()
    rate.add(10.0, 1)
    rate.add(10.0, 5)
    assert rate.at(10.0) == 0.0


def test_a_device_that_two_kinds_find_is_listed_once() -> None:
    mine = SourceInfo("gige:77", "Camera", "gige", "77", True)
    twin = SourceInfo("genicam:77", "Camera by its producer", "genicam", "77", True)
    nameless = SourceInfo("gige:?", "Camera", "gige", "", True)
    webcam = SourceInfo("uvc:77", "Webcam", "uvc", "77", True)
    assert once_each([mine, twin, nameless, webcam]) == ([mine, nameless, webcam], {"gige:77": "genicam"})
    assert once_each([webcam, webcam]) == ([webcam], {})
    same = replace(mine, uri="gige:eth1/77")
    assert once_each([mine, same]) == ([mine, same], {})
