"""The study of a model: figures equal scikit-learn's, the mistakes are the right ones, the page needs nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.domain.inspection import Prediction, Scores
from engine.errors import UsageError
from engine.packages.manifest import PACKAGE_SCHEMA, ClassSpec, Manifest
from engine.packages.package import ModelPackage
from engine.preprocessing.input_spec import InputSpec
from engine.recipes.file import default_recipe, without_review
from engine.statistics.metrics import evaluate_scores
from engine.verdicts.verdict import decide
from main import main
from tests.packages import write_tiny_package
from trainer.evaluation.curves import pr_points, roc_points
from trainer.evaluation.evaluate import Evaluation, JudgedSample, as_judged, evaluate, truth_of
from trainer.evaluation.figures import curve_of, diagrams, further_figures, one_against_rest, point_at, several_labels
from trainer.evaluation.mistakes import BEYOND, MOST_CONFIDENT, Gallery
from trainer.evaluation.page import study_picture, write_study
from trainer.evaluation.sections import sections
from trainer.evaluation.sheet import Sheet, sheet_of
from trainer.evaluation.study import cost_of, page_of, study
from trainer.evaluation.tables import MAX_CLASSES, confusion_section
from trainer.formats.samples.dataset import Dataset, Sample
from trainer.thresholds.operating import Cost


def package_of(*classes: str, sound: str = "ok", head: str = "softmax") -> ModelPackage:
    """A package without files, for what never runs it."""
    specs = [ClassSpec(name=c, role="ok" if c == sound else "defect") for c in classes]
    spec = InputSpec(height=64, width=80, channels=1)
    manifest = Manifest.model_validate(
        {"schema": PACKAGE_SCHEMA, "name": "m", "kind": "classifier", "architecture": "tiny", "head": head}
        | {"classes": specs, "input": spec}
    )
    return ModelPackage(Path("nowhere"), manifest, "v")


def sample(key: str, label: str, also: tuple[str, ...] = (), grey: int = 60) -> Sample:
    pixels = np.full((64, 80), grey, np.uint8)
    pixels[::2] += 10
    return Sample(key, label, key, lambda: (pixels, None), also=also)


def judged_by(package: ModelPackage, rows: list[tuple[Sample, tuple[float, ...]]]) -> Evaluation:
    """Samples with stand-in scores, through the line's own verdict."""
    recipe = without_review(default_recipe(package))
    exclusive = package.manifest.head == "softmax"
    predictions = [Prediction(Scores(package.manifest.class_names, values, exclusive)) for _, values in rows]
    judged = tuple(JudgedSample(s, p, decide(p, recipe)) for (s, _), p in zip(rows, predictions, strict=True))
    dataset = Dataset("d", "folder", ("ok",), ("ok",), tuple(s for s, _ in rows))
    return Evaluation({}, judged, tuple(truth_of(s, dataset, recipe) for s, _ in rows), recipe)


def random_sheet(head: str = "softmax") -> tuple[Sheet, Evaluation]:
    random = np.random.default_rng(3)
    classes = ("ok", "pit", "scratch")
    package = package_of(*classes, head=head)
    rows = []
    for i in range(120):
        label = classes[int(random.integers(3))]
        values = random.dirichlet((1, 1, 1)) * 0.6
        values[classes.index(label)] += 0.4
        also = ("scratch",) if label == "pit" and i % 2 else ()
        rows.append((sample(str(i), label, also), tuple(np.round(values, 3).tolist())))
    found = judged_by(package, rows)
    return sheet_of(found, package), found


def test_one_against_rest_equals_sklearn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    sheet, _ = random_sheet()
    for k, (name, found) in enumerate(one_against_rest(sheet).items()):
        truth = [t == name for t in sheet.truth]
        assert found["ap"] == pytest.approx(metrics.average_precision_score(truth, sheet.table[:, k]), abs=1e-6)
        assert found["auroc"] == pytest.approx(metrics.roc_auc_score(truth, sheet.table[:, k]), abs=1e-6)


def test_curves_equal_sklearn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    sheet, _ = random_sheet()
    scores = np.round(sheet.scores, 1)
    false, true, _ = metrics.roc_curve(sheet.positive, scores, drop_intermediate=False)
    assert np.allclose(roc_points(sheet.positive, scores), (false, true))
    precision, recall, _ = metrics.precision_recall_curve(sheet.positive, scores)
    ours = pr_points(sheet.positive, scores)
    assert np.allclose(ours[0][1:], recall[::-1][1:]) and np.allclose(ours[1][1:], precision[::-1][1:])


