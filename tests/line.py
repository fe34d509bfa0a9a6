"""A line for tests: who notes what is recorded and published, and a model that answers as it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator

from engine import events
from engine.domain.inspection import Frame, Inspection, ModelRef, Outcome, Pixels, Prediction, Scores
from engine.domain.recipe import WHOLE, Recipe, View
from engine.errors import StorageError


class Log:
    """A recorder and publisher that notes the order of what happens."""

    def __init__(self, fail_after: int = 10**9) -> None:
        self.steps: list[tuple[str, str]] = []
        self.events: list[events.StationEvent] = []
        self.recipes: list[Recipe] = []
        self._pending: list[str] = []
        self._fail_after = fail_after
        self.kept = 0

    def __call__(
        self, inspection: Inspection, recipe: Recipe, frame: Frame | None, prediction: Prediction | None
    ) -> None:
        if self.kept >= self._fail_after:
            raise StorageError("The disk is full.", "Free some space.")
        self.kept += 1
        self.recipes.append(recipe)
        self._pending.append(inspection.id)

    def flush(self) -> None:
        self.steps += [("recorded", name) for name in self._pending]
        self._pending.clear()

    def publish(self, event: events.StationEvent) -> None:
        self.events.append(event)
        if isinstance(event, events.Inspected):
            self.steps.append(("published", event.inspection.id))

    @property
    def outcomes(self) -> list[Outcome]:
        return [e.inspection.verdict.outcome for e in self.events if isinstance(e, events.Inspected)]

    @property
    def reasons(self) -> list[tuple[str, ...]]:
        return [e.inspection.verdict.reasons for e in self.events if isinstance(e, events.Inspected)]


class FakeModel:
    """Answers every picture with the scores it is given."""

    def __init__(self, ref: ModelRef, scores: Callable[[], tuple[float, float]], in_flight: int = 1) -> None:
        self.ref, self._scores, self._in_flight = ref, scores, in_flight
        self.closed = False

    def run(self, pixels: Pixels, view: View = WHOLE) -> Prediction:
        """One picture."""
        return Prediction(Scores(("ok", "defect"), self._scores()), model=self.ref)

    def stream(self, pictures: Iterable[Pixels], view: View = WHOLE) -> Iterator[Prediction]:
        """Many, with some in flight."""
        flying: list[Pixels] = []
        for pixels in pictures:
            flying.append(pixels)
            if len(flying) >= self._in_flight:
                yield self.run(flying.pop(0), view)
        for pixels in flying:
            yield self.run(pixels, view)

    def close(self) -> None:
        """Note it."""
        self.closed = True


PATIENCE_S = 120.0
"""After this what did not happen never will."""


def until(done: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Beats(threading.Event):
    """The end that a thread waits for between two looks: `count` times it waits in vain and no moment, then in earnest.

    `waits` tells for how long it would have waited; `passing` hears of it.
    """

    def __init__(self, count: int, passing: Callable[[float], None] = lambda _seconds: None) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._over = threading.Event()
        self._count, self._passing = count, passing

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waits.append(timeout)
        if len(self.waits) <= self._count:
            self._passing(timeout)
            return False
        self._over.set()
        assert super().wait(PATIENCE_S), "it is never told to end"
        return True

    def are_over(self, thread: threading.Thread) -> bool:
        """Whether the thread came to its wait in earnest; False as soon as it has ended before."""
        until(lambda: self._over.is_set() or not thread.is_alive())
        return self._over.is_set()
