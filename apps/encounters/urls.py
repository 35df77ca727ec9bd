"""Addresses of visits, under /kham/."""

from django.urls import path

from apps.encounters.certificates import urls as certificates
from apps.encounters.dispensing import urls as dispensing
from apps.encounters.money import urls as money
from apps.encounters.ordering.urls import orders
from apps.encounters.views import after, left, mending, papers, queue, reception, register, templates, visit

app_name = "encounters"
urlpatterns = [
    path("", queue.day, name="day"),
    path("so-a1/", register.a1, name="a1"),
    path("so-a1/xuat/", register.a1_export, name="a1_export"),
    path("so-a1/so-a1.pdf", register.a1_paper, name="a1_paper"),
    path("hang-cho/", queue.standing, name="queue"),
    path("hang-cho/goi-tiep/", queue.call_next, name="call_next"),
    path("bang-so/", queue.settings, name="board_settings"),
    path("bang-so/phong/<uuid:pk>/thoi-dung/", queue.room_end, name="room_end"),
    path("bang-so/mo/", queue.screen_open, name="screen_open"),
    path("bang-so/<uuid:pk>/dong/", queue.screen_close, name="screen_close"),
    path("bang-so/man-hinh/", queue.board, name="board"),
    path("cap-cuu/", reception.open_emergency, name="emergency"),
    path("so/", reception.numbers, name="numbers"),
    path("phieu-so.pdf", queue.tickets, name="tickets"),
    path("mau/", templates.index, name="templates"),
    path("mau/<uuid:pk>/bo/", templates.retire, name="template_retire"),
    path("<uuid:pk>/mau/", templates.make, name="template_make"),
    path("con-do/", left.left, name="left"),
    path("cho-ky/", after.unsigned, name="unsigned"),
    path("tiep-nhan/<uuid:person_id>/", reception.open_visit, name="open"),
    path("tiep-nhan/<uuid:person_id>/tra-the/", reception.look_up, name="look_up"),
    path("tiep-nhan/ho/<uuid:household_id>/", reception.open_family, name="family"),
    path("<uuid:pk>/so/", reception.number, name="number"),
    path("<uuid:pk>/tiep-nhan/", reception.change, name="reception"),
    path("<uuid:pk>/bo-ve/", queue.leave, name="leave"),
    path("<uuid:pk>/quay-lai/", queue.come_back, name="come_back"),
    path("<uuid:pk>/hang-cho/<slug:action>/", queue.act, name="queue_act"),
    path("<uuid:pk>/", visit.visit, name="visit"),
    path("<uuid:pk>/sinh-hieu/", visit.said, name="said"),
    path("<uuid:pk>/tre-benh/", visit.sick_child, name="sick_child"),
    path("<uuid:pk>/thuoc/", visit.line, name="line"),
    path("<uuid:pk>/them-thuoc/", visit.more_lines, name="more_lines"),
    path("<uuid:pk>/chan-doan/", visit.cases, name="cases"),
    path("<uuid:pk>/ky/", after.sign, name="sign"),
    path("<uuid:pk>/mo-lai/", after.reopen, name="reopen"),
    path("<uuid:pk>/sua-doi/", after.amend, name="amend"),
    path("<uuid:pk>/nhap-nham/", after.in_error, name="in_error"),
    path("<uuid:pk>/hoan-tac/", mending.undo, name="undo"),
    path("<uuid:pk>/nham-nguoi/", mending.wrong_person, name="wrong_person"),
    path("<uuid:pk>/cac-ban/", after.versions, name="versions"),
    path("<uuid:pk>/phieu-kham.pdf", papers.exam_slip, name="exam_slip"),
    path("<uuid:pk>/don-thuoc.pdf", papers.prescription, name="prescription"),
    *dispensing.urlpatterns,
    *money.urlpatterns,
    *orders,
    *certificates.urlpatterns,
]
