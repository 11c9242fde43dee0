# SPDX-License-Identifier: MIT
"""A private Dovecot 2.3 on free loopback ports. Nothing outside its own directory is read or
written, so many can run side by side, as root or as a normal user."""

import base64
import contextlib
import grp
import hashlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from tests.servers.certificates import Authority

CONFIG = """\
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
instance_name = {name}
auth_verbose = yes
protocols = imap
listen = 127.0.0.1
shutdown_clients = yes

{identity}
first_valid_uid = 1
first_valid_gid = 1

ssl = {ssl}
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = {secure_only}

auth_mechanisms = {mechanisms}
auth_username_chars =
auth_master_user_separator = *
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = {base}/masters/%u
  master = yes
}}
passdb {{
  driver = passwd-file
  args = {base}/users/%u
}}
{oauth}
userdb {{
  driver = passwd-file
  args = {base}/users/%u
}}

mail_location = {location}
mail_fsync = {fsync}
mail_plugins = {mail_plugins}
mail_max_userip_connections = 1000
mailbox_list_index = yes
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
{special_use}
}}
protocol imap {{
  mail_plugins = {imap_plugins}
  imap_max_line_length = 256k
{capability}
}}
plugin {{
{plugin}
}}

default_process_limit = 1000
default_client_limit = 4000
default_vsz_limit = 1G
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
  service_count = 0
  process_min_avail = 1
  client_limit = 1000
{no_chroot}
}}
service imap {{
  service_count = 100
  process_limit = 1000
}}
service anvil {{
  client_limit = 4000
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
{no_chroot}
}}
service stats {{
{no_chroot}
}}
service imap-urlauth-login {{
{no_chroot}
}}
"""

