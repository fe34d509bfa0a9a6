"""Graphs no station should run are refused with the reason, before the line sees them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino as ov
import openvino.opset13 as ops
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.backends import graph as graphs
from engine.backends.graph import check_contract, read_graph
from engine.backends.load import load_model
from engine.errors import PackageError
from engine.packages.graph_files import check_graph_file
from engine.packages.manifest import GuardSpec
from engine.packages.package import ModelPackage, write_package
from tests import ROOT
from tests.foreign import classifier, outside
from tests.packages import HEIGHT, WIDTH, tiny_graph, write_tiny_package


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return write_tiny_package(tmp_path / "tiny")


def with_graph(package: ModelPackage, data: bytes) -> ModelPackage:
    return write_package(package.folder.with_name("other"), package.manifest, {"model.onnx": data})


def tiny(scores: Any = None, maps: Any = None, **more: Any) -> Any:
    """A graph of the tiny package's contract; `scores` and `maps` are functions of the picture as f32 NCHW."""
    picture = ops.parameter([1, HEIGHT, WIDTH, 1], np.uint8, name="picture")
    seen = ops.transpose(ops.convert(picture, "f32"), np.array([0, 3, 1, 2]))
    given = {
        "scores": scores(seen) if scores else ops.constant(np.array([[0.5, 0.5]], np.float32)),
        "map": maps(seen) if maps else ops.clamp(seen, 0.0, 1.0),
        **{name: made(seen) for name, made in more.items()},
    }
    results = []
    for name, value in given.items():
        results.append(ops.result(value))
        results[-1].output(0).set_names({name})
    picture.output(0).set_names({"picture"})
    return ov.Model(results, [picture], "bad")


def as_ir(package: ModelPackage, model: Any) -> ModelPackage:
    folder = package.folder.with_name("scratch")
    folder.mkdir()
    ov.save_model(model, folder / "model.xml", compress_to_fp16=False)
    files = {name: (folder / name).read_bytes() for name in ("model.xml", "model.bin")}
    return write_package(package.folder.with_name("ir"), package.manifest, files)


def constant(shape: Sequence[int]) -> Any:
    return lambda _seen: ops.constant(np.zeros(shape, np.float32))


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (lambda: tiny(scores=constant([1, 3])), r"\[1, 3\] scores for 2 classes"),
        (lambda: tiny(scores=constant([2])), r"\[2\] scores"),
        (lambda: tiny(maps=constant([1, 2, 4, 4])), r"map of \[1, 2, 4, 4\], the manifest says"),
        (lambda: tiny(maps=constant([1, 4, 4])), r"map of \[1, 4, 4\]"),
        (lambda: tiny(maps=constant([1, 1, HEIGHT + 1, WIDTH])), "map of 65×80 for a picture of 64×80"),
        (lambda: tiny(scores=lambda _seen: ops.constant(np.array([[1, 0]], np.int32))), "scores is i32, not f32"),
        (lambda: tiny(novelty=constant([1, 2])), "novelty of"),
        (lambda: tiny(scores=lambda s: ops.convert(ops.non_zero(s), "f32")), "no fixed size"),
    ],
)
def test_outputs_that_are_not_the_manifests_are_refused(package: ModelPackage, model: Any, reason: str) -> None:
    with pytest.raises(PackageError, match=reason):
        check_contract(model(), package)


def test_missing_outputs_are_named(package: ModelPackage) -> None:
    model = tiny()
    model.output("map").set_names({"mask"})
    with pytest.raises(PackageError, match="lacks the output map"):
        check_contract(model, package)
    guard = GuardSpec(brightness=(0, 255), contrast_min=0, sharpness_min=0, clipped_max=1, novelty_max=1.0)
    wanting = ModelPackage(package.folder, package.manifest.model_copy(update={"guard": guard}), "x")
    with pytest.raises(PackageError, match="lacks the output novelty"):
        check_contract(tiny(), wanting)


def test_more_than_one_input_is_refused(package: ModelPackage) -> None:
    second = ops.parameter([1, 2], np.float32, name="second")
    one = tiny()
    model = ov.Model([*one.get_results(), ops.result(second)], [*one.get_parameters(), second], "two")
    with pytest.raises(PackageError, match="2 inputs"):
        check_contract(model, package)


