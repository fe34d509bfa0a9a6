"""`lineside learn` through main(): a few labelled pictures become a model that judges others, without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.backends.openvino import OpenVinoModel
from engine.judging.judge import Judge, Shown
from engine.packages.package import open_package
from engine.recipes.file import default_recipe
from main import main
from tests import ROOT

SIDE = 160


def plate(seed: int, spot: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A brushed plate, grey H×W; `spot`: radius of a dark pit in pixels."""
    random = np.random.default_rng(seed)
    lines = random.normal(150.0, 12.0, (SIDE, 1)) + random.normal(0.0, 4.0, (SIDE, SIDE))
    picture = np.clip(lines, 0, 255).astype(np.uint8)
    if spot:
        cv2.circle(picture, place(seed), spot, 45, -1)
    return picture


def place(seed: int) -> tuple[int, int]:
    x, y = np.random.default_rng(seed + 1).integers(40, SIDE - 40, 2)
    return int(x), int(y)


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """Twelve sound plates and eight with a pit, in class folders."""
    for label, count, spot in (("ok", 12, 0), ("pit", 8, 9)):
        (tmp_path / "parts" / label).mkdir(parents=True)
        for index in range(count):
            cv2.imwrite(str(tmp_path / "parts" / label / f"{index}.png"), plate(100 * bool(spot) + index, spot))
    return tmp_path / "parts"


@pytest.fixture
def painted(tmp_path: Path) -> Path:
    """Ten sound plates and four with a pit that is painted, as KolektorSDD lies on the disk."""
    for index in range(14):
        folder = tmp_path / "painted" / f"kos{index:02}"
        folder.mkdir(parents=True)
        mask = np.zeros((SIDE, SIDE), np.uint8)
        spot = 9 if index >= 10 else 0
        if spot:
            cv2.circle(mask, place(200 + index), spot, 255, -1)
        cv2.imwrite(str(folder / "Part0.jpg"), plate(200 + index, spot))
        cv2.imwrite(str(folder / "Part0_label.bmp"), mask)
    return tmp_path / "painted"


def outcomes(package: Path) -> tuple[list[str], list[str]]:
    """What the station says of eight plates it was not taught, sound and pitted."""
    opened = open_package(package)
    model = OpenVinoModel(opened, threads=1)
    judge = Judge(model, default_recipe(opened))
    try:
        sound, bad = ([judge.judge(Shown(plate(900 + i, spot))).verdict for i in range(8)] for spot in (0, 9))
    finally:
        model.close()
    return [v.outcome.name for v in sound], [v.outcome.name for v in bad]


