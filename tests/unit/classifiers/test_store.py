"""A model file is taken whole or refused in one sentence."""

import io
import json
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from classifiers.store import ModelRefused, load_model, save_model
from classifiers.tagger import load_tagger, shipped_model


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    return Path(shutil.copy(shipped_model(), tmp_path / "tagger.zip"))


def _changed(path: Path, member: str, content: bytes | None) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if content is None:
        del members[member]
    else:
        members[member] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)


def _about(path: Path) -> dict[str, object]:
    with zipfile.ZipFile(path) as archive:
        return dict(json.loads(archive.read("about.json")))


def _refused(path: Path) -> str:
    with pytest.raises(ModelRefused) as refused:
        load_model(path)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert str(path.parent) not in sentence
    return sentence


def test_saving_and_loading_gives_the_same_file_and_weights(model_file: Path, tmp_path: Path) -> None:
    model = load_model(model_file)
    save_model(model, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == model_file.read_bytes()
    np.testing.assert_array_equal(load_model(tmp_path / "again.zip").letters, model.letters)
    assert sorted(path.name for path in tmp_path.glob("*.part")) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "trellis train" in _refused(tmp_path / "none.zip")


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04" + b"\x00" * 100, pickle.dumps({"a": 1})])
def test_foreign_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign.zip"
    path.write_bytes(content)
    _refused(path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    _refused(tmp_path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_cut_short_is_refused(model_file: Path, share: float) -> None:
    whole = model_file.read_bytes()
    model_file.write_bytes(whole[: int(len(whole) * share)])
    _refused(model_file)


def test_a_flipped_bit_is_refused(model_file: Path) -> None:
    whole = bytearray(model_file.read_bytes())
    whole[len(whole) // 2] ^= 1
    model_file.write_bytes(whole)
    _refused(model_file)


def test_other_weights_under_the_old_seal_are_refused(model_file: Path) -> None:
    with zipfile.ZipFile(model_file) as archive:
        weights = archive.read("letters.f16")
    _changed(model_file, "letters.f16", b"\x00\x3c" + weights[2:])
    assert "damaged" in _refused(model_file)


def test_a_model_for_other_features_is_refused(model_file: Path) -> None:
    _changed(model_file, "about.json", json.dumps(_about(model_file) | {"features": 999}).encode())
    assert "another version" in _refused(model_file)


@pytest.mark.parametrize("heads", [[], ["question"], "question", None, 5])
def test_a_description_that_makes_no_sense_is_refused(model_file: Path, heads: object) -> None:
    _changed(model_file, "about.json", json.dumps(_about(model_file) | {"heads": heads}).encode())
    _refused(model_file)


@pytest.mark.parametrize(
    "changed",
    [
        {"known": -1},
        {"known": 10**12},
        {"known": "5"},
        {"known": None},
        {"second": {"idea": 5}},
        {"second": [1]},
        {"lanes": {}},
        {"curves": {"idea": None}},
        {"lanes": {"idea": {"de": [0.9]}}},
    ],
    ids=str,
)
def test_a_description_that_does_not_fit_the_weights_is_refused(model_file: Path, changed: dict[str, object]) -> None:
    _changed(model_file, "about.json", json.dumps(_about(model_file) | changed).encode())
    _refused(model_file)


def test_other_words_under_the_old_seal_are_refused(model_file: Path) -> None:
    with zipfile.ZipFile(model_file) as archive:
        known = archive.read("known.u64")
    _changed(model_file, "known.u64", known[8:] + known[:8])
    assert "damaged" in _refused(model_file)


@pytest.mark.parametrize("about", [b"[]", b"{}", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_description_of_another_shape_is_refused(model_file: Path, about: bytes) -> None:
    _changed(model_file, "about.json", about)
    _refused(model_file)


def test_a_member_that_is_missing_or_too_large_is_refused(model_file: Path) -> None:
    _changed(model_file, "bias.f16", None)
    _refused(model_file)
    _changed(model_file, "bias.f16", bytes(50_000_000))
    _refused(model_file)


def test_a_whole_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    (tmp_path / "letter.zip").write_bytes(buffer.getvalue())
    _refused(tmp_path / "letter.zip")


def test_a_refused_file_leaves_the_loaded_one_serving(tmp_path: Path) -> None:
    before = load_tagger().tag(["Wie geht das?"])
    (tmp_path / "bad.zip").write_bytes(b"bad")
    with pytest.raises(ModelRefused):
        load_tagger(tmp_path / "bad.zip")
    assert load_tagger().tag(["Wie geht das?"]) == before
