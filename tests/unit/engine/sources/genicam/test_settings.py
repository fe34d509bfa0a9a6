"""A camera's settings over node maps as makers write them."""

import logging
from dataclasses import replace

import pytest

from engine.errors import UnsupportedProperty
from engine.sources.base import SETTINGS, Capability
from engine.sources.genicam.settings import GenicamSettings
from tests.genicam_nodes import Node, first_generation, modern, never, switch


def caps_of(settings: GenicamSettings) -> dict[str, Capability]:
    return {capability.name: capability for capability in settings.caps()}


def test_settings_come_in_the_order_they_are_applied_in() -> None:
    names = [capability.name for capability in GenicamSettings(modern()).caps()]
    assert names == [name for name in SETTINGS if name in names]
    assert {"width", "exposure_us", "gain_db", "burst", "debounce_us", "trigger"} <= set(names)


def test_modern_names_are_found_with_their_ranges() -> None:
    caps = caps_of(GenicamSettings(modern()))
    assert caps["exposure_us"] == Capability("exposure_us", "number", 10000.0, 20.0, 1e6)
    assert caps["packet_size"] == Capability("packet_size", "whole", 1500, 576, 9000, 4)
    assert caps["width"].step == 16
    assert caps["pixel_format"].choices == ("Mono8", "Mono12p", "BayerRG12Packed")
    assert caps["trigger"].choices == ("off", "software", "hardware")
    assert caps["trigger_line"].choices == ("Line0", "Line2", "Encoder0")
    assert "auto_gain" not in caps, "a gain that adjusts itself only once is no switch"


def test_raw_counts_are_worth_what_the_device_says() -> None:
    device = first_generation()
    settings = GenicamSettings(device)
    caps = caps_of(settings)
    assert caps["exposure_us"] == Capability("exposure_us", "number", 10000.0, 20.0, 81900.0, 20.0)
    settings.set("exposure_us", 1234)
    assert device.nodes["ExposureTimeRaw"].value == 62
    assert settings.get("exposure_us") == 1240.0
    assert "debounce_us" not in caps, "a count that is worth nothing known"


def test_gain_in_counts_is_not_called_decibels() -> None:
    device = first_generation()
    settings = GenicamSettings(device)
    assert caps_of(settings)["gain_raw"] == Capability("gain_raw", "whole", 100, 0, 1023, 1)
    with pytest.raises(UnsupportedProperty):
        settings.set("gain_db", 6)
    settings.set("gain_raw", 200)
    assert device.nodes["GainRaw"].value == 200


def test_gain_as_a_factor_is_not_called_decibels() -> None:
    device = modern()
    device.nodes["Gain"].unit = "x"
    device.selected.pop("GainSelector")
    caps = caps_of(GenicamSettings(device))
    assert "gain_db" not in caps
    assert caps["gain_raw"].high == 24.0


def test_gain_is_that_of_all_channels() -> None:
    device = modern()
    settings = GenicamSettings(device)
    settings.set("gain_db", 12.0)
    assert device.nodes["Gain"].value == 12.0
    assert settings.get("gain_db") == 12.0


def test_values_out_of_range_are_refused_with_the_range() -> None:
    settings = GenicamSettings(modern())
    with pytest.raises(UnsupportedProperty, match="20 to 1e\\+06"):
        settings.set("exposure_us", 5)
    with pytest.raises(UnsupportedProperty, match="Mono8, Mono12p"):
        settings.set("pixel_format", "Coord3D_ABC32f")
    with pytest.raises(UnsupportedProperty):
        settings.set("exposure_us", float("nan"))
    with pytest.raises(UnsupportedProperty):
        settings.set("focus", 3)


def test_whole_numbers_go_to_the_devices_step() -> None:
    settings = GenicamSettings(modern())
    settings.set("packet_size", 8999)
    assert settings.get("packet_size") == 9000
    settings.set("width", 1001)
    assert settings.get("width") == 1008


