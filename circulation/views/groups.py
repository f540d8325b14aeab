"""Groups: a class, a year or the staff. The page of a group is its form."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from circulation import people
from circulation.forms.people import GroupForm
from circulation.models import Group
from library.access import Role, allow


@allow(Role.LIBRARIAN)
def add(request: HttpRequest) -> HttpResponseBase:
    return _form(request, None)


@allow(Role.LIBRARIAN)
def group(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _form(request, get_object_or_404(Group, pk=pk))


def _form(request: HttpRequest, found: Group | None) -> HttpResponseBase:
    form = GroupForm(request.POST or None, instance=found and Group.objects.get(pk=found.pk))
    if request.method == "POST" and form.is_valid():
        changed = form.changed_data if found else []
        saved = people.save_group(form.save(commit=False), changed=changed, by=request.user)
        messages.success(request, f"{saved} is saved." if found else f"{saved} is a group now.")
        return HttpResponseRedirect(reverse("group", args=[saved.pk]))
    members = found.patrons.active().count() if found else 0
    context = {"here": "patrons", "form": form, "group": found, "members": members}
    return render(request, "circulation/group.html", context)
