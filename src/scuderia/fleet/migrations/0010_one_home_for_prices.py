"""A node type's price stands among the prices alone."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("fleet", "0009_prices"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="sku",
            name="cents_per_gpu_hour",
        ),
    ]
