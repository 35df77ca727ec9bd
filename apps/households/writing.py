"""A checked list is written, family by family, some hundred people in one transaction. A job.

The rows of a transaction are marked in it, so a run that breaks off, however it does, leaves whole families
and goes on with the first row that is not marked. Two runs at once wait for each other's rows and find them
marked.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from apps.core import audit, jobs
from apps.core.errors import NeedsReason, Refused
from apps.core.ids import uuid7
from apps.core.models import Job
from apps.core.versions import StaleVersion
from apps.core.words import quantity_words
from apps.households import bulk, checking, planning, services
from apps.households.judged import Settled
from apps.households.locking import lock_homes
from apps.households.models import (
    HEAD,
    Household,
    ImportBatch,
    ImportRow,
    ImportState,
    Membership,
    RowChoice,
    RowOutcome,
    RowState,
)
from apps.households.said import Reader, Said
from apps.households.services import HouseholdData
from apps.patients import holding, plausibility
from apps.patients import services as people
from apps.patients.bulk import NewPerson, people_create
from apps.patients.data import FIELDS, PersonData
from apps.patients.models import Person
from apps.patients.numbers import card_add, identifier_add, note_taken

JOB = "households.import"
FAMILIES = 150  # of one transaction: some 500 people, about a second
FRESH = dt.timedelta(hours=1)  # a review that is older is not trusted, whatever else has changed
REASON = "Nhập từ danh sách"
MARK = """
UPDATE households_importrow AS row
SET outcome = said.outcome, person_id = said.person_id, parents_left = said.parents_left,
    reasons = said.reasons
FROM (
  SELECT (one->>0)::bigint AS id, one->>1 AS outcome, (one->>2)::uuid AS person_id,
    (one->>3)::bool AS parents_left, ARRAY(SELECT jsonb_array_elements_text(one->4)) AS reasons
  FROM jsonb_array_elements(%s::jsonb) AS one
) AS said
WHERE row.id = said.id
"""
TO_WRITE = [RowState.NEW, RowState.CHANGED]
UNDECIDED = "Có thể trùng với người đã có hồ sơ mà chưa ai chọn cách xử lý."
HEADLESS = "Chủ hộ của hộ này không nhập được."
SKIPPED = "Bỏ qua theo lựa chọn lúc xem trước."


def run(job: Job) -> None:
    """The job: judges once more what may have changed since the review, then writes."""
    batch = ImportBatch.objects.get(pk=job.args["batch"])
    if batch.state != ImportState.RUNNING:
        return
    if _judge_again(batch):
        jobs.progress(job, 0, 0, "Đang đối chiếu lại với hồ sơ đã có.")
        checking.judged(job, batch, _settled(batch))
        batch.rows.filter(state=RowState.DOUBTFUL).update(state=RowState.REJECTED, reasons=[UNDECIDED])
    total = batch.rows.filter(Q(state__in=TO_WRITE) | ~Q(outcome="")).count()
    reader = checking.reader_of(batch)
    while True:
        done = batch.rows.exclude(outcome="").count()
        jobs.progress(job, done, total, f"Đã xong {quantity_words(done)} trên {quantity_words(total)} người.")
        if not _write_some(batch, reader):
            break
    jobs.progress(job, total, total, "Đang ghi mẹ, bố.")
    _write_parents(job, batch)
    _end(job, batch)


def _judge_again(batch: ImportBatch) -> bool:
    """Whether what the review showed may be otherwise now: decisions, other people's work, a run before."""
    since = batch.judged_at
    if since is None or timezone.now() - since > FRESH or batch.rows.filter(state=RowState.DOUBTFUL).exists():
        return True
    people_since = Person.objects.filter(station_id=batch.station_id, updated_at__gte=since)
    homes_since = Household.objects.filter(station_id=batch.station_id, updated_at__gte=since)
    return bool(people_since.exists() or homes_since.exists())


