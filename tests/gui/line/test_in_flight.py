"""A part is in flight while recipe or model change: what is stored of it is its own recipe's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from db.models import registry
from engine.backends.base import Model
from engine.packages.package import ModelPackage
from gui.app import GuiOptions, Station
from tests.gui.conftest import Open
from tests.gui.standins import ScriptedModel, ScriptedSource, make_package
from tests.held import HeldModel, limits_stored, told_of_swaps

PATIENCE = 20_000


@pytest.fixture
def held() -> list[HeldModel]:
    """The model that `loading` gave first."""
    return []


def loading(held: list[HeldModel], go: threading.Event) -> Callable[[ModelPackage, int], Model]:
    """The first model holds its parts until another is to take over; the ones after it do not."""

    def load(package: ModelPackage, _threads: int) -> Model:
        model = ScriptedModel(package, ("ok",))
        if held:
            return model
        held.append(HeldModel(model, go))
        return held[0]

    return load


def write_recipe(folder: Path, name: str, ng_at: float, every_ok: int) -> str:
    """A recipe's file."""
    path = folder / f"{name}.toml"
    path.write_text(
        f'schema = 1\nname = "{name}"\n[limits]\nng_at = {ng_at}\nreview = [{ng_at}, {ng_at}]\n'
        f"[saving]\nevery_ok = {every_ok}\n"
    )
    return str(path)


def run_through(qtbot: QtBot, station: Station, held: list[HeldModel], change: Callable[[], None]) -> None:
    """Run; have it changed while the first part is in flight; go on until parts after it are stored."""
    stored: list[object] = []
    station.context.recorded.connect(stored.extend)
    station.line.start()
    qtbot.waitUntil(lambda: bool(held) and held[0].judging.is_set(), timeout=PATIENCE)
    qtbot.waitUntil(lambda: station.line.state == "Running", timeout=PATIENCE)
    change()
    qtbot.waitUntil(lambda: len(stored) > 5, timeout=PATIENCE)
    assert station.line.close()
    station.bridge.drain()


def test_part_in_flight_at_a_change_over_is_stored_by_its_own_recipe(
    qtbot: QtBot, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: list[HeldModel]
) -> None:
    strict, loose = write_recipe(tmp_path, "strict", 0.315, 1), write_recipe(tmp_path, "loose", 0.35, 0)
    load = loading(held, told_of_swaps(monkeypatch))
    station = opened(recipe=strict, load=load, open=lambda _uri: ScriptedSource(5000, every=0.005))
    run_through(qtbot, station, held, lambda: station.line.change_over(loose))
    stored = limits_stored(station.context.db)
    assert stored == {("bench", "strict"): {(0.315, True)}, ("bench", "loose"): {(0.35, False)}}


def test_part_in_flight_at_a_swap_of_the_model_is_stored_by_its_own_limit(
    qtbot: QtBot,
    opened: Open,
    options: GuiOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    held: list[HeldModel],
) -> None:
    load = loading(held, told_of_swaps(monkeypatch))
    station = opened(load=load, open=lambda _uri: ScriptedSource(5000, every=0.005))
    db = station.context.db
    other = registry.register(db, make_package(tmp_path / "better", "better", 0.7).folder, "test")
    run_through(qtbot, station, held, lambda: station.context.activate(other.version, "it is better"))
    assert limits_stored(db) == {("bench", "default"): {(0.5, False)}, ("better", "default"): {(0.7, False)}}
