"""A teacher's judgement reaches the student where nobody said anything, and nothing of what is held out does."""

import numpy as np
import pytest
import scipy.sparse as sp

from classifiers.teach import MOST, OF_OURS, Lessons, choose_read, teach

ROWS = 400
LABELLED, SILENT = 0, 1


@pytest.fixture
def lessons() -> Lessons:
    """Two words mean the same to the teacher; only of rows with the first did anybody say what they are."""
    chance = np.random.default_rng(0)
    said_of, kind = np.arange(ROWS) % 2, chance.integers(0, 2, ROWS)
    words = np.zeros((ROWS, 3), np.float32)
    words[np.arange(ROWS), said_of] = kind
    words[:, 2] = 1
    meant = (np.column_stack([kind, chance.normal(size=ROWS)]) * 4).astype(np.float32)
    said = np.full((ROWS, 2), np.nan)
    said[said_of == LABELLED, 0] = kind[said_of == LABELLED]
    sources = np.array(["a", "b"])[said_of]
    return Lessons(sp.csr_matrix(words), np.zeros((ROWS, 1), np.float32), said, sources, np.arange(ROWS), meant)


def test_the_student_learns_words_that_only_the_teacher_understands(lessons: Lessons) -> None:
    student = teach(lessons, np.ones(ROWS, bool)).student
    assert student[SILENT, 0] > 0.5


def test_without_a_teacher_a_word_of_which_nobody_speaks_weighs_nothing(lessons: Lessons) -> None:
    nobody = Lessons(
        lessons.grams, lessons.dense, lessons.said, lessons.sources, np.empty(0, np.int64), np.empty((0, 2), np.float32)
    )
    student = teach(nobody, np.ones(ROWS, bool)).student
    assert abs(student[SILENT, 0]) < 1e-6
    assert student[LABELLED, 0] > 0.5


def test_of_rows_held_out_neither_learns_anything(lessons: Lessons) -> None:
    inside = np.arange(ROWS) < ROWS // 2
    turned = lessons.said.copy()
    turned[~inside] = 1 - turned[~inside]
    other = Lessons(lessons.grams, lessons.dense, turned, lessons.sources, lessons.read, lessons.meant)
    one, two = teach(lessons, inside), teach(other, inside)
    assert np.array_equal(one.student, two.student)
    assert np.array_equal(one.teacher, two.teacher)


def test_a_head_of_which_nobody_speaks_is_learned_by_neither(lessons: Lessons) -> None:
    taught = teach(lessons, np.ones(ROWS, bool))
    assert not taught.teacher[:, 1].any()
    assert not taught.student[:, 1].any()


def test_the_teacher_reads_so_much_of_a_set_and_no_more() -> None:
    sources = np.array(["large"] * (MOST + 10) + ["small"] * 5 + ["messages/x"] * (OF_OURS + 3))
    read = choose_read(sources)
    assert len(read) == len(set(read.tolist()))
    assert {name: int((sources[read] == name).sum()) for name in set(sources)} == {
        "large": MOST,
        "small": 5,
        "messages/x": OF_OURS,
    }


def test_how_common_something_is_in_a_set_is_no_word_s_doing() -> None:
    chance = np.random.default_rng(0)
    sources, tells = np.arange(ROWS) % 2, chance.integers(0, 2, ROWS)
    # In the first set nearly all complain, in the second nearly nobody; what a text says of it is the third word.
    often = np.where(sources == 0, 0.9, 0.1)
    so = chance.random(ROWS) < np.clip(often + np.where(tells, 0.1, -0.1), 0, 1)
    # A word is one of many in its text.
    words = np.column_stack([sources == 0, sources == 1, tells]).astype(np.float32) / 3
    lessons = Lessons(
        sp.csr_matrix(words),
        np.zeros((ROWS, 1), np.float32),
        so[:, None].astype(float),
        np.array(["a", "b"])[sources],
        np.empty(0, np.int64),
        np.empty((0, 2), np.float32),
    )
    of_set_a, of_set_b, telling = teach(lessons, np.ones(ROWS, bool)).student[:3, 0]
    assert telling > 0.5
    assert max(abs(of_set_a), abs(of_set_b)) < telling / 2
