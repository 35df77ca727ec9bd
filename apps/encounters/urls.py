"""Addresses of visits, under /kham/."""

from django.urls import path

from apps.encounters.views import after, papers, reception, visit

app_name = "encounters"
urlpatterns = [
    path("", reception.day, name="day"),
    path("cho-ky/", after.unsigned, name="unsigned"),
    path("tiep-nhan/<uuid:person_id>/", reception.open_visit, name="open"),
    path("<uuid:pk>/", visit.visit, name="visit"),
    path("<uuid:pk>/thuoc/", visit.line, name="line"),
    path("<uuid:pk>/them-thuoc/", visit.more_lines, name="more_lines"),
    path("<uuid:pk>/ky/", after.sign, name="sign"),
    path("<uuid:pk>/mo-lai/", after.reopen, name="reopen"),
    path("<uuid:pk>/sua-doi/", after.amend, name="amend"),
    path("<uuid:pk>/nhap-nham/", after.in_error, name="in_error"),
    path("<uuid:pk>/cac-ban/", after.versions, name="versions"),
    path("<uuid:pk>/phieu-kham.pdf", papers.exam_slip, name="exam_slip"),
    path("<uuid:pk>/don-thuoc.pdf", papers.prescription, name="prescription"),
]
