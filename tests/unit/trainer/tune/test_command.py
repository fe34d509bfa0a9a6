"""Tuning: the search space, the study that goes on where it ended, and what it leaves behind."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the train extra")
optuna = pytest.importorskip("optuna", reason="needs the train extra")

from engine.errors import EnvironmentFailure, InputError, UsageError  # noqa: E402
from engine.reports.csv_tables import SEMICOLON  # noqa: E402
from engine.training import EpochDone  # noqa: E402
from trainer.arguments import add_tune_arguments  # noqa: E402
from trainer.config import load_config  # noqa: E402
from trainer.runtime.interrupt import Interrupted, StopRequest  # noqa: E402
from trainer.tune import command as tune  # noqa: E402
from trainer.tune.command import run_tune  # noqa: E402
from trainer.tune.page import Tried, csv_of, history_of, parallel_of  # noqa: E402
from trainer.tune.space import load_space, published_space  # noqa: E402
from trainer.tune.study import Tuning, counted, opened_study, tuning_of  # noqa: E402

pytestmark = pytest.mark.slow

PARTS = "demo:?seed=3&count=24&defect_rate=0.5&kinds=scratch,pit"


def arguments(out: Path, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_tune_arguments(parser)
    small = [
        w for s in ("height=32", "width=40", "batch=4", "threads=1", "architecture=small_cnn") for w in ("--set", s)
    ]
    return parser.parse_args([PARTS, "--preset", "demo-classifier", *small, "--out", str(out), *words])


@pytest.fixture
def learnt(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """Trainings that are nothing but their epochs: the nearer the learning rate is to 0.003, the better."""
    done: list[dict[str, str]] = []

    def train(request: Any, run: Path, emit: Any, stop: StopRequest) -> None:
        settings = dict(word.split("=", 1) for word in request.settings)
        done.append(settings)
        off = abs(float(settings["learning_rate"]) - 0.003)
        for epoch in range(1, int(settings["epochs"]) + 1):
            stop.check()
            figures = {"accuracy": 1.0 - off - 0.1 / epoch}
            emit(EpochDone(epoch=epoch, epochs=int(settings["epochs"]), train_loss=1.0, figures=figures))
        raise AssertionError("a trial goes no further than its last epoch")

    monkeypatch.setattr(tune, "train", train)
    return done


def opened(out: Path, *words: str) -> Tuning:
    return tuning_of(arguments(out, "--metric", "accuracy", "--epochs", "4", *words))


def all_of(tuning: Tuning, stop: StopRequest | None = None) -> list[tune.TrialDone]:
    with opened_study(tuning) as study:
        return list(tune.trials(tuning, study, lambda _event: None, stop or StopRequest()))


def test_published_space_is_the_default_and_fits_the_network() -> None:
    space = published_space(load_config("demo-classifier", ["architecture=small_cnn"])).plain()
    assert space["learning_rate"] == {"low": 1e-5, "high": 1e-2, "log": True}
    assert space["batch"] == {"choices": [16, 32, 64]} and space["schedule"] == {"choices": ["none", "cosine"]}
    assert space["freeze"]["high"] == 3
    assert published_space(load_config("casting-resnet18")).plain()["freeze"] == {"low": 0, "high": 4, "log": False}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[lerning_rate]\nlow = 1\nhigh = 2", "'lerning_rate', which is no training setting"),
        ("[seed]\nlow = 1\nhigh = 2", "all trials must share it"),
        ("[batch]\nchoices = [0, 4]", "lets batch be 0"),
        ("[batch]\nlow = 4\nhigh = 2", "not valid at batch"),
        ("batch = 3", "not valid at batch"),
        ("", "is empty"),
        ("[batch", "not valid TOML"),
    ],
)
def test_space_that_cannot_be_searched_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "space.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        load_space(tmp_path / "space.toml", load_config("demo-classifier"))


def test_trials_may_be_written_for_a_german_excel() -> None:
    tried = Tried(1, "complete", 0.5, {"learning_rate": 3e-3, "loss": "-focal"}, 4, 2.5)
    names = ("learning_rate", "loss")
    plain = "trial,state,ap,learning_rate,loss,epochs,seconds,error\n1,complete,0.500000,0.003,'-focal,4,2.5,\n"
    assert csv_of("ap", names, [tried]).decode() == plain
    row = csv_of("ap", names, [tried], SEMICOLON).decode("utf-8-sig").splitlines()[1]
    assert row == "1;complete;0,500000;0,003;'-focal;4;2,5;"


def test_study_leaves_a_preset_a_table_and_a_page(tmp_path: Path, learnt: list[dict[str, str]]) -> None:
    done = all_of(opened(tmp_path / "out", "--trials", "5"))
    assert [d.trial for d in done] == [1, 2, 3, 4, 5] and done[0].settings["freeze"] == 0
    assert done[0].settings["learning_rate"] == 3e-3 and {d.state for d in done} <= {"complete", "pruned"}
    assert learnt[0]["select"] == "accuracy" and learnt[0]["patience"] == "0"
    best = max((d for d in done if d.state == "complete"), key=lambda d: d.value or 0.0)
    config = load_config(str(tmp_path / "out" / "best.toml"))
    assert config.learning_rate == best.settings["learning_rate"] and config.batch == best.settings["batch"]
    assert config.epochs == load_config("demo-classifier").epochs and config.architecture == "small_cnn"
    with (tmp_path / "out" / "trials.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["state"] for r in rows] == [d.state for d in done] and all(float(r["learning_rate"]) for r in rows)
    page = (tmp_path / "out" / "study.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2 and "http" not in page and f"in trial {best.trial} of 5" in page
    assert not (tmp_path / "out" / "trials").exists()


def test_interrupted_study_goes_on_as_a_whole_one_would(tmp_path: Path, learnt: list[dict[str, str]]) -> None:
    whole = [d.settings for d in all_of(opened(tmp_path / "whole", "--trials", "4"))]
    first = all_of(opened(tmp_path / "out", "--trials", "2"))
    stop = StopRequest()
    stop.ask()
    with pytest.raises(Interrupted):
        all_of(opened(tmp_path / "out", "--trials", "4"), stop)
    # A kill leaves a trial running, with or without its settings.
    with opened_study(opened(tmp_path / "out", "--trials", "4")) as study:
        assert len(counted(study)) == 2
        study.ask()
    rest = all_of(opened(tmp_path / "out", "--trials", "4"))
    assert [d.settings for d in (*first, *rest)] == whole and [d.trial for d in rest] == [3, 4]
    with pytest.raises(InputError, match="another search space"):
        (tmp_path / "space.toml").write_text("[batch]\nchoices = [2, 4]", encoding="utf-8")
        all_of(opened(tmp_path / "out", "--space", str(tmp_path / "space.toml")))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "study.db").write_text("a letter, not a study", encoding="utf-8")
    with pytest.raises(InputError, match="is no study"):
        all_of(opened(tmp_path / "mine"))


def test_failed_trial_is_told_and_the_next_one_follows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def train(request: Any, run: Path, emit: Any, stop: StopRequest) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise EnvironmentFailure("No memory.", "Use a smaller batch.")
        emit(EpochDone(epoch=4, epochs=4, train_loss=1.0, figures={"accuracy": 0.5}))

    monkeypatch.setattr(tune, "train", train)
    done = all_of(opened(tmp_path / "out", "--trials", "3"))
    assert [d.state for d in done] == ["complete", "failed", "complete"] and "No memory" in done[1].error
    calls[:] = [1]
    with pytest.raises(EnvironmentFailure):
        all_of(opened(tmp_path / "other", "--trials", "3"))


def test_plots_place_the_best_highest() -> None:
    trials = [
        Tried(1, "complete", 0.5, {"learning_rate": 1e-5, "schedule": "none"}, 3, 1.0),
        Tried(2, "pruned", 0.2, {"learning_rate": 1e-2, "schedule": "cosine"}, 1, 1.0),
        Tried(3, "complete", 0.9, {"learning_rate": 1e-3, "schedule": "none"}, 3, 1.0),
    ]
    history = history_of("macro_f1", trials)
    assert [p["y"] for p in history["points"]] == [177.1, 280.0, 40.0]
    assert history["line"] == "180.0,177.1 620.0,177.1 620.0,40.0"
    parallel = parallel_of("macro_f1", ("learning_rate", "schedule"), trials)
    assert [line["trial"].number for line in parallel["lines"]] == [2, 1, 3] and parallel["lines"][-1]["best"]
    assert parallel["lines"][-1]["points"].split()[-1].endswith(",40.0")
    assert [axis["name"] for axis in parallel["axes"]] == ["learning_rate", "schedule", "macro_f1"]


def test_tuning_trains_for_real(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "space.toml").write_text("[learning_rate]\nlow = 1e-4\nhigh = 1e-2\nlog = true", encoding="utf-8")
    words = ["--trials", "2", "--epochs", "2", "--metric", "loss", "--space", str(tmp_path / "space.toml"), "--jsonl"]
    assert run_tune(arguments(tmp_path / "out", *words)) == 0
    said = capsys.readouterr().out
    assert said.count('"event":"trial"') == 2 and said.count('"event":"epoch"') == 4 and "Best loss" in said
    assert load_config(str(tmp_path / "out" / "best.toml")).select == "loss"
    assert run_tune(arguments(tmp_path / "out", *words)) == 0
    assert '"event":"epoch"' not in capsys.readouterr().out
