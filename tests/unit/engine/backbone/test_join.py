"""Backbone and head in one graph say what the head says of the backbone's description, and where: to the digit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray

from engine.backbone.backbone import Backbone, Description
from engine.backbone.evidence import fixed, layout, turning
from engine.backbone.graph import TAPS, graph, named
from engine.backbone.join import Head, files_of, joined
from engine.backends.core import core
from engine.backends.openvino import LEARNT, OpenVinoModel
from engine.learning.class_head import ClassHead, fit_classes
from engine.learning.good_only import GoodOnly, fit_good
from engine.learning.novelty import Novelty
from engine.learning.patch_head import PatchHead
from engine.learning.taught import taught
from engine.packages.manifest import PACKAGE_SCHEMA, ClassSpec, Manifest, MapSpec
from engine.packages.package import write_package
from engine.preprocessing.input_spec import InputSpec
from tests.unit.engine.backbone.drawn import drawn

HEIGHT, WIDTH = 96, 160
SIZE = (HEIGHT, WIDTH, 3)
PICTURES = drawn(24, HEIGHT, WIDTH)
WORDS = [("ok", "pit", "scratch")[index % 3] for index in range(24)]
PARTS = [f"part{index:02}" for index in range(24)]


@pytest.fixture(scope="module")
def described() -> list[Description]:
    return list(Backbone(HEIGHT, WIDTH, 3, patches=True).describe(PICTURES))


@pytest.fixture(scope="module")
def values(described: list[Description]) -> NDArray[np.float64]:
    return np.stack([found.whole for found in described]).astype(np.float64)


@pytest.fixture(scope="module")
def class_head(values: NDArray[np.float64]) -> ClassHead:
    return fit_classes(taught(values, PARTS, WORDS), ("ok", "pit", "scratch")).head


@pytest.fixture(scope="module")
def good_only(values: NDArray[np.float64]) -> GoodOnly:
    return fit_good(taught(values[:12], PARTS[:12], ["ok"] * 12)).head


@pytest.fixture(scope="module")
def placing() -> PatchHead:
    return PatchHead(np.random.default_rng(0).normal(0.0, 0.05, 352), 0.2, 3.0, -1.0)


def answers(model: ov.Model, names: tuple[str, ...]) -> list[list[NDArray[np.float64]]]:
    """Of every picture, each output without its batch."""
    run = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return [
        [np.asarray(found[name][0], np.float64) for name in names] for found in map(run, (p[None] for p in PICTURES))
    ]


def logistic(height: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-height))


def test_class_head_scores_in_the_graph_as_in_numpy(values: NDArray[np.float64], class_head: ClassHead) -> None:
    found = answers(joined(SIZE, class_head), ("scores", "map"))
    assert np.allclose([scores for scores, _ in found], class_head.scores(values), rtol=1e-5, atol=1e-6)
    assert {maps.shape for _, maps in found} == {(3, HEIGHT // 8, WIDTH // 8)}
    assert all(maps.min() >= 0.0 for _, maps in found)


def test_good_only_head_scores_in_the_graph_as_in_numpy(values: NDArray[np.float64], good_only: GoodOnly) -> None:
    found = answers(joined(SIZE, good_only), ("scores", "map"))
    told = good_only.scores(values)
    assert np.allclose([scores for scores, _ in found], np.stack([1.0 - told, told], 1), rtol=1e-5, atol=1e-6)
    assert all(not maps[0].any() and maps[1].min() >= 0.0 and maps[1].any() for _, maps in found)


def test_patch_head_scores_and_maps_in_the_graph_as_in_numpy(described: list[Description], placing: PatchHead) -> None:
    found = answers(joined(SIZE, placing), ("scores", "map"))
    patches = np.stack([each.patches for each in described if each.patches is not None]).astype(np.float64)
    told = patches @ placing.weights + placing.bias
    worst = np.sort(told.reshape(len(told), -1), 1)[:, -5:].mean(1)
    score = logistic(placing.gain * worst + placing.offset)
    assert np.allclose([maps[0] for _, maps in found], logistic(placing.gain * told + placing.offset), atol=1e-5)
    assert np.allclose([scores for scores, _ in found], np.stack([1.0 - score, score], 1), atol=1e-5)


def test_novelty_is_the_length_left_over_by_its_limit(values: NDArray[np.float64], good_only: GoodOnly) -> None:
    novelty = Novelty(good_only.standard, good_only.axes, 7.0)
    found = answers(joined(SIZE, good_only, novelty), ("novelty",))
    assert np.allclose([one[0] for (one,) in found], good_only.residuals(values) / 7.0, rtol=1e-5)


def places_of(flat: NDArray[np.float64], usual: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each of n places (C×n) gives to mean, deviation and maximum beyond the usual: 3C×n."""
    mean, deviation, top = flat.mean(1, keepdims=True), flat.std(1, keepdims=True), flat.max(1, keepdims=True)
    usual_mean, usual_deviation, usual_top = np.split(usual[:, None], 3)
    held = flat == top
    shares = held * flat.shape[1] / held.sum(1, keepdims=True)
    spread = (flat - mean) ** 2 / deviation - usual_deviation
    return np.concatenate([flat - usual_mean, spread, shares * (top - usual_top)])


