"""Pipes, devices and folders where a file is wanted, and files where a folder is: refused in words, nothing is waited
for. A command that is ended leaves nothing behind."""

from __future__ import annotations

import os
import signal
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.packages import package
from engine.system.places import cache_folder
from main import main
from tests.foreign import classifier
from tests.packages import write_tiny_package

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes in folders")

IMPORT = ("models", "import")
KNOWN = ("--classes", "a,b,c", "--ok", "a", "--scale", "0-1")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two pictures in parts, a package, a model made elsewhere, pipes by many names, and folders."""
    (tmp_path / "parts").mkdir()
    for grey in (60, 250):
        cv2.imwrite(str(tmp_path / "parts" / f"{grey}.png"), np.full((64, 80), grey, np.uint8))
    write_tiny_package(tmp_path / "tiny")
    (tmp_path / "m.onnx").write_bytes(classifier())
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for suffix in ("", ".png", ".mp4", ".zip", ".onnx", ".xml", ".db"):
        os.mkfifo(tmp_path / f"pipe{suffix}")
        (tmp_path / f"folder{suffix}").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LINESIDE_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ("scan", "pipe.png", "--model", "tiny"),
        ("scan", "pipe.mp4", "--model", "tiny"),
        ("scan", "pipe", "--model", "tiny"),
        ("scan", "folder:pipe", "--model", "tiny"),
        ("scan", "folder.png", "--model", "tiny"),
        ("scan", "video:/dev/zero", "--model", "tiny"),
        ("scan", "parts", "--model", "pipe"),
        ("scan", "parts", "--model", "pipe.zip"),
        ("scan", "parts", "--model", "folder.zip"),
        ("scan", "parts", "--model", "/dev/zero"),
        ("scan", "parts", "--model", "tiny", "--db", "pipe.db"),
        ("scan", "parts", "--model", "tiny", "--db", "sqlite:///pipe.db"),
        ("scan", "parts", "--model", "tiny", "--db", "folder.db"),
        ("scan", "parts", "--model", "tiny", "--db", "/dev/null"),
        ("scan", "parts", "--model", "tiny", "--jsonl", "folder"),
        ("run", "--source", "video:pipe.mp4", "--model", "tiny", "--frames", "1"),
        ("run", "--source", "folder:pipe", "--model", "tiny", "--frames", "1"),
        ("verify", "--db", "pipe.db"),
        ("export", "--db", "pipe.db", "--out", "out"),
        ("gate", "pipe.zip", "--db", "pipe.db"),
        (*IMPORT, "pipe.zip", *KNOWN),
        (*IMPORT, "pipe.onnx", *KNOWN),
        (*IMPORT, "pipe.xml", *KNOWN),
        (*IMPORT, "folder.onnx", *KNOWN),
        (*IMPORT, "/dev/zero", *KNOWN),
        (*IMPORT, "m.onnx", *KNOWN, "--reference", "pipe"),
        (*IMPORT, "m.onnx", *KNOWN, "--reference", "file"),
        ("data", "inspect", "pipe"),
        ("label", "pipe", "--model", "tiny", "--out", "out"),
    ],
    ids=" ".join,
)
def test_what_is_no_plain_file_is_refused_in_a_sentence(
    place: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert main(words) in {2, 3, 4}
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("lineside: ") and said.endswith(".")
    assert not (place / "out").exists()


def test_pipe_inside_a_package_or_beside_a_recipe_is_not_opened(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "tiny" / "manifest.json").unlink()
    os.mkfifo(place / "tiny" / "manifest.json")
    assert main(["scan", "parts", "--model", "tiny"]) == 3
    assert "holds no manifest.json" in capsys.readouterr().err
    write_tiny_package(place / "whole")
    (place / "r.toml").write_text('name = "r"\n[imaging]\npicture = "pipe.png"\n', encoding="utf-8")
    assert main(["scan", "parts", "--model", "whole", "--recipe", "r.toml"]) == 3
    assert "imaging.picture: it is no picture file" in capsys.readouterr().err


def test_command_that_is_ended_while_it_unpacks_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = place / "p.zip"
    from_folder(place / "tiny", path)
    monkeypatch.setattr(package, "unpack", lambda *_: signal.raise_signal(signal.SIGTERM))
    assert main(["scan", "parts", "--model", "p.zip"]) == 130
    assert not list((cache_folder() / "packages").iterdir())


def from_folder(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
