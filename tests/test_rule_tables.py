"""Tables go out as workbooks and come back: checked, with their impact shown, by whom and by which document."""

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
import xlsxwriter
from command import MONDAY_MORNING, data, dunghen, listing, site_in
from sqlalchemy import text
from stored import MONDAY, TUESDAY, at, bring_in, decision, due, simple

from monitor.cli.opening import store_of
from monitor.rules import RulesRefused, content_hash, load_rules_from, rule_files
from monitor.rules.changes import changes_between
from monitor.rules.forms import FORMS
from monitor.rules.proposal import propose
from monitor.rules.workbook import FileRefused, read_workbook, write_workbook
from monitor.site import Site, SiteKind
from monitor.status import Status
from monitor.store import RulesChangedMeanwhile, Store, open_store
from monitor.store.connection import Database
from monitor.store.migration import migrate
from monitor.store.rule_books import packed

SMALL = Path(__file__).parent / "cases" / "rules" / "small"
CODE = "H37.12-261120-0001"
WHO = ("--by", "bx-nhat-quang", "--reason", "giảm thời hạn", "--yes")


def small() -> dict[str, bytes]:
    return rule_files(SMALL)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_in(tmp_path / "site")


def edited(site: Site, table: str, **cells: str) -> Path:
    """The workbook that `rules edit` writes, with cells of its first row typed over, saved under another name."""
    path = site.home / f"{table} (1).xlsx"
    assert dunghen("rules", "edit", table, "--out", site.home / "out.xlsx", home=site.home).exit_code == 0
    header, *lines = read_workbook(site.home / "out.xlsx")[0].lines
    names = [cell.text for cell in header.cells]
    rows = [[cell.text for cell in line.cells] for line in lines]
    for name, cell in cells.items():
        rows[0][names.index(name)] = cell
    (site.home / "out.xlsx").unlink()
    write_workbook(path, FORMS[table], rows)
    return path


def in_force(site: Site) -> dict[str, bytes]:
    with store_of(site) as store:
        return dict(store.rule_book_in_force().files)


