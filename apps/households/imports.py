"""A list of people with their households comes in: checked first, then written by a background job.

Each household is one transaction, so a stop in the middle leaves whole families; what is written already is
recognised when the job runs again, and the same file sent twice changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.catalogues.sheets import read_upload
from apps.core import audit, jobs
from apps.core.errors import Refused
from apps.core.models import Job
from apps.core.scope import current
from apps.core.text import clean
from apps.facilities.models import Facility
from apps.facilities.queries import hamlets_of
from apps.households import planning, services, sheet
from apps.households.models import HEAD, Household, ImportBatch, ImportState, Membership
from apps.households.planning import Plan, Planned
from apps.households.services import HouseholdData
from apps.patients import services as people
from apps.patients.data import FIELDS, PersonData
from apps.patients.models import Person

JOB = "households.import"
MOST_LINES = 20_000  # the people of a large commune; one family's save takes some 30 ms
REASON = "Nhập từ danh sách"


def batch_create(*, file_name: str, content: bytes) -> ImportBatch:
    """Reads a file and keeps its lines for the preview. Raises Refused with what is wrong with the file."""
    scope = current()
    scope.require("households.enter")
    scope.require("people.enter")
    lines = read_upload(file_name, content)
    if not lines:
        raise Refused("Tệp chỉ có dòng tiêu đề, chưa có người nào.", field="file")
    if len(lines) > MOST_LINES:
        raise Refused(
            f"Tệp có {len(lines)} dòng, mỗi lần tối đa {MOST_LINES}. Chia tệp theo thôn rồi gửi lại.",
            field="file",
        )
    columns, _ = sheet.recognise(lines[0])
    missing = [sheet.HEADINGS[key] for key in sheet.REQUIRED if key not in columns]
    if missing:
        raise Refused(f"Tệp thiếu cột: {', '.join(missing)}. Hãy dùng tệp mẫu.", field="file")
    kept = [{heading: line.get(heading, "") for heading in columns.values()} for line in lines]
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            station_id=_station_id(),
            file_name=clean(file_name)[:200],
            sent_by=scope.user_id,
            columns=columns,
            lines=[{key: clean(value) for key, value in line.items()} for line in kept],
        )
        audit.record("people.import_checked", object_id=batch.pk, data={"rows": len(lines)})
    return batch


def plan_of(batch: ImportBatch) -> Plan:
    """What the batch would do now."""
    today = timezone.localdate()
    hamlets = hamlets_of([batch.station_id], today).values_list("pk", "name", "code")
    return planning.make_plan(
        batch.lines, batch.columns, sheet.Words.of(hamlets), planning.Stored(batch.station_id), today
    )


@transaction.atomic
def batch_start(*, batch: ImportBatch) -> Job:
    """Queues the import; a batch is imported once."""
    scope = current()
    taken = ImportBatch.objects.filter(pk=batch.pk, state=ImportState.CHECKED)
    if not taken.update(state=ImportState.RUNNING):
        raise Refused("Danh sách này đã được nhập hoặc đang nhập.")
    job = jobs.start(
        JOB, title=f"Nhập tệp {batch.file_name}"[:200], scope=scope, args={"batch": str(batch.pk)}
    )
    ImportBatch.objects.filter(pk=batch.pk).update(job=job)
    return job


def run(job: Job) -> None:
    """The job: writes family by family, telling how far it is."""
    batch = ImportBatch.objects.get(pk=job.args["batch"])
    plan = plan_of(batch)
    groups = _groups(plan)
    total, done, failed = sum(len(lines) for _, lines in groups), 0, []
    for key, lines in groups:
        try:
            with transaction.atomic():
                written = _write(batch, plan, key, lines)
            for line, person_id in written:
                line.person_id = person_id
        except Refused as refused:
            people.note_taken(refused)
            failed += [f"Dòng {line.place}: {refused.message}" for line in lines]
        done += len(lines)
        jobs.progress(job, done, total, f"Đã xong {done} trên {total} người.")
    failed += _write_parents(batch, plan)
    counts: dict[str, Any] = plan.counts | {"failed": len(failed), "failures": failed[:200]}
    with transaction.atomic():
        ImportBatch.objects.filter(pk=batch.pk).update(state=ImportState.DONE, lines=[], counts=counts)
        audit.record(
            "people.imported",
            object_id=batch.pk,
            data={"added": counts["new"], "changed": counts["changed"], "failed": len(failed)},
        )
    job.message = (
        f"Thêm {counts['new']} người, sửa {counts['changed']}, giữ nguyên {counts['unchanged']},"
        f" không nhận {counts['rejected'] + len(failed)}."
    )
    job.result = {"batch": str(batch.pk)}


def _groups(plan: Plan) -> list[tuple[str, list[Planned]]]:
    """The lines with something to do, by household in the order of the file; people without one stand
    alone.
    """
    groups: dict[str, list[Planned]] = defaultdict(list)
    for line in plan.lines:
        if line.state in ("new", "changed"):
            groups[line.household or f"\x00{line.place}"].append(line)
    return list(groups.items())


def _write_parents(batch: ImportBatch, plan: Plan) -> list[str]:
    """Who is whose mother and father, once everybody is there. Gives what was refused."""
    known = dict(Person.objects.filter(station_id=batch.station_id).values_list("code", "pk"))
    known |= {line.code: line.person_id for line in plan.lines if line.code and line.person_id}
    refused = []
    for line in plan.lines:
        parents = {f"{role}_id": known[code] for role, code in line.parents.items() if code in known}
        if not parents or line.person_id is None or line.state not in ("new", "changed"):
            continue
        person = Person.objects.get(pk=line.person_id)
        data = PersonData(**{name: getattr(person, name) for name in FIELDS} | parents)
        try:
            people.person_update(person=person, data=data, expected_version=person.version, reason=REASON)
        except Refused as wrong:
            refused.append(f"Dòng {line.place}: {wrong.message}")
    return refused


def _write(batch: ImportBatch, plan: Plan, key: str, lines: Iterable[Planned]) -> list[tuple[Planned, UUID]]:
    """One family: heads first, so that the others have somewhere to go. Gives who each line became."""
    written = []
    household_id = plan.households.get(key)
    household = Household.objects.get(pk=household_id) if household_id else None
    for line in sorted(lines, key=lambda line: line.relation != HEAD):
        person = _write_person(line)
        written.append((line, person.pk))
        if key not in plan.households or not line.joins:
            continue
        if household is None:
            household = services.household_create(data=_household_data(line, person), head=person)
        elif Membership.objects.filter(person=person, valid_to__isnull=True).exists():
            services.member_move(
                person=person, household=household, relation=_relation(line), on=timezone.localdate()
            )
        else:
            services.member_add(household=household, person=person, relation=_relation(line))
    return written


def _write_person(line: Planned) -> Person:
    data = line.data
    assert data is not None  # noqa: S101 - a line without data is rejected before
    if line.person_id is None:
        return people.person_create(
            data=data, numbers=line.numbers, card=line.card, reason=REASON, another=True
        )
    person = Person.objects.get(pk=line.person_id)
    if line.changes:
        now = {name: getattr(person, name) for name in FIELDS}
        people.person_update(
            person=person,
            data=PersonData(**now | line.changes),
            expected_version=person.version,
            reason=REASON,
        )
    for number in line.numbers:
        people.identifier_add(person=person, number=number, reason=REASON)
    if line.card:
        people.card_add(person=person, card=line.card, reason=REASON)
    return person


def _relation(line: Planned) -> str:
    return "" if line.relation == HEAD else line.relation


def _household_data(line: Planned, head: Person) -> HouseholdData:
    if head.hamlet_id is None:
        raise Refused("Chủ hộ thiếu thôn, tổ.")
    return HouseholdData(head.hamlet_id, head.address_text, line.poverty)


def _station_id() -> UUID:
    workplace = current().workplace_id
    station = Facility.objects.filter(pk=workplace).first() if workplace else None
    if station is None or station.level != "station":
        raise Refused("Hãy chọn nơi làm việc là một trạm y tế rồi nhập danh sách.")
    return station.station_id


def preview(plan: Plan, most: int = 200) -> dict[str, Any]:
    """What the preview page lists: the rejected, the changed and the odd, each up to `most` lines."""
    return {
        "counts": plan.counts,
        "rejected": [line for line in plan.lines if line.state == "rejected"][:most],
        "changed": [line for line in plan.lines if line.state == "changed"][:most],
        "added": [line for line in plan.lines if line.state == "new"][:most],
        "noted": [line for line in plan.lines if line.notes and line.state in ("new", "changed")][:most],
        "new_households": sum(pk is None for pk in plan.households.values()),
        "most": most,
    }
