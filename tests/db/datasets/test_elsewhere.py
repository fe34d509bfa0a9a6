"""Teaching on another computer: what is carried there, complete or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.datasets.elsewhere import export_for_elsewhere
from db.store.session import Database
from engine.errors import InputError


def test_without_a_model_nothing_is_left_behind(db: Database, tmp_path: Path) -> None:
    place = tmp_path / "stick"
    place.mkdir()
    with pytest.raises(InputError, match="no active model to teach") as failed:
        export_for_elsewhere(db, place, "ann", ("There:", "Then bring it back."))
    assert failed.value.remedy == "Activate one of the list first."
    assert not any(place.iterdir())