def _settled(batch: ImportBatch) -> dict[int, Settled]:
    """What was decided about the rows that may be somebody stored."""
    rows = batch.rows.filter(outcome="").filter(Q(state=RowState.DOUBTFUL) | ~Q(choice=""))
    found = {}
    for place, choice, candidates in rows.values_list("place", "choice", "candidates"):
        if choice == RowChoice.SAME and candidates:
            found[place] = Settled(UUID(candidates[0][0]))
        elif choice == RowChoice.NEW:
            found[place] = Settled()
        else:
            found[place] = Settled(left_out=SKIPPED if choice == RowChoice.SKIP else UNDECIDED)
    return found


@transaction.atomic
def _write_some(batch: ImportBatch, reader: Reader) -> bool:
    """The next families, all or none of them, marked as written. False when there are none left."""
    left = batch.rows.filter(outcome="", state__in=TO_WRITE)
    groups = list(left.order_by("group").values_list("group", flat=True).distinct()[:FAMILIES])
    if not groups:
        return False
    # Whoever else writes them waits here, and then finds them marked.
    rows = list(left.filter(group__in=groups).select_for_update(of=("self",)).order_by("group", "place"))
    families: dict[int, list[_Member]] = defaultdict(list)
    for row in rows:
        families[row.group].append(_Member(row, reader.read(row.place, row.cells)))
    new, old = [], []
    for family in families.values():
        if not all(_is_new(member) for member in family):
            old.append(family)
        elif family[0].said.household and not any(m.said.relation == HEAD for m in family):
            for member in family:
                member.failed(HEADLESS)
        else:
            new.append(family)
    at_place = _parents_written(batch, rows)
    try:
        with transaction.atomic():
            _write_new(batch, new, at_place)
    except IntegrityError:
        for family in new:
            for member in family:
                member.as_before()
        old = [*new, *old]  # somebody enters one of them this very moment: each family by itself
    _hold(old)
    for family in old:
        _write_family(family)
    _mark(rows)
    return True


