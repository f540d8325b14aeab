from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from library.demo import users
from library.demo.load import DemoError, Made, load
from library.demo.post import Mailbox


class Command(BaseCommand):
    help = "Make the demonstration library (Wattle Grove College) on an empty database, and set it going."

    def add_arguments(self, parser: ArgumentParser) -> None:
        mailbox = Mailbox()
        parser.add_argument(
            "--on", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the day for which it is made (today)"
        )
        parser.add_argument("--smtp-host", default=mailbox.host, help=f"host of the test mailbox ({mailbox.host})")
        parser.add_argument(
            "--smtp", type=int, default=mailbox.port, metavar="PORT", help=f"port of the test mailbox ({mailbox.port})"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        mailbox = Mailbox(host=options["smtp_host"], port=options["smtp"])
        try:
            made = load(on=options["on"] or timezone.localdate(), mailbox=mailbox)
        except DemoError as reason:
            raise CommandError(str(reason)) from reason
        if options["verbosity"]:
            self.stdout.write(_summary(made))


def _summary(made: Made) -> str:
    return (
        f"Wattle Grove College has {made.patrons} patrons with {made.guardians} parents and carers, "
        f"{made.items:,} items, {made.loans} loans and {made.partners} partner libraries.\n"
        f"{made.told_before} notices stand in the history; {made.letters} letters were written for today.\n"
        f"Sign in as {', '.join(users.PEOPLE)}; the password is {users.PASSWORD}."
    )
