"""INT8: the gate's count, what is calibrated and checked with, and a graph that passes and one that does not."""

from __future__ import annotations

import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("sklearn", reason="needs the train extra")

from engine.domain.inspection import Outcome, Severity, Verdict  # noqa: E402
from engine.networks.catalogue import build  # noqa: E402
from engine.networks.graph import Deployed  # noqa: E402
from engine.packages.manifest import PACKAGE_SCHEMA, ClassSpec, LimitSpec, Manifest, MapSpec  # noqa: E402
from engine.preprocessing.input_spec import InputSpec  # noqa: E402
from trainer.packaging.deploy import exported  # noqa: E402
from trainer.packaging.guard import descriptions_of, fit_novelty  # noqa: E402
from trainer.packaging.quantise import Quantisable, compare, floating, graph_of, in_words, quantise, rows_for  # noqa: E402

pytestmark = pytest.mark.slow


def verdicts(text: str) -> list[Verdict]:
    outcomes = {"o": Outcome.OK, "n": Outcome.NG, "r": Outcome.REVIEW, "-": Outcome.NO_VERDICT}
    return [Verdict(outcomes[letter], "", 0.0, ()) for letter in text]


def test_gate_counts_equal_outcomes_and_critical_parts_newly_let_through() -> None:
    truth = ["crack", "crack", "pit", "ok", "crack"]
    gate = compare(verdicts("nonrn"), verdicts("oooor"), truth, frozenset({"crack"}))
    assert (gate.agreement, gate.pictures, gate.critical_escapes_added) == (0.2, 5, 1)
    assert not gate.passed and "critical" in gate.reason


def test_gate_lets_one_of_two_hundred_differ_unless_it_is_critical() -> None:
    before, after = verdicts("n" * 200), verdicts("o" + "n" * 199)
    assert compare(before, after, ["pit"] * 200, frozenset()).passed
    assert not compare(before, after, ["pit"] * 200, frozenset({"pit"})).passed
    assert not compare(before[:199], after[:199], ["pit"] * 199, frozenset()).passed
    assert not compare([], [], [], frozenset()).passed


def test_held_out_pictures_are_asked_by_themselves_too() -> None:
    before, after = verdicts("n" * 400), verdicts("o" + "n" * 399)
    gate = compare(before, after, ["pit"] * 400, frozenset(), 71)
    assert gate.agreement == 0.9975 and gate.unseen == 71 and not gate.passed
    assert "of the 71 held-out pictures" in gate.reason
    assert compare(before, after, ["pit"] * 400, frozenset(), 30).passed, "too few to ask by themselves"
    assert compare(before, after[::-1], ["pit"] * 400, frozenset(), 71).passed


