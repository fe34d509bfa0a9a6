"""What a newcomer gets: the demo without a display, the shipped models' judgement, the self-test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from engine.domain.inspection import Outcome
from engine.packages.package import open_package
from engine.recipes.file import default_recipe, without_review
from engine.system.places import demo_package
from main import main
from tests import ROOT
from tests.e2e.judged import judge_demo


def test_demo_without_a_display_saves_picture_and_report_and_says_where(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}}
    picture, report = tmp_path / "demo.png", tmp_path / "report"
    words = ["--demo", "--frames", "25", "--screenshot", str(picture), "--report", str(report)]
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *words],
        env=environment | {"LINESIDE_HOME": str(tmp_path / "home")},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for said in ("Inspected 25", "truth", "lineside.db", str(picture), "report.html"):
        assert said in done.stdout
    window = cv2.imread(str(picture))
    assert window is not None
    assert window.shape == (720, 1280, 3)
    assert (report / "report.html").exists()


def test_window_without_a_display_says_so(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}}
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "--demo"],
        env=environment | {"LINESIDE_HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert "no display" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("name", "escapes", "overkill"), [("demo-segdec", 0.08, 0.05), ("demo-classifier", 0.2, 0.1)])
def test_shipped_model_judges_parts_it_has_never_seen(name: str, escapes: float, overkill: float) -> None:
    package = open_package(demo_package(name))
    recipe = without_review(default_recipe(package))
    found = [pair for seed in (42, 123, 300) for pair in judge_demo(package, recipe, seed=seed, count=50)]
    bad = [v for truth, v in found if truth != "ok"]
    good = [v for truth, v in found if truth == "ok"]
    assert sum(v.outcome is Outcome.OK for v in bad) <= escapes * len(bad)
    assert sum(v.outcome is Outcome.NG for v in good) <= overkill * len(good)


@pytest.mark.parametrize("name", ["demo-segdec", "demo-classifier"])
def test_shipped_model_calls_most_good_parts_ok_by_its_own_band(name: str) -> None:
    package = open_package(demo_package(name))
    good = [v for truth, v in judge_demo(package, default_recipe(package), seed=42, count=50) if truth == "ok"]
    assert sum(v.outcome is Outcome.OK for v in good) >= 0.8 * len(good)


def test_selftest_passes_here(capsys: pytest.CaptureFixture[str], qapp: object) -> None:
    assert main(["selftest"]) == 0
    assert "Everything works." in capsys.readouterr().out
