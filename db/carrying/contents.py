"""What a product's file holds: product.json and, beside it, recipes, models, known parts and collected pictures.

A zip: `product.json` names every other file with its sha256 and size. `recipes/*.toml` with their golden pictures,
`models/<version>/` each a whole model package, `challenge/…` and `collection/<class>/…` pictures in their folders.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from db.products.shelf import CHALLENGE, COLLECTION

__all__ = ["CHALLENGE", "COLLECTION", "HEAD", "KIND", "MODELS", "RECIPES", "FileEntry", "ProductHead"]

SCHEMA = 1
KIND = "lineside-product"
HEAD = "product.json"
RECIPES, MODELS = "recipes", "models"
MOST_FILES = 20_000
MOST_BYTES = 8 << 30
MOST_HEAD = 16 << 20
MOST_PICTURES, MOST_PICTURE_BYTES = 5_000, 1 << 30
"""Of the challenge set and of the collection, each; a larger one is not carried along, and that is told."""


class FileEntry(BaseModel):
    """One file of it."""

    model_config = ConfigDict(extra="allow")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0, le=MOST_BYTES)


class ProductHead(BaseModel):
    """product.json."""

    model_config = ConfigDict(extra="allow")

    schema_version: int = Field(SCHEMA, alias="schema", ge=1)
    kind: str = KIND
    name: str = Field(min_length=1, max_length=200)
    exported_at: str = ""
    station: str = ""
    active: str = ""
    """Version of the model that judges; empty = none yet."""
    recipe: str = ""
    """File name of the recipe in force; empty = the model's own limits."""
    left_out: list[str] = Field(default_factory=list)
    """What of the product was too large to carry along, in words."""
    files: dict[str, FileEntry] = Field(default_factory=dict, max_length=MOST_FILES)
    """By their names in the zip."""