def test_what_the_device_takes_instead_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    settings = GenicamSettings(modern())
    with caplog.at_level(logging.WARNING):
        settings.set("exposure_us", 10000)
    assert not caplog.records, "3 µs more in 10 ms"
    with caplog.at_level(logging.WARNING):
        settings.set("exposure_us", 25)
    assert "exposure_us = 28 instead of 25" in caplog.text
    assert settings.get("exposure_us") == 28.0


def test_exposure_is_free_again_when_automatic_is_off() -> None:
    settings = GenicamSettings(modern())
    settings.set("auto_exposure", True)
    assert settings.get("auto_exposure") is True
    assert not caps_of(settings)["exposure_us"].writable
    with pytest.raises(UnsupportedProperty, match="auto_exposure is on"):
        settings.set("exposure_us", 500)
    settings.set("auto_exposure", False)
    settings.set("exposure_us", 700)
    assert settings.get("exposure_us") == 700.0


def test_exposure_is_timed_and_frame_rate_enabled() -> None:
    device = modern()
    settings = GenicamSettings(device)
    settings.set("exposure_us", 700)
    settings.set("frame_rate", 15)
    assert device.nodes["ExposureMode"].value == "Timed"
    assert device.nodes["AcquisitionFrameRateEnable"].value is True
    assert device.nodes["AcquisitionFrameRate"].value == 15.0


def test_larger_window_makes_room_for_itself() -> None:
    device = modern()
    settings = GenicamSettings(device)
    for name, value in (("width", 640), ("offset_x", 1280), ("height", 200), ("offset_y", 1000)):
        settings.set(name, value)
    assert caps_of(settings)["width"].high == 1920
    settings.set("width", 1280)
    assert (settings.get("width"), settings.get("offset_x")) == (1280, 640)
    settings.set("height", 1200)
    assert (settings.get("height"), settings.get("offset_y")) == (1200, 0)
    with pytest.raises(UnsupportedProperty):
        settings.set("offset_x", 656)


def test_prepare_asks_for_pictures_without_end() -> None:
    device = modern()
    GenicamSettings(device).prepare()
    assert device.nodes["AcquisitionMode"].value == "Continuous"


def test_software_trigger_leaves_no_other_trigger_on() -> None:
    device = modern()
    settings = GenicamSettings(device)
    assert settings.get("trigger") == "software", "its AcquisitionStart stands on Software"
    settings.set("trigger", "software")
    behind = device.selected["TriggerSelector"]
    modes = {selector: nodes["TriggerMode"].value for selector, nodes in behind.items()}
    assert modes == {"AcquisitionStart": "Off", "FrameStart": "On", "FrameBurstStart": "Off", "LineStart": "On"}
    assert settings.triggered()
    settings.fire()
    assert device.nodes["TriggerSoftware"].ran == 1


def test_trigger_is_fired_only_under_software() -> None:
    device = modern()
    settings = GenicamSettings(device)
    for mode in ("off", "hardware"):
        settings.set("trigger", mode)
        with pytest.raises(UnsupportedProperty):
            settings.fire()
    assert device.nodes["TriggerSoftware"].ran == 0


def test_trigger_waits_until_the_camera_does(caplog: pytest.LogCaptureFixture) -> None:
    device = modern()
    device.nodes["AcquisitionStatusSelector"] = switch("AcquisitionTriggerWait", "FrameTriggerWait")
    device.nodes["AcquisitionStatus"] = Node(False)
    settings = GenicamSettings(device)
    settings.set("trigger", "software")
    settings.fire()
    assert device.nodes["TriggerSoftware"].ran == 1, "fired all the same"
    assert device.nodes["AcquisitionStatusSelector"].value == "FrameTriggerWait"
    assert "not ready" in caplog.text
    caplog.clear()
    device.nodes["AcquisitionStatus"].value = True
    settings.fire()
    assert not caplog.records


