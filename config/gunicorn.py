"""gunicorn's settings: ``gunicorn -c config/gunicorn.py config.wsgi``.

Threads suit pages that wait for the database; no preload, so that no connection is open when workers fork.
"""

import gc
import os
import socket
import struct
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
limit_request_line = 2048  # no address of ours is longer: what is searched for is posted
limit_request_fields = 60
limit_request_field_size = 8190
SILENT_SECONDS = 20  # a client that begins a request, or takes an answer, and then says nothing for so long


def when_ready(server: Any) -> None:
    """Accepted connections inherit it: else eight clients that stop in mid-request would hold all threads.
    A drip of single bytes is the reverse proxy's to refuse."""
    for listener in server.LISTENERS:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", SILENT_SECONDS, 0))


def post_worker_init(worker: Any) -> None:
    """What is loaded now stays for the worker's life: the collector need not walk it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