def test_input_of_another_type_or_an_open_size_is_refused(package: ModelPackage) -> None:
    for shape, kind, reason in (
        ([1, HEIGHT, WIDTH, 1], np.float32, "not 8-bit"),
        ([1, -1, WIDTH, 1], np.uint8, "manifest says"),
        ([1, HEIGHT, WIDTH, 3], np.uint8, "manifest says"),
    ):
        picture = ops.parameter(shape, kind, name="picture")
        with pytest.raises(PackageError, match=reason):
            check_contract(ov.Model([ops.result(picture)], [picture], "wrong"), package)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 7.0, -1.0])
def test_scores_that_are_no_probabilities_are_refused_at_the_first_picture(package: ModelPackage, bad: float) -> None:
    made = as_ir(package, tiny(scores=lambda _seen: ops.constant(np.array([[0.5, bad]], np.float32))))
    with pytest.raises(PackageError, match="not numbers" if not np.isfinite(bad) else "not probabilities"):
        load_model(made)


def test_a_score_that_fails_on_a_flat_area_only_is_found(package: ModelPackage) -> None:
    def flat(seen: Any) -> Any:
        left = ops.slice(seen, np.array([0]), np.array([8]), np.array([1]), np.array([3]))
        spread = ops.subtract(ops.reduce_max(left, np.array([1, 2, 3])), ops.reduce_min(left, np.array([1, 2, 3])))
        share = ops.reshape(ops.divide(spread, spread), np.array([1, 1]), special_zero=False)
        return ops.concat([share, share], 1)

    with pytest.raises(PackageError, match="not numbers"):
        load_model(as_ir(package, tiny(scores=flat)))


def test_a_tensor_over_a_gibibyte_between_the_ends_is_refused(package: ModelPackage) -> None:
    def huge(seen: Any) -> Any:
        wide = ops.broadcast(ops.reduce_max(seen, np.array([1, 2, 3])), np.array([1, 300, 1024, 1024]))
        return ops.reshape(ops.reduce_max(wide, np.array([1, 2, 3])), np.array([1, 1]), special_zero=False)

    made = as_ir(package, tiny(scores=lambda s: ops.concat([huge(s), huge(s)], 1)))
    with pytest.raises(PackageError, match="more than 1 GiB"):
        load_model(made)


def test_an_operation_openvino_does_not_know_is_named_in_one_sentence(
    package: ModelPackage, caplog: pytest.LogCaptureFixture
) -> None:
    changed = onnx.load_from_string(tiny_graph())
    changed.graph.node[3].op_type, changed.graph.node[3].domain = "Frobnicate", "com.acme"
    changed.opset_import.append(helper.make_opsetid("com.acme", 1))
    with pytest.raises(PackageError, match=r"does not know: com\.acme\.Frobnicate\.") as said:
        load_model(with_graph(package, changed.SerializeToString()))
    assert "\n" not in said.value.message
    assert "OpConversionFailure" in caplog.text


def external(place: str) -> bytes:
    """The tiny graph with one tensor outside, hidden in one of the places a tensor may be."""
    loose = numpy_helper.from_array(np.zeros(4, np.float32), "loose")
    loose.ClearField("raw_data")
    loose.data_location = TensorProto.EXTERNAL
    entry = loose.external_data.add()
    entry.key, entry.value = "location", "weights.bin"
    changed = onnx.load_from_string(tiny_graph())
    holder = helper.make_node("Constant", [], ["loose"])
    if place == "initializer":
        changed.graph.initializer.append(loose)
    elif place == "sparse":
        sparse = changed.graph.sparse_initializer.add()
        sparse.values.CopyFrom(loose)
    elif place == "attribute":
        holder.attribute.append(helper.make_attribute("value", loose))
        changed.graph.node.append(holder)
    elif place == "subgraph":
        inner = helper.make_graph([], "inner", [], [], [loose])
        holder.attribute.append(helper.make_attribute("then_branch", inner))
        changed.graph.node.append(holder)
    elif place == "function":
        holder.attribute.append(helper.make_attribute("values", [loose]))
        changed.functions.append(
            helper.make_function("com.acme", "F", [], ["loose"], [holder], [helper.make_opsetid("", 17)])
        )
    return bytes(changed.SerializeToString())


