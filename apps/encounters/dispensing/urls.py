"""Addresses of dispensing, under /kham/ like the visit it belongs to."""

from django.urls import path

from apps.encounters.views import dispensing as views

urlpatterns = [
    path("cap-phat/", views.waiting, name="dispensing_waiting"),
    path("<uuid:pk>/cap-phat/", views.of_visit, name="dispense"),
    path("cap-phat/<uuid:pk>/", views.act, name="dispensing"),
    path("cap-phat/<uuid:pk>/tra-lai/", views.give_back, name="dispensing_back"),
    path("cap-phat/<uuid:pk>/huy/", views.cancel, name="dispensing_cancel"),
    path("cap-phat/<uuid:pk>/phieu.pdf", views.slip, name="dispensing_slip"),
    path("cap-phat/<uuid:pk>/nhan.pdf", views.labels, name="dispensing_labels"),
]
