"""The sums of the words are those of scikit-learn."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.understanding.classifier import Weights
from bot.understanding.examples import english_examples
from bot.understanding.learning import Lesson

TEXTS = Lesson.of(english_examples()).texts
ASKED = [*TEXTS[::7], "", "§§§", "the the till TILL, the till!", "Größe 4 — naïve ﬁle", "freezer " * 500]


@pytest.mark.parametrize(
    "fitted",
    [
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b").fit(TEXTS),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True).fit(TEXTS),
    ],
    ids=["words", "characters"],
)
def test_the_same_weights_for_every_text(fitted: TfidfVectorizer) -> None:
    ours, theirs = Weights(fitted).matrix(ASKED), fitted.transform(ASKED)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-12
    assert np.abs(Weights(fitted).matrix(ASKED[:1]) - theirs[:1]).max() < 1e-12
