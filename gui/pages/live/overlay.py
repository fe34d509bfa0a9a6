"""How the model's map lies over the picture: its style and its opacity, remembered at once."""

from __future__ import annotations

from engine.domain.inspection import Box, HeatMap
from gui.context import AppContext
from gui.i18n.language import percent, translate
from gui.pages.live.screen import LiveScreen
from gui.viewer.overlays import drawn_map
from gui.widgets.pictures.image_view import STYLES

OPACITY_STEP = 0.1


class Overlay:
    """Of one page; call `lay` for every picture."""

    def __init__(self, context: AppContext, screen: LiveScreen) -> None:
        self._context, self._screen = context, screen
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
