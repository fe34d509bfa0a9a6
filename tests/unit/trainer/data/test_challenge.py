"""Known parts judge and never teach; the new model beside the active one; a handful of corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DatasetError
from engine.packages.manifest import PACKAGE_SCHEMA, ClassSpec, LimitSpec, Lineage, Manifest
from engine.packages.package import ModelPackage
from engine.preprocessing.input_spec import InputSpec
from trainer.formats.samples.dataset import Dataset, Sample, make_dataset
from trainer.split import Split

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("lightning_fabric", reason="needs the train extra")

import torch

from engine.networks.graph import Novelty
from trainer.config import TrainConfig
from trainer.data.challenge import identity, known_parts, open_challenge, without_known
from trainer.data.material import FEWEST_TO_HOLD, LESSONS_ALONE, RATE_ALONE, gather
from trainer.packaging.calibrate import surely_better
from trainer.packaging.compare import MOST_FLIPS, JudgedParts, Rules, change_in_words, flips
from trainer.packaging.finish import FEWEST_TO_CHOOSE, few
from trainer.packaging.guard import distances, widened

CONFIG = TrainConfig(kind="classifier", architecture="line_cnn", validation_fraction=0.2, test_fraction=0.0, replay=80)
REPLAYED = "demo:?seed=1&count=100&defect_rate=0.5&kinds=pit"


def nothing() -> tuple[np.ndarray, None]:
    return np.zeros((8, 8), np.uint8), None


def sample(key: str, label: str, digest: str = "") -> Sample:
    return Sample(key, label, key, nothing, digest=digest)


def dataset(labels: Sequence[str], name: str = "parts") -> Dataset:
    """As a station exports it: the model's classes are named, whether there are parts of them or not."""
    samples = [sample(f"{i}.png", label, f"d{i}") for i, label in enumerate(labels)]
    return make_dataset(name, "lineside", samples, classes=("ok", "pit"))


def package(classes: Sequence[str] = ("ok", "pit"), ok: Sequence[str] = ("ok",), taught_on: str = "") -> ModelPackage:
    return ModelPackage(
        Path(),
        Manifest(
            schema=PACKAGE_SCHEMA,
            name="active",
            kind="classifier",
            architecture="line_cnn",
            classes=[ClassSpec(name=n, role="ok" if n in ok else "defect") for n in classes],
            input=InputSpec(height=64, width=64, channels=1),
            thresholds=LimitSpec(),
            lineage=Lineage(dataset=taught_on),
        ),
        "",
    )


def test_a_challenge_set_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    assert open_challenge("") is None
    with pytest.raises(DatasetError, match="challenge set cannot be used"):
        open_challenge(str(tmp_path))
    with pytest.raises(DatasetError, match="challenge set cannot be used"):
        open_challenge(str(tmp_path / "gone"))


def test_known_parts_speak_the_models_words() -> None:
    known = known_parts(dataset(["good", "pit", "burnish"]), ("fine", "pit"), ("fine",))
    assert known.truth == ("fine", "pit", "burnish")
    assert len(known.notes) == 1 and "burnish" in known.notes[0]
    assert known_parts(dataset(["good", "pit"]), ("pit", "scratch"), ()).truth == ("ok", "pit")
    with pytest.raises(DatasetError, match="none of the model's classes"):
        known_parts(dataset(["cat", "dog"]), ("ok", "pit"), ("ok",))


def test_copies_of_known_parts_leave_the_training() -> None:
    known = known_parts(dataset(["ok", "pit"]), ("ok", "pit"), ("ok",))
    samples = [sample("a", "ok", "d0"), sample("b", "pit", "new"), sample("c", "pit", "d1"), sample("d", "ok", "d0")]
    left, notes = without_known(Split((0, 1), (2,), (3,)), samples, known)
    assert (left.train, left.validation, left.test, left.dropped) == ((1,), (), (3,), (0, 2))
    assert notes == ["2 pictures are left out of the training: they are in the challenge set."]
    assert without_known(left, samples, known) == (left, [])
    for parts, taught in ((Split((0,), (1,), ()), None), (Split((0, 1), (), ()), 1)):
        with pytest.raises(DatasetError, match="known parts must not teach"):
            without_known(parts, samples, known, taught)


def test_a_made_part_is_known_again_when_it_is_replayed() -> None:
    assert (
        identity(sample(f"{REPLAYED}/1/17", "ok")) == identity(sample("1/17", "ok")) != identity(sample("2/17", "ok"))
    )


def judged(rejected: Sequence[bool]) -> JudgedParts:
    scores = np.array([[0.1, 0.9] if bad else [0.9, 0.1] for bad in rejected])
    return JudgedParts(Rules.of(package().manifest), scores)


def test_flips_are_counted_listed_and_tested() -> None:
    truth = ["pit", "pit", "ok", "ok", "pit"]
    before, after = judged([False, False, False, True, True]), judged([True, True, True, True, True])
    turned = flips(["a", "b", "c", "d", "e"], truth, before, after)
    assert (turned["gained"], turned["lost"]) == (2, 1) and turned["p"] == 1.0
    assert turned["parts"][0] == {"key": "c", "truth": "ok", "before": "ok", "after": "pit", "gained": False}
    assert [p["key"] for p in turned["parts"]] == ["c", "a", "b"]
    low, high = turned["gained_share"]
    assert 0.0 < low < 2 / 3 < high < 1.0
    said = change_in_words("Challenge set", after.figures(truth), before.figures(truth), turned)
    assert said == ("Challenge set: escapes 2 → 0 of 3, false rejects 1 → 2 of 2; 2 parts gained, 1 lost (p = 1).")
    assert change_in_words("Known", after.figures(truth), None) == "Known: escapes 0 of 3, false rejects 2 of 2."
    many = flips([str(i) for i in range(300)], ["pit"] * 300, judged([False] * 300), judged([True] * 300))
    assert many["gained"] == 300 and len(many["parts"]) == MOST_FLIPS and many["p"] == 0.0


