"""Files: judged by their content, encoded anew, served as a download, kept when they were a mistake."""

import datetime as dt
import errno
import hashlib
import io
import os
import struct
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from apps.core import registry
from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.loading import load_parameters
from apps.core.models import AuditEntry, ReadEntry
from apps.core.registry import LoadReport
from apps.core.scope import enter
from apps.encounters import services
from apps.encounters.models import Attachment, Order
from apps.encounters.ordering import attachments, filetypes, orders
from tests.factories import encounters as make
from tests.factories.orders import HIV, order_catalogues
from tests.factories.patients import RIGHTS

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def visit(hoa, doctor):
    order_catalogues()
    return make.an_examined_visit(hoa, doctor)


def a_picture(kind="JPEG", size=(60, 40), mode="RGB", **more):
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, kind, **more)
    return out.getvalue()


def with_place():
    """A photograph that tells where and with what it was taken, held upright."""
    exif = Image.Exif()
    exif[0x010F] = "Hãng máy ảnh"
    exif[0x0112] = 6  # turned
    exif.get_ifd(0x8825)[1] = "N"
    return a_picture(exif=exif)


def with_broken_notes():
    """A turned photograph whose width (a number) is told as text in what the camera wrote."""
    entries = [(0x0100, 2, 4, b"abc\0"), (0x0112, 3, 1, b"\6\0\0\0")]
    rows = b"".join(struct.pack("<HHI4s", *entry) for entry in entries)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + rows + b"\0\0\0\0"
    return a_picture(exif=exif)


def attach(visit, name, content, **fields):
    fields.setdefault("title", "Ảnh vết thương")
    return attachments.attach(visit_id=visit.pk, file=SimpleUploadedFile(name, content), **fields)


def test_it_works(visit, doctor, as_doctor):
    row = attach(visit, "IMG_0001.JPG", with_place())
    content = row.file.read()
    assert (row.type, row.size, row.sha256) == (
        "image/jpeg",
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    picture = Image.open(io.BytesIO(content))
    assert not picture.getexif()
    assert picture.size == (40, 60)  # stands as it was held
    assert b"H\xc3\xa3ng" not in content
    assert row.added_by_name == doctor.full_name
    assert "IMG" not in row.file.name
    assert AuditEntry.objects.filter(action="attachment.added").exists()


def test_a_pdf_is_kept_as_it_came(visit, as_doctor):
    row = attach(visit, "ket-qua.pdf", PDF)
    assert (row.type, row.file.read()) == ("application/pdf", PDF)


def test_a_png_that_is_seen_through_stays_so(visit, as_doctor):
    row = attach(visit, "hinh.png", a_picture("PNG", mode="RGBA"))
    assert Image.open(row.file).mode == "RGBA"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("anh.jpg", b"", "rỗng"),
        ("anh.jpg", b"MZ\x90\x00 an .exe", "nội dung không phải"),
        ("anh.svg", b"<svg onload='alert(1)'/>", "Chỉ nhận ảnh"),
        ("trang.html", b"<html><script>1</script>", "Chỉ nhận ảnh"),
        ("anh.jpg", PDF, "tên là ảnh JPEG nhưng bên trong là PDF"),
        ("phieu.pdf", a_picture(), "tên là PDF nhưng bên trong là ảnh JPEG"),
        ("phieu.pdf", PDF[:20], "PDF bị hỏng"),
        ("anh.jpg", a_picture()[:200], "Ảnh bị hỏng"),
        ("anh.jpg", with_broken_notes(), "Ảnh bị hỏng"),
        ("anh.png", b"\x89PNG\r\n\x1a\n" + b"0" * 50, "Ảnh bị hỏng"),
        ("anh.gif", b"GIF89a", "Chỉ nhận ảnh"),
    ],
    ids=[
        "empty",
        "exe",
        "svg",
        "html",
        "pdf-as-jpg",
        "jpg-as-pdf",
        "cut-pdf",
        "cut-jpg",
        "exif",
        "no-png",
        "gif",
    ],
)
def test_what_is_refused(visit, as_doctor, name, content, sentence):
    with pytest.raises(Refused, match=sentence) as caught:
        attach(visit, name, content)
    assert caught.value.field == "file"
    assert not Attachment.unscoped.exists()


def test_a_picture_named_by_the_other_kind_is_kept_as_what_it_is(visit, as_doctor):
    assert attach(visit, "hinh.png", a_picture("JPEG")).type == "image/jpeg"


def test_a_bomb_is_refused_by_its_head():
    content = a_picture("PNG", size=(9000, 9000), mode="1")
    assert len(content) < 100_000
    with pytest.raises(filetypes.BadFile, match="9000 x 9000"):
        filetypes.judge("anh.png", content, most_bytes=10_000_000, most_pixels=40_000_000)


def test_too_big_is_not_read(visit, as_doctor):
    class Huge(SimpleUploadedFile):
        def read(self, *args):
            raise AssertionError("it was read")

    file = Huge("anh.jpg", b"")
    file.size = 12_897_484
    with pytest.raises(Refused, match="12,3 MB, quá 10 MB"):
        attachments.attach(visit_id=visit.pk, file=file, title="Ảnh")


