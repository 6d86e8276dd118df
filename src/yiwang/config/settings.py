"""Django settings, made from the environment. One file for all modes: a mode changes values, never what is checked."""

from __future__ import annotations

import base64
import urllib.parse
from typing import Any

from django.utils.translation import gettext_lazy as _

from yiwang.config.environment import ROOT, Environment, Mode
from yiwang.config.logs import configure as configure_logs

ENV = Environment()
DEMO = ENV.mode is Mode.DEMO
PRODUCTION = ENV.mode is Mode.PRODUCTION
DEBUG = False
SECRET_KEY = ENV.secret_key.get_secret_value()
ALLOWED_HOSTS = [*ENV.allowed_hosts, "127.0.0.1", "localhost", "[::1]"]  # the machine asks itself whether it is well
if ENV.mode is Mode.TEST:
    ALLOWED_HOSTS.append("testserver")
BASE_URL = ENV.base_url.rstrip("/")
SECURE = BASE_URL.startswith("https://")
ROOT_URLCONF = "yiwang.config.urls"
WSGI_APPLICATION = "yiwang.config.wsgi.application"

YIWANG_DEMO = DEMO or ENV.mode is Mode.TEST
YIWANG_STATE_DIR = ENV.state_dir
YIWANG_PACK = ENV.pack
YIWANG_PACK_DIR = ENV.pack_dir
YIWANG_DATA_KEYS = ENV.data_keys.get_secret_value()
YIWANG_INDEX_KEY = base64.b64decode(ENV.index_key.get_secret_value())
YIWANG_AUDIT_KEY = base64.b64decode(ENV.audit_key.get_secret_value())
YIWANG_PLUGINS = ENV.plugins
YIWANG_SMTP_URL = ENV.smtp_url.get_secret_value()
YIWANG_SMS_URL = ENV.sms_url
YIWANG_SMS_TOKEN = ENV.sms_token.get_secret_value()
YIWANG_FEED_NETWORKS = ENV.networks
YIWANG_ASK_SECONDS = ENV.ask_seconds
YIWANG_FEED_DIR = ENV.feed_dir or ENV.state_dir / "feeds"
YIWANG_FEED_KEEP_DAYS = ENV.feed_keep_days
YIWANG_TRUSTED_PROXIES = ENV.trusted_proxies
YIWANG_SIGNATURE_FILE = ENV.signature_file
YIWANG_SIGNATURE_PASSWORD = ENV.signature_password.get_secret_value()
YIWANG_SIGNATURE_ROOTS = ENV.signature_roots

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "procrastinate.contrib.django",
    "oauth2_provider",
    "yiwang.config",
    "yiwang.kernel",
    "yiwang.ui",
    "yiwang.platform.directory",
    "yiwang.platform.identity",
    "yiwang.platform.editing",
    "yiwang.platform.catalog",
    "yiwang.platform.sharing",
    "yiwang.platform.licences",
    "yiwang.platform.evidence",
    "yiwang.platform.papers",
    "yiwang.platform.cases",
    "yiwang.platform.notices",
    "yiwang.platform.search",
    "yiwang.platform.oversight",
    "yiwang.halls.services",
    "yiwang.doors.portal",
    "yiwang.doors.desk",
    "yiwang.doors.openapi",
    "wagtail.snippets",
    "wagtail.users",
    "wagtail.documents",  # the admin's pages name the addresses of documents and images, so both must be there
    "wagtail.images",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
]
MIDDLEWARE = [
    "yiwang.config.metrics.MeasuringMiddleware",
    "yiwang.kernel.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "yiwang.doors.openapi.middleware.ProblemDetailsMiddleware",
    "yiwang.ui.middleware.SecurityHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "yiwang.ui.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "yiwang.ui.middleware.PartsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "yiwang.ui.middleware.ReadableMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "yiwang.platform.identity.middleware.ActorMiddleware",
    "yiwang.doors.openapi.middleware.ClientMiddleware",
    "yiwang.ui.middleware.EditionMiddleware",
    "yiwang.ui.middleware.ProblemMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "yiwang.ui.context.page",
                "yiwang.doors.portal.context.frame",
                "yiwang.doors.desk.context.frame",
            ],
            "loaders": [
                (
                    "yiwang.ui.loaders.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "libraries": {"i18n": "yiwang.ui.templatetags.worded"},
            "builtins": [
                "django_cotton.templatetags.cotton",
                "yiwang.ui.templatetags.ui",
                "yiwang.platform.catalog.templatetags.catalog",
            ],
        },
    }
]


