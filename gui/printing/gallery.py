"""Blocks of HTML kept whole on paper: none is cut by the end of a page, so that a caption stays beside its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gui.printing.pdf import new_document, page_size

AROUND = 8
"""Between two blocks, in pixels of 1/96 inch."""


def in_pages(heading: str, blocks: Iterable[str]) -> str:
    """The blocks (HTML, each one table) on pages of their own, as many on each as fit; every page begins with the
    heading."""
    return "".join(
        f"<h2 style='page-break-before:always'>{heading}</h2>{''.join(page)}" for page in _pages(heading, blocks)
    )


def _pages(heading: str, blocks: Iterable[str]) -> Iterator[list[str]]:
    page: list[str] = []
    room = whole = page_size().height() - _height(f"<h2>{heading}</h2>")
    for block in blocks:
        high = _height(block) + AROUND
        if page and high > room:
            yield page
            page, room = [], whole
        page.append(block)
        room -= high
    if page:
        yield page


def _height(html: str) -> float:
    document = new_document()
    document.setTextWidth(page_size().width())
    document.setHtml(html)
    return float(document.size().height())
