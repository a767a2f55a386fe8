"""Where the site has an estimator's page, for scikit-learn's HTML view."""


class DocumentationMixin:
    """Lets scikit-learn's HTML view of an estimator link to its page and parameters."""

    _doc_link_module = "skhebb"
    _doc_link_template = (
        "https://skhebb.readthedocs.io/en/stable/reference/generated/"
        "{estimator_module}.{estimator_name}.html"
    )
