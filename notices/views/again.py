"""*Write again* for a message that could not be sent, when its reader has a new address; *Send again* for one that was
sent and did not come."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from library.access import Role, allow
from notices import again
from notices.models import Letter


@allow(Role.LIBRARIAN)
@require_POST
def write_again(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        letter = again.write(pk, on=timezone.localdate(), by=request.user.get_username())
    except again.AgainError as reason:
        messages.warning(request, str(reason))
    else:
        where = f"goes to {letter.to}" if letter.channel == Letter.Channel.EMAIL else "goes on paper"
        messages.success(request, f"The letter is written again within a minute and {where}.")
    return HttpResponseRedirect(reverse("message", args=[pk]))


@allow(Role.LIBRARIAN)
@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        letter = again.send(pk, on=timezone.localdate())
    except again.AgainError as reason:
        messages.warning(request, str(reason))
    else:
        where = f"goes to {letter.to}" if letter.channel == Letter.Channel.EMAIL else "goes on paper"
        messages.success(request, f"A copy is written within a minute and {where}. It does not count as a step.")
    return HttpResponseRedirect(reverse("message", args=[pk]))
