"""What a model wants as its input."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class InputSpec(BaseModel):
    """What the graph takes. Height × width × channels, uint8; letterbox pads with the border grey 114."""

    height: int = Field(ge=8, le=8192)
    width: int = Field(ge=8, le=8192)
    channels: Literal[1, 3]
    resize: Literal["stretch", "letterbox"] = "stretch"
