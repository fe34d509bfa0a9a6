"""`lineside thresholds` through the real main(): the evaluation it reads, the recipe it writes, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.domain.inspection import Severity
from engine.domain.recipe import ClassRule
from engine.packages.package import open_package
from engine.recipes.file import load_recipe
from main import main
from tests.frames import part
from tests.packages import write_tiny_package
from trainer.thresholds.page import steps_of


def line(truth: str, crack: float, scratch: float, **more: Any) -> dict[str, Any]:
    scores = {"ok": round(1 - crack - scratch, 6), "crack": crack, "scratch": scratch}
    return {
        "verdict": "NG" if crack + scratch >= 0.5 else "OK",
        "score": round(crack + scratch, 6),
        "scores": scores,
        "truth": truth,
        "sound": truth == "ok",
        "model": "bracket 0123456789ab",
        **more,
    }


LINES = [
    *[line("ok", 0.01 * i, 0.02) for i in range(8)],
    line("ok", 0.0, 0.62),
    *[line("scratch", 0.0, 0.5 + 0.05 * i) for i in range(8)],
    line("crack", 0.3, 0.0),
    line("crack", 0.12, 0.0),
    line("crack", 0.9, 0.0),
]


def write(tmp_path: Path, lines: list[dict[str, Any]]) -> str:
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in lines), encoding="utf-8")
    return str(path)


def test_recall_of_a_critical_class_becomes_its_own_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "out.toml"
    words = ["thresholds", write(tmp_path, LINES), "--overkill", "0", "--critical", "crack", "--recipe", str(recipe)]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "bracket 0123456789ab: 11 defects, 9 sound parts" in said
    assert "rejects at most 0 % of the sound parts" in said
    # The overall limit over 0.62 lets 5 defects through; the cracks of 0.3 and 0.12 are caught by their own.
    assert "Escapes 3 of 11" in said
    assert "Careful: 3 of 11 escapes" in said
    text = recipe.read_text(encoding="utf-8")
    assert 'model = "0123456789ab"' in text
    assert 'severity = "critical"' in text
    assert "ng_at = 0.095" in text


def test_written_recipe_judges_as_was_promised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = write_tiny_package(tmp_path / "tiny", review=0.2)
    for label, spots in (("ok", (0, 0, 60, 90)), ("defect", (250, 200, 110))):
        (tmp_path / "parts" / label).mkdir(parents=True)
        for index, spot in enumerate(spots):
            cv2.imwrite(str(tmp_path / "parts" / label / f"{index}.png"), part(spot, seed=index))
    lines, out = tmp_path / "lines.jsonl", tmp_path / "out.toml"
    evaluation = ["evaluate", str(package.folder), str(tmp_path / "parts"), "--jsonl", str(lines)]
    assert main(evaluation) == 0
    choice = ["thresholds", str(lines), "--cost", "100:1", "--critical", "defect", "--name", "mine"]
    assert main([*choice, "--recipe", str(out)]) == 0
    assert "Escapes 0 of 3" in capsys.readouterr().out
    recipe = load_recipe(out, open_package(package.folder))
    assert recipe.name == "mine"
    assert recipe.limits.ng_at == recipe.limits.review_from < 0.5
    assert recipe.rules == (ClassRule("defect", Severity.CRITICAL, recipe.limits.ng_at),)
    figures = tmp_path / "figures.json"
    assert main([*evaluation[:3], "--recipe", str(out), "--json", str(figures)]) == 0
    found = json.loads(figures.read_text())
    assert (found["escapes"]["count"], found["overkill"]["count"]) == (0, 0)


def test_neighbours_and_cost_are_shown_and_unjudged_pictures_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unread = {**line("scratch", 0.0, 0.0), "verdict": "NO VERDICT", "scores": {}, "score": 0.0}
    strange = {**line("ok", 0.0, 0.99), "verdict": "REVIEW", "unknown": True}
    path = write(tmp_path, [unread, *LINES, strange])
    assert main(["thresholds", path, "--cost", "100:1", "--prevalence", "0.01"]) == 0
    said = capsys.readouterr().out
    assert "2 unknown or without a verdict left out" in said
    assert "share of defects 0.01" in said
    rows = [row for row in said.splitlines() if " of 11 (" in row and " of 9 (" in row and "0." in row[:14]]
    assert sum(row.startswith("→") for row in rows) == 1
    assert len(rows) >= 4


def test_older_lines_need_the_sound_classes_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, [{k: v for k, v in entry.items() if k != "sound"} for entry in LINES])
    assert main(["thresholds", path, "--recall", "1"]) == 3
    assert "--ok-classes" in capsys.readouterr().err
    assert main(["thresholds", path, "--recall", "1", "--ok-classes", "ok"]) == 0


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{}"], "Line 1"),
        (["not json"], "Line 1"),
        ([json.dumps(LINES[0]), "[]"], "Line 2"),
        ([json.dumps({**LINES[0], "score": 7})], "score"),
        ([json.dumps({**LINES[0], "score": float("nan")})], "score"),
        ([json.dumps(LINES[0]), json.dumps({**LINES[1], "model": "other 1"})], "another model"),
        ([json.dumps(entry) for entry in LINES if entry["truth"] == "ok"], "no defects"),
        ([json.dumps(entry) for entry in LINES if entry["truth"] != "ok"], "no sound parts"),
        ([], "no judged picture"),
        (["[" * 100_000], "Line 1"),
        ([json.dumps({**LINES[0], "more": "x" * (5 << 20)})], "too large at line 1"),
    ],
)
def test_bad_evaluations_name_the_line(
    lines: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert main(["thresholds", str(path), "--recall", "0.99"]) == 3
    err = capsys.readouterr().err
    assert said in err and "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--cost", "100"], 2, "pair of costs"),
        (["--recall", "2"], 2, "recall"),
        (["--recall", "1", "--prevalence", "0.1"], 2, "--cost only"),
        (["--recall", "1", "--critical", "crak"], 2, "Its classes are ok, crack, scratch"),
        (["--recall", "1", "--overkill", "0"], 2, "not allowed with"),
        ([], 2, "required"),
    ],
)
def test_wrong_use_is_told(
    words: list[str], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["thresholds", write(tmp_path, LINES), *words]) == code
    assert said in capsys.readouterr().err


def test_missing_evaluation_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["thresholds", str(tmp_path / "none.jsonl"), "--recall", "1"]) == 3
    assert "cannot be read" in capsys.readouterr().err


def test_report_draws_every_curve_with_its_point(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["thresholds", write(tmp_path, LINES), "--cost", "100:1", "--critical", "crack", "--report"]
    assert main([*words, str(tmp_path / "out")]) == 0
    page = (tmp_path / "out" / "operating.html").read_text(encoding="utf-8")
    assert page.count("<polyline") == 4
    assert page.count('class="chosen"') == 2
    assert "Critical: crack" in page and "threshold on the score of crack" in page
    assert "http" not in page and "<script" not in page


def test_names_in_a_report_are_text(tmp_path: Path) -> None:
    lines = [{**entry, "model": "<script>alert(1)</script> 01"} for entry in LINES]
    assert main(["thresholds", write(tmp_path, lines), "--recall", "1", "--report", str(tmp_path / "out")]) == 0
    assert "<script" not in (tmp_path / "out" / "operating.html").read_text(encoding="utf-8")


def test_a_rate_holds_until_the_next_threshold() -> None:
    assert steps_of(np.array([0.0, 0.5]), np.array([0.0, 1.0])) == (
        "70.0,280.0 70.0,280.0 400.0,280.0 400.0,30.0 730.0,30.0"
    )
    many = np.linspace(0.0, 0.99, 5000)
    assert len(steps_of(many, many).split()) < 1100


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_lines_from_notepad_are_read_and_other_texts_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    path = tmp_path / "lines.jsonl"
    texts = [json.dumps(entry | {"truth": entry["truth"] + "ü"}, ensure_ascii=False) for entry in LINES]
    path.write_text("\r\n".join(texts), encoding=encoding)
    wanted = 0 if encoding == "utf-8-sig" else 3
    assert main(["thresholds", str(path), "--recall", "1"]) == wanted
    assert wanted == 0 or "Line 1 of " in capsys.readouterr().err
