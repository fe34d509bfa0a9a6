"""Teaching on another computer: the data set, the model and the command as one folder to carry there."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from db.datasets.export import ExportReport, export
from db.models.registry import active
from db.store.session import Database
from engine.domain.inspection import utc_now
from engine.errors import InputError, LinesideError, StorageError
from engine.system.files import write_atomically
from gui.i18n.language import translate
from gui.pages.models.files import write_zip

HOW = "TRAIN.txt"


def export_for_elsewhere(db: Database, place: Path, by: str) -> tuple[Path, ExportReport]:
    """Write `place`/lineside-teach-<time>/ with corrections/, model.zip, TRAIN.txt; complete or not at all. Blocking.

    Raises InputError without an active model or corrections, StorageError when the disk fails.
    """
    parent = active(db)
    if parent is None:
        raise InputError(
            translate("Teach", "There is no active model to teach."),
            translate("Teach", "Activate one of the list first."),
        )
    folder = place / f"lineside-teach-{utc_now().astimezone():%Y%m%d-%H%M%S}"
    try:
        report = export(db, folder / "corrections", "lineside", by=by, to_teach=True)
        write_zip(parent.folder, folder / "model.zip")
        words = ["lineside", "train", "corrections", "--preset", "finetune", "--from", "model.zip", "--out", "taught"]
        text = [
            translate("Teach", "On a computer with Lineside's source folder and its trainer, in this folder:"),
            "",
            f"    {shlex.join(words)}",
            "",
            translate("Teach", "Then bring the folder “taught” back and import it on the Models page (Shift+I)."),
            "",
        ]
        write_atomically(folder / HOW, "\n".join(text).encode())
    except LinesideError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StorageError(
            translate("Window", "{path} could not be written: {why}.").format(path=folder, why=error.strerror),
            translate("Models", "Choose another folder."),
        ) from error
    return folder, report
