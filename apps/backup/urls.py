"""Addresses of backups."""

from django.urls import path

from apps.backup import views

app_name = "backup"
urlpatterns = [
    path("", views.runs, name="runs"),
    path("ngay/", views.start, name="start"),
    path("xuat/", views.export, name="export"),
    path("xuat/<uuid:pk>/", views.take, name="take"),
]
