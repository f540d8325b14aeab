"""Three ways that others send queued mail, as their documents say: run by the interpreter that has them installed.

``post_office``: ``send_queued_mail``, default or tuned by BATCH, PROCESSES and THREADS. ``mailer``: ``send_mail``.
``celery``: a row and a task for each letter, prefetch and acknowledgement as Celery has them by default.
"""

import logging
import os
import sys
from urllib.parse import urlsplit

import django
from django.conf import settings

from benchmarks.contenders import HTML, SENDER, SUBJECT, TEXT, messages, recipient, wait_for_the_start

database = urlsplit(os.environ["DATABASE_URL"])
app = {"post_office": "post_office", "mailer": "mailer", "celery": "benchmarks.contenders.letterbox"}[sys.argv[2]]
post_office = {"BATCH_SIZE": int(os.environ["BATCH"])} if "BATCH" in os.environ else {}
post_office |= {"THREADS_PER_PROCESS": int(os.environ["THREADS"])} if "THREADS" in os.environ else {}
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": database.path[1:],
            "USER": database.username,
            "PASSWORD": database.password,
            "HOST": database.hostname,
            "PORT": database.port,
            "CONN_MAX_AGE": 60,
        }
    },
    INSTALLED_APPS=["django.contrib.contenttypes", app],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    SECRET_KEY="benchmark",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    USE_TZ=True,
    EMAIL_HOST="127.0.0.1",
    EMAIL_PORT=int(os.environ["SINK_PORT"]),
    MAILER_LOCK_PATH=os.environ["LOCK"],
    POST_OFFICE=post_office,
    LOGGING_CONFIG=None,
)
logging.disable(logging.WARNING)
django.setup()


def letters() -> range:
    return range(messages())


def fill_post_office() -> None:
    from post_office import mail

    some = 1000
    for first in range(0, messages(), some):
        mail.send_many(
            [
                {
                    "sender": SENDER,
                    "recipients": [recipient(number)],
                    "subject": SUBJECT,
                    "message": TEXT,
                    "html_message": HTML,
                }
                for number in letters()[first : first + some]
            ]
        )


def send_post_office() -> None:
    from django.core.management import call_command

    wait_for_the_start()
    call_command("send_queued_mail", processes=int(os.environ.get("PROCESSES", "1")), lockfile=os.environ["LOCK"])


def fill_mailer() -> None:
    from django.db import transaction
    from mailer import send_html_mail

    with transaction.atomic():
        for number in letters():
            send_html_mail(SUBJECT, TEXT, HTML, SENDER, [recipient(number)])


def send_mailer() -> None:
    from mailer.engine import send_all

    wait_for_the_start()
    send_all()


def fill_celery() -> None:
    from benchmarks.contenders import letterbox
    from benchmarks.contenders.letterbox.models import Letter

    Letter.objects.bulk_create([Letter(to=recipient(number)) for number in letters()], batch_size=1000)
    with letterbox.app.producer_pool.acquire() as producer:
        for number in Letter.objects.values_list("pk", flat=True):
            letterbox.send.apply_async([number], producer=producer)


def send_celery() -> None:
    from celery.signals import worker_ready

    from benchmarks.contenders import letterbox

    @worker_ready.connect
    def begin(sender: object, **_: object) -> None:
        wait_for_the_start()
        sender.add_task_queue(letterbox.QUEUE)  # type: ignore[attr-defined]

    letterbox.app.worker_main(["--quiet", "worker", "-Q", "nothing", "--loglevel", "WARNING", "--without-mingle"])


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        from django.core.management import call_command

        call_command("migrate", run_syncdb=True, verbosity=0)
    globals()[f"{sys.argv[1]}_{sys.argv[2]}"]()
