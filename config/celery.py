"""The Celery application, used where a broker is set; without one ``manage.py worker`` does the same work."""

import os

from celery import Celery

from config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
embedded.ensure()
app = Celery("tramyte")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
