"""What build.spec names is there: PyInstaller only warns of a module that is not, and the camera fails at the plant."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from engine.backbone.weights import FILE, PACKAGE
from engine.sources import catalogue
from tests import ROOT

SPEC = (ROOT / "build.spec").read_text(encoding="utf-8")
OURS = re.findall(r'"((?:engine|db|trainer|gui)(?:\.\w+)+)"', SPEC)
FOLDERS = re.findall(r'\("((?:resources|db|trainer)[\w/]*)", "([\w/]+)"\)', SPEC)
LEFT_OUT = {"engine.sources.genicam.aravis", "engine.sources.genicam.pylon"}
"""Aravis needs the system's own libraries; parts of pypylon carry no licence text."""


def test_modules_of_the_bundle_are_there() -> None:
    assert "db.store.schema" in OURS
    assert [name for name in OURS if find_spec(name) is None] == []


def test_folders_of_the_bundle_are_there_and_keep_their_places() -> None:
    assert ("db/store/migrations", "db/store/migrations") in FOLDERS
    assert [(source, place) for source, place in FOLDERS if source != place or not (ROOT / source).is_dir()] == []


def test_every_kind_of_camera_is_in_the_bundle_or_left_out_on_purpose() -> None:
    kinds = {kind.module for kind in catalogue._CAMERAS.values()}
    assert {name for name in OURS if name.startswith("engine.sources.")} == kinds - LEFT_OUT


def test_weights_of_the_backbone_are_in_the_bundle_by_the_name_they_are_asked_for() -> None:
    assert f'"{PACKAGE}"' in SPEC
    assert Path(FILE).match(*re.findall(r'includes=\["(.*?)"\]', SPEC))
