"""Models from elsewhere: what is guessed, what is asked for, and that the package gives the model's own scores."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray

from engine.backends.load import load_model
from engine.domain.inspection import Prediction
from engine.errors import PackageError, UsageError
from engine.importing.into_package import import_foreign, inspect_foreign
from engine.importing.plan import ImportOptions
from tests.foreign import IMAGENET, SIDE, WEIGHT, anomalib, classifier, first_tensor, outside, segmentation

pytestmark = pytest.mark.slow

LOGITS = ImportOptions(classes=("a", "b", "c"), ok=("a",), scale="imagenet")


def picture(seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def judged(data: bytes, folder: Path, options: ImportOptions, pixels: NDArray[np.uint8]) -> Prediction:
    """Import the model, and what its package says of a picture."""
    (folder / "model.onnx").write_bytes(data)
    made = import_foreign(folder / "model.onnx", folder / "package", options)
    backend = load_model(made.package, precision="f32")
    found = backend.run(pixels)
    backend.close()
    return found


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    grown = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=-1, keepdims=True), np.float32)


def colour(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Red first, in 0…1."""
    return np.asarray(pixels[..., ::-1] / 255.0, np.float32)


def test_anomalib_is_known_without_any_flag(tmp_path: Path) -> None:
    pixels = np.full((SIDE, SIDE, 3), 40, np.uint8)
    pixels[16:32, 8:24, 2] = 204
    found = judged(anomalib(), tmp_path, ImportOptions(), pixels)
    assert found.scores.classes == ("normal", "anomaly")
    assert found.scores.values == pytest.approx((0.2, 0.8), abs=1e-5)
    assert [r.box for r in found.regions] == [(8, 16, 16, 16)]
    assert found.heat is not None
    assert found.heat[20, 10] == pytest.approx(0.8, abs=1e-5)


def test_anomalib_score_over_one_counts_as_one(tmp_path: Path) -> None:
    options = ImportOptions(scale="0-255")
    found = judged(anomalib(), tmp_path, options, np.full((SIDE, SIDE, 3), 7, np.uint8))
    assert found.scores.values == (0.0, 1.0)


def test_anomalib_with_an_open_size_takes_the_size_of_its_map(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(anomalib(None))
    seen = inspect_foreign(tmp_path / "model.onnx")
    assert (seen.kind, seen.height, seen.width, seen.anomalib) == ("anomaly", SIDE, SIDE, True)


@pytest.mark.parametrize("packed", [False, True])
def test_anomalib_export_folder_is_searched_as_folder_and_as_zip(tmp_path: Path, packed: bool) -> None:
    export = tmp_path / "padim"
    (export / "weights" / "onnx").mkdir(parents=True)
    data = anomalib()
    (export / "weights" / "onnx" / "model.onnx").write_bytes(outside(data, "model.onnx.data"))
    (export / "weights" / "onnx" / "model.onnx.data").write_bytes(first_tensor(data))
    (export / "weights" / "onnx" / "metadata.json").write_text(json.dumps({"task": "segmentation"}), encoding="utf-8")
    path = Path(shutil.make_archive(str(export), "zip", export)) if packed else export
    made = import_foreign(path, tmp_path / "package", ImportOptions())
    assert made.package.manifest.name == "padim"
    assert made.package.manifest.architecture == "foreign"
    assert set(made.package.manifest.files) == {"model.xml", "model.bin"}
    load_model(made.package).close()


def test_openvino_ir_gives_what_its_onnx_gives(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(anomalib())
    ov.save_model(ov.Core().read_model(tmp_path / "model.onnx"), tmp_path / "ir.xml", compress_to_fp16=False)
    made = import_foreign(tmp_path / "ir.xml", tmp_path / "package", ImportOptions())
    backend = load_model(made.package, precision="f32")
    found = backend.run(picture())
    assert found.scores == judged(anomalib(), tmp_path, ImportOptions(), picture()).scores
    backend.close()


@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_logits_become_the_softmax_of_the_scaled_picture(tmp_path: Path, order: str, layout: str) -> None:
    pixels = picture()
    options = replace(LOGITS, colour="bgr" if order == "bgr" else "rgb")
    found = judged(classifier(layout=layout), tmp_path, options, pixels)
    scaled = (colour(pixels) - IMAGENET[0]) / IMAGENET[1]
    mean = scaled.mean(axis=(0, 1))[:: -1 if order == "bgr" else 1]
    assert found.scores.values == pytest.approx(softmax(mean @ WEIGHT), abs=1e-4)
    assert found.scores.exclusive


def test_probabilities_are_not_softmaxed_again(tmp_path: Path) -> None:
    pixels = picture()
    logits = colour(pixels).mean(axis=(0, 1)) @ WEIGHT
    options = replace(LOGITS, scale="0-1")
    twice = judged(classifier("Softmax"), tmp_path, options, pixels).scores.values
    logs = judged(classifier("LogSoftmax"), tmp_path, options, pixels).scores.values
    assert twice == pytest.approx(softmax(logits), abs=1e-4)
    assert logs == pytest.approx(softmax(logits), abs=1e-4)


def test_a_sigmoid_per_class_lets_several_hold(tmp_path: Path) -> None:
    pixels = picture()
    found = judged(classifier("Sigmoid"), tmp_path, replace(LOGITS, scale="0-1", ok=()), pixels)
    assert not found.scores.exclusive
    logits = colour(pixels).mean(axis=(0, 1)) @ WEIGHT
    assert found.scores.values == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-4)


def test_one_logit_becomes_two_classes(tmp_path: Path) -> None:
    pixels = picture()
    found = judged(classifier(classes=1), tmp_path, ImportOptions(scale="0-1"), pixels)
    defect = 1 / (1 + np.exp(-(colour(pixels).mean(axis=(0, 1)) @ WEIGHT[:, 0])))
    assert found.scores.classes == ("ok", "defect")
    assert found.scores.values == pytest.approx((1 - defect, defect), abs=1e-4)


def test_own_mean_and_deviation_and_an_open_size(tmp_path: Path) -> None:
    options = ImportOptions(
        classes=("a", "b", "c"), ok=("a",), mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7), height=SIDE, width=SIDE
    )
    pixels = picture()
    found = judged(classifier(size=("H", "W")), tmp_path, options, pixels)
    mean = ((colour(pixels) - (0.1, 0.2, 0.3)) / (0.5, 0.6, 0.7)).mean(axis=(0, 1))
    assert found.scores.values == pytest.approx(softmax(mean @ WEIGHT), abs=1e-4)


