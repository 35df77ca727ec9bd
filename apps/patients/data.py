"""What a form, a file or another system says about a person, before anything is stored. Plain values."""

import datetime as dt
import re
from dataclasses import dataclass, fields, replace
from typing import Any, Self
from uuid import UUID

from apps.core.text import clean


@dataclass(frozen=True)
class PersonData:
    """The editable fields of a person. Codes are those of the catalogues; ids are of this database."""

    full_name: str
    sex: str
    birth_date: dt.date | None = None
    birth_precision: str = "day"
    ethnicity: str = ""
    nationality: str = "VN"
    occupation: str = ""
    education: str = ""
    marital_status: str = ""
    phone: str = ""
    email: str = ""
    hamlet_id: UUID | None = None
    address_text: str = ""
    permanent_text: str = ""
    permanent_unit_id: UUID | None = None
    life_status: str = "alive"
    died_on: dt.date | None = None
    mother_id: UUID | None = None
    father_id: UUID | None = None
    guardian_name: str = ""
    guardian_relation: str = ""
    guardian_number: str = ""
    blood_group: str = ""
    note: str = ""

    def cleaned(self) -> Self:
        """The same as it is stored: texts without odd marks and blanks, the phone in its 0 form."""
        texts: dict[str, Any] = {
            field.name: clean(value, lines=field.name == "note")
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), str)
        }
        return replace(self, **texts | {"phone": phone(texts["phone"])})

    @property
    def birth_year(self) -> int | None:
        return self.birth_date.year if self.birth_date else None


FIELDS = tuple(field.name for field in fields(PersonData))


@dataclass(frozen=True)
class NumberData:
    """A number that came with a person: kind as in IdentifierKind."""

    kind: str
    value: str
    issued_on: dt.date | None = None
    issuer: str = ""
    source: str = "typed"


@dataclass(frozen=True)
class CardData:
    """An insurance card as it was shown."""

    number: str
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    registered_facility_code: str = ""
    five_year_on: dt.date | None = None
    area_code: str = ""
    source: str = "typed"


def phone(text: str) -> str:
    """'+84 912 345.678' and '0912-345-678' as '0912345678'; anything else as it was."""
    digits = re.sub(r"[\s.()-]", "", text)
    digits = re.sub(r"^(\+84|0084)0?", "0", digits)
    return digits if re.fullmatch("0[0-9]{9,10}", digits) else text
