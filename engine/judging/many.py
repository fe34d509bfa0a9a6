"""Many pictures judged one after the other or with several in flight, always in their order."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

from engine.domain.inspection import Pixels
from engine.domain.recipe import View
from engine.errors import InferenceError
from engine.judging.judge import Judge, Judgeable, Judged, by_recipe, not_judged

log = logging.getLogger(__name__)

MAX_FAILED_IN_A_ROW = 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Asked(Generic[T]):
    """Something (a frame, a sample) and the picture it is judged by; None where that could not be read, and why."""

    about: T
    picture: Judgeable | None
    error: str = ""


class Judging:
    """Judges on and on. A model that fails on MAX_FAILED_IN_A_ROW pictures in a row is broken: InferenceError."""

    def __init__(self) -> None:
        self._failed_in_a_row = 0

    def one(self, judge: Judge, picture: Judgeable) -> Judged:
        """At once (lowest latency); a failure of the model gives NO VERDICT."""
        try:
            seen = judge.see(picture)
        except InferenceError as error:
            log.error("inference failed: %s", error)
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= MAX_FAILED_IN_A_ROW:
                raise
            return not_judged(error.message)
        self._failed_in_a_row = 0
        return by_recipe(seen, judge.recipe)

    def in_flight(self, judge: Judge, asked: Iterable[Asked[T]]) -> Iterator[tuple[T, Judged]]:
        """Several at a time (highest rate). What cannot be read gets NO VERDICT in its place, with its reason."""
        last = judge.recipe.view

        def view_of(one: Asked[T]) -> View:
            nonlocal last
            last = judge.view_of(one.picture) if one.picture is not None else last
            return last

        # One stream for each way to read the pixels.
        for view, alike in groupby(asked, view_of):
            yield from self._streamed(judge, view, alike)

    def _streamed(self, judge: Judge, view: View, alike: Iterator[Asked[T]]) -> Iterator[tuple[T, Judged]]:
        flying: deque[Asked[T]] = deque()

        def pixels() -> Iterator[Pixels]:
            for one in alike:
                flying.append(one)
                if one.picture is not None:
                    yield one.picture.pixels

        whole = False
        while not whole:
            try:
                for prediction in judge.model.stream(pixels(), view):
                    while flying[0].picture is None:
                        yield self._alone(judge, flying.popleft())
                    yield flying.popleft().about, by_recipe(prediction, judge.recipe)
                whole = True
            except InferenceError as error:
                log.warning("the stream of pictures broke: %s", error)
            # Which of those in flight broke it the stream cannot tell: each is judged alone.
            while flying:
                yield self._alone(judge, flying.popleft())

    def _alone(self, judge: Judge, one: Asked[T]) -> tuple[T, Judged]:
        return one.about, not_judged(one.error) if one.picture is None else self.one(judge, one.picture)
