from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from library import backup


class Command(BaseCommand):
    help = "Write the whole database to FILE, while everything goes on. Keep it as safe as the library itself."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            size = backup.save(options["file"])
        except backup.BackupError as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write(f"{options['file']}: {size:,} bytes. The secret key is not in it; keep that apart.")
