"""`lineside scan` and `run` of a folder: judged and left out are what lies there, on every way out."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.images.listing import counts, list_folder
from engine.system.places import demo_package
from main import main
from tests.frames import biscuit
from tests.packages import write_tiny_package
from tests.unit.engine.images.drawn import Drawn, draw_folder

THROUGH = 50
SOME = 3


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny_package(tmp_path_factory.mktemp("model") / "tiny", review=0.2).folder)


def _scan(drawn: Drawn, package: str, out: Path) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, str]]]:
    """The account, the JSON lines and the rows of the report's table."""
    words = [
        "scan",
        str(drawn.root),
        "--model",
        package,
        "--jsonl",
        str(out / "l.jsonl"),
        "--json",
        str(out / "a.json"),
    ]
    assert main([*words, "--report", str(out / "report")]) == 0
    lines = [json.loads(line) for line in (out / "l.jsonl").read_text(encoding="utf-8").splitlines()]
    with (out / "report" / "inspections.csv").open(encoding="utf-8-sig", newline="") as file:
        return json.loads((out / "a.json").read_text(encoding="utf-8")), lines, list(csv.DictReader(file))


def _check(drawn: Drawn, package: str, out: Path) -> None:
    account, lines, rows = _scan(drawn, package, out)
    left_out = {str(drawn.root / name): why for name, why in drawn.left_out.items()}
    assert account["judged"] + sum(account["left_out"].values()) == drawn.entries
    assert {file["path"]: file["left_out"] for file in account["files_left_out"]} == left_out
    assert {line["path"]: line["left_out"] for line in lines if line["verdict"] is None} == left_out
    judged = sorted(str(drawn.root / name) for name in drawn.pictures)
    assert sorted(line["path"] for line in lines if line["verdict"] is not None) == judged
    assert sorted(row["path"] for row in rows if row["verdict"]) == judged
    assert {row["path"] for row in rows if not row["verdict"]} == set(left_out)


@pytest.mark.parametrize("seed", range(SOME))
def test_judged_and_left_out_are_the_whole_folder(
    tmp_path: Path, package: str, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = draw_folder(tmp_path / "drawn", seed, readable=True)
    _check(drawn, package, tmp_path)
    found = counts(list_folder(drawn.root).left_out)
    said = capsys.readouterr().out
    assert f"left out {sum(found.values())}: " in said


@pytest.mark.prove(shard="pictures")
def test_fifty_drawn_folders_through_the_command_line(tmp_path: Path, package: str) -> None:
    for seed in range(SOME, SOME + THROUGH):
        (tmp_path / str(seed)).mkdir()
        _check(draw_folder(tmp_path / str(seed) / "drawn", seed, readable=True), package, tmp_path / str(seed))


def _pair(folder: Path) -> Path:
    """part1.jpg, a darker part1.png beside it, and a picture whose name makes it a mask."""
    folder.mkdir()
    for name, grey in (("part1.jpg", 20), ("part1.png", 250), ("spot_label.png", 250)):
        cv2.imwrite(str(folder / name), np.full((64, 80), grey, np.uint8))
    return folder


def test_a_png_beside_a_jpeg_of_its_stem_is_judged_and_a_mask_is_told(
    tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _pair(tmp_path / "parts")
    assert main(["scan", str(folder), "--model", package]) == 0
    said = capsys.readouterr().out
    assert "Inspected 2:  OK 1  NG 1" in said
    assert "2 pictures; left out 1: 1 mask by its name\nRename a picture" in said


def test_a_whole_folder_needs_no_account(tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _pair(tmp_path / "parts")
    (folder / "spot_label.png").unlink()
    assert main(["scan", str(folder), "--model", package]) == 0
    assert "left out" not in capsys.readouterr().out


def test_a_run_of_a_folder_tells_what_it_never_judges(
    tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _pair(tmp_path / "parts")
    (folder / "notes.txt").touch()
    assert main(["run", "--source", f"folder:{folder}", "--model", package, "--db", f"sqlite:///{tmp_path}/r.db"]) == 0
    said = capsys.readouterr()
    assert said.err.count("masks by their name (1). Rename a picture") == 1
    assert "no pictures" not in said.err
    assert "2 pictures; left out 2: 1 mask by its name, 1 file that is no picture" in said.out


def _cut_video(path: Path) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (80, 64))
    for number in range(20):
        writer.write(np.full((64, 80, 3), 20 + number, np.uint8))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 5])
    return path


def test_a_video_that_ends_early_is_told_everywhere_and_its_exit_code_is_3(
    tmp_path: Path, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    video, report = _cut_video(tmp_path / "cut.avi"), tmp_path / "report"
    words = ["scan", str(video), "--model", package, "--json", str(tmp_path / "a.json"), "--report", str(report)]
    assert main(words) == 3
    said = capsys.readouterr()
    found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    told = f"The video {video} ended after {found['judged']} of 20 frames."
    assert 0 < found["judged"] < 20
    assert found["ended_early"] == told
    assert f"lineside: {told}" in said.err
    assert f"Inspected {found['judged']}:" in said.out
    assert f"after {found['judged']} of 20 frames" in (report / "report.html").read_text(encoding="utf-8")
    assert main(["run", "--source", f"video:{video}", "--model", package, "--db", f"sqlite:///{tmp_path}/r.db"]) == 3
    assert told in capsys.readouterr().err


@pytest.mark.slow
def test_another_product_is_told_in_the_first_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = tmp_path / "biscuits", tmp_path / "out"
    folder.mkdir()
    for seed in range(3):
        cv2.imwrite(str(folder / f"{seed}.png"), biscuit(seed))
    words = ["scan", str(folder), "--model", str(demo_package("demo-segdec")), "--jsonl", str(tmp_path / "l.jsonl")]
    assert main([*words, "--json", str(tmp_path / "a.json"), "--report", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "3 of 3 are unknown to this model: another product?"
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["unknown"] == 3
    lines = [json.loads(line) for line in (tmp_path / "l.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["verdict"], line["label"], line["unknown"]) for line in lines] == [("REVIEW", "", True)] * 3
    assert all(line["reasons"][0].startswith("unknown part: ") for line in lines)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.index("3 of 3 are unknown to this model") < page.index("<table>") and "crease" not in page
    with (out / "inspections.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [(row["unknown"], row["label"], row["score"]) for row in csv.DictReader(file)] == [("yes", "", "")] * 3