def _database(url: str) -> dict[str, Any]:
    parts = urllib.parse.urlsplit(url)
    options = dict(urllib.parse.parse_qsl(parts.query))
    host = options.pop("host", "") or parts.hostname or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/") or "yiwang",
        "USER": urllib.parse.unquote(parts.username or ""),
        "PASSWORD": urllib.parse.unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        # The server keeps the plan of what is asked again and again: half of its time went into making plans.
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 5 if ENV.database_prepare else None}
        | options
        | ({} if ENV.mode is Mode.TEST else {"pool": {"min_size": 1, "max_size": ENV.database_pool, "timeout": 10}}),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
    }


# In tests the transaction of the test holds all there is, and a count that outlives it would meet the next one.
YIWANG_SHARED_LIMITS = ENV.mode is not Mode.TEST
DATABASES = {"default": _database(ENV.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("英文"))]
LOCALE_PATHS = [ROOT / "src" / "yiwang" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

UI_SITE = "yiwang.platform.directory.city.site"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # static files are served from where `yiwang build` puts them: nothing is collected
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/build/[^/]+\.[0-9a-f]{12}\.[a-z]+$"
MEDIA_ROOT = ENV.state_dir / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if ENV.files_url.startswith("s3://"):
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {"bucket_name": ENV.files_url.removeprefix("s3://"), "file_overwrite": False},  # type: ignore[dict-item]
    }
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

SESSION_ENGINE = "yiwang.platform.identity.store"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600  # idle sessions end sooner, and what was being sent is kept (identity.again)
SESSION_SAVE_EVERY_REQUEST = False
CSRF_COOKIE_HTTPONLY = True
CSRF_USE_SESSIONS = False
CSRF_FAILURE_VIEW = "yiwang.platform.identity.again.stale_page"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked from inside, past the proxy
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.trusted_proxies else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

AUTH_USER_MODEL = "identity.Account"
AUTHENTICATION_BACKENDS = [
    "yiwang.platform.identity.store.AccountBackend",
    "yiwang.platform.editing.access.RoleBackend",
]
LOGIN_URL = "/sign-in/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if ENV.mode is Mode.TEST:
    PASSWORD_HASHERS.insert(0, "django.contrib.auth.hashers.MD5PasswordHasher")
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
OAUTH2_PROVIDER = {
    "SCOPES_BACKEND_CLASS": "yiwang.doors.openapi.tokens.ClientScopes",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # only the token's checksum is kept
    # Only client credentials are served; what other grants would allow is shut all the same.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
}
WAGTAIL_SITE_NAME = "一网"
WAGTAILADMIN_BASE_URL = BASE_URL
WAGTAILADMIN_LOGIN_URL = LOGIN_URL
WAGTAIL_AUTOSAVE_INTERVAL = 0  # every save is an act in the record: only when the editor says so
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
UI_CSP_EXCEPTIONS = {
    "/editors/": (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; script-src 'self'; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
}
AUTH_PASSWORD_VALIDATORS = [{"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"}]
# Only the factors of allauth are used (TOTP, passkeys), under our own pages: none of its addresses is served.
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
MFA_ADAPTER = "yiwang.platform.identity.factors.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # Pieces of public pages (ui.kept): of each process, some 5 KB each.
    "pages": {
        "BACKEND": "yiwang.ui.caches.CompressedCache",
        "LOCATION": "pages",
        "TIMEOUT": 3600,
        "OPTIONS": {"MAX_ENTRIES": 1000},
    },
}
SILENCED_SYSTEM_CHECKS = [
    "security.W002",  # ui.middleware sets X-Frame-Options
    "security.W005",  # a city's other hosts are not ours to bind
    "security.W021",
    "templates.W003",  # `i18n` is ours on purpose (ui.templatetags.worded)
]
LOGGING_CONFIG = None
configure_logs(ENV.log_level, plain=ENV.mode is Mode.TEST)
