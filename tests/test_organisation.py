"""Who may speak for whom: heads for their own people, Văn phòng Sở for everybody."""

import pytest
from official import rules

ORGANISATION = rules().organisation
STAFF = ORGANISATION.staff


@pytest.mark.parametrize(
    ("by", "person", "may"),
    [
        ("nt-bich-ngoc", "nn-hong-anh", True),  # her own officer
        ("nt-bich-ngoc", "nt-bich-ngoc", True),  # herself
        ("nt-bich-ngoc", "pd-tuan-khanh", False),  # of another division
        ("nt-bich-ngoc", "hv-quang-vinh", False),  # a deputy director
        ("bx-nhat-quang", "pd-tuan-khanh", True),  # Văn phòng Sở
        ("bx-nhat-quang", "ht-thanh-son", True),
        ("dt-minh-nguyet", "pd-tuan-khanh", True),  # Chánh Văn phòng
        ("nn-hong-anh", "nn-hong-anh", False),  # nobody enters their own
        ("hv-quang-vinh", "nn-hong-anh", False),
        ("mt-khanh-huyen", "nn-hong-anh", False),
    ],
)
def test_heads_and_van_phong_so_enter_who_is_absent(by: str, person: str, may: bool):
    assert ORGANISATION.may_speak_for(STAFF[by], STAFF[person]) is may


def test_van_phong_so_is_who_works_there_and_who_heads_them():
    assert {one.id for one in STAFF.values() if ORGANISATION.is_office(one)} == {"bx-nhat-quang", "dt-minh-nguyet"}


def test_the_leaders_of_the_agency_have_no_head_above_them():
    assert ORGANISATION.head_of(STAFF["nn-hong-anh"]) == "nt-bich-ngoc"
    assert ORGANISATION.head_of(STAFF["hv-quang-vinh"]) is None
