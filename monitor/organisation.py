"""Who works here: the agency, its divisions and its staff, and how a name written in a source is matched to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from types import MappingProxyType
from unicodedata import normalize


class Role(StrEnum):
    """What a person is to a dossier; from low to high, for people reached by several roles."""

    OFFICER = "officer"  # công chức thụ lý
    DESK = "desk"  # Bộ phận Một cửa
    IT = "it"
    CLERK = "clerk"  # văn thư
    OFFICE = "office"  # Văn phòng Sở
    HEAD = "head"  # trưởng phòng
    DEPUTY = "deputy"  # Phó Giám đốc phụ trách
    DIRECTOR = "director"


class SigningForm(StrEnum):
    """In whose name a paper is signed."""

    DIRECT = "direct"  # trực tiếp
    KT = "KT."  # ký thay
    TL = "TL."  # thừa lệnh
    TUQ = "TUQ."  # thừa ủy quyền


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A member of staff; `aliases` are other ways in which sources write the name."""

    id: str
    name: str
    title: str  # chức danh, as printed under a signature or read by a citizen
    role: Role
    division: str  # a division's id; empty for the heads of the agency
    email: str
    phone: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """A division of the agency, who answers for it, and who signs its papers."""

    id: str
    name: str
    symbol: str  # in document numbers, "ĐKKD"
    head: str  # ids of staff
    deputy_in_charge: str
    signer: str
    signing_form: SigningForm = SigningForm.KT
    aliases: tuple[str, ...] = ()
    signing_lead_working_days: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """The department: what its letterhead and its citizens need."""

    name: str
    parent: str
    symbol: str  # in document numbers, "STC"
    place: str  # where letters are dated
    address: str
    desk_name: str  # Bộ phận Một cửa, where a result is collected
    desk_address: str
    desk_hours: str
    phone: str
    complaint_contact: str
    director_title: str = "GIÁM ĐỐC"


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """The agency with its divisions and staff; `is_sample` while it holds the invented people it is shipped with."""

    agency: Agency
    divisions: Mapping[str, Division]
    staff: Mapping[str, Staff]
    is_sample: bool = False

    @cached_property
    def _people_by_name(self) -> Mapping[str, tuple[Staff, ...]]:
        found: dict[str, tuple[Staff, ...]] = {}
        for person in self.staff.values():
            for name in {fold_name(name) for name in (person.name, person.id, person.email, *person.aliases)}:
                found[name] = (*found.get(name, ()), person)
        return MappingProxyType(found)

    @cached_property
    def _people_by_role(self) -> Mapping[Role, tuple[Staff, ...]]:
        by_role = {role: tuple(person for person in self.staff.values() if person.role is role) for role in Role}
        return MappingProxyType(by_role)

    @cached_property
    def _divisions_by_name(self) -> Mapping[str, Division]:
        return MappingProxyType(
            {fold_name(name): unit for unit in self.divisions.values() for name in (unit.id, unit.name, *unit.aliases)}
        )

    def people_named(self, written: str | None) -> tuple[Staff, ...]:
        """Everybody whom a written name fits: none, one, or homonyms."""
        return self._people_by_name.get(fold_name(written), ()) if written else ()

    def division_named(self, written: str | None) -> Division | None:
        """The division that a written unit names, by name or alias."""
        return self._divisions_by_name.get(fold_name(written)) if written else None

    def with_role(self, role: Role) -> tuple[Staff, ...]:
        """All staff of a role, in the order of the table."""
        return self._people_by_role.get(role, ())

    def head_of(self, person: Staff) -> str | None:
        """The id of whoever heads this person's division; None for the heads of the agency, who have none."""
        division = self.divisions.get(person.division)
        return division.head if division else None

    def is_office(self, person: Staff) -> bool:
        """Whether somebody is of Văn phòng Sở: follows for the whole agency, or heads those who do."""
        return person.role is Role.OFFICE or any(self.head_of(one) == person.id for one in self.with_role(Role.OFFICE))

    def may_speak_for(self, by: Staff, person: Staff) -> bool:
        """Whether `by` may enter that a person is absent: the head of the person's division, and Văn phòng Sở."""
        return self.head_of(person) == by.id or self.is_office(by)


# A pass asks for the same few dozen names a thousand times.
@lru_cache(maxsize=4096)
def fold_name(written: str) -> str:
    """A name for comparison: NFC, without case and extra spaces; tone marks stay, they tell people apart."""
    return " ".join(normalize("NFC", written).casefold().split())
