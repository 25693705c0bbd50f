"""Templates that an office or an attacker has edited, rows 58 and 59 of the list of faults: code, loops, floods.

Whatever stands in them is named with file and line, and costs neither the program that asked nor the day's mail.
"""

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from monitor.documents import Documents, LetterNotMade, MailNotMade, samples, workshop
from monitor.documents.child import MailJob
from monitor.working_time import LOCAL_ZONE
from tests.command import data, dunghen, site_in

TEMPLATES = Path(__file__).parent.parent / "templates"
PRINTED_ON = datetime(2026, 11, 23, 8, tzinfo=LOCAL_ZONE)  # Mon
DIGEST = next(samples.digests())

LINE = "{{ line.code }}"  # stands once in frame.html.j2, within a loop over sections and lines
CODE = [
    "{{ mail.__init__.__globals__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id') }}",
    "{{ cycler.__init__ }}",
    "{{ namespace() }}",
    "{{ '{0.__class__}'.format(mail) }}",
    "{{ '%s' | format(mail) }}",
    "{{ mail | attr('__class__') }}",
    "{{ mail | map(attribute='__class__') | list }}",
    "{{ words.__init__ }}",
    "{{ [].append.__self__ }}",
    "{% import '/etc/passwd' as x %}",
    "{% include '../../dunghen.toml' %}",
    "{{ ().__class__.__base__ }}",
    "{{ {}.__class__.fromkeys('ab') }}",
]
NESTED = "".join(f"{{% for a{n} in mail.sections %}}" for n in range(12)) + "{% endfor %}" * 12
ENDLESS = {
    "counted loop": ("{% for i in range(10**9) %}{% endfor %}", "may not calculate|not safely callable"),
    "loops in loops": (NESTED, "works too long"),
    "macro that calls itself": ("{% macro m(x) %}{{ m(x) }}{{ m(x) }}{% endmacro %}{{ m('a') }}", "without end"),
    "doubling in a macro": ("{% macro m(x) %}{{ m(x ~ x) }}{% endmacro %}{{ m('aaaa') }}", "memory|without end"),
    "doubling line by line": ("{% set x = mail.agency %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}", "memory"),
    "file that includes itself": ("{% include 'frame.html.j2' %}", "without end|works too long"),
    "huge number": ("{{ 9**9**9**9 }}", "may not calculate"),
    "huge word": ("{{ 'a' * 10**12 }}", "may not calculate"),
}
COUNTING = "#for a in range(100000) { for b in range(100000) { } }\n"
FLOODS = {
    "letters/xin-loi.toml": {
        "loops in loops": (
            '"Lý do: {{ reason }}"',
            '"' + "".join(f"{{% for a{n} in procedure %}}" for n in range(9)) + "x" + "{% endfor %}" * 9 + '"',
            "too",  # long or much, whichever comes first
        ),
        "doubling": (
            '"Lý do: {{ reason }}"',
            '"{% set x = reason %}' + "{% set x = x ~ x %}" * 40 + '{{ x }}"',
            "memory",
        ),
        "number in place of a text": ('"Lý do: {{ reason }}"', "7", "paragraphs is a list of texts"),
        "number in place of a list": ("organisations = [", "organisations = 7\n_a = [", "_a is not known here"),
        "text in place of a list": ('organisations = [\n    "công ty",', 'organisations = "công ty" #', "xin-loi.toml"),
    },
    "letters/xin-loi.typ": {
        "loop without end": ("#let marks", "#while true {}\n#let marks", "always true"),
        "loops in loops": ("#let marks", COUNTING + "#let marks", "works too long"),
        "long list": ("#let marks", "#let x = range(10000000000).len()\n#let marks", "xin-loi.typ"),
        "doubling": ("#let marks", '#let x = "a"\n#for i in range(60) { x = x + x }\n#let marks', "xin-loi.typ"),
        "file of the machine": ("#let marks", '#read("/etc/passwd")\n#let marks', "xin-loi.typ"),
    },
}


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., Documents]:
    """The templates of an office that has changed one thing in one file."""

    def edit(name: str, old: str, new: str, **more: Path) -> Documents:
        templates = tmp_path / "templates"
        shutil.copytree(TEMPLATES, templates)
        text = (templates / name).read_text()
        assert old in text
        (templates / name).write_text(text.replace(old, new, 1))
        return Documents(templates, **more)

    return edit


def test_a_template_has_two_seconds_and_256_megabytes(monkeypatch: pytest.MonkeyPatch):
    """Row 59: what it may cost is what the child process is allowed; tests/test_confinement.py shows that it holds."""
    asked = []

    class Listening:
        def __init__(self, *_: object, **__: object) -> None: ...

        def answers(self, job: object, limits: object) -> list[tuple[str, str]]:
            asked.append(limits)
            return [("written", "")] * (3 if isinstance(job, MailJob) else 1)

    monkeypatch.setattr(workshop, "Confined", Listening)
    Documents(TEMPLATES).digest(DIGEST, samples.AGENCY)
    Documents(TEMPLATES).check()
    assert {limits.memory_bytes for limits in asked} == {256 * 2**20}
    assert {limits.processor_seconds for limits in asked} == {1}  # and the second begun


