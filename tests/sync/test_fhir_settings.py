"""The settings of a FHIR receiver: each value is looked at before anything is built with it."""

from dataclasses import replace

import pytest

from apps.sync.mappings.systems import Systems, options_from
from apps.sync.models import Receiver
from apps.sync.receivers import adapter_for


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


@pytest.mark.parametrize("settings", [{"guide": []}, {"mapped": [[]]}, {"limits": [[]]}, {"verify": {}}])
def test_a_value_of_another_kind_is_refused_with_a_sentence(settings):
    with pytest.raises(ValueError, match=r"[Tt]hiết lập|Loại mã|Đối chiếu"):
        adapter_for(Receiver(kind="fhir", settings=settings))
