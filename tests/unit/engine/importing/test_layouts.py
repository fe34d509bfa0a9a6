"""Models whose pictures and maps lie otherwise, and files of any spelling: taken as they are, or refused in words."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from engine.backends.load import load_model
from engine.errors import PackageError, UsageError
from engine.importing import into_package
from engine.importing.files import is_package
from engine.importing.inspect import Foreign, Layout, Port
from engine.importing.into_package import import_foreign, inspect_foreign
from engine.importing.plan import ImportOptions
from tests.foreign import SIDE, WEIGHT, classifier, model, transposing

LAYOUTS = ("NCHW", "NHWC")
KNOWN = ImportOptions(classes=("a", "b", "c"), ok=("a",), scale="0-1")


def cells(pixels: NDArray[np.uint8], channels: int) -> NDArray[np.float32]:
    return np.asarray((pixels[..., ::-1] / 255.0) @ WEIGHT[:, :channels], np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(SIDE, SIDE), (32, 96)])
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("gives", LAYOUTS)
@pytest.mark.parametrize("given", LAYOUTS)
def test_map_is_read_as_it_lies(tmp_path: Path, given: str, gives: str, channels: int, size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    (tmp_path / "model.onnx").write_bytes(transposing(channels, given, gives, size))
    classes = () if channels < 3 else ("background", "dent", "scratch")
    options = ImportOptions(scale="0-1", classes=classes)
    backend = load_model(import_foreign(tmp_path / "model.onnx", tmp_path / "p", options).package, precision="f32")
    heat = backend.run(pixels).heat
    backend.close()
    logits = cells(pixels, channels)
    wanted = 1 / (1 + np.exp(-logits[..., 0]))
    if channels > 1:
        grown = np.exp(logits)
        wanted = 1 - grown[..., 0] / grown.sum(axis=-1)
    assert heat == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize(
    ("shape", "size", "wanted"),
    [
        ((1, 1, 14, 14), (224, 224), "NCHW"),
        ((1, 14, 14, 1), (224, 224), "NHWC"),
        ((1, 14, 14, 14), (224, 224), "NHWC"),
        ((1, 12, 14, 14), (224, 224), "NCHW"),
        ((1, 14, 14, 13), (224, 224), "NHWC"),
        ((1, 3, 7, 10), (200, 300), "NCHW"),
        ((1, 7, 10, 3), (200, 300), "NHWC"),
        ((1, 1, 16, 3), (64, 1024), "NHWC"),
        ((None, 1, None, None), (None, None), "NCHW"),
        ((None, None, None, 1), (None, None), "NHWC"),
        ((None, None, None, None), (None, None), "NHWC"),
    ],
)
def test_layout_follows_the_cells_then_the_input(
    shape: tuple[int | None, ...], size: tuple[int | None, int | None], wanted: Layout
) -> None:
    port = Port("input", (1, *size, 3), "f32")
    foreign = Foreign(Path("m"), (port,), (), "NHWC", 3, *size, None, "", "", None)
    assert foreign.layout_of(shape) == wanted


@pytest.mark.slow
@pytest.mark.parametrize("gives", ["last", "first"])
def test_scores_with_empty_sides_are_scores(tmp_path: Path, gives: str) -> None:
    turn = [0, 1, 2, 3] if gives == "last" else [0, 3, 1, 2]
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1, 2], keepdims=1),
        helper.make_node("MatMul", ["mean", "weight"], ["logits"]),
        helper.make_node("Transpose", ["logits"], ["output"], perm=turn),
    ]
    sides = [1, 1, 1, 3] if gives == "last" else [1, 3, 1, 1]
    data = model(nodes, [1, SIDE, SIDE, 3], [("output", TensorProto.FLOAT, sides)], {"weight": WEIGHT})
    (tmp_path / "model.onnx").write_bytes(data)
    made = import_foreign(tmp_path / "model.onnx", tmp_path / "p", KNOWN)
    assert made.package.manifest.kind == "classifier" and made.package.manifest.class_names == ("a", "b", "c")


@pytest.mark.slow
@pytest.mark.parametrize("sides", [[SIDE, SIDE, 1], [2, SIDE, SIDE], [4, 1, SIDE, SIDE], [SIDE, SIDE, 1, 1, 1]])
def test_map_of_no_kind_is_refused_in_words(tmp_path: Path, sides: list[int]) -> None:
    count = int(np.prod(sides)) // (SIDE * SIDE)
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["grey"], axes=[1], keepdims=0),
        helper.make_node("Concat", ["grey"] * count, ["many"], axis=0),
        helper.make_node("Reshape", ["many", "sides"], ["map"]),
    ]
    data = model(nodes, [1, 3, SIDE, SIDE], [("map", TensorProto.FLOAT, sides)], {"sides": np.array(sides, np.int64)})
    (tmp_path / "model.onnx").write_bytes(data)
    with pytest.raises((PackageError, UsageError)) as found:
        import_foreign(tmp_path / "model.onnx", tmp_path / "p", ImportOptions(scale="0-1"))
    assert "map" in found.value.message and not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    "shape", [[1, SIDE, SIDE, 4], [1, 2, SIDE, SIDE], [1, SIDE, 3, SIDE], [SIDE, SIDE, 3], [2, 3, 8, 8]]
)
def test_input_that_is_no_picture_is_refused_in_words(tmp_path: Path, shape: list[int]) -> None:
    nodes = [helper.make_node("Identity", ["input"], ["output"])]
    (tmp_path / "model.onnx").write_bytes(model(nodes, shape, [("output", TensorProto.FLOAT, shape)], {}))
    with pytest.raises(PackageError, match="The model's input is"):
        inspect_foreign(tmp_path / "model.onnx")


@pytest.mark.parametrize("name", ["MODEL.ONNX", "Model.Onnx", "m.oNNx"])
def test_suffix_may_be_written_in_capitals(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(classifier())
    assert inspect_foreign(tmp_path / name).kind == inspect_foreign(tmp_path).kind == "classifier"


@pytest.mark.parametrize("names", [("MODEL.XML", "MODEL.BIN"), ("m.Xml", "m.BIN"), ("m.XML", "M.bin")])
def test_ir_may_be_written_in_capitals(tmp_path: Path, names: tuple[str, str]) -> None:
    (tmp_path / "from.onnx").write_bytes(classifier())
    (tmp_path / "ir").mkdir()
    ov.save_model(ov.Core().read_model(tmp_path / "from.onnx"), tmp_path / "ir" / "a.xml")
    for made, name in zip(("a.xml", "a.bin"), names, strict=True):
        (tmp_path / "ir" / made).rename(tmp_path / "ir" / name)
    assert inspect_foreign(tmp_path / "ir").kind == "classifier"


@pytest.mark.parametrize("name", ["padim\\model.onnx", "padim\\weights\\MODEL.ONNX", "model.onnx"])
def test_zip_of_windows_or_a_mac_is_taken(tmp_path: Path, name: str) -> None:
    path = tmp_path / "MODEL.ZIP"
    with zipfile.ZipFile(path, "w") as archive:
        for written, data in ((name, classifier()), ("__MACOSX/._model.onnx", b"x"), (".DS_Store", b"x")):
            entry = zipfile.ZipInfo("x")
            entry.filename = written
            archive.writestr(entry, data)
    assert not is_package(path) and inspect_foreign(path).kind == "classifier"


def test_model_that_is_written_over_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, read = tmp_path / "model.onnx", into_package.open_graph
    path.write_bytes(classifier())

    def then_written_over(*given: object) -> object:
        found = read(*given)  # type: ignore[arg-type]
        path.write_bytes(classifier("Softmax"))
        return found

    monkeypatch.setattr(into_package, "open_graph", then_written_over)
    with pytest.raises(PackageError, match="changed while it was read"):
        import_foreign(path, tmp_path / "p", KNOWN)
    assert not (tmp_path / "p").exists()


def test_file_that_is_called_a_zip_and_is_none_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "model.zip").write_bytes(b"PK but no more")
    for look in (is_package, inspect_foreign):
        with pytest.raises(PackageError, match="not a readable zip"):
            look(tmp_path / "model.zip")