def test_a_full_disk_is_said(visit, as_doctor, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage._save", full)
    with pytest.raises(Refused, match="hết chỗ lưu tệp"):
        attach(visit, "anh.jpg", a_picture())
    assert not Attachment.unscoped.exists()


def test_after_the_visit_has_ended(visit, as_doctor):
    services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    assert attach(visit, "ket-qua.pdf", PDF).pk


def test_in_error_it_is_no_longer_given(visit, client, as_doctor):
    row = attach(visit, "ket-qua.pdf", PDF)
    with pytest.raises(Refused, match="Ghi lý do"):
        attachments.attachment_in_error(attachment_id=row.pk, reason=" ")
    attachments.attachment_in_error(attachment_id=row.pk, reason="Của người khác")
    with pytest.raises(Refused, match="trước đó"):  # of two at once the first one's reason stands
        attachments.attachment_in_error(attachment_id=row.pk, reason="Lần nữa")
    row.refresh_from_db()
    assert (row.state, row.error_reason) == ("entered_in_error", "Của người khác")
    assert row.file.storage.exists(row.file.name)
    assert client.get(reverse("encounters:attachment", args=[row.pk])).status_code == 404


def test_it_is_given_as_a_download_and_logged(visit, client, as_doctor):
    row = attach(visit, "anh.jpg", a_picture(), title="Nguyễn Thị Hòa")
    answer = client.get(reverse("encounters:attachment", args=[row.pk]))
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="tai-lieu-{row.sha256[:8]}.jpg"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in answer["Cache-Control"]
    assert b"".join(answer.streaming_content)[:3] == b"\xff\xd8\xff"
    assert ReadEntry.objects.filter(screen="attachment.taken", person_ids=[visit.person_id]).exists()
    assert AuditEntry.objects.filter(action="attachment.taken", object_id=row.pk).exists()


def test_a_lost_file_is_said(visit, client, as_doctor):
    row = attach(visit, "anh.jpg", a_picture())
    row.file.storage.delete(row.file.name)
    page = client.get(reverse("encounters:attachment", args=[row.pk]), follow=True)
    assert "khôi phục từ bản sao lưu" in page.content.decode()


def test_a_stranger_gets_none(visit, elsewhere, as_doctor):
    row = attach(visit, "anh.jpg", a_picture())
    assert elsewhere.get(reverse("encounters:attachment", args=[row.pk])).status_code == 404


def test_by_the_page(visit, client):
    file = SimpleUploadedFile("anh.jpg", a_picture())
    address = reverse("encounters:attach", args=[visit.pk])
    answer = client.post(address, {"form_key": str(uuid7()), "title": "Ảnh", "file": file})
    assert answer.url == reverse("encounters:orders", args=[visit.pk])
    wrong = SimpleUploadedFile("anh.jpg", b"GIF89a")
    answer = client.post(address, {"form_key": str(uuid7()), "title": "Ảnh", "file": wrong})
    assert answer.status_code == 422
    assert "nội dung không phải" in answer.content.decode()
    assert "Ảnh" in client.get(reverse("encounters:orders", args=[visit.pk])).content.decode()


def test_the_file_of_a_restricted_order_is_hidden_with_it(visit, doctor, nurse):
    with enter(make.scope_of(doctor, rights=RIGHTS | {"restricted.view"})):
        order = orders.orders_place(visit_id=visit.pk, items=[orders.OrderInput(HIV)])[0]
        row = attach(visit, "phieu.pdf", PDF, order_id=order.pk)
    with enter(make.scope_of(nurse)):
        assert not Attachment.objects.filter(pk=row.pk).exists()
        with pytest.raises(Order.DoesNotExist):
            attach(visit, "phieu.pdf", PDF, order_id=order.pk)


# --- what a rolled back save leaves


def age(row, days):
    """Let a file have been written so many days ago."""
    written = (timezone.now() - dt.timedelta(days=days)).timestamp()
    os.utime(row.file.path, (written, written))


def test_the_night_takes_files_that_no_row_names(visit, as_doctor):
    load_parameters(Path(settings.BASE_DIR) / "fixtures", LoadReport())
    kept = attach(visit, "a.jpg", a_picture())
    age(kept, 30)
    orphans = []
    for days in (30, 1):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            orphans.append(attach(visit, "a.jpg", a_picture()))
            age(orphans[-1], days)
            _ = 1 / 0
    assert Attachment.unscoped.count() == 1 and all(Path(row.file.path).exists() for row in orphans)
    assert attachments.sweep(timezone.localdate()) == "Đã xóa 1 tệp đính kèm không thuộc lượt khám nào."
    assert [Path(row.file.path).exists() for row in (kept, *orphans)] == [True, False, True]
    assert registry.nightly.get("attachments.sweep")


def test_the_night_finds_nothing_where_nobody_attached_anything(db):
    load_parameters(Path(settings.BASE_DIR) / "fixtures", LoadReport())
    assert "0 tệp" in attachments.sweep(timezone.localdate())
