"""Gates: what a new model is tried on, how it ended; and corrections sorted out before they teach."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError as Refused

from db.datasets import gates
from db.datasets.export import export, plan
from db.inspections import overrides
from db.models import registry
from db.recording.recorder import Recorder
from db.store.session import Database
from db.users import trail as audit
from engine.domain.inspection import Inspection, Outcome
from engine.errors import InputError
from engine.training import DatasetManifest
from tests.db import make

FIGURES = {"schema": 1, "sets": [{"count": 3, "gained": 2, "lost": 1, "let_through": 0}]}


def _part(
    db: Database, number: int, seed: int | None = None, outcome: Outcome = Outcome.NG, **more: object
) -> Inspection:
    made = make.inspection(number, outcome, **more)  # type: ignore[arg-type]
    frame = make.frame_of(made, number if seed is None else seed)
    with Recorder(db) as recorder:
        recorder(made, make.recipe(1), frame, make.prediction_of(made))
    return made


def _two(db: Database, tmp_path: Path) -> tuple[str, str]:
    names = (registry.register(db, make.package(tmp_path / n, graph=n.encode()).folder, "ann").version for n in "ab")
    first, second = names
    registry.activate(db, first, "ann")
    return first, second


def test_rejected_model_says_so_until_it_is_used_after_all(db: Database, tmp_path: Path) -> None:
    first, second = _two(db, tmp_path)
    assert gates.reject(db, second, first, "bob", "lets cracks through", FIGURES).state == "rejected"
    (kept,) = gates.gates(db, second)
    assert (kept.decision, kept.by, kept.why, kept.against) == ("rejected", "bob", "lets cracks through", first)
    assert kept.figures == FIGURES
    assert audit.entries(db)[0].what == "model rejected"
    assert gates.activate_through(db, second, first, "bob", "after all", {}).state == "active"
    assert registry.rollback(db, "bob", "no").version == first
    assert {m.version: m.state for m in registry.list_models(db)} == {first: "active", second: "retired"}


def test_activating_through_the_gate_keeps_both_or_neither(db: Database, tmp_path: Path) -> None:
    first, second = _two(db, tmp_path)
    model = gates.activate_through(db, second, first, "ann", "2 gained", FIGURES)
    assert model.state == "active"
    assert [(g.decision, g.candidate) for g in gates.gates(db)] == [("activated", second)]
    assert registry.activations(db)[-1].why == "2 gained"
    (registry.find(db, first).folder / "model.onnx").write_bytes(b"rot")
    with pytest.raises(InputError, match="damaged"):
        gates.activate_through(db, first, second, "ann", "back", FIGURES)
    assert len(gates.gates(db)) == 1


def test_decisions_need_a_reason_and_cannot_be_changed(db: Database, tmp_path: Path) -> None:
    first, second = _two(db, tmp_path)
    with pytest.raises(InputError, match="needs a reason"):
        gates.activate_through(db, second, first, "ann", " ", FIGURES)
    with pytest.raises(InputError, match="active one"):
        gates.reject(db, first, first, "ann", "no", FIGURES)
    gates.reject(db, second, first, "ann", "no", FIGURES)
    with pytest.raises(Refused), db.writing() as session:
        session.execute(text("UPDATE gates SET why = 'other'"))


def test_past_corrections_are_known_parts_with_their_pictures(db: Database, tmp_path: Path) -> None:
    sound, defect, unclear = (_part(db, n) for n in range(3))
    overrides.add_override(db, make.override(sound, Outcome.OK, "good"))
    overrides.add_override(db, make.override(defect, Outcome.NG, ""))
    overrides.add_override(db, make.override(unclear, Outcome.REVIEW, ""))
    export(db, tmp_path / "corrections-1", by="ann")
    found = gates.overrides_set(db, "corrections-1")
    assert [(p.id, p.label, p.sound, p.taught) for p in found.parts] == [
        (sound.id, "good", True, True),
        (defect.id, "scratch", False, True),
    ]
    assert np.array_equal(found.parts[1].load(), make.pixels(1))
    assert not any(p.taught for p in gates.overrides_set(db, "corrections-2").parts)
    db.archive.path(_image(db, defect)).unlink()
    with pytest.raises(InputError, match="left out"):
        gates.overrides_set(db).parts[1].load()


def test_copies_are_dropped_and_contradictions_held_back(db: Database, tmp_path: Path) -> None:
    same = [_part(db, n, seed=7) for n in (1, 2)]
    torn = [_part(db, n, seed=8) for n in (3, 4)]
    alone = _part(db, 5)
    overrides.add_override(db, make.override(same[0], Outcome.NG, "scratch", minutes=1))
    overrides.add_override(db, make.override(same[1], Outcome.NG, "scratch", minutes=2))
    overrides.add_override(db, make.override(torn[0], Outcome.NG, "scratch"))
    overrides.add_override(db, make.override(torn[1], Outcome.OK, "good"))
    overrides.add_override(db, make.override(alone, Outcome.OK, "good"))
    found = plan(db)
    assert (found.parts, found.kept, found.new, found.copies, found.missing) == (5, 2, 2, 1, 0)
    assert found.conflicts == ((torn[0].id, torn[1].id),)
    assert found.by_label == {"scratch": 1, "good": 1}
    report = export(db, tmp_path / "set", to_teach=True)
    assert report.items == 2
    reasons = dict(report.skipped)
    assert "called something else" in reasons[torn[0].id]
    assert reasons[same[0].id] == "its picture is there already"
    manifest = DatasetManifest.model_validate_json((tmp_path / "set" / "dataset.json").read_bytes())
    assert [i.inspection for i in manifest.items] == [same[1].id, alone.id]
    assert plan(db).new == 0


def test_lots_are_kept_together_where_there_are_enough(db: Database, tmp_path: Path) -> None:
    for number in range(6):
        made = _part(db, number, lot=f"L{number % 5}", part=f"P{number}")
        overrides.add_override(db, make.override(made, Outcome.OK, "good"))
    assert (plan(db).grouping, plan(db).lots) == ("lot", 5)
    export(db, tmp_path / "set", to_teach=True)
    manifest = DatasetManifest.model_validate_json((tmp_path / "set" / "dataset.json").read_bytes())
    assert [i.group for i in manifest.items] == ["lot L0", "lot L1", "lot L2", "lot L3", "lot L4", "lot L0"]


def _image(db: Database, made: Inspection) -> str:
    with db.session() as session:
        return str(
            session.execute(text("SELECT image FROM pictures WHERE inspection_id = :i"), {"i": made.id}).scalar()
        )
