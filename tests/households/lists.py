"""Lists for the tests of imports and exports: made, sent, checked, brought in."""

import csv
import io
from unittest import mock

from openpyxl import Workbook

from apps.core import jobs, scope
from apps.core.workbooks import TextWorkbook
from apps.households import exports, imports
from apps.households.models import ImportRow, Membership
from apps.patients.models import Identifier, InsuranceCard, Person

HEADS = [
    "Mã hộ", "Họ và tên", "Ngày sinh", "Giới tính", "Quan hệ với chủ hộ", "Thôn", "Dân tộc", "SĐT", "Số CCCD",
    "Thẻ BHYT", "Từ ngày", "Đến ngày",
]  # fmt: skip
HOA = [
    "1", "Nguyễn Thị Hòa", "5/3/1990", "Nữ", "Chủ hộ", "Thôn Làng Teng", "Kinh", "912345678", "51190000111",
    "DN4515112345678", "01/01/2026", "31/12/2026",
]  # fmt: skip
CON = ["1", "Nguyễn Văn Con", "2015", "Nam", "Con đẻ", "Thôn Làng Teng", "Hrê"]


def as_csv(*rows, heads=HEADS):
    out = io.StringIO()
    csv.writer(out).writerows([heads, *rows])
    return out.getvalue().encode()


def as_xlsx(*rows, heads=HEADS):
    book = Workbook()
    book.active.append(heads)
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def work():
    """The next job, in the scope of the test."""
    with mock.patch.object(jobs, "_scope_now", side_effect=lambda job: scope.current()):
        return jobs.run_one()


def check(content, name="danh sach.csv", columns=None):
    """Sends a file and checks it; unknown headings are left out, or mean what `columns` says."""
    batch = imports.batch_create(file_name=name, content=content)
    if batch.state == "mapping":
        said = {at: key for key, at in batch.columns.items()} | (columns or {})
        imports.batch_map(batch=batch, chosen={at: said.get(at, "") for at in range(len(batch.headings))})
    assert work()
    batch.refresh_from_db()
    return batch, list(ImportRow.objects.filter(batch=batch).order_by("place"))


def states(batch):
    """How many rows of each class, those that are there."""
    return {key: number for key, number in batch.counts.items() if number}


def bring_in(content, name="danh sach.csv", columns=None):
    batch, _ = check(content, name, columns)
    imports.batch_start(batch=batch)
    assert work()
    batch.refresh_from_db()
    assert batch.job.state == "done", batch.job.message
    return batch


def facts():
    """Everything that a list tells, of all people, without the codes given here."""
    rows = []
    for person in Person.objects.order_by("sort_key", "birth_date"):
        home = Membership.objects.filter(person=person, valid_to=None).select_related("household").first()
        numbers = Identifier.objects.filter(person=person).values_list("kind", "value")
        cards = InsuranceCard.objects.filter(person=person).values_list("number", "valid_from", "valid_to")
        rows.append(
            (
                *(
                    getattr(person, name)
                    for name in ("full_name", "birth_words", "sex", "ethnicity", "phone")
                ),
                person.hamlet.name,
                sorted(numbers),
                sorted(cards),
                home and (home.relation, home.is_head, home.household.poverty, home.household.address_text),
            )
        )
    return rows


def exported(**args):
    """The workbook that the guarded export seals."""
    out = io.BytesIO()
    listed = exports.sheet(args)
    with TextWorkbook(out, title="Danh sách", headings=listed.headings, widths=listed.widths) as book:
        for _, cells in listed.rows:
            book.add(cells)
    return out.getvalue()
