"""The settings of a FHIR receiver: each value is looked at before anything is built with it."""

from dataclasses import replace

import pytest

from apps.sync.mappings.systems import Systems, options_from


@pytest.mark.parametrize(
    "settings",
    [
        {"guide": "x"},
        {"systems": {"nonsense": "urn:x"}},
        {"systems": {"cccd": 5}},
        {"systems": []},
        {"systems": {"patient_number": "urn:{station}"}},
        {"systems": {"prescription": "urn:{"}},
        {"mastered": 5},
        {"mapped": 5},
        {"mastered": ["Encounter"]},
        {"match_patient": "name"},
    ],
)
def test_unknown_settings_are_refused(settings):
    with pytest.raises(ValueError):
        options_from(settings)


def test_one_uri_can_be_overridden():
    assert options_from({"systems": {"cccd": "urn:x"}}).systems == replace(Systems(), cccd="urn:x")
