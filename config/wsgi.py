"""WSGI entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
embedded.ensure()
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - the settings exist from here on

if settings.PRODUCTION:
    # New code on old tables would fail under a nurse's hands: better not to serve, and to say why in the log.
    from config import upgrade

    upgrade.must_be_done()
