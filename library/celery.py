"""Celery only says *when*: every task is one line that calls a verb. Its settings are in ``settings``."""

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "library.settings")

# As root Celery fears pickled messages; ours are JSON and nothing else is accepted (CELERY_ACCEPT_CONTENT).
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("library")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
