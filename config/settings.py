"""Settings from the environment, safe by default: loopback only, debugging off, an own secret in var/.

TRAMYTE_ENV=production refuses to start without what a real station needs. README.md lists all variables.
"""

import os
import secrets
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from apps.core.excel import Workbook
from config import database, embedded, logs

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = embedded.var_dir()


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


def _words(name: str) -> list[str]:
    return os.environ.get(name, "").replace(",", " ").split()


def _secret_key() -> str:
    """TRAMYTE_SECRET_KEY, else a random one kept in var/secret_key; production must set its own."""
    if key := os.environ.get("TRAMYTE_SECRET_KEY"):
        if PRODUCTION and len(key) < 50:
            raise ImproperlyConfigured("TRAMYTE_SECRET_KEY needs at least 50 characters in production.")
        return key
    if PRODUCTION:
        raise ImproperlyConfigured("Set TRAMYTE_SECRET_KEY in production (at least 50 random characters).")
    file = VAR_DIR / "secret_key"
    if not file.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f"secret_key.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50))
        try:
            os.link(fresh, file)  # the first of several starting processes wins
        except FileExistsError:
            pass
        fresh.unlink()
    return file.read_text()


# --- what kind of installation this is
ENVIRONMENT = os.environ.get("TRAMYTE_ENV", "development")
if ENVIRONMENT not in {"development", "production"}:
    raise ImproperlyConfigured("TRAMYTE_ENV is 'development' or 'production'.")
PRODUCTION = ENVIRONMENT == "production"
DEMO = _flag("TRAMYTE_DEMO")  # marks every page and paper 'DEMO'; holds invented people only
TRAINING = _flag("TRAMYTE_TRAINING")  # a demo for courses: marked 'TẬP HUẤN', nothing is sent anywhere
if TRAINING and not DEMO:
    raise ImproperlyConfigured("TRAMYTE_TRAINING goes with TRAMYTE_DEMO=1: 'manage.py training' sets both.")
MARK = "TẬP HUẤN" if TRAINING else "DEMO" if DEMO else ""  # on every page and paper of invented people
DEBUG = _flag("TRAMYTE_DEBUG")
TESTING = _flag("TRAMYTE_TESTING")  # set by tests/conftest.py: developers' pages are open
BENCH = _flag("TRAMYTE_BENCH")  # answers tell how many statements they cost; for `make bench` only
if PRODUCTION and (DEMO or DEBUG or BENCH):
    raise ImproperlyConfigured("TRAMYTE_DEMO, TRAMYTE_DEBUG and TRAMYTE_BENCH cannot be on in production.")
SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = _words("TRAMYTE_OLD_SECRET_KEYS")
ALLOWED_HOSTS = _words("TRAMYTE_HOSTS") or ([] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set TRAMYTE_HOSTS in production: the names under which the system is opened.")
CSRF_TRUSTED_ORIGINS = _words("TRAMYTE_TRUSTED_ORIGINS")

# --- the house, ground to roof: one line a room
ROOMS = [
    "apps.core",
    "apps.accounts",
    "apps.facilities",
    "apps.catalogues",
    "apps.outage",
    "apps.shifts",
    "apps.patients",
    "apps.care",
    "apps.households",
    "apps.field",
    "apps.stock",
    "apps.encounters",
    "apps.ncd",
    "apps.immunization",
    "apps.sync",
    "apps.oversight",
    "apps.population",
    "apps.backup",
]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "import_export",
    "rest_framework",
    "drf_spectacular",
    *ROOMS,
    "config",
]
MIDDLEWARE = [
    "config.proxies.ClientAddress",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.headers.Headers",
    "config.compress.Compressed",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "apps.accounts.middleware.SessionLimits",
    "apps.facilities.middleware.ScopeMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
if BENCH:
    MIDDLEWARE.insert(0, "config.measure.CountQueries")
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.context.shell",
            ],
        },
    }
]
FORM_RENDERER = "apps.core.rendering.Renderer"