@pytest.mark.parametrize("code", CODE)
def test_code_in_a_mail_template_is_refused_with_its_line(edited, code: str):
    """Row 58."""
    problems = edited("email/frame.html.j2", LINE, code).check()
    assert problems
    assert all(str(problem).startswith("templates/email/frame.html.j2:") for problem in problems), problems


@pytest.mark.parametrize("name", ENDLESS)
def test_a_mail_template_without_end_is_stopped_and_named_with_its_line(edited, name: str):
    """Row 59: the one who asked lives, and the next mail is written."""
    text, cause = ENDLESS[name]
    documents = edited("email/frame.html.j2", LINE, text)
    problem = str(documents.check()[0])
    assert problem.startswith("templates/email/frame.html.j2:")
    with pytest.raises(MailNotMade, match=cause):
        documents.digest(DIGEST, samples.AGENCY)
    assert documents.digest(replace(DIGEST, lines=()), samples.AGENCY).subject


@pytest.mark.parametrize(("file", "name"), [(file, name) for file, floods in FLOODS.items() for name in floods])
def test_a_letter_template_without_end_is_stopped_and_named(edited, file: str, name: str):
    """Rows 58 and 59: whoever asked for the letter is told, and prints the next one once it is mended."""
    old, new, cause = FLOODS[file][name]
    documents = edited(file, old, new)
    problem = str(documents.check()[0])
    assert problem.startswith(f"templates/{file}") or file.endswith(".toml")
    assert cause in problem
    with pytest.raises(LetterNotMade, match=cause):
        documents.letter_pdf(samples.LETTER, printed_on=PRINTED_ON)
    shutil.copy(TEMPLATES / file, documents._templates / file)
    assert documents.letter_pdf(samples.LETTER, printed_on=PRINTED_ON).startswith(b"%PDF")


def test_while_a_template_is_broken_mail_goes_out_by_the_shipped_one_and_the_log_says_so_once(edited, caplog):
    documents = edited("email/frame.html.j2", LINE, NESTED, shipped=TEMPLATES)
    with caplog.at_level(logging.ERROR):
        written = [documents.digest(DIGEST, samples.AGENCY) for _ in range(2)]
    assert written == [Documents(TEMPLATES).digest(DIGEST, samples.AGENCY)] * 2
    [told] = caplog.messages
    assert told.startswith("templates/email/frame.html.j2:")
    assert told.endswith("until it is mended, mail goes out by the template that came with the program")


def test_an_edited_template_is_used_from_the_next_mail_on(edited):
    documents = edited("email/words.j2", "Kính gửi anh/chị,", "Kính gửi {{ ai }},")
    with pytest.raises(MailNotMade, match=r"words\.j2:\d+: 'ai' is undefined"):
        documents.digest(DIGEST, samples.AGENCY)
    shutil.copy(TEMPLATES / "email/words.j2", documents._templates / "email/words.j2")
    assert "Kính gửi anh/chị," in documents.digest(DIGEST, samples.AGENCY).text


def test_a_template_in_another_encoding_is_named(edited):
    documents = edited("email/digest.subject.j2", "{", "{")
    (documents._templates / "email/digest.subject.j2").write_bytes("Hồ sơ".encode("utf-16"))
    assert str(documents.check()[0]).startswith("templates/email/digest.subject.j2")


def test_a_head_of_5000_late_dossiers_gets_one_mail(edited):
    lines = tuple(replace(samples.LINE, code=f"H37.12-261120-{number:04}") for number in range(5_000))
    rendered = Documents(TEMPLATES).digest(replace(DIGEST, lines=lines), samples.AGENCY)
    assert rendered.text.count("H37.12-261120-") == 5_000


def test_checking_the_rules_of_a_site_tries_its_templates_out(tmp_path: Path):
    """Row 55: what is broken is named, the command ends with 3, and mail goes on."""
    site = site_in(tmp_path / "site")
    assert data("rules", "check", home=site.home)["problems"] == []
    subject = site.templates / "email" / "digest.subject.j2"
    subject.write_text(subject.read_text("utf-8") + "{{ mail.__class__ }}", "utf-8")
    said = dunghen("rules", "check", home=site.home)
    assert said.exit_code == 3
    assert said.stderr.startswith("templates/email/digest.subject.j2:")
    assert "mail goes out by the shipped templates" in said.stderr
    [problem] = data("rules", "check", home=site.home, exit_code=3)["problems"]
    assert problem["file"] == "templates/email"