def test_grey_cameras_feed_a_colour_model_the_same_channel_thrice(tmp_path: Path) -> None:
    grey = picture()[..., 0]
    found = judged(classifier(), tmp_path, replace(LOGITS, scale="0-1", colour="grey"), grey)
    mean = np.full(3, grey.mean() / 255.0)
    assert found.scores.values == pytest.approx(softmax(mean @ WEIGHT), abs=1e-4)


def test_one_map_channel_judges_the_picture_by_its_worst_cell(tmp_path: Path) -> None:
    pixels = picture()
    found = judged(segmentation(1), tmp_path, ImportOptions(scale="-1-1"), pixels)
    cells = 1 / (1 + np.exp(-((colour(pixels) - 0.5) / 0.5 @ WEIGHT[:, :1])))[..., 0]
    assert found.heat == pytest.approx(cells, abs=1e-4)
    assert found.scores.values == pytest.approx((1 - cells.max(), cells.max()), abs=1e-4)


def test_map_channels_keep_each_defects_worst_cell(tmp_path: Path) -> None:
    pixels = picture()
    options = ImportOptions(scale="0-1", classes=("background", "dent", "scratch"))
    found = judged(segmentation(3), tmp_path, options, pixels)
    cells = softmax(colour(pixels) @ WEIGHT)
    assert found.heat == pytest.approx(1 - cells[..., 0], abs=1e-4)
    wanted = (cells[..., 0].min(), cells[..., 1].max(), cells[..., 2].max())
    assert found.scores.values == pytest.approx(wanted, abs=1e-4)
    assert not found.scores.exclusive


def test_two_map_channels_are_sound_and_defect(tmp_path: Path) -> None:
    pixels = picture()
    found = judged(segmentation(2), tmp_path, ImportOptions(scale="0-1"), pixels)
    worst = softmax(colour(pixels) @ WEIGHT[:, :2])[..., 1].max()
    assert found.scores.values == pytest.approx((1 - worst, worst), abs=1e-4)


