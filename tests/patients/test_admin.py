import pytest

from apps.core.registry import sections
from tests.factories.accounts import a_member, client_of
from tests.factories.households import a_household
from tests.factories.patients import a_person


@pytest.mark.parametrize("address", ["patients/person", "households/household"])
def test_a_station_does_not_enter_the_admin(station, address):
    a_household(station)
    head = client_of(a_member("station_head", station))
    assert head.get(f"/quan-tri/{address}/").status_code == 302


@pytest.mark.parametrize("room", ["patients", "households"])
def test_the_admin_shows_no_names_and_writes_nothing(station, room, rf):
    from django.apps import apps
    from django.contrib import admin

    from apps.core import scope

    a_household(station, a_person(station))
    for model in apps.get_app_config(room).get_models():
        if not admin.site.is_registered(model):
            continue
        page = admin.site.get_model_admin(model)
        assert page.section in [section.key for section in sections]
        shown = set(page.list_display) | set(page.fields)
        assert not shown & {"full_name", "birth_date", "phone", "note", "address_text", "tokens", "search"}
        with scope.system("test"):
            for may in ("has_add_permission", "has_change_permission", "has_delete_permission"):
                assert not getattr(page, may)(rf.get("/"))
        assert page.actions is None