# Tokens of one user, and those that open everybody's mailbox (tests/servers/tokens.py).
OAUTH = """\
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = {attribute}
active_value = true
{more}"""
OAUTH_PASSDB = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {path}
}}
"""

# Certificates of users, whose names are their common names.
EXTERNAL = """\
ssl_ca = <{ca}
ssl_verify_client_cert = yes
ssl_require_crl = no
ssl_cert_username_field = commonName
auth_ssl_username_from_cert = yes
passdb {{
  driver = static
  mechanisms = external
  args = nopassword=y
}}
"""

SPECIAL_USE = {role: role for role in ("Drafts", "Sent", "Trash", "Junk", "Archive")}
LOCATIONS = {
    # The fs layout lets names hold dots, as on most servers whose separator is "/".
    ("maildir", "/"): "maildir:~/Maildir:LAYOUT=fs",
    ("maildir", "."): "maildir:~/Maildir",
    ("mdbox", "/"): "mdbox:~/mdbox",
    ("mdbox", "."): "mdbox:~/mdbox",
}
START_TIMEOUT_SECS = 10


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _plain(password):
    """A password for a passwd-file, whatever characters it has."""
    return "{PLAIN.B64}" + base64.b64encode(password.encode()).decode()


def _hashed(password):
    return "{SHA512}" + base64.b64encode(hashlib.sha512(password.encode()).digest()).decode()


def _dovecot():
    return shutil.which("dovecot") or "/usr/sbin/dovecot"


def quota_plugins(storage_limit=None, max_mail_size=None):
    """Keyword arguments of Dovecot(): a quota per mailbox and a largest message, e.g. "1M"."""
    lines = ["quota = count:User quota", "quota_vsizes = yes"]
    if storage_limit:
        lines.append(f"quota_rule = *:storage={storage_limit}")
    if max_mail_size:
        lines.append(f"quota_max_mail_size = {max_mail_size}")
    return {"mail_plugins": "quota", "imap_plugins": "quota imap_quota", "plugin": lines}


class Dovecot:
    """start() it, add_user() at any time, stop() it; or use it in a `with`."""

    def __init__(
        self,
        name,
        authority=None,
        mail_format="maildir",
        separator="/",
        prefix="",
        special_use=SPECIAL_USE,
        capability=None,
        certificate=None,
        ssl="yes",
        secure_only="no",
        fsync="never",
        mail_plugins="",
        imap_plugins="",
        plugin=(),
        tokens=None,
        mechanisms="plain login",
        client_ca=None,
    ):
        self.name = name
        self.base = pathlib.Path(tempfile.mkdtemp(prefix=f"mc-{name}-", dir="/tmp"))
        self.base.chmod(0o755)
        self.authority = authority or Authority(self.base / "ca")
        self.ca = self.authority.ca
        self.cert, self.key = certificate or self.authority.issue(name)
        self.separator = separator
        self.prefix = prefix
        self.host = "localhost"
        self.port = self.imaps_port = 0
        self.process = self.watchdog = None
        self.passwords = {}
        self._uid, self._gid, identity, no_chroot = self._identity()
        self._values = dict(
            base=self.base,
            name=self.base.name,
            identity=identity,
            no_chroot=no_chroot,
            ssl=ssl,
            cert=self.cert,
            key=self.key,
            secure_only=secure_only,
            location=LOCATIONS[mail_format, separator],
            fsync=fsync,
            mail_plugins=mail_plugins,
            imap_plugins=imap_plugins,
            separator=separator,
            prefix=prefix,
            special_use="\n".join(
                f'  mailbox "{name}" {{\n    special_use = \\{role}\n  }}'
                for name, role in dict(special_use).items()
            ),
            capability=f"  imap_capability = {capability}" if capability else "",
            plugin="\n".join(f"  {line}" for line in plugin),
            mechanisms=mechanisms + (" xoauth2 oauthbearer" if tokens else ""),
            oauth=(self._oauth(tokens.introspection_url) if tokens else "")
            + (EXTERNAL.format(ca=client_ca) if client_ca else ""),
        )
        for part in ("run", "state", "mail", "users", "masters"):
            (self.base / part).mkdir()
        os.chown(self.base / "mail", self._uid, self._gid)

    def _oauth(self, url):
        """The passdbs that ask whether a token is good; whoever takes one still needs add_user()."""
        ways = {"active": "", "app": "username_format = anybody\n"}
        for attribute, more in ways.items():
            text = OAUTH.format(url=url, attribute=attribute, more=more)
            (self.base / f"oauth-{attribute}").write_text(text)
        return "".join(OAUTH_PASSDB.format(path=self.base / f"oauth-{way}") for way in ways)

    @staticmethod
    def _identity():
        """Who owns the mail, and the settings that say so."""
        if os.geteuid() == 0:
            owner = pwd.getpwnam("mail")
            return owner.pw_uid, owner.pw_gid, "", ""
        me = pwd.getpwuid(os.geteuid()).pw_name
        group = grp.getgrgid(os.getegid()).gr_name
        identity = (
            f"default_login_user = {me}\ndefault_internal_user = {me}\n"
            f"default_internal_group = {group}"
        )
        return os.geteuid(), os.getegid(), identity, "  chroot ="

    def start(self):
        """Returns self once both ports answer. Ports are only ours when bound, hence the retry."""
        for _ in range(5):
            self.port, self.imaps_port = free_port(), free_port()
            self._write_config()
            self.process = subprocess.Popen(
                [_dovecot(), "-F", "-c", self.base / "conf"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=open(self.base / "stderr", "ab"),
                start_new_session=True,
            )
            self.watchdog = self._watch(self.process.pid)
            if self._wait_until_it_answers():
                return self
            self.stop(keep=True)
        raise RuntimeError(f"Dovecot did not start:\n{self.log()}")

    def _watch(self, group):
        """Ends the server when this process is killed: then the pipe closes."""
        script = 'read -r _; kill -s KILL -- "-$1"; rm -rf "$2"'
        return subprocess.Popen(
            ["sh", "-c", script, "sh", str(group), self.base],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _write_config(self):
        values = dict(self._values, port=self.port, imaps_port=self.imaps_port)
        (self.base / "conf").write_text(CONFIG.format(**values))

    def _wait_until_it_answers(self):
        deadline = time.monotonic() + START_TIMEOUT_SECS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as probe:
                    if b"Dovecot" in probe.recv(4096):
                        return True
            except OSError:
                pass
            time.sleep(0.02)
        return False

    def stop(self, keep=False):
        """Ends it and all its children. `keep` leaves the directory."""
        if self.watchdog:
            self.watchdog.kill()
            self.watchdog.communicate()
            self.watchdog = None
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(0.3)
            except subprocess.TimeoutExpired:
                pass  # it waits for its clients; we don't
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None
        if not keep:
            shutil.rmtree(self.base, ignore_errors=True)

    def log(self):
        """All it said: for the message of a failed test."""
        parts = [self.base / "stderr", self.base / "dovecot.log"]
        return "\n".join(p.read_text(errors="replace") for p in parts if p.exists())

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def add_user(self, user, password, mailbox_of=None, is_hashed=False):
        """A login. With mailbox_of it opens the mailbox of another user, as a shared-mailbox
        login `user@dom\\shared@dom` does. is_hashed: the password is kept so that only PLAIN and
        LOGIN can be checked."""
        home = self.base / "mail" / (mailbox_of or user)
        # A file for each, since Dovecot looks whether a file has changed once a second only.
        # Dovecot looks for the name with these three escaped.
        name = re.sub(r"([\\\"'])", r"\\\1", user)
        secret = _hashed(password) if is_hashed else _plain(password)
        entry = f"{name}:{secret}:{self._uid}:{self._gid}::{home}::\n"
        (self.base / "users" / user).write_text(entry)
        self.passwords[user] = password
        return user

    def add_master(self, user, password):
        """An admin who may sign in for everybody (SASL PLAIN authzid, or `user*admin`)."""
        (self.base / "masters" / user).write_text(f"{user}:{_plain(password)}\n")
        return user