class TestApply:
    def test_a_table_goes_out_and_comes_back_changed_and_in_force(self, site: Site):
        path = edited(site, "procedures", limit="2")
        said = dunghen("rules", "apply", path, *WHO, "--document", "QĐ 9/QĐ-STC", home=site.home)
        assert said.exit_code == 0, said.output
        assert "procedures.csv: 2.001610 limit 3 → 2" in said.stdout
        assert "0 hồ sơ đổi hạn trả: 0 sớm hơn, 0 muộn hơn" in said.stdout
        assert load_rules_from(in_force(site)).procedures[0].limit.amount == 2
        assert rule_files(site.rules) == in_force(site)
        assert dunghen("rules", "apply", path, *WHO, home=site.home).stdout.startswith("Không có gì thay đổi")

    def test_what_it_would_do_to_the_dossiers_is_shown_and_a_dry_run_changes_nothing(self, site: Site):
        row = f"{CODE} | 20/11/2026 09:00 | 26/11/2026 17:00 | Đang xử lý"
        path = listing(site.home / "theo-doi.csv", [row])
        body = path.read_text(encoding="utf-8-sig").replace(
            "Hiệu đính thông tin", "Đăng ký thành lập doanh nghiệp tư nhân"
        )
        path.write_text(body, encoding="utf-8-sig")
        assert dunghen("import", path, "--now", "2026-11-23T07:15", home=site.home).exit_code == 0
        before = in_force(site), rule_files(site.rules)
        table = edited(site, "procedures", limit="2")
        told = data("rules", "apply", table, "--dry-run", "--now", "2026-11-23T07:15", home=site.home)
        assert told["impact"]["moves"] == [{"code": CODE, "before": "2026-11-26", "after": "2026-11-25"}]  # Thu, Wed
        assert (told["impact"]["running"], told["impact"]["becoming_overdue"], told["accepted"]) == (1, [], False)
        (change,) = told["changes"]
        assert (change["row"], change["column"], change["before"], change["after"]) == ("2.001610", "limit", "3", "2")
        said = dunghen("rules", "apply", table, "--dry-run", "--now", "2026-11-23T07:15", home=site.home).stdout
        assert "trên 1 hồ sơ đang giải quyết" in said
        assert "1 hồ sơ đổi hạn trả: 1 sớm hơn, 0 muộn hơn" in said
        assert f"{CODE}: 26/11/2026 → 25/11/2026" in said
        assert (in_force(site), rule_files(site.rules)) == before

    def test_name_and_reason_are_asked_for_and_a_no_changes_nothing(self, site: Site):
        path, before = edited(site, "procedures", limit="2"), in_force(site)
        typed = "bx-nhat-quang\ngiảm thời hạn\nQĐ 9/QĐ-STC\n"
        refused = dunghen("rules", "apply", path, home=site.home, typed=f"{typed}n\n")
        assert refused.exit_code == 1
        assert (in_force(site), rule_files(site.rules)) == (before, before)
        assert dunghen("rules", "apply", path, home=site.home, typed=f"{typed}y\n").exit_code == 0
        last, _ = data("rules", "history", home=site.home)
        assert (last["by"], last["reason"], last["document"]) == ("bx-nhat-quang", "giảm thời hạn", "QĐ 9/QĐ-STC")

    def test_nobody_changes_rules_under_a_name_that_the_office_does_not_have(self, site: Site):
        path, before = edited(site, "procedures", limit="2"), in_force(site)
        refused = dunghen("rules", "apply", path, "--by", "ai-do", "--reason", "x", "--yes", home=site.home)
        assert refused.exit_code == 1
        assert "'ai-do' is nobody" in refused.stderr
        assert (in_force(site), rule_files(site.rules)) == (before, before)

    def test_a_script_that_cannot_be_asked_has_to_say_everything(self, site: Site):
        path = edited(site, "procedures", limit="2")
        assert dunghen("rules", "apply", path, "--json", home=site.home).exit_code == 2
        assert data("rules", "apply", path, *WHO, home=site.home)["accepted"]

    def test_a_mistake_is_told_in_its_cell_and_nothing_changes(self, site: Site):
        path, before = edited(site, "procedures", code="2.00161", basis=""), in_force(site)
        refused = dunghen("rules", "apply", path, *WHO, home=site.home)
        assert refused.exit_code == 1
        assert "procedures (1).xlsx, trang “Thủ tục”:2: cột A: code '2.00161' has five digits" in refused.stderr
        assert "có phải 2.001610?" in refused.stderr
        assert "procedures (1).xlsx, trang “Thủ tục”:2: a limit without basis" in refused.stderr
        assert "Traceback" not in refused.output
        assert (in_force(site), rule_files(site.rules)) == (before, before)
        problems = data("rules", "apply", path, "--dry-run", home=site.home, exit_code=1)["problems"]
        assert [(one["file"], one["line"]) for one in problems] == [("procedures (1).xlsx, trang “Thủ tục”", 2)] * 2

    def test_several_tables_and_a_document_are_one_act(self, site: Site):
        hours = site.home / "hours (2).toml"
        hours.write_bytes((site.rules / "hours.toml").read_bytes() + "\n# đã xem lại\n".encode())
        files = [edited(site, "reasons", text="Chờ ý kiến."), edited(site, "procedures", limit="2"), hours]
        told = data("rules", "apply", *files, *WHO, home=site.home)
        assert [(one["file"], one["kind"]) for one in told["changes"]] == [
            ("hours.toml", "changed"), ("procedures.csv", "changed"), ("reasons.csv", "changed"),
        ]  # fmt: skip
        assert len(data("rules", "history", home=site.home)) == 2

    def test_another_edit_of_the_folder_that_is_not_in_force_yet_is_named(self, site: Site):
        reasons = site.rules / "reasons.csv"
        reasons.write_text(reasons.read_text(encoding="utf-8") + "bao,Do bão.,D\n", encoding="utf-8")
        said = dunghen("rules", "apply", edited(site, "procedures", limit="2"), "--dry-run", home=site.home).stdout
        assert "reasons.csv: thêm bao (Do bão.)" in said
        assert "đã sửa sẵn ở thư mục rules, chưa có hiệu lực: reasons.csv" in said

    def test_a_death_between_folder_and_database_is_seen_by_check_and_mended_by_applying_again(self, site: Site):
        path = edited(site, "procedures", limit="2")
        proposal = propose(rule_files(site.rules), [path])
        (site.rules / "procedures.csv").write_bytes(proposal.files["procedures.csv"])  # and then the process died
        assert data("rules", "check", home=site.home)["not_in_force"] == ["procedures.csv"]
        assert "procedures.csv differ from the rules in force" in dunghen("rules", "check", home=site.home).stdout
        assert data("rules", "apply", path, *WHO, home=site.home)["accepted"]
        assert data("rules", "check", home=site.home)["not_in_force"] == []

    def test_the_folder_is_brought_back_to_what_is_in_force_by_handing_that_in(self, site: Site):
        path, table = edited(site, "procedures"), site.rules / "procedures.csv"
        before = table.read_bytes()
        table.write_bytes(before.replace(b",3,working_day", b",5,working_day", 1))
        assert not data("rules", "apply", path, *WHO, home=site.home)["accepted"]
        assert table.read_bytes() == before

    def test_invented_people_are_not_accepted_where_mail_leaves(self, tmp_path: Path):
        site = site_in(tmp_path / "site", SiteKind.LIVE)
        path, configuration = edited(site, "procedures", limit="2"), site.home / "dunghen.toml"
        text = configuration.read_text(encoding="utf-8").replace(
            'delivery = "folder"', 'delivery = "smtp"\nhost = "mail"'
        )
        configuration.write_text(text, encoding="utf-8")
        refused = dunghen("rules", "apply", path, *WHO, home=site.home)
        assert refused.exit_code == 1
        assert "sample = true" in refused.stderr

    def test_edit_overwrites_nothing(self, site: Site):
        out = site.home / "bang.xlsx"
        assert dunghen("rules", "edit", "staff", "--out", out, home=site.home).exit_code == 0
        refused = dunghen("rules", "edit", "staff", "--out", out, home=site.home)
        assert (refused.exit_code, "exists already" in refused.stderr) == (1, True)
        assert dunghen("rules", "edit", "hours", home=site.home).exit_code == 2


