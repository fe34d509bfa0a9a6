"""THE judge: picture → what the model sees of it, as the recipe shows it → the recipe's verdict.

Everything that has a model judge a picture asks here, on the line and off it, so that a part gets one verdict whoever
asks. What was seen already is judged anew by `by_recipe`, without the model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from engine.backends.base import Model
from engine.domain.inspection import HeatMap, Pixels, Prediction, Region, Verdict
from engine.domain.recipe import Recipe, View
from engine.errors import InferenceError
from engine.verdicts.verdict import decide, no_verdict


class Stated(Protocol):
    """What the camera stated of a picture: depth and mosaic; 0 and empty = not stated."""

    @property
    def bits(self) -> int: ...

    @property
    def bayer(self) -> str: ...


class Judgeable(Stated, Protocol):
    """What can be judged: a frame, or a stored picture (`Shown`)."""

    @property
    def pixels(self) -> Pixels: ...


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A picture that comes from no source: read from a file or the archive."""

    pixels: Pixels = field(repr=False)
    bits: int = 0
    bayer: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What came of one picture. `prediction` is None, and `error` says why, where the model never saw it whole."""

    verdict: Verdict
    prediction: Prediction | None = None
    error: str = ""

    @property
    def regions(self) -> tuple[Region, ...]:
        """As the model found them; none of a part it does not know."""
        return self.prediction.regions if self.prediction is not None and not self.verdict.unknown else ()

    @property
    def heat(self) -> HeatMap | None:
        """As in Prediction; none of a part the model does not know: it would show where a class is not."""
        return self.prediction.heat if self.prediction is not None and not self.verdict.unknown else None


@dataclass(frozen=True, slots=True)
class Judge:
    """Model and recipe as one: a swap changes both."""

    model: Model
    recipe: Recipe

    def view_of(self, picture: Stated) -> View:
        """What of this picture is seen, and how its pixels are read."""
        return self.recipe.view.stated(picture.bits, picture.bayer)

    def see(self, picture: Judgeable) -> Prediction:
        """What the model says, undecided. Raises InferenceError."""
        return self.model.run(picture.pixels, self.view_of(picture))

    def judge(self, picture: Judgeable) -> Judged:
        """View, guard, limits and review band of the recipe; a picture the model fails on gets NO VERDICT."""
        try:
            return by_recipe(self.see(picture), self.recipe)
        except InferenceError as error:
            return not_judged(error.message)


def by_recipe(seen: Prediction, recipe: Recipe) -> Judged:
    """The recipe's word on what a model said, now or earlier."""
    return Judged(decide(seen, recipe), seen)


def not_judged(reason: str) -> Judged:
    """NO VERDICT: the picture could not be read, or must not be judged; never OK."""
    return Judged(no_verdict(reason), error=reason)
