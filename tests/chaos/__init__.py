"""Kill -9 in the middle of journeys."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.judge")
