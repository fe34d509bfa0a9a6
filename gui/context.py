"""What every page is given: the database, the settings, background jobs, the theme, and the signals between pages.

Pages are `XPage(QWidget)` with `__init__(context)`, `activated()` (called each time they are shown), `keys()` (every
key of the page as `Binding`s; the WINDOW binds them while the page is shown, typing in a text field and scanner bursts
excepted, so a page makes no QShortcut of its own) and `close_page()` (called once, at shutdown).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from db.images.archive import Archive
from db.models.registry import activate
from db.products.first import product_of
from db.products.shelf import Product
from db.recording.recorder import Recorder
from db.store.session import Database
from engine.domain.recipe import Recipe
from engine.packages.package import ModelPackage
from engine.settings import StationSettings, save_settings
from engine.system.places import home
from gui.i18n.language import Language
from gui.i18n.messages import translated
from gui.jobs.jobs import Jobs
from gui.notify import Kind, Notice, notice_of
from gui.theme.theme import Theme

KEEP_MS = 800


class AppContext(QObject):
    """One per application, made and filled by gui/app.py."""

    notice = Signal(object)
    """Notice: show it."""
    modelActivated = Signal(str)
    """A version is the active one from now on; the line loads it beside the old one and swaps."""
    packageChanged = Signal()
    """`package` and `recipe` are new (at the start, and after a swap)."""
    recorded = Signal(object)
    """list[Inspection]: what was recorded since the last tick (≈ 33 ms), oldest first."""
    overridden = Signal(str)
    """The id of the inspection whose override changed (made or undone)."""
    partsRemoved = Signal()
    """Simulated parts are not in the database any more."""
    productChanged = Signal()
    """Another product is inspected from now on, or it is called another name."""
    operatorChanged = Signal(str)
    """Somebody else works here from now on."""
    resized = Signal()
    """Type or targets have another size: the window is built anew."""
    pageAsked = Signal(str)
    """Show the page of this name."""
    keysAsked = Signal()
    """Show all keys."""

    def __init__(
        self,
        db: Database,
        archive: Archive,
        settings: StationSettings,
        theme: Theme,
        *,
        demo: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.db, self.archive, self.settings, self.theme, self.demo = db, archive, settings, theme, demo
        self.folder: Path = home()
        """Where this station's settings and snapshots are."""
        self.keeps_settings = True
        """False where nobody is there whose settings they would be, or what is there could not be kept aside."""
        self.jobs = Jobs(self)
        self.package: ModelPackage | None = None
        """The active model's package; None until it is opened."""
        self.recipe: Recipe | None = None
        self.recorder: Recorder | None = None
        """Of the live run; None before the first start."""
        self._product: Product | None = None
        self.language = Language(self)
        self._keeping = QTimer(self, singleShot=True, interval=KEEP_MS)
        self._keeping.timeout.connect(self._keep)
        self.jobs.failed.connect(lambda error: self.notice.emit(notice_of(error)))

    @property
    def operator(self) -> str:
        """Who works here; `operator` where nobody said."""
        return self.settings.operator or "operator"

    @property
    def product(self) -> Product:
        """What this station inspects."""
        if self._product is None:
            self._product = product_of(self.db, settings=self.settings, instead=True)
        return self._product

    def take_product(self, product: Product) -> None:
        """This is inspected from now on, also after the next start."""
        before, self._product = self._product, product
        if product.name != self.settings.product:
            self.settings.product = product.name
            self.keep_settings()
        if before is None or (before.id, before.name) != (product.id, product.name):
            self.productChanged.emit()

    def choose_operator(self, name: str) -> None:
        """Somebody works here from now on; who may is asked before (gui/users/operators.py)."""
        if name == self.settings.operator:
            return
        self.settings.operator = name
        if name and name not in self.settings.operators:
            self.settings.operators = [*self.settings.operators, name]
        self.keep_settings()
        self.operatorChanged.emit(name)

    def memory(self, place: str) -> dict[str, Any]:
        """What `remember` kept for this page (or `window`); JSON values, which a file may have changed: check them."""
        return dict(self.settings.memory.get(place, {}))

    def remember(self, place: str, **values: Any) -> None:
        """Keep JSON values for the next start, or the next building of the page; written within a second."""
        kept = self.settings.memory.setdefault(place, {})
        if any(name not in kept or kept[name] != value for name, value in values.items()):
            kept.update(values)
            self.keep_settings()

    def keep_settings(self) -> None:
        """Write the settings soon, on a job: a crash loses at most a second of them."""
        self._keeping.start()

    def write_settings(self, settings: StationSettings | None = None) -> None:
        """Write them now, those in force or these, where they are this window's to write. Raises StorageError."""
        if self.keeps_settings:
            save_settings(settings or self.settings, self.folder)

    def _keep(self) -> None:
        settings = self.settings.model_copy(deep=True)
        self.jobs.run(lambda: self.write_settings(settings), lambda _done: None)

    def notify(self, kind: Kind, message: str, remedy: str = "") -> None:
        """Tell the operator in the notice bar; blocks nothing."""
        self.notice.emit(Notice(kind, translated(message), translated(remedy)))

    def activate(self, version: str, why: str) -> None:
        """Make a registered version the product's active one, on a job; `modelActivated` follows: the line swaps."""
        db, operator, product = self.db, self.operator, self.product.id

        def work() -> str:
            activate(db, version, operator, why, product)
            return version

        self.jobs.run(work, self.modelActivated.emit)
