"""The one judge: a picture gets the same verdict alone, in flight and from what was seen already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from engine.backends.load import load_model
from engine.domain.inspection import ModelRef, Outcome, Pixels, Prediction, Region, Scores
from engine.domain.recipe import WHOLE, Guard, View
from engine.errors import InferenceError
from engine.judging.judge import Judge, Shown, by_recipe, not_judged
from engine.judging.many import MAX_FAILED_IN_A_ROW, Asked, Judging
from engine.packages.package import ModelPackage
from engine.recipes.file import default_recipe
from engine.station.swap import prove
from tests.frames import frame, part
from tests.packages import write_tiny_package


class Picky:
    """A model that fails on pictures whose first pixel is 255, and notes the view each was seen with."""

    ref = ModelRef("picky", "1")

    def __init__(self) -> None:
        self.views: list[View] = []
        self.runs = 0

    def run(self, pixels: Pixels, view: View = WHOLE) -> Prediction:
        """One picture."""
        self.runs += 1
        self.views.append(view)
        if pixels[0, 0] == 255:
            raise InferenceError("The model failed on a picture.")
        return Prediction(Scores(("ok", "defect"), (0.9, 0.1)), model=self.ref)

    def stream(self, pictures: Iterable[Pixels], view: View = WHOLE) -> Iterator[Prediction]:
        """Three in flight."""
        flying: list[Pixels] = []
        for pixels in pictures:
            flying.append(pixels)
            if len(flying) == 3:
                yield self.run(flying.pop(0), view)
        yield from (self.run(pixels, view) for pixels in flying)

    def close(self) -> None:
        """Nothing to give back."""


@pytest.fixture
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    return write_tiny_package(tmp_path_factory.mktemp("package") / "tiny", review=0.2)


def picture(first: int) -> Shown:
    """A picture that tells itself apart by its first pixel."""
    return Shown(np.full((8, 8), first, np.uint8))


def test_a_part_gets_one_verdict_whoever_asks(package: ModelPackage) -> None:
    recipe = default_recipe(package)
    model = load_model(package, precision="f32")
    try:
        judge = Judge(model, recipe)
        shown = [Shown(part(spot, seed=seed)) for seed, spot in enumerate((0, 120, 250, 90, 160))]
        alone = [judge.judge(each) for each in shown]
        streamed = [said for _, said in Judging().in_flight(judge, (Asked(each, each) for each in shown))]
        again = [by_recipe(said.prediction, recipe) for said in alone if said.prediction is not None]
    finally:
        model.close()
    verdicts = [said.verdict for said in alone]
    assert [v.outcome for v in verdicts] == ["OK", "REVIEW", "NG", "REVIEW", "REVIEW"]
    assert verdicts == [said.verdict for said in streamed] == [said.verdict for said in again]
    assert [said.regions for said in alone] == [said.regions for said in streamed]
    assert alone[2].regions
    assert alone[2].heat is not None


def test_no_map_and_no_region_of_a_class_is_told_of_an_unknown_part(package: ModelPackage) -> None:
    seen = Prediction(
        Scores(("ok", "defect"), (0.1, 0.9)), (Region("defect", 0.9, (0, 0, 9, 9), 81.0),), np.ones((4, 4), np.float32),
        novelty=1.7,
    )  # fmt: skip
    recipe = replace(default_recipe(package), guard=Guard(novelty_max=1.0))
    strange, known = by_recipe(seen, recipe), by_recipe(replace(seen, novelty=0.7), recipe)
    assert (strange.regions, strange.heat, strange.prediction) == ((), None, seen), "what was seen stays"
    assert known.regions == seen.regions and known.heat is seen.heat


def test_what_the_model_fails_on_gets_no_verdict_and_never_ok(package: ModelPackage) -> None:
    said = Judge(Picky(), default_recipe(package)).judge(picture(255))
    assert said.verdict.outcome is Outcome.NO_VERDICT
    assert said.verdict.reasons == (said.error,) == ("The model failed on a picture.",)
    assert (said.prediction, said.regions, said.heat) == (None, (), None)


def test_pictures_are_seen_as_the_recipe_shows_them_and_the_camera_stated_them(package: ModelPackage) -> None:
    model = Picky()
    plain = default_recipe(package)
    recipe = replace(plain, view=replace(plain.view, roi=(0, 0, 8, 8)))
    judge = Judge(model, recipe)
    shown = [Shown(part(), 12), Shown(part(), 12), Shown(part(), 10, "RGGB"), Shown(part())]
    for each in shown:
        judge.judge(each)
    assert [(v.bits, v.bayer, v.roi) for v in model.views] == [
        (12, "", (0, 0, 8, 8)),
        (12, "", (0, 0, 8, 8)),
        (10, "RGGB", (0, 0, 8, 8)),
        (0, "", (0, 0, 8, 8)),
    ]
    alone, model.views = model.views, []
    assert len(list(Judging().in_flight(judge, (Asked(each, each) for each in shown)))) == 4
    assert model.views == alone


def test_unreadable_pictures_are_named_in_their_place(package: ModelPackage) -> None:
    judge = Judge(Picky(), default_recipe(package))
    asked = [Asked(n, None, f"{n} is gone.") if n in (0, 3, 4, 9) else Asked(n, picture(n)) for n in range(10)]
    found = list(Judging().in_flight(judge, asked))
    assert [n for n, _ in found] == list(range(10))
    assert [(n, said.error) for n, said in found if said.prediction is None] == [
        (n, f"{n} is gone.") for n in (0, 3, 4, 9)
    ]
    assert {said.verdict.outcome for n, said in found if n in (0, 3, 4, 9)} == {Outcome.NO_VERDICT}


def test_a_broken_stream_judges_what_was_in_flight_alone_and_goes_on(package: ModelPackage) -> None:
    judge = Judge(Picky(), default_recipe(package))
    asked = [Asked(n, None, "gone") if n == 3 else Asked(n, picture(255 if n == 4 else n)) for n in range(12)]
    found = list(Judging().in_flight(judge, asked))
    assert [n for n, _ in found] == list(range(12))
    assert [n for n, said in found if said.verdict.outcome is Outcome.NO_VERDICT] == [3, 4]


def test_a_model_that_fails_on_every_picture_is_given_up(package: ModelPackage) -> None:
    model = Picky()
    judging, judge = Judging(), Judge(model, default_recipe(package))
    for _ in range(MAX_FAILED_IN_A_ROW - 1):
        assert judging.one(judge, picture(255)).prediction is None
    assert judging.one(judge, picture(1)).prediction is not None
    with pytest.raises(InferenceError):
        list(judging.in_flight(judge, (Asked(n, picture(255)) for n in range(100))))
    assert model.runs < 100


def test_no_verdict_carries_its_reason() -> None:
    said = not_judged("the frame is stale")
    assert (said.verdict.outcome, said.verdict.reasons, said.error) == (
        Outcome.NO_VERDICT,
        ("the frame is stale",),
        "the frame is stale",
    )


def test_a_model_is_proved_on_the_newest_part_as_the_line_will_see_it(package: ModelPackage) -> None:
    model = Picky()
    prove(model, default_recipe(package), replace(frame(part()), bits=12, bayer="RGGB"))
    assert {(view.bits, view.bayer) for view in model.views} == {(12, "RGGB")}
