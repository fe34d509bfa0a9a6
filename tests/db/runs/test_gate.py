"""The gate as it is put together: what it is tried on, and that a stopped one leaves nothing loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from db.models.registry import activate, register
from db.runs import gate
from db.runs.gate import GateOrder, compare, named_challenge
from db.store.session import Database
from engine.backends.base import Model
from engine.errors import InputError
from engine.packages.manifest import Lineage
from engine.packages.package import ModelPackage, write_package
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
    def naming(challenge: str) -> ModelPackage:
        plain = write_tiny_package(tmp_path / "plain").manifest
        lineage = Lineage.model_validate({"dataset": "made for tests", "challenge": challenge})
        folder = tmp_path / f"naming{len(list(tmp_path.iterdir()))}"
        return write_package(folder, plain.model_copy(update={"lineage": lineage}), {"model.onnx": tiny_graph()})

    inside = db.folder / "challenge" / "bolts"
    inside.mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    assert named_challenge(db, None) == ""
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
