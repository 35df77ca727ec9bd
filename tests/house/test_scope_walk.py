"""Every address and every admin page, with every role, on own and on foreign records.

A view without a mark of core.access fails, as does an address whose sample arguments are not
declared in walk/rooms/: whoever adds a page says who may open it.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import EmptyResultSet
from django.db import transaction
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from apps.accounts.backends import AccountBackend
from apps.accounts.models import Role, User
from apps.core import paper, registry
from apps.core.ids import uuid7
from apps.core.models import Draft, GuardedExport
from apps.core.scope import Scope, ScopedModel
from apps.facilities.management.commands.list_permissions import page
from apps.facilities.models import Facility, PostHamlet
from apps.field.models import Proposal
from apps.patients.models import Person
from tests import databases
from tests.factories.accounts import ROOT, a_member, a_role, client_of
from tests.factories.encounters import catalogues
from tests.factories.facilities import a_centre, a_department
from tests.house import walk
from tests.house.walk import FOREIGN_NAME, FOREIGN_PLACE, OWN_NAME, SAMPLES, SHARED, Address, Shared, Side

ROLES = (
    *("nurse", "midwife", "doctor", "station_head", "pharmacist", "population", "village_worker"),
    *("region_reviewer", "region_head", "cdc", "province_admin", "auditor"),
)
EVERY_RIGHT = frozenset(
    f"{section.key}.{action}"
    for section in registry.sections
    for action in ("view", "enter", "edit", "approve", "export")
)
LOOK_UP = AccountBackend.get_user
MARKS = {"public", "signed_in", "at_work", "developers_only"}


@dataclass
class World:
    own: Side
    foreign: Side
    shared: Shared
    places: dict[str, Facility]
    beside: Side | None = None  # another hamlet of the own station, for who sees some hamlets only


@pytest.fixture(autouse=True)
def papers_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A paper answers what it is printed from: a stranger's name in it is seen, and drawing took a quarter of
    the walk.
    """
    as_text = lambda template, context: render_to_string(template, {"demo": "", **context}).encode()  # noqa: E731
    monkeypatch.setattr(paper, "pdf", as_text)


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Two stations with one of everything; a centre and a department above the walker's own alone."""
    with databases.made_once(django_db_blocker):
        catalogues()
        shared = walk.shared_things()
        own = walk.a_side("21484", walk.OWN_PLACE, OWN_NAME, shared)
        foreign = walk.a_side("23293", FOREIGN_PLACE, FOREIGN_NAME, shared)
        centre = a_centre(own.station)
        department = a_department(centre)
        yield World(own, foreign, shared, {"station": own.station, "region": centre, "province": department})


@pytest.fixture
def world(made: World, db: None) -> World:
    return made


def with_beside(world: World) -> World:
    beside = walk.a_side("21485", "Ba Tơ 2", FOREIGN_NAME, world.shared, beside=world.own.station)
    return replace(world, beside=beside)


class Walker:
    """A browser whose every request is taken back, so that one page cannot change the next. Its account is
    looked up at the first page: ten thousand more times would tell nothing new.
    """

    def __init__(self, client: Client) -> None:
        self.account: User | None = None
        self.client = client
        self.client.raise_request_exception = False
        self.client.get("/")  # the session notes its clock and workplace once, before anything is taken back
        self.cookies = client.cookies.output(header="", sep=";")

    def ask(self, method: str, path: str) -> HttpResponse:
        self.client.cookies = SimpleCookie(self.cookies)
        with transaction.atomic(), patch.object(AccountBackend, "get_user", self.known):
            if method == "GET":
                response = self.client.get(path)
            elif path.startswith("/api/"):
                response = self.client.post(
                    path,
                    {"version": 1},
                    content_type="application/json",
                    headers={"Idempotency-Key": str(uuid7())},
                )
            else:
                response = self.client.post(path, {"form_key": str(uuid7())})
            if response.streaming:
                response.getvalue()
            transaction.set_rollback(True)
        return response

    def known(self, pk: UUID) -> User | None:
        if self.account is None or self.account.pk != pk:
            self.account = LOOK_UP(AccountBackend(), pk)
        return copy(self.account)


def walker_of(world: World, code: str) -> tuple[Walker, frozenset[str]]:
    role = a_role(code)
    member = a_member(code, world.places[role.level], hamlets=[world.own.hamlet])
    Proposal.unscoped.filter(pk=world.own.proposal.pk).update(made_by=member.pk)
    return Walker(client_of(member)), frozenset(role.rights)


def steps(world: World) -> Iterator[tuple[Address, str, str]]:
    """(address, 'own' | 'foreign' | 'shared', path)."""
    for address in walk.addresses():
        if not address.arguments:
            yield address, "shared", address.path({})
        elif address.name in SHARED:
            yield address, "shared", address.path(SHARED[address.name](world.shared))
        else:
            own = address.path(SAMPLES[address.name](world.own))
            yield address, "own", own
            yield address, "foreign", address.path(SAMPLES[address.name](world.foreign))
            if world.beside and (path := address.path(SAMPLES[address.name](world.beside))) != own:
                yield address, "foreign", path


