"""Names of fits that are part of something larger."""

import re


def task_names(context):
    """Yield names of a fit's task and those it is part of, but for the outermost."""
    while context.parent is not None:
        name = context.source_task_name or context.task_name
        yield re.sub(r"[^\w.-]+", "-", f"{name}-{context.task_id}")
        context = context.parent
