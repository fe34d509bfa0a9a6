"""Teaching on another computer: the data set, the model and the command as one folder to carry there."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from db.datasets.export import ExportReport, export
from db.inspections.table import Filter
from db.models.files import write_zip
from db.models.registry import active
from db.products.shelf import Product
from db.store.session import Database
from engine.domain.inspection import utc_now
from engine.errors import InputError, LinesideError, StorageError
from engine.system.files import write_atomically
from engine.training import TeachOrder

HOW = "TRAIN.txt"


def export_for_elsewhere(
    db: Database, place: Path, by: str, words: tuple[str, str], product: Product | None = None
) -> tuple[Path, ExportReport]:
    """Write `place`/lineside-teach-<time>/ with corrections/, model.zip, TRAIN.txt; complete or not at all. Blocking.

    `product`: whose model is taught, by its own parts; None = the station's first one, by all there are.
    `words`: what stands before and after the command in TRAIN.txt, in the language of whoever carries it there.
    Raises InputError without an active model or corrections, StorageError when the disk fails.
    """
    parent = active(db, product.id if product else "")
    mine = Filter(products=product.on_record if product else None)
    if parent is None:
        raise InputError("There is no active model to teach.", "Activate one of the list first.")
    folder = place / f"lineside-teach-{utc_now().astimezone():%Y%m%d-%H%M%S}"
    try:
        report = export(db, folder / "corrections", "lineside", mine, by=by, to_teach=True)
        write_zip(parent.folder, folder / "model.zip")
        order = TeachOrder(Path("corrections"), Path("model.zip"), Path("taught"), folder)
        text = f"{words[0]}\n\n    {shlex.join(['lineside', *order.arguments])}\n\n{words[1]}\n"
        write_atomically(folder / HOW, text.encode())
    except LinesideError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StorageError(
            f"{folder} could not be written: {error.strerror or error}.", "Choose another folder."
        ) from error
    return folder, report
