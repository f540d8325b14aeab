"""``manage.py import_items FILE``: one of the doors to ``circulation.imports.apply``."""

from circulation.management.importing import ImportCommand
from circulation.models import ImportFile


class Command(ImportCommand):
    help = "Items from another system's list."
    kind = ImportFile.Kind.ITEMS