class TestFiles:
    """What is handed in is known by what is in it."""

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    @pytest.mark.parametrize("delimiter", [",", ";"])
    def test_a_csv_as_excel_saves_it_is_the_same_table(self, tmp_path: Path, encoding: str, delimiter: str):
        written = StringIO()
        rows = csv.reader(StringIO(small()["calendar.csv"].decode().replace("2026-01-02", "02/01/2026")))
        csv.writer(written, delimiter=delimiter).writerows(rows)
        path = tmp_path / "lịch của phòng.csv"
        path.write_bytes(written.getvalue().encode(encoding))
        assert propose(small(), [path]).files == small()

    def test_a_csv_with_another_order_of_columns_is_stored_in_the_usual_one(self, tmp_path: Path):
        path = tmp_path / "ly do.csv"
        path.write_text("basis,id,text\nD,bao,Do bão.\n", encoding="utf-8")
        assert propose(small(), [path]).files["reasons.csv"] == b"id,text,basis\nbao,Do b\xc3\xa3o.,D\n"

    def test_a_mistake_in_a_csv_is_told_by_its_own_name_and_line(self, tmp_path: Path):
        path = tmp_path / "ly do.csv"
        path.write_text("\n\nid;text;basis\nbao;;D\n", encoding="utf-8")
        with pytest.raises(RulesRefused, match=r"^ly do.csv:4: text is empty: fill it in$"):
            propose(small(), [path]).load()

    @pytest.mark.parametrize(
        ("header", "told"),
        [
            ("id,txt,basis", "ly do.csv:1: unknown column 'txt'"),
            ("id,text", "ly do.csv:1: column 'basis' is missing"),
            ("id,text,text", "ly do.csv:1: column 'text' stands there twice"),
        ],
    )
    def test_a_header_that_nearly_fits_is_told_what_is_wrong_with_it(self, tmp_path: Path, header: str, told: str):
        path = tmp_path / "ly do.csv"
        path.write_text(f"{header}\n{','.join('x' for _ in header.split(','))}\n", encoding="utf-8")
        with pytest.raises(RulesRefused) as refused:
            propose(small(), [path]).load()
        assert any(str(problem).startswith(told) for problem in refused.value.problems)

    def test_an_old_code_page_is_refused(self, tmp_path: Path):
        path = tmp_path / "ly do.csv"
        path.write_bytes("id,text,basis\nbao,Do bão.,D\n".encode("cp1252"))
        with pytest.raises(RulesRefused, match=r"^ly do.csv:2: is not UTF-8: save the file as 'CSV UTF-8'"):
            propose(small(), [path])

    def test_two_tables_in_one_file_are_refused(self, tmp_path: Path):
        path = tmp_path / "gộp.xlsx"
        with xlsxwriter.Workbook(path) as workbook:
            for name in ("reasons", "calendar_years"):
                sheet = workbook.add_worksheet(FORMS[name].title)
                for place, column in enumerate(FORMS[name].names):
                    sheet.write_string(2, place, column)
        with pytest.raises(FileRefused) as refused:
            propose(small(), [path])
        assert str(refused.value) == (
            "gộp.xlsx: có 2 bảng, Lý do chậm (trang “Lý do chậm” dòng 3) và Các năm của lịch (trang “Các năm của lịch” "
            "dòng 3): tách ra, mỗi tệp một bảng"
        )

    def test_two_files_of_one_table_are_refused(self, tmp_path: Path):
        paths = tmp_path / "một.csv", tmp_path / "hai.csv"
        for path in paths:
            path.write_bytes(small()["reasons.csv"])
        with pytest.raises(FileRefused, match=r"^hai.csv: rules/reasons.csv đã có trong một.csv: chỉ đưa một tệp$"):
            propose(small(), paths)

    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("theo-doi.csv", "Mã hồ sơ;Trạng thái\nH1;Đang xử lý\n", "không thấy dòng tiêu đề của bảng quy tắc nào"),
            ("bảng.xls", "", "chỉ nhận .xlsx, .csv và .toml"),
            (
                "gio-lam-viec.toml",
                "",
                "không phải tệp quy tắc nào: đặt tên như một trong hours.toml, organisation.toml",
            ),
        ],
    )
    def test_what_is_no_table_of_rules_is_refused(self, tmp_path: Path, name: str, content: str, told: str):
        (tmp_path / name).write_text(content, encoding="utf-8")
        with pytest.raises(FileRefused) as refused:
            propose(small(), [tmp_path / name])
        assert str(refused.value).startswith(f"{name}: {told}")


