"""Every address of the site. Who may open which is stated beside each view (``library.access``)."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from library import health, home, pages
from library.access import Role, allow
from library.views import accounts, details, who_did_what

urlpatterns = [
    path("", home.home, name="home"),
    path("", include("circulation.urls")),
    path("", include("smtp_gateway.urls")),
    path("", include("notices.urls")),
    path(
        "sign-in/",
        LoginView.as_view(authentication_form=pages.SignInForm, redirect_authenticated_user=True),
        name="login",
    ),
    path("sign-out/", login_not_required(LogoutView.as_view()), name="logout"),
    path("library/", details.details, name="library-details"),
    path("library/people/", accounts.people, name="accounts"),
    path("library/people/new/", accounts.new, name="account-new"),
    path("library/people/<int:pk>/", accounts.account, name="account"),
    path("library/people/<int:pk>/let-in/", accounts.let_in_again, name="account-let-in"),
    path("library/changes/", who_did_what.who_did_what, name="who-did-what"),
    path("password/", allow(Role.DESK_HELPER)(pages.NewPassword.as_view()), name="password_change"),
    path("health/", health.health, name="health"),
    path("health/live/", health.live, name="live"),
    path("admin/", admin.site.urls),
]
