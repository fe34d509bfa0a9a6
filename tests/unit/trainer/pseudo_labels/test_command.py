"""Labels by a model: what it is sure of becomes a data set, the rest a list with the reason."""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.domain.inspection import Outcome, Prediction, Scores, Verdict
from engine.domain.recipe import Guard, Limits, Recipe
from engine.errors import InputError, UsageError
from engine.packages.package import ModelPackage
from engine.recipes.file import default_recipe
from engine.reports.csv_tables import SEMICOLON
from tests.packages import HEIGHT, WIDTH, write_tiny_package
from trainer.arguments import add_label_arguments
from trainer.evaluation.evaluate import JudgedSample
from trainer.formats.labels.imagefolder import reading
from trainer.formats.lineside import open_lineside
from trainer.formats.samples.dataset import Sample
from trainer.pseudo_labels.command import BAND, BELOW, NOVEL, REFUSED, SEVERAL, UNREADABLE, label, labelled, run_label
from trainer.pseudo_labels.page import csv_of

pytestmark = pytest.mark.slow


def picture(path: Path, spot: int, seed: int) -> None:
    """A dark part with a spot of this grey: the model's defect score is the grey/255."""
    pixels = np.random.default_rng(seed).integers(0, 3, (HEIGHT, WIDTH), np.uint8)
    pixels[20:32, 20:32] = spot
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for n, spot in enumerate((2, 2, 255, 252, 20, 128, 215)):
        picture(tmp_path / "new" / f"{n}.png", spot, n)
    (tmp_path / "new" / "sub").mkdir()
    (tmp_path / "new" / "sub" / "copy.png").write_bytes((tmp_path / "new" / "0.png").read_bytes())
    (tmp_path / "new" / "=broken.png").write_bytes(b"no picture")
    return tmp_path / "new"


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return write_tiny_package(tmp_path / "model", review=0.1)


def test_sure_labels_become_a_data_set_and_the_others_a_list(
    folder: Path, package: ModelPackage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_label_arguments(parser)
    out = tmp_path / "out"
    assert run_label(parser.parse_args([str(folder), "--model", str(package.folder), "--out", str(out)])) == 0
    dataset = open_lineside(out)
    assert dataset.counts() == {"ok": 2, "defect": 2} and dataset.ok_classes == ("ok",)
    items = json.loads((out / "dataset.json").read_text(encoding="utf-8"))["items"]
    assert all(item["pseudo"] and item["group"] == item["path"] for item in items)
    assert items[0]["why"].startswith(f"pseudo-label by tiny {package.version}, score 0.99")
    with (out / "review.csv").open(encoding="utf-8", newline="") as file:
        found = {row["path"]: row["reason"] for row in csv.DictReader(file)}
    assert found == {"'=broken.png": UNREADABLE, "4.png": BELOW, "5.png": BAND, "6.png": BELOW}
    page = (out / "review.html").read_text(encoding="utf-8")
    assert "To be decided: 4" in page and page.count("data:image/jpeg") == 7 and "http" not in page
    said = capsys.readouterr().out
    assert "4 of 8 pictures are labelled by tiny" in said and "1 pictures are copies" in said
    assert "A person must look" in said and "not calibrated" in said
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_what_lies_beside_the_pictures_is_counted(folder: Path, package: ModelPackage, tmp_path: Path) -> None:
    for name in ("0_label.png", "0.jpg", "x.heic", "notes.txt"):
        picture(folder / name, 2, 9)
    (folder / "linked").symlink_to(folder / "sub")
    made = label(folder, package, default_recipe(package), 0.95, tmp_path / "out")
    assert len(made.taken) + len(made.left) + made.copies + len(made.left_out) == len(list(folder.rglob("*"))) - 1
    counted = "left out 4: 1 mask by its name, 1 linked folder, 1 file of a kind that is not read (.heic)"
    assert any(counted in line for line in made.in_words())
    assert "1 mask by its name" in (tmp_path / "out" / "review.html").read_text(encoding="utf-8")


def test_what_is_there_is_not_overwritten(folder: Path, package: ModelPackage, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("keep", encoding="utf-8")
    recipe = default_recipe(package)
    with pytest.raises(InputError, match="is not empty"):
        label(folder, package, recipe, 0.95, tmp_path / "out")
    with pytest.raises(UsageError, match="lies inside"):
        label(folder, package, recipe, 0.95, folder / "out")
    with pytest.raises(UsageError, match=r"not in 0…1"):
        label(folder, package, recipe, 1.5, tmp_path / "other")
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="holds no pictures"):
        label(tmp_path / "none", package, recipe, 0.95, tmp_path / "other")


def test_without_a_sure_label_there_is_no_data_set(folder: Path, package: ModelPackage, tmp_path: Path) -> None:
    made = label(folder, package, default_recipe(package), 1.0, tmp_path / "out")
    assert {one.sample.key for one in made.taken} == {"2.png"}
    (folder / "2.png").unlink()
    label(folder, package, default_recipe(package), 1.0, tmp_path / "again")
    assert not (tmp_path / "again" / "dataset.json").exists() and (tmp_path / "again" / "review.csv").is_file()


def judged(scores: Scores, outcome: Outcome, label: str, *, unknown: bool = False) -> JudgedSample:
    sample = Sample("a", "", "a", reading(Path("a")))
    return JudgedSample(sample, Prediction(scores), Verdict(outcome, label, 0.5, ("why",), unknown))


def test_guard_and_novelty_leave_a_picture_to_a_person() -> None:
    recipe = Recipe("", 1, ("ok",), Limits(), guard=Guard(novelty_max=1.0))
    sure = Scores(("ok", "dent"), (0.99, 0.01))
    assert labelled(judged(sure, Outcome.OK, "ok"), recipe, 0.95).reason == ""
    for outcome in (Outcome.REVIEW, Outcome.NO_VERDICT):
        unknown = labelled(judged(sure, outcome, "", unknown=True), recipe, 0.95)
        assert (unknown.reason, unknown.label, unknown.detail) == (NOVEL, "", "why")
    refused = labelled(judged(sure, Outcome.NO_VERDICT, ""), recipe, 0.95)
    assert (refused.reason, refused.label, refused.detail) == (REFUSED, "", "why")


def test_many_labels_are_all_sure_or_none_is_taken() -> None:
    recipe = Recipe("", 1, (), Limits())
    scores = Scores(("dent", "scratch", "pit"), (0.99, 0.97, 0.02), exclusive=False)
    found = labelled(judged(scores, Outcome.NG, "dent"), recipe, 0.95)
    assert (found.reason, found.also, found.score) == ("", ("scratch",), 0.99)
    unsure = replace(scores, values=(0.99, 0.5, 0.02))
    assert labelled(judged(unsure, Outcome.NG, "dent"), recipe, 0.95).reason == SEVERAL
    none = replace(scores, values=(0.01, 0.02, 0.03))
    sound = labelled(judged(none, Outcome.OK, "ok"), recipe, 0.95)
    assert (sound.label, sound.score, sound.reason) == ("ok", 0.97, "")


def test_list_holds_no_formulas() -> None:
    one = labelled(
        judged(Scores(("ok", "@x"), (0.4, 0.6)), Outcome.REVIEW, "@x"), Recipe("", 1, ("ok",), Limits()), 0.9
    )
    assert csv_of([one]).decode().splitlines()[1] == "a,'@x,0.600000,REVIEW band,why"
    assert csv_of([one], SEMICOLON).decode().splitlines()[1] == "a;'@x;0,600000;REVIEW band;why"
