"""organisation.toml and staff.csv: the agency, its divisions, its people, and who signs."""

from collections.abc import Mapping
from dataclasses import MISSING, fields

from monitor.organisation import Agency, Division, Organisation, Role, SigningForm, Staff, fold_name
from monitor.rules.cells import parse_email
from monitor.rules.problems import Problems
from monitor.rules.sections import Section, read_document
from monitor.rules.tables import Row, read_table

FILE = "organisation.toml"
STAFF = "staff.csv"
STAFF_COLUMNS = ("id", "name", "title", "role", "division", "email", "phone", "aliases")
LEADERS = (Role.DIRECTOR, Role.DEPUTY)
# RFC 2606 and 6761: addresses of these domains reach nobody.
RESERVED_DOMAINS = ("example.com", "example.net", "example.org", "example", "test", "invalid")


def read_organisation(files: Mapping[str, bytes], problems: Problems) -> Organisation | None:
    """The organisation; None when it is refused."""
    before = len(problems)
    document = read_document(files, FILE, problems)
    is_sample = document is not None and document.flag("sample")
    sections = _divisions(document)
    staff_before = len(problems)
    staff = _read_staff(files, None if document is None else frozenset(sections), is_sample, problems)
    known_people = staff if len(problems) == staff_before else None
    if document is None:
        return None
    agency = _agency(document)
    divisions = {id_: _division(section, id_, known_people) for id_, section in sections.items()}
    document.close()
    _refuse_shared_names(sections, divisions)
    if agency is None or len(problems) > before:
        return None
    return Organisation(agency=agency, divisions=divisions, staff=staff, is_sample=is_sample)


def _agency(document: Section) -> Agency | None:
    section = document.section("agency")
    if section is None:
        document.refuse(None, "[agency] is missing: letters need its name, place and address")
        return None
    texts = {
        item.name: section.need_text(item.name) if item.default is MISSING else section.text(item.name, item.default)
        for item in fields(Agency)
    }
    section.close()
    return Agency(**texts)


def _divisions(document: Section | None) -> dict[str, Section]:
    """The sections [division.<id>]."""
    found = document.section("division") if document else None
    if found is None:
        if document:
            document.refuse(None, "there is no [division.<id>]: write at least one")
        return {}
    sections = {id_: found.section(id_) for id_ in found.values}
    return {id_: section for id_, section in sections.items() if section is not None}


def _division(section: Section, id_: str, staff: Mapping[str, Staff] | None) -> Division:
    division = Division(
        id=id_,
        name=section.need_text("name"),
        symbol=section.need_text("symbol"),
        head=_person(section, "head", staff),
        deputy_in_charge=_person(section, "deputy_in_charge", staff),
        signer=_person(section, "signer", staff),
        signing_form=section.choice("signing_form", SigningForm) or SigningForm.KT,
        aliases=section.texts("aliases"),
        signing_lead_working_days=section.whole("signing_lead_working_days", 1, most=10),
    )
    section.close()
    return division


def _person(section: Section, key: str, staff: Mapping[str, Staff] | None) -> str:
    """The id of a member of staff; `staff` None when the table itself was refused."""
    written = section.need_text(key)
    if written and staff is not None and written not in staff:
        section.refuse(key, f"{key} {written!r} of [{section.name}] is nobody: write an id that {STAFF} has")
    return written


def _refuse_shared_names(sections: Mapping[str, Section], divisions: Mapping[str, Division]) -> None:
    """A name that fits two divisions would send a dossier to the wrong one."""
    owners: dict[str, str] = {}
    for id_, division in divisions.items():
        for name in {fold_name(name) for name in (id_, division.name, *division.aliases)}:
            if name in owners:
                sections[id_].refuse(None, f"{name!r} is also division {owners[name]!r}: keep it in one of the two")
            owners.setdefault(name, id_)


def _read_staff(
    files: Mapping[str, bytes], divisions: frozenset[str] | None, is_sample: bool, problems: Problems
) -> dict[str, Staff]:
    """Everybody by id; `divisions` None when they are not known."""
    staff: dict[str, Staff] = {}
    for row in read_table(files, STAFF, STAFF_COLUMNS, problems):
        person = _staff(row)
        if person.id in staff:
            row.refuse(f"id {person.id!r} stands there already: give each person an id of their own")
        if divisions is not None:
            _refuse_wrong_division(row, person, divisions)
        if is_sample and person.email and not _is_reserved(person.email):
            row.refuse(
                f"email {person.email!r} is a real address among invented people: write sample = false in {FILE} once "
                "everybody is real, or use an address @stc.example"
            )
        staff[person.id] = person
    return staff


def _staff(row: Row) -> Staff:
    return Staff(
        id=row.need_text("id"),
        name=row.need_text("name"),
        title=row.need_text("title"),
        role=row.need_choice("role", Role) or Role.OFFICER,
        division=row.text("division"),
        email=row.need("email", parse_email) or "",
        phone=row.text("phone"),
        aliases=row.texts("aliases"),
    )


def _refuse_wrong_division(row: Row, person: Staff, divisions: frozenset[str]) -> None:
    """Everybody but the heads of the agency belongs to a division."""
    if person.division and person.division not in divisions:
        known = ", ".join(sorted(divisions))
        row.refuse(f"division {person.division!r} is unknown: write one of {known}, as in [division.<id>] of {FILE}")
    if not person.division and person.role not in LEADERS and row.cells["role"] == person.role:
        row.refuse(f"division is empty for role {person.role}: only director and deputy have none")


def _is_reserved(email: str) -> bool:
    domain = email.lower().rpartition("@")[2]
    return any(domain == reserved or domain.endswith(f".{reserved}") for reserved in RESERVED_DOMAINS)
