"""A folder of pictures as a source: every picture once, in natural order."""

from __future__ import annotations

from pathlib import Path

from engine.domain.inspection import Frame, utc_now
from engine.domain.recipe import FilePages
from engine.errors import InputError, SourceEnded, UsageError
from engine.images.listing import Listing, list_folder, remedies
from engine.images.pages import page_name, pages_of, read_page
from engine.names import name_of
from engine.sources.base import NoSettings, SourceRemark
from engine.sources.files.remarks import not_judged


class FolderSource(NoSettings):
    """Every picture under a folder, in natural order. A bad one costs one PictureError and the next read goes on."""

    free_running = False
    skipped = 0

    def __init__(self, folder: Path, *, recursive: bool = True) -> None:
        self._folder, self._recursive = folder, recursive
        self.pages = FilePages.REFUSE
        self._parts: list[tuple[Path, int]] | None = None
        self._next = 0
        self._remarks: tuple[SourceRemark, ...] = ()
        self.listing: Listing | None = None
        """What the folder held when it was opened, what is not read among it; None before."""

    @property
    def uri(self) -> str:
        """`folder:` and the path, unquoted, escaped as every name is."""
        return f"folder:{name_of(self._folder)}"

    @property
    def folder(self) -> Path:
        """The folder it reads."""
        return self._folder

    @property
    def description(self) -> str:
        """`folder parts, 120 pictures`; without the number while closed."""
        name = name_of(self._folder.name or self._folder)
        return f"folder {name}" if self._parts is None else f"folder {name}, {len(self._parts)} pictures"

    @property
    def total(self) -> int | None:
        """How many pictures there are; None while closed."""
        return None if self._parts is None else len(self._parts)

    def open(self) -> None:
        """List the pictures. Raises InputError for a folder that is missing, unreadable or holds no picture."""
        listing = list_folder(self._folder, recursive=self._recursive)
        if not listing.pictures:
            raise self._nothing(listing)
        self.listing, self._remarks = listing, not_judged(listing)
        self._parts = [(path, page) for path in listing.pictures for page in pages_of(path, self.pages)]
        self._next = 0

    def remarks(self) -> tuple[SourceRemark, ...]:
        """What lies there and is not judged, where somebody may think it was; told once an opening."""
        told, self._remarks = self._remarks, ()
        return told

    def read(self, timeout: float) -> Frame:  # noqa: ARG002 - a file never keeps one waiting
        """The next picture; its name is `folder / relative`, of a file's further ones `…#2`.

        Raises PictureError, SourceEnded.
        """
        if self._parts is None:
            raise UsageError(f"The source {self.uri} is not open.", "Open it before reading.")
        if self._next >= len(self._parts):
            raise SourceEnded(f"All {len(self._parts)} pictures of {self._folder} were read.")
        sequence, (path, page) = self._next, self._parts[self._next]
        self._next += 1
        pixels = read_page(path, page, self.pages)
        return Frame(pixels, self.uri, sequence, utc_now(), page_name(path, page))

    def close(self) -> None:
        """Forget the list; the next `open` starts from the first picture."""
        self._parts = None

    def _nothing(self, listing: Listing) -> InputError:
        if not self._recursive and list_folder(self._folder).pictures:
            return InputError(
                f"The folder {self._folder} holds pictures in its sub-folders only.", "Scan its sub-folders too."
            )
        remedy = next(iter(remedies(listing.left_out)), "Put PNG, JPEG, BMP, TIFF or WebP files into it.")
        return InputError(f"The folder {self._folder} holds no pictures.", remedy)
