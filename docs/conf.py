"""Sphinx configuration: ``sphinx-build -n -W -b html docs docs/_build/html``.

It needs no network. What links to other projects is in `other_projects`.
"""

import zlib
from pathlib import Path

import matplotlib

import skhebb

HERE = Path(__file__).parent

matplotlib.use("agg")  # pictures are written, never shown

project = "skhebb"
author = "The skhebb developers"
project_copyright = f"2026, {author}"
version = release = skhebb.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]

exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
default_role = "literal"  # names of parameters in docstrings

# -- Docstrings ------------------------------------------------------------------

autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = True
numpydoc_show_inherited_class_members = True
numpydoc_class_members_toctree = False

# -- Markdown --------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["config.cache"]  # the gallery is configured with a function

# -- Gallery ---------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",  # all run
    "backreferences_dir": "reference/backreferences",
    "doc_module": ("skhebb",),
    "reference_url": {"skhebb": None},
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "min_reported_time": 1,
    "show_memory": False,
    "matplotlib_animations": True,
    "remove_config_comments": True,
}

# -- Other projects --------------------------------------------------------------


def inventory(file):
    """Compress a text file of names into what intersphinx reads, and return its path.

    The names are those that pages here link to, in the form that ``objects.inv`` of
    the projects has when it is unpacked.
    """
    lines = file.read_bytes().splitlines(keepends=True)
    header, names = b"".join(lines[:4]), b"".join(lines[4:])
    target = HERE / "_build" / "inventories" / f"{file.stem}.inv"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(header + zlib.compress(names))
    return str(target)


def mapping():
    """Address and inventory of each project that a file in other_projects is for."""
    addresses = {
        "matplotlib": "https://matplotlib.org/stable/",
        "numpy": "https://numpy.org/doc/stable/",
        "python": "https://docs.python.org/3/",
        "skl2onnx": "https://onnx.ai/sklearn-onnx/",
        "scipy": "https://docs.scipy.org/doc/scipy/",
        "sklearn": "https://scikit-learn.org/stable/",
    }
    return {
        name: (address, inventory(HERE / "other_projects" / f"{name}.txt"))
        for name, address in addresses.items()
    }


intersphinx_mapping = mapping()

# -- HTML ------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "skhebb"
html_static_path = ["_static"]
html_css_files = ["skhebb.css"]
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_nav_level": 2,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc", "sg_download_links"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version", "theme-version"],
}

# -- Links -----------------------------------------------------------------------

linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_anchors = False
