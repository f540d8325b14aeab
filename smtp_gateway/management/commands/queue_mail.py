"""Queue a message of another program: ``manage.py queue_mail [RECIPIENT ...] < message.eml``."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from smtp_gateway import programs
from smtp_gateway.errors import OutboxError


class Command(BaseCommand):
    help = "Put an RFC 5322 message from standard input into the outbox, once for each recipient."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("recipients", nargs="*", help="Addresses; without any, those in To, Cc and Bcc.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            ids = programs.queue(sys.stdin.buffer.read(), recipients=options["recipients"], at=timezone.localtime())
        except OutboxError as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{len(ids)} {'message' if len(ids) == 1 else 'messages'} queued.")
