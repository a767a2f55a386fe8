from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from skhebb._utils.records import changed


@dataclass(frozen=True)
class Point:
    x: int = 0
    y: int = 0


def test_changed_is_replace():
    before = Point(1, 2)
    after = changed(before, y=3)
    assert after == replace(before, y=3) == Point(1, 3)
    assert before == Point(1, 2)
    with pytest.raises(FrozenInstanceError):
        after.x = 5
    with pytest.raises(TypeError, match="Point has no"):
        changed(before, z=3)
