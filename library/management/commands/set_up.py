from typing import Any

from django.core.management.base import BaseCommand

from library import standing


class Command(BaseCommand):
    help = "Make the rows that every installation has: ticks, groups, templates, settings. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        standing.set_up()
        if options["verbosity"]:
            self.stdout.write("Everything that stands in the database from the start is there.")
