"""The wording of letters: all templates, a new one for a step that has none, the versions of one (product.md, N7)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from circulation.models import Loan
from library.access import Role, allow, signed_in
from library.typed import is_row_number
from notices import differences, templates
from notices.models import Audience, Template, TemplateVersion
from notices.views.templates_shown import TO, blocks, heading, services

LOWEST, HIGHEST = -9, 30
"""Numbers of steps that somebody may write wording for."""
NO_STEP = "A step has a number from −9 to 30, but not 0: −1 is the reminder nearest to the due date, 1 is Overdue 1."


@allow(Role.ADMINISTRATOR)
@require_safe
def templates_list(request: HttpRequest) -> HttpResponse:
    found = services()
    missing = [cell for one in found for row in one.rows for cell in row.cells if cell.is_missing]
    context = {"here": "templates", "services": found, "blocks": blocks(), "missing": len(missing)}
    yours = Template.objects.filter(current__is_default=False).count()
    return render(request, "notices/templates.html", {**context, "yours": yours, "to": TO})


@allow(Role.ADMINISTRATOR)
@require_POST
def new(request: HttpRequest) -> HttpResponse:
    """A place for wording of a step that has none yet; nothing is in use before somebody saves."""
    service, audience = request.POST.get("service", ""), request.POST.get("audience", "")
    number = request.POST.get("number", "")
    sound = is_row_number(number.removeprefix("-")) and LOWEST <= int(number) <= HIGHEST and int(number) != 0
    if service not in Loan.Service or audience not in Audience or not sound:
        messages.warning(request, NO_STEP)
        return redirect("templates")
    template = templates.begin(service=Loan.Service(service), number=int(number), audience=Audience(audience))
    return redirect("template", template.pk)


@allow(Role.ADMINISTRATOR)
@require_safe
def versions(request: HttpRequest, pk: int) -> HttpResponse:
    """Every wording that this template had, and what changed between two of them."""
    template = get_object_or_404(Template.objects.select_related("current"), pk=pk)
    all_of_them = list(template.versions.select_related("by"))
    new_one = _asked(request, "to", all_of_them) or (all_of_them[0] if all_of_them else None)
    earlier = [one for one in all_of_them if new_one and one.number < new_one.number]
    old_one = _asked(request, "from", all_of_them) or (earlier[0] if earlier else None)
    context = {"here": "templates", "template": template, "heading": heading(template), "versions": all_of_them}
    if old_one and new_one:
        context |= {
            "old": old_one,
            "new": new_one,
            "subject": differences.between(old_one.subject, new_one.subject),
            "body": differences.between(old_one.body, new_one.body),
            "same": (old_one.subject, old_one.body) == (new_one.subject, new_one.body),
        }
    return render(request, "notices/template_versions.html", context)


@allow(Role.ADMINISTRATOR)
@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """An earlier version, or the program's own wording, becomes the newest version."""
    template = get_object_or_404(Template, pk=pk)
    asked = request.POST.get("version", "")
    if asked == "default":
        try:
            version = templates.restore_default(template, by=signed_in(request))
        except LookupError as reason:
            messages.warning(request, str(reason.args[0]))
            return redirect("template", pk)
        messages.success(request, f"The default wording is in use again, as version {version.number}.")
        return redirect("template", pk)
    old = get_object_or_404(template.versions, pk=int(asked) if is_row_number(asked) else 0)
    version = templates.restore(old, by=signed_in(request))
    messages.success(request, f"The wording of version {old.number} is in use again, as version {version.number}.")
    return redirect("template-versions", pk)


def _asked(request: HttpRequest, name: str, versions: list[TemplateVersion]) -> TemplateVersion | None:
    asked = request.GET.get(name, "")
    return next((one for one in versions if str(one.number) == asked), None)