def test_map_of_a_class_is_its_sum_divided_among_the_places(values: NDArray[np.float64], class_head: ClassHead) -> None:
    """Nothing added, nothing left out, before the negative is cut off; and of each tap as numpy divides it."""
    whole = graph(*SIZE)
    taps = [whole.output(name).get_node().input_value(0) for name in TAPS]
    linear = class_head.linear
    weights = linear.weights / linear.standard.deviation[:, None]
    outputs = [named(fixed(taps, linear.standard.mean, weights), "signed")]
    outputs += [named(tap, name) for tap, name in zip(taps, TAPS, strict=True)]
    found = answers(ov.Model(outputs, whole.get_parameters(), "signed"), ("signed", *TAPS))
    sums = linear.of(values) - linear.bias
    assert np.allclose([signed.mean((1, 2)) for signed, *_ in found], sums, rtol=1e-4, atol=1e-4)
    signed, *seen = found[5]
    part = layout()[1]
    told = weights[part].T @ places_of(seen[1].reshape(len(seen[1]), -1), linear.standard.mean[part])
    others = weights.copy()
    others[part] = 0.0
    rest = ov.Model([named(fixed(taps, linear.standard.mean, others), "rest")], whole.get_parameters(), "rest")
    (left,) = answers(rest, ("rest",))[5]
    assert np.allclose(signed - left, told.reshape(signed.shape), atol=1e-4)


def test_map_of_what_is_left_over_sums_to_its_length(values: NDArray[np.float64], good_only: GoodOnly) -> None:
    whole = graph(*SIZE)
    taps = [whole.output(name).get_node().input_value(0) for name in TAPS]
    scaled = good_only.standard.of(values)
    left = scaled - scaled @ good_only.axes @ good_only.axes.T
    lengths = np.linalg.norm(left, axis=1)
    # An axis explains a share of itself: the direction that sums to the length goes through the axes twice.
    left = left - left @ good_only.axes @ good_only.axes.T
    for index in (0, 5, 20):
        along = np.asarray(left[index] / lengths[index] / good_only.standard.deviation, np.float32)[None]
        signed = turning(taps, good_only.standard.mean, along)
        model = ov.Model([named(signed, "signed")], whole.get_parameters(), "signed")
        (found,) = answers(model, ("signed",))[index]
        assert found.mean() == pytest.approx(lengths[index], rel=1e-4)


def package_of(folder: Path, head: Head, classes: tuple[str, ...], kind: Any) -> OpenVinoModel:
    manifest = Manifest(
        schema=PACKAGE_SCHEMA,
        name="learnt",
        kind="segdec" if kind == "mask" else "classifier",
        architecture=LEARNT,
        classes=[ClassSpec(name=name, role="ok" if name == "ok" else "defect") for name in classes],
        input=InputSpec(height=HEIGHT, width=WIDTH, channels=3),
        map=MapSpec(kind=kind),
    )
    return OpenVinoModel(write_package(folder, manifest, files_of(joined(SIZE, head))))


def test_package_of_each_head_judges_pictures_in_f32_with_a_map(
    tmp_path: Path, values: NDArray[np.float64], class_head: ClassHead, good_only: GoodOnly, placing: PatchHead
) -> None:
    two = ("ok", "defect")
    for name, head, classes, kind in (
        ("classes", class_head, ("ok", "pit", "scratch"), "cam"),
        ("good", good_only, two, "cam"),
        ("places", placing, two, "mask"),
    ):
        model = package_of(tmp_path / name, head, classes, kind)
        assert model._compiled.get_property("INFERENCE_PRECISION_HINT") == ov.Type.f32
        said = [model.run(picture) for picture in PICTURES[:4]]
        if isinstance(head, ClassHead):
            assert np.allclose([found.scores.values for found in said], head.scores(values[:4]), rtol=1e-5, atol=1e-6)
        assert all(found.heat is not None and not found.doubt for found in said)
        assert sum(path.stat().st_size for path in (tmp_path / name).iterdir()) < 20_000_000
        model.close()
