"""The picture on the Live page: how the model's map lies over it, remembered at once; and what is seen, as a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
from numpy.typing import NDArray

from engine.domain.inspection import Box, HeatMap, Inspection, utc_now
from engine.system.files import write_atomically
from gui.context import AppContext
from gui.i18n.language import percent, translate
from gui.pages.live.look import LiveLook
from gui.pages.live.screen import LiveScreen
from gui.viewer.overlays import drawn_map, drawn_picture
from gui.widgets.pictures.image_view import STYLES

OPACITY_STEP = 0.1


class ShownPicture:
    """Of one page; call `lay` for every picture."""

    def __init__(self, context: AppContext, screen: LiveScreen, snapshots: Path) -> None:
        self._context, self._screen, self._snapshots = context, screen, snapshots
        self._heat: HeatMap | None = None
        self._box: Box | None = None

    def lay(self, heat: HeatMap | None, box: Box | None) -> None:
        """The map of the picture that is on screen now, and what of the picture it covers; None = all of it."""
        self._heat, self._box = heat, box
        view = self._screen.view
        style = view.overlay_style
        if heat is None or style not in ("heat", "mask"):
            view.set_overlay(None)
        else:
            view.set_overlay(drawn_map(heat, style, self._context.package), box)

    def next_style(self) -> None:
        """Heat, mask, outline, off."""
        view = self._screen.view
        style = STYLES[(STYLES.index(view.overlay_style) + 1) % len(STYLES)]
        view.set_style(style)
        self._screen.tools.set_style(style)
        self._context.settings.overlay = style
        self._context.keep_settings()
        self.lay(self._heat, self._box)

    def stronger(self) -> None:
        """Hides more of the picture."""
        self._fade(OPACITY_STEP)

    def lighter(self) -> None:
        """Shows more of the picture."""
        self._fade(-OPACITY_STEP)

    def _fade(self, step: float) -> None:
        view = self._screen.view
        view.set_opacity(view.opacity + step)
        self._context.settings.overlay_opacity = round(view.opacity, 2)
        self._context.keep_settings()
        self._screen.aside.tell(translate("Live", "Overlay {share}").format(share=percent(view.opacity, 0)), 2.0)

    def save(self, look: LiveLook | None) -> None:
        """What is on screen as a file, on a job."""
        if look is None:
            self._screen.aside.tell(translate("Live", "There is no picture to save yet."))
            return
        folder, style, opacity = self._snapshots, self._screen.view.overlay_style, self._screen.view.opacity
        package, seen, regions = self._context.package, look.inspection, look.inspection.marks
        self._context.jobs.run(
            lambda: save_snapshot(
                folder,
                drawn_picture(look.pixels, look.map, regions, (style, opacity), package, look.heat_box),
                seen,
                utc_now(),
            ),
            self._saved,
        )

    def _saved(self, path: Path) -> None:
        self._context.notify("info", translate("Live", "The picture was saved as {path}.").format(path=path))


def save_snapshot(folder: Path, picture: NDArray[Any], inspection: Inspection, at: datetime) -> Path:
    """Write what is on screen (H×W×3 BGR) as a PNG; returns its path. Raises StorageError."""
    name = f"{at.astimezone():%Y-%m-%d_%H-%M-%S}_{inspection.verdict.outcome}_{inspection.id[-6:]}.png"
    path = folder / name.replace(" ", "-")
    write_atomically(path, cv2.imencode(".png", picture)[1].tobytes())
    return path
