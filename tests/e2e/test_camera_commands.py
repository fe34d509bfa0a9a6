"""`lineside sources`, `lineside camera` and a triggered `lineside run`, through main()."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import genicam
import numpy as np
import pytest

from engine.sources.demo import PartMaker
from main import main
from tests.packages import write_tiny_package
from tests.peers.gige import FakeGigE, need_aravis

PRODUCERS = str(Path(genicam.__file__).parent)
"""The folder of genicam's own simulator."""


def test_sources_lists_what_can_be_opened_and_the_cameras_that_are_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GENICAM_GENTL64_PATH", PRODUCERS)
    monkeypatch.setenv("PYLON_CAMEMU", "1")
    assert main(["sources"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {"demo:", "folder:PATH", "watch:PATH", "genicam:0", "basler:0815-0000"} <= set(listed)


def test_camera_sets_looks_and_saves_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GENICAM_GENTL64_PATH", PRODUCERS)
    picture = tmp_path / "look.png"
    words = ["camera", "genicam:1", "--set", "pixel_format=Mono8", "--set", "width=320", "--seconds", "1"]
    assert main([*words, "--snapshot", str(picture)]) == 0
    said = capsys.readouterr().out
    assert "width              320  (100 to 800)" in said
    assert "frames of 320×400, 8 bits" in said
    assert cv2.imread(str(picture), cv2.IMREAD_UNCHANGED).shape == (400, 320)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["demo:", "--set", "colour=3"], 2, "no setting"),
        (["demo:", "--set", "gain_db=3"], 2, "no setting gain_db"),
        (["demo:", "--seconds", "0"], 2, "--seconds"),
        (["demo:", "--snapshot", "look.jpg"], 2, "no PNG"),
        (["nothing:1"], 2, "no kind of source"),
        (["genicam:0?cti=/nowhere/x.cti", "--seconds", "1"], 4, "x.cti"),
    ],
)
def test_what_camera_cannot_do_is_one_sentence(
    words: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["camera", *words]) == code
    said = capsys.readouterr().err
    assert says in said
    assert "Traceback" not in said


def test_run_triggers_a_camera_at_a_steady_pace_and_every_part_keeps_its_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need_aravis()
    parts, lines = tmp_path / "parts", tmp_path / "lines.jsonl"
    parts.mkdir()
    maker = PartMaker(9)
    for number in range(4):
        cv2.imwrite(str(parts / f"{number}.png"), np.ascontiguousarray(maker.part(number).pixels))
    write_tiny_package(tmp_path / "tiny")
    recipe = tmp_path / "parts.toml"
    recipe.write_text('schema = 1\nname = "parts"\n[camera]\ntrigger = "software"\ntakt_s = 20.0\n')
    words = ["run", "--source", FakeGigE.uri, "--model", str(tmp_path / "tiny"), "--recipe", str(recipe)]
    with FakeGigE(pictures=parts):
        assert main([*words, "--trigger-every", "0.2", "--frames", "4", "--jsonl", str(lines)]) == 0
    rows = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [row["sequence"] for row in rows] == [1, 2, 3, 4]
    for row in rows:
        assert row["verdict"] != "NO VERDICT"
        times = [row["triggered_at"], row["exposed_at"], row["captured_at"], row["inspected_at"]]
        assert times == sorted(times)
    log = (Path(str(tmp_path / "home")) / "logs" / "lineside.log").read_text(encoding="utf-8")
    assert "Traceback" not in log


def test_triggering_what_is_not_triggered_stops_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny_package(tmp_path / "tiny")
    words = ["run", "--source", "demo:?fps=20", "--model", str(tmp_path / "tiny"), "--trigger-every", "0.3"]
    assert main(words) == 2
    assert "not triggered" in capsys.readouterr().err
    assert main([*words[:-1], "0"]) == 2
    assert "must be more than 0" in capsys.readouterr().err
