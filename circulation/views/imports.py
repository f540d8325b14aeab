"""Import (product.md, C5): choose a file, match its columns once, look at what it does, apply it. Every file is kept.

Nothing is read or written here: ``circulation.imports.by_hand`` does both. Addresses carry the number of a file, never
its name, and the original is a download that no browser opens by itself.
"""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError

from circulation import tasks
from circulation.imports import by_hand, matching, read
from circulation.models import ImportFile
from circulation.views import import_looks
from circulation.views.import_forms import Allow, MatchColumns, SendFile
from library import exports
from library.access import Role, allow, signed_in
from library.typed import row_number

State = ImportFile.State
PAGE = 20
NOBODY_CAME = timedelta(seconds=30)
"""A file that waits longer with nobody at work may be asked for again."""


@allow(Role.LIBRARIAN)
@require_safe
def files(request: HttpRequest) -> HttpResponse:
    """Choose a file; below, the earlier ones."""
    return _files(request, SendFile())


@allow(Role.LIBRARIAN)
@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """Keep the file, look at it, and show what it would do. Nothing is applied."""
    form = SendFile(request.POST, request.FILES)
    if not form.is_valid():
        return _files(request, form, status=422)
    sent = form.cleaned_data["file"]
    file = by_hand.take_in(
        sent.read(),
        kind=form.cleaned_data["kind"],
        name=sent.name,
        on=timezone.localdate(),
        at=timezone.now(),
        by=signed_in(request),
    )
    return redirect("import-columns" if "unknown_columns" in file.shown else "import-file", file.pk)


@allow(Role.LIBRARIAN)
@require_safe
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """What a file would do, that it is being applied, or what it did."""
    found = get_object_or_404(ImportFile.objects.defer("content").select_related("by"), pk=pk)
    if "unknown_columns" in found.shown and not found.emptied_at and found.state == State.PLANNED:
        return redirect("import-columns", pk)
    return _file(request, found)


@allow(Role.LIBRARIAN)
@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Which column is which, with cells to see it by; remembered for the next file like this."""
    found = get_object_or_404(ImportFile, pk=pk)
    if found.state != State.PLANNED or found.emptied_at:
        messages.warning(request, "This file is not open any more, so its columns stay as they were.")
        return redirect("import-file", pk)
    seen = matching.columns_of(bytes(found.content), kind=found.kind, chosen=found.chosen or None)
    form = MatchColumns(seen, kind=found.kind, said=request.POST if request.method == "POST" else None)
    if request.method == "POST" and not form.errors:
        by_hand.match_columns(pk, form.chosen, on=timezone.localdate(), at=timezone.now(), by=signed_in(request))
        return redirect("import-file", pk)
    context = {"here": "import", "file": found, "form": form, "unknown": "unknown_columns" in found.shown}
    return render(request, "circulation/import_columns.html", context, status=422 if form.errors else 200)


@allow(Role.LIBRARIAN)
@require_POST
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """See what it would do by now."""
    by_hand.look_again(pk, on=timezone.localdate(), at=timezone.now())
    return redirect("import-file", pk)


@allow(Role.LIBRARIAN)
@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply what was shown: at once when the file is short, by a worker when it is long."""
    found = get_object_or_404(ImportFile.objects.defer("content").select_related("by"), pk=pk)
    form = Allow(request.POST)
    try:
        asked = by_hand.ask_to_apply(found.pk, form.options(), at=timezone.now())
    except by_hand.ByHandError as reason:
        if found.state == State.PLANNED and "figures" in found.shown:
            return _file(request, found, said=request.POST, why=str(reason))
        messages.warning(request, str(reason))
        return redirect("import-file", pk)
    if asked.rows <= by_hand.AT_ONCE:
        by_hand.apply_asked(pk, on=timezone.localdate(), at=timezone.now())
    else:
        _hand_to_a_worker(request, pk)
    return redirect("import-file", pk)


@allow(Role.LIBRARIAN)
@require_safe
def refused(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The refused rows as they stand in the file, each with its reason: to be corrected and sent again."""
    found = get_object_or_404(ImportFile, pk=pk)
    header, cells = _cells_by_line(found)
    rows = ([entry["line"], entry["reason"], *cells.get(entry["line"], [entry["found"]])] for entry in found.refused)
    headings = list(map(exports.text, ["Line", "Why it is refused", *(header or ["In the file"])]))
    return exports.file(exports.Format.CSV, name=f"refused-rows-{pk}", headings=headings, rows=rows)


@allow(Role.LIBRARIAN)
@require_safe
def original(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as it came, for download."""
    found = get_object_or_404(ImportFile.objects.defer("refused", "shown"), pk=pk)
    if found.emptied_at:
        raise Http404
    return HttpResponse(
        bytes(found.content),
        content_type="application/octet-stream",
        headers={"Content-Disposition": import_looks.disposition(found), "X-Content-Type-Options": "nosniff"},
    )


def _files(request: HttpRequest, form: SendFile, *, status: int = 200) -> HttpResponse:
    before = row_number(request.GET.get("before"))
    rows = ImportFile.objects.without_content().select_related("by").order_by("-pk")
    if before:
        rows = rows.filter(pk__lt=before)
    page = list(rows[: PAGE + 1])
    context = {
        "here": "import",
        "form": form,
        "files": [(one, import_looks.in_short(one)) for one in page[:PAGE]],
        "older": page[PAGE - 1].pk if len(page) > PAGE else None,
        "newest": bool(before),
    }
    return render(request, "circulation/imports.html", context, status=status)


def _file(request: HttpRequest, found: ImportFile, *, said: Any = None, why: str = "") -> HttpResponse:
    context: dict[str, Any] = {"here": "import", "file": found, "look": import_looks.Look(found), "why": why}
    if found.emptied_at:
        return render(request, "circulation/import_done.html", context)
    if found.state == State.WAITING:
        progress = by_hand.progress(found)
        late = found.asked_at is None or timezone.now() - found.asked_at > NOBODY_CAME
        context |= {"progress": progress, "nobody_came": late and not progress.at_work}
        return render(request, "circulation/import_waiting.html", context)
    if found.state == State.PLANNED:
        context["said"] = said or {}
        return render(request, "circulation/import_look.html", context, status=422 if why else 200)
    return render(request, "circulation/import_done.html", context)


def _hand_to_a_worker(request: HttpRequest, pk: int) -> None:
    try:
        tasks.apply_file.apply_async((pk,), retry=False)
    except OperationalError:
        messages.warning(request, "The worker cannot be reached. The file waits; apply it again in a while.")


def _cells_by_line(found: ImportFile) -> tuple[list[str], dict[int, list[str]]]:
    """The header, and the cells of the refused rows; nothing where the file cannot be read or was removed."""
    wanted = {entry["line"] for entry in found.refused}
    try:
        table = read.read(bytes(found.content))
        return table.header, {row.line: row.cells for row in table.rows if row.line in wanted and row.cells}
    except read.FileError:
        return [], {}
