"""`lineside tune`: an Optuna study over training settings, one short training a trial, judged on the validation part.

The study lies in DIR/study.db, so that a tuning goes on where it ended: a trial that was killed is marked failed and
done again. A trial's draws depend on the study before it alone: a resumed study proposes what a whole one would.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import optuna
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState

from engine.errors import InputError, LinesideError
from engine.recipes.toml_text import toml_of
from engine.system.files import write_atomically
from engine.training import EpochDone, TrainingEvent, TrainingFailed, TrainingNote
from trainer.config import load_config
from trainer.runs.train import INTERRUPTED_EXIT, train
from trainer.runtime.interrupt import Interrupted, StopRequest
from trainer.runtime.progress import Emit, reporter
from trainer.tune.page import State, TrialDone, Tried, write_tune_report
from trainer.tune.space import Value, as_setting
from trainer.tune.study import TRIALS, Tuning, again, counted, opened_study, tuning_of

BEST = "best.toml"
RANDOM_TRIALS = 5
"""So many first trials are drawn at random, the later ones by the tree-structured Parzen estimator."""


class _TrialOver(Exception):
    """The last epoch of a trial is done; what would follow is a package nobody needs."""


def run_tune(args: argparse.Namespace) -> int:
    """Run the trials that are left and write best.toml, trials.csv and study.html. Returns 0, or 130 when stopped;
    raises LinesideError."""
    emit = reporter(sys.stdout, jsonl=bool(args.jsonl))
    try:
        tuning = tuning_of(args)
        with StopRequest() as stop, opened_study(tuning) as study:
            try:
                for done in trials(tuning, study, emit, stop):
                    _tell(done, tuning, emit, jsonl=bool(args.jsonl))
            except Interrupted:
                text = f"Stopped after {len(counted(study))} of {tuning.trials} trials."
                emit(TrainingNote(text=f"{text} Go on with the same command."))
                return INTERRUPTED_EXIT
            emit(TrainingNote(text=_closing(tuning, study)))
    except LinesideError as error:
        emit(TrainingFailed(message=error.message, remedy=error.remedy))
        raise
    return 0


def _tell(done: TrialDone, tuning: Tuning, emit: Emit, *, jsonl: bool) -> None:
    if jsonl:
        print(done.model_dump_json(exclude_none=True), flush=True)
    else:
        emit(TrainingNote(text=done.in_words(tuning.metric)))


def trials(tuning: Tuning, study: optuna.Study, emit: Emit, stop: StopRequest) -> Iterator[TrialDone]:
    """Do the trials that are left, one after the other, and keep what is known after each.

    Raises Interrupted when asked to stop, LinesideError where a trial fails before any has come to its end.
    """
    if not study.get_trials(deepcopy=False) and (preset := tuning.space.point_of(tuning.config)):
        # The first is the preset as it stands, so far as the space holds it: the best is then hardly ever worse.
        study.enqueue_trial(preset)
    while len(counted(study)) < tuning.trials:
        number = len(counted(study)) + 1
        study.sampler = TPESampler(seed=tuning.config.seed * 1_000 + number, n_startup_trials=RANDOM_TRIALS)
        done = _one(tuning, study, study.ask(), number, emit, stop)
        keep(tuning, study)
        yield done
    keep(tuning, study)


def keep(tuning: Tuning, study: optuna.Study) -> None:
    """Write best.toml, trials.csv and study.html as things stand. Raises StorageError."""
    tried = [_tried(number, trial) for number, trial in enumerate(counted(study), 1)]
    names = tuple(tuning.space.axes)
    write_tune_report(tuning.folder, tuning.request.preset, tuning.metric, names, tried, tuning.spelling)
    best = best_of(study)
    if best is None:
        return
    given = {**tuning.given, **best.params, "select": tuning.metric}
    config = load_config(tuning.request.preset, tuning.request.settings, given)
    value = f"{tuning.metric} {best.value:.4f} on the validation part"
    description = f"{tuning.request.preset} tuned by {len(tried)} trials of {tuning.epochs} epochs: {value}"
    values = {**config.model_dump(mode="json", exclude_defaults=True), "description": description}
    write_atomically(tuning.folder / BEST, toml_of(values).encode())


def best_of(study: optuna.Study) -> FrozenTrial | None:
    """The best trial that came to its end; None where none did."""
    return study.best_trial if study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)) else None


def _one(tuning: Tuning, study: optuna.Study, trial: Trial, number: int, emit: Emit, stop: StopRequest) -> TrialDone:
    watch = _Watch(tuning, trial, emit)
    state, error = TrialState.COMPLETE, ""
    chosen: dict[str, Value] = {}
    try:
        chosen = tuning.space.draw(trial)
        _short_training(tuning, chosen, number, watch, stop)
    except optuna.TrialPruned:
        state = TrialState.PRUNED
    except LinesideError as failure:
        state, error = TrialState.FAIL, f"{failure.message} {failure.remedy}".strip()
        trial.set_user_attr("error", error)
        if best_of(study) is None:
            study.tell(trial, state=state)
            raise
    except BaseException:
        again(study, trial.number)
        raise
    study.tell(trial, watch.value if state is TrialState.COMPLETE else None, state)
    best = best_of(study)
    return TrialDone(
        trial=number,
        trials=tuning.trials,
        state=_WORDS[state],
        value=watch.value,
        settings=chosen,
        best=best is not None and best.number == trial.number,
        error=error,
    )


_WORDS: dict[TrialState, State] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


def _short_training(tuning: Tuning, chosen: dict[str, Value], number: int, watch: _Watch, stop: StopRequest) -> None:
    """One trial's epochs, on one device; the pruner decides when it ends early, not the preset's own patience."""
    own: dict[str, Value] = {
        "epochs": tuning.epochs, "patience": 0, "budget_seconds": 0.0, "devices": 1, "nodes": 1, "tensorboard": False
    }  # fmt: skip
    settings = {**own, "select": tuning.metric, **chosen}
    words = [*tuning.request.settings, *(as_setting(k, v) for k, v in settings.items())]
    run = tuning.folder / TRIALS / str(number)
    shutil.rmtree(run, ignore_errors=True)
    try:
        train(tuning.request.model_copy(update={"settings": words}), run, watch, stop)
    except _TrialOver:
        return
    finally:
        shutil.rmtree(run, ignore_errors=True)


class _Watch:
    """Listens to one trial: passes its events on, reports each epoch's figure, and ends the trial."""

    def __init__(self, tuning: Tuning, trial: Trial, emit: Emit) -> None:
        self._tuning, self._trial, self._emit = tuning, trial, emit
        self.value: float | None = None
        """Of the epoch that would be kept."""

    def __call__(self, event: TrainingEvent) -> None:
        """Take one event. Raises TrialPruned, _TrialOver after the last epoch, InputError without the figure."""
        self._emit(event)
        if isinstance(event, EpochDone) and event.epoch > self._tuning.skipped:
            self._judge(event)

    def _judge(self, event: EpochDone) -> None:
        metric = self._tuning.metric
        value = event.validation_loss if metric == "loss" else event.figures.get(metric)
        last = event.epoch >= event.epochs
        if value is not None and value == value:
            self._trial.report(value, event.epoch)
            better = min if self._tuning.direction == "minimize" else max
            kept = value if self._tuning.config.keep == "last" or self.value is None else better(self.value, value)
            self.value = kept
        elif last and self.value is None:
            raise InputError(f"The validation part gives no {metric}.", "Choose another --metric, or add pictures.")
        if last:
            raise _TrialOver
        if self._trial.should_prune():
            raise optuna.TrialPruned


def _tried(number: int, trial: FrozenTrial) -> Tried:
    value = trial.value
    if value is None and trial.state is TrialState.PRUNED and trial.intermediate_values:
        value = trial.intermediate_values[max(trial.intermediate_values)]
    seconds = trial.duration.total_seconds() if trial.duration else 0.0
    settings: dict[str, Any] = dict(trial.params)
    epochs = len(trial.intermediate_values)
    error = str(trial.user_attrs.get("error", ""))
    return Tried(number, _WORDS[trial.state], value, settings, epochs, round(seconds, 1), error)


def _closing(tuning: Tuning, study: optuna.Study) -> str:
    best = best_of(study)
    if best is None:
        raise InputError("No trial came to its end.", f"Look at {tuning.folder / 'trials.csv'}.")
    place = shlex.quote(str(tuning.folder / BEST))
    return f"Best {tuning.metric}: {best.value:.4f}. Train with it: lineside train … --preset {place} --out PKG"
