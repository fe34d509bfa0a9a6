"""What an evaluation counts: a data set's truth in the model's words, and pictures without a verdict."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.domain.inspection import Prediction, Scores
from engine.domain.recipe import Guard, Limits, Recipe
from engine.packages.manifest import LimitSpec
from engine.recipes.file import default_recipe
from engine.verdicts.verdict import decide
from tests.packages import write_tiny_package
from trainer.evaluation.evaluate import JudgedSample, _figures, evaluate, truth_of
from trainer.evaluation.mistakes import Gallery
from trainer.formats.samples.dataset import Dataset, Sample


@pytest.mark.parametrize(
    ("label", "model_ok", "truth"),
    [
        ("good", ("ok",), "ok"),
        ("good", ("good", "clean"), "good"),
        ("good", ("ok", "clean"), "good"),
        ("good", (), "ok"),
        ("pit", ("ok",), "pit"),
        ("pit", (), "pit"),
    ],
)
def test_truth_is_in_the_models_words(label: str, model_ok: tuple[str, ...], truth: str) -> None:
    sample = Sample("1", label, "1", lambda: (np.zeros((8, 8), np.uint8), None))
    dataset = Dataset("d", "folder", ("good", "pit"), ("good",), (sample,))
    assert truth_of(sample, dataset, Recipe("r", 1, model_ok, Limits())) == truth


def test_picture_outside_the_guard_is_counted_as_not_passed(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    dark, spot = np.zeros((64, 80), np.uint8), np.full((64, 80), 60, np.uint8)
    spot[20:40, 20:40] = 250
    samples = tuple(
        Sample(str(i), label, str(i), lambda pixels=pixels: (pixels, None))  # type: ignore[misc]
        for i, (label, pixels) in enumerate((("ok", dark), ("ok", np.full_like(dark, 60)), ("defect", spot)))
    )
    dataset = Dataset("d", "folder", ("ok", "defect"), ("ok",), samples)
    recipe = replace(default_recipe(package), guard=Guard(brightness=(20.0, 250.0)))
    lines: list[str] = []
    figures = evaluate(package, dataset, recipe=recipe, line=lines.append)
    assert figures["no_verdict"] == 1
    assert figures["overkill"]["count"] == 1 and figures["escapes"]["count"] == 0
    assert "NO VERDICT" in figures["confusion"]["classes"]
    assert [json.loads(line)["sound"] for line in lines] == [True, True, False]


def test_figures_are_told_as_the_station_judges_beside_the_models_own(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    package.manifest.thresholds = LimitSpec(ng_at=0.5, review_from=0.4, review_to=0.6)
    # Of the tiny model a grey of 128 lies in the review band, which the model's own figures leave out.
    greys = (("ok", 60), ("ok", 128), ("ok", 250), ("scratch", 128), ("scratch", 60), ("scratch", 250))
    samples = tuple(
        Sample(str(i), label, str(i), lambda grey=grey: (np.full((64, 80), grey, np.uint8), None))  # type: ignore[misc]
        for i, (label, grey) in enumerate(greys)
    )
    dataset = Dataset("d", "folder", ("ok", "scratch"), ("ok",), samples)
    figures = evaluate(package, dataset)
    found = figures["as_judged"]
    assert found["sound"] == {"OK": 1, "NG": 1, "REVIEW": 1, "NO VERDICT": 0}
    assert found["defective"] == {"OK": 1, "NG": 1, "REVIEW": 1, "NO VERDICT": 0}
    assert (found["escapes"]["count"], found["escapes"]["of"]) == (1, 3)
    assert (found["review"]["count"], found["review"]["of"]) == (2, 6)
    assert found["says_little"]
    dark = replace(default_recipe(package), guard=Guard(brightness=(100.0, 255.0)))
    refused = evaluate(package, dataset, recipe=dark)["as_judged"]
    assert refused["sound"]["NO VERDICT"] == refused["defective"]["NO VERDICT"] == 1


def test_unknown_parts_are_set_aside_and_told(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    recipe = replace(default_recipe(package), guard=Guard(novelty_max=1.0))
    dataset = Dataset("d", "folder", ("ok", "defect"), ("ok",), ())
    strange = Prediction(Scores(("ok", "defect"), (0.0, 1.0)), novelty=2.0)
    sound, broken = (
        JudgedSample(Sample(label, label, label, lambda: (np.zeros((8, 8), np.uint8), None)), strange, verdict)
        for label, verdict in ((label, decide(strange, recipe)) for label in ("ok", "defect"))
    )
    figures = _figures([sound, broken], package, dataset, recipe)
    assert figures["unknown"] == {"defective": 1, "sound": 1}
    assert (figures["escapes"]["count"], figures["overkill"]["count"]) == (0, 0)
    assert figures["confusion"]["matrix"][0][figures["confusion"]["classes"].index("unknown part")] == 1
    gallery = Gallery(("ok", "defect"), ("ok",))
    for judged in (sound, broken):
        gallery.see(judged, judged.sample.label)
    assert not gallery.most_confident() and gallery.counted.to_a_person.count == 2
