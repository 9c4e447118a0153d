"""The one reader of environment variables. `NAME_FILE` (a path) wins over `NAME`, for container secrets."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()
