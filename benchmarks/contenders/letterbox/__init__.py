"""What most people would write: a row for each letter, a task for each row, and Django's own mail backend."""

import os

from celery import Celery, shared_task

from benchmarks.contenders import HTML, SENDER, SUBJECT, TEXT

QUEUE = "letters"
app = Celery("letterbox", broker=os.environ["REDIS_URL"])
app.conf.update(task_default_queue=QUEUE, task_ignore_result=True, worker_concurrency=2, worker_redirect_stdouts=False)


@shared_task(ignore_result=True)
def send(pk: int) -> None:
    from django.core.mail import EmailMultiAlternatives
    from django.utils import timezone

    from benchmarks.contenders.letterbox.models import Letter

    letter = Letter.objects.get(pk=pk)
    mail = EmailMultiAlternatives(SUBJECT, TEXT, SENDER, [letter.to])
    mail.attach_alternative(HTML, "text/html")
    mail.send()
    letter.sent_at = timezone.now()
    letter.save(update_fields=["sent_at"])
