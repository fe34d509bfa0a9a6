"""The gate as it is put together: what it is tried on, and that a stopped one leaves nothing loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from db.datasets.export import export
from db.inspections import overrides
from db.models.registry import activate, register
from db.recording.recorder import Recorder
from db.runs import gate
from db.runs.gate import GateDone, GateOrder, Note, active_package, compare, named_challenge
from db.store.session import Database
from engine.backends.base import Model
from engine.domain.inspection import Outcome
from engine.domain.recipe import View
from engine.errors import InputError
from engine.gate.gate import advice_of
from engine.packages.manifest import Lineage
from engine.packages.package import ModelPackage, write_package
from engine.recipes.file import default_recipe
from tests.db import make
from tests.frames import part
from tests.packages import tiny_graph, write_tiny_package


@pytest.fixture
def known(tmp_path: Path) -> str:
    for label, spot in (("ok", 0), ("defect", 250)):
        (tmp_path / "known" / label).mkdir(parents=True)
        for number in range(3):
            cv2.imwrite(str(tmp_path / "known" / label / f"{number}.png"), part(spot, seed=number))
    return str(tmp_path / "known")


@pytest.fixture
def package(db: Database, tmp_path: Path) -> ModelPackage:
    """It is the active one."""
    made = write_tiny_package(tmp_path / "tiny")
    activate(db, register(db, made.folder, "anna").version, "anna", "first")
    return made


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[Model]:
    """The models that were loaded and given back."""
    found: list[Model] = []
    load: Callable[..., Model] = gate.load_model

    def watched(package: ModelPackage, **options: int) -> Model:
        model = load(package, **options)
        close = model.close

        def note() -> None:
            found.append(model)
            close()

        monkeypatch.setattr(model, "close", note)
        return model

    monkeypatch.setattr(gate, "load_model", watched)
    return found


def test_a_finished_gate_and_a_stopped_one_give_both_models_back(
    db: Database, package: ModelPackage, known: str, closed: list[Model], tmp_path: Path
) -> None:
    other = write_tiny_package(tmp_path / "other", name="other")
    order = GateOrder(db, str(other.folder), challenge=known)
    seen: list[int] = []
    done = compare(order, lambda at, _total: seen.append(at), lambda: False)
    assert done is not None
    assert (done.result.count, seen, len(closed)) == (6, [1, 2, 3, 4, 5, 6], 2)
    assert compare(order, lambda at, _total: seen.append(at), lambda: len(seen) == 8) is None
    assert (len(seen), len(closed)) == (8, 4)
    assert compare(order, lambda _at, _total: None, lambda: True) is None
    assert len(closed) == 4


def test_what_of_a_challenge_set_is_not_judged_is_told_with_the_figures(
    db: Database, package: ModelPackage, known: str, tmp_path: Path
) -> None:
    other = write_tiny_package(tmp_path / "other", name="other")
    for name in ("loose.png", "ok/0_label.png", "ok/.hidden", "ok/0.jpg"):
        (Path(known) / name).write_bytes((Path(known) / "ok" / "0.png").read_bytes())
    done = compare(GateOrder(db, str(other.folder), challenge=known), lambda _at, _total: None, lambda: False)
    assert done is not None
    assert done.plain()["challenge_left_out"] == {"mask": 1, "in no sub-folder": 1, "hidden": 1}
    assert done.result.count == 7
    assert [note.message.rpartition(": ")[2] for note in done.notes] == [
        "masks by their name (1).",
        "pictures in no sub-folder (1).",
    ]


def test_the_challenge_set_that_a_package_names_lies_in_the_stations_folder(db: Database, tmp_path: Path) -> None:
    def naming(challenge: object) -> ModelPackage:
        plain = write_tiny_package(tmp_path / "plain").manifest
        lineage = Lineage.model_validate({"dataset": "made for tests", "challenge": challenge})
        folder = tmp_path / f"naming{len(list(tmp_path.iterdir()))}"
        return write_package(folder, plain.model_copy(update={"lineage": lineage}), {"model.onnx": tiny_graph()})

    inside = db.folder / "challenge" / "bolts"
    inside.mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    assert named_challenge(db, None) == ""
    assert named_challenge(db, naming("")) == ""
    assert named_challenge(db, naming(7)) == ""
    assert named_challenge(db, naming("challenge/bolts")) == str(inside)
    assert named_challenge(db, naming("challenge/gone")) == ""
    assert named_challenge(db, naming("../outside")) == ""


def test_the_first_start_registers_nothing_for_a_comparison(db: Database, tmp_path: Path) -> None:
    made = write_tiny_package(tmp_path / "tiny")
    with pytest.raises(InputError, match="no active model"):
        compare(GateOrder(db, str(made.folder)), lambda _at, _total: None, lambda: False)


def test_a_model_is_not_compared_with_itself(db: Database, package: ModelPackage, known: str) -> None:
    order = GateOrder(db, package.version, challenge=known)
    with pytest.raises(InputError, match=rf"{package.version} would be compared with itself"):
        compare(order, lambda _at, _total: None, lambda: False)


@pytest.fixture
def candidate(tmp_path: Path) -> ModelPackage:
    """The new one; finds what is too close to call."""
    return write_tiny_package(tmp_path / "new", name="new", review=0.2)


def judged(order: GateOrder) -> GateDone:
    """To the end."""
    done = compare(order, lambda _at, _total: None, lambda: False)
    assert done is not None
    return done


def corrected(db: Database, *numbers: int) -> None:
    """Stored parts with these numbers, each overruled as sound."""
    for number in numbers:
        made = make.inspection(number)
        with Recorder(db) as recorder:
            recorder(made, make.recipe(1), make.frame_of(made, number), make.prediction_of(made))
        overrides.add_override(db, make.override(made, Outcome.OK, "ok"))


def test_each_side_is_judged_by_its_own_model_and_recipe(
    db: Database, package: ModelPackage, candidate: ModelPackage, known: str
) -> None:
    cv2.imwrite(str(Path(known, "defect", "faint.png")), part(140, seed=9))
    done = judged(GateOrder(db, str(candidate.folder), challenge=known))
    assert [(side.version, recipe) for side, recipe in done.sides] == [
        (package.version, default_recipe(package)),
        (candidate.version, default_recipe(candidate)),
    ]
    (flip,) = done.result.sets[0].flips
    assert (flip.before.verdict.outcome, flip.after.verdict.outcome) == (Outcome.NG, Outcome.REVIEW)
    assert (done.result.before, done.result.after) == (package.version, candidate.version)
    turned = judged(GateOrder(db, str(package.folder), str(candidate.folder), challenge=known))
    assert [side.version for side, _recipe in turned.sides] == [candidate.version, package.version]


def test_the_active_package_is_none_until_a_model_was_activated(db: Database, candidate: ModelPackage) -> None:
    assert active_package(db) is None
    activate(db, register(db, candidate.folder, "ann").version, "ann")
    now = active_package(db)
    assert now is not None
    assert now.version == candidate.version


@pytest.mark.parametrize(("budget", "each"), [(8, 4), (3, 1), (1, 1)])
def test_both_models_share_the_threads_ordered(
    db: Database,
    package: ModelPackage,
    candidate: ModelPackage,
    known: str,
    monkeypatch: pytest.MonkeyPatch,
    budget: int,
    each: int,
) -> None:
    wanted, given = list[int](), list[int]()
    load = gate.load_model

    def budget_of(threads: int) -> int:
        wanted.append(threads)
        return budget

    def loaded(package: ModelPackage, *, threads: int) -> Model:
        given.append(threads)
        return load(package, threads=1)

    monkeypatch.setattr(gate, "thread_budget", budget_of)
    monkeypatch.setattr(gate, "load_model", loaded)
    judged(GateOrder(db, str(candidate.folder), challenge=known))
    judged(GateOrder(db, str(candidate.folder), challenge=known, threads=5))
    assert (wanted, given) == ([0, 5], [each] * 4)


def test_one_that_is_stopped_after_the_first_model_loads_no_second(
    db: Database, package: ModelPackage, candidate: ModelPackage, known: str, closed: list[Model]
) -> None:
    asked: list[int] = []

    def stopped() -> bool:
        asked.append(1)
        return len(asked) == 2

    assert compare(GateOrder(db, str(candidate.folder), challenge=known), lambda _at, _total: None, stopped) is None
    assert len(closed) == 1


def test_past_corrections_are_tried_too_and_those_the_new_model_was_taught_with_are_counted(
    db: Database, package: ModelPackage, candidate: ModelPackage, known: str, tmp_path: Path
) -> None:
    corrected(db, 1, 2)
    export(db, tmp_path / "made for tests", by="ann")
    corrected(db, 3, 4, 5)
    lineage = Lineage(dataset="something else")
    untaught = write_package(
        tmp_path / "untaught",
        candidate.manifest.model_copy(update={"lineage": lineage}),
        {"model.onnx": tiny_graph()},
    )
    done = judged(GateOrder(db, str(candidate.folder), str(untaught.folder), challenge=known))
    assert [(found.name, found.count, found.taught) for found in done.result.sets] == [
        ("challenge", 6, 0),
        ("overrides", 5, 2),
    ]
    turned = judged(GateOrder(db, str(untaught.folder), str(candidate.folder)))
    assert [(found.name, found.count, found.taught) for found in turned.result.sets] == [("overrides", 5, 0)]


def test_a_challenge_set_that_is_not_to_be_had_is_told(
    db: Database, package: ModelPackage, candidate: ModelPackage, tmp_path: Path
) -> None:
    none = judged(GateOrder(db, str(candidate.folder)))
    assert none.notes == (Note("There is no challenge set for a fair proof.", "Choose a folder of known parts."),)
    assert none.result.sets == ()
    loose = tmp_path / "loose"
    loose.mkdir()
    cv2.imwrite(str(loose / "0.png"), part())
    (note,) = judged(GateOrder(db, str(candidate.folder), challenge=str(loose))).notes
    assert "no sub-folder named like a class" in note.message
    assert note.more.startswith("Put its pictures into sub-folders such as ok, defect")


def test_a_model_that_the_recipe_does_not_fit_is_judged_by_its_own_limits_with_the_view_in_force(
    db: Database, package: ModelPackage, candidate: ModelPackage, known: str, tmp_path: Path
) -> None:
    file, view = tmp_path / "own.toml", View(roi=(40, 32, 80, 64))
    file.write_text(f'schema = 1\nname = "own"\nmodel = "{package.version}"\n', encoding="utf-8")
    order = GateOrder(db, str(candidate.folder), recipe_path=str(file), challenge=known)
    alone = judged(order)
    assert [recipe.name for _side, recipe in alone.sides] == ["own", default_recipe(candidate).name]
    assert alone.sides[1][1] == default_recipe(candidate)
    (note,) = alone.notes
    assert note.message == f"Model {candidate.version} is judged by its own limits."
    assert f"not for {candidate.version}" in note.more
    in_force = judged(replace(order, recipe=replace(default_recipe(package), view=view)))
    assert in_force.sides[0][1].view != view
    assert in_force.sides[1][1] == replace(default_recipe(candidate), view=view)


def test_what_is_kept_of_a_gate_has_its_figures_the_advice_and_the_notes_as_sentences(
    db: Database, package: ModelPackage, candidate: ModelPackage
) -> None:
    corrected(db, 1)
    done = judged(GateOrder(db, str(candidate.folder)))
    assert done.plain() == done.result.plain() | {
        "recommended": str(advice_of(done.result)),
        "notes": ["There is no challenge set for a fair proof. Choose a folder of known parts."],
        "challenge_left_out": {},
    }
    assert str(Note("Only this.")) == "Only this."
