"""A model that is to take over from another while the line runs: proved beside it first."""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.backends.base import Model
from engine.domain.inspection import Frame
from engine.domain.recipe import Recipe
from engine.errors import InferenceError

WARM_RUNS = 2


def prove(model: Model, recipe: Recipe, frame: Frame | None) -> None:
    """Have a loaded model judge the line's newest frame, as the recipe shows it, before it may take over.

    Raises InferenceError when it fails on the frame or its scores are not numbers. Without a frame nothing is done:
    the line has not begun, and loading judged an empty picture.
    """
    if frame is None:
        return
    for _ in range(WARM_RUNS):
        prediction = model.run(frame.pixels, recipe.view)
        if not all(math.isfinite(value) for _name, value in prediction.scores):
            raise InferenceError(
                f"The scores of {model.ref.name} {model.ref.version} are not numbers.", "Train or export it again."
            )


def load_proved(load: Callable[[], Model], recipe: Recipe, frame: Frame | None) -> Model:
    """Load and `prove` a model; one that fails is closed. Raises PackageError, InferenceError. Blocking, 0.2-3 s."""
    model = load()
    try:
        prove(model, recipe, frame)
    except BaseException:
        model.close()
        raise
    return model
