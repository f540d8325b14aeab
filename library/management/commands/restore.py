from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from library import backup


class Command(BaseCommand):
    help = "Read FILE, made by back_up, into the empty database of this installation. Its gateway stays quiet at first."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup.put_back(options["file"])
        except backup.BackupError as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write(
            "Everything is back. Start the program as usual; it sends nothing until an administrator confirms on the "
            "gateway's page that this installation is the one to send."
        )
