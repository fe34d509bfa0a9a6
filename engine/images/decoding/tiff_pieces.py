"""A TIFF's strips and tiles before libtiff unpacks them: whether they can hold what they claim, and say it whole.

libtiff stops before a deflated piece's check sum, and drops the warnings of the decoder of JPEG pieces. Sources: zlib's
technical details, TIFF 6.0 for LZW and PackBits, TIFF Technical Note 2 for JPEG.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

from imagecodecs import deflate_decode

from engine.images.decoding.fault import Fault, Undecodable
from engine.images.decoding.headers import JPEG_START, MAX_PIXELS, header_size
from engine.images.decoding.jpeg import decode_jpeg

Pieces = Sequence[tuple[int, int]]
"""Start and length in bytes of each."""
JPEG = 7
DEFLATE = (8, 32946)
MOST = {1: 1, 5: 4096, 8: 1032, 32946: 1032, 32773: 64, 34925: 20_000, 50_000: 40_000}
"""Bytes that one byte can unpack to, by its number: none, LZW, deflate, PackBits, LZMA, Zstandard."""
_LONGER = 8
"""The last strip of some writers has the rows of a full one, and some tell one sample's bits for all."""
_STEP = 1 << 20


def check_claim(data: bytes, pieces: Pieces, compression: int, page_bytes: int, piece_bytes: int) -> None:
    """Before room is made for it: a file of a kilobyte must not cost gigabytes. Raises Undecodable."""
    lengths = [max(0, min(length, len(data) - start)) for start, length in pieces]
    most = MOST[compression]
    if page_bytes > most * sum(lengths) or piece_bytes > most * max(lengths, default=0):
        raise Undecodable(Fault.DAMAGED, "fewer bytes than rows")


def check_sums(data: bytes, pieces: Pieces, piece_bytes: int) -> None:
    """Of deflated pieces. Raises Undecodable."""
    for start, length in pieces:
        piece = data[start : start + length]
        try:
            deflate_decode(piece, out=piece_bytes)
        except (RuntimeError, ValueError, MemoryError):
            # Longer than its strip, as some write the last one, or damaged: zlib tells the two apart.
            _check_sum(piece, _LONGER * piece_bytes + _STEP)


def _check_sum(piece: bytes, most: int) -> None:
    stream, made, rest = zlib.decompressobj(), 0, piece
    try:
        while not stream.eof and made <= most:
            out = stream.decompress(rest, _STEP)
            rest, made = stream.unconsumed_tail, made + len(out)
            if not out and not rest:
                break
    except zlib.error as error:
        raise Undecodable(Fault.DAMAGED, str(error)) from error
    if not stream.eof:
        raise Undecodable(Fault.DAMAGED, "a strip has no end")


def check_jpegs(data: bytes, pieces: Pieces, tables: bytes, pixels: int) -> None:
    """Each piece is a JPEG whose tables may stand apart; together they hold so many pixels. Raises Undecodable."""
    held = 0
    for coded in _as_files(data, pieces, tables):
        height, width = header_size(coded) or (0, 0)
        if height * width > MAX_PIXELS:
            raise Undecodable(Fault.LARGE, f"{width}×{height}")
        decode_jpeg(coded)
        held += height * width
    if held < pixels:
        raise Undecodable(Fault.DAMAGED, "fewer strips than rows")


def _as_files(data: bytes, pieces: Pieces, tables: bytes) -> Iterable[bytes]:
    shared = tables[2:].removesuffix(b"\xff\xd9") if tables.startswith(JPEG_START) else b""
    for start, length in pieces:
        yield data[start : start + 2] + shared + data[start + 2 : start + length]
