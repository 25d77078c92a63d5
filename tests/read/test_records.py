"""The quarantine as a table."""

from dataset_builder.read import QUARANTINE_SCHEMA, Quarantined, quarantine_table


def test_the_quarantine_is_a_table_in_the_order_of_places() -> None:
    records = [
        Quarantined(source_path="b.txt", code="E502", reason="is binary", source_sha256="00", source_bytes=4),
        Quarantined(source_path="Z.txt", code="E501", reason="cannot be opened"),
        Quarantined(source_path="ä.txt", code="E501", reason="cannot be opened"),
    ]
    table = quarantine_table(records)
    assert table.schema == QUARANTINE_SCHEMA
    assert table["source_path"].to_pylist() == ["Z.txt", "b.txt", "ä.txt"]
    assert table["source_bytes"].to_pylist() == [None, 4, None]


def test_an_empty_quarantine_has_the_columns_all_the_same() -> None:
    assert quarantine_table([]).schema == QUARANTINE_SCHEMA
    assert quarantine_table([]).num_rows == 0
