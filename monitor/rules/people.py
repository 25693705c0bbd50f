"""organisation.toml and staff.csv: the agency, its divisions, its people, and who signs."""

from collections.abc import Mapping
from dataclasses import MISSING, fields

from monitor.organisation import Agency, Division, Organisation, Role, SigningForm, Staff, fold_name
from monitor.rules.cells import ID_SHAPE, Unreadable, parse_email, parse_id
from monitor.rules.invented import invented_in, is_reserved
from monitor.rules.problems import Problems
from monitor.rules.sections import Section, read_document
from monitor.rules.tables import Row, read_table

FILE = "organisation.toml"
STAFF = "staff.csv"
STAFF_COLUMNS = ("id", "name", "title", "role", "division", "email", "phone", "aliases")
LEADERS = (Role.DIRECTOR, Role.DEPUTY)

_SAID_REAL = f"while {FILE} says sample = false: write the real one"


def read_organisation(files: Mapping[str, bytes], problems: Problems) -> Organisation | None:
    """The organisation as far as it is understood, for other files to be held against; None when it cannot be read."""
    document = read_document(files, FILE, problems)
    is_sample = _is_sample(document) if document else None
    sections = _divisions(document)
    staff, are_all_known = _read_staff(files, frozenset(sections) or None, is_sample, problems)
    if document is None:
        return None
    agency = _agency(document, is_sample)
    known_people = staff if are_all_known else None
    divisions = {id_: _division(section, id_, known_people, is_sample) for id_, section in sections.items()}
    document.close()
    _refuse_shared_names(sections, divisions)
    return Organisation(agency=agency, divisions=divisions, staff=staff, is_sample=is_sample or False)


def _is_sample(document: Section) -> bool | None:
    """Whether the people are said to be invented; None when that is not understood, and both may be meant."""
    is_sample = document.flag("sample")
    return is_sample if isinstance(document.values.get("sample", False), bool) else None


def _agency(document: Section, is_sample: bool | None) -> Agency:
    """The agency, without texts when it is missing."""
    section = document.section("agency")
    if section is None:
        document.refuse(None, "[agency] is missing: letters need its name, place and address")
        return Agency(**{item.name: "" for item in fields(Agency)})
    texts = {
        item.name: section.need_text(item.name) if item.default is MISSING else section.text(item.name, item.default)
        for item in fields(Agency)
    }
    section.close()
    if is_sample is False:
        _refuse_invented_texts(section)
    return Agency(**texts)


def _divisions(document: Section | None) -> dict[str, Section]:
    """The sections [division.<id>]."""
    found = document.section("division") if document else None
    if found is None:
        if document:
            document.refuse(None, "there is no [division.<id>]: write at least one")
        return {}
    sections = {id_: section for id_ in found.values if (section := found.section(id_)) is not None}
    for id_, section in sections.items():
        try:
            parse_id(id_)
        except Unreadable as unreadable:
            section.refuse(None, f"[division.<id>] {unreadable}")
    return sections


def _division(section: Section, id_: str, staff: Mapping[str, Staff] | None, is_sample: bool | None) -> Division:
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
    if is_sample is False:
        _refuse_invented_texts(section)
    return division


def _refuse_invented_texts(section: Section) -> None:
    """What the sample left to fill in would be printed in letters to citizens."""
    for key, value in section.values.items():
        texts = value if isinstance(value, list) else [value]
        for text in (one for one in texts if isinstance(one, str)):
            for what in invented_in(text):
                section.refuse(key, f"{key} in [{section.name}] {text!r} {what} {_SAID_REAL}")


def _person(section: Section, key: str, staff: Mapping[str, Staff] | None) -> str:
    """The id of a member of staff; `staff` None when it is not known who all stands in the table."""
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
    files: Mapping[str, bytes], divisions: frozenset[str] | None, is_sample: bool | None, problems: Problems
) -> tuple[dict[str, Staff], bool]:
    """Everybody by id, and whether every row could be read; `divisions` None when they are not known."""
    before = len(problems)
    rows = list(read_table(files, STAFF, STAFF_COLUMNS, problems))
    are_all_known = len(problems) == before
    staff: dict[str, Staff] = {}
    for row in rows:
        person = _staff(row)
        if person.id and person.id in staff:
            row.refuse(f"id {person.id!r} stands there already: give each person an id of their own")
        if divisions is not None:
            _refuse_wrong_division(row, person, divisions)
        if is_sample is not None:
            _refuse_mixed_people(row, person, is_sample=is_sample)
        staff[person.id] = person
    return staff, are_all_known


def _staff(row: Row) -> Staff:
    row.read("id", parse_id)
    if not row.cells["id"]:
        row.refuse(f"id is empty: {ID_SHAPE}")
    return Staff(
        id=row.cells["id"],  # also one that is refused, so that whoever is named by it is not said to be nobody
        name=row.need_text("name"),
        title=row.need_text("title"),
        role=row.need_choice("role", Role) or Role.OFFICER,
        division=row.text("division"),
        email=row.need("email", parse_email) or "",
        phone=row.text("phone"),
        aliases=row.texts("aliases"),
    )


def _refuse_mixed_people(row: Row, person: Staff, *, is_sample: bool) -> None:
    """Invented people must never be written to, and real ones only by an office that says that they are."""
    if not is_sample:
        for column, cell in row.cells.items():
            for what in invented_in(cell):
                row.refuse(f"{column} {cell!r} {what} {_SAID_REAL}")
    elif person.email and not is_reserved(person.email):
        row.refuse(
            f"email {person.email!r} is a real address among invented people: write sample = false in {FILE} once "
            "everybody is real, or use an address @stc.example"
        )


def _refuse_wrong_division(row: Row, person: Staff, divisions: frozenset[str]) -> None:
    """Everybody but the heads of the agency belongs to a division."""
    if person.division and person.division not in divisions:
        known = ", ".join(sorted(divisions))
        row.refuse(f"division {person.division!r} is unknown: write one of {known}, as in [division.<id>] of {FILE}")
    if not person.division and person.role not in LEADERS and row.cells["role"] == person.role:
        row.refuse(f"division is empty for role {person.role}: only director and deputy have none")
