"""`lineside products`, and `--product` on what judges: the product is in every row and every line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import pytest

from db.inspections.overrides import add_override
from db.inspections.table import Filter, page
from db.models.registry import active
from db.products.shelf import find
from db.store.session import open_database
from engine.domain.inspection import Outcome
from engine.packages.package import open_package
from engine.settings import StationSettings, save_settings
from engine.system.places import DATABASE, database_url, home
from main import main
from tests.db import make
from tests.frames import part
from tests.packages import write_tiny_package


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    for index, spot in enumerate((0, 250)):
        cv2.imwrite(str(tmp_path / "parts" / f"{index}.png"), part(spot, seed=index))
    return tmp_path / "parts"


@pytest.fixture
def two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Two products with a model each; their models' versions. The first one is worked on where nothing is said."""
    packages = [write_tiny_package(tmp_path / name, name=name, review=0.2) for name in ("castings", "strips")]
    assert main(["models", "activate", str(packages[0].folder)]) == 0
    assert main(["products", "make", "strip", "--operator", "ann"]) == 0
    assert main(["models", "activate", str(packages[1].folder), "--product", "strip"]) == 0
    capsys.readouterr()
    return packages[0].version, packages[1].version


def judged() -> list[tuple[str, str]]:
    """Product and model of every row of the station's database, oldest first."""
    db = open_database(database_url())
    try:
        rows = [row.inspection for row in page(db, Filter()).rows]
    finally:
        db.close()
    return sorted({(i.traveller.product, i.model.version) for i in rows})


