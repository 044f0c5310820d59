"""Django's settings; everything that varies comes from the home folder or the environment."""

import os

from scuderia.config import transport
from scuderia.config.databases import tables_database
from scuderia.config.home import current_home, read_secret
from scuderia.config.rooms import rooms

HOME = current_home()
SECRET_KEY = read_secret(HOME) or "not-set-up-yet-run-scuderia-setup"
DEBUG = False
ALLOWED_HOSTS = [*transport.LOCAL, *transport.further_hosts(os.environ)]
TRUSTED_PROXIES = transport.trusted_proxies(os.environ)
ROOT_URLCONF = "scuderia.config.urls"
WSGI_APPLICATION = "scuderia.config.processes.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = False

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "rules",
    *(room.app for room in rooms()),
    "scuderia.config.apps.ConfigApp",
]

MIDDLEWARE = [
    "scuderia.web.proxies.TrustedProxies",
    "scuderia.config.middleware.HeadAsGet",
    "scuderia.config.middleware.WorldErrors",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "scuderia.web.security.StrictContentMiddleware",
    "scuderia.config.middleware.BoundedSessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "scuderia.web.writers.BoundedWriters",
]
WRITERS_AT_ONCE = int(os.environ.get("SCUDERIA_WRITERS_AT_ONCE", "4"))
URGENT_URLS = frozenset(name for room in rooms() for name in room.urgent)

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "scuderia.web.page_chrome.page_chrome",
            ],
        },
    }
]

DATABASES = {"default": tables_database(HOME)}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_RESET_TIMEOUT = 24 * 3600
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # kept of trusted proxies alone
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = transport.behind_tls(os.environ)
CSRF_TRUSTED_ORIGINS = (
    transport.https_origins(transport.further_hosts(os.environ)) if SESSION_COOKIE_SECURE else []
)
SECURE_HSTS_SECONDS = transport.hsts_seconds(os.environ)
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

STATIC_URL = "/static/"
STATICFILES_DIRS = [HOME.static] if HOME.static.exists() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
LOGGING_CONFIG = None
