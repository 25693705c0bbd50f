"""Invented people, companies and addresses: they sound like Lạng Sơn and belong to nobody.

Names of companies and wards are fanciful on purpose; phones begin with 0000 and e-mail ends in .example, which nobody
can have.
"""

from random import Random

FAMILY_NAMES = (
    "Nguyễn", "Hoàng", "Nông", "Lương", "Vi", "Lộc", "Hứa", "Chu", "Bế", "Triệu", "Đặng", "Đinh", "Phùng", "Mạc",
    "Lý", "Đàm", "Dương", "Trần", "Lê", "Phạm", "Vũ", "Đỗ", "Linh", "Lâm",
)  # fmt: skip
MEN = (
    "Văn Hùng", "Đức Thắng", "Văn Đạt", "Quốc Khánh", "Minh Đức", "Xuân Trường", "Hữu Phước", "Ngọc Sơn", "Đình Đông",
    "Tuấn Vũ", "Công Lập", "Thế Anh", "Mạnh Cường", "Văn Tý",
)  # fmt: skip
WOMEN = (
    "Thị Hoa", "Thị Thu Hà", "Ngọc Ánh", "Thị Kiều Oanh", "Thị Đào", "Thị Bích Thủy", "Khánh Ly", "Thị Mỹ Duyên",
    "Thanh Tâm", "Thị Út", "Thùy Dương", "Thị Phượng", "Hồng Đượm",
)  # fmt: skip
# Two different people: an office has to tell them apart by the dossier's code, never by the name.
NAMESAKE = "Nguyễn Văn Hùng"

WHAT = (
    "Hoa Hồi", "Đào Chuông", "Mây Trắng", "Suối Gió", "Chim Én", "Đèo Sương", "Gấu Mật", "Lúa Nương", "Trăng Non",
    "Đá Bạc", "Thông Reo", "Na Dai", "Cầu Vồng", "Hạt Dẻ", "Đom Đóm", "Bướm Vàng",
)  # fmt: skip
WHICH = (
    "Bảy Sắc", "Một Trăm", "Ngàn Sao", "Số Chín", "Đông Phong", "Xanh Thẳm", "Ba Miền", "Đa Năng", "Tí Hon", "Mười Hai",
    "Lấp Lánh", "Bốn Mùa",
)  # fmt: skip
TRADES = (
    "Thương mại", "Thương mại & Dịch vụ", "Xây dựng và Thương mại", "Xuất nhập khẩu", "Vận tải", "Nông sản", "Du lịch",
    "Đầu tư & Phát triển", "Sản xuất, Thương mại và Dịch vụ Tổng hợp", "Công nghệ", "Logistics",
)  # fmt: skip
COMPANY_FORMS = ("Công ty TNHH", "Công ty TNHH MTV", "Công ty Cổ phần", "CÔNG TY TNHH", "Doanh nghiệp tư nhân")
# Names that break what is written carelessly: quotes, ampersands, brackets, angle brackets, Đ, and sheer length.
HARD_COMPANIES = (
    "Công ty TNHH A & B <Đồng Đăng Mây>",
    'Công ty Cổ phần "Đèo Sương & Trăng Non"',
    "Công ty TNHH MTV “Đom Đóm Đỏ” (Chi nhánh Đông)",
    "CÔNG TY TNHH MỘT THÀNH VIÊN SẢN XUẤT, THƯƠNG MẠI, XUẤT NHẬP KHẨU VÀ DỊCH VỤ VẬN TẢI ĐƯỜNG BỘ HẠT DẺ NGÀN SAO "
    "LẤP LÁNH BỐN MÙA",
    "Công ty Cổ phần Đầu tư, Xây dựng Hạ tầng và Phát triển Dịch vụ Kho bãi, Logistics Cửa khẩu Chim Én Mười Hai – "
    "Chi nhánh Sản xuất, Kinh doanh Nông sản Hoa Hồi Bảy Sắc",
    "Công ty TNHH D'Đào Chuông / Na Dai",
)
INVESTORS = (
    "Star Anise & Pine (Việt Nam) Co., Ltd",
    "Công ty TNHH Đầu tư Quốc tế Little Swallow",
    "Công ty Cổ phần Điện gió Đèo Sương",
    "Công ty TNHH Chế biến Gỗ Thông Reo",
)
STREETS = ("đường Hoa Đào Mẫu", "đường Mây Mẫu", "ngõ Hạt Dẻ Mẫu", "thôn Suối Mẫu", "khối Đèo Mẫu", "tổ dân phố Mẫu Ba")
WARDS = ("phường Đào Mẫu", "phường Cầu Mẫu", "xã Suối Mẫu", "xã Đồi Hồi Mẫu", "xã Đá Mẫu", "xã Đông Mẫu")


def happens(chance: Random, percent: int) -> bool:
    """Whether something comes about that so many times in a hundred does."""
    return chance.randrange(100) < percent


class Invention:
    """Makes up people and companies from one stream of chance."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def person(self) -> str:
        """A full name."""
        given = self._chance.choice(MEN if happens(self._chance, 50) else WOMEN)
        return f"{self._chance.choice(FAMILY_NAMES)} {given}"

    def company(self) -> str:
        """A company's name; one in nine is a hard one."""
        if happens(self._chance, 11):
            return self._chance.choice(HARD_COMPANIES)
        form, trade = self._chance.choice(COMPANY_FORMS), self._chance.choice(TRADES)
        name = f"{self._chance.choice(WHAT)} {self._chance.choice(WHICH)}"
        whole = f"{form} {trade} {name}" if happens(self._chance, 80) else f"{form} {name}"
        return whole.upper() if form.isupper() else whole

    def cooperative(self) -> str:
        """A cooperative's name."""
        kind = self._chance.choice(("Hợp tác xã Nông nghiệp", "Hợp tác xã", "HTX Dịch vụ", "Liên hiệp Hợp tác xã"))
        return f"{kind} {self._chance.choice(WHAT)} {self._chance.choice(WHICH)}"

    def investor(self) -> str:
        """Who asks for an investment certificate."""
        return self._chance.choice(INVESTORS) if happens(self._chance, 50) else self.company()

    def address(self) -> str:
        """An address in a ward that does not exist."""
        number, street, ward = self._chance.randint(1, 288), self._chance.choice(STREETS), self._chance.choice(WARDS)
        return f"Số {number}, {street}, {ward}, tỉnh Lạng Sơn"

    def phone(self) -> str:
        """A number that no network has given out."""
        return f"0000 {self._chance.randint(0, 999):03} {self._chance.randint(0, 999):03}"

    def email(self) -> str:
        """An address that nobody can own."""
        return f"mau-{self._chance.randint(0, 9999):04}@nguoi-nop.example"

    def identity_no(self) -> str:
        """A paper's number that cannot be one."""
        return f"MẪU-{self._chance.randint(0, 999_999):06}"
