"""``manage.py import_loans FILE``: one of the doors to ``circulation.imports.apply``."""

from django.core.management.base import CommandParser

from circulation.management.importing import ImportCommand
from circulation.models import ImportFile


class Command(ImportCommand):
    help = "Another system's open loans, as the full truth of what is out."
    kind = ImportFile.Kind.LOANS

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--allow-returns",
            type=int,
            metavar="N",
            help="Let a file return up to N loans, more than half of what is out.",
        )
