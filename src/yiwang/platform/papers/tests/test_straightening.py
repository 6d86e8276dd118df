"""Straightening: the angle is found within 0.3° and nothing is turned that has no lines of text."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from yiwang.platform.papers import straightening
from yiwang.platform.papers.tests.conftest import drawn, jpeg

PAGE = drawn()


@settings(max_examples=14)
@given(st.floats(-8, 8))
def test_the_angle_of_a_page_is_found(angle: float) -> None:
    leaning = PAGE.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    assert straightening.skew(leaning) == pytest.approx(-angle, abs=0.3)


def test_a_page_that_was_straightened_lies_straight() -> None:
    leaning = PAGE.rotate(-5.3, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    straight, angle = straightening.turned(leaning, 0)
    assert angle == pytest.approx(5.3, abs=0.3)
    assert straight.getpixel((0, 0)) == 255
    assert straightening.turned(straight, 0)[1] == pytest.approx(0, abs=0.15)


def test_a_shadow_over_the_page_does_not_mislead() -> None:
    shadow = Image.linear_gradient("L").resize(PAGE.size).point(lambda value: 90 + value * 0.6)
    dim = ImageChops.multiply(PAGE.rotate(3, Image.Resampling.BICUBIC, fillcolor=255), shadow)
    assert straightening.skew(dim) == pytest.approx(-3, abs=0.3)


def test_what_has_no_lines_is_left_as_it_is() -> None:
    grains = Image.frombytes("L", (400, 500), random.Random(7).randbytes(200_000))
    for image in (Image.new("L", (400, 500), 255), Image.new("RGB", (1, 1), "black"), grains):
        assert straightening.turned(image, 0)[1] == 0


def test_quarters_are_turned_before_the_lines_are_looked_for() -> None:
    lying = PAGE.rotate(-92, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    done, angle = straightening.turned(lying, 1)
    assert angle == pytest.approx(2, abs=0.3)
    assert done.height > done.width
    assert straightening.turned(lying, 1, straight=False)[1] == 0


def test_a_photograph_stands_as_the_camera_noted() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(io.BytesIO(jpeg(Image.new("RGB", (80, 60), "red"), exif=exif))) as image:
        assert straightening.upright(image).size == (60, 80)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK", "I;16", "RGB"])
def test_every_kind_of_picture_becomes_grey_or_colour(mode: str) -> None:
    assert straightening.upright(Image.new(mode, (20, 10))).mode in {"L", "RGB"}


def test_what_is_transparent_is_paper_and_what_is_too_large_is_made_smaller() -> None:
    assert straightening.upright(Image.new("RGBA", (2, 2), (0, 0, 0, 0))).getpixel((0, 0)) == (255, 255, 255)
    big = straightening.upright(Image.new("L", (7000, 5000), 255))
    assert big.width * big.height <= straightening.MOST_PIXELS
