"""The row of the task-per-letter contender."""

from django.db import models


class Letter(models.Model):
    to = models.EmailField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "letterbox"
