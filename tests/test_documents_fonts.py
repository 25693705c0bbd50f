"""The face of the letter: one that can write every Vietnamese letter, the office's own before the machine's."""

import shutil
from pathlib import Path

from monitor.documents.fonts import VIETNAMESE, FontMissing, find_face


def test_every_vietnamese_letter_is_there():
    assert len(set(VIETNAMESE)) == 2 * (12 * 6 + 1) + 6
    assert find_face().family in ("Times New Roman", "Liberation Serif")


def test_the_folder_of_the_office_comes_first(tmp_path: Path):
    for font in find_face().folder.glob("*Serif*.ttf"):
        shutil.copy(font, tmp_path)
    assert find_face([tmp_path]).folder == tmp_path


def test_a_folder_without_bold_is_not_used(tmp_path: Path):
    shutil.copy(find_face().folder / "LiberationSerif-Regular.ttf", tmp_path)
    assert find_face([tmp_path]).folder != tmp_path


def test_who_has_no_face_reads_what_to_install():
    assert "fonts-liberation2" in str(FontMissing([]))
