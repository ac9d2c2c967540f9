"""Django's settings. Everything a city may change comes from the environment; see docs/reference/settings.md."""

import os
from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from cityloop.config.address import public_url, security_contacts
from cityloop.config.broker import broker
from cityloop.config.databases import database
from cityloop.config.languages import first
from cityloop.config.mail import mail
from cityloop.config.maps import map_source, origin
from cityloop.config.metrics import metrics
from cityloop.config.secret import older_secrets, production, secret_key
from cityloop.config.stream import stream
from cityloop.config.visitors import proxies
from cityloop.home import home

HOME = CITYLOOP_HOME = home()
PRODUCTION = production()
PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = secret_key()
SECRET_KEY_FALLBACKS = older_secrets()
DEBUG = False
ALLOWED_HOSTS = os.environ.get("CITYLOOP_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("CITYLOOP_ORIGINS", "").split(",") if o]

PUBLIC_URL = public_url(os.environ.get("CITYLOOP_URL", ""), CSRF_TRUSTED_ORIGINS)
SECURITY = security_contacts(os.environ.get("CITYLOOP_SECURITY", ""))
CITYLOOP_LICENCE = os.environ.get("CITYLOOP_LICENCE", "")
PROXIES = proxies(os.environ.get("CITYLOOP_PROXIES", ""))
# Reports a minute that one address may hand in at the doors for programs without a key; 0 is no brake.
STRANGERS = int(os.environ.get("CITYLOOP_STRANGERS") or 30)

# The word by which a Prometheus may ask /metrics, "" where nobody may; and the layer that names routes to it.
METRICS = metrics(os.environ.get("CITYLOOP_METRICS", ""), HOME)
NAMES_ROUTES = ["cityloop.doors.metrics.counting.routed"] if METRICS else []

ROOMS = [
    "cityloop.town.ledger",
    "cityloop.town.files",
    "cityloop.town.units",
    "cityloop.town.calendar",
    "cityloop.town.components",
    "cityloop.town.persons",
    "cityloop.town.orgs",
    "cityloop.town.imagery",
    "cityloop.town.catalog",
    "cityloop.town.worklist",
    "cityloop.town.notices",
    "cityloop.town.hooks",
    "cityloop.loops.cases",
    "cityloop.loops.sensing",
]
INSTALLED_APPS = [
    *ROOMS,
    "cityloop.doors.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
]

MIDDLEWARE = [
    *NAMES_ROUTES,
    "cityloop.config.moment.moment",
    "cityloop.config.visitors.visitors",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "cityloop.doors.web.compressed.CompressedPages",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "cityloop.config.speaking.CityLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

WIRING = "cityloop.config.wiring"  # read by name: nothing below config may import it
ROOT_URLCONF = "cityloop.config.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n", "cityloop.doors.web.templatetags.cityloop"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cityloop.doors.web.context.page",
            ],
        },
    },
]

DATABASES = {"default": database(os.environ.get("DATABASE_URL", ""), HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "persons.Account"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "desk:sign-in"
LOGIN_REDIRECT_URL = "desk:home"
LOGOUT_REDIRECT_URL = "public:home"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
FIRST_LANGUAGE = first(os.environ.get("CITYLOOP_LANGUAGE", ""), [code for code, _name in LANGUAGES])
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # a city's own zone belongs to its calendar
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = PRODUCTION

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/build/assets/"
MEDIA_ROOT = HOME / "media"
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # larger ones go through a file, so that memory stays small
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

# Webhooks go to the open internet alone, unless their receivers stand in the city's own network.
HOOKS_INSIDE = os.environ.get("CITYLOOP_HOOKS_INSIDE", "") in ("1", "true", "yes")
HOOKS_SECONDS = 10.0  # for one message

# The broker that devices publish to and others subscribe at, another one that only devices publish to, and the access
# key that the bridge goes by.
MQTT = broker(os.environ.get("CITYLOOP_MQTT", ""))
MQTT_DEVICES = broker(os.environ.get("CITYLOOP_MQTT_DEVICES", ""), below="")
MQTT_KEY = os.environ.get("CITYLOOP_MQTT_KEY", "")

# The servers of the stream that carries readings to those who judge them; none: the steward judges them by itself.
STREAM = stream(os.environ.get("CITYLOOP_STREAM", ""))

globals().update(
    mail(os.environ.get("CITYLOOP_SMTP", ""), os.environ.get("CITYLOOP_SENDER", "cityloop@localhost"), HOME)
)

MAP_FILE, MAP_STYLE = map_source(os.environ.get("CITYLOOP_MAP", ""), HOME)
PLACES_FILE = HOME / "places.msgpack"  # streets and parks that can be looked for
IMAGERY = Path(os.environ.get("CITYLOOP_IMAGERY") or HOME / "imagery")  # pictures from above that we cut ourselves

# Readings: for how many days they stay in the database before they go to Parquet in HISTORY, and for how many days they
# and what they are summed up to are kept at all (0: for ever).
HISTORY = Path(os.environ.get("CITYLOOP_HISTORY") or HOME / "history")
HOT_DAYS = int(os.environ.get("CITYLOOP_HOT_DAYS") or 90)
KEEP_DAYS = {kind: int(os.environ.get(f"CITYLOOP_KEEP_{kind.upper()}") or 0) for kind in ("readings", "hours", "days")}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        # Widths of clock bars and places of map marks are style attributes; they cannot load or run anything.
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:", *origin(MAP_STYLE)],
        "worker-src": [SELF, "blob:"],
        "connect-src": [SELF, *origin(MAP_STYLE)],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_FAILURE_VIEW = "cityloop.doors.web.errors.csrf_failure"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
# Whether a city's other names have TLS is not ours to say (W005, W021); how long a secret is, secret.py says (W009).
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W009", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"no-addresses": {"()": "cityloop.doors.web.errors.NoAddresses"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no-addresses"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"cityloop": {"level": "INFO"}, "django.request": {"level": "ERROR"}},
}
