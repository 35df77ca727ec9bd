"""The addresses of the house with sample arguments, and two stations that must not see each other.

Every address with arguments is declared in SAMPLES: its arguments from one side, the walker's own
station or a foreign one. What belongs to no station stands in SHARED.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.catalogues.models import CatalogueUpload
from apps.core.models import Job, PaperCode
from apps.encounters.models import Visit
from apps.facilities.models import Facility, Hamlet, Post, Practitioner
from apps.households.models import Household, ImportBatch, Membership
from apps.patients.models import Allergy, Person
from apps.sync.models import OutboxRow, Receiver
from tests.factories.accounts import a_post, a_user
from tests.factories.encounters import a_finished_visit, an_examined_visit
from tests.factories.facilities import a_practitioner, a_station
from tests.factories.households import a_household
from tests.factories.patients import a_person, an_allergy

# Names that stand in no page but their own station's.
OWN_NAME, FOREIGN_NAME = "Đinh Thị Vân Kiều", "Hồ Thị Bảy Lạ"
OWN_PLACE, FOREIGN_PLACE = "Ba Tơ", "Đăk Cấm"


@dataclass
class Side:
    """One station with one of everything."""

    station: Facility
    hamlet: Hamlet
    practitioner: Practitioner
    account: User
    post: Post
    person: Person
    allergy: Allergy
    household: Household
    member: Membership
    batch: ImportBatch
    visit: Visit
    finished: Visit
    row: OutboxRow
    job: Job
    paper: PaperCode
    name: str


@dataclass
class Shared:
    """What belongs to no station."""

    receiver: Receiver
    upload: CatalogueUpload


def a_side(code: str, commune: str, name: str, shared: Shared) -> Side:
    station = a_station(code, commune)
    practitioner = a_practitioner(station, f"Bác sĩ {commune}")
    account = a_user(f"u{code}", f"Nhân viên {commune}")
    household = a_household(station, a_person(station, name))
    person, other = Membership.unscoped.get(household=household).person, a_person(station, name + " Em")
    member = Membership.unscoped.create(household=household, person=other, relation="05")
    finished = a_finished_visit(other, practitioner)
    now = timezone.now()
    row = OutboxRow.unscoped.create(
        receiver=shared.receiver,
        kind="visit",
        aggregate_id=finished.pk,
        person_id=other.pk,
        facility_id=station.pk,
        next_at=now,
        changed_at=now,
        state="rejected",
        reason="Thiếu số giấy phép",
    )
    return Side(
        station=station,
        hamlet=Hamlet.objects.get(catchments__facility=station),
        practitioner=practitioner,
        account=account,
        post=a_post(account, "nurse", station),
        person=person,
        allergy=an_allergy(person),
        household=household,
        member=member,
        batch=ImportBatch.unscoped.create(station=station, file_name="dan.xlsx", sent_by=account.pk),
        visit=an_examined_visit(person, practitioner),
        finished=finished,
        row=row,
        job=Job.objects.create(kind="people.import", title=f"Nhập {name}", owner_id=account.pk),
        paper=PaperCode.objects.create(code=f"giay{code}", kind="visit.exam_slip", object_id=finished.pk),
        name=name,
    )


def shared_things() -> Shared:
    return Shared(
        receiver=Receiver.objects.create(code="kho", name="Kho dữ liệu", base_url="https://kho.invalid"),
        upload=CatalogueUpload.objects.create(
            key="drugs",
            file_name="thuoc.csv",
            content_hash="0" * 64,
            effective_on=dt.date(2026, 11, 1),
            uploaded_by="quan.tri",
        ),
    )


Arguments = dict[str, Any]

# Address name -> its arguments from a side. A name not here, for an address with arguments, fails.
SAMPLES: dict[str, Callable[[Side], Arguments]] = {
    "core:job": lambda side: {"pk": side.job.pk},
    "core:paper": lambda side: {"code": side.paper.code},
    **{
        f"accounts:{name}": lambda side: {"pk": side.account.pk}
        for name in ("page", "edit", "slip", "toggle", "post_new")
    },
    "accounts:post_revoke": lambda side: {"pk": side.post.pk},
    **{
        f"facilities:{name}": lambda side: {"pk": side.station.pk}
        for name in ("page", "edit", "point_new", "hamlet_new", "practitioner_new")
    },
    "facilities:hamlet_edit": lambda side: {"pk": side.hamlet.pk},
    "facilities:catchment_change": lambda side: {"pk": side.hamlet.pk},
    "facilities:practitioner_edit": lambda side: {"pk": side.practitioner.pk},
    **{
        f"patients:{name}": lambda side: {"pk": side.person.pk}
        for name in ("person", "edit", "identifier_add", "card_add", "allergy_add")
    },
    "patients:allergy_close": lambda side: {"pk": side.person.pk, "allergy": side.allergy.pk},
    **{
        f"households:{name}": lambda side: {"pk": side.household.pk}
        for name in ("household", "edit", "member_add", "member_new")
    },
    **{
        f"households:{name}": lambda side: {"pk": side.household.pk, "member": side.member.pk}
        for name in ("member_leave", "member_relation", "head_change")
    },
    "households:import_batch": lambda side: {"pk": side.batch.pk},
    "households:import_start": lambda side: {"pk": side.batch.pk},
    "encounters:open": lambda side: {"person_id": side.person.pk},
    **{
        f"encounters:{name}": lambda side: {"pk": side.visit.pk}
        for name in ("visit", "draft", "draft_drop", "line", "more_lines", "reopen", "in_error", "versions")
    },
    **{
        f"encounters:{name}": lambda side: {"pk": side.finished.pk}
        for name in ("sign", "amend", "exam_slip", "prescription")
    },
    **{f"visits-{name}": lambda side: {"pk": side.visit.pk} for name in ("detail", "save", "finalise")},
    "people-detail": lambda side: {"pk": side.person.pk},
    "households-detail": lambda side: {"pk": side.household.pk},
    "sync:visit_panel": lambda side: {"pk": side.finished.pk},
    **{f"sync:{name}": lambda side: {"pk": side.row.pk} for name in ("row", "send_again", "payload")},
}

# Addresses whose argument is nobody's: the same for every station.
SHARED: dict[str, Callable[[Shared], Arguments]] = {
    "core:gallery_paper": lambda shared: {"size": "a5"},
    "catalogues:pick": lambda shared: {"kind": "icd10"},
    **{f"catalogues:{name}": lambda shared: {"key": "drugs"} for name in ("browse", "download", "upload")},
    **{
        f"catalogues:{name}": lambda shared: {"upload_id": shared.upload.pk}
        for name in ("compared", "apply", "drop")
    },
    **{
        f"sync:{name}": lambda shared: {"pk": shared.receiver.pk}
        for name in ("receiver", "switch", "send_all_again", "resume")
    },
}


@dataclass(frozen=True)
class Address:
    """One address of the URLconf and the mark of its view."""

    name: str
    arguments: tuple[str, ...]
    access: str | None

    @property
    def is_right(self) -> bool:
        return self.access is not None and "." in self.access

    def path(self, arguments: Arguments) -> str:
        return reverse(self.name, kwargs=arguments)


def access_of(callback: Any) -> str | None:
    """The mark of core.access; for a view of the API the right its class asks for."""
    mark = getattr(callback, "access", None)
    view_class = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    if mark is None and view_class is not None:
        mark = getattr(view_class, "access", None) or getattr(view_class, "right", None)
    return mark


def addresses() -> list[Address]:
    """Every address but the admin's, which is walked by its models."""
    found: dict[str, Address] = {}
    for name, pattern in _patterns(get_resolver()):
        if not name.startswith("admin:"):
            arguments = tuple(pattern.pattern.converters)
            address = Address(name, arguments, access_of(pattern.callback))
            if name not in found or len(arguments) >= len(found[name].arguments):
                found[name] = address
    return list(found.values())


def _patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{namespace}:{pattern.name}" if namespace else str(pattern.name), pattern
        else:
            inner = ":".join(part for part in (namespace, pattern.namespace) if part)
            yield from _patterns(pattern, inner)


def ids_of(side: Side) -> set[UUID]:
    """Ids that would betray a record of that side in a page."""
    return {side.person.pk, side.household.pk, side.visit.pk, side.finished.pk}
