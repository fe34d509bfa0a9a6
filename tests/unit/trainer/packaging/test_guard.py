"""Novelty: whitened distance, its limit, and the same value from torch and from the exported graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("sklearn", reason="needs the train extra")

from engine.networks.catalogue import build  # noqa: E402
from engine.networks.graph import Deployed  # noqa: E402
from engine.networks.load import load_graph  # noqa: E402
from engine.packages.manifest import PACKAGE_SCHEMA, ClassSpec, Manifest, MapSpec  # noqa: E402
from engine.packages.package import NOVELTY, write_package  # noqa: E402
from engine.preprocessing.input_spec import InputSpec  # noqa: E402
from trainer.packaging.deploy import exported  # noqa: E402
from trainer.packaging.guard import ENOUGH, descriptions_of, distances, fit_novelty, some, whitening  # noqa: E402

pytestmark = pytest.mark.slow


def cloud(count: int, size: int, seed: int) -> np.ndarray:
    """Normal descriptions on an ellipsoid: deviations from 1 down to 0.01, turned."""
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(np.random.default_rng(99).normal(size=(size, size)))
    return (5.0 + (rng.normal(size=(count, size)) * np.geomspace(1, 0.01, size)) @ turn.T).astype(np.float32)


def test_whitened_training_descriptions_have_variance_one_in_every_direction() -> None:
    taught = cloud(4000, 12, 1).astype(np.float64)
    mean = taught.mean(axis=0)
    white = (taught - mean) @ whitening(taught - mean, np.zeros(12)).T
    # Ledoit-Wolf shrinks towards a sphere: the smallest deviations come out below one, none above.
    spread = white.std(axis=0)
    assert spread.max() == pytest.approx(1.0, abs=0.02) and np.corrcoef(white.T)[0, 1] == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("size", [12, 96])
def test_fresh_pictures_lie_inside_the_limit_and_others_outside(size: int) -> None:
    novelty = fit_novelty(cloud(800, size, 1), cloud(200, size, 2))
    assert novelty is not None and novelty.matrix.shape == (size, size)
    fresh = novelty(torch.from_numpy(cloud(1000, size, 3)))
    assert fresh.shape == (1000, 1) and float((fresh > 1).float().mean()) < 0.01
    other = cloud(200, size, 4) + np.float32(1.5) * np.random.default_rng(7).normal(size=size).astype(np.float32)
    assert float(novelty(torch.from_numpy(other)).min()) > 1.0


def test_distance_off_the_principal_directions_counts() -> None:
    rng = np.random.default_rng(0)
    flat = np.concatenate((rng.normal(size=(500, 70)), 0.01 * rng.normal(size=(500, 30))), axis=1)
    matrix = whitening(flat, np.zeros(100))
    away = np.zeros((1, 100))
    away[0, 90] = 5.0
    inside = np.zeros((1, 100))
    inside[0, 3] = 5.0
    assert distances(away, np.zeros(100), matrix)[0] > 2 * distances(inside, np.zeros(100), matrix)[0]


def test_too_few_pictures_say_nothing() -> None:
    assert fit_novelty(cloud(ENOUGH - 1, 4, 1), cloud(4, 4, 2)) is None
    assert fit_novelty(cloud(ENOUGH, 4, 1), cloud(0, 4, 2)) is not None


def test_some_is_seeded_ordered_and_bounded() -> None:
    rows = np.arange(100, 200)
    chosen = some(rows, 10, 5)
    assert chosen.size == 10 and (np.diff(chosen) > 0).all() and (chosen == some(rows, 10, 5)).all()
    assert some(rows, 100, 5) is rows


@pytest.mark.parametrize("name", ["line_cnn", "segdec-fast", "segdec-map"])
def test_package_graph_and_torch_agree_on_novelty(tmp_path: Path, name: str) -> None:
    torch.manual_seed(0)
    pictures = np.random.default_rng(0).integers(0, 256, (24, 64, 80, 1), dtype=np.uint8)
    plain = Deployed(build(name, 1, 2), name).eval()
    described = descriptions_of(plain, pictures, np.arange(24), lambda: None)
    deployed = Deployed(plain.network, name, novelty=fit_novelty(described[:18], described[18:])).eval()
    manifest = Manifest(
        schema=PACKAGE_SCHEMA,
        name="novel",
        kind="segdec" if name.startswith("segdec") else "classifier",
        architecture=name,
        classes=[ClassSpec(name="ok", role="ok"), ClassSpec(name="pit")],
        input=InputSpec(height=64, width=80, channels=1),
        map=MapSpec(kind=deployed.map_kind),
    )
    package = write_package(tmp_path / "pkg", manifest, exported(manifest, deployed, pictures[:2]))
    assert NOVELTY in package.manifest.files
    loaded = load_graph(package).eval()
    assert loaded.outputs == ("scores", "map", "novelty")
    compiled = ov.Core().compile_model(package.graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    dark = np.zeros((1, 64, 80, 1), np.uint8)
    for picture in (pictures[:1], dark):
        with torch.no_grad():
            ours = float(loaded(torch.from_numpy(picture))[2])
        assert float(compiled(picture)["novelty"].ravel()[0]) == pytest.approx(ours, rel=1e-3)
    assert ours > 1.0
