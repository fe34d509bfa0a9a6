"""Files that hold several pictures: how each of them is named, counted, and read again by its name.

The first has the file's own name, the others `name#2`, `name#3` …; no picture's file ends so, since its suffix does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from engine.domain.inspection import Pixels
from engine.domain.recipe import FilePages
from engine.errors import PictureError
from engine.images.listing import PICTURE_SUFFIXES
from engine.images.pictures import count_pages, read_picture
from engine.names import name_of, path_of

MOST = 1000
"""A file that claims more pictures than this is read as one, and refused with their number."""
_LATER = re.compile(r"(.+)#([2-9]|[1-9]\d{1,4})", re.DOTALL)


def page_name(path: Path, page: int) -> str:
    """What picture number `page` of a file, from 0, is called: escaped, as every name is (engine.names)."""
    name = name_of(path)
    return name if page == 0 else f"{name}#{page + 1}"


def place_of(name: str) -> tuple[Path, int]:
    """The file that holds a picture of that name, and its number there, from 0."""
    later = _LATER.fullmatch(name)
    if later is not None and Path(later[1]).suffix.rstrip().lower() in PICTURE_SUFFIXES:
        return path_of(later[1]), int(later[2]) - 1
    return path_of(name), 0


def pages_of(path: Path, pages: FilePages) -> Iterator[int]:
    """The numbers of the pictures that are parts. A file that cannot be read has one: reading it says why."""
    count = 1
    if pages is FilePages.EACH:
        try:
            count = count_pages(path)
        except PictureError:
            count = 1
    yield from range(count if count <= MOST else 1)


def read_page(path: Path, page: int, pages: FilePages) -> Pixels:
    """One picture of a file as the recipe takes such files. Raises PictureError that names it."""
    try:
        # Of a file whose pictures are not parts, the only one is read, or none.
        wanted = None if pages is FilePages.REFUSE else page
        return read_picture(path, wanted)
    except PictureError as error:
        error.name = page_name(path, page)
        raise


def read_named(name: str) -> Pixels:
    """The picture that was judged under this name. Raises PictureError."""
    return read_picture(*place_of(name))
