from typing import Any

from django.core.management.base import BaseCommand

from library import slots


class Command(BaseCommand):
    help = "Say that the installation starts: the gateway comes back, or stays stopped, as its settings say."

    def handle(self, *args: Any, **options: Any) -> None:
        for verb in slots.boot_verbs:
            verb()
        if options["verbosity"]:
            self.stdout.write("The installation has been told that it starts.")
