"""Why a whole file is refused. Clerks read these sentences, so each says in Vietnamese what is wrong and what to do."""

from collections.abc import Mapping
from typing import Any, ClassVar

from monitor.errors import MonitorError


class IntakeError(MonitorError):
    """A file that cannot be read as a list of dossiers; nothing of it is taken.

    The leaves are built from plain facts, so that the reading process can name one and the caller can rebuild it.
    """

    wording: ClassVar[str] = "không đọc được tệp này: xuất lại từ hệ thống nguồn"

    def __init__(self, *, file: str = "", **facts: str | int) -> None:
        self.facts = facts
        said = self.wording.format(**facts)
        super().__init__(f"{file}: {said}" if file else said)

    @property
    def loggable(self) -> str:
        """The cause without what the file itself says, which may be a citizen's name."""
        return self.wording.format(**(self.facts | {"seen": "…"}))

    def in_file(self, name: str) -> "IntakeError":
        """The same refusal, said of this file."""
        return type(self)(file=name, **self.facts)


class FileMissing(IntakeError):
    """The file went away, or may not be opened, before it was read."""

    wording = "không mở được tệp ({reason}): kiểm tra đường dẫn, quyền đọc, và tệp không bị chương trình khác khoá"


class EmptyFile(IntakeError):
    """No bytes, or a sheet without cells."""

    wording = "tệp không có dữ liệu: xuất lại từ hệ thống nguồn"


class FileTooBig(IntakeError):
    """Bigger, unpacked or in memory, than a list of dossiers can honestly be."""

    wording = "tệp quá lớn ({what}, giới hạn {limit}): xuất lại theo từng khoảng ngày ngắn hơn"


class UnknownFormat(IntakeError):
    """Neither a spreadsheet, nor a table of text, nor portal JSON; or its name says something else."""

    wording = "không phải bảng tính hồ sơ ({seen}): chỉ nhận .xlsx, .xls, .csv hoặc .json xuất từ hệ thống một cửa"


class MacroWorkbook(IntakeError):
    """A workbook that carries a program."""

    wording = "sổ tính có chứa macro nên không được nhận: mở bằng Excel rồi lưu lại dạng .xlsx"


class EncryptedFile(IntakeError):
    """A workbook behind a password."""

    wording = "tệp đặt mật khẩu: bỏ mật khẩu trong Excel (Tệp, Thông tin, Bảo vệ sổ làm việc) rồi gửi lại"


class DamagedFile(IntakeError):
    """Broken, or only partly written."""

    wording = "tệp hỏng hoặc chưa chép xong ({detail}): chờ chép xong hoặc xuất lại"


class DatesFrom1904(IntakeError):
    """A workbook that counts days from 1904: a date that stands there as a bare number would be four years off."""

    wording = (
        "sổ tính đếm ngày từ năm 1904, ngày ghi bằng số sẽ lệch 4 năm: xuất lại từ hệ thống nguồn, hoặc bỏ chọn "
        "“Use 1904 date system” trong Excel rồi kiểm tra lại từng cột ngày"
    )


class UnsafeFile(IntakeError):
    """Holds a construction that no export has, such as a document type definition."""

    wording = "tệp có cấu trúc không an toàn ({detail}): xuất lại từ hệ thống nguồn"


class OldEncoding(IntakeError):
    """Text in TCVN3, VNI or another encoding from before Unicode."""

    wording = "chữ trong tệp không phải Unicode ({encoding}): chuyển mã sang Unicode, lưu dạng .xlsx hoặc CSV UTF-8"


class HeaderNotFound(IntakeError):
    """No row looks like a header."""

    wording = "không thấy dòng tiêu đề; cần có các cột như {wanted}; các dòng đầu đọc được là: {seen}"


class CodeColumnMissing(IntakeError):
    """A header, but no column that could be the dossier's code."""

    wording = (
        "dòng {row} có vẻ là tiêu đề nhưng thiếu cột mã hồ sơ; các cột đọc được là: {seen}; "
        "đổi tên cột thành “Mã hồ sơ” hoặc khai báo cột đó cho nguồn này trong rules/sources"
    )


class UnknownService(IntakeError):
    """Portal JSON of a service that does not list dossiers."""

    wording = "dịch vụ “{service}” không được hỗ trợ: chỉ nhận DongBoHoSoMC và CapNhatTienDoHoSoMC"


class FormatUnexpected(IntakeError):
    """A file that a source claims by its name is something else than the source says of its files."""

    wording = (
        "nguồn “{source}” khai báo tệp dạng {declared}, tệp này dạng {seen}: xuất đúng dạng, "
        "hoặc sửa format trong rules/sources"
    )


class SourceUnknown(IntakeError):
    """No source claims a file of this name."""

    wording = "tên tệp không khớp nguồn nào ({sources}): đổi tên tệp hoặc khai báo nguồn trong rules/sources"


class ColumnRuleWrong(IntakeError):
    """A source maps a header to a field that does not exist."""

    wording = "nguồn “{source}” gán cột “{header}” cho trường “{field}” không tồn tại: sửa trong rules/sources"


class ReaderStopped(IntakeError):
    """The reading process took too long, ran out of memory or died."""

    wording = "việc đọc tệp bị dừng ({reason}): kiểm tra tệp, xuất lại với ít hồ sơ hơn"


def rebuild(name: str, facts: Mapping[str, Any]) -> IntakeError:
    """The refusal that the reading process named."""
    leaf = next((leaf for leaf in IntakeError.__subclasses__() if leaf.__name__ == name), DamagedFile)
    return leaf(**facts)
