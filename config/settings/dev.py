"""One machine: embedded servers unless URLs are set, static files straight from the packages."""

from config.settings.base import *  # noqa: F403

DEBUG = False
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
