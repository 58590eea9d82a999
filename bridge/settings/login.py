"""Who may sign in by what: providers of OpenID Connect, and how long a sign-in lasts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from bridge.domain.model import ConfigError
from bridge.domain.viewing import Role
from bridge.settings.sections import Duration, Section, Settings, variable
from connectors import Found

if TYPE_CHECKING:
    from bridge.settings.reader import Reader

WELL_KNOWN = "/.well-known/openid-configuration"
"""Where a provider says what it is: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig"""

OWN_PATHS = ("link",)
"""What an address below /sign-in means already: no provider is called so."""

_NEAR = ("localhost", "127.0.0.1", "::1")
_MANY_TENANTS = ("/common/", "/organizations/", "/consumers/")


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _issuer(value: str) -> str:
    said = value.strip().removesuffix(WELL_KNOWN)
    parts = urlsplit(said)
    near = parts.scheme == "http" and parts.hostname in _NEAR
    if not parts.hostname or parts.query or parts.fragment or not (parts.scheme == "https" or near):
        raise ValueError(f"{value!r} is no issuer: write it as https://accounts.example.com")
    if any(many in f"{said}/" for many in _MANY_TENANTS):
        raise ValueError("speaks for everybody's organisation: name yours, by its tenant's id")
    return said


def _domains(found: tuple[str, ...]) -> tuple[str, ...]:
    for one in found:
        if "@" in one or "." not in one.strip("."):
            raise ValueError(f'{one!r} is no domain: write it as "example.com"')
    return tuple(one.lower() for one in found)


def _role(value: object) -> object:
    known = {role.value: role for role in Role}
    if value == "none":
        return None
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{value!r} is no role; known are: {', '.join((*known, 'none'))}")
    return known[value]


def _lasting(length: timedelta) -> timedelta:
    if not length:
        raise ValueError("must be longer than nothing")
    return length


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
SomeRole = Annotated[Role | None, BeforeValidator(_role)]


class LoginSection(Section):
    """A provider of OpenID Connect that people may sign in by."""

    issuer: Annotated[str, AfterValidator(_issuer)]  # or the address of its discovery document
    client_id: Annotated[str, Field(min_length=1)]  # itself, or the name of a variable
    client_secret: str  # the name of a variable; "" for a client that has none
    label: str = ""
    domains: Annotated[Names, AfterValidator(_domains)] = ()
    role: SomeRole = None  # of newcomers; None: only people who are listed come in
    teams: Names = ()  # what newcomers see; "*" for all
    groups: str = ""  # the claim that lists somebody's groups
    roles: Mapping[str, Annotated[Role, BeforeValidator(_role)]] = {}  # by group
    scope: str = "openid email profile"
    trust_email: bool = False  # the provider doesn't say whether an address is verified

    @model_validator(mode="after")
    def _fits(self) -> LoginSection:
        if self.role is not None and not self.domains:
            raise ValueError(
                "role lets newcomers in: say from which domains, or anybody with an account could come"
            )
        if self.trust_email and not self.domains:
            raise ValueError("trust_email needs domains, all of whose addresses the provider rules")
        if bool(self.groups) != bool(self.roles):
            raise ValueError("groups (the claim) and roles (by group) belong together")
        if "openid" not in self.scope.split():
            raise ValueError('scope must contain "openid"')
        return self


class Sessions(Section):
    """How long somebody stays signed in."""

    lasts: Annotated[Duration, AfterValidator(_lasting)] = timedelta(days=14)
    idle: Annotated[Duration, AfterValidator(_lasting)] = timedelta(days=3)


Kind = Literal["slack", "google", "microsoft", "person-badge"]
"""Pictures on the button of a provider, as Bootstrap Icons are called."""


def picture(section: LoginSection) -> Kind:
    """The picture of whom an issuer belongs to."""
    host = urlsplit(section.issuer).hostname or ""
    known: dict[str, Kind] = {
        "slack.com": "slack",
        "accounts.google.com": "google",
        "login.microsoftonline.com": "microsoft",
    }
    return known.get(host, "person-badge")


def client_id(env: Mapping[str, str], section: LoginSection) -> str:
    """What a provider knows us by: what the variable of that name holds, else the word itself."""
    return variable(env, section.client_id) or section.client_id


def read_logins(
    reader: Reader, tables: Iterable[tuple[str, Mapping[str, Any]]]
) -> dict[str, LoginSection]:
    """All providers by name. Raises ConfigError."""
    found = {}
    for name, table in tables:
        where = ("login", name)
        if name in OWN_PATHS or not name.replace("-", "").replace("_", "").isalnum():
            reader.fail(where, "a name has letters, digits and dashes, and isn't `link`")
        found[name] = reader.section(LoginSection, where, table)
    return found


def logins_lack(settings: Settings) -> Iterator[Found]:
    """What is missing for signing in, and the way out."""
    for name, section in settings.login.items():
        try:
            if section.client_secret:
                settings.secret(section.client_secret)
        except ConfigError as error:
            yield Found(False, f"login {name}", str(error))
            continue
        if not settings.public_url:
            yield Found(
                False,
                f"login {name}",
                f"set PUBLIC_URL: the provider sends people back to PUBLIC_URL/sign-in/{name}/callback",
            )
            continue
        yield Found(True, f"login {name}: has what it needs")
