"""What a station records with: commit the verdict, then archive its picture by policy; recent frames stay at hand."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from types import TracebackType
from typing import Self

from db.images.encoding import pixels_digest
from db.inspections import audits, overrides
from db.inspections import table as inspections
from db.inspections.table import NewInspection
from db.recording import pending
from db.recording.archiver import Archiver, Task
from db.store.session import Database
from engine.domain.inspection import Frame, HeatMap, Inspection, Origin, Outcome, Override, Prediction
from engine.domain.recipe import Recipe, SavingPolicy
from engine.errors import InputError, LinesideError

log = logging.getLogger(__name__)

RECENT = 64
"""Frames kept in memory: an OK part that the operator overrules soon after can still be archived."""
RECENT_BYTES = 256 * 1024**2
"""Fewer of them when they are large, so that a 20-megapixel camera does not fill the station's memory."""
CHECKPOINT_ROWS = 64
"""After so many rows SQLite's log is folded into the file, on the archiver's thread."""
DRAIN_S = 20.0
"""At the end, so long the pictures that wait may take; those left are found missing at the next start."""


class Recorder:
    """Takes a station's inspections (station.recorder.Recorder). Called by the station's thread; the rest by any.

    `group` inspections are committed together. 1, for a line: each row is on disk when the call returns and says that
    its picture is pending; a thread writes the files, and the next commit says that they are kept. More, for a scan:
    `flush` waits for the files too and commits what waits. A failed commit raises StorageError and keeps what waits: a
    later call or `flush` tries it again. A picture that cannot be written costs no verdict: its row says why it is
    lost, and `tell` is called (on the archiver's thread) at the first of such failures in a row. Limits and saving
    policy come with each part, in the recipe that judged it: nothing of a recipe is kept here. `audit_every`: an OK
    part is drawn for a random audit with a chance of 1 in so many, and its picture archived whatever the policy says;
    0 = none.
    """

    def __init__(
        self,
        db: Database,
        *,
        group: int = 1,
        tell: Callable[[LinesideError], None] | None = None,
        audit_every: int = 0,
    ) -> None:
        self._audit_every = audit_every
        self._db = db
        self._archiver = Archiver(db.archive, self._at_rest, tell or _unheard)
        self._group = max(1, group)
        self._waiting: list[NewInspection] = []
        self._recent: OrderedDict[str, tuple[Frame, HeatMap | None]] = OrderedDict()
        self._ok_seen = self._rows = 0
        self._writing = threading.RLock()
        # Apart from the one above: the window looks at recent frames while a commit may wait for the disk.
        self._looking = threading.Lock()
        pending.recover(db)

    def __call__(
        self, inspection: Inspection, recipe: Recipe, frame: Frame | None, prediction: Prediction | None
    ) -> None:
        """Keep one inspection by the recipe that judged it; `frame` and `prediction` are None where none arrived.

        Raises StorageError.
        """
        if inspection.traveller.origin is Origin.UNKNOWN:
            # Of rows from before only: who composes a run says what its parts are judged for.
            raise ValueError("nothing says what this part was judged for")
        heat = prediction.heat if prediction else None
        digest, task, one_in = None, None, 0
        if frame is not None:
            if inspection.verdict.outcome is Outcome.OK and audits.drawn(self._audit_every):
                one_in = self._audit_every
            # Folder and video frames have a name: their digest lets an export trust the file later.
            digest = pixels_digest(frame.pixels) if frame.name else None
            if self._to_archive(inspection.verdict.outcome, recipe.saving) or one_in:
                image, heat_path = self._db.archive.promise(inspection.id, frame.captured_at, frame.pixels, heat)
                task = Task(inspection.id, image, heat_path, frame.pixels.nbytes)
            self._remember(inspection.id, frame, heat)
        try:
            with self._writing:
                self._waiting.append(_row(inspection, task, recipe.limits.ng_at, digest, one_in))
                if self._group == 1:
                    self._commit()
        finally:
            if task is not None:
                self._archiver.put(task)
        if len(self._waiting) >= self._group:
            self.flush()

    def flush(self) -> None:
        """Commit what waits; on return every row taken is on disk, of a scan every picture too. Raises StorageError."""
        if self._group > 1:
            self._archiver.wait()
        self._commit()

    def settle(self, timeout_s: float = DRAIN_S) -> bool:
        """Wait until every picture taken is written and its row says so; False when it takes too long."""
        written = self._archiver.wait(timeout_s)
        self._commit()
        return written

    def recent(self, id: str) -> tuple[Frame, HeatMap | None] | None:
        """One of the last 64 frames (fewer when large) with its heat map; None when it is no longer in memory."""
        with self._looking:
            return self._recent.get(id)

    def override(self, override: Override) -> Override:
        """Archive the picture if that was not done, then append the override. Raises StorageError, InputError."""
        self._commit()
        stored = inspections.get(self._db, override.inspection_id)
        if stored is None:
            raise InputError(f"There is no inspection {override.inspection_id}.", "Record it before overruling it.")
        found = self.recent(override.inspection_id)
        if stored.image is None and found is not None:
            frame, heat = found
            image, heat_path = self._db.archive.save(override.inspection_id, frame.captured_at, frame.pixels, heat)
            inspections.attach_image(self._db, override.inspection_id, image, heat_path)
        return overrides.add_override(self._db, override)

    def close(self, timeout_s: float = DRAIN_S) -> None:
        """Write and commit what waits, and forget the frames. Raises StorageError."""
        if not self._archiver.join(timeout_s):
            log.error("pictures still wait for the archive after %.0f s", timeout_s)
        self._commit()
        with self._looking:
            self._recent.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _commit(self) -> None:
        with self._writing:
            marks = self._archiver.marks()
            inspections.add(self._db, self._waiting, marks)
            self._archiver.marked(len(marks))
            self._rows += len(self._waiting)
            self._waiting = []
            if self._rows >= CHECKPOINT_ROWS:
                self._rows = 0
                self._archiver.spare(self._db.checkpoint)

    def _at_rest(self) -> None:
        self._commit()
        pending.recover(self._db)

    def _remember(self, id: str, frame: Frame, heat: HeatMap | None) -> None:
        with self._looking:
            self._recent[id] = (frame, heat)
            room = max(1, min(RECENT, RECENT_BYTES // max(1, frame.pixels.nbytes)))
            while len(self._recent) > room:
                self._recent.popitem(last=False)

    def _to_archive(self, outcome: Outcome, policy: SavingPolicy) -> bool:
        if outcome is not Outcome.OK:
            return policy.defects
        chosen = policy.every_ok > 0 and self._ok_seen % policy.every_ok == 0
        self._ok_seen += 1
        return chosen


def _row(inspection: Inspection, task: Task | None, threshold: float, digest: str | None, one_in: int) -> NewInspection:
    image, heat = (task.image, task.heat) if task is not None else (None, None)
    return NewInspection(inspection, image, heat, threshold, digest, pending=task is not None, audit_one_in=one_in)


def _unheard(error: LinesideError) -> None:
    log.warning("nobody was told: %s", error)
