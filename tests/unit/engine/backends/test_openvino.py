"""The OpenVINO backend on a real graph: regions where the spots are, streams in order, a contract that is checked."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.backends.load import load_model
from engine.domain.recipe import View
from engine.errors import InferenceError, PackageError
from engine.packages.package import ModelPackage, write_package
from engine.preprocessing.input_spec import InputSpec
from tests.frames import part
from tests.packages import tiny_graph, write_tiny_package

CLOSED_ELSEWHERE = """
import gc, signal, sys, threading
from engine.backends.load import load_model
from engine.packages.package import open_package
from engine.system.places import demo_package
model = load_model(open_package(demo_package()), threads=1)
closing = threading.Thread(target=model.close)
closing.start()
closing.join()
del model
gc.collect()
heard = []
signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(int(number)))
signal.raise_signal(signal.SIGTERM)
print(heard)
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    return write_tiny_package(tmp_path_factory.mktemp("package") / "tiny")


def test_region_lies_over_the_spot_in_frame_pixels(package: ModelPackage) -> None:
    model = load_model(package)
    pixels = part(0, 512, 640)
    pixels[100:164, 400:480] = 255
    prediction = model.run(pixels)
    assert len(prediction.regions) == 1
    x, y, width, height = prediction.regions[0].box
    assert abs(x - 400) <= 40
    assert abs(y - 100) <= 40
    assert abs(x + width - 480) <= 40
    assert abs(y + height - 164) <= 40
    assert prediction.regions[0].area_px == pytest.approx(64 * 80, rel=0.6)
    assert prediction.scores.of("defect") > 0.95


def test_region_of_interest_shifts_regions_back_and_hides_the_rest(package: ModelPackage) -> None:
    model = load_model(package)
    pixels = part(0, 512, 640)
    pixels[100:164, 400:480] = 255
    inside = model.run(pixels, View(roi=(320, 64, 320, 256))).regions[0].box
    assert abs(inside[0] - 400) <= 25
    assert abs(inside[1] - 100) <= 25
    assert model.run(pixels, View(roi=(0, 256, 320, 256))).regions == ()


def test_stream_gives_what_run_gives_in_order(package: ModelPackage) -> None:
    pictures = [part(20 * (i % 12), seed=i) for i in range(25)]
    line, scan = load_model(package), load_model(package, mode="throughput")
    one_by_one = [line.run(p).scores.values for p in pictures]
    streamed = [p.scores.values for p in scan.stream(iter(pictures))]
    assert np.allclose(one_by_one, streamed, atol=1e-3)


def test_stream_can_be_left_early(package: ModelPackage) -> None:
    model = load_model(package, mode="throughput")
    stream = model.stream(iter([part(seed=i) for i in range(9)]))
    next(stream)
    del stream
    model.close()


def test_graph_that_is_not_what_the_manifest_says_is_refused(package: ModelPackage, tmp_path: Path) -> None:
    manifest = package.manifest.model_copy(update={"input": InputSpec(height=32, width=32, channels=1)})
    wrong = write_package(tmp_path / "wrong", manifest, {"model.onnx": tiny_graph()})
    with pytest.raises(PackageError, match="manifest says"):
        load_model(wrong)


def test_file_that_is_no_graph_is_refused(package: ModelPackage, tmp_path: Path) -> None:
    wrong = write_package(tmp_path / "wrong", package.manifest, {"model.onnx": b"not a graph"})
    with pytest.raises(PackageError, match="not a readable ONNX file"):
        load_model(wrong)


def test_pixels_of_a_wrong_kind_are_an_inference_error(package: ModelPackage) -> None:
    with pytest.raises(InferenceError):
        load_model(package).run(np.zeros((64, 80), np.float32))  # type: ignore[arg-type]


def test_unknown_backend_without_torch_says_what_to_install(
    package: ModelPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr("engine.backends.load.import_module", missing)
    with pytest.raises(Exception, match="pip install"):
        load_model(dataclasses.replace(package), backend="torch")


def test_signal_after_a_model_was_closed_on_another_thread_is_heard() -> None:
    child = subprocess.run([sys.executable, "-c", CLOSED_ELSEWHERE], capture_output=True, text=True, timeout=300)
    assert (child.returncode, child.stdout.strip()) == (0, "[15]"), child.stderr
