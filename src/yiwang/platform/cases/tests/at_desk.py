"""Sitting at the desk: sign in, read a page, count what it cost."""

import io
import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

MOST = 12
"""Queries that a page of the desk may take, signing in included."""


def signed_in(login):
    client = Client()
    assert client.post("/sign-in/", {"method": "demo", "login": login}).status_code == 302
    return client


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def queries(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    assert response.status_code == 200, response.status_code
    return len(captured), [one["sql"][:160] for one in captured]


def picture():
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(out, "PNG")
    return SimpleUploadedFile("现场.png", out.getvalue(), "image/png")
