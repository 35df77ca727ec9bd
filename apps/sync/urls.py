"""Addresses of sync."""

from django.urls import path

from apps.sync import views

app_name = "sync"
urlpatterns = [
    path("", views.station, name="station"),
    path("noi-nhan/", views.receivers, name="receivers"),
    path("noi-nhan/<uuid:pk>/", views.receiver, name="receiver"),
    path("noi-nhan/<uuid:pk>/bat-tat/", views.switch, name="switch"),
    path("noi-nhan/<uuid:pk>/gui-lai/", views.send_all_again, name="send_all_again"),
    path("noi-nhan/<uuid:pk>/chay-lai/", views.resume, name="resume"),
    path("luot-kham/<uuid:pk>/", views.visit_panel, name="visit_panel"),
    path("<uuid:pk>/", views.row, name="row"),
    path("<uuid:pk>/gui-lai/", views.send_again, name="send_again"),
    path("<uuid:pk>/goi-tin/", views.payload, name="payload"),
]
