from django.urls import path

from apps.care.views import appointments, enrolments, growth, measurements, targets

app_name = "care"

urlpatterns = [
    path("lich-hen/", appointments.show, name="diary"),
    path("lich-hen/chua-den/", appointments.not_come, name="not_come"),
    path("lich-hen/chua-den/in/", appointments.not_come_paper, name="not_come_paper"),
    path("lich-hen/<uuid:pk>/doi/", appointments.move, name="move"),
    path("lich-hen/<uuid:pk>/huy/", appointments.cancel, name="cancel"),
    path("lich-hen/<uuid:pk>/goi/", appointments.call, name="call"),
    path("doi-tuong/", targets.show, name="targets"),
    path("doi-tuong/in/", targets.printed, name="targets_paper"),
    path("doi-tuong/xuat/", targets.export, name="targets_export"),
    path("chuong-trinh/", enrolments.listed, name="programmes"),
    path("chuong-trinh/<uuid:pk>/", enrolments.show, name="enrolment"),
    path("chuong-trinh/<uuid:pk>/ket-thuc/", enrolments.end, name="enrolment_end"),
    path("chuong-trinh/<uuid:pk>/mo-lai/", enrolments.reopen, name="enrolment_reopen"),
    path("chuong-trinh/<uuid:pk>/nhap-nham/", enrolments.in_error, name="enrolment_error"),
    path("nguoi/<uuid:pk>/quan-ly/", enrolments.enrol, name="enrol"),
    path("nguoi/<uuid:pk>/hen/", appointments.make, name="make"),
    path("nguoi/<uuid:pk>/tang-truong/", growth.show, name="growth"),
    path("nguoi/<uuid:pk>/tang-truong.pdf", growth.printed, name="growth_paper"),
    path("nguoi/<uuid:pk>/chi-so/", measurements.overview, name="measurements"),
    path("nguoi/<uuid:pk>/chi-so/them/", measurements.add, name="measure"),
    path("nguoi/<uuid:pk>/chi-so/xem-truoc/", measurements.said, name="said"),
    path("nguoi/<uuid:pk>/chi-so/<slug:key>/", measurements.series, name="series"),
    path("nguoi/<uuid:pk>/chi-so/<uuid:measurement>/sua/", measurements.correct, name="correct"),
    path("nguoi/<uuid:pk>/chi-so/<uuid:measurement>/xac-nhan/", measurements.confirm, name="confirm"),
]
