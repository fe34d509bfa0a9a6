"""An existing package is completed: what it lacked is there, what it said of a part it says again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("sklearn", reason="needs the train extra")

from engine.backends.load import load_model  # noqa: E402
from engine.networks.catalogue import build  # noqa: E402
from engine.networks.graph import Deployed  # noqa: E402
from engine.packages.manifest import PACKAGE_SCHEMA, ClassSpec, LimitSpec, Manifest, MapSpec  # noqa: E402
from engine.packages.package import ModelPackage, write_package  # noqa: E402
from engine.preprocessing.input_spec import InputSpec  # noqa: E402
from tests.packages import write_tiny_package  # noqa: E402
from trainer.formats.detect import open_dataset  # noqa: E402
from trainer.packaging.complete import complete  # noqa: E402
from trainer.packaging.deploy import exported  # noqa: E402

pytestmark = pytest.mark.slow

PARTS = "demo:?seed=3&count=40&defect_rate=0.5&kinds=scratch"


def old_package(folder: Path) -> ModelPackage:
    """As the trainer wrote them before there was a guard."""
    torch.manual_seed(0)
    deployed = Deployed(build("line_cnn", 1, 2), "line_cnn", 1.5).eval()
    manifest = Manifest(
        schema=PACKAGE_SCHEMA - 1,
        name="old",
        kind="classifier",
        architecture="line_cnn",
        classes=[ClassSpec(name="ok", role="ok"), ClassSpec(name="scratch")],
        input=InputSpec(height=64, width=80, channels=1),
        map=MapSpec(kind="cam"),
        thresholds=LimitSpec(ng_at=0.3, review_from=0.2, review_to=0.4),
        calibration={"temperature": 1.5},
    )
    pictures = np.zeros((1, 64, 80, 1), np.uint8)
    return write_package(folder, manifest, exported(manifest, deployed, pictures))


def test_an_old_package_gets_what_it_lacks_and_judges_as_before(tmp_path: Path) -> None:
    old = old_package(tmp_path / "old")
    said: list[str] = []
    new = complete(old, open_dataset(PARTS), tmp_path / "new", command="lineside quantise", say=said.append)
    manifest = new.manifest
    assert manifest.schema_version == PACKAGE_SCHEMA and manifest.thresholds == old.manifest.thresholds
    assert manifest.guard is not None and manifest.guard.novelty_max == 1.0 and new.novelty is not None
    assert manifest.calibration["temperature"] == 1.5 and manifest.calibration["pictures"] == 12
    assert manifest.int8 is not None and not manifest.int8.used and "too few" in manifest.int8.reason
    assert (manifest.lineage.model_extra or {})["completed"]["from"] == old.version
    assert "was not trained on" in said[0] and "No INT8 graph" in said[1]
    pixels, _ = open_dataset(PARTS).samples[0].load()
    before, after = (load_model(p, precision="f32") for p in (old, new))
    one, two = before.run(pixels), after.run(pixels)
    assert two.scores.values == pytest.approx(one.scores.values, abs=1e-5)
    assert one.novelty is None and two.novelty is not None and two.novelty < 1.5
    before.close()
    after.close()


def test_a_package_without_weights_gets_a_guard_without_novelty(tmp_path: Path) -> None:
    foreign = write_tiny_package(tmp_path / "tiny", defect="scratch")
    new = complete(foreign, open_dataset(PARTS), tmp_path / "new", say=lambda _text: None)
    guard = new.manifest.guard
    assert guard is not None and guard.novelty_max is None and new.novelty is None
    assert set(new.manifest.files) == set(foreign.manifest.files)
    assert set(new.manifest.calibration["ece"]) == {"defect", "top"}