@pytest.mark.parametrize("place", ["initializer", "sparse", "attribute", "subgraph", "function"])
def test_weights_in_other_files_are_found_wherever_they_hide(package: ModelPackage, place: str) -> None:
    made = with_graph(package, external(place))
    assert check_graph_file(made.graph) == {"weights.bin"}
    with pytest.raises(PackageError, match="weights in other files"):
        load_model(made)


def test_a_tensor_marked_external_without_a_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(outside(classifier(), ""))
    assert check_graph_file(tmp_path / "m.onnx") == {""}
    (tmp_path / "inside.onnx").write_bytes(classifier())
    assert check_graph_file(tmp_path / "inside.onnx") == frozenset()


@pytest.mark.parametrize("data", [b"", b"\x00", b"<net/>", b"\x3a\xff\xff\xff\xff\x7f", b"\x08\x80" * 9, b"\x3a\x05ab"])
def test_what_is_no_onnx_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(PackageError, match=r"not a readable ONNX file|is empty"):
        check_graph_file(tmp_path / "m.onnx")


def test_every_cut_of_a_graph_is_refused_or_harmless(tmp_path: Path) -> None:
    whole = external("function")
    for length in range(1, len(whole), 7):
        (tmp_path / "m.onnx").write_bytes(whole[:length])
        try:
            found = check_graph_file(tmp_path / "m.onnx")
        except PackageError:
            continue
        assert found <= {"weights.bin"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (lambda text: text.replace("<net", '<!DOCTYPE net [<!ENTITY a "b">]><net', 1), "document type"),
        (lambda text: text.replace("<data ", '<data location="/etc/hostname" ', 1), "names other files"),
        (lambda text: text.replace("<data ", '<data origin="../w.bin" ', 1), "names other files"),
        (lambda _text: "not xml", "not an OpenVINO model"),
    ],
)
def test_ir_that_reaches_outside_itself_is_refused(package: ModelPackage, changed: Any, reason: str) -> None:
    made = as_ir(package, tiny())
    load_model(made).close()
    path = made.folder / "model.xml"
    path.write_text(changed(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(PackageError, match=reason):
        read_graph(path, made)


def test_ir_weights_must_be_listed_and_plain(package: ModelPackage) -> None:
    made = as_ir(package, tiny())
    only = {name: digest for name, digest in made.manifest.files.items() if name != "model.bin"}
    with pytest.raises(PackageError, match=r"does not list model\.bin"):
        read_graph(made.graph, ModelPackage(made.folder, made.manifest.model_copy(update={"files": only}), "x"))
    (made.folder / "model.bin").rename(made.folder / "elsewhere.bin")
    (made.folder / "model.bin").symlink_to(made.folder / "elsewhere.bin")
    with pytest.raises(PackageError, match="link"):
        read_graph(made.graph, made)


def test_files_too_large_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.onnx").write_bytes(classifier())
    monkeypatch.setattr("engine.packages.graph_files.MAX_FILE_BYTES", 100)
    with pytest.raises(PackageError, match="larger than"):
        check_graph_file(tmp_path / "m.onnx")


def test_checking_a_shipped_graph_costs_less_than_fifty_milliseconds() -> None:
    path = ROOT / "resources" / "models" / "demo-segdec" / "model.onnx"
    graph = ov.Core().read_model(path)
    spent = []
    for _ in range(3):
        begun = time.thread_time()
        check_graph_file(path)
        graphs.check_sizes(graph, "demo")
        spent.append(time.thread_time() - begun)
    assert min(spent) < 0.05


def test_package_that_is_written_over_while_it_is_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    read = graphs.open_graph

    def then_written_over(path: Path, name: str) -> object:
        found = read(path, name)
        write_tiny_package(tmp_path / "tiny", name="another")
        return found

    monkeypatch.setattr(graphs, "open_graph", then_written_over)
    with pytest.raises(PackageError, match="changed while it was read"):
        load_model(package)