def test_labelled_pictures_become_a_model_that_judges_others(
    parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, figures = tmp_path / "model", tmp_path / "figures.json"
    assert main(["learn", str(parts), "--out", str(out), "--json", str(figures), "--product", "plate 7"]) == 0
    said = capsys.readouterr().out
    assert "12 good and 8 bad parts" in said
    assert "defects that pass" in said
    told = json.loads(figures.read_text())
    assert told["left_out"]["bad_parts"] == 8
    assert told["escapes"]["of"] == 8
    assert told["auroc"]["binary"] > 0.9
    manifest = open_package(out).manifest
    assert (manifest.kind, manifest.lineage.product, manifest.lineage.preset) == ("classifier", "plate 7", "learn")
    assert sum(path.stat().st_size for path in out.iterdir()) <= 20_000_000
    sound, bad = outcomes(out)
    assert "OK" not in bad
    assert sound.count("OK") >= 6


def test_good_parts_alone_say_what_is_unusual(parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "model"
    assert main(["learn", str(parts), "--good-only", "--out", str(out)]) == 0
    assert "Nothing is known of defects that pass" in capsys.readouterr().out
    assert open_package(out).manifest.kind == "anomaly"
    sound, bad = outcomes(out)
    assert "OK" not in bad
    assert sound.count("OK") >= 6


def test_painted_defects_teach_where(painted: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    assert main(["learn", str(painted), "--out", str(out)]) == 0
    manifest = open_package(out).manifest
    assert (manifest.kind, manifest.map.kind) == ("segdec", "mask")
    sound, bad = outcomes(out)
    assert "OK" not in bad
    assert sound.count("OK") >= 6


def test_it_goes_on_from_a_package_with_what_that_was_taught(
    lineside_home: Path, parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = lineside_home / "datasets" / "first"
    kept.parent.mkdir(parents=True)
    parts.rename(kept)
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["learn", str(kept), "--out", str(first)]) == 0
    more = tmp_path / "more" / "scratch"
    more.mkdir(parents=True)
    (tmp_path / "more" / "ok").mkdir()
    for index in range(3):
        picture = plate(300 + index)
        cv2.line(picture, (20, 20 + 30 * index), (140, 40 + 30 * index), 230, 2)
        cv2.imwrite(str(more / f"{index}.png"), picture)
    cv2.imwrite(str(tmp_path / "more" / "ok" / "0.png"), plate(310))
    capsys.readouterr()
    assert main(["learn", str(tmp_path / "more"), "--from", str(first), "--out", str(second)]) == 0
    assert "are replayed" in capsys.readouterr().err
    manifest = open_package(second).manifest
    assert manifest.class_names == ("ok", "pit", "scratch")
    assert manifest.metrics["left_out"]["bad_parts"] == 11
    assert manifest.lineage.parent == open_package(first).version


def test_a_new_word_goes_before_what_the_package_was_taught(lineside_home: Path, parts: Path, tmp_path: Path) -> None:
    kept = lineside_home / "datasets" / "first"
    kept.parent.mkdir(parents=True)
    parts.rename(kept)
    assert main(["learn", str(kept), "--out", str(tmp_path / "first")]) == 0
    for label, name in (("pit", "0"), ("ok", "1")):
        (tmp_path / "more" / label).mkdir(parents=True)
        (tmp_path / "more" / label / "0.png").write_bytes((kept / "ok" / f"{name}.png").read_bytes())
    second = tmp_path / "second"
    assert main(["learn", str(tmp_path / "more"), "--from", str(tmp_path / "first"), "--out", str(second)]) == 0
    told = open_package(second).manifest.metrics["left_out"]
    assert (told["good_parts"], told["bad_parts"]) == (11, 9)


def test_one_picture_under_two_words_is_refused(
    parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (parts / "pit" / "again.png").write_bytes((parts / "ok" / "0.png").read_bytes())
    assert main(["learn", str(parts), "--out", str(tmp_path / "model")]) == 3
    assert "labelled" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_good_parts_alone_are_not_good_for_want_of_a_label(
    parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "yolo" / "images").mkdir(parents=True)
    (tmp_path / "yolo" / "labels").mkdir()
    for index in range(8):
        name = tmp_path / "yolo" / "images" / f"{index}.png"
        name.write_bytes((parts / "ok" / f"{index}.png").read_bytes())
        if index > 1:
            (tmp_path / "yolo" / "labels" / f"{index}.txt").touch()
    (tmp_path / "yolo" / "classes.txt").write_text("ok\n")
    (tmp_path / "yolo" / "labels" / "0.txt").write_text("0 0.5 0.5 x 0.1\n")
    words = ["learn", str(tmp_path / "yolo"), "--good-only", "--out", str(tmp_path / "model")]
    assert main(words) == 3
    assert "would be taken for sound" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_events_are_those_of_train(parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", str(parts), "--out", str(tmp_path / "model"), "--jsonl"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["started", "finished"]
    assert events[0]["train"] == 20
    assert events[1]["version"] == open_package(tmp_path / "model").version


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--good-only", "--recall", "0.99"], "Good parts alone say nothing of defects"),
        (["--recall", "0.99", "--cost", "100:1"], "exclude each other"),
        (["--recall", "40"], "from 0.5 to 1"),
        (["--from", "nowhere"], "There is no model package"),
    ],
)
def test_wrong_use_is_one_sentence_and_writes_nothing(
    parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    out = tmp_path / "model"
    assert main(["learn", str(parts), "--out", str(out), *words]) in {2, 3}
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert not out.exists()


def test_good_parts_that_are_too_few_or_all_alike_are_refused(
    parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in sorted((parts / "ok").iterdir())[3:]:
        path.unlink()
    assert main(["learn", str(parts), "--good-only", "--out", str(tmp_path / "model")]) == 3
    assert "3 good parts are too few" in capsys.readouterr().err
    for path in (parts / "ok").iterdir():
        path.unlink()
    for index in range(6):
        cv2.imwrite(str(parts / "ok" / f"{index}.png"), np.full((SIDE, SIDE), 90, np.uint8))
    assert main(["learn", str(parts), "--good-only", "--out", str(tmp_path / "model")]) == 3
    # Copies of one picture are one part.
    assert "1 good parts are too few" in capsys.readouterr().err


def test_nothing_is_learnt_while_a_label_is_not_used(
    parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shape = {"label": "scratch", "shape_type": "rectangle", "points": [[10, 10], [40, 40]]}
    drawn = {"imagePath": "0.png", "imageHeight": SIDE, "imageWidth": SIDE, "shapes": [shape]}
    (parts / "ok" / "0.json").write_text(json.dumps(drawn), encoding="utf-8")
    assert main(["learn", str(parts), "--out", str(tmp_path / "model")]) == 3
    assert "its folder pit beside ok may name a defect" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_the_limit_goes_by_what_must_be_caught(parts: Path, tmp_path: Path) -> None:
    limits = {}
    for name, rule in (("even", []), ("all", ["--recall", "1"]), ("dear", ["--cost", "1000:1"])):
        assert main(["learn", str(parts), "--out", str(tmp_path / name), *rule]) == 0
        manifest = open_package(tmp_path / name).manifest
        limits[name] = manifest.thresholds.ng_at
        assert manifest.metrics["left_out"]["escapes"]["count"] == 0
    assert len(set(limits.values())) == 3


def test_it_needs_no_torch(parts: Path, tmp_path: Path) -> None:
    code = f"""
import sys
for name in ("torch", "torchvision", "sklearn"):
    sys.modules[name] = None
from main import main
raise SystemExit(main(["learn", {str(parts)!r}, "--out", {str(tmp_path / "model")!r}]))
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    assert (tmp_path / "model" / "model.xml").is_file()
