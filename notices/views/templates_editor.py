"""Write a template and see the letter while typing (product.md, N7).

The preview is made by the code that sends, in a child process, for somebody real or for a sample. Nothing of it is
kept: the letter's HTML travels signed through the page into a frame of its own policy, so that no address holds
anything about anybody. What was typed is never lost: a refusal gives it back.
"""

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from library.access import Role, allow, signed_in
from notices import field_help, preview, templates
from notices.models import Audience, Template
from notices.views.templates_typed import Typed, salt_for
from smtp_gateway.views.message import POLICY

A_WHILE = 600
"""Seconds for which a signed letter can be shown."""


@allow(Role.ADMINISTRATOR)
@require_safe
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    template = _template(pk)
    if template.current:
        typed = Typed.of_version(template, template.current)
    else:
        subject, body = templates.to_begin_with(template)
        typed = Typed(template, subject=subject, body=body)
    return _page(request, typed)


@allow(Role.ADMINISTRATOR)
@require_POST
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """The typed wording becomes the next version, or comes back with what is wrong with it."""
    typed = Typed.from_form(_template(pk), request.POST)
    try:
        version = templates.save(
            typed.template,
            subject=typed.subject,
            body=typed.body,
            opened=typed.opened,
            by=signed_in(request),
            on=timezone.localdate(),
        )
    except templates.WordingRefused as refusal:
        typed.errors = refusal.errors
        return _page(request, typed, status=422)
    except templates.Overtaken as refusal:
        typed.newest = refusal.newest
        return _page(request, typed, status=409)
    if version.pk == typed.opened:
        messages.info(request, "Nothing was changed, so nothing was saved.")
    else:
        messages.success(request, f"Saved as version {version.number}. {_what_now(typed.template)}")
    return redirect("template", pk)


@allow(Role.ADMINISTRATOR)
@require_POST
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter in the typed wording; saves nothing. With htmx the letter alone, or only what is wrong with it."""
    typed = Typed.from_form(_template(pk), request.POST)
    if not request.headers.get("HX-Request"):
        return _page(request, typed)
    typed.look(by=request.user.pk, on=timezone.localdate())
    answer = render(request, "notices/template_preview.html", {"typed": typed, "alone": True})
    if typed.errors:
        answer["HX-Reswap"] = "none"  # the last letter that worked stays; what is wrong is said above the wording
    return answer


@allow(Role.ADMINISTRATOR)
@require_POST
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom the letter can be shown for. Names are asked for and answered outside of addresses."""
    template = _template(pk)
    words = request.POST.get("who", "")
    found = preview.people(words, audience=Audience(template.audience))
    return render(request, "notices/template_people.html", {"template": template, "words": words, "found": found})


@allow(Role.ADMINISTRATOR)
@require_POST
@xframe_options_sameorigin
def html(request: HttpRequest) -> HttpResponse:
    """A letter that this person was just shown, as a mail program will show it. Shows only what this site signed."""
    try:
        letter = signing.loads(request.POST.get("letter", ""), salt=salt_for(request.user.pk), max_age=A_WHILE)
    except signing.BadSignature:
        return HttpResponseBadRequest("This letter was shown too long ago. Show it again.")
    return HttpResponse(letter, headers={"Content-Security-Policy": POLICY})


def _template(pk: int) -> Template:
    return get_object_or_404(Template.objects.select_related("current__by"), pk=pk)


def _page(request: HttpRequest, typed: Typed, *, status: int = 200) -> HttpResponse:
    on = timezone.localdate()
    typed.look(by=request.user.pk, on=on)
    fields = field_help.groups(typed.template, on=on)
    context = {"here": "templates", "typed": typed, "fields": fields}
    return render(request, "notices/template.html", context, status=status)


def _what_now(template: Template) -> str:
    waiting = templates.waiting(template)
    if not waiting:
        return "The next letter speaks so."
    letters = "1 letter that waits keeps its words" if waiting == 1 else f"{waiting} letters that wait keep their words"
    return f"The next letter speaks so; {letters}."
