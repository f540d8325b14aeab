"""Letters that leave the ledger alone (number 0), and corrections."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("notices", "0002_letters_by_hand"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_once_per_loan_due_date_and_step",
        ),
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_number_is_a_step",
        ),
        migrations.AddField(
            model_name="letter",
            name="corrected_by",
            field=models.ForeignKey(
                blank=True,
                help_text="The correction that says that this letter was a mistake: one for each reader.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="corrects",
                to="notices.letter",
            ),
        ),
        migrations.AddField(
            model_name="letter",
            name="kind",
            field=models.CharField(
                choices=[
                    ("step", "Step of a schedule"),
                    ("direct", "Direct email"),
                    ("class_list", "Class list"),
                    ("staff_list", "Staff list"),
                    ("slip", "Slip"),
                    ("correction", "Correction"),
                    ("all_clear", "All clear"),
                    ("leaving", "Leaving"),
                    ("term_ends", "Term ends"),
                    ("recall", "Recall"),
                ],
                db_default="step",
                default="step",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="letter",
            name="number",
            field=models.SmallIntegerField(
                help_text="0 for letters that are not of a step.", verbose_name="highest step"
            ),
        ),
        migrations.AlterField(
            model_name="letter",
            name="state",
            field=models.CharField(
                choices=[
                    ("planned", "To be written"),
                    ("held", "Held for you"),
                    ("queued", "In the outbox"),
                    ("to_print", "To print"),
                    ("printed", "Printed"),
                    ("taken_back", "Taken back"),
                    ("dropped", "Dropped"),
                    ("failed", "Could not be written"),
                    ("draft", "Shown, not sent"),
                    ("opened", "Opened in mail program"),
                ],
                default="planned",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("taken_back_at", None), ("undone_at", None), models.Q(("number", 0), _negated=True)),
                fields=("loan", "due_on", "number", "occurrence"),
                name="notice_once_per_loan_due_date_and_step",
            ),
        ),
    ]