def test_a_station_of_before_is_one_product_which_can_be_renamed_retired_and_restored(
    two: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["products", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["castings", "strip"]
    assert two[0] in lines[0] and two[1] in lines[1]
    assert main(["products", "rename", "Castings", "--to", "impeller", "--operator", "ann"]) == 0
    assert main(["products", "retire", "strip", "--why", "no orders"]) == 0
    capsys.readouterr()
    assert main(["products", "list"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("impeller") and "once castings" in first
    assert "retired" in second
    assert main(["run", "--source", "demo:?fps=0", "--frames", "1", "--product", "strip"]) == 3
    assert "'strip' is retired" in capsys.readouterr().err
    assert main(["products", "restore", "strip"]) == 0


def test_the_first_product_somebody_makes_is_not_judged_by_the_shipped_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["products", "make", "bracket"]) == 0
    assert main(["run", "--source", "demo:?fps=0", "--frames", "1", "--product", "bracket"]) == 3
    assert "'bracket' has no model yet" in capsys.readouterr().err
    assert main(["run", "--source", "demo:?fps=0", "--frames", "1"]) == 0
    assert [product for product, _ in judged()] == ["Demo plates"]


def test_an_empty_station_lists_none_and_makes_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["products", "list"]) == 0
    assert "no product yet" in capsys.readouterr().out
    assert main(["products", "rename", "castings"]) == 2
    assert main(["products", "make"]) == 2
    assert main(["products", "retire", "castings"]) == 3


def test_a_run_judges_as_the_product_asked_for_and_writes_it_with_every_row(
    two: tuple[str, str], tmp_path: Path
) -> None:
    lines = tmp_path / "l.jsonl"
    words = ["run", "--source", "demo:?fps=0", "--frames", "3", "--jsonl", str(lines)]
    assert main(words) == 0
    assert main([*words, "--product", "STRIP"]) == 0
    assert {json.loads(line)["product"] for line in lines.read_text(encoding="utf-8").splitlines()} == {"strip"}
    assert judged() == [("castings", two[0]), ("strip", two[1])]


def test_the_recipe_a_line_was_started_with_is_the_products_from_then_on(
    two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tape.toml"
    file.write_text(f'schema = 1\nname = "tape"\nproduct = "strip"\nmodel = "{two[0]}"\n', encoding="utf-8")
    words = ["run", "--source", "demo:?fps=0", "--frames", "2"]
    assert main([*words, "--recipe", str(file)]) == 0
    db = open_database(database_url())
    strip = find(db, "strip")
    now = active(db, strip.id)
    db.close()
    assert strip.recipe == file
    assert now is not None and now.version == two[0]
    assert judged() == [("strip", two[0])]
    capsys.readouterr()
    assert main(["models", "rollback", "--product", "strip"]) == 3
    assert main(["models", "activate", two[1], "--product", "strip"]) == 3
    assert "tape 1, was made for model" in capsys.readouterr().err
    lines = tmp_path / "l.jsonl"
    assert main([*words, "--product", "strip", "--jsonl", str(lines)]) == 0
    assert {json.loads(line)["recipe"] for line in lines.read_text(encoding="utf-8").splitlines()} == {"tape 1"}


def test_a_recipe_of_another_product_is_refused_in_one_sentence(
    two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tape.toml"
    file.write_text('schema = 1\nname = "tape"\nproduct = "strip"\n', encoding="utf-8")
    words = ["--frames", "1", "--source", "demo:?fps=0", "--recipe", str(file)]
    assert main(["run", "--product", "castings", *words]) == 3
    assert "'strip', not of 'castings'" in capsys.readouterr().err
    assert judged() == []


def test_a_scan_judges_as_the_product_and_puts_nothing_in_force(
    two: tuple[str, str], pictures: Path, tmp_path: Path
) -> None:
    file = tmp_path / "tape.toml"
    file.write_text(f'schema = 1\nname = "tape"\nproduct = "strip"\nmodel = "{two[0]}"\n', encoding="utf-8")
    assert main(["scan", str(pictures), "--db", database_url(), "--product", "strip"]) == 0
    assert judged() == [("strip", two[1])]
    assert main(["scan", str(pictures), "--db", database_url(), "--recipe", str(file)]) == 0
    assert judged() == sorted([("strip", two[1]), ("strip", two[0])])
    db = open_database(database_url())
    strip = find(db, "strip")
    now = active(db, strip.id)
    db.close()
    assert strip.recipe is None
    assert now is not None and now.version == two[1]


def test_a_scan_that_records_nothing_judges_as_the_product_too(
    two: tuple[str, str], pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = tmp_path / "l.jsonl"
    report = tmp_path / "report"
    assert main(["scan", str(pictures), "--product", "STRIP", "--jsonl", str(lines), "--report", str(report)]) == 0
    facts = re.findall(r"<th[^>]*>(\w+)</th><td[^>]*>([^<]*)", (report / "report.html").read_text(encoding="utf-8"))
    assert dict(facts)["Product"] == "strip"
    said = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert {(line["product"], line["model"]) for line in said} == {("strip", f"strips {two[1]}")}
    assert judged() == []
    assert main(["scan", str(pictures), "--product", "biscuit"]) == 3
    assert "no product 'biscuit'" in capsys.readouterr().err


def test_a_scan_that_records_nothing_judges_as_the_product_worked_on_last(
    two: tuple[str, str], pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_settings(StationSettings(product="strip"))
    lines = tmp_path / "l.jsonl"
    words = ["scan", str(pictures), "--jsonl", str(lines)]

    def judged_as(*more: str) -> set[tuple[str, str]]:
        assert main([*words, *more]) == 0
        said = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
        return {(line["product"], line["model"]) for line in said}

    assert judged_as() == {("strip", f"strips {two[1]}")}
    assert judged_as("--model", two[0]) == {("strip", f"castings {two[0]}")}
    file = tmp_path / "casting.toml"
    file.write_text('schema = 1\nname = "casting"\nproduct = "castings"\n', encoding="utf-8")
    assert judged_as("--recipe", str(file)) == {("castings", f"castings {two[0]}")}
    assert judged() == []
    assert main(["products", "retire", "strip"]) == 0
    assert main(words) == 3
    assert "'strip', which was worked on last, is retired" in capsys.readouterr().err


def test_a_scan_with_a_package_of_one_s_own_needs_no_station(
    two: tuple[str, str], pictures: Path, tmp_path: Path
) -> None:
    own = write_tiny_package(tmp_path / "own", name="own")
    (home() / DATABASE).write_bytes(b"no database")
    lines = tmp_path / "l.jsonl"
    assert main(["scan", str(pictures), "--model", str(own.folder), "--jsonl", str(lines)]) == 0
    assert {json.loads(line)["product"] for line in lines.read_text(encoding="utf-8").splitlines()} == {""}


def test_a_run_with_a_model_of_its_own_puts_nothing_in_force(two: tuple[str, str], tmp_path: Path) -> None:
    file = tmp_path / "tape.toml"
    file.write_text('schema = 1\nname = "tape"\nproduct = "strip"\n', encoding="utf-8")
    words = ["run", "--source", "demo:?fps=0", "--frames", "1", "--model", two[0]]
    assert main([*words, "--recipe", str(file)]) == 0
    assert judged() == [("strip", two[0])]
    db = open_database(database_url())
    strip = find(db, "strip")
    now = active(db, strip.id)
    db.close()
    assert strip.recipe is None
    assert now is not None and now.version == two[1]


def test_an_export_holds_one_product_s_corrections(
    two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--source", "demo:?fps=0", "--frames", "2", "--product", "strip", "--save", "all"]) == 0
    db = open_database(database_url())
    for row in page(db, Filter()).rows:
        add_override(db, make.override(row.inspection, Outcome.OK, "ok"))
    db.close()
    capsys.readouterr()
    assert main(["export", "--out", str(tmp_path / "of-castings"), "--product", "castings"]) == 3
    assert "no confirmed parts" in capsys.readouterr().err
    assert main(["export", "--out", str(tmp_path / "of-strips"), "--product", "strip"]) == 0
    assert "Exported 2 corrected parts" in capsys.readouterr().out


def test_a_product_goes_to_another_station_as_one_file(
    two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "strip.zip"
    assert main(["products", "export", "strip"]) == 2
    assert main(["products", "export", "strip", "--out", str(out)]) == 0
    assert "0 recipes, 1 model, 0 pictures" in capsys.readouterr().out
    monkeypatch.setenv("LINESIDE_HOME", str(tmp_path / "other home"))
    assert main(["products", "import", str(out), "--to", "tape", "--operator", "bob"]) == 0
    assert "Imported tape" in capsys.readouterr().out
    assert main(["run", "--source", "demo:?fps=0", "--frames", "2", "--product", "tape"]) == 0
    assert judged() == [("tape", two[1])]
    assert main(["products", "import", str(out), "--to", "Tape"]) == 3
    assert "There is a product called 'Tape' here." in capsys.readouterr().err
    assert main(["products", "rename", "tape", "--to", "band"]) == 0
    assert main(["products", "import", str(out), "--to", "tape"]) == 3
    assert "The product 'band' was once called 'tape'. Bring it in" in capsys.readouterr().err


def test_the_shipped_model_judges_demo_plates_from_the_first_start_on() -> None:
    assert main(["run", "--source", "demo:?fps=0", "--frames", "1"]) == 0
    ((product, _),) = judged()
    assert product == "Demo plates"


def test_where_the_product_worked_on_last_is_retired_nothing_else_is_taken_for_it(
    two: tuple[str, str], pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_settings(StationSettings(schema_version=1, product="strip"), home())
    assert main(["products", "retire", "strip", "--operator", "ann"]) == 0
    capsys.readouterr()
    run = ["run", "--source", f"folder:{pictures}"]
    for command in (run, ["models", "rollback"], ["export", "--out", str(tmp_path / "out")]):
        assert main(command) == 3
        said = capsys.readouterr().err
        assert "The product 'strip', which was worked on last, is retired." in said
        assert "--product" in said and "lineside products restore" in said
    assert judged() == []
    assert main([*run, "--product", "castings"]) == 0
    assert judged() == [("castings", two[0])]
    own = tmp_path / "own.toml"
    own.write_text('schema = 1\nname = "own"\nproduct = "castings"\n', encoding="utf-8")
    assert main([*run, "--recipe", str(own)]) == 0


def test_a_package_that_says_whose_parts_it_judges_is_brought_in_for_that_product_and_judges_no_other_unasked(
    two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = write_tiny_package(tmp_path / "new", name="new")
    manifest = made.folder / "manifest.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps(told | {"lineage": told["lineage"] | {"product": "Strip"}}), encoding="utf-8")
    assert main(["models", "import", str(made.folder), "--operator", "ann"]) == 0
    assert capsys.readouterr().out.endswith(" as candidate for strip.\n")
    version = open_package(made.folder).version
    assert main(["models", "activate", version]) == 3
    said = capsys.readouterr().err
    assert "was trained for the product 'strip', and 'castings' was worked on last" in said and "--product" in said
    assert main(["models", "activate", version, "--product", "strip"]) == 0
    db = open_database(database_url())
    strip = find(db, "strip")
    now = active(db, strip.id)
    db.close()
    assert version in strip.models
    assert now is not None and now.version == version
