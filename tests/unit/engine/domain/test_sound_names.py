"""What names say: sound, defective, or nothing by themselves."""

from __future__ import annotations

import pytest

from engine.domain.sound_names import Said, is_sound, said_by

SOUND = """
ok OK Ok okay good GOOD good_parts free MT_Free mt_free normal sound pass PASSED ok_front ok-back OkFront okFront
00_OK 01-good ok1 ok_a Good.2 i.O. i.O iO IO io_kamera_1 gut Gut Gutteile fehlerfrei in_Ordnung no_defect No-Defects
nodefect defect_free defectless not_defective Not-NG no_damage background lot3_ok ok_lot_3
ok_(copy) ok_-_Kopie defektfrei einwandfrei mängelfrei images_ok 良品 合格品
"""
DEFECT = """
ng NG Ng01 nok NOK not_ok NotOk not-good n.i.O. n.i.O niO NiO n.i.O_Kamera_1 bad BAD_parts def def_front DEF-2
defect Defects defective fail failed reject Rejects anomaly abnormal scrap faulty schlecht Ausschuss Fehler defekt
not_normal nicht_in_Ordnung nicht_io 02_NG ng_b ng_test 不良 不合格
"""
NOTHING = """
scratch crack ok_scratch ok_but_scratched good_or_bad goodyear ok_defect passing freeze_frame abc lot1 front 1
2024-01-05 teile _ normalised notebook nook okra io_port_dent inclusion dent_free_hole ng_ok MT_Blowhole unknown
others kos01
"""


@pytest.mark.parametrize("name", [*SOUND.split(), "not defective", "defect free", "i. O.", "Teile gut"])
def test_sound(name: str) -> None:
    assert said_by(name) is Said.SOUND and is_sound(name)


@pytest.mark.parametrize("name", [*DEFECT.split(), "not ok", "n. i. O.", "no good"])
def test_defective(name: str) -> None:
    assert said_by(name) is Said.DEFECT and not is_sound(name)


@pytest.mark.parametrize("name", [*NOTHING.split(), "", "ok and scratched", "good weld"])
def test_nothing_by_itself(name: str) -> None:
    assert said_by(name) is Said.NOTHING and not is_sound(name)


def test_the_same_name_written_with_other_signs_says_the_same() -> None:
    assert said_by("\uff2f\uff2b") is said_by("i\u2024O") is Said.SOUND
    assert said_by("nicht gu\u0308ltig") is said_by("nicht g\u00fcltig") is Said.NOTHING


def test_who_knows_the_classes_goes_before_the_rule() -> None:
    assert is_sound("fine", ("fine", "pit"), ("fine",)) and is_sound("fine", sound=("fine",))
    assert not is_sound("free", ("fine", "free"), ("fine",))
    assert is_sound("good", ("fine", "pit"), ("fine",)) and not is_sound("strange", ("fine", "pit"), ("fine",))