def test_several_labels_count_all_that_a_picture_shows() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    sheet, found = random_sheet("sigmoid")
    hot = np.array([[c == j.sample.label or c in j.sample.also for c in sheet.classes] for j in found.judged])
    assert hot.sum() > len(sheet.truth)
    figures = several_labels(sheet, found.recipe)
    for k, name in enumerate(sheet.classes):
        own = figures["per_class"][name]
        assert own["ap"] == pytest.approx(metrics.average_precision_score(hot[:, k], sheet.table[:, k]), abs=1e-6)
        assert own["auroc"] == pytest.approx(metrics.roc_auc_score(hot[:, k], sheet.table[:, k]), abs=1e-6)
        assert own["support"] == hot[:, k].sum()
    expected = metrics.f1_score(hot, sheet.table >= 0.5, average="macro", zero_division=0)
    assert figures["macro_f1"] == pytest.approx(expected, abs=1e-6)
    low, high = figures["intervals"]["macro_f1"]
    assert low < figures["macro_f1"] < high


def test_sound_pictures_are_the_rest_where_the_model_of_several_labels_has_no_sound_class() -> None:
    package = package_of("pit", "scratch", sound="", head="sigmoid")
    rows = [(sample(str(i), "ok"), (0.1 * i, 0.2)) for i in range(4)]
    rows += [(sample("p", "pit", ("scratch",)), (0.9, 0.8)), (sample("s", "scratch"), (0.2, 0.15))]
    sheet = sheet_of(judged_by(package, rows), package)
    areas = one_against_rest(sheet)
    assert areas["pit"]["auroc"] == 1.0 and areas["pit"]["of"] == 1
    assert areas["scratch"]["auroc"] == pytest.approx(0.5) and areas["scratch"]["of"] == 2
    assert sheet.sound == {"ok"} and sheet.tells_defects


def test_intervals_hold_their_figures_and_wilson_is_the_published_one() -> None:
    sheet, found = random_sheet()
    figures = further_figures(sheet, found.recipe, Cost(10.0, 1.0))
    # Newcombe 1998, table I: 81 of 263.
    rows = [(sample(str(i), "pit"), (0.1, 0.9) if i < 81 else (0.9, 0.1)) for i in range(263)]
    package = package_of("ok", "pit")
    known = further_figures(sheet_of(judged_by(package, rows), package), found.recipe, None)
    assert known["per_class_intervals"]["pit"]["recall"] == [
        pytest.approx(0.2553, abs=1e-4),
        pytest.approx(0.3662, abs=1e-4),
    ]
    assert figures["intervals"]["ap"][0] < 1.0 and figures["operating"]["cost"]["assumed"] is False
    assert known["operating"] is None and known["intervals"]["ap"] is None


def test_point_in_force_is_counted_at_the_very_threshold() -> None:
    package = package_of("ok", "pit")
    rows = [
        (sample(str(i), label), (1 - s, s))
        for i, (label, s) in enumerate([("ok", 0.2), ("ok", 0.5), ("pit", 0.5), ("pit", 0.4)])
    ]
    sheet = sheet_of(judged_by(package, rows), package)
    point = point_at(sheet, 0.5, Cost(10.0, 1.0))
    assert (point.mistakes.escapes.count, point.mistakes.overkill.count) == (1, 1)
    assert point.cost_per_1000 == pytest.approx(1000 * (0.25 * 10 + 0.25))
    assert curve_of(sheet) is not None and set(diagrams(sheet)) == {"defect"}


