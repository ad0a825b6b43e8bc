"""What platforms count beside a message, in the reader's words: "12 likes", "3 shares"."""

from collections.abc import Collection, Mapping

from flask_babel import format_decimal, gettext, ngettext

from inbox.connectors.contract import N_, Metric

# In the order in which they are read: how far it went, then what people made of it.
NAMES = {
    Metric.VIEWS: N_("views"),
    Metric.LIKES: N_("likes"),
    Metric.REACTIONS: N_("reactions"),
    Metric.POINTS: N_("points"),
    Metric.SHARES: N_("shares"),
    Metric.REPLIES: N_("replies"),
}


def metric_words(metrics: Mapping[str, int]) -> list[str]:
    """Each count with its name. What nobody has done is left out."""
    return [_counted(metric, metrics[metric]) for metric in NAMES if metrics.get(metric)]


def metric_names(metrics: Collection[Metric]) -> str:
    """What is counted, as a list: "likes, shares"."""
    return ", ".join(gettext(words) for metric, words in NAMES.items() if metric in metrics)


def _counted(metric: Metric, number: int) -> str:
    shown = str(format_decimal(number))
    match metric:
        case Metric.VIEWS:
            return str(ngettext("%(shown)s view", "%(shown)s views", number, shown=shown))
        case Metric.LIKES:
            return str(ngettext("%(shown)s like", "%(shown)s likes", number, shown=shown))
        case Metric.REACTIONS:
            return str(ngettext("%(shown)s reaction", "%(shown)s reactions", number, shown=shown))
        case Metric.POINTS:
            return str(ngettext("%(shown)s point", "%(shown)s points", number, shown=shown))
        case Metric.SHARES:
            return str(ngettext("%(shown)s share", "%(shown)s shares", number, shown=shown))
        case Metric.REPLIES:
            return str(ngettext("%(shown)s reply", "%(shown)s replies", number, shown=shown))
