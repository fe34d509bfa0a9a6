"""What a station records with: archive the picture by policy, commit the inspection, keep recent frames at hand."""

from __future__ import annotations

import threading
from collections import OrderedDict
from types import TracebackType
from typing import Self

from db import inspections, overrides
from db.archive import Archive, pixels_digest
from db.inspections import DEFAULT_THRESHOLD, NewInspection
from db.session import Database
from engine.domain import Frame, HeatMap, Inspection, Outcome, Override, Prediction
from engine.errors import InputError
from engine.product import SavingPolicy

RECENT = 64
"""Frames kept in memory: an OK part that the operator overrules soon after can still be archived."""
RECENT_BYTES = 256 * 1024**2
"""Fewer of them when they are large, so that a 20-megapixel camera does not fill the station's memory."""


class Recorder:
    """Takes a station's inspections (engine.station.Recorder). Called by the station's thread; the rest by any.

    `group` inspections are committed together (1 for a line, 64 for a scan); `flush` commits what waits. A failed
    write raises StorageError and keeps what waits: a later call or `flush` tries it again. `threshold` is the recipe's
    `ng_at`; set it again when the recipe changes.
    """

    def __init__(
        self, db: Database, policy: SavingPolicy, *, group: int = 1, threshold: float = DEFAULT_THRESHOLD
    ) -> None:
        self.policy = policy
        self.threshold = threshold
        self._db = db
        self._archive = Archive(db.archive_folder)
        self._group = max(1, group)
        self._waiting: list[NewInspection] = []
        self._recent: OrderedDict[str, tuple[Frame, HeatMap | None]] = OrderedDict()
        self._ok_seen = 0
        self._writing = threading.RLock()
        # Apart from the one above: the window looks at recent frames while a commit may wait for the disk.
        self._looking = threading.Lock()

    def __call__(self, inspection: Inspection, frame: Frame | None, prediction: Prediction | None) -> None:
        """Keep one inspection; `frame` and `prediction` are None where none arrived. Raises StorageError."""
        heat = prediction.heat if prediction else None
        image, heat_path, digest = None, None, None
        if frame is not None:
            # Folder and video frames have a name: their digest lets an export trust the file later.
            digest = pixels_digest(frame.pixels) if frame.name else None
            if self._to_archive(inspection.verdict.outcome):
                image, heat_path = self._archive.save(inspection.id, frame.captured_at, frame.pixels, heat)
        if frame is not None:
            self._remember(inspection.id, frame, heat)
        with self._writing:
            self._waiting.append(NewInspection(inspection, image, heat_path, self.threshold, digest))
            if len(self._waiting) >= self._group:
                self.flush()

    def flush(self) -> None:
        """Commit what waits; on return all that was taken is on disk. Raises StorageError."""
        with self._writing:
            inspections.add(self._db, self._waiting)
            self._waiting = []

    def recent(self, id: str) -> tuple[Frame, HeatMap | None] | None:
        """One of the last 64 frames (fewer when large) with its heat map; None when it is no longer in memory."""
        with self._looking:
            return self._recent.get(id)

    def override(self, override: Override) -> Override:
        """Archive the picture if that was not done, then append the override. Raises StorageError, InputError."""
        self.flush()
        stored = inspections.get(self._db, override.inspection_id)
        if stored is None:
            raise InputError(f"There is no inspection {override.inspection_id}.", "Record it before overruling it.")
        found = self.recent(override.inspection_id)
        if stored.image is None and found is not None:
            frame, heat = found
            image, heat_path = self._archive.save(override.inspection_id, frame.captured_at, frame.pixels, heat)
            inspections.attach_image(self._db, override.inspection_id, image, heat_path)
        return overrides.add_override(self._db, override)

    def close(self) -> None:
        """Commit what waits and forget the frames."""
        self.flush()
        with self._looking:
            self._recent.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _remember(self, id: str, frame: Frame, heat: HeatMap | None) -> None:
        with self._looking:
            self._recent[id] = (frame, heat)
            room = max(1, min(RECENT, RECENT_BYTES // max(1, frame.pixels.nbytes)))
            while len(self._recent) > room:
                self._recent.popitem(last=False)

    def _to_archive(self, outcome: Outcome) -> bool:
        if outcome is not Outcome.OK:
            return self.policy.defects
        chosen = self.policy.every_ok > 0 and self._ok_seen % self.policy.every_ok == 0
        self._ok_seen += 1
        return chosen
