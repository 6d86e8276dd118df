"""Files for tests, made in memory."""

import io
import zipfile
import zlib

from PIL import Image


def jpeg(size=(40, 30)):
    buffer = io.BytesIO()
    Image.new("RGB", size, "navy").save(buffer, "JPEG")
    return buffer.getvalue()


def png(size=(40, 30)):
    buffer = io.BytesIO()
    Image.new("1", size).save(buffer, "PNG")
    return buffer.getvalue()


def archive(comment=b""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.txt", "a")
        file.comment = comment
    return buffer.getvalue()


def pdf(*objects, pages=1, tail=b""):
    """A PDF of empty pages with further objects (bytes) put in."""
    body = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count %d /Kids [] >>" % pages]
    body += [b"<< /Type /Page /Parent 2 0 R >>"] * pages
    body += list(objects)
    text = b"%PDF-1.7\n"
    for number, one in enumerate(body, 1):
        text += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    return text + b"trailer << /Root 1 0 R >>\nstartxref\n0\n%%EOF\n" + tail


def packed(content, *, escape=False):
    """An object list, packed, holding ``content``."""
    data = zlib.compress(content)
    kind = b"/Obj#53tm" if escape else b"/ObjStm"
    return b"<< /Type %s /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (kind, len(data), data)
