"""Celery only says *when*: every task is one line that calls a verb. Its settings are in ``settings``."""

import logging.config
import os
import warnings
from typing import Any

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "library.settings")

# As root Celery fears pickled messages; ours are JSON and nothing else is accepted (CELERY_ACCEPT_CONTENT).
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("library")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def log_as_the_pages_do(**asked: Any) -> None:
    """Celery's own handlers would print what a task stumbled over, values and all."""
    logging.config.dictConfig(settings.LOGGING)
