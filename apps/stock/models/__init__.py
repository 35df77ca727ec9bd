"""The stock: what is kept, where, in which lots, and the ledger of everything that moved."""

from apps.stock.models.documents import DocumentKind, DocumentLine, DocumentState, StockDocument
from apps.stock.models.items import ItemKind, LocationKind, Lot, LotState, StockItem, StockLocation
from apps.stock.models.ledger import MovementKind, StockBalance, StockMovement

__all__ = [
    "DocumentKind",
    "DocumentLine",
    "DocumentState",
    "ItemKind",
    "LocationKind",
    "Lot",
    "LotState",
    "MovementKind",
    "StockBalance",
    "StockDocument",
    "StockItem",
    "StockLocation",
    "StockMovement",
]
