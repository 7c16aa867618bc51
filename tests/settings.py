"""Settings of the suite: the product's own, on throw-away state. Real Redis, real database, no DEBUG."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_var = tempfile.mkdtemp(prefix="cs-")
atexit.register(shutil.rmtree, _var, ignore_errors=True)  # registered first, so it runs after the servers ended

os.environ["CALLSPHERE_VAR"] = _var
os.environ["DEBUG"] = "0"
os.environ["SECRET_KEY"] = "a key for the tests only, which is as long as Django's own check asks for"
os.environ["ALLOWED_HOSTS"] = "*"
os.environ["CALLSPHERE_SANDBOX"] = "1"
os.environ["SANDBOX_PACE"] = "0"
for _name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
    os.environ.pop(_name, None)

from callsphere.settings import *  # noqa: E402, F403

STATIC_ROOT = Path(_var) / "static"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False  # the suite talks plain HTTP to itself
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "sessionid", "csrftoken"
# Tests log their cast in without a page; those of these two turn them on.
ADMINISTRATORS_NEED_SECOND_FACTOR = SENSITIVE_STEPS_ASK = False
