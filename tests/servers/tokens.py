# SPDX-License-Identifier: MIT
"""An OAuth2 authority on free loopback ports, with the manners of Microsoft's and Google's: HTTPS
with the test CA for clients, plain HTTP for the servers that ask whether a token is good.

    with Tokens(authority) as tokens:
        tokens.add_app("app-id", secret="...")
        dovecot = Dovecot("x", authority, tokens=tokens)

It checks what it is sent: grants, scopes, secrets, signatures of assertions, their audience and
times. What a client must not do stands in `violations`; each request's form in `requests`."""

import base64
import contextlib
import dataclasses
import hashlib
import http.server
import json
import pathlib
import re
import secrets
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

TENANT = "8d6a6b8e-3f1c-4b7e-9f5e-000000000001"
MICROSOFT_APP = "https://outlook.office365.com/.default"
MICROSOFT_USER = "https://outlook.office.com/IMAP.AccessAsUser.All"
GOOGLE_ADMIN = "https://www.googleapis.com/auth/gmail.imap_admin"
GOOGLE_USER = "https://mail.google.com/"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
AUDIENCES = {MICROSOFT_APP: "https://ps.outlook.com", MICROSOFT_USER: "https://outlook.office.com"}


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def aadsts(number, words, error="invalid_client", status=401):
    """What Microsoft's endpoint says, in its form."""
    description = (
        f"AADSTS{number}: {words} Trace ID: 0a1b2c3d-0000-4000-8000-0123456789ab "
        "Correlation ID: 11111111-2222-3333-4444-555555555555 Timestamp: 2026-11-23 10:00:00Z"
    )
    return status, {
        "error": error,
        "error_description": description,
        "error_codes": [number],
        "timestamp": "2026-11-23 10:00:00Z",
        "trace_id": "0a1b2c3d-0000-4000-8000-0123456789ab",
        "correlation_id": "11111111-2222-3333-4444-555555555555",
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }


def google_error(error, words, status=400):
    return status, {"error": error, "error_description": words}


REFUSALS = {
    "wrong secret": aadsts(
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the "
        "client secret value, not the client secret ID, for a secret added to app 'app-id'.",
    ),
    "secret expired": aadsts(
        7000222, "The provided client secret keys for app 'app-id' are expired."
    ),
    "unknown app": aadsts(
        700016,
        "Application with identifier 'app-id' was not found in the directory 'Contoso'.",
        "unauthorized_client",
        400,
    ),
    "no consent": aadsts(
        65001,
        "The user or administrator has not consented to use the application with ID 'app-id'.",
        "invalid_grant",
        400,
    ),
    "wrong tenant": aadsts(
        90002, "Tenant 'contoso' not found. Check to make sure you have the correct tenant ID.",
        "invalid_request", 400,
    ),
    "refresh token expired": aadsts(
        700082, "The refresh token has expired due to inactivity.", "invalid_grant", 400
    ),
    "revoked": google_error("invalid_grant", "Token has been expired or revoked."),
    "not delegated": google_error(
        "unauthorized_client",
        "Client is unauthorized to retrieve access tokens using this method, or client not "
        "authorized for any of the scopes requested.",
        401,
    ),
}  # fmt: skip


@dataclasses.dataclass
class App:
    secret: str = None
    certificate: pathlib.Path = None
    tenant: str = TENANT


@dataclasses.dataclass
class Token:
    users: object  # whose mailboxes it opens; None: everybody's
    expires: float


class Refused(Exception):
    pass


def refuse(status, body):
    raise Refused(status, body)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
        self._answer(form)

    def do_GET(self):
        self._answer({})

    def _answer(self, form):
        try:
            answer = self.server.tokens.serve(self.path, form)
        except Refused as refusal:
            answer = refusal.args
        status, body, *headers = answer
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers[0].items() if headers else ():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(data)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 200

    def __init__(self, tokens, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.tokens = tokens
        self.tls = tls
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self):
        sock, address = super().get_request()
        if self.tls:
            sock.settimeout(30)
            sock = self.tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return sock, address

    def handle_error(self, *_):
        pass  # a client that hung up


