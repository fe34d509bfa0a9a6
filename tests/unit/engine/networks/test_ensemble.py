"""Ensembles: one package that judges as the weighted mean of its members, from the command line to OpenVINO."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from safetensors.torch import load_file  # noqa: E402
from safetensors.torch import save as to_safetensors  # noqa: E402

from engine.backends.load import load_explainer, load_model  # noqa: E402
from engine.domain.recipe import WHOLE  # noqa: E402
from engine.errors import PackageError, UsageError  # noqa: E402
from engine.networks.catalogue import build  # noqa: E402
from engine.networks.ensemble import Ensemble, Member  # noqa: E402
from engine.networks.graph import Deployed, unit  # noqa: E402
from engine.networks.load import load_graph  # noqa: E402
from engine.packages.manifest import MemberSpec  # noqa: E402
from engine.packages.package import ModelPackage, open_package, write_package  # noqa: E402
from engine.preprocessing.input_spec import InputSpec  # noqa: E402
from main import main  # noqa: E402
from tests.networks import parts, settle, write_network  # noqa: E402
from trainer.packaging.combine import check_members, weights_from  # noqa: E402
from trainer.training.initial import inherited_network  # noqa: E402

pytestmark = pytest.mark.slow

CLASSES = ("ok", "scratch", "dent")


def _network(architecture: str, channels: int, logits: int, seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    network = build(architecture, channels, logits)
    pictures = np.stack(parts(4, 64, 96, 3, seed)).astype(np.float32).mean(axis=3, keepdims=True)
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).expand(-1, channels, -1, -1) / 255.0
    settle(network, (x - 0.5) / 0.25, seed)
    return network


def _pair(folder: Path, *, exported: bool = False) -> tuple[ModelPackage, ModelPackage]:
    """Two members of one input: classes in another order, other channels, other temperature."""
    one = write_network(
        folder / "one", _network("small_cnn", 3, 3, 1), "small_cnn", CLASSES,
        InputSpec(height=64, width=96, channels=3), ng_at=0.4, exported=exported,
    )  # fmt: skip
    other = write_network(
        folder / "other", _network("line_cnn", 1, 3, 2), "line_cnn", ("ok", "dent", "scratch"),
        InputSpec(height=64, width=96, channels=1), temperature=1.7, ng_at=0.7, exported=exported,
    )  # fmt: skip
    return one, other


def test_openvino_scores_are_the_weighted_mean_of_the_members(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packages = _pair(tmp_path, exported=True)
    places = [str(p.folder) for p in packages]
    assert main(["combine", *places, "--weights", "3,1", "--out", str(tmp_path / "both")]) == 0
    assert "not validated" in capsys.readouterr().out
    both = open_package(tmp_path / "both")
    models = [load_model(p, precision="f32") for p in (*packages, both)]
    for picture in parts(4, 64, 96, 3, seed=9):
        first, second, found = (m.run(picture) for m in models)
        for name in CLASSES:
            expected = 0.75 * first.scores.of(name) + 0.25 * second.scores.of(name)
            assert found.scores.of(name) == pytest.approx(expected, abs=1e-3)
        assert found.heat is not None and found.heat.shape == (8, 12), "the finest member's resolution"
    assert models[0].run(picture).scores.of("dent") != pytest.approx(models[1].run(picture).scores.of("dent"), abs=1e-2)
    for model in models:
        model.close()


def test_the_manifest_says_what_was_combined_and_what_was_not_checked(tmp_path: Path) -> None:
    packages = _pair(tmp_path)
    assert main(["combine", *(str(p.folder) for p in packages), "--weights", "3,1", "--out", str(tmp_path / "m")]) == 0
    manifest = open_package(tmp_path / "m").manifest
    assert manifest.architecture == "ensemble" and manifest.class_names == CLASSES
    assert [(m.architecture, m.channels, m.weight) for m in manifest.members] == [
        ("small_cnn", 3, 3.0),
        ("line_cnn", 1, 1.0),
    ]
    assert manifest.thresholds.ng_at == pytest.approx(0.75 * 0.4 + 0.25 * 0.7)
    assert manifest.calibration["validated"] is False
    assert manifest.metrics == {} and manifest.guard is None and manifest.map.kind == "cam"
    assert (manifest.lineage.model_extra or {})["members"][1]["version"] == packages[1].version


def test_a_given_threshold_goes_before_the_mean(tmp_path: Path) -> None:
    places = [str(p.folder) for p in _pair(tmp_path)]
    assert main(["combine", *places, "--ng-at", "0.2", "--out", str(tmp_path / "given")]) == 0
    assert open_package(tmp_path / "given").manifest.thresholds.ng_at == 0.2


def test_the_torch_network_of_an_ensemble_is_rebuilt_and_explained(tmp_path: Path) -> None:
    packages = _pair(tmp_path)
    assert main(["combine", *(str(p.folder) for p in packages), "--out", str(tmp_path / "both")]) == 0
    both = open_package(tmp_path / "both")
    picture = parts(1, 64, 96, 3, seed=3)[0]
    x = torch.from_numpy(picture[None])
    grey = (x.float() * torch.tensor([0.114, 0.587, 0.299])).sum(dim=3, keepdim=True).round() / 255.0
    with torch.no_grad():
        one, other = (load_graph(p).eval() for p in packages)
        assert isinstance(other, Deployed)
        second = other.judge(grey.permute(0, 3, 1, 2))[0][:, [0, 2, 1]]
        expected = (one(x)[0] + second) / 2.0
        found = load_graph(both).eval()(x)[0]
    # A grey level may round the other way.
    assert torch.allclose(found, expected, atol=1e-3)
    for method in ("grad-cam", "eigen-cam"):
        heat = load_explainer(both).explain(picture, WHOLE, method, "dent")
        assert heat.shape == (8, 12) and 0.0 < heat.max() <= 1.0
    with pytest.raises(UsageError, match="members"):
        inherited_network(both, 3)


def test_each_member_sees_its_own_size() -> None:
    fine, coarse = _network("small_cnn", 3, 3, 1), _network("small_cnn", 3, 3, 2)
    members = [_small(fine, 64, 96), _small(coarse, 32, 48)]
    picture = torch.from_numpy(np.stack(parts(2, 64, 96, 3)))
    half = torch.nn.functional.interpolate(unit(picture), scale_factor=0.5, mode="bilinear", align_corners=False)
    with torch.no_grad():
        scores, maps = Ensemble(members)(picture)
        apart = [members[0].deployed.judge(unit(picture))[0], members[1].deployed.judge(half)[0]]
    assert torch.allclose(scores, (apart[0] + apart[1]) / 2.0, atol=1e-6)
    assert maps.shape == (2, 3, 8, 12)


def _small(network: torch.nn.Module, height: int, width: int) -> Member:
    spec = MemberSpec(architecture="small_cnn", height=height, width=width, channels=3)
    return Member(Deployed(network, "small_cnn").eval(), spec, range(3))


def test_members_without_an_exact_map_leave_the_ensemble_without_one() -> None:
    def member(architecture: str) -> Member:
        spec = MemberSpec(architecture=architecture, height=64, width=96, channels=3)
        return Member(Deployed(build(architecture, 3, 3), architecture).eval(), spec, range(3))

    picture = torch.from_numpy(np.stack(parts(1, 64, 96, 3)))
    for pair in (("small_cnn", "mobilenet_v3_small"), ("small_cnn", "segdec-fast")):
        ensemble = Ensemble([member(name) for name in pair]).eval()
        with torch.no_grad():
            assert ensemble.outputs == ("scores",) and len(ensemble(picture)) == 1


def test_members_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    one, other = _pair(tmp_path)
    spec = InputSpec(height=64, width=96, channels=3)
    named = write_network(
        tmp_path / "named", _network("small_cnn", 3, 3, 3), "small_cnn", ("ok", "scratch", "rust"), spec
    )
    sigmoid = write_network(
        tmp_path / "multi", _network("small_cnn", 3, 3, 3), "small_cnn", CLASSES, spec, head="sigmoid"
    )
    boxed = write_network(
        tmp_path / "boxed", _network("small_cnn", 3, 3, 3), "small_cnn", CLASSES,
        InputSpec(height=64, width=64, channels=3, resize="letterbox"),
    )  # fmt: skip
    for pair, words in (
        ((one,), "two packages"),
        ((one, named), "class 'dent'"),
        ((one, sigmoid), "heads"),
        ((other, boxed), "differently"),
    ):
        with pytest.raises(UsageError, match=words):
            check_members(pair)


@pytest.mark.parametrize("text", ["1", "1,x", "1,0", "1,-2", "1,nan", "1,2,3"])
def test_weights_that_are_no_weights_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        weights_from(text, 2)
    assert weights_from("", 2) == [1.0, 1.0] and weights_from("2,0.5", 2) == [2.0, 0.5]


def test_a_weights_file_that_mixes_up_the_classes_is_refused(tmp_path: Path) -> None:
    assert main(["combine", *(str(p.folder) for p in _pair(tmp_path)), "--out", str(tmp_path / "both")]) == 0
    both = open_package(tmp_path / "both")
    assert both.weights is not None
    state = load_file(both.weights)
    state["members.1.order"] = torch.tensor([0, 7, 7])
    graph = (both.folder / "model.onnx").read_bytes()
    bad = write_package(
        tmp_path / "bad", both.manifest, {"model.onnx": graph, "weights.safetensors": to_safetensors(state)}
    )
    with pytest.raises(PackageError, match="other classes"):
        load_graph(bad)