def test_pictures_that_calibrate_never_check() -> None:
    train, validation = np.arange(100), np.arange(100, 130)
    chosen, held, unseen = rows_for(train, validation, 1)
    assert chosen.size == 50 and held.size == 80 and unseen == 30 and not np.intersect1d(chosen, held).size
    chosen, held, unseen = rows_for(np.arange(900), np.arange(900, 960), 1)
    assert chosen.size == 300 and (np.diff(chosen) > 0).all() and unseen == 60
    assert (held[:60] == np.arange(900, 960)).all() and held.size == 660 and not np.intersect1d(chosen, held).size
    assert rows_for(np.arange(900), np.arange(900, 960), 1, calibration=150, gate=300)[1].size == 300
    assert rows_for(np.arange(90), np.arange(90, 2000), 1)[1].size == 1000


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Even rows: fine checks, odd rows: plain, all a little noisy."""
    rng = np.random.default_rng(3)
    checks = 60 * (np.indices((64, 64)).sum(axis=0) % 2)
    base = [100 + (checks if row % 2 == 0 else 0) + rng.normal(0, 6, (64, 64)) for row in range(120)]
    return np.clip(np.stack(base), 0, 255).astype(np.uint8)[..., None]


def made(pictures: np.ndarray, *, between: bool) -> tuple[Manifest, dict[str, bytes]]:
    """A network with its threshold between two kinds of picture, or inside the noise of one kind."""
    torch.manual_seed(1)
    network = build("small_cnn", 1, 2)
    plain = Deployed(network, "small_cnn").eval()
    described = descriptions_of(plain, pictures, np.arange(120), lambda: None)
    deployed = Deployed(network, "small_cnn", novelty=fit_novelty(described[:60], described[60:])).eval()
    with torch.no_grad():
        scores = deployed(torch.from_numpy(pictures))[0][:, 1].numpy()
    apart = (scores[::2].mean() + scores[1::2].mean()) / 2
    at = float(apart if between else np.median(scores[::2]))
    manifest = Manifest(
        schema=PACKAGE_SCHEMA,
        name="small",
        kind="classifier",
        architecture="small_cnn",
        classes=[ClassSpec(name="ok", role="ok"), ClassSpec(name="pit", severity=Severity.MAJOR)],
        input=InputSpec(height=64, width=64, channels=1),
        map=MapSpec(kind="cam"),
        thresholds=LimitSpec(ng_at=at, review_from=at, review_to=at),
    )
    return manifest, exported(manifest, deployed, pictures[:2])


def test_a_graph_that_agrees_is_kept_with_its_outputs(pictures: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("nncf", reason="needs the train extra")
    manifest, files = made(pictures, between=True)
    material = Quantisable(pictures, np.arange(60), np.arange(60, 120), ["ok", "pit"] * 30)
    small, spec = quantise(lambda: graph_of(files), manifest, material)
    assert spec.used and spec.agreement == 1.0 and spec.pictures == 60 and set(spec.versions) == {"nncf", "openvino"}
    assert set(small) == {"int8.xml", "int8.bin"} and len(small["int8.bin"]) < len(files["model.onnx"]) / 2
    graph = graph_of({"model.xml": small["int8.xml"], "model.bin": small["int8.bin"]})
    assert {name for output in graph.outputs for name in output.names} >= {"scores", "map", "novelty"}
    assert any(op.get_type_name() == "FakeQuantize" for op in graph.get_ops())
    assert capsys.readouterr().out == "" and "100.00%" in in_words(spec)
    again, _ = quantise(lambda: graph_of(files), manifest, material)
    assert again["int8.bin"] == small["int8.bin"]


def test_a_graph_that_differs_is_not_kept_and_the_manifest_says_why(pictures: np.ndarray) -> None:
    pytest.importorskip("nncf", reason="needs the train extra")
    manifest, files = made(pictures, between=False)
    material = Quantisable(pictures, np.arange(60), np.arange(60, 120), ["ok", "pit"] * 30)
    small, spec = quantise(lambda: graph_of(files), manifest, material, restore_seconds=0.0)
    assert small == {} and not spec.used and spec.agreement < 0.995
    assert "agree with fp32" in spec.reason and spec.reason in in_words(spec)


def test_head_and_novelty_stay_in_floating_point_and_convolutions_do_not(pictures: np.ndarray) -> None:
    _, files = made(pictures, between=True)
    graph = graph_of(files)
    kept = {op.get_type_name() for op in graph.get_ops() if op.get_friendly_name() in set(floating(graph))}
    assert {"Softmax", "MatMul", "ReduceMean"} <= kept and not kept & {"Convolution", "Relu"}


def test_too_few_pictures_or_no_nncf_give_no_int8(pictures: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest, files = made(pictures, between=True)
    few = Quantisable(pictures, np.arange(60), np.arange(60, 70), ["ok", "pit"] * 5)
    small, spec = quantise(lambda: graph_of(files), manifest, few)
    assert small == {} and not spec.used and "10 pictures are too few" in spec.reason
    monkeypatch.setitem(sys.modules, "nncf", None)
    assert quantise(lambda: graph_of(files), manifest, few)[1].reason == "NNCF is not installed"
