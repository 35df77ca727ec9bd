"""gunicorn's settings: ``gunicorn -c config/gunicorn.py config.wsgi``.

Threads suit pages that wait for the database; no preload, so that no connection is open when workers fork.
"""

import gc
import os
from typing import Any

bind = os.environ.get("TRAMYTE_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4  # as many as connections in a process's pool (config/database.py)
timeout = 60  # seconds; long work belongs into jobs
graceful_timeout = 15
max_requests = 5000  # a worker is renewed now and then, so that a slow leak never fills a station's machine
max_requests_jitter = 500
accesslog = None  # addresses carry no personal data, but who read what when belongs into the read log alone
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """What is loaded now stays for the worker's life: the collector need not walk it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
