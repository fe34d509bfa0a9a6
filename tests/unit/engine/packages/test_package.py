"""Packages come from outside: only a whole, unchanged, well-named one opens."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from engine.errors import PackageError
from engine.packages.package import open_package
from tests.packages import write_tiny_package


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_package(tmp_path / "tiny").folder


def edit(folder: Path, **values: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_version_is_the_manifests_hash(folder: Path) -> None:
    first = open_package(folder).version
    edit(folder, name="other")
    assert open_package(folder).version != first
    assert len(first) == 12


def test_missing_package_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="no model package"):
        open_package(tmp_path / "none")


def test_damaged_graph_is_refused(folder: Path) -> None:
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(PackageError, match="damaged"):
        open_package(folder)


def test_missing_graph_is_refused(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    with pytest.raises(PackageError, match=r"lacks model\.onnx"):
        open_package(folder)


def test_newer_schema_is_refused_with_the_remedy(folder: Path) -> None:
    edit(folder, schema=99)
    with pytest.raises(PackageError, match="Update this station"):
        open_package(folder)


@pytest.mark.parametrize("name", ["../evil", "a/b", "C:x", "..", "a\\b"])
def test_file_names_outside_the_package_are_refused(folder: Path, name: str) -> None:
    files = json.loads((folder / "manifest.json").read_text())["files"]
    edit(folder, files=files | {name: "0" * 64})
    with pytest.raises(PackageError, match="outside itself"):
        open_package(folder)


def test_link_in_place_of_the_graph_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder / "model.onnx", tmp_path / "elsewhere.onnx")
    (folder / "model.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    with pytest.raises(PackageError):
        open_package(folder)


def test_bad_key_is_named(folder: Path) -> None:
    edit(folder, input={"height": 0, "width": 8, "channels": 1})
    with pytest.raises(PackageError, match=r"input\.height"):
        open_package(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00"])
def test_manifest_that_is_no_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(PackageError):
        open_package(folder)


@pytest.mark.parametrize("wrapped", [False, True])
def test_zipped_package_is_the_same_package(folder: Path, tmp_path: Path, wrapped: bool) -> None:
    path = tmp_path / "tiny.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"tiny/{file.name}" if wrapped else file.name)
    assert open_package(path).version == open_package(folder).version


def test_zip_that_climbs_out_is_refused(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(folder / "manifest.json", "manifest.json")
        archive.writestr("../../evil.txt", "x")
    with pytest.raises(PackageError):
        open_package(path)
    assert not list(tmp_path.rglob("evil.txt"))


def test_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(b"not a zip")
    with pytest.raises(PackageError, match="not a readable zip"):
        open_package(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("metrics", '{"accuracy": NaN}'),
        ("metrics", '{"per_class": {"ok": [1, 1e999]}}'),
        ("calibration", '{"temperature": -Infinity}'),
        ("calibration", '{"temperature": 0}'),
        ("calibration", '{"temperature": "1.0"}'),
        ("lineage", '{"seed": 9223372036854775808}'),
        ("lineage", '{"more": ' + "9" * 5000 + "}"),
        ("lineage", '{"more": ' + "[" * 100_000),
        ("guard", '{"brightness": [1e999, 2], "contrast_min": 0, "sharpness_min": 0, "clipped_max": 0}'),
        ("schema", "1" + "0" * 30),
        ("schema", "NaN"),
        ("thresholds", '{"ng_at": NaN}'),
        ("members", '[{"architecture": "a", "height": 64, "width": 64, "channels": 1, "weight": 1e400}]'),
    ],
)
def test_a_number_that_cannot_be_is_refused(folder: Path, key: str, value: str) -> None:
    text = json.dumps(json.loads((folder / "manifest.json").read_text()) | {key: "HERE"}).replace('"HERE"', value)
    (folder / "manifest.json").write_text(text)
    with pytest.raises(PackageError, match="The manifest of"):
        open_package(folder)


def test_odd_characters_in_names_are_escaped(folder: Path) -> None:
    text = (folder / "manifest.json").read_text()
    for name in ("tiny", "defect"):
        text = text.replace(f'"name": "{name}"', f'"name": "{name[:2]}\\u001b\\u202e{name[2:]}"')
    (folder / "manifest.json").write_text(text, encoding="utf-8-sig")
    manifest = open_package(folder).manifest
    assert (manifest.name, manifest.class_names) == (r"ti\x1b\u202eny", ("ok", r"de\x1b\u202efect"))