class Tokens:
    def __init__(self, authority, lifetime_secs=3600, delay_secs=0):
        self.authority = authority
        self.lifetime_secs = lifetime_secs
        self.told_secs = None  # the lifetime it speaks of
        self.delay_secs = delay_secs
        self.apps = {}
        self.accounts = {}  # Google's service accounts: public keys by e-mail address
        self.refresh_tokens = {}  # which user's
        self.codes = {}
        self.tokens = {}
        self.requests = []
        self.violations = []
        self.refusals = []  # answers to come, instead of tokens
        self.rotates = True  # a refresh token is good once
        self.secrets = []
        self.lock = threading.Lock()
        self.served = {}  # how many requests, by what they were for

    def start(self):
        self._directory = tempfile.TemporaryDirectory(prefix="mc-tokens-", dir="/tmp")
        cert, key = self.authority.issue("tokens")
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(cert, key)
        self._https, self._http = Server(self, tls), Server(self)
        self.base = f"https://localhost:{self._https.port}"
        self.url = f"{self.base}/{TENANT}/oauth2/v2.0/token"
        self.introspection_url = f"http://127.0.0.1:{self._http.port}/introspect"
        return self

    def stop(self):
        for server in (self._https, self._http):
            server.shutdown()
            server.server_close()
        self._directory.cleanup()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # What it knows -------------------------------------------------------------------------------

    def add_app(self, client_id, secret=None, certificate=None):
        self.apps[client_id] = App(secret, certificate)
        self.secrets += [secret] if secret else []

    def add_refresh_token(self, user):
        token = "0.rt-" + secrets.token_urlsafe(40)
        self.refresh_tokens[token] = user
        self.secrets.append(token)
        return token

    def make(self, users, scope=MICROSOFT_APP, lifetime_secs=None, **claims):
        """An access token: a JWT from Microsoft, opaque from Google."""
        lifetime = self.lifetime_secs if lifetime_secs is None else lifetime_secs
        if scope in AUDIENCES:
            payload = {"aud": AUDIENCES[scope], "tid": TENANT, "exp": int(time.time() + lifetime)}
            payload |= {"roles": ["IMAP.AccessAsApp"]} if scope == MICROSOFT_APP else {}
            payload |= {"scp": "IMAP.AccessAsUser.All"} if scope == MICROSOFT_USER else {}
            parts = [{"typ": "JWT", "alg": "RS256"}, payload | claims]
            head = ".".join(b64url(json.dumps(part).encode()) for part in parts)
            text = f"{head}.{secrets.token_urlsafe(60)}"
        else:
            text = "ya29.a0" + secrets.token_urlsafe(60)
        with self.lock:
            self.tokens[text] = Token(users, time.time() + lifetime)
            self.secrets.append(text)
        return text

    def opens(self, text, user):
        """Whether the token opens the mailbox now."""
        token = self.tokens.get(text)
        if token is None or time.time() >= token.expires:
            return False
        return token.users is None or user in token.users

    def count(self, what="token"):
        with self.lock:
            return self.served.get(what, 0)

    # Requests ------------------------------------------------------------------------------------

    def serve(self, path, form):
        path, _, query = path.partition("?")
        what = path.rsplit("/", 1)[-1]
        with self.lock:
            self.served[what] = self.served.get(what, 0) + 1
        if what == "introspect":
            return self._introspect(form)
        if self.delay_secs:
            time.sleep(self.delay_secs)
        with self.lock:
            self.requests.append(form)
            refusal = self.refusals.pop(0) if self.refusals else None
        if refusal is not None:
            return refusal
        if what == "token":
            return 200, self._token(form)
        if what == "devicecode":
            return 200, self._device_code(form)
        if what == "authorize":
            return self._authorize(dict(urllib.parse.parse_qsl(query)))
        return 404, {}

    def _introspect(self, form):
        """RFC 7662. Tokens for everybody are told apart by "app": Dovecot can't be told whose
        mailbox is asked for."""
        token = self.tokens.get(form.get("token"))
        if token is None or time.time() >= token.expires:
            return 200, {"active": False, "app": False}
        if token.users is None:
            return 200, {"active": False, "app": True, "username": "anybody"}
        return 200, {"active": True, "app": False, "username": token.users[0]}

    def _violate(self, words, form):
        with self.lock:
            self.violations.append((words, {name: value[:60] for name, value in form.items()}))
        refuse(400, {"error": "invalid_request", "error_description": words})

    def _token(self, form):
        grant = form.get("grant_type")
        grants = {
            "client_credentials": self._app_token,
            "refresh_token": self._refreshed,
            JWT_BEARER: self._service_account,
            DEVICE: self._device_token,
            "authorization_code": self._code_token,
        }
        if grant not in grants:
            self._violate(f"grant_type {grant}", form)
        return grants[grant](form)

    def _answer(self, users, scope, **more):
        return {
            "token_type": "Bearer",
            "expires_in": self.told_secs or self.lifetime_secs,
            "access_token": self.make(users, scope),
            **more,
        }

    def _check_client(self, form):
        app = self.apps.get(form.get("client_id"))
        if app is None:
            refuse(*REFUSALS["unknown app"])
        if "client_assertion" in form:
            self._check_assertion(app, form)
        elif app.secret is not None and form.get("client_secret") != app.secret:
            refuse(*REFUSALS["wrong secret"])
        elif app.secret is None and app.certificate is not None:
            self._violate("no assertion", form)

    def _check_assertion(self, app, form):
        if form.get("client_assertion_type") != ASSERTION or app.certificate is None:
            self._violate("client_assertion_type", form)
        header, claims = self._verified(form["client_assertion"], app.certificate, form)
        der = subprocess.run(
            ["openssl", "x509", "-in", app.certificate, "-outform", "der"],
            capture_output=True, check=True,
        ).stdout  # fmt: skip
        if header.get("x5t#S256") != b64url(hashlib.sha256(der).digest()):
            self._violate("x5t#S256", form)
        client = form["client_id"]
        now = time.time()
        if (claims.get("iss"), claims.get("sub"), claims.get("aud")) != (client, client, self.url):
            self._violate("claims of the assertion", form)
        if not (claims["nbf"] <= now + 60 and now < claims["exp"] <= now + 600):
            self._violate("times of the assertion", form)
        if not claims.get("jti") or claims["jti"] in self.codes:
            self._violate("jti", form)
        self.codes[claims["jti"]] = True

    def _verified(self, jwt, certificate, form):
        """Header and claims of a JWT whose signature is good."""
        head, payload, signature = jwt.split(".")
        header = json.loads(unb64url(head))
        folder = pathlib.Path(tempfile.mkdtemp(dir=self._directory.name))
        (folder / "data").write_text(f"{head}.{payload}")
        (folder / "signature").write_bytes(unb64url(signature))
        if "BEGIN CERTIFICATE" in pathlib.Path(certificate).read_text():
            key = subprocess.run(
                ["openssl", "x509", "-in", certificate, "-pubkey", "-noout"],
                capture_output=True, check=True,
            ).stdout  # fmt: skip
        else:
            key = pathlib.Path(certificate).read_bytes()
        (folder / "key").write_bytes(key)
        padding = {
            "RS256": [],
            "PS256": ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"],
        }.get(header.get("alg"))
        if padding is None or header.get("typ") != "JWT":
            self._violate(f"header {header}", form)
        done = subprocess.run(
            ["openssl", "dgst", "-sha256", *padding, "-verify", "key", "-signature", "signature",
             "data"], cwd=folder, capture_output=True,
        )  # fmt: skip
        if done.returncode != 0:
            self._violate("signature", form)
        return header, json.loads(unb64url(payload))

    # Flows ---------------------------------------------------------------------------------------

    def _app_token(self, form):
        self._check_client(form)
        if form.get("scope") != MICROSOFT_APP:
            self._violate("scope", form)
        return self._answer(None, MICROSOFT_APP)

    def _user_scope(self, form):
        words = form.get("scope", "").split()
        for scope in (MICROSOFT_USER, GOOGLE_USER):
            if scope in words:
                return scope
        return self._violate("scope", form)

    def _refreshed(self, form):
        self._check_client(form)
        old = form.get("refresh_token")
        with self.lock:
            user = self.refresh_tokens.get(old)
        if user is None:
            refuse(*REFUSALS["refresh token expired"])
        # Google wants no scope here.
        scope = self._user_scope(form) if "scope" in form else GOOGLE_USER
        more = {}
        if self.rotates:
            with self.lock:
                del self.refresh_tokens[old]
            more["refresh_token"] = self.add_refresh_token(user)
        return self._answer([user], scope, **more)

    def _service_account(self, form):
        assertion = form.get("assertion", "")
        claims = json.loads(unb64url(assertion.split(".")[1]))
        key = self.accounts.get(claims.get("iss"))
        if key is None:
            refuse(*google_error("invalid_grant", "Invalid grant: account not found"))
        header, claims = self._verified(assertion, key, form)
        now = time.time()
        if claims["aud"] != self.url or not now - 60 < claims["iat"] <= now + 60:
            self._violate("claims", form)
        if not claims["iat"] < claims["exp"] <= claims["iat"] + 3600:
            self._violate("exp", form)
        if claims["scope"] not in (GOOGLE_ADMIN, GOOGLE_USER):
            refuse(*REFUSALS["not delegated"])
        return self._answer([claims["sub"]], claims["scope"])

    # A person's part: tests say whom the pending code is for --------------------------------------

    def _device_code(self, form):
        self._check_client(form)
        self._user_scope(form)
        code = secrets.token_urlsafe(20)
        self.secrets.append(code)
        self.codes[code] = None
        self.pending = code
        return {
            "device_code": code,
            "user_code": "ABCD-EFGH",
            "verification_uri": "https://microsoft.com/devicelogin",
            "expires_in": 900,
            "interval": 1,
            "message": "To sign in, use a web browser to open the page "
            "https://microsoft.com/devicelogin and enter the code ABCD-EFGH to authenticate.",
        }

    def approve(self, user):
        self.codes[self.pending] = user

    def _device_token(self, form):
        self._check_client(form)
        if form.get("device_code") not in self.codes:
            self._violate("device_code", form)
        user = self.codes[form["device_code"]]
        if user is None:
            refuse(*aadsts(70016, "The code is pending.", "authorization_pending", 400))
        del self.codes[form["device_code"]]
        return self._answer(
            [user], MICROSOFT_USER, refresh_token=self.add_refresh_token(user)
        )

    def _authorize(self, query):
        """As a browser's user who says yes: back to the loopback address."""
        client_is_known = query.get("client_id") in self.apps
        if not client_is_known or query.get("response_type") != "code":
            self._violate("authorize", query)
        if query.get("code_challenge_method") != "S256" or not query.get("state"):
            self._violate("PKCE", query)
        if not re.fullmatch(r"http://(localhost|127\.0\.0\.1):\d+/?", query["redirect_uri"]):
            self._violate("redirect_uri", query)
        code = secrets.token_urlsafe(20)
        self.secrets.append(code)
        self.codes[code] = query
        more = urllib.parse.urlencode({"code": code, "state": query["state"]})
        return 302, b"", {"Location": f"{query['redirect_uri']}?{more}"}

    def _code_token(self, form):
        self._check_client(form)
        query = self.codes.pop(form.get("code"), None)
        if query is None:
            self._violate("code", form)
        verifier = form.get("code_verifier", "")
        if b64url(hashlib.sha256(verifier.encode()).digest()) != query["code_challenge"]:
            self._violate("code_verifier", form)
        if form.get("redirect_uri") != query["redirect_uri"]:
            self._violate("redirect_uri", form)
        user = self.browser_user
        return self._answer([user], MICROSOFT_USER, refresh_token=self.add_refresh_token(user))
