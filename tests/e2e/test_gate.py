"""`lineside gate` through main(): what it tells, what it writes, and that it decides only where it is asked to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from db.datasets.gates import gates
from db.inspections.overrides import add_override
from db.models.registry import active
from db.recipes.known_parts import with_pictures
from db.store.session import open_database
from engine.domain.inspection import Outcome, Override, new_id, utc_now
from engine.packages.manifest import LimitSpec
from engine.packages.package import write_package
from engine.system.places import database_url
from main import main
from tests.frames import part
from tests.packages import tiny_graph, write_tiny_package

Said = Callable[..., str]


@pytest.fixture
def challenge(tmp_path: Path) -> Path:
    """Scores about 0.98, 0.71, 0.51, 0.6 and 0.1, and one file that is no picture."""
    folder = tmp_path / "known"
    spots = (("defect", "clear", 250), ("defect", "faint", 180), ("defect", "weak", 130))
    for label, name, spot in (*spots, ("ok", "glare", 152), ("ok", "sound", 0)):
        (folder / label).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / label / f"{name}.png"), part(spot))
    (folder / "ok" / "torn.png").write_bytes(b"no picture")
    return folder


@pytest.fixture
def models(tmp_path: Path) -> tuple[str, str]:
    """In use: NG from 0.5 on. The candidate: NG from 0.8, REVIEW from 0.65 on."""
    first = write_tiny_package(tmp_path / "first", name="first")
    limits = LimitSpec(ng_at=0.8, review_from=0.65, review_to=0.8)
    manifest = first.manifest.model_copy(update={"name": "second", "thresholds": limits})
    second = write_package(tmp_path / "second", manifest, {"model.onnx": tiny_graph()})
    assert main(["models", "activate", str(first.folder), "--operator", "anna", "--why", "first"]) == 0
    assert main(["models", "import", str(second.folder)]) == 0
    return first.version, second.version


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    def run(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main(["gate", *words]) == code
        captured = capsys.readouterr()
        return captured.out if code == 0 else captured.err

    return run


def decisions() -> list[tuple[str, str, str]]:
    db = open_database(database_url())
    try:
        now = active(db)
        assert now is not None
        return [(g.decision, g.by, now.version) for g in gates(db)]
    finally:
        db.close()


def test_figures_of_both_models_and_every_flip_are_told(
    models: tuple[str, str], challenge: Path, tmp_path: Path, said: Said
) -> None:
    out = said("second", "--challenge", str(challenge), "--json", str(tmp_path / "gate.json"))
    first, second = models
    assert f"New model {second} against {first}" in out
    lines = {line.split("  ")[0]: line for line in out.splitlines()}
    assert lines["right"].split("of 5")[0].split()[-1] == "4"
    assert lines["escapes"].count("of 3") == 2
    assert "LET THROUGH" in out
    assert "left out" in out
    assert "torn.png: " in out
    assert "REVIEW" in lines
    assert "NO VERDICT" in lines
    assert "Recommended: reject" in out
    assert decisions() == []
    found = json.loads((tmp_path / "gate.json").read_text(encoding="utf-8"))
    (known,) = found["sets"]
    assert (found["recommended"], found["before"], found["after"]) == ("reject", first, second)
    assert (known["gained"], known["lost"], known["let_through"], known["changed"]) == (1, 2, 1, 3)
    assert known["before"]["escapes"]["count"] == 0
    assert known["after"]["escapes"] == {"count": 1, "of": 3, "interval": [0.061492, 0.79234]}
    assert known["after"]["review"]["count"] == 1
    assert known["after"]["no_verdict"]["count"] == 0
    assert [Path(flip["part"]).stem for flip in known["flips"]] == ["weak", "faint", "glare"]
    assert [Path(left["part"]).name for left in known["left_out"]] == ["torn.png"]
    assert known["skipped"] == 1


def test_past_corrections_are_replayed_and_a_missing_challenge_set_is_said(models: tuple[str, str], said: Said) -> None:
    assert main(["run", "--source", "demo:?fps=0", "--frames", "4", "--save", "all"]) == 0
    db = open_database(database_url())
    (newest, *_) = with_pictures(db, 4)
    add_override(db, Override(new_id(utc_now()), newest.inspection.id, utc_now(), "anna", Outcome.OK, "ok", "seen"))
    db.close()
    out = said(models[1])
    assert "overrides: 1 parts" in out
    assert "Note: There is no challenge set" in out
    assert "challenge:" not in out


def test_a_decision_is_kept_with_its_figures_only_where_it_is_asked_for(
    models: tuple[str, str], challenge: Path, said: Said
) -> None:
    first, second = models
    words = (second[:6], "--challenge", str(challenge))
    said(*words, "--decide", "reject", "--why", "lets defects through", "--operator", "anna")
    assert decisions() == [("rejected", "anna", first)]
    said(*words, "--decide", "activate", "--why", "meant to", "--operator", "bert")
    assert decisions()[0] == ("activated", "bert", second)
    db = open_database(database_url())
    kept = gates(db)[0]
    db.close()
    assert kept.figures["sets"][0]["let_through"] == 1
    assert kept.why == "meant to"


def test_another_model_than_the_one_in_use_can_be_the_measure(
    models: tuple[str, str], challenge: Path, said: Said
) -> None:
    first, second = models
    out = said(first, "--active", second, "--challenge", str(challenge))
    assert f"New model {first} against {second}" in out
    assert "2 gained, 1 lost" in out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["second", "--decide", "reject"], 2, "--why"),
        (["second", "--decide", "maybe"], 2, "invalid choice"),
        ([], 2, "CANDIDATE"),
        (["nobody"], 3, "no model package nobody"),
        (["second", "--active", "nobody"], 3, "no model package nobody"),
        (["second", "--challenge", "nowhere"], 3, "no folder nowhere"),
        (["second"], 3, "no known parts"),
        (["second", "--recipe", "nowhere.toml"], 3, "nowhere.toml cannot be read"),
        (["second", "--db", "sqlite:////proc/none/x.db"], 3, "no database at"),
        (["first"], 3, "compared with itself"),
        (["second", "--active", "second"], 3, "compared with itself"),
        (["second", "--json", "/proc/none/g.json"], 4, "/proc/none could not be written"),
    ],
)
def test_wrong_use_and_bad_input_have_their_codes(
    models: tuple[str, str], said: Said, words: list[str], code: int, told: str
) -> None:
    assert told in said(*words, code=code)


def test_without_a_model_in_use_there_is_nothing_to_compare_with(tmp_path: Path, said: Said) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    assert "no active model" in said(str(package.folder), code=3)


def test_a_recipe_that_fits_one_model_only_is_told(
    models: tuple[str, str], challenge: Path, tmp_path: Path, said: Said
) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text(f'schema = 1\nname = "r"\nversion = 1\nmodel = "{models[0]}"\n')
    out = said("second", "--challenge", str(challenge), "--recipe", str(recipe))
    assert f"Note: Model {models[1]} is judged by its own limits" in out


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", "--help"]) == 0
    out = capsys.readouterr().out
    assert "Example: lineside gate" in out
    assert "--challenge DIR" in out
