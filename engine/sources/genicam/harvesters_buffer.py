"""What one buffer of a GenTL producer holds: the picture in it, its number and its time."""

from __future__ import annotations

from typing import Any

import numpy as np
from genicam import gentl

from engine.errors import UnsupportedProperty
from engine.sources.genicam.camera import Image
from engine.sources.genicam.pixel_formats import Bytes, name_of

_MULTI_PART = 10  # PAYLOAD_TYPE_MULTI_PART of GenTL


def image_in(buffer: Any, nodes: Any) -> Image:
    """The picture of a genicam.gentl.Buffer, of several parts the first that is one: valid until the buffer goes back.

    What the producer does not tell of a buffer the camera's node map does. Raises UnsupportedProperty where there is
    no flat picture in it, gentl.GenericException where the producer fails.
    """
    raw = np.frombuffer(buffer.raw_buffer, np.uint8)
    filled = told(buffer, "size_filled")
    raw = raw[:filled] if filled else raw
    if told(buffer, "payload_type") == _MULTI_PART:
        return _part(raw, buffer)
    code, width = told(buffer, "pixel_format"), told(buffer, "width")
    height = told(buffer, "height") or told(buffer, "delivered_image_height")
    return Image(
        raw[max(0, told(buffer, "image_offset") or 0) :],
        int(width or nodes.Width.value),
        int(height or nodes.Height.value),
        name_of(code) if code else str(nodes.PixelFormat.value),
        told(buffer, "padding_x") or 0,
        borrowed=True,
    )


def told(buffer: Any, name: str) -> int | None:
    """What a producer knows of a buffer; None where it does not."""
    try:
        return int(getattr(buffer, name))
    except gentl.GenericException:
        return None


def stamp(buffer: Any) -> int:
    """The device's time stamp in ns; 0 where it gives none."""
    nanoseconds = told(buffer, "timestamp_ns")
    if nanoseconds is not None:
        return nanoseconds
    ticks = told(buffer, "timestamp")
    frequency = told(buffer.parent.parent, "timestamp_frequency") if ticks else None
    return ticks * 1_000_000_000 // frequency if ticks and frequency else 0


def _part(raw: Bytes, buffer: Any) -> Image:
    for part in buffer.parts:
        form = name_of(int(part.data_format))
        if "Coord3D" in form or form.startswith(("Confidence", "0x")):
            continue
        first = max(0, int(part.data_offset))
        data = raw[first : first + max(0, int(part.data_size))]
        return Image(data, int(part.width), int(part.height), form, told(part, "x_padding") or 0, borrowed=True)
    raise UnsupportedProperty("The camera sends no flat picture, only 3-D data.", "Choose another pixel format.")
