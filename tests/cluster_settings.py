"""Settings of the processes of a cluster that the suite tests through its edge: the product's, and the suite's."""

from callsphere.settings import *  # noqa: F403
from callsphere.settings import VAR_DIR

STATIC_ROOT = VAR_DIR / "static"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mails"
# The suite talks plain HTTP to itself, over which no browser takes a cookie named __Host-….
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "sessionid", "csrftoken"
# Tests log their cast in without a page.
ADMINISTRATORS_NEED_SECOND_FACTOR = SENSITIVE_STEPS_ASK = False