def test_mistakes_are_the_ones_made_most_confident_first() -> None:
    package = package_of("ok", "pit", "scratch")
    mistakes = Gallery(("ok", "pit", "scratch"), ("ok",))
    rows = [(sample(f"good{i}", "ok"), (0.9, 0.05, 0.05)) for i in range(5)]
    # 60 escapes, ever surer; 3 false rejects, surer than most; 2 of another kind; a kind the model does not know.
    rows += [(sample(f"esc{i}", "pit"), (0.6 + i / 200, 0.4 - i / 200, 0.0)) for i in range(60)]
    rows += [(sample(f"rej{i}", "ok"), (0.01, 0.99 - i / 1000, i / 1000)) for i in range(3)]
    rows += [(sample(f"kind{i}", "pit"), (0.1, 0.3, 0.6)) for i in range(2)]
    rows += [(sample("new", "dent"), (0.05, 0.95, 0.0)), (sample("new-missed", "dent"), (0.99, 0.01, 0.0))]
    found = judged_by(package, rows)
    for judged, truth in zip(found.judged, found.truth, strict=True):
        mistakes.see(judged, truth)
    assert mistakes.counts == {"escape": 61, "false reject": 3, "other": 2}
    top = mistakes.most_confident()
    assert len(top) == MOST_CONFIDENT
    assert [m.judged.sample.key for m in top[:6]] == ["rej0", "new-missed", "rej1", "rej2", "esc59", "esc58"]
    further = mistakes.beyond("escape")
    assert len(further) == BEYOND and further[0].judged.sample.key == "esc43"
    assert mistakes.beyond("false reject") == []
    page = sections(package, found.recipe, *_shown(found, package), mistakes, None, None, ())
    titles = [s.title for s in page]
    assert "The 20 most confident mistakes" in titles and "Further escapes" in titles
    named = [p.lines[-1] for s in page for p in s.pictures]
    assert named[0] == "rej0" and "good0" not in named and len(named) == MOST_CONFIDENT + BEYOND


def _shown(found: Evaluation, package: ModelPackage) -> tuple[Sheet, dict[str, object]]:
    sheet = sheet_of(found, package)
    figures = {**_basic(sheet, package, found), **further_figures(sheet, found.recipe, None)}
    return sheet, figures


def _basic(sheet: Sheet, package: ModelPackage, found: Evaluation) -> dict[str, object]:
    told = evaluate_scores(sheet.truth, sheet.labels, sheet.table, sheet.classes, found.recipe.ok_classes, 0.5)
    return {**told, "as_judged": as_judged(found.judged, found.truth, found.recipe)}


def folder_of(tmp_path: Path) -> Path:
    """Class folders for the tiny model: bright spots are defects; two defects without one, one sound part with."""
    for label, count, spots in (("ok", 6, (5,)), ("<i>defect", 6, (0, 1, 2, 3))):
        folder = tmp_path / "parts" / label
        folder.mkdir(parents=True)
        for i in range(count):
            pixels = np.full((64, 80), 60 + i, np.uint8)
            if i in spots:
                pixels[20:40, 20:40] = 240 - i
            assert cv2.imencode(".png", pixels)[1].tofile(folder / f"{i}.png") is None
    return tmp_path / "parts"


def test_command_writes_one_page_and_the_same_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = write_tiny_package(tmp_path / "tiny", defect="<i>defect")
    parts, page, figures = folder_of(tmp_path), tmp_path / "out" / "report.html", tmp_path / "figures.json"
    words = ["evaluate", str(package.folder), str(parts), "--report", str(page), "--json", str(figures)]
    assert main([*words, "--robustness", "--cost", "50:1", "--threads", "1", "--precision", "f32"]) == 0
    printed = capsys.readouterr().out
    assert "robust" not in printed and re.search(r"^dim\s", printed, re.M)
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert found["escapes"]["count"] == 2 and found["overkill"]["count"] == 1
    assert len(found["robustness"]["conditions"]) == 13
    assert found["operating"]["cost"] == {"escape": 50.0, "overkill": 1.0, "assumed": False}
    text = page.read_text(encoding="utf-8")
    assert_self_contained(text)
    assert "9 of 12 pictures are judged rightly: 75.0 %" in text
    assert "2 of 6 defects escape, 1 of 6 sound parts are rejected." in text
    assert "All mistakes, surest first" in text and "3 mistakes: 2 escapes, 1 false reject." in text
    for key in ("ok/5.png", "&lt;i&gt;defect/4.png", "&lt;i&gt;defect/5.png"):
        assert key in text
    assert "<i>" not in text and "ok/0.png" not in text
    assert text.count("data:image/jpeg;base64,") == 3 + 13


def assert_self_contained(text: str) -> None:
    assert text.startswith("<!doctype html>")
    assert not re.search(r"https?://|<script|<link|@import|url\(|<iframe|<object", text)
    assert all(src.startswith("data:image/jpeg;base64,") for src in re.findall(r'src="([^"]{0,40})', text))
    assert not re.search(r"\bhref=", text)