def body(response: HttpResponse) -> str:
    return (
        response.getvalue().decode(errors="replace")
        if response.streaming
        else response.content.decode(errors="replace")
    )


# --- nothing unclassified, nothing undeclared


def test_every_view_says_who_may_open_it() -> None:
    known = {section.key for section in registry.sections}
    for address in walk.addresses():
        mark = address.access
        assert mark is not None, f"{address.name} carries no mark of core.access"
        assert mark in MARKS or mark.split(".")[0] in known, f"{address.name}: unknown mark {mark!r}"


def test_every_address_with_arguments_is_declared() -> None:
    asked = {address.name for address in walk.addresses() if address.arguments}
    declared = SAMPLES.keys() | SHARED.keys()
    assert asked - declared == set(), "declare sample arguments in tests/house/walk/rooms/"
    assert declared - asked == set(), "declared in tests/house/walk/rooms/, but no such address"
    assert not SAMPLES.keys() & SHARED.keys()


# --- the walk


def test_anonymous_gets_the_door(world: World) -> None:
    walker, wrong = Walker(Client()), []
    for address, side, path in steps(world):
        for method in ("GET", "POST"):
            response = walker.ask(method, path)
            if address.access == "public":
                fine = response.status_code < 500
            else:
                to_door = response.status_code == 302 and response.url.startswith("/dang-nhap/")
                fine = to_door or response.status_code in (401, 403, 404, 405)
            if not fine or OWN_NAME in body(response) or FOREIGN_NAME in body(response):
                wrong.append((address.name, side, method, response.status_code))
    assert not wrong


@pytest.mark.parametrize("code", ROLES)
def test_each_role_opens_what_it_may_and_nothing_foreign(world: World, code: str) -> None:
    if a_role(code).by_hamlet:
        world = with_beside(world)
    walker, rights = walker_of(world, code)
    above = a_role(code).level != "station"  # nobody above the station is shown a patient's name
    wrong: list[tuple[Any, ...]] = []
    for address, side, path in steps(world):
        may = not address.is_right or address.access in rights
        hidden = walk.RIGHT_OF_SAMPLE.get(address.name, address.access) not in rights
        if not may and side == "foreign":
            continue  # refused before the record is looked for: her own says enough
        # The mark of access looks at no method: a page that may not be opened refuses the first it takes.
        for method in ("GET", "POST") if may else ("POST", "GET"):
            response = walker.ask(method, path)
            status = response.status_code
            if status >= 500:
                wrong.append((address.name, side, method, status, "broke"))
            elif not may and status not in (403, 405):
                wrong.append((address.name, side, method, status, "opened without the right"))
            elif may and side == "foreign" and status not in (403, 404, 405):
                wrong.append((address.name, side, method, status, "opened a foreign record"))
            elif (
                may
                and side == "own"
                and address.is_right
                and method == "GET"
                and status in (403, 404)
                and not hidden
            ):
                wrong.append((address.name, side, method, status, "refused her own"))
            if FOREIGN_NAME in body(response) or (side == "foreign" and FOREIGN_PLACE in body(response)):
                wrong.append((address.name, side, method, status, "names a foreign person"))
            if OWN_NAME in body(response) and (not may or above):
                wrong.append((address.name, side, method, status, "names a person without the right"))
            if not may and status != 405:
                break
    assert not wrong


def test_what_stands_under_another_record_is_not_opened_by_ones_own(world: World) -> None:
    """Addresses with several ids: one's own family, a stranger's member; a stranger's family, one's own."""
    role = a_role("nurse")
    role.rights = sorted(EVERY_RIGHT)
    role.save()
    walker, _ = walker_of(world, "nurse")
    wrong, tried = [], 0
    for address in walk.addresses():
        if len(address.arguments) < 2 or address.name not in SAMPLES:
            continue
        own, foreign = (SAMPLES[address.name](side) for side in (world.own, world.foreign))
        for name in [each for each in own if own[each] != foreign[each]]:
            for method in ("GET", "POST"):
                response = walker.ask(method, address.path(own | {name: foreign[name]}))
                tried += 1
                if response.status_code not in (404, 405) or FOREIGN_NAME in body(response):
                    wrong.append((address.name, name, method, response.status_code))
    assert not wrong
    assert tried > 60


def test_who_sees_one_hamlet_sees_it_whatever_her_rights(world: World) -> None:
    """A role of some hamlets with everything that anybody at a station may do to people."""
    role = a_role("village_worker")
    clinical = ("nurse", "midwife", "doctor", "pharmacist", "population")
    role.rights = sorted({right for code in clinical for right in a_role(code).rights} | set(role.rights))
    role.save()
    world = with_beside(world)
    walker, _ = walker_of(world, "village_worker")
    wrong: list[tuple[Any, ...]] = []
    seen = 0
    for address, side, path in steps(world):
        for method in ("GET", "POST"):
            response = walker.ask(method, path)
            text = body(response)
            seen += OWN_NAME in text
            if response.status_code >= 500 or FOREIGN_NAME in text:
                wrong.append((address.name, side, method, response.status_code))
            elif side == "foreign" and address.is_right and response.status_code not in (403, 404, 405):
                wrong.append((address.name, side, method, response.status_code, "opened another hamlet's"))
    assert not wrong
    assert seen > 10, "her own people are shown all the same"


