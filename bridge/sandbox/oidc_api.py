"""The HTTP side of the OpenID Connect stand-in: discovery, consent, tokens, keys, and what is known of somebody.

Errors are those of RFC 6749, 4.1.2.1 and 5.2: {error, error_description}.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlencode

from flask import Flask, Response, jsonify, redirect, render_template_string, request
from werkzeug.wrappers import Response as AnyResponse

from bridge.sandbox.oidc import TOKEN_LASTS, Grant, Oidc

_CHOICE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Who are you?</title></head>
<body><main><h1>Who are you?</h1><ul>
{% for one, href in people %}<li><a href="{{ href }}">{{ one.name }} ({{ one.email }})</a></li>{% endfor %}
</ul></main></body></html>"""


class _Refusal(Exception):
    def __init__(self, error: str, why: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.why, self.status = error, why, status


def create_app(oidc: Oidc) -> Flask:
    """The provider; `oidc.issuer` is where it is served."""
    app = Flask(__name__)

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        return jsonify(
            issuer=oidc.issuer,
            authorization_endpoint=f"{oidc.issuer}/authorize",
            token_endpoint=f"{oidc.issuer}/token",
            userinfo_endpoint=f"{oidc.issuer}/userinfo",
            jwks_uri=f"{oidc.issuer}/jwks",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            scopes_supported=["openid", "email", "profile"],
            token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
            code_challenge_methods_supported=["S256"],
            authorization_response_iss_parameter_supported=True,
        )

    @app.get("/authorize")
    def authorize() -> str | AnyResponse:
        asked = request.args
        client, back = asked.get("client_id", ""), asked.get("redirect_uri", "")
        if client not in oidc.clients:
            raise _Refusal("invalid_client", "no such client")
        allowed = oidc.redirects[client]
        if not back or (allowed and back not in allowed):
            raise _Refusal("invalid_request", "redirect_uri is not registered")
        scope = frozenset(asked.get("scope", "").split())
        if asked.get("response_type") != "code" or "openid" not in scope:
            return _back(back, error="invalid_request")
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return _back(back, error="invalid_request", error_description="PKCE is required")
        if oidc.denies:
            return _back(back, error="access_denied")
        account = oidc.accounts.get(asked.get("account", "")) or oidc.chosen
        if account is None:
            people = [
                (one, "?" + urlencode({**asked.to_dict(), "account": one.sub}))
                for one in oidc.accounts.values()
            ]
            return render_template_string(_CHOICE, people=people)
        code = oidc.give_code(
            account,
            client=client,
            redirect_uri=back,
            nonce=asked.get("nonce", ""),
            challenge=asked["code_challenge"],
            scope=scope,
        )
        return _back(back, code=code, iss=oidc.issuer)

    @app.post("/token")
    def token() -> Response:
        form = request.form
        client = _client(oidc)
        if form.get("grant_type") != "authorization_code":
            raise _Refusal("unsupported_grant_type", "only codes are exchanged here")
        grant = oidc.take_code(form.get("code", ""))
        if grant is None or grant.client != client or grant.redirect_uri != form["redirect_uri"]:
            raise _Refusal("invalid_grant", "the code is not good")
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() != grant.challenge:
            raise _Refusal("invalid_grant", "the code verifier does not match")
        return jsonify(
            access_token=oidc.give_token(grant),
            token_type="Bearer",  # noqa: S106 - a kind
            expires_in=int(TOKEN_LASTS.total_seconds()),
            id_token=oidc.id_token(grant),
        )

    @app.get("/jwks")
    def jwks() -> Response:
        return jsonify(keys=[oidc.key.as_dict(private=False)])

    @app.get("/userinfo")
    def userinfo() -> Response:
        return jsonify(oidc.about(_granted(oidc)))

    @app.errorhandler(_Refusal)
    def refused(refusal: _Refusal) -> tuple[Response, int]:
        return jsonify(error=refusal.error, error_description=refusal.why), refusal.status

    return app


def _back(address: str, **said: str) -> AnyResponse:
    state = {"state": request.args["state"]} if "state" in request.args else {}
    return redirect(f"{address}?{urlencode({**said, **state})}")


def _client(oidc: Oidc) -> str:
    """Who asks, by basic authentication or by the form; a public client has no secret."""
    login = request.authorization
    if login is not None and login.type == "basic":
        name, secret = login.username or "", login.password or ""
    else:
        name, secret = request.form.get("client_id", ""), request.form.get("client_secret", "")
    known = oidc.clients.get(name)
    if known is None or not hmac.compare_digest(known, secret):
        raise _Refusal("invalid_client", "the client is not known", 401)
    return name


def _granted(oidc: Oidc) -> Grant:
    login = request.authorization
    grant = oidc.tokens.get(login.token or "") if login and login.type == "bearer" else None
    if grant is None:
        raise _Refusal("invalid_token", "the access token is not good", 401)
    return grant