def test_study_keeps_every_figure_of_evaluate(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    samples = tuple(sample(str(i), "ok" if i < 4 else "defect", grey=60 if i < 5 else 200) for i in range(8))
    dataset = Dataset("d", "folder", ("ok", "defect"), ("ok",), samples)
    plain = evaluate(package, dataset, threads=1, precision="f32")
    found = study(package, dataset, threads=1, precision="f32").figures
    assert {k: found[k] for k in plain if k != "milliseconds"} == {
        k: v for k, v in plain.items() if k != "milliseconds"
    }
    assert set(found) - set(plain) >= {
        "intervals",
        "per_class_intervals",
        "one_against_rest",
        "calibration",
        "operating",
    }
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("labels", [("defect", "defect"), ("ok", "ok"), ("scratch", "dent")])
def test_data_sets_of_one_kind_are_told_in_a_sentence(tmp_path: Path, labels: tuple[str, str]) -> None:
    package = write_tiny_package(tmp_path / "tiny")
    samples = tuple(sample(str(i), label, grey=200) for i, label in enumerate(labels))
    dataset = Dataset("d", "folder", tuple(dict.fromkeys(labels)), tuple({"ok"} & set(labels)), samples)
    page = page_of(study(package, dataset, threads=1))
    by_title = {s.title: s for s in page.sections}
    assert "no threshold can be weighed" in by_title["Threshold, escapes, overkill and cost"].sentences[0]
    assert by_title["Ranking: ROC and precision-recall"].sentences[0].startswith("Defect against sound cannot")
    assert_self_contained(write_study(tmp_path / "p.html", page).read_text(encoding="utf-8"))
    if labels == ("scratch", "dent"):
        assert by_title["Mistakes"].sentences[0].startswith("None in 2 pictures")
        assert any("does not know dent, scratch" in c for c in page.cautions)


def test_model_without_a_sound_class_has_a_page(tmp_path: Path) -> None:
    package = package_of("a", "b", "c", sound="")
    rows = [(sample(str(i), "abc"[i % 3]), tuple(np.roll((0.8, 0.1, 0.1), i % 3).tolist())) for i in range(9)]
    found = judged_by(package, [*rows, (sample("wrong", "a"), (0.1, 0.8, 0.1))])
    sheet, figures = _shown(found, package)
    assert figures["ap"] is None and sheet.right.sum() == 9
    charts = [
        c.title
        for s in sections(package, found.recipe, sheet, figures, Gallery(sheet.classes, ()), None, None, ())
        for c in s.charts
    ]
    assert "One class against the rest: ROC" in charts and "Cost" not in charts


def test_large_confusion_matrix_becomes_a_list_of_confusions() -> None:
    count = MAX_CLASSES + 5
    matrix = np.eye(count, dtype=int) * 9
    matrix[3, 7], matrix[4, 2] = 5, 6
    (table,) = confusion_section({"classes": [f"c{i}" for i in range(count)], "matrix": matrix.tolist()}).tables
    assert [[c.text for c in row] for row in table.rows] == [["c4", "c2", "6 of 15"], ["c3", "c7", "5 of 14"]]


def test_wrong_costs_and_places_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cost_of(None) is None and cost_of("100:1") == Cost(100.0, 1.0)
    for text in ("100", "a:b", "0:0", "-1:2", "nan:1", "1:2:3"):
        with pytest.raises(UsageError):
            cost_of(text)
    package = write_tiny_package(tmp_path / "tiny")
    assert main(["evaluate", str(package.folder), "demo:?count=2", "--report", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_picture_shows_the_mask_and_the_map_beside_it() -> None:
    pixels, mask = np.full((100, 80), 60, np.uint8), np.zeros((100, 80), np.uint8)
    mask[40:60, 30:50] = 255
    hot = np.zeros((10, 8), np.float32)
    hot[:3] = 1.0
    drawn = cv2.imdecode(np.frombuffer(study_picture(pixels, mask, hot), np.uint8), 1).astype(int)
    half = (drawn.shape[1] - 4) // 2
    left, right = drawn[:, :half], drawn[:, -half:]
    magenta = (left[..., 0] - left[..., 1] > 40) & (left[..., 2] - left[..., 1] > 40)
    assert magenta.any() and not magenta[:60].any()
    assert right[:60, :, 2].mean() > right[-60:, :, 2].mean() + 40
    wide = cv2.imdecode(np.frombuffer(study_picture(pixels.T.copy(), None, hot.T.copy()), np.uint8), 1)
    assert wide.shape[0] > wide.shape[1]
