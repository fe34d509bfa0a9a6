"""`lineside models import` with a model made elsewhere: flags in, a registered package out, one sentence when not."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import pytest

from db.commands.bring_in import add_import_options, options_of
from db.models.registry import list_models
from db.store.session import open_database
from engine.errors import UsageError
from engine.packages.package import open_package
from engine.system.places import database_url
from main import main
from tests.foreign import SIDE, anomalib, classifier
from tests.packages import write_tiny_package

pytestmark = pytest.mark.slow

CLASSIFIER = ["--classes", "good,dent,scratch", "--scale", "imagenet", "--size", f"{SIDE}x{SIDE}"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "net.onnx").write_bytes(classifier(size=("H", "W")))
    return tmp_path / "net.onnx"


def test_flags_become_the_packages_manifest(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--name", "bracket", "--ok", "good", "--colour", "bgr", "--resize", "letterbox", "--ng-at", "0.4"]
    assert main(["models", "import", str(model), *CLASSIFIER, *flags]) == 0
    said = capsys.readouterr()
    assert "Registered bracket" in said.out
    assert "get a softmax" in said.err
    database = open_database(database_url())
    manifest = open_package(list_models(database)[0].folder).manifest
    database.close()
    assert (manifest.kind, manifest.class_names, manifest.ok_classes) == (
        "classifier",
        ("good", "dent", "scratch"),
        ("good",),
    )
    assert (manifest.input.resize, manifest.thresholds.ng_at) == ("letterbox", 0.4)


def test_imported_model_scans_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "padim.onnx").write_bytes(anomalib())
    (tmp_path / "parts").mkdir()
    for name, red in (("sound", 40), ("bad", 220)):
        cv2.imwrite(str(tmp_path / "parts" / f"{name}.png"), np.full((80, 100, 3), (0, 0, red), np.uint8))
    assert main(["models", "import", str(tmp_path / "padim.onnx")]) == 0
    database = open_database(database_url())
    folder = list_models(database)[0].folder
    database.close()
    capsys.readouterr()
    assert main(["scan", str(tmp_path / "parts"), "--model", str(folder)]) == 0
    assert "OK 1  NG 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (CLASSIFIER[2:], "3 scores: add --classes"),
        ([*CLASSIFIER[:2], *CLASSIFIER[4:]], "add --scale"),
        (CLASSIFIER[:4], "add --size"),
        ([*CLASSIFIER[:4], "--size", "big"], "HEIGHTxWIDTH"),
        ([*CLASSIFIER, "--mean", "a,b"], "not a list of numbers"),
        ([*CLASSIFIER, "--ok", "fine"], "--ok names fine"),
    ],
)
def test_wrong_use_is_one_line_and_exit_two(
    model: Path, capsys: pytest.CaptureFixture[str], flags: list[str], reason: str
) -> None:
    assert main(["models", "import", str(model), *flags]) == 2
    said = capsys.readouterr().err.strip()
    assert reason in said
    assert "\n" not in said


def test_flags_on_a_package_that_says_it_all_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    assert main(["models", "import", str(package.folder), "--name", "other"]) == 2
    assert main(["models", "import", str(package.folder)]) == 0
    assert "Registered tiny" in capsys.readouterr().out
    assert main(["models", "import", str(tmp_path / "nowhere")]) == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_list_of_classes_may_come_from_notepad(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "classes.txt"
    path.write_bytes("gut\r\nKörner\r\n".encode(encoding))
    parser = argparse.ArgumentParser()
    add_import_options(parser)
    assert options_of(parser.parse_args(["--classes", f"@{path}"])).classes == ("gut", "Körner")
    path.write_text("gut\nKörner\n", encoding="latin-1")
    with pytest.raises(UsageError, match=r"The list of classes .* is not text in UTF-8, at line 2"):
        options_of(parser.parse_args(["--classes", f"@{path}"]))
