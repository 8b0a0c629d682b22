"""The handlers of items in every form: `every_form`."""

from __future__ import annotations

from types import MappingProxyType

from service.csv_form import CSV_FORM
from service.gml_form import GML_FORM
from service.headed_items import HeadedItems
from service.item_forms import JSONFG_FORM
from service.items import Items
from service.memory import PageMemory
from service.negotiation import CSV, GML, JSONFG
from service.sizes import FeatureSizes
from service.spool import SpoolRoom
from service.streaming import StreamThreads


def every_form(memory: PageMemory, room: SpoolRoom) -> Items:
    """Return the handlers of items; those of GeoJSON know all others."""
    shared = memory, FeatureSizes(), StreamThreads()
    others = {
        JSONFG.name: Items(*shared, form=JSONFG_FORM),
        GML.name: HeadedItems(*shared, form=GML_FORM, room=room),
        CSV.name: HeadedItems(*shared, form=CSV_FORM, room=room),
    }
    return Items(*shared, others=MappingProxyType(others))
