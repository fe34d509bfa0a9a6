"""A model that takes over from another while the line runs: proved beside it, offered, taken; the former one closed."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from engine.backends.base import Model
from engine.domain.inspection import Frame
from engine.domain.recipe import Recipe
from engine.errors import InferenceError
from engine.judging.judge import Judge

WARM_RUNS = 2


def prove(model: Model, recipe: Recipe, frame: Frame | None) -> None:
    """Have a loaded model judge the line's newest frame, as the recipe shows it and the camera states it, before
    it may take over.

    Raises InferenceError when it fails on the frame or its scores are not numbers. Without a frame nothing is done:
    the line has not begun, and loading judged an empty picture.
    """
    if frame is None:
        return
    for _ in range(WARM_RUNS):
        prediction = Judge(model, recipe).see(frame)
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


class Succession:
    """Who judges next. `offer` may be called from any thread, all else by the loop. Each model is closed once."""

    def __init__(self) -> None:
        self._next: Judge | None = None
        self._over = False
        self._lock = threading.Lock()
        self._retiring: threading.Thread | None = None

    def offer(self, judge: Judge) -> None:
        """Have this one take over; one that was offered before and not taken is closed, and so is one too late."""
        with self._lock:
            refused = judge if self._over else self._next
            self._next = None if self._over else judge
        if refused is not None:
            refused.model.close()

    def take(self) -> Judge | None:
        """The one that takes over now; nearly always none."""
        with self._lock:
            judge, self._next = self._next, None
        return judge

    def retire(self, model: Model) -> None:
        """Close a model beside the line: giving back a large one takes longer than a frame."""
        if self._retiring is not None:
            self._retiring.join()
        self._retiring = threading.Thread(target=model.close, name="retired-model", daemon=True)
        self._retiring.start()

    def close(self) -> None:
        """Nobody takes over any more; returns when the last one to retire is closed."""
        if self._retiring is not None:
            self._retiring.join()
        with self._lock:
            left, self._next, self._over = self._next, None, True
        if left is not None:
            left.model.close()