class TestChanges:
    def changed(self, file: str, written: str, instead: str) -> list[str]:
        before = small()
        text = before[file].decode()
        assert written in text
        return [str(one) for one in changes_between(before, before | {file: text.replace(written, instead).encode()})]

    @pytest.mark.parametrize(
        ("file", "written", "instead", "told"),
        [
            ("procedures.csv", "Doanh nghiệp,3,", "Doanh nghiệp,2,", ["procedures.csv: 2.001610 limit 3 → 2"]),
            ("calendar.csv", "2026-01-02", "02/01/2026", []),
            ("calendar.csv", "2026-01-02,off", "2026-01-05,off",
             ["calendar.csv: bỏ 2026-01-02 (Nghỉ hoán đổi, off)",
              "calendar.csv: thêm 2026-01-05 (Nghỉ hoán đổi, off)"]),
            ("staff.csv", "ngoc@stc.example,", "ngoc@stc.example,0205 000 0012",
             ["staff.csv: ngoc phone (trống) → 0205 000 0012"]),
            ("hours.toml", "07:30", "07:00", ["hours.toml: sửa"]),
            ("reasons.csv", "id,text,basis\n", "id,text,basis\nbao,Do bão.,D\n",
             ["reasons.csv: thêm bao (Do bão.)"]),
        ],
    )  # fmt: skip
    def test_a_change_is_told_in_words(self, file: str, written: str, instead: str, told: list[str]):
        assert self.changed(file, written, instead) == told

    def test_a_file_that_comes_or_goes_is_told(self):
        files = small()
        less = {name: content for name, content in files.items() if name != "reasons.csv"}
        assert [str(one) for one in changes_between(files, less)] == ["reasons.csv: bỏ"]
        assert [str(one) for one in changes_between(less, files)] == ["reasons.csv: thêm"]


class TestHistory:
    def test_every_acceptance_is_told_with_who_why_which_document_and_what(self, site: Site):
        table = site.rules / "procedures.csv"
        before = table.read_bytes()
        first = data("rules", "apply", edited(site, "procedures", limit="2"), *WHO, home=site.home)["version"]
        table.write_bytes(before)  # back to the shipped one, by the other command
        words = ("--by", "Nông Thị Lan", "--reason", "làm lại", "--document", "CV 7")
        assert dunghen("rules", "accept", *words, home=site.home).exit_code == 0
        last, middle, shipped = data("rules", "history", home=site.home)
        assert (last["by"], last["reason"], last["document"], last["in_force"]) == (
            "Nông Thị Lan", "làm lại", "CV 7", True,
        )  # fmt: skip
        assert (middle["version"], middle["document"], middle["in_force"]) == (first, None, False)
        assert (shipped["reason"], shipped["version"]) == ("shipped rules", last["version"])
        assert [(one["row"], one["before"], one["after"]) for one in last["changes"] if one["column"] == "limit"] == [
            ("2.001610", "2", "3")
        ]
        said = dunghen("rules", "history", home=site.home).stdout
        assert "Nông Thị Lan: làm lại (CV 7) – đang có hiệu lực" in said
        assert "    procedures.csv: 2.001610 limit 2 → 3" in said

    def test_the_files_of_an_earlier_book_can_be_read_again(self, site: Site, tmp_path: Path):
        before = in_force(site)
        dunghen("rules", "apply", edited(site, "procedures", limit="2"), *WHO, home=site.home)
        version = data("rules", "history", home=site.home)[1]["version"]
        out = tmp_path / "cu"
        assert dunghen("rules", "history", "--show", version[:12], "--out", out, home=site.home).exit_code == 0
        assert rule_files(out) == before
        again = dunghen("rules", "history", "--show", version, "--out", out, home=site.home)
        assert (again.exit_code, "is not empty" in again.stderr) == (1, True)
        unknown = dunghen("rules", "history", "--show", "zz", "--out", tmp_path / "x", home=site.home)
        assert (unknown.exit_code, "no version begins with 'zz'" in unknown.stderr) == (1, True)
        assert dunghen("rules", "history", "--show", version, home=site.home).exit_code == 2


