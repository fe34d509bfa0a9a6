"""Importing on the Models page: a model made elsewhere is shown, asked about, and registered as a candidate."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.models.registry import list_models
from engine.packages.package import open_package
from gui.pages.models.importing import ImportDialog
from gui.pages.models.page import ModelsPage
from tests.foreign import SIDE, anomalib, classifier
from tests.gui.stored import Bench


@pytest.fixture
def page(bench: Bench) -> ModelsPage:
    made = ModelsPage(bench.context)
    bench.show(made)
    bench.idle()
    return made


def asked(bench: Bench, page: ModelsPage, path: Path) -> ImportDialog:
    """Bring `path` in, up to the dialog."""
    page.import_package(path)
    bench.idle()
    dialog = page.importing.dialog
    assert dialog is not None
    return dialog


def choose(dialog: ImportDialog, field: str, value: str) -> None:
    """Pick by what a field means, as a click does."""
    box = getattr(dialog, field)
    box.setCurrentIndex(box.findData(value))


def test_anomalib_model_needs_one_press(bench: Bench, page: ModelsPage, tmp_path: Path) -> None:
    (tmp_path / "padim.onnx").write_bytes(anomalib())
    dialog = asked(bench, page, tmp_path / "padim.onnx")
    assert dialog.kind.currentData() == "anomaly"
    assert not dialog.limit.isVisible()
    dialog.go.click()
    bench.idle()
    assert page.importing.dialog is None
    assert page.current is not None
    assert (page.current.name, page.current.kind, page.current.state) == ("padim", "anomaly", "candidate")
    assert "is imported" in bench.said()


def test_classifier_says_what_is_missing_by_the_fields_names_and_keeps_what_was_typed(
    bench: Bench, page: ModelsPage, tmp_path: Path
) -> None:
    (tmp_path / "net.onnx").write_bytes(classifier(size=("H", "W")))
    dialog = asked(bench, page, tmp_path / "net.onnx")
    dialog.classes.setText("ok, dent, scratch")
    choose(dialog, "scale", "imagenet")
    dialog.size_text.setText("big")
    dialog.go.click()
    assert "height × width" in dialog.error.text()
    dialog.size_text.setText("")
    dialog.go.click()
    bench.idle()
    assert "“Size”" in dialog.error.text()
    assert "--" not in dialog.error.text()
    assert dialog.go.isEnabled()
    assert len(list_models(bench.db)) == 1
    dialog.size_text.setText(f"{SIDE} × {SIDE}")
    dialog.go.click()
    bench.idle()
    assert page.current is not None
    manifest = open_package(page.current.folder).manifest
    assert (manifest.class_names, manifest.ok_classes) == (("ok", "dent", "scratch"), ("ok",))
    assert (manifest.input.height, manifest.input.width) == (SIDE, SIDE)


def test_limit_is_asked_for_raw_anomaly_scores_only(bench: Bench, page: ModelsPage, tmp_path: Path) -> None:
    (tmp_path / "raw.onnx").write_bytes(classifier(classes=1))
    dialog = asked(bench, page, tmp_path / "raw.onnx")
    assert not dialog.limit.isVisible()
    choose(dialog, "kind", "anomaly")
    assert dialog.limit.isVisible()
    choose(dialog, "scale", "0-255")
    dialog.limit.setText("many")
    dialog.go.click()
    assert "number" in dialog.error.text()
    dialog.limit.setText("600")
    dialog.go.click()
    bench.idle()
    assert page.current is not None
    assert page.current.name == "raw"


def test_file_that_is_no_model_is_one_notice_and_no_dialog(bench: Bench, page: ModelsPage, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"nothing of the kind")
    page.import_package(tmp_path / "bad.onnx")
    bench.idle()
    assert page.importing.dialog is None
    assert "not a readable ONNX file" in bench.said()


def test_closed_dialog_leaves_the_registry_as_it_was(bench: Bench, page: ModelsPage, tmp_path: Path) -> None:
    (tmp_path / "padim.onnx").write_bytes(anomalib())
    asked(bench, page, tmp_path / "padim.onnx").reject()
    bench.idle()
    assert page.importing.dialog is None
    assert len(list_models(bench.db)) == 1


def test_closing_the_dialog_ends_an_import_under_way(bench: Bench, page: ModelsPage, tmp_path: Path) -> None:
    (tmp_path / "padim.onnx").write_bytes(anomalib())
    dialog = asked(bench, page, tmp_path / "padim.onnx")
    dialog.go.click()
    assert bench.context.jobs.busy
    dialog.reject()
    bench.idle()
    assert len(list_models(bench.db)) == 1
    assert "is imported" not in bench.said()
