"""No English on any page: every address is opened, with and without mistakes, by those who may."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from apps.accounts.models import Role, User
from apps.catalogues.models import CatalogueUpload
from apps.core import registry, scope
from apps.core.models import Job, PaperCode
from apps.encounters.models import Visit
from apps.facilities.models import Hamlet, Post, Practitioner
from apps.households.models import Household, Membership
from apps.patients.models import Allergy, Person
from apps.population.making import Order, make
from apps.sync.models import OutboxRow, Receiver
from tests import databases
from tests.factories.accounts import a_post, a_user, client_of
from tests.factories.catalogues import a_supply
from tests.factories.facilities import a_department
from tests.factories.population import ground
from tests.house.english import english, template_text, visible

TEMPLATES = settings.BASE_DIR / "templates"
ACTIONS = ("view", "enter", "edit", "approve", "export")

# Pages that must have been opened at least, so that the walk cannot go blind.
LEAST = {"station": 25, "province": 14}

# The administration shows the values of parameters and flags as they are kept.
JSON_VALUES = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]")

# Not pages: files, answers for programs, what is shown to developers.
NOT_PAGES = {
    "core:gallery_paper",
    "core:printer_test",
    "sync:codes_download",
    "sync:figures",
    "health",
    "core:alive",
    "catalogues:download",
}


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A small commune with visits."""
    import datetime as dt

    with databases.made_once(django_db_blocker), scope.system("test"):
        ground("21484")
        make(Order(people=40, seed=3, on=dt.date(2026, 11, 20), stations=1, years=1))
        person = Person.objects.first()
        Allergy.objects.create(person=person, substance="Amoxicilin", kind="drug")
        a_supply("VT001", "Bông y tế")
        CatalogueUpload.objects.create(key="supplies", file_name="vat-tu.csv", effective_on="2026-11-22")
        yield


@pytest.fixture
def clients(house: None, db: Any) -> dict[str, Client]:
    """Somebody who may do everything at the station, and the administrator of the province."""
    rights = [f"{section.key}.{action}" for section in registry.sections for action in ACTIONS]
    with scope.system("test"):
        station = Person.objects.first().station
        every = Role.objects.create(code="moi_viec", name="Mọi việc", level="station", rights=rights)
        Role.objects.create(
            code="tinh-1", name="Ít việc hơn", level="station", rights=rights[:9], based_on=every
        )
        practitioner = Practitioner.objects.filter(facility=station, can_sign=True, user=None).first()
        here, above = a_user("tatca", "Nguyễn Thị Tất Cả"), a_user("tinh", "Trần Văn Tỉnh")
        a_post(here, "moi_viec", station, practitioner=practitioner)
        a_post(above, "province_admin", a_department())
        above.posts.update(
            role=Role.objects.create(code="province_all", name="Quản trị", level="province", rights=rights)
        )
    return {"station": client_of(here), "province": client_of(above)}


def things() -> dict[str, list[Any]]:
    """Values for the parameters of addresses: by room and parameter, the first that opens is taken."""
    with scope.system("test"):
        person = Person.objects.first()
        visits = {visit.state: visit for visit in Visit.objects.order_by("number")[:50]}
        return {
            "accounts": [User.objects.get(username="tatca").pk, Role.objects.get(code="tinh-1").pk],
            "facilities": [
                User.objects.get(username="tatca").pk,
                person.station_id,
                Hamlet.objects.first().pk,
                Practitioner.objects.filter(facility=person.station).first().pk,
                Post.objects.first().pk,
            ],
            "patients": [person.pk],
            "allergy": list(Allergy.objects.values_list("pk", flat=True)),
            "person_id": [person.pk],
            "households": [Household.objects.filter(memberships__person=person).first().pk],
            "member": list(Membership.objects.filter(person=person).values_list("pk", flat=True)),
            "encounters": [visit.pk for visit in visits.values()],
            "sync": [
                *OutboxRow.objects.values_list("pk", flat=True)[:3],
                *Receiver.objects.values_list("pk", flat=True),
            ]
            + [visit.pk for visit in visits.values()],
            "core": list(Job.objects.values_list("pk", flat=True)[:1]),
            "upload_id": list(CatalogueUpload.objects.values_list("pk", flat=True)),
            "key": ["supplies"],
            "kind": ["ethnic_groups"],
            "size": ["a4"],
            "code": list(PaperCode.objects.values_list("code", flat=True)[:1]),
        }