class TestUpgrade:
    def test_a_book_that_an_earlier_version_accepted_stays_in_force_and_the_folder_is_asked_for_the_new_table(
        self, site: Site
    ):
        (site.rules / "fixed_holidays.csv").unlink()
        old = rule_files(site.rules)
        with store_of(site) as store:
            store.accept_rule_book(content_hash(old), old, by="A", reason="trước nâng cấp", now=MONDAY_MORNING)
        asked = ("due", "--received", "2026-11-20 09:00", "--limit", "3 ngày làm việc")
        assert dunghen("list", home=site.home).exit_code == 0
        checked = dunghen("rules", "check", home=site.home)
        assert checked.exit_code == 3
        assert "rules/fixed_holidays.csv: is missing: copy it from the rules" in checked.stderr
        assert "The rules that this version came with are in " in checked.stderr
        assert data(*asked, home=site.home)["due_on"] == "2026-11-26"  # Thu

    def test_the_acceptance_of_an_earlier_schema_is_the_beginning_of_the_history(
        self, database_url: str, tmp_path: Path
    ):
        database = Database(database_url)
        migrate(database, "0001")
        with database.write() as connection:
            accepted_at = int(MONDAY.timestamp()) if database.is_sqlite else MONDAY
            connection.execute(
                text(
                    "INSERT INTO rule_book (hash, files, accepted_at, accepted_by, reason, in_force) "
                    "VALUES ('h1', :files, :at, 'admin', 'ban đầu', :yes)"
                ),
                {"files": packed({"hours.toml": b"[work]"}), "at": accepted_at, "yes": True},
            )
        database.close()
        with open_store(database_url, backups=tmp_path) as store:
            (book,) = store.rule_books()
            assert (book.hash, book.accepted_at, book.accepted_by, book.reason, book.document) == (
                "h1", MONDAY, "admin", "ban đầu", None,
            )  # fmt: skip
            assert store.rule_book_in_force() == book


class TestAcceptances:
    FILES = {"hours.toml": b"[work]\n"}  # noqa: RUF012

    @pytest.fixture
    def store(self, database_url: str) -> Iterator[Store]:
        with open_store(database_url) as opened:
            yield opened

    def accept(self, store: Store, book_hash: str, now: datetime, **how: str) -> bool:
        return store.accept_rule_book(book_hash, self.FILES, by="admin", reason=book_hash, now=now, **how)

    def test_a_book_that_is_put_in_force_again_has_both_acceptances(self, store: Store):
        assert self.accept(store, "h1", MONDAY, document="QĐ 1")
        assert self.accept(store, "h2", TUESDAY)
        assert self.accept(store, "h1", at("Wed 2026-11-25 08:00"), document="QĐ 3")
        assert [(one.hash, one.accepted_at, one.document) for one in store.rule_books()] == [
            ("h1", MONDAY, "QĐ 1"),
            ("h2", TUESDAY, None),
            ("h1", at("Wed 2026-11-25 08:00"), "QĐ 3"),
        ]
        assert store.rule_book_in_force() == store.rule_books()[-1]

    def test_what_is_in_force_already_is_not_accepted_twice(self, store: Store):
        assert self.accept(store, "h1", MONDAY)
        assert not self.accept(store, "h1", TUESDAY)
        assert len(store.rule_books()) == 1

    def test_a_change_that_was_compared_with_other_rules_is_refused_and_wakes_nobody(self, store: Store):
        bring_in(store, simple("A"))
        self.accept(store, "h1", MONDAY)
        (a,) = due(store)
        store.record([decision(a, status=Status.ON_TRACK)], now=MONDAY)
        self.accept(store, "h2", TUESDAY, instead_of="h1")
        with pytest.raises(RulesChangedMeanwhile, match="somebody has put other rules in force meanwhile"):
            self.accept(store, "h3", TUESDAY, instead_of="h1")
        assert [one.hash for one in store.rule_books()] == ["h1", "h2"]
