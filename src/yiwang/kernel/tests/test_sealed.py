"""Sealed fields: what the database holds, what does not open, changing keys, the blind index."""

import base64
import hmac

import pytest
from django.core.exceptions import FieldError
from django.db import connection, models
from gmssl import sm4
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel import sealed
from yiwang.kernel.sealed import KeyRing, SealBroken, SealedJSONField, SealedTextField

NUMBER = "33030219900307001X"  # invented


def key(key_id, algorithm="aes", fill=b"a"):
    return f"{key_id}:{algorithm}:{base64.b64encode(fill * (32 if algorithm == 'aes' else 16)).decode()}"


class Secret(models.Model):
    """A table of this test only."""

    number = SealedTextField(null=True)
    facts = SealedJSONField(default=dict)
    number_index = models.BinaryField(max_length=32, null=True)

    class Meta:
        app_label = "kernel_tests"
        db_table = "kernel_test_secret"


@pytest.fixture
def table(db, settings):
    settings.YIWANG_DATA_KEYS = key("k1")
    with connection.schema_editor() as editor:
        editor.create_model(Secret)
    return Secret.objects


def raw(column="number"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM kernel_test_secret ORDER BY id")
        return [None if value is None else bytes(value) for (value,) in cursor.fetchall()]


def overwrite(value):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_test_secret SET number = %s", [value])


# The ring


@pytest.mark.parametrize("algorithm", ["aes", "sm4"])
def test_what_is_sealed_opens_with_the_same_key_and_place_only(algorithm):
    ring = KeyRing.parse(key("k1", algorithm))
    token = ring.seal(NUMBER.encode(), "person.citizen_id")
    assert ring.open(token, "person.citizen_id").decode() == NUMBER
    assert NUMBER.encode() not in token
    assert token != ring.seal(NUMBER.encode(), "person.citizen_id"), "each sealing has its own nonce"
    for other, place in [
        (ring, "person.phone"),
        (KeyRing.parse(key("k1", algorithm, b"b")), "person.citizen_id"),
        (KeyRing.parse(key("k2", algorithm)), "person.citizen_id"),
    ]:
        with pytest.raises(SealBroken) as caught:
            other.open(token, place)
        assert NUMBER not in str(caught.value)


@given(st.binary(max_size=40), st.integers(0, 200), st.integers(1, 255))
def test_any_changed_byte_breaks_the_seal(plain, position, flip):
    ring = KeyRing.parse(key("k1"))
    token = bytearray(ring.seal(plain, "t.c"))
    token[position % len(token)] ^= flip
    with pytest.raises(SealBroken):
        ring.open(bytes(token), "t.c")


@given(st.binary(max_size=60))
def test_what_was_never_sealed_does_not_open(data):
    with pytest.raises(SealBroken):
        KeyRing.parse(key("k1")).open(data, "t.c")


def test_sm4_gcm_agrees_with_another_library():
    ring = KeyRing.parse(key("k", "sm4", b"k"))
    token = ring.seal(b"sixteen bytes...", "t.c")
    nonce = token[len(ring.header) :][:12]
    cipher = sm4.CryptSM4()
    cipher.set_key(b"k" * 16, sm4.SM4_ENCRYPT)
    stream = bytes(cipher.one_round(cipher.sk, list(nonce + (2).to_bytes(4, "big"))))
    assert token[len(ring.header) + 12 :][:16] == bytes(a ^ b for a, b in zip(stream, b"sixteen bytes...", strict=True))


def test_the_first_key_seals_and_all_open():
    old = KeyRing.parse(key("k1", "sm4"))
    both = KeyRing.parse(f"{key('k2')}, {key('k1', 'sm4')}")
    token = old.seal(b"x", "t.c")
    assert both.open(token, "t.c") == b"x"
    assert both.seal(b"x", "t.c").startswith(b"\x01\x02k2")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("", "no data key"),
        ("k1:des:AAAA", "aes or sm4"),
        ("k1:aes:AAAA", "needs 32 bytes"),
        ("k1:aes:!!", "not base64"),
        (f"{key('k1')},{key('k1')}", "unique"),
        (":aes:AAAA", "unique"),
        ("x" * 33 + ":aes:AAAA", "1 to 32"),
    ],
)
def test_a_wrong_ring_is_told_without_its_secrets(setting, told):
    with pytest.raises(ValueError, match=told) as caught:
        KeyRing.parse(setting)
    assert "AAAA" not in str(caught.value)


def test_secrets_stay_out_of_repr():
    ring = KeyRing.parse(key("k1"))
    assert base64.b64decode(key("k1").split(":")[2]).decode() not in repr(ring)
    assert "secret" not in repr(ring)


