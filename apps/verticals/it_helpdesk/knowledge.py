"""What the helpdesk knows: articles, found by the words of a question."""

from apps.verticals.it_helpdesk.core.ranking import Document, rank
from apps.verticals.it_helpdesk.models import Article

SURE = 0.5
"""How much of the question's weight an article must share to be the answer."""
MOST = 4


def find_articles(question: str) -> list[Article]:
    """The articles that answer the question, the best first; empty when none surely does."""
    published = {article.pk: article for article in Article.objects.filter(is_published=True)}
    documents = [Document(article.pk, article.title, article.text) for article in published.values()]
    return [published[hit.key] for hit in rank(question, documents) if hit.share >= SURE][:MOST]
