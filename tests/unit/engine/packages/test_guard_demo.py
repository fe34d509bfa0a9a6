"""The shipped demo model with its guard: fresh parts of lines it never saw are judged, everything else is stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.backends.load import load_model
from engine.backends.openvino import OpenVinoModel
from engine.domain.inspection import Outcome, Pixels
from engine.images.listing import list_folder
from engine.images.pictures import read_picture
from engine.packages.package import ModelPackage, open_package
from engine.recipes.file import default_recipe, without_review
from engine.sources.demo import ALL_KINDS, PartMaker
from engine.system.places import demo_package
from engine.verdicts.verdict import decide
from tests.frames import biscuit

pytestmark = pytest.mark.slow

LINES = (7, 31)
Change = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@pytest.fixture(scope="module", params=["demo-segdec", "demo-classifier"])
def package(request: pytest.FixtureRequest) -> ModelPackage:
    return open_package(demo_package(request.param))


@pytest.fixture(scope="module")
def parts() -> list[Pixels]:
    makers = [PartMaker(line, kinds=ALL_KINDS, defect_rate=0.6) for line in LINES]
    return [maker.part(index).pixels for maker in makers for index in range(30)]


@pytest.fixture(scope="module")
def model(package: ModelPackage) -> Iterator[OpenVinoModel]:
    """As the line runs it: the INT8 graph."""
    assert package.int8_graph is not None
    found = load_model(package)
    assert isinstance(found, OpenVinoModel)
    yield found
    found.close()


def test_fresh_parts_with_every_kind_of_defect_raise_no_alarm(
    package: ModelPackage, model: OpenVinoModel, parts: list[Pixels]
) -> None:
    recipe = without_review(default_recipe(package))
    judged = [model.run(pixels) for pixels in parts]
    assert {decide(p, recipe).outcome for p in judged} == {Outcome.OK, Outcome.NG}
    assert max(p.novelty for p in judged if p.novelty is not None) < 1.0


NOISE = np.random.default_rng(0).normal(0, 1, (1024, 1280))
SPOILT: dict[str, Change] = {
    "lens cap": lambda x: x * 0 + 4 + 3 * NOISE,
    "white": lambda x: x * 0 + 255,
    "over-exposed": lambda x: x * 3,
    "defocus of 4 %": lambda x: np.asarray(cv2.GaussianBlur(x, (0, 0), 0.04 * 1024)),
    "noise": lambda x: x * 0 + 128 + 60 * NOISE,
    "uniform wall": lambda x: x.mean() + 4 * NOISE,
    "wall lit from a side": lambda x: x.mean() + 4 * NOISE + np.linspace(-20, 20, 1280),
}


@pytest.mark.parametrize("what", list(SPOILT))
def test_pictures_of_something_else_are_never_judged(
    package: ModelPackage, model: OpenVinoModel, parts: list[Pixels], what: str
) -> None:
    recipe = without_review(default_recipe(package))
    for pixels in parts[::10]:
        spoilt = np.clip(SPOILT[what](pixels.astype(np.float64)), 0, 255).astype(np.uint8)
        assert decide(model.run(spoilt), recipe).outcome is Outcome.NO_VERDICT


def test_sharp_pictures_of_another_product_are_unknown_and_blamed_for_nothing(
    package: ModelPackage, model: OpenVinoModel
) -> None:
    recipe = without_review(default_recipe(package))
    for seed in range(5):
        verdict = decide(model.run(biscuit(seed)), recipe)
        assert (verdict.outcome, verdict.label, verdict.unknown) == (Outcome.REVIEW, "", True)
        words = [reason.split(":")[0] for reason in verdict.reasons]
        assert words == ["unknown part", "the picture has less fine detail than those taught"]


@pytest.mark.parametrize("folder", ["casting/test", "kolektorsdd", "magnetic_tile", "xsdd", "bsdata/data"])
def test_real_parts_of_other_products_are_unknown(
    package: ModelPackage, model: OpenVinoModel, real_data: Path, folder: str
) -> None:
    kinds = (".jpg", ".jpeg", ".png") if folder == "xsdd" else (".jpg", ".jpeg")
    pictures = [p for p in list_folder(real_data / folder).pictures if p.suffix in kinds][::15]
    verdicts = [decide(model.run(read_picture(p)), default_recipe(package)) for p in pictures]
    assert all(v.outcome in (Outcome.REVIEW, Outcome.NO_VERDICT) and not v.label for v in verdicts)
    assert sum(v.unknown for v in verdicts) >= 0.9 * len(verdicts) > 5
    assert not any("blurred" in reason for v in verdicts for reason in v.reasons)


def test_int8_gives_the_verdicts_of_fp32(package: ModelPackage, model: OpenVinoModel, parts: list[Pixels]) -> None:
    recipe = without_review(default_recipe(package))
    exact = load_model(package, precision="f32")
    try:
        some = parts[::3]
        same = [decide(model.run(p), recipe).outcome is decide(exact.run(p), recipe).outcome for p in some]
    finally:
        exact.close()
    assert all(same)