# The fields


def test_a_value_is_sealed_in_the_database_and_plain_in_python(table):
    made = table.create(number=NUMBER, facts={"证号": NUMBER, "list": [1, None]})
    read = table.get(pk=made.pk)
    assert (read.number, read.facts) == (NUMBER, {"证号": NUMBER, "list": [1, None]})
    for stored in (*raw("number"), *raw("facts")):
        assert stored.startswith(b"\x01\x02k1")
        assert b"1990" not in stored
    assert NUMBER not in repr(read)


def test_null_and_empty_are_kept_apart(table):
    table.create(number=None)
    table.create(number="")
    assert list(table.order_by("id").values_list("number", flat=True)) == [None, ""]
    assert table.filter(number__isnull=True).count() == 1
    assert raw()[0] is None


def test_every_way_of_writing_seals(table):
    first, second = table.bulk_create([Secret(number="a"), Secret(number="b")])
    table.filter(pk=first.pk).update(number="c")
    second.number = "d"
    table.bulk_update([second], ["number"])
    assert list(table.order_by("id").values_list("number", flat=True)) == ["c", "d"]
    assert all(value.startswith(b"\x01") for value in raw())


def test_a_sealed_column_cannot_be_searched(table):
    for lookup in ({"number": NUMBER}, {"number__contains": "19"}, {"number__in": [NUMBER]}):
        with pytest.raises(FieldError, match="blind index"):
            table.filter(**lookup).exists()


def test_a_value_copied_from_another_column_does_not_open(table):
    made = table.create(number=NUMBER, facts={"a": 1})
    overwrite(raw("facts")[0])
    with pytest.raises(SealBroken, match=r"kernel_test_secret\.number"):
        table.get(pk=made.pk)


def test_a_renamed_column_keeps_its_place():
    field = SealedTextField(context="old.name")
    assert field.place == "old.name"
    _name, _path, args, kwargs = field.deconstruct()
    assert SealedTextField(*args, **kwargs).place == "old.name"
    assert "context" not in SealedTextField().deconstruct()[3]


def test_reseal_moves_every_value_to_the_current_key(table, settings):
    table.bulk_create([Secret(number=f"n{i}" if i % 3 else None, facts={"i": i}) for i in range(25)])
    settings.YIWANG_DATA_KEYS = f"{key('k2', 'sm4')},{key('k1')}"
    table.create(number="new", facts={"i": 25})
    assert sealed.reseal(Secret, batch=10) == 25
    assert sealed.reseal(Secret, batch=10) == 0
    settings.YIWANG_DATA_KEYS = key("k2", "sm4")
    read = list(table.order_by("id"))
    assert [row.facts["i"] for row in read] == list(range(26))
    assert [row.number for row in read[:4]] == [None, "n1", "n2", None]


def test_reseal_stops_at_what_does_not_open_and_can_go_on(table, settings):
    table.bulk_create([Secret(number=f"n{i}") for i in range(6)])
    damaged = table.order_by("id")[4]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_test_secret SET number = %s WHERE id = %s", [b"\x01\x02k1damaged", damaged.pk])
    settings.YIWANG_DATA_KEYS = f"{key('k2')},{key('k1')}"
    with pytest.raises(SealBroken):
        sealed.reseal(Secret, batch=2)
    assert sum(value.startswith(b"\x01\x02k2") for value in raw()) == 4, "what was done stays done"
    table.filter(pk=damaged.pk).update(number="mended")
    assert sealed.reseal(Secret, batch=2) == 2


# The blind index


def test_a_sealed_value_is_found_by_its_blind_index(table):
    table.create(number=NUMBER, number_index=sealed.blind_index(NUMBER, "citizen_id"))
    assert table.get(number_index=sealed.blind_index(" 330302 19900307 001x", "citizen_id")).number == NUMBER
    assert not table.filter(number_index=sealed.blind_index(NUMBER, "contact")).exists()


def test_the_index_depends_on_its_own_key_and_on_the_purpose(settings):
    settings.YIWANG_INDEX_KEY = b"k" * 32
    index = sealed.blind_index("１３８-0000 0000", "phone")
    assert index == hmac.digest(b"k" * 32, b"phone\x0013800000000", "sha256")
    assert len(index) == 32
    assert index != sealed.blind_index("13800000000", "fax")
    settings.YIWANG_INDEX_KEY_ALGORITHM = "sm3"
    assert sealed.blind_index("13800000000", "phone") == hmac.digest(b"k" * 32, b"phone\x0013800000000", "sm3")
    settings.YIWANG_INDEX_KEY = b"j" * 32
    assert sealed.blind_index("13800000000", "phone") != index
