"""Kill -9 in the middle of journeys, of pushes, and of what is fetched and told."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.judge")
