"""Heads: one logit, classes that exclude each other, classes that may hold together; labels of several classes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from engine.backends.load import load_model  # noqa: E402
from engine.errors import DatasetError, UsageError  # noqa: E402
from engine.networks.catalogue import build, extend_head, logits_of  # noqa: E402
from engine.networks.graph import Deployed, probabilities_of  # noqa: E402
from engine.networks.load import load_graph  # noqa: E402
from engine.packages.package import open_package  # noqa: E402
from engine.preprocessing.input_spec import InputSpec  # noqa: E402
from main import main  # noqa: E402
from tests.networks import write_network  # noqa: E402
from trainer.config import load_config  # noqa: E402
from trainer.data.prepared import prepare_samples  # noqa: E402
from trainer.formats.detect import open_dataset  # noqa: E402
from trainer.training.decision_loss import decision_loss, defect_score, scores_of  # noqa: E402
from trainer.training.initial import fresh_network, inherited_network  # noqa: E402
from trainer.training.windows import Batch  # noqa: E402

pytestmark = pytest.mark.slow

SPEC = InputSpec(height=32, width=48, channels=1)


def _batch(labels: list[int], held: list[list[int]] | None = None) -> Batch:
    empty = torch.zeros(len(labels), 1, 4, 4)
    several = None if held is None else torch.tensor(held, dtype=torch.bool)
    return Batch(empty, empty, torch.tensor(labels), torch.ones(len(labels), dtype=torch.bool), several)


def test_each_head_has_its_loss() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5], [0.0, 1.0, -2.0]])
    softmax, sigmoid = (load_config("casting-fast", [f"head={h}"]) for h in ("softmax", "sigmoid"))
    by_hand = -(torch.log_softmax(logits, 1)[0, 0] + torch.log_softmax(logits, 1)[1, 1]) / 2
    assert float(decision_loss(softmax, logits, _batch([0, 1]))) == pytest.approx(float(by_hand))
    p = 1.0 / (1.0 + np.exp(-logits.numpy().astype(np.float64)))
    truth = np.array([[1, 0, 1], [0, 1, 0]])
    expected = -np.mean(truth * np.log(p) + (1 - truth) * np.log(1 - p))
    assert float(decision_loss(sigmoid, logits, _batch([0, 1], truth.tolist()))) == pytest.approx(expected, rel=1e-5)
    alone = np.array([[1, 0, 0], [0, 1, 0]])
    expected = -np.mean(alone * np.log(p) + (1 - alone) * np.log(1 - p))
    assert float(decision_loss(sigmoid, logits, _batch([0, 1]))) == pytest.approx(expected, rel=1e-5)


def test_one_logit_is_taught_by_binary_cross_entropy() -> None:
    config = load_config("casting-fast", ["head=binary"])
    loss = decision_loss(config, torch.tensor([[2.0], [-0.5]]), _batch([1, 0]))
    assert float(loss) == pytest.approx((np.log1p(np.exp(-2.0)) + np.log1p(np.exp(-0.5))) / 2, rel=1e-6)


def test_one_logit_gives_two_scores_as_a_softmax_of_zero_and_it_would() -> None:
    logits = torch.tensor([[0.3], [-4.0]])
    two = torch.softmax(torch.cat((torch.zeros(2, 1), logits), dim=1), dim=1)
    assert torch.allclose(probabilities_of(logits, "softmax"), two)
    assert torch.allclose(scores_of(load_config("casting-fast", ["head=binary"]), logits), two)


def test_sigmoid_scores_stand_alone_and_the_defect_score_is_the_highest_defect() -> None:
    config = load_config("casting-fast", ["head=sigmoid"])
    scores = scores_of(config, torch.tensor([[1.0, 1.0, -1.0]]))
    assert float(scores.sum()) > 1.0
    assert float(defect_score(config, scores, (0,))[0]) == pytest.approx(float(scores[0, 1]))


@pytest.mark.parametrize(
    ("name", "head"), [("segdec-fast", "binary"), ("small_cnn", "binary"), ("small_cnn", "sigmoid")]
)
def test_a_package_remembers_its_head(tmp_path: Path, name: str, head: str) -> None:
    classes = ("ok", "defect") if head == "binary" else ("ok", "scratch", "dent")
    network = build(name, 1, 1 if head == "binary" else 3).eval()
    package = write_network(tmp_path / "pkg", network, name, classes, SPEC, head=head, temperature=2.0)
    assert package.manifest.head == ("sigmoid" if head == "sigmoid" else "softmax")
    picture = torch.randint(0, 256, (2, 32, 48, 1), dtype=torch.uint8)
    with torch.no_grad():
        expected = Deployed(network, name, 2.0, head=head).eval()(picture)
        found = load_graph(package).eval()(picture)
    assert found[0].shape == (2, len(classes))
    assert all(torch.allclose(a, b) for a, b in zip(found, expected, strict=True))
    assert logits_of(inherited_network(package, len(classes))) == logits_of(network)


def test_one_logit_grows_into_classes_that_judge_the_same() -> None:
    network = build("small_cnn", 1, 1).eval()
    x = torch.rand(2, 1, 32, 48)
    with torch.no_grad():
        before = probabilities_of(network(x), "softmax")
        extend_head(network, 3)
        logits = network(x)
    assert logits.shape == (2, 3)
    assert torch.allclose(torch.softmax(logits[:, :2], dim=1), before, atol=1e-6)
    assert bool((logits[:, 2] < logits[:, :2].amin(dim=1) + 1.0).all())


def test_one_logit_is_for_two_classes() -> None:
    config = load_config("casting-fast", ["head=binary", "architecture=small_cnn"])
    assert logits_of(fresh_network(config, 2, "none")) == 1
    with pytest.raises(UsageError, match="two classes"):
        fresh_network(config, 3, "none")


def test_labels_csv_gives_pictures_several_classes(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "labels.csv").write_text("path,classes\nscratch/1.png,scratch;dent\nok/0.png,ok\n", encoding="utf-8")
    dataset = open_dataset(str(folder), "imagefolder")
    assert dataset.classes == ("ok", "dent", "scratch")
    also = {s.key: s.also for s in dataset.samples}
    assert also == {"ok/0.png": (), "ok/1.png": (), "scratch/0.png": (), "scratch/1.png": ("dent",)}
    data = prepare_samples(
        dataset.samples, dataset.classes, dataset.ok_classes, SPEC, with_masks=False, threads=1,
        progress=lambda _done, _total: None,
    )  # fmt: skip
    assert data.held is not None
    assert data.held.astype(int).tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 1, 1]]


def test_further_classes_change_the_hash_and_their_absence_does_not(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    plain = open_dataset(str(folder), "imagefolder").sha256()
    (folder / "labels.csv").write_text("scratch/1.png,scratch\n", encoding="utf-8")
    assert open_dataset(str(folder), "imagefolder").sha256() == plain
    (folder / "labels.csv").write_text("scratch/1.png,dent\n", encoding="utf-8")
    assert open_dataset(str(folder), "imagefolder").sha256() != plain


@pytest.mark.parametrize("line", ["scratch/9.png,dent", "scratch/1.png", "scratch/1.png,;", "scratch/1.png,a,b"])
def test_a_bad_line_of_labels_csv_is_named(tmp_path: Path, line: str) -> None:
    folder = _folder(tmp_path)
    (folder / "labels.csv").write_text(f"path,classes\n{line}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"scratch/9\.png|line 2"):
        open_dataset(str(folder), "imagefolder")


def _folder(tmp_path: Path) -> Path:
    for label in ("ok", "scratch"):
        for number in range(2):
            grey = np.full((40, 60), 60 * number + (100 if label == "ok" else 10), np.uint8)
            (tmp_path / "data" / label).mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(tmp_path / "data" / label / f"{number}.png"), grey)
    return tmp_path / "data"


@pytest.mark.parametrize("head", ["binary", "sigmoid"])
def test_a_head_is_trained_from_the_command_to_the_line(tmp_path: Path, head: str) -> None:
    folder = _bright_and_dark(tmp_path, ("scratch",) if head == "binary" else ("scratch", "dent"))
    if head == "sigmoid":
        also = "\n".join(f"scratch/{n}.png,scratch;dent" for n in range(0, 12, 2))
        (folder / "labels.csv").write_text(also, encoding="utf-8")
    settings = [
        *(f"head={head}", "architecture=small_cnn", "height=32", "width=32", "channels=1", "threads=1", "turn=false"),
        *("epochs=4", "batch=6", "learning_rate=1e-2", "int8=false"),
    ]
    arguments = [word for setting in settings for word in ("--set", setting)]
    out = tmp_path / "pkg"
    assert (
        main(["train", str(folder), "--preset", "casting-fast", "--weights", "none", *arguments, "--out", str(out)])
        == 0
    )
    package = open_package(out)
    assert package.manifest.head == ("sigmoid" if head == "sigmoid" else "softmax")
    fast, torch_model = load_model(package, precision="f32"), load_model(package, backend="torch")
    picture = cv2.imread(str(folder / "scratch" / "0.png"), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    found, expected = fast.run(np.asarray(picture, np.uint8)), torch_model.run(np.asarray(picture, np.uint8))
    assert found.scores.exclusive is (head == "binary")
    assert np.allclose(found.scores.values, expected.scores.values, atol=1e-3)
    if head == "binary":
        assert sum(found.scores.values) == pytest.approx(1.0, abs=1e-5)
        assert package.manifest.metrics["accuracy"] >= 0.75
    fast.close()


def _bright_and_dark(tmp_path: Path, defects: tuple[str, ...]) -> Path:
    """Sound parts are dark grey; each kind of defect brightens another half."""
    rng = np.random.default_rng(4)
    for kind in ("ok", *defects):
        (tmp_path / "data" / kind).mkdir(parents=True)
        for number in range(12):
            grey = rng.normal(70.0, 6.0, (32, 32))
            if kind != "ok":
                rows = slice(0, 16) if kind == "scratch" else slice(16, 32)
                grey[rows, 4:28] += 120.0
            assert cv2.imwrite(str(tmp_path / "data" / kind / f"{number}.png"), grey.clip(0, 255).astype(np.uint8))
    return tmp_path / "data"
