"""The published table that both BU/TD pages show."""

from dashboard.shell.page import Published

PUBLISHED = Published(
    ("butd",),
    "The table of these networks over several seeds is not in this copy. The command below trains "
    "them all, which takes hours, and shows them beside a re-run of the authors' code; the table "
    "then appears here. One network of each rule ships: see Rules on the page Counter-Hebb "
    "learning.",
)