def test_line_and_edge_are_remembered_for_the_hardware_trigger() -> None:
    device = modern()
    settings = GenicamSettings(device)
    settings.set("trigger", "off")
    settings.set("trigger_line", "Line2")
    settings.set("trigger_edge", "falling")
    assert device.nodes["TriggerActivation"].value == "RisingEdge", "locked while the source is Software"
    settings.set("debounce_us", 50)
    settings.set("trigger", "hardware")
    assert device.nodes["TriggerSource"].value == "Line2"
    assert device.nodes["TriggerActivation"].value == "FallingEdge"
    assert device.selected["LineSelector"]["Line2"]["LineDebouncerTime"].value == 50.0
    assert device.selected["LineSelector"]["Line0"]["LineDebouncerTime"].value == 1.0
    assert device.selected["LineSelector"]["Line2"]["LineMode"].value == "Input"
    settings.set("trigger_line", "Line0")
    assert (device.nodes["TriggerSource"].value, settings.get("trigger")) == ("Line0", "hardware")


def test_a_fresh_look_reads_how_the_camera_stands() -> None:
    device = modern()
    first = GenicamSettings(device)
    first.set("trigger_line", "Line2")
    first.set("trigger", "hardware")
    again = GenicamSettings(device)
    assert again.triggered()
    assert (again.get("trigger"), again.get("trigger_line")) == ("hardware", "Line2")


def test_burst_has_a_trigger_of_its_own() -> None:
    device = modern()
    settings = GenicamSettings(device)
    settings.set("trigger", "software")
    settings.set("burst", 4)
    behind = device.selected["TriggerSelector"]
    assert (behind["FrameBurstStart"]["TriggerMode"].value, behind["FrameStart"]["TriggerMode"].value) == ("On", "Off")
    settings.set("burst", 1)
    assert (behind["FrameBurstStart"]["TriggerMode"].value, behind["FrameStart"]["TriggerMode"].value) == ("Off", "On")


def test_camera_without_software_source_offers_none() -> None:
    device = first_generation()
    settings = GenicamSettings(device)
    caps = caps_of(settings)
    assert caps["trigger"].choices == ("off", "hardware")
    assert "burst" not in caps
    settings.set("trigger_delay_us", 250)
    settings.set("trigger", "hardware")
    assert (device.nodes["TriggerMode"].value, device.nodes["TriggerSource"].value) == ("On", "Line1")
    assert device.nodes["TriggerDelayAbs"].value == 250.0


def test_trigger_the_device_does_not_follow_is_refused() -> None:
    device = modern()
    device.selected["TriggerSelector"]["FrameStart"]["TriggerMode"] = replace(switch("Off", "On"), free=never)
    settings = GenicamSettings(device)
    with pytest.raises(UnsupportedProperty, match="software"):
        settings.set("trigger", "software")
    assert not settings.triggered()


def test_what_streaming_locks_stays_settable_and_asks_for_rest() -> None:
    device = modern()
    settings = GenicamSettings(device)
    for node in ("Width", "PixelFormat", "DeviceStreamChannelPacketSize"):
        device.nodes[node].free = never
    caps = caps_of(settings)
    assert all(caps[name].writable and settings.needs_rest(name) for name in ("width", "pixel_format", "packet_size"))
    assert not any(settings.needs_rest(name) for name in ("exposure_us", "gain_db", "auto_exposure", "frame_rate"))


def test_what_is_locked_at_rest_is_read_only() -> None:
    device = modern()
    device.nodes["Width"].free = never
    settings = GenicamSettings(device)
    assert not caps_of(settings)["width"].writable
    with pytest.raises(UnsupportedProperty, match="cannot be changed"):
        settings.set("width", 640)


def test_a_node_that_cannot_be_read_costs_only_its_setting() -> None:
    device = modern()
    device.nodes["ExposureTime"].readable = False
    caps = caps_of(GenicamSettings(device))
    assert "exposure_us" not in caps
    assert "gain_db" in caps
