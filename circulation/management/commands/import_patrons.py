"""``manage.py import_patrons FILE``: one of the doors to ``circulation.imports.apply``."""

from django.core.management.base import CommandParser

from circulation.management.importing import ImportCommand
from circulation.models import ImportFile


class Command(ImportCommand):
    help = "Patrons, with their guardians, from another system's list."
    kind = ImportFile.Kind.PATRONS

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--unmatched",
            action="store_true",
            help="Move patrons who are not listed to the group Unmatched (not staff).",
        )