def test_without_a_sound_class_a_flip_is_another_class() -> None:
    rules = Rules.of(package(("pit", "scratch"), ()).manifest)
    before, after = JudgedParts(rules, np.array([[0.9, 0.1]] * 2)), JudgedParts(rules, np.array([[0.1, 0.9]] * 2))
    turned = flips(["a", "b"], ["scratch", "pit"], before, after)
    assert (turned["gained"], turned["lost"]) == (1, 1)
    assert change_in_words("Set", rules.figures(["pit"], np.array([[0.1, 0.9]])), None) == "Set: wrong 1 of 1."


def test_few_held_out_parts_choose_no_threshold() -> None:
    n = FEWEST_TO_CHOOSE
    assert few(["ok"] * n + ["pit"] * (n - 1), ["ok"]) and few(["ok"] * (n - 1) + ["pit"] * n, ["ok"])
    assert not few(["ok"] * n + ["pit"] * n, ["ok"])
    assert not few(["pit"] * n, [])


def test_a_threshold_that_chance_prefers_is_not_taken() -> None:
    bad = np.arange(40) % 2 == 0
    score = np.where(bad, 0.45, 0.3)
    assert surely_better(bad, score, 0.5, 0.4)
    assert not surely_better(bad[:6], score[:6], 0.5, 0.4), "three gains are a coin's"
    assert not surely_better(bad, score, 0.4, 0.5) and not surely_better(bad, score, 0.4, 0.42)


@pytest.mark.parametrize("labels", [["pit"], ["pit", "ok", "pit", "ok", "dent"], ["dent"] * (FEWEST_TO_HOLD - 1)])
def test_a_handful_is_taught_whole_beside_what_is_replayed(labels: list[str]) -> None:
    parent = package(taught_on=REPLAYED)
    found = gather(dataset(labels), CONFIG, parent)
    assert set(range(len(labels))) <= set(found.split.train) and found.new is not None
    assert found.split.validation and min(found.split.validation) >= len(labels)
    assert found.settings == {"validation_fraction": 0.0}
    assert any("too few to hold" in note for note in found.notes)


def test_many_corrections_are_held_out_too() -> None:
    found = gather(dataset(["pit", "ok"] * 20), CONFIG, package(taught_on=REPLAYED))
    assert found.settings == {} and 4 <= sum(i < 40 for i in found.split.validation) <= 12


@pytest.mark.parametrize("labels", [["pit"] * 5, ["pit", "dent"], ["ok"]])
def test_one_sided_corrections_alone_are_refused(labels: list[str]) -> None:
    with pytest.raises(DatasetError, match="nothing of the parent's data can be replayed"):
        gather(dataset(labels), CONFIG, package())


def test_corrections_alone_are_taught_less_and_more_slowly() -> None:
    config = CONFIG.model_copy(update={"samples_per_epoch": 480})
    found = gather(dataset(["pit", "ok"] * 3), config, package())
    assert found.new is None and found.split.validation == ()
    rate = RATE_ALONE * config.learning_rate
    assert found.settings == {
        "validation_fraction": 0.0,
        "samples_per_epoch": 6 * LESSONS_ALONE,
        "learning_rate": rate,
    }
    assert any("Nothing is replayed" in note for note in found.notes)


def test_known_parts_are_not_replayed() -> None:
    known = make_dataset("known", "demo", [sample(f"1/{i}", "ok" if i % 2 else "pit") for i in range(50)])
    plain = gather(dataset(["pit", "ok"]), CONFIG, package(taught_on=REPLAYED))
    found = gather(dataset(["pit", "ok"]), CONFIG, package(taught_on=REPLAYED), known)
    taken = {identity(s) for s in known.samples}
    assert taken & {identity(plain.samples[i]) for i in plain.split.train}
    assert not taken & {identity(found.samples[i]) for i in (*found.split.train, *found.split.validation)}
    assert found.known is not None and len(found.known.truth) == 50


def test_a_parents_novelty_is_widened_to_hold_what_was_taught() -> None:
    rng = np.random.default_rng(1)
    mean, matrix = torch.zeros(4), torch.eye(4)
    far = rng.normal(3.0, 1.0, (40, 4)).astype(np.float32)
    wide = widened(Novelty(mean, matrix, 1.0), far)
    assert float(wide.limit) >= float(np.quantile(distances(far, np.zeros(4), np.eye(4)), 0.99))
    assert float(widened(Novelty(mean, matrix, 99.0), far).limit) == 99.0
    assert float(widened(Novelty(mean, matrix, 2.0), far[:0]).limit) == 2.0


def test_a_challenge_set_is_checked_without_a_parent_too() -> None:
    data = dataset(["pit", "ok"] * 20)
    with pytest.raises(DatasetError, match="none of the model's classes"):
        gather(data, CONFIG, None, dataset(["cat", "dog"], "known"))
    known = replace(data, samples=data.samples[:10])
    found = gather(data, CONFIG, None, known)
    assert not {i for i in (*found.split.train, *found.split.validation) if i < 10}
