"""Logging as JSON lines without personal data.

Messages of exceptions about data (ValueError, ValidationError, IntegrityError ...) quote what was typed, so
only their class and the places in the code are written; messages of programming errors are kept.
"""

import logging
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

SPEAKING = {
    "AttributeError",
    "ImportError",
    "ImproperlyConfigured",
    "FieldError",
    "ModuleNotFoundError",
    "NameError",
    "NotImplementedError",
    "OperationalError",
    "OutsideScope",
    "TemplateDoesNotExist",
    "TemplateSyntaxError",
    "TypeError",
}
Event = MutableMapping[str, Any]
# Loggers whose `extra` is ids and counts alone: it was written here.
OURS = ("tramyte.", "apps.", "config.")
_told_with = structlog.stdlib.ExtraAdder()


def trace_without_data(_logger: Any, _method: str, event: Event) -> Event:
    """structlog processor: exc_info becomes ``trace``, a list of 'file:line function', outermost first."""
    info = event.pop("exc_info", None)
    if info is True:
        import sys

        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else info[1] if info else None
    if error is not None:
        event["error"] = described(error)
        event["trace"] = [
            f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)
        ]
        if cause := error.__cause__ or error.__context__:
            event["cause"] = described(cause)
    return event


def told_with(logger: Any, method: str, event: Event) -> Event:
    """structlog processor: which row, which job. Of others' loggers nothing: Django's name the request."""
    record = event.get("_record")
    return _told_with(logger, method, event) if getattr(record, "name", "").startswith(OURS) else event


def address_of_ours(_logger: Any, _method: str, event: Event) -> Event:
    """structlog processor: an address that is none of ours (404, 400) was typed by hand, a name perhaps."""
    record = event.get("_record")
    if getattr(record, "status_code", None) in (400, 404):
        event["event"] = str(event["event"]).partition(":")[0]
    return event


def described(error: BaseException) -> str:
    """The class of an error, with its message only where that cannot quote a person's data."""
    name = type(error).__name__
    return f"{name}: {error}" if name in SPEAKING else name


def config(debug: bool, level: str) -> dict[str, Any]:
    """The LOGGING dictionary: JSON lines on standard error, or readable lines when debugging."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[Any]
    if debug:
        ending = [told_with, structlog.dev.ConsoleRenderer()]
    else:
        ending = [
            told_with,
            address_of_ours,
            trace_without_data,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    *ending[:-1],
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    ending[-1],
                ],
                "keep_exc_info": False,
                "keep_stack_info": False,
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # These would repeat each request and, when debugging, each statement with its values.
            "django.server": {"level": "INFO" if debug else "WARNING"},
            "django.db.backends": {"level": "WARNING"},
            "django": {"handlers": [], "level": level, "propagate": True},
            "weasyprint": {"level": "ERROR"},
            "fontTools": {"level": "ERROR"},
            "httpx": {"level": "WARNING"},  # logs addresses with their queries
        },
    }


def level_of(name: str) -> str:
    """A level's name, checked; INFO when it is unknown."""
    return name.upper() if name.upper() in logging.getLevelNamesMapping() else "INFO"
