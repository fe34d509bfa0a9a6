"""The command line through the real main(), on the tiny model."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from main import main
from tests.frames import part
from tests.packages import write_tiny_package


@pytest.fixture
def package(tmp_path: Path) -> str:
    return str(write_tiny_package(tmp_path / "tiny", review=0.2).folder)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    for label, spots in (("ok", (0, 0, 60)), ("defect", (250, 200, 110))):
        (tmp_path / "parts" / label).mkdir(parents=True)
        for index, spot in enumerate(spots):
            cv2.imwrite(str(tmp_path / "parts" / label / f"{index}.png"), part(spot, seed=index))
    return tmp_path / "parts"


@pytest.mark.parametrize(
    "words", [[], ["run"], ["scan"], ["train"], ["evaluate"], ["export"], ["models"], ["gate"], ["verify"]]
)
def test_help_of_every_command_has_an_example(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert "example:" in said.lower()
    assert said.count("lineside") >= 2


def test_sources_names_what_opens_the_demo_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources"]) == 0
    assert "demo:" in capsys.readouterr().out


def test_run_prints_verdicts_against_the_truth_and_records_them(
    package: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = tmp_path / "run.jsonl"
    words = ["run", "--source", "demo:?fps=0", "--frames", "12", "--model", package, "--jsonl", str(lines)]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "Inspected 12" in said
    assert "truth" in said
    assert "lineside.db" in said
    assert len(lines.read_text().splitlines()) == 12
    assert main(["verify"]) == 0


def test_scan_lines_are_stable_and_the_confusion_is_told(
    labelled: Path, package: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, report = tmp_path / "scan.jsonl", tmp_path / "report"
    words = ["scan", str(labelled), "--model", package, "--jsonl", str(lines), "--report", str(report)]
    assert main(words) == 0
    read = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    keys = {"path", "verdict", "label", "score", "scores", "regions", "model", "recipe", "milliseconds"}
    assert all(keys <= set(line) for line in read)
    assert [line["verdict"] for line in read] == ["NG", "NG", "REVIEW", "OK", "OK", "OK"]
    assert set(read[0]["regions"][0]) >= {"box", "area", "score"}
    said = capsys.readouterr().out
    assert "defect" in said
    assert (report / "report.html").exists()
    plain = (report / "inspections.csv").read_text(encoding="utf-8-sig").splitlines()
    assert main([*words, "--separator", "semicolon"]) == 0
    german = (report / "inspections.csv").read_text(encoding="utf-8-sig").splitlines()
    assert german[0] == plain[0].replace(",", ";") and len(german) == len(plain) == 7
    assert german[1].split(";")[6] == plain[1].split(",")[6].replace(".", ",")


def test_no_review_band_decides_every_picture(labelled: Path, package: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(labelled), "--model", package, "--no-review"]) == 0
    assert "REVIEW 0" in capsys.readouterr().out


def test_recipe_file_moves_the_threshold(
    labelled: Path, package: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "strict.toml"
    recipe.write_text('schema = 1\nname = "strict"\n[limits]\nng_at = 0.2\n')
    assert main(["scan", str(labelled), "--model", package, "--recipe", str(recipe)]) == 0
    assert "NG 4" in capsys.readouterr().out


def test_scan_gives_picture_by_picture_what_evaluate_gives(labelled: Path, package: str, tmp_path: Path) -> None:
    scan, evaluate, figures = tmp_path / "scan.jsonl", tmp_path / "evaluate.jsonl", tmp_path / "figures.json"
    assert main(["scan", str(labelled), "--model", package, "--no-review", "--jsonl", str(scan)]) == 0
    assert main(["evaluate", package, str(labelled), "--json", str(figures), "--jsonl", str(evaluate)]) == 0
    judged = {json.loads(x)["path"]: json.loads(x) for x in scan.read_text().splitlines()}
    evaluated = {json.loads(x)["path"]: json.loads(x) for x in evaluate.read_text().splitlines()}
    assert {Path(p).resolve() for p in judged} == {Path(p).resolve() for p in evaluated}
    by_place = {Path(p).resolve(): line for p, line in judged.items()}
    for path, line in evaluated.items():
        for key in ("verdict", "label", "score", "scores"):
            assert line[key] == by_place[Path(path).resolve()][key]
        assert line["truth"] == Path(path).parent.name
    keys = {"accuracy", "macro_f1", "micro_f1", "kappa", "ap", "auroc", "per_class", "confusion", "threshold"}
    assert keys <= set(json.loads(figures.read_text()))


def test_an_evaluation_says_whose_parts_it_judged(labelled: Path, package: str, tmp_path: Path) -> None:
    lines, figures, recipe = tmp_path / "l.jsonl", tmp_path / "figures.json", tmp_path / "own.toml"
    recipe.write_text('schema = 1\nname = "own"\nproduct = "castings"\n')
    words = ["evaluate", package, str(labelled), "--json", str(figures), "--jsonl", str(lines)]
    for more, product in (([], ""), (["--recipe", str(recipe)], "castings"), (["--product", "strip"], "strip")):
        assert main([*words, *more]) == 0
        assert json.loads(figures.read_text())["product"] == product
        assert {json.loads(line)["product"] for line in lines.read_text().splitlines()} == {product}


def test_models_are_imported_activated_and_rolled_back(
    package: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(write_tiny_package(tmp_path / "second", name="second").folder)
    assert main(["models", "import", package]) == 0
    assert main(["models", "activate", "tiny"]) == 0
    assert main(["models", "activate", other, "--operator", "Ana", "--why", "better"]) == 0
    capsys.readouterr()
    assert main(["models", "list"]) == 0
    listed = capsys.readouterr().out
    assert "active" in next(line for line in listed.splitlines() if "second" in line)
    assert main(["models", "rollback"]) == 0
    assert "tiny" in capsys.readouterr().out
