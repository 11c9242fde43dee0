# SPDX-License-Identifier: MIT
"""What `make install` puts where: man pages, completion, the systemd unit of the examples."""

import gzip
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from tests.integration.harness import PROGRAM, ROOT

PAGES = {"mailconvoy": 1, "mailconvoy-sync": 1, "mailconvoy-batch": 1, "mailconvoy-report": 1,
         "mailconvoy-manifest": 5, "mailconvoy.conf": 5}  # fmt: skip


def needs(program, package):
    found = shutil.which(program)
    if not found:
        pytest.skip(f"{program} is not here (Debian's package {package})")
    return found


def told(*args, timeout=120, **more):
    done = subprocess.run([*map(str, args)], capture_output=True, text=True, timeout=timeout, **more)
    assert done.returncode == 0, done
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A build directory whose program is the one under test, so nothing is built here."""
    build, root = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("root")
    shutil.copy(PROGRAM, build / "mailconvoy")
    told("make", "-s", "-o", build / "mailconvoy", f"BUILD={build}", "install", f"DESTDIR={root}",
         "PREFIX=/usr", cwd=ROOT)  # fmt: skip
    yield root / "usr"
    told("make", "-s", f"BUILD={build}", "uninstall", f"DESTDIR={root}", "PREFIX=/usr", cwd=ROOT)
    assert [path for path in root.rglob("*") if path.is_file()] == []


def page(installed, name):
    return installed / f"share/man/man{PAGES[name]}/{name}.{PAGES[name]}"


def test_all_is_in_its_place(installed):
    files = {str(p.relative_to(installed)) for p in installed.rglob("*") if p.is_file()}
    assert {f for f in files if not f.startswith("share/doc/")} == {
        "bin/mailconvoy",
        "share/bash-completion/completions/mailconvoy",
        "share/zsh/site-functions/_mailconvoy",
        *(str(page(installed, name).relative_to(installed)) for name in PAGES),
    }
    assert "share/doc/mailconvoy/examples/mailconvoy.timer" in files
    assert told(installed / "bin/mailconvoy", "version") == told(PROGRAM, "version")


@pytest.fixture
def changed_tree(tmp_path):
    """This tree, in which something was changed, added and deleted since git was told."""
    tree = tmp_path / "tree"
    skipped = {ROOT: [".git", "build", "mailconvoy", "mailconvoy-data", "demo-data"]}
    shutil.copytree(ROOT, tree, ignore=lambda at, names: skipped.get(pathlib.Path(at), ["__pycache__"]))
    told("git", "init", "-q", cwd=tree)
    told("git", "add", "-A", cwd=tree)
    with open(tree / "docs/manual.md", "a") as manual:
        manual.write("the last line\n")
    (tree / "examples/new.csv").write_text("host1,user1\n")
    (tree / "examples/users.csv").unlink()
    return tree


@pytest.mark.package
def test_a_debian_package_is_made_of_the_tree_as_it_stands(changed_tree, installed):
    for program, package in (("dpkg-buildpackage", "dpkg-dev"), ("dh", "debhelper"), ("lintian",) * 2):
        needs(program, package)
    listed = told("git", "status", "--porcelain", "--ignored", cwd=changed_tree)
    out = told("packaging/deb", cwd=changed_tree, timeout=None,
               env=os.environ | {"DEB_BUILD_OPTIONS": "noopt"})  # fmt: skip
    assert re.fullmatch(r"build/deb/mailconvoy_[0-9.]+-1_[a-z0-9]+\.deb\n", out), "lintian is not silent"
    assert told("git", "status", "--porcelain", "--ignored", cwd=changed_tree) == listed + "!! build/\n"

    root = changed_tree / "build/deb/root/usr"
    shared = {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}
    assert {name for name in shared if not name.startswith("share/doc/")} == {
        "bin/mailconvoy",
        "share/bash-completion/completions/mailconvoy",
        "share/zsh/vendor-completions/_mailconvoy",
        *(f"{page(installed, name).relative_to(installed)}.gz" for name in PAGES),
    }
    for name in PAGES:
        packed = root / f"{page(installed, name).relative_to(installed)}.gz"
        assert gzip.decompress(packed.read_bytes()) == page(installed, name).read_bytes(), name
    documents = root / "share/doc/mailconvoy"
    assert (documents / "docs/manual.md").read_text().endswith("\nthe last line\n")
    assert (documents / "examples/new.csv").exists() and not (documents / "examples/users.csv").exists()
    (documents / "examples/users.csv").touch()  # pages speak of it
    assert links_of(documents) == links_of(installed / "share/doc/mailconvoy")
    needed = told("dpkg-deb", "-f", changed_tree / out.strip(), "Depends")
    assert {"libcurl4", "libsqlite3-0", "libjansson4"} <= set(re.findall(r"[\w.+-]+", needed)), needed


def links_of(documents):
    """How many there are; each leads somewhere."""
    links = 0
    for page in documents.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#]*)[^)]*\)", page.read_text()):
            assert "://" in target or (page.parent / target).exists(), (page.name, target)
            links += 1
    return links


def test_links_lead_somewhere_and_examples_name_the_program(installed):
    """As they are installed, not only here."""
    documents = installed / "share/doc/mailconvoy"
    assert links_of(documents) > 20
    for name in ("crontab", "mailconvoy.service"):
        text = (documents / "examples" / name).read_text()
        assert "/usr/bin/mailconvoy batch" in text and "/usr/local" not in text
        assert (ROOT / "examples" / name).read_text() == text.replace("/usr/bin", "/usr/local/bin")


def test_pictures_are_small():
    pictures = {path.name: path.read_bytes() for path in (ROOT / "docs/images").iterdir()}
    assert set(pictures) == {"live.png", "report.png"}
    for name, data in pictures.items():
        assert data.startswith(b"\x89PNG\r\n") and 5_000 < len(data) < 200_000, name
        assert f"(docs/images/{name})" in (ROOT / "README.md").read_text(), name


@pytest.mark.parametrize("name", PAGES)
def test_a_man_page_is_one(installed, name):
    man = needs("man", "man-db")
    env = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"}
    done = subprocess.run([man, "--warnings", "-l", page(installed, name)], env=env,
                          capture_output=True, text=True)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done
    assert re.match(rf"{name.upper()}\({PAGES[name]}\)", done.stdout), done.stdout[:200]
    assert not re.search(r"\\f[BIR]|\\-", done.stdout)
    assert f"{name} - " in told(needs("lexgrog", "man-db"), page(installed, name))


@pytest.mark.parametrize("name", PAGES)
def test_mandoc_finds_no_fault(installed, name):
    mandoc = needs("mandoc", "mandoc")
    done = subprocess.run([mandoc, "-T", "lint", page(installed, name)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_pages_that_are_referred_to_are_there(installed):
    for name in PAGES:
        text = page(installed, name).read_text().replace("\\-", "-")
        named = set(re.findall(r"\\fB(mailconvoy[\w.-]*)\\fR\((\d)\)", text))
        assert {(other, str(PAGES[other])) for other, _ in named} == named and named, name


def options_of_help(command):
    """Spellings in the order of --help, "[no]" and sides as they stand there."""
    return re.findall(r"^  (--\S+?)(?=,| |$)", told(PROGRAM, command, "--help"), re.MULTILINE)


@pytest.mark.parametrize("command", ["sync", "batch", "report"])
def test_a_man_page_has_the_options_and_exit_codes_of_the_help(installed, command):
    text = page(installed, f"mailconvoy-{command}").read_text().replace("\\-", "-")
    found = re.findall(r"^\.TP\n\\fB(--\S+?)\\fR", text, re.MULTILINE)
    wanted = [name.replace("[1|2]", "") for name in options_of_help(command)]
    assert len(wanted) > 4 and found == wanted
    codes = re.search(r"^Exit codes.*:\n((?: .*\n)+)", told(PROGRAM, command, "--help"), re.M)[1]
    assert codes in text.replace("\\(aq", "'")


def test_the_manifest_page_has_every_column(installed, work):
    text = page(installed, "mailconvoy-manifest").read_text().replace("\\-", "-")
    columns = text.partition(".SH COLUMNS\n")[2].partition(".SH SEE ALSO")[0]
    names = re.findall(r"\\fB([a-z0-9-]+)\\fR", columns)
    assert {"host1", "password2", "label", "subfolder2", "maxsize"} <= set(names)
    assert len(names) == len(set(names)) > 100
    header = ",".join(names)
    run = work.run("batch", work.manifest(header + "\n"), "--workdir", work.workdir)
    assert run.code == 64 and "unknown" not in run.err and "column" not in run.err, run.err


def tags(text):
    return re.findall(r"^\.TP\n\\fB(\S+)\\fR$", text, re.MULTILINE)


def test_the_page_of_the_configuration_has_every_setting(installed, work):
    """Those that it names are read, and docs/mailconvoy.conf.md names the same."""
    text = page(installed, "mailconvoy.conf").read_text().replace("\\-", "-")
    profiles, _, servers = text.partition(".SH SIGN-IN PROFILES\n")[2].partition(".SH SERVERS\n")
    told = (ROOT / "docs/mailconvoy.conf.md").read_text()
    rows = re.findall(r"^\| (`.*?) \|", told.partition("## Servers")[0], re.MULTILINE)
    assert sorted(tags(profiles)) == sorted(name for row in rows for name in re.findall("`(.*?)`", row))
    rows = re.findall(r"^\| (`.*?) \|", told.partition("## Servers")[2], re.MULTILINE)
    assert set(tags(servers)) >= {name for row in rows for name in re.findall("`(.*?)`", row)}
    assert "user" not in tags(servers) and "password" not in tags(servers)
    row = {"host1": "a.invalid", "user1": "u", "host2": "b.invalid", "user2": "u", "password2": "x"}
    config = work.inputs / "mailconvoy.conf"
    for section, names in (("x", tags(profiles)), ("host:x", tags(servers))):
        config.write_text("\n".join([f"[{section}]", *(f"{name} = 1" for name in [*names, "nosuch"])]))
        config.chmod(0o600)
        run = work.batch([row | {"auth1": "x"}], "--config", config, expect=64)
        assert re.findall('no setting "(.*)"', run.err) == ["nosuch"], run.err


def complete(installed, *words):
    """What bash offers behind these words."""
    script = (
        f"source {installed}/share/bash-completion/completions/mailconvoy; "
        'COMP_WORDS=(mailconvoy "$@"); COMP_CWORD=$#; _mailconvoy; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return told("bash", "-c", script, "bash", *words, cwd=ROOT).split()


@pytest.mark.parametrize(
    "words, offers",
    [
        (["st"], ["status"]),
        (["batch", "--progress", "s"], ["screen"]),
        (["batch", "--progress", ""], ["auto", "screen", "lines", "json", "none"]),
        (["batch", "--budget-b"], ["--budget-bytes"]),
        (["sync", "--budget-b"], []),
        (["sync", "--host"], ["--host1", "--host2"]),
        (["sync", "--noautom"], ["--noautomap"]),
        (["sync", "--passfile1", "Makef"], ["Makefile"]),
        (["sync", "--user1", ""], []),
        (["batch", "Makef"], ["Makefile"]),
        (["report", "--format", "c"], ["csv"]),
        (["explain", "--x"], []),
    ],
)
def test_bash_completes(installed, words, offers):
    assert complete(installed, *words) == offers


def test_the_completion_of_bash_is_clean(installed):
    path = installed / "share/bash-completion/completions/mailconvoy"
    told(needs("shellcheck", "shellcheck"), "-s", "bash", path)


def test_the_completion_of_zsh_parses(installed):
    told(needs("zsh", "zsh"), "-n", installed / "share/zsh/site-functions/_mailconvoy")


def test_systemd_accepts_the_units_and_finds_them_closed(installed, tmp_path):
    analyze = needs("systemd-analyze", "systemd")
    for name in ("mailconvoy.service", "mailconvoy.timer"):
        text = (ROOT / "examples" / name).read_text()
        (tmp_path / name).write_text(text.replace("/usr/local/bin/mailconvoy", "/bin/true"))
    units = [tmp_path / "mailconvoy.service", tmp_path / "mailconvoy.timer"]
    done = subprocess.run([analyze, "verify", "--man=no", *units], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done
    judged = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=15", units[0]],
        capture_output=True, text=True,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stdout[-300:] + judged.stderr


def test_the_command_line_of_the_unit_is_read(work):
    text = (ROOT / "examples/mailconvoy.service").read_text()
    line = re.search(r"^ExecStart=\S+ (.*)$", text, re.MULTILINE)[1]
    line = line.replace("${CREDENTIALS_DIRECTORY}", "/missing").replace("/var/lib", str(work.path))
    run = work.run(*line.split())
    assert run.code == 64 and "/missing/users.csv" in run.err, run
