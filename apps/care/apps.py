"""Measurements and appointments."""

from django.apps import AppConfig


class CareConfig(AppConfig):
    name = "apps.care"
    verbose_name = "Chỉ số và lịch hẹn"