def _mark(rows: Sequence[ImportRow]) -> None:
    """What became of each, in one statement; bulk_update would take longer than the people themselves."""
    said = [[row.pk, row.outcome, row.person_id, row.parents_left, row.reasons] for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(MARK, [checking.ENCODER.encode(said)])


class _Member:
    """A row with what it says."""

    def __init__(self, row: ImportRow, said: Said) -> None:
        self.row, self.said = row, said

    def written(self, person_id: UUID) -> None:
        self.row.outcome, self.row.person_id = RowOutcome.WRITTEN, person_id

    def as_before(self) -> None:
        self.row.outcome, self.row.person_id, self.row.parents_left = "", None, False

    def failed(self, sentence: str) -> None:
        self.row.outcome, self.row.parents_left = RowOutcome.FAILED, False
        self.row.reasons = [*self.row.reasons, sentence]


Family = Sequence[_Member]


def _hold(families: Iterable[Family]) -> None:
    """Everybody stored of these families, and their homes, in the order in which all writers lock them: the
    families are written one after the other in this transaction.
    """
    members = [member.row for family in families for member in family]
    people_ids = [row.person_id for row in members if row.person_id]
    lock_homes(people_ids, also=[row.household_id for row in members if row.household_id])
    holding.hold_people(people_ids)


def _is_new(member: _Member) -> bool:
    return member.row.person_id is None and member.row.household_id is None


# --- families nobody of whom is stored


def _write_new(batch: ImportBatch, families: Sequence[Family], at_place: Mapping[int, UUID]) -> None:
    ids = dict(at_place)
    for family in families:
        ids |= {member.row.place: uuid7() for member in family}
    heads = {id(family): next((m for m in family if m.said.relation == HEAD), None) for family in families}
    entered, refused = people_create(
        station_id=batch.station_id,
        families=[[_new(m, heads[id(family)], ids) for m in family] for family in families],
        reason=REASON,
    )
    homes = []
    for place, family in enumerate(families):
        if wrong := refused.get(place):
            note_taken(wrong)
            for member in family:
                member.failed(wrong.message)
            continue
        for member in family:
            member.written(ids[member.row.place])
        head = heads[id(family)]
        if head is not None and head.said.household:
            homes.append(_home(family, head, entered))
    bulk.households_create(station_id=batch.station_id, families=homes, on=timezone.localdate())


def _new(member: _Member, head: _Member | None, ids: Mapping[int, UUID]) -> NewPerson:
    said, row, today = member.said, member.row, timezone.localdate()
    data = planning.data_of(said)
    changed: dict[str, Any] = {}
    if head is not None and said.household:  # a family lives where its head does
        home = planning.data_of(head.said)
        changed = {"hamlet_id": home.hamlet_id, "address_text": home.address_text or data.address_text}
    left = False
    for role, of in row.parents.items():
        parent_id = ids.get(of) if isinstance(of, int) else UUID(of)
        if parent_id is None:
            left = True  # comes later in the file
        else:
            changed[f"{role}_id"] = parent_id
    row.parents_left = left
    if changed:
        data = PersonData(**{name: getattr(data, name) for name in FIELDS} | changed)
    odd = tuple(doubt.code for doubt in plausibility.doubts(data, said.numbers, today))
    return NewPerson(ids[row.place], data, tuple(said.numbers), said.card, odd)


def _parents_written(batch: ImportBatch, rows: Iterable[ImportRow]) -> dict[int, UUID]:
    """Who the parents became whose lines were written before."""
    places = {of for row in rows for of in row.parents.values() if isinstance(of, int)}
    if not places:
        return {}
    found = batch.rows.filter(place__in=places).exclude(outcome=RowOutcome.FAILED)
    return {place: pk for place, pk in found.values_list("place", "person_id") if pk}


def _home(family: Family, head: _Member, entered: Mapping[UUID, Person]) -> bulk.Family:
    person = entered[head.row.person_id]  # type: ignore[index]
    others = [
        (entered[member.row.person_id], member.said.relation)  # type: ignore[index]
        for member in family
        if member is not head
    ]
    return bulk.Family(_household_data(family, head.said, person), person, others)


def _household_data(family: Family, said: Said, head: Person) -> HouseholdData:
    if head.hamlet_id is None:
        raise Refused("Chủ hộ thiếu thôn, tổ.")
    code = _bhxh_code(family)
    return HouseholdData(head.hamlet_id, head.address_text, said.poverty, bhxh_code=code)


def _bhxh_code(family: Family) -> str:
    """Whichever line of the family says it."""
    return next((member.said.bhxh_code for member in family if member.said.bhxh_code), "")


# --- families somebody of whom is stored


def _write_family(family: Family) -> None:
    """By the services of a single person: heads first, so that the others have somewhere to go."""
    written: list[tuple[_Member, UUID]] = []
    try:
        with transaction.atomic():
            household_id = next((m.row.household_id for m in family if m.row.household_id), None)
            household = Household.objects.get(pk=household_id) if household_id else None
            for member in sorted(family, key=lambda member: member.said.relation != HEAD):
                person = _write_person(member)
                written.append((member, person.pk))
                if member.said.household and member.row.joins:
                    household = _put_home(family, member, person, household)
            if household_id and household:
                _put_bhxh_code(household, _bhxh_code(family))
    except (Refused, NeedsReason, StaleVersion) as wrong:
        if isinstance(wrong, Refused):
            note_taken(wrong)
        sentence = wrong.message if isinstance(wrong, Refused) else "Hồ sơ vừa được người khác sửa."
        for member in family:
            member.failed(sentence)
        return
    for member, person_id in written:
        member.written(person_id)
        member.row.parents_left = bool(member.row.parents)


def _put_bhxh_code(household: Household, code: str) -> None:
    if code and code != household.bhxh_code:
        household.refresh_from_db()  # somebody of the list may have become its head just now
        now = {name: getattr(household, name) for name in services.FIELDS}
        data = HouseholdData(**now | {"bhxh_code": code})
        services.household_update(household=household, data=data, expected_version=household.version)


def _put_home(family: Family, member: _Member, person: Person, household: Household | None) -> Household:
    if household is None:
        if member.said.relation != HEAD:
            raise Refused(HEADLESS)
        return services.household_create(data=_household_data(family, member.said, person), head=person)
    relation = "" if member.said.relation == HEAD else member.said.relation
    if Membership.objects.filter(person=person, valid_to__isnull=True).exists():
        services.member_move(person=person, household=household, relation=relation, on=timezone.localdate())
    else:
        services.member_add(household=household, person=person, relation=relation)
    return household


def _write_person(member: _Member) -> Person:
    said = member.said
    if member.row.person_id is None:
        return people.person_create(
            data=planning.data_of(said), numbers=said.numbers, card=said.card, reason=REASON, another=True
        )
    person = Person.objects.get(pk=member.row.person_id)
    now = {name: getattr(person, name) for name in FIELDS}
    if now["permanent_unit_id"] and now["permanent_unit_id"] == said.former_unit:
        said.fields.pop("permanent_unit_id", None)
    data = planning.data_of(said, now)
    if planning.changes_of(data, now):
        people.person_update(person=person, data=data, expected_version=person.version, reason=REASON)
    for number in said.numbers:
        identifier_add(person=person, number=number, reason=REASON)
    if said.card:
        card_add(person=person, card=said.card, reason=REASON)
    return person


# --- parents whose lines came later, or who were stored


def _write_parents(job: Job, batch: ImportBatch) -> None:
    """Who is whose mother and father, once everybody is there."""
    while rows := list(
        batch.rows.filter(parents_left=True, outcome=RowOutcome.WRITTEN).order_by("place")[:FAMILIES]
    ):
        with transaction.atomic():
            holding.hold_people([row.person_id for row in rows if row.person_id])
            at_place = _parents_written(batch, rows)
            for row in rows:
                _write_parent(row, at_place)
            ImportRow.objects.bulk_update(rows, ["parents_left", "notes"])
        jobs.progress(job, job.done, job.total)


def _write_parent(row: ImportRow, at_place: Mapping[int, UUID]) -> None:
    row.parents_left = False
    said = {
        f"{role}_id": at_place.get(of) if isinstance(of, int) else UUID(of)
        for role, of in row.parents.items()
    }
    found = {name: parent_id for name, parent_id in said.items() if parent_id}
    person = Person.objects.filter(pk=row.person_id).first()
    if not found or person is None:
        return
    data = PersonData(**{name: getattr(person, name) for name in FIELDS} | found)
    try:
        people.person_update(person=person, data=data, expected_version=person.version, reason=REASON)
    except Refused as wrong:
        row.notes = [*row.notes, wrong.message]


# --- the end


def _end(job: Job, batch: ImportBatch) -> None:
    """Counts, forgets what was taken, keeps what was not for the file of results."""
    counts = counted(batch)
    with transaction.atomic():
        ImportBatch.objects.filter(pk=batch.pk).update(state=ImportState.DONE, counts=counts)
        refused = Q(outcome=RowOutcome.FAILED) | Q(state=RowState.REJECTED)
        batch.rows.exclude(refused).delete()
        audit.record(
            "people.imported",
            object_id=batch.pk,
            data={"added": counts["added"], "changed": counts["updated"], "failed": counts["refused"]},
        )
    job.message = (
        f"Thêm {quantity_words(counts['added'])} người, sửa {quantity_words(counts['updated'])}, "
        f"giữ nguyên {quantity_words(counts['same'])}, không nhận {quantity_words(counts['refused'])}."
    )
    job.result = {"url": reverse("households:import_batch", args=[batch.pk])}


def counted(batch: ImportBatch) -> dict[str, int]:
    """How many rows became what."""
    written = Q(outcome=RowOutcome.WRITTEN)
    return batch.rows.aggregate(
        added=Count("pk", filter=written & Q(state=RowState.NEW)),
        updated=Count("pk", filter=written & Q(state=RowState.CHANGED)),
        same=Count("pk", filter=Q(state=RowState.UNCHANGED)),
        refused=Count("pk", filter=Q(outcome=RowOutcome.FAILED) | Q(state=RowState.REJECTED)),
    )
