"""What the three import commands share: their options, their table of numbers, and their exit codes."""

from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from circulation.imports import apply as imports
from circulation.imports.plan import Options, Plan
from circulation.words import several

SHOWN = 50
"""How many refused rows are printed; the file that is kept lists all of them."""


class ImportCommand(BaseCommand):
    """Read FILE and apply it whole, or not at all. Exit code 1 and sentences when nothing was applied."""

    kind: ClassVar[str]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV or XLSX, as the other system exports it.")
        parser.add_argument("--dry-run", action="store_true", help="Say what it would do, and change nothing.")
        parser.add_argument("--skip-refused", action="store_true", help="Apply the other rows when some are refused.")
        parser.add_argument("--quiet", action="store_true", help="Print figures alone, no names: for a log.")
        parser.add_argument("--on", type=_day, metavar="YYYY-MM-DD", help="The day that the file speaks for (today).")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        on: date = options["on"] or timezone.localdate()
        at = timezone.now()
        file = imports.a_file(self._content(path), kind=self.kind, name=path.name)
        allowed = Options(
            skip_refused=options["skip_refused"],
            allow_returns=options.get("allow_returns"),
            unmatched=options.get("unmatched", False),
        )
        try:
            verb = imports.look_at if options["dry_run"] else imports.apply
            plan = verb(file, on=on, at=at, options=allowed)
        except imports.ImportRefused as refusal:
            if refusal.plan:
                self._print(refusal.plan, quiet=options["quiet"])
            raise _refused(path, refusal.plan, str(refusal)) from refusal
        self._print(plan, quiet=options["quiet"])
        if options["dry_run"] and plan.objections:
            raise _refused(path, plan)
        self.stdout.write("Nothing was changed: this was a dry run." if options["dry_run"] else "Applied.")

    def _content(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error

    def _print(self, plan: Plan, *, quiet: bool) -> None:
        self.stdout.write(f"Read as {plan.read_as}.")
        for word, number in _figures(plan):
            self.stdout.write(f"  {word:<12}{number:>9,}")
        if quiet:
            return
        for note in plan.notes:
            self.stdout.write(note)
        if plan.unlisted and not plan.unmatched:
            who = several(plan.unlisted, "patron")
            self.stdout.write(f"{who} on file, not in this list: nothing happens to them (--unmatched moves them).")
        for refusal in plan.refused[:SHOWN]:
            self.stdout.write(str(refusal))
        if len(plan.refused) > SHOWN:
            self.stdout.write(f"And {len(plan.refused) - SHOWN:,} more refused rows.")


def _refused(path: Path, plan: Plan | None, sentence: str = "") -> CommandError:
    """Why, and which option allows it."""
    objections = plan.objections if plan else []
    why = " ".join(objection.for_commands() for objection in objections) or sentence
    return CommandError(f"{path.name}: {why} Nothing was changed.")


def _figures(plan: Plan) -> list[tuple[str, int]]:
    figures = [
        ("Rows", plan.rows),
        ("Add", plan.added),
        ("Change", plan.changed),
        ("Leave as is", plan.unchanged),
        ("Refused", len(plan.refused)),
    ]
    return figures + [
        (word, number) for word, number in (("Return", plan.returned), ("Unmatched", plan.unmatched)) if number
    ]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"“{text}” is not a day. Write it as 2026-11-23.") from error
