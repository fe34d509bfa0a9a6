"""Models at hand: loaded once, few at a time, given back when the page goes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.backends.base import Model
from engine.backends.load import load_model
from engine.domain.inspection import Outcome, Pixels, Prediction
from engine.domain.recipe import WHOLE, View
from engine.errors import InputError
from engine.judging.bench import Bench
from engine.judging.judge import Shown
from engine.packages.package import ModelPackage
from engine.recipes.file import default_recipe
from tests.frames import part
from tests.packages import write_tiny_package


class Loads:
    """Loads real models and knows which are open."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.open: set[str] = set()
        self.entered, self.go = threading.Event(), threading.Event()
        self.go.set()

    def __call__(self, package: ModelPackage) -> Model:
        self.loaded.append(package.manifest.name)
        self.open.add(package.manifest.name)
        return Watched(load_model(package), package.manifest.name, self)


class Watched:
    """A real model that says when it runs and when it was closed."""

    def __init__(self, model: Model, name: str, loads: Loads) -> None:
        self._model, self._name, self._loads = model, name, loads
        self.ref, self.stream = model.ref, model.stream

    def run(self, pixels: Pixels, view: View = WHOLE) -> Prediction:
        """As the real one, when it may."""
        self._loads.entered.set()
        self._loads.go.wait(120)
        return self._model.run(pixels, view)

    def close(self) -> None:
        """Note it."""
        self._loads.open.discard(self._name)
        self._model.close()


@pytest.fixture
def packages(tmp_path: Path) -> list[ModelPackage]:
    return [write_tiny_package(tmp_path / name, name=name) for name in ("first", "second", "third")]


def judged(bench: Bench, package: ModelPackage) -> Outcome:
    return bench.judge(package, default_recipe(package), Shown(part(250))).verdict.outcome


def test_the_model_used_longest_ago_makes_room(packages: list[ModelPackage]) -> None:
    loads = Loads()
    bench = Bench(loads, kept=2)
    first, second, third = packages
    assert [judged(bench, p) for p in (first, second, first, third)] == [Outcome.NG] * 4
    assert loads.loaded == ["first", "second", "third"]
    assert loads.open == {"first", "third"}
    bench.close()
    assert loads.open == set()


def test_a_closed_bench_judges_nothing_more(packages: list[ModelPackage]) -> None:
    loads = Loads()
    bench = Bench(loads, kept=1)
    bench.close()
    with pytest.raises(InputError):
        judged(bench, packages[0])
    assert loads.loaded == []


def test_a_model_that_judges_when_the_page_goes_is_given_back_after_its_picture(packages: list[ModelPackage]) -> None:
    loads, said = Loads(), []
    bench = Bench(loads, kept=1)
    loads.go.clear()
    busy = threading.Thread(target=lambda: said.append(judged(bench, packages[0])))
    busy.start()
    assert loads.entered.wait(120)
    bench.close()
    assert loads.open == {"first"}
    loads.go.set()
    busy.join(120)
    assert (said, loads.open) == ([Outcome.NG], set())
