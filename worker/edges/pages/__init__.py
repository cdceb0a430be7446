"""The status pages: HTML for people, JSON for programs, the same facts in both."""

from worker.edges.pages.routes import Pages, add_pages

__all__ = ["Pages", "add_pages"]