# --- database
DATABASES = {"default": database.entry()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- who signs in
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign_in"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "apps.accounts.backends.AccountBackend"]
PASSWORD_HASHERS = [
    "apps.accounts.hashers.StationArgon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"apps.accounts.passwords.{name}"}
    for name in ("LongEnough", "NotOnlyDigits", "NotCommon", "NotLikeHer")
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours: long enough against guessing, short enough for a queue of patients
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "apps.accounts.views.locked_out"
AXES_DISABLE_ACCESS_LOG = True  # accounts keeps its own log of sign-ins
AXES_VERBOSE = False  # it would write user names into the log
SESSION_ENGINE = "django.contrib.sessions.backends.db"
# '__Host-': the browser takes it over HTTPS only, from this very host, for every path
SESSION_COOKIE_NAME = "__Host-tramyte" if PRODUCTION else "tramyte"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrftoken"
SESSION_COOKIE_AGE = 12 * 3600  # a shift
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.core.views.csrf_failure"
CSRF_COOKIE_HTTPONLY = True  # scripts read the token from the page

# --- transport and browser
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = PRODUCTION
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^khoe$"]  # a container's healthcheck speaks plain HTTP
# machines whose X-Forwarded-For says who asks: addresses, networks, 'unix' for a socket
TRUSTED_PROXIES = _words("TRAMYTE_TRUSTED_PROXIES")
if _flag("TRAMYTE_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY: dict[str, dict[str, Any]] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
if PRODUCTION:
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["upgrade-insecure-requests"] = True
LARGEST_REQUEST = 20_000_000  # bytes; the largest list that is read (catalogues/sheets.py) with its form
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000  # bytes of a form without its files
DATA_UPLOAD_MAX_NUMBER_FILES = 5
RATE_FACTOR = 1_000 if BENCH else 1  # a measurement types faster than a nurse (core/rates.py)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- language, time, formats
LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
USE_I18N = True
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_TZ = True

# --- lists in the administration: workbooks only, nothing in them is computed
IMPORT_EXPORT_FORMATS = [Workbook]

# --- files
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static" if DEMO else BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "files"
WHITENOISE_USE_FINDERS = not (PRODUCTION or DEMO)
_STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
if PRODUCTION:
    _STATIC = "whitenoise.storage.CompressedManifestStaticFilesStorage"
elif DEMO:
    _STATIC = "config.static.DemoStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _STATIC},
}

# --- cache and jobs: Redis and a broker only where a province has them
REDIS_URL = os.environ.get("TRAMYTE_REDIS_URL", "")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
CELERY_BROKER_URL = os.environ.get("TRAMYTE_BROKER_URL", "")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TIMEZONE = TIME_ZONE
# Sending has a queue and a worker of its own: a receiver that is slow keeps nobody's report waiting.
CELERY_TASK_ROUTES = {"apps.sync.tasks.*": {"queue": "sync"}}
CELERY_BEAT_SCHEDULE = {
    # A message may be lost between the commit and the broker; the job's row is not.
    "jobs that still wait": {"task": "apps.core.tasks.run_waiting_job", "schedule": 60.0},
    # Each piece runs once a day; asked often, a night that was missed is made up for.
    "work of the night": {"task": "apps.core.tasks.run_nightly", "schedule": 300.0},
    "files that have expired": {"task": "apps.core.tasks.remove_expired_exports", "schedule": 300.0},
    "checks of the installation": {"task": "apps.core.tasks.look_at_installation", "schedule": 300.0},
    # Attends for half a minute; until the next the rows wait, and a tick that came too late is none.
    "sending": {"task": "apps.sync.tasks.attend", "schedule": 10.0, "options": {"expires": 10.0}},
}
SYNC_PARALLEL = int(os.environ.get("TRAMYTE_SYNC_PARALLEL", "4"))  # people sent at the same time
# 'inline' runs jobs in the request (tests); '' leaves them to `manage.py worker`
TRAMYTE_JOBS = os.environ.get("TRAMYTE_JOBS", "celery" if CELERY_BROKER_URL else "")

# --- backups: where, for whose key, and the second place (a folder or sftp://user@host/folder)
BACKUP_DIR = Path(os.environ.get("TRAMYTE_BACKUP_DIR") or VAR_DIR / "backups").absolute()
# A course is not backed up: it would push the station's own copies out.
BACKUP_KEYS = [] if TRAINING else _words("TRAMYTE_BACKUP_KEYS")
BACKUP_COPY = os.environ.get("TRAMYTE_BACKUP_COPY", "")
BACKUP_SSH_KEY = os.environ.get("TRAMYTE_BACKUP_SSH_KEY", "")
BACKUP_KNOWN_HOSTS = os.environ.get("TRAMYTE_BACKUP_KNOWN_HOSTS", "")
EXPORT_DIR = VAR_DIR / "exports"
SEALED_DIR = VAR_DIR / "sealed"  # guarded exports; their keys lie in the database (core/sealed_files.py)
PG_PROGRAMS = [Path(folder) for folder in _words("TRAMYTE_PG_BIN")] or embedded.program_folders()

# --- API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "apps.facilities.api_access.KeyAuthentication",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["apps.facilities.api_access.KeyThrottle", "apps.core.rates.Often"],
    "DEFAULT_THROTTLE_RATES": {"api_key": "300/min"},  # for each key and web worker
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Trạm y tế xã",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "DEFAULT_GENERATOR_CLASS": "config.schema.Generator",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.schema.in_vietnamese",
    ],
    # Two lists of choices that are both called method.
    "ENUM_NAME_OVERRIDES": {
        "PaymentMethodEnum": "apps.encounters.models.money.Method",
        "BloodMethodEnum": "apps.care.models.measurements.Method",
        "TargetEnum": "apps.ncd.models.Reached",
    },
    "DESCRIPTION": (
        "Đọc và ghi dữ liệu của trạm y tế đúng quyền và phạm vi của mã truy cập. Danh sách trả từng trang; "
        "mỗi lần đọc hồ sơ một người được ghi vào nhật ký xem. Trả lời 4xx có câu giải thích theo từng mục."
    ),
}

LOGGING = logs.config(DEBUG, logs.level_of(os.environ.get("TRAMYTE_LOG_LEVEL", "INFO")))
