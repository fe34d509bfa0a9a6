"""Model versions: register, activate, roll back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from db.models import registry
from db.models.choose import judge_of, put_in_force
from db.products.acts import make_product
from db.products.shelf import find
from db.store.session import Database
from db.users import trail as audit
from engine.errors import InputError, PackageError
from engine.packages.package import ModelPackage, open_package
from tests.db import make


def test_registered_package_is_copied_and_a_candidate(db: Database, tmp_path: Path) -> None:
    package = make.package(tmp_path / "pkg", parent="p0")
    model = registry.register(db, package.folder, "ann")
    shutil.rmtree(package.folder)
    assert open_package(model.folder).version == model.version == package.version
    assert model.folder == db.folder / "models" / package.version
    assert (model.name, model.kind, model.state, model.parent) == ("demo", "segdec", "candidate", "p0")
    assert model.metrics == {"ap": 0.99}
    assert model.lineage_note == "fine-tuned from p0 on demo:seed=1 with segdec-fast"
    assert registry.list_models(db) == (model,)
    assert registry.active(db) is None


def test_zipped_package_is_taken_too(db: Database, tmp_path: Path) -> None:
    package = make.package(tmp_path / "pkg")
    zipped = shutil.make_archive(str(tmp_path / "pkg"), "zip", package.folder)
    assert registry.register(db, Path(zipped), "ann").version == package.version


def test_registering_again_changes_nothing_and_repairs_a_damaged_copy(db: Database, tmp_path: Path) -> None:
    package = make.package(tmp_path / "pkg")
    first = registry.register(db, package.folder, "ann")
    (first.folder / "model.onnx").write_bytes(b"rot")
    assert registry.register(db, package.folder, "bob") == first
    open_package(first.folder)
    assert registry.register(db, first.folder, "bob") == first


def test_damaged_package_is_refused_and_leaves_nothing(db: Database, tmp_path: Path) -> None:
    package = make.package(tmp_path / "pkg")
    package.graph.write_bytes(b"rot")
    with pytest.raises(PackageError, match="damaged"):
        registry.register(db, package.folder, "ann")
    assert registry.list_models(db) == ()
    assert not (db.folder / "models").exists()


def test_package_that_is_written_over_while_it_is_copied_is_refused(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = make.package(tmp_path / "pkg")
    opened = registry.open_package

    def then_written_over(path: Path) -> ModelPackage:
        found = opened(path)
        package.graph.write_bytes(b"another")
        return found

    monkeypatch.setattr(registry, "open_package", then_written_over)
    with pytest.raises(PackageError, match="changed while it was read"):
        registry.register(db, package.folder, "ann")
    assert registry.list_models(db) == () and not list((db.folder / "models").iterdir())


def test_activate_and_roll_back_walk_the_history(db: Database, tmp_path: Path) -> None:
    a, b, c = (registry.register(db, make.package(tmp_path / n, graph=n.encode()).folder, "ann").version for n in "abc")
    for version in (a, b, c):
        assert registry.activate(db, version, "ann").state == "active"
    assert {m.version: m.state for m in registry.list_models(db)} == {a: "retired", b: "retired", c: "active"}
    assert registry.rollback(db, "bob", "too many escapes").version == b
    assert registry.rollback(db, "bob").version == a
    with pytest.raises(InputError, match="no model to go back to"):
        registry.rollback(db, "bob")
    now = registry.active(db)
    assert now is not None
    assert (now.version, now.state) == (a, "active")
    history = registry.activations(db)
    assert [(h.version, h.rollback) for h in history] == [(a, False), (b, False), (c, False), (b, True), (a, True)]
    assert (history[3].by, history[3].why) == ("bob", "too many escapes")
    assert [e.what for e in audit.entries(db)][:2] == ["model rolled back", "model rolled back"]


def test_activating_the_active_model_again_changes_nothing(db: Database, tmp_path: Path) -> None:
    version = registry.register(db, make.package(tmp_path / "a").folder, "ann").version
    registry.activate(db, version, "ann")
    registry.activate(db, version, "ann")
    assert len(registry.activations(db)) == 1


def test_unknown_or_damaged_model_is_not_activated(db: Database, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not registered"):
        registry.activate(db, "nothing", "ann")
    model = registry.register(db, make.package(tmp_path / "a").folder, "ann")
    (model.folder / "model.onnx").unlink()
    with pytest.raises(PackageError):
        registry.activate(db, model.version, "ann")
    assert registry.active(db) is None


def test_a_model_that_fails_its_proof_does_not_stay_active(db: Database, tmp_path: Path) -> None:
    good, bad = (registry.register(db, make.package(tmp_path / n, n).folder, "ann").version for n in ("a", "b"))
    registry.activate(db, good, "ann")
    assert registry.withdraw(db, good, "ann", "alone") is None
    registry.activate(db, bad, "ann")
    assert registry.withdraw(db, good, "ann", "not the active one") is None
    back = registry.withdraw(db, bad, "ann", "not proved: its scores are not numbers")
    assert back is not None
    assert back.version == good
    assert registry.activations(db)[-1].why == "not proved: its scores are not numbers"


def test_a_recipe_put_in_force_for_a_model_that_fails_its_proof_leaves_force_with_it(
    db: Database, tmp_path: Path
) -> None:
    first, second = (
        registry.register(db, make.package(tmp_path / name, name).folder, "ann") for name in ("first", "second")
    )
    product = make_product(db, "castings", "ann")
    files = {}
    for name, model in (("of second before", second.version), ("loose", ""), ("of second", second.version)):
        files[name] = tmp_path / f"{name}.toml"
        files[name].write_text(f'schema = 1\nname = "{name}"\nmodel = "{model}"\n', encoding="utf-8")
    registry.activate(db, first.version, "ann", product=product.id)
    put_in_force(db, judge_of(db, product, str(files["loose"])), "ann")
    registry.activate(db, second.version, "ann", product=product.id)
    for name in ("of second before", "of second"):
        put_in_force(db, judge_of(db, find(db, "castings"), str(files[name])), "bob")
    back = registry.withdraw(db, second.version, "lineside", "not proved", product.id)
    assert back is not None and back.version == first.version
    assert find(db, "castings").recipe == files["loose"]
    judge = judge_of(db, find(db, "castings"), str(files["loose"]))
    assert judge.version == first.version