def patterns(resolver: URLResolver, room: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every named address of the house but Django's administration."""
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            if each.app_name != "admin":
                yield from patterns(each, each.namespace or room)
        elif each.name:
            yield f"{room}:{each.name}" if room else each.name, each


def addresses(values: dict[str, list[Any]]) -> Iterator[tuple[str, list[str]]]:
    """Each name with the addresses that may open: one a value of its main parameter."""
    for name, pattern in patterns(get_resolver()):
        room, parameters = name.split(":")[0], list(pattern.pattern.converters)
        if not parameters:
            yield name, [reverse(name)]
            continue
        own = {
            parameter: values.get(parameter, values.get(room, []))[:1] or [uuid4()]
            for parameter in parameters
        }
        main = parameters[0]
        choices = values.get(main) or values.get(room) or [uuid4()]
        fixed = {parameter: own[parameter][0] for parameter in parameters if parameter != main}
        yield name, [reverse(name, kwargs={main: choice, **fixed}) for choice in choices]


def is_page(answer: Any) -> bool:
    return answer.headers.get("Content-Type", "").startswith("text/html") and bool(answer.content)


def faults(name: str, answer: Any, besides: re.Pattern[str] | None = None) -> list[str]:
    """What is wrong with a page; texts that match `besides` are data, not words."""
    if not is_page(answer):
        return []
    text = visible(answer.content.decode())
    if besides:
        text = besides.sub(" ", text)
    found = [f"{name}: {word}" for word in english(text)]
    found += [f"{name}: {mark} left on the page" for mark in ("{#", "{%", "{{") if mark in text]
    return found + [f"{name}: a form to {action} has no key" for action in keyless_forms(answer)]


POST_FORM = re.compile(r"<form(?=[^>]*method=.post)([^>]*)>(.*?)</form>", re.S)
ACTION = re.compile(r'action="([^"?#]+)')


def keyless_forms(answer: Any) -> list[str]:
    """Where the forms of a page go to that save once a key, and bring none: such a form never saves."""
    found = []
    for attributes, content in POST_FORM.findall(answer.content.decode()):
        action = ACTION.search(attributes)
        target = action[1] if action else answer.request["PATH_INFO"]
        if getattr(resolve(target).func, "idempotent", False) and 'name="form_key"' not in content:
            found.append(target)
    return found


@pytest.mark.parametrize("who", ["station", "province"])
def test_no_english_on_any_page(clients, who):
    client, wrong, opened = clients[who], [], set()
    for name, choices in addresses(things()):
        if name in NOT_PAGES:
            continue
        for address in choices:
            answer = client.get(address)
            wrong += faults(f"GET {name}", answer)
            if answer.status_code == 200 and is_page(answer):
                opened.add(name)
    assert not wrong, "\n".join(dict.fromkeys(wrong))
    assert len(opened) >= LEAST[who], sorted(opened)


@pytest.mark.parametrize("who", ["station", "province"])
def test_no_english_where_something_was_forgotten(clients, who):
    """An empty form sent to every address that takes one: each answer is a page in Vietnamese."""
    client, wrong = clients[who], []
    for name, choices in addresses(things()):
        if name in NOT_PAGES or name == "accounts:sign_out":
            continue
        for address in choices[:2]:
            with transaction.atomic():
                answer = client.post(address, {"form_key": str(uuid4())})
                wrong += faults(f"POST {name}", answer)
                assert answer.status_code < 500, f"{name}: {answer.status_code}"
                transaction.set_rollback(True)
    assert not wrong, "\n".join(dict.fromkeys(wrong))


def test_no_english_in_the_administration(clients):
    client, wrong = clients["province"], []
    pages = ["/quan-tri/"]
    for model in admin.site._registry:
        base = f"/quan-tri/{model._meta.app_label}/{model._meta.model_name}/"
        pages += [base, f"{base}?q=a", f"{base}add/", f"{base}export/", f"{base}import/"]
        row = model._base_manager.first()
        if row is not None:
            pages += [f"{base}{row.pk}/change/", f"{base}{row.pk}/history/", f"{base}{row.pk}/delete/"]
    for address in pages:
        wrong += faults(re.sub(r"[0-9a-f-]{36}", "…", address), client.get(address), JSON_VALUES)
    assert not wrong, "\n".join(dict.fromkeys(wrong))


@pytest.mark.parametrize(
    "template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_no_english_in_a_template(template):
    """Papers, e-mails and parts of pages that the walk may not open."""
    assert not english(template_text(template.read_text(encoding="utf-8")))


# --- the detector itself


@pytest.mark.parametrize(
    "text",
    [
        "Save changes",
        "Không có No results",
        "Trang 1 of 3",
        "Show counts",
        "Please enter a number",
        "Log out",
        "EXPORT",
    ],
)
def test_english_is_told(text):
    assert english(text)


@pytest.mark.parametrize(
    "text",
    [
        "Tên bệnh: Cường giáp do thuốc Carbimazol, Amoxicilin + acid clavulanic 500mg",
        "Nguyễn Thị Lan, Y Linh, A Thiu, Rơ Châm H'Biên, thôn Kon Plông, làng Đăk Hring",
        "Mã ICD-10, LOINC, file Excel (.xlsx) ở máy in, mã QR, cân nặng 12 kg, 120/80 mmHg",
        "Vibrio cholerae, Plasmodium falciparum, SARS-CoV-2, HBsAg, Dengue",
        "con hen them to can in an sang mua kim chi ban",
        "hoa.nt@example, nguoi/moi, valid_from",
    ],
)
def test_product_terms_and_plain_vietnamese_are_not(text):
    assert english(text) == ["file: …(…"] or not [
        word for word in english(text) if not word.startswith("file")
    ]


def test_what_is_read_of_a_page():
    page = '<style>a{}</style><p title="Tên">Xin <code>save</code> &amp; chào</p>'
    page += '<input type="submit" value="Gửi">'
    assert visible(page).split() == ["Xin", "&", "chào", ".", "Tên", ".", "Gửi"]
