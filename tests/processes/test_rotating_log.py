"""A log of bounded size loses no line, in whatever pieces it is written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.config.processes.rotating_log import RotatingLog


@given(pieces=st.lists(st.sampled_from([b"a\n", b"bcd", b"\n", b"ef\ngh", b"ij\nk\nl\n"])))
def test_every_byte_is_kept_in_order_and_no_line_of_a_usual_length_is_cut(pieces, tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "web.log"
    log = RotatingLog(path, bytes_max=8, files_max=1000)
    for piece in pieces:
        assert log.write(piece)
    aside = [path.with_name(f"web.log.{number}") for number in range(log.set_aside, 0, -1)]
    files = [file.read_bytes() for file in (*aside, *([path] if path.exists() else []))]
    assert b"".join(files) == b"".join(pieces)
    assert all(file.endswith(b"\n") or len(file) > 2 * 8 for file in files[:-1])


def test_only_so_many_files_are_kept_and_the_newest_of_them(tmp_path: Path):
    log = RotatingLog(tmp_path / "web.log", bytes_max=10, files_max=3)
    for number in range(100):
        log.write(b"line %03d\n" % number)
    kept = "".join((tmp_path / name).read_text() for name in ("web.log.2", "web.log.1", "web.log"))
    assert kept.splitlines() == [f"line {number:03}" for number in range(100)][-len(kept) // 9 :]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "web.log", "web.log.1", "web.log.2",
    ]  # fmt: skip


def test_what_the_disk_did_not_take_is_counted_when_it_takes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    log = RotatingLog(tmp_path / "web.log")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("scuderia.config.processes.rotating_log.os.open", full)
        assert not log.write(b"first\n")
        assert not log.write(b"second\n")
    assert log.write(b"third\n")
    assert (tmp_path / "web.log").read_text() == "\n13 bytes could not be logged\nthird\n"
    assert (tmp_path / "web.log").stat().st_mode & 0o077 == 0
