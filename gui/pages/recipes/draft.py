"""The recipe being edited: what is stored, what is wanted, and a draft that outlives the page and the program."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from db.recipes.shelf import SavedMeanwhile, StoredRecipe, save, stored
from engine.domain.recipe import Recipe
from engine.errors import LinesideError
from engine.packages.package import ModelPackage
from engine.recipes.file import MAX_RECIPE_BYTES, dump_recipe, load_recipe
from gui.context import AppContext

KEEP_MS = 400
MOST_DRAFTS = 20


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a job read: the file, the recipe in it, and the draft over it."""

    stored: StoredRecipe
    recipe: Recipe
    draft: Recipe | None
    expected: str
    complaint: str


class Draft(QObject):
    """One recipe at a time. `opened`: another one is here, or none; `changed`: it is wanted otherwise now."""

    opened = Signal()
    changed = Signal()
    saved = Signal(object)
    """Path of what was saved."""
    failed = Signal(str)
    """Why the recipe cannot be edited."""

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.stored: StoredRecipe | None = None
        self.base: Recipe | None = None
        """As the file has it."""
        self.recipe: Recipe | None = None
        """As it is wanted."""
        self._expected = ""
        self._wanted: Path | None = None
        self._timer = QTimer(self, singleShot=True, interval=KEEP_MS)
        self._timer.timeout.connect(self.keep)

    @property
    def dirty(self) -> bool:
        """There is something to save."""
        if self.recipe is None or self.base is None:
            return False
        return replace(self.recipe, digest="") != replace(self.base, digest="")

    def drafts(self) -> set[str]:
        """The file names of the recipes with changes that are not saved."""
        return set(_drafts(self._context))

    def open(self, path: Path | None, package: ModelPackage) -> None:
        """Read this recipe and the draft over it, on a job; None: no recipe."""
        self.keep()
        self._wanted = path
        if path is None:
            self._close()
            return
        text, digest = _drafts(self._context).get(path.name, ("", ""))
        self._context.jobs.run(
            partial(_read, path, package, text, digest), self._opened, partial(self._not_opened, path)
        )

    def edit(self, recipe: Recipe) -> None:
        """It is wanted so from now on; kept within half a second."""
        if recipe != self.recipe:
            self.recipe = recipe
            self._timer.start()
            self.changed.emit()

    def restore(self, recipe: Recipe) -> None:
        """What a former version had is wanted again, as the next version."""
        if self.base is not None:
            self.recipe = replace(recipe, version=self.base.version)
            self._timer.start()
            self.opened.emit()

    def discard(self) -> None:
        """Back to what the file has."""
        if self.base is not None and self.stored is not None:
            self.recipe, self._expected = self.base, self.stored.digest
            self.keep()
            self.opened.emit()

    def keep(self) -> None:
        """Put the draft where it outlives the program; nothing of it where there is nothing to save."""
        self._timer.stop()
        if self.stored is None or self.recipe is None:
            return
        kept = _drafts(self._context)
        kept.pop(self.stored.path.name, None)
        if self.dirty:
            kept[self.stored.path.name] = (dump_recipe(self.recipe), self._expected)
        newest = list(kept.items())[-MOST_DRAFTS:]
        self._context.remember("recipes", drafts={name: list(pair) for name, pair in newest})

    def save(self, package: ModelPackage, who: str, why: str) -> None:
        """Write it as the next version, on a job; `saved` follows."""
        if self.stored is None or self.recipe is None:
            return
        path, recipe, expected, db = self.stored.path, self.recipe, self._expected, self._context.db

        def work() -> Path:
            # As whoever loads it would: nothing is stored that the line could not use.
            load_recipe(path, package, dump_recipe(recipe))
            save(db, path, recipe, who, why, expected=expected)
            return path

        self._context.jobs.run(work, self._saved, self._not_saved)

    def _saved(self, path: Path) -> None:
        kept = _drafts(self._context)
        kept.pop(path.name, None)
        self._context.remember("recipes", drafts={name: list(pair) for name, pair in kept.items()})
        if self.stored is not None and self.stored.path == path:
            # Read anew: nothing of the draft is to be kept over it.
            self.recipe = self.base = None
            self.stored = None
        self.saved.emit(path)

    def _not_saved(self, error: Exception) -> None:
        self._context.jobs.failed.emit(error)
        if self.stored is not None and isinstance(error, SavedMeanwhile):
            path = self.stored.path
            # Whoever saves again after this was told that there is another version.
            self._context.jobs.run(lambda: stored(path), self._newer, lambda _error: None)

    def _newer(self, now: StoredRecipe) -> None:
        if self.stored is not None and self.stored.path == now.path:
            self._expected = now.digest

    def _opened(self, read: _Opened) -> None:
        if read.stored.path != self._wanted:
            return
        self.stored, self.base = read.stored, read.recipe
        self.recipe, self._expected = read.draft or read.recipe, read.expected
        self.opened.emit()
        if read.complaint:
            self._context.notify("warning", read.complaint)

    def _not_opened(self, path: Path, error: Exception) -> None:
        if path == self._wanted:
            self._close()
            self.failed.emit(str(error))

    def _close(self) -> None:
        self.stored = self.base = self.recipe = None
        self.opened.emit()


def _read(path: Path, package: ModelPackage, text: str, digest: str) -> _Opened:
    found = stored(path)
    recipe, draft, complaint = load_recipe(path, package), None, ""
    if text:
        try:
            draft = load_recipe(path, package, text)
        except LinesideError as error:
            complaint = str(error)
    return _Opened(found, recipe, draft, digest if draft is not None else found.digest, complaint)


def _drafts(context: AppContext) -> dict[str, tuple[str, str]]:
    """File name → text and digest of the file it is a draft of; what does not look like one is left out."""
    kept = context.memory("recipes").get("drafts")
    found = {}
    for name, pair in kept.items() if isinstance(kept, dict) else ():
        whole = isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
        if whole and len(pair[0]) <= MAX_RECIPE_BYTES:
            found[str(name)] = (pair[0], pair[1])
    return found
