"""What a tuning is asked for, and its study in a folder of its own."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.pruners import MedianPruner
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from engine.errors import InputError, StorageError, UsageError
from engine.networks.catalogue import kind_of
from engine.reports.csv_tables import PLAIN, SPELLINGS, Spelling
from trainer.config import TrainConfig, load_config
from trainer.runs.request import TrainRequest, opened
from trainer.tune.space import Space, load_space, published_space

STUDY, TRIALS = "study.db", "trials"
NAME = "lineside"
MOST_TRIALS = 10_000
UNPRUNED_TRIALS = 2
"""So many trials come to their end before a later one may be stopped early."""
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Tuning:
    """What is tuned, where, and how a trial is judged."""

    request: TrainRequest
    config: TrainConfig
    given: dict[str, Any]
    """Settings that were given by other options than --set."""
    space: Space
    metric: str
    trials: int
    folder: Path
    epochs: int
    """A trial's."""
    spelling: Spelling = PLAIN
    """Of trials.csv."""

    @property
    def direction(self) -> Literal["minimize", "maximize"]:
        """Optuna's word for which way is better."""
        return "minimize" if self.metric == "loss" else "maximize"

    @property
    def skipped(self) -> int:
        """First epochs that tell nothing: the map's, of a two-stage training."""
        return self.config.segmentation_epochs if self.config.stages == "two-stage" else 0


def tuning_of(args: argparse.Namespace) -> Tuning:
    """The arguments, checked. Raises UsageError."""
    given = {"weights": args.weights} if args.weights else {}
    config = load_config(args.preset, args.set or (), given)
    kind_of(config.architecture)
    if config.members:
        raise UsageError("An ensemble is not tuned as a whole.", "Tune each member by --set members= architecture=….")
    if not 1 <= args.trials <= MOST_TRIALS:
        raise UsageError(f"--trials {args.trials} is not in 1…{MOST_TRIALS}.", "Give another number.")
    epochs = config.epochs if args.epochs is None else args.epochs
    if epochs <= (config.segmentation_epochs if config.stages == "two-stage" else 0):
        raise UsageError(f"{epochs} epochs are too few for a trial.", "Give more by --epochs.")
    space = load_space(Path(args.space), config) if args.space else published_space(config)
    folder = Path(args.out)
    request = TrainRequest(
        dataset=args.dataset,
        preset=args.preset,
        out=str(folder / TRIALS / "package"),
        layout=args.format,
        without_label=args.without_label,
        settings=list(args.set or ()),
        weights=args.weights,
    )
    return Tuning(request, config, given, space, args.metric, args.trials, folder, epochs, SPELLINGS[args.separator])


@contextmanager
def opened_study(tuning: Tuning) -> Iterator[optuna.Study]:
    """The folder's study, or a new one; closed afterwards. A trial that is still running there was killed: it is marked
    failed and waits to be done again, so one process at a time works on a folder.

    Raises InputError where the folder holds something else or the tuning of another data set or other settings.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    asked = _asked(tuning)
    path = tuning.folder / STUDY
    _check_folder(tuning.folder, path)
    storage = None
    try:
        storage = RDBStorage(f"sqlite:///{path.resolve().as_posix()}")
        study = _study(storage, tuning, asked, path)
        yield study
    except optuna.exceptions.OptunaError as error:
        raise InputError(f"{path} is no study that can go on: {error}", "Choose a new folder.") from error
    finally:
        if storage is not None:
            storage.remove_session()
            storage.engine.dispose()
        shutil.rmtree(tuning.folder / TRIALS, ignore_errors=True)


def counted(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that are done, also those that failed by themselves, not those that were killed."""
    ended = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    found = study.get_trials(deepcopy=False, states=ended)
    return [t for t in found if t.state is not TrialState.FAIL or "error" in t.user_attrs]


def again(study: optuna.Study, number: int) -> None:
    """Mark a trial that was stopped or killed as failed, and queue its settings to be tried again."""
    trial = study.trials[number]
    study.tell(number, state=TrialState.FAIL)
    # Killed before it drew its settings, it only has those it was queued with.
    study.enqueue_trial({**trial.system_attrs.get("fixed_params", {}), **trial.params})


def _study(storage: RDBStorage, tuning: Tuning, asked: dict[str, Any], path: Path) -> optuna.Study:
    pruner = MedianPruner(n_startup_trials=UNPRUNED_TRIALS, n_warmup_steps=tuning.skipped + max(1, tuning.epochs // 4))
    study = optuna.create_study(
        storage=storage, study_name=NAME, direction=tuning.direction, load_if_exists=True, pruner=pruner
    )
    before = study.user_attrs.get("asked")
    if before is None:
        study.set_user_attr("asked", asked)
    elif before != asked:
        odd = next(key for key in asked if before.get(key) != asked[key])
        raise InputError(f"{path} is a tuning with another {odd}.", "Choose a new folder.")
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        again(study, trial.number)
    return study


def _asked(tuning: Tuning) -> dict[str, Any]:
    """What must stay the same for trials to be comparable."""
    dataset = opened(tuning.request, tuning.config.ok_classes)
    settings = tuning.config.model_dump(mode="json", exclude_defaults=True, exclude={"description", "threads"})
    found = {
        "data set": dataset.sha256(),
        "settings": settings,
        "search space": tuning.space.plain(),
        "metric": tuning.metric,
        "number of epochs": tuning.epochs,
    }
    plain: dict[str, Any] = json.loads(json.dumps(found))
    return plain


def _check_folder(folder: Path, study: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not study.exists():
            return
        with study.open("rb") as file:
            head = file.read(len(_SQLITE))
    except OSError as error:
        raise StorageError(f"{folder} cannot be used: {error.strerror}.", "Choose another folder.") from error
    if head not in {b"", _SQLITE}:
        raise InputError(f"{study} is no study.", "Choose a new folder.")
