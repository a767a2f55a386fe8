"""Lines that training prints."""

from skhebb import SETClassifier

from .networks import FAST, each, first_call, make, problem


class TestVerbose:
    @each
    def test_a_line_per_epoch(self, cls, capsys):
        X, y = problem(cls)
        model = make(cls, verbose=True).fit(X, y)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 5
        for k, (line, loss) in enumerate(zip(lines, model.loss_curve_, strict=True)):
            assert line.startswith(f"Iteration {k + 1}, loss = {loss:.8f},")

    @each
    def test_validation(self, cls, capsys):
        X, y = problem(cls)
        model = make(cls, verbose=10, early_stopping=True).fit(X, y)
        lines = capsys.readouterr().out.splitlines()
        losses, scores = model.validation_loss_curve_, model.validation_scores_
        for line, loss, score in zip(lines, losses, scores, strict=True):
            assert f"validation loss = {loss:.8f}" in line
            assert f"validation score = {score:.6f}" in line

    @each
    def test_silent(self, cls, capsys):
        X, y = problem(cls)
        make(cls, verbose=False).fit(X, y)
        assert capsys.readouterr() == ("", "")

    @each
    def test_partial_fit(self, cls, capsys):
        X, y = problem(cls)
        make(cls, verbose=True).partial_fit(X, y, **first_call(cls))
        assert "Iteration 1, loss = " in capsys.readouterr().out


def test_verbose(data, capsys):
    X, y = data
    SETClassifier((20,), verbose=True, early_stopping=True, **FAST).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("Iteration 1, loss = ")
    assert "validation score" in lines[0]