def test_who_sees_no_hamlet_sees_nobody(world: World) -> None:
    world = with_beside(world)
    walker, _ = walker_of(world, "village_worker")
    PostHamlet.objects.filter(post__user__username__startswith="village_worker").delete()
    wrong: list[tuple[Any, ...]] = []
    for address, side, path in steps(world):
        text = body(walker.ask("GET", path))
        if OWN_NAME in text or FOREIGN_NAME in text:
            wrong.append((address.name, side))
    assert not wrong


def test_every_scoped_model_knows_hamlets(world: World) -> None:
    """What hangs on a person shows those of the hamlets; what belongs to the station as a whole, nothing."""
    world = with_beside(world)
    station = world.own.station
    whole = Scope(None, "thu", "Trạm", frozenset({station.pk}), station.pk, rights=EVERY_RIGHT)
    nowhere = replace(whole, hamlet_ids=frozenset(), opened=frozenset({world.own.person.pk}))
    here = replace(nowhere, hamlet_ids=frozenset({world.own.hamlet.pk}))
    empty = set()
    for model in (each for each in apps.get_models() if issubclass(each, ScopedModel)):
        if model in (Draft, GuardedExport):  # one's own, whatever one sees
            continue
        with pytest.raises(EmptyResultSet):  # whatever rows there were, none could be seen
            str(model.visible(nowhere).query)
        some, every = set(model.visible(here)), set(model.visible(whole))
        assert some <= every, f"{model.__name__}: some hamlets see more than the whole station"
        if not every:
            empty.add(model.__name__)
        for row in some:
            person = row if isinstance(row, Person) else getattr(row, "person", None)
            if person is not None:
                assert person.hamlet_id == world.own.hamlet.pk, model.__name__
    assert len(empty) < 14, f"the walk's world has too little to try: {sorted(empty)}"


def test_a_search_does_not_find_a_foreigner(world: World) -> None:
    walker, _ = walker_of(world, "nurse")
    for path in ("/tim/", "/tim/nhanh/", "/ho/"):
        for typed in (FOREIGN_NAME, "ho thi bay la", str(world.foreign.person.pk), world.foreign.person.code):
            response = walker.client.post(path, {"q": typed})
            assert FOREIGN_NAME not in body(response).replace(f'value="{typed}"', ""), (path, typed)


# --- the admin


def admin_paths(model: type, pk: Any) -> Iterator[tuple[str, str]]:
    base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield "list", reverse(f"{base}_changelist")
    yield "add", reverse(f"{base}_add")
    if pk is not None:
        for action in ("change", "delete", "history"):
            yield action, reverse(f"{base}_{action}", args=[pk])


@pytest.mark.parametrize("code", [*ROLES, "anonymous"])
def test_only_the_province_opens_an_admin_page(world: World, code: str) -> None:
    walker = Walker(Client()) if code == "anonymous" else walker_of(world, code)[0]
    for model in admin.site._registry:
        for kind, path in admin_paths(model, model._base_manager.values_list("pk", flat=True).first()):
            # Others than the province are stopped at the admin's door, whatever they send: two try it all.
            if kind != "list" and code not in ("province_admin", "station_head", "anonymous"):
                continue
            for method in ("GET", "POST") if code == "province_admin" or kind == "list" else ("GET",):
                response = walker.ask(method, path)
                where = (model.__name__, kind, method, response.status_code)
                assert response.status_code < 500, where
                if code != "province_admin":
                    assert response.status_code in (302, 403), where
                assert OWN_NAME not in body(response) or model is User, where


def test_the_admin_is_no_back_door(world: World) -> None:
    """Not even the installation's own account writes clinical rows or deletes anything there."""
    superuser = User.objects.create_superuser("goc", "mot-mat-khau-dai", full_name="Gốc")
    walkers = [Walker(client_of(superuser)), walker_of(world, "province_admin")[0]]
    for model in admin.site._registry:
        pk = model._base_manager.values_list("pk", flat=True).first()
        paths = dict(admin_paths(model, pk))
        for walker in walkers:
            if pk is not None:
                for method in ("GET", "POST"):
                    assert walker.ask(method, paths["delete"]).status_code in (302, 403), model
            if issubclass(model, ScopedModel):
                assert walker.ask("GET", paths["add"]).status_code == 403, model
                listed = body(walker.ask("GET", paths["list"]))
                assert OWN_NAME not in listed and FOREIGN_NAME not in listed, model


def test_the_page_of_permissions_is_up_to_date() -> None:
    written = (ROOT / "docs/permissions.md").read_text(encoding="utf-8")
    assert written == page(), "run: manage.py list_permissions --write"


def test_every_role_is_walked(world: World) -> None:
    assert set(Role.objects.filter(based_on=None).values_list("code", flat=True)) == set(ROLES)