@pytest.mark.parametrize(
    ("data", "options", "flag"),
    [
        (classifier(), ImportOptions(classes=("a", "b", "c"), ok=("a",)), "--scale"),
        (classifier(), ImportOptions(scale="0-1"), "3 scores: add --classes"),
        (classifier(), ImportOptions(scale="0-1", classes=("a", "b", "c")), "--ok"),
        (classifier(), replace(LOGITS, classes=("a", "b")), "--classes names 2"),
        (classifier(), replace(LOGITS, ok=("z",)), "--ok names z"),
        (classifier(size=("H", "W")), LOGITS, "--size"),
        (classifier(), replace(LOGITS, height=32, width=32), "64×64 only"),
        (classifier(), replace(LOGITS, kind="segdec"), "--kind classifier"),
        (segmentation(), ImportOptions(kind="classifier", scale="0-1"), "--kind segdec"),
        (classifier(), replace(LOGITS, scores="nothing"), "no output nothing"),
        (classifier(), replace(LOGITS, ng_at=1.5), "--ng-at"),
        (classifier(classes=1), ImportOptions(kind="anomaly", scale="0-255"), "--limit"),
        (classifier(), replace(LOGITS, mean=(0.5, 0.5), scale=None), "--mean"),
    ],
)
def test_what_is_missing_is_said_with_its_flag(tmp_path: Path, data: bytes, options: ImportOptions, flag: str) -> None:
    (tmp_path / "model.onnx").write_bytes(data)
    with pytest.raises(UsageError, match=flag) as said:
        import_foreign(tmp_path / "model.onnx", tmp_path / "package", options)
    assert said.value.message.count(". ") == 0
    assert not (tmp_path / "package").exists()


def test_raw_anomaly_scores_are_measured_by_their_limit(tmp_path: Path) -> None:
    pixels = np.full((SIDE, SIDE, 3), 50, np.uint8)
    options = ImportOptions(kind="anomaly", scale="0-255", limit=200.0)
    found = judged(classifier(classes=1), tmp_path, options, pixels)
    assert found.scores.values[1] == pytest.approx(0.5 * 50 * WEIGHT[:, 0].sum() / 200, abs=1e-4)


def test_reference_pictures_set_what_a_fit_picture_looks_like(tmp_path: Path) -> None:
    (tmp_path / "sound").mkdir()
    for seed in range(4):
        cv2.imwrite(str(tmp_path / "sound" / f"{seed}.png"), picture(seed) // 2 + 60)
    (tmp_path / "model.onnx").write_bytes(anomalib())
    (tmp_path / "sound" / "0_label.png").touch()
    options = ImportOptions(reference=tmp_path / "sound")
    imported = import_foreign(tmp_path / "model.onnx", tmp_path / "package", options)
    assert imported.notes[-1] == "of the sound pictures left out 1: 1 mask by its name"
    guard = imported.package.manifest.guard
    assert guard is not None
    assert guard.brightness[0] < 123 < guard.brightness[1]
    assert guard.novelty_max is None


def test_model_whose_scores_are_no_numbers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(classifier("Log"))
    with pytest.raises(PackageError, match="not numbers"):
        import_foreign(tmp_path / "model.onnx", tmp_path / "package", replace(LOGITS, scale="0-1"))
    assert not (tmp_path / "package").exists()


def test_folder_with_two_models_asks_which(tmp_path: Path) -> None:
    for name in ("a.onnx", "b.onnx"):
        (tmp_path / name).write_bytes(classifier())
    with pytest.raises(PackageError, match=r"2 models \(a.onnx, b.onnx\)"):
        inspect_foreign(tmp_path)


@pytest.mark.parametrize("location", ["../w.bin", "/etc/hostname", "C:\\w.bin", "sub/../../w.bin", "", "gone.bin"])
def test_weights_outside_the_models_folder_are_not_opened(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "w.bin").write_bytes(first_tensor(classifier()))
    (folder / "model.onnx").write_bytes(outside(classifier(), location))
    with pytest.raises(PackageError, match=r"outside its own folder|lacks gone\.bin"):
        inspect_foreign(folder)


def test_weights_at_an_address_in_memory_are_not_read(tmp_path: Path) -> None:
    location = "*/_ORT_MEM_ADDR_/*"
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("model.onnx", outside(classifier(), location))
        archive.writestr(location, first_tensor(classifier()))
    with pytest.raises(PackageError, match="outside its own folder"):
        inspect_foreign(tmp_path / "model.zip")


def test_weights_behind_a_link_are_not_opened(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "w.bin").write_bytes(first_tensor(classifier()))
    (folder / "w.bin").symlink_to(tmp_path / "w.bin")
    (folder / "model.onnx").write_bytes(outside(classifier(), "w.bin"))
    with pytest.raises(PackageError, match="link"):
        inspect_foreign(folder)


def test_zip_that_names_files_outside_itself_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        archive.writestr("../model.onnx", classifier())
    with pytest.raises(PackageError, match="outside itself"):
        inspect_foreign(tmp_path / "model.zip")
    assert not (tmp_path.parent / "model.onnx").exists()
