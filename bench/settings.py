"""The platform's own settings, with the floors' addresses beside its own."""

from yiwang.config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
