"""Patrons and items are found by the beginning of any word of theirs."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models

# Bodies in SQL-standard form are parsed when they are made: they depend on no search_path, so a dump can be restored.
FOLDED = r"""
CREATE FUNCTION circulation_folded(written text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(replace(
    translate(lower(regexp_replace(normalize(written, NFKD), '[\u0300-\u036f]', '', 'g')), 'øłđðıþʻʼ’‘`´', 'olddit'''''''''''''),
    'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe');
"""
# A name with an apostrophe or a hyphen is kept in parts and as one: o, brien, obrien.
WORDS = r"""
CREATE FUNCTION circulation_words(open text, guarded text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN coalesce((
    SELECT string_agg('''' || word || ''':1' || weight, ' ')
    FROM (VALUES (circulation_folded(open), 'A'), (circulation_folded(guarded), 'B')) AS kept (folded, weight),
         regexp_split_to_table(folded || ' ' || regexp_replace(folded, '[''-]', '', 'g'), '[^[:alnum:]]+') AS word
    WHERE word <> ''
), '')::tsvector;
"""
ASKED = r"""
CREATE FUNCTION circulation_asked(written text, weights text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT string_agg('''' || word || ''':*' || weights, ' & ')::tsquery
    FROM regexp_split_to_table(replace(circulation_folded(written), '''', ''), '[^[:alnum:]]+') AS word
    WHERE word <> ''
);
"""


def joined(*columns):
    return models.Func(
        *(models.F(column) for column in columns), template="(%(expressions)s)", arg_joiner=" || ' ' || "
    )


def words(open, guarded):
    return models.GeneratedField(
        db_persist=True,
        expression=models.Func(joined(*open), joined(*guarded), function="circulation_words"),
        output_field=django.contrib.postgres.search.SearchVectorField(),
    )


class Migration(migrations.Migration):

    dependencies = [("circulation", "0001_people_things_and_loans")]

    operations = [
        migrations.RunSQL(FOLDED, "DROP FUNCTION circulation_folded(text)"),
        migrations.RunSQL(WORDS, "DROP FUNCTION circulation_words(text, text)"),
        migrations.RunSQL(ASKED, "DROP FUNCTION circulation_asked(text, text)"),
        migrations.AddField(
            "patron", "words", words(("first_name", "last_name", "known_as", "barcode"), ("email",))
        ),
        migrations.AddField("item", "words", words(("barcode",), ("title", "author", "call_number"))),
        migrations.AddIndex(
            "patron",
            django.contrib.postgres.indexes.GinIndex(fields=["words"], name="patron_by_words", fastupdate=False),
        ),
        migrations.AddIndex(
            "item",
            django.contrib.postgres.indexes.GinIndex(fields=["words"], name="item_by_words", fastupdate=False),
        ),
    ]
