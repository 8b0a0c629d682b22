"""A feature, or a part of one, that a client sends: what of it is to be kept.

Only columns that exist for the outside can be named. What a member of GeoJSON
that is none of ours says (``links``, ``bbox``…) is passed over, but for those that
would change what the coordinates mean.

References
----------
OGC API Features Part 4 (20-002, draft): /req/features/geojson-create-replace,
/req/features/update-json-merge-patch, /req/features/schema; RFC 7946; RFC 7396.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from metadata.crs import Crs
from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.editing import is_given
from metadata.finding import Text
from metadata.measured import FieldType, Filling
from providers.edited_geometry import read_shape
from providers.edited_geometry import wrong as wrong_geometry
from providers.edited_json import malformed, read_object
from providers.edited_values import bound, is_writable, read_only, wrong
from providers.feature_editing import (
    Change,
    Default,
    EditRefused,
    Patch,
    Refusal,
    Unchanged,
    Written,
)
from providers.keys import read_key
from providers.query import columns_by_name, key_columns

_MEANINGFUL = ("crs", "coordRefSys", "place")
"""Members that say where a feature is, in ways that are not ours."""


def created(content: bytes, collection: Collection, crs: Crs) -> Change:
    """Return what is to be kept of a new feature.

    Its key is given by the silo, and an ``id`` passed over, as
    /per/create-replace-delete/rid permits; where the silo gives none, it is the
    property, or else the ``id``.

    Raises
    ------
    providers.feature_editing.EditRefused
        Something of it cannot be kept.
    """
    feature = _feature(content, collection)
    change = {**_values(feature, collection), **_placed(feature, collection, crs)}
    (key,) = key_columns(collection)
    name = key.field.name
    if change.get(name) is None:
        change.pop(name, None)
        if key.field.filling is None:
            change[name] = bound(key, _key_of(feature, key))
    return change


def replaced(content: bytes, collection: Collection, crs: Crs, key: str) -> Change:
    """Return what is to be kept of a feature that takes the place of another.

    Whatever is not given gets what the silo puts where nothing is given.

    Parameters
    ----------
    key
        Of the feature, as it stands in the path.

    Raises
    ------
    providers.feature_editing.EditRefused
        Something of it cannot be kept.
    """
    feature = _feature(content, collection)
    if feature.get("id") is not None:
        _require_same(feature["id"], key, "id", collection)
    values = _values(feature, collection, key)
    absent = {
        column.field.name: Default.DEFAULT
        for column in published_columns(collection)
        if column not in key_columns(collection)
        and not _is_read_only(column, collection)
    }
    return {**absent, **values, **_placed(feature, collection, crs)}


def updated(content: bytes, collection: Collection, crs: Crs, key: str) -> Change:
    """Return what a merge patch changes of a feature.

    Raises
    ------
    providers.feature_editing.EditRefused
        Something of it cannot be kept.
    """
    patch = read_object(content)
    _require_feature(patch.get("type", "Feature"))
    _require_ours(patch)
    if "id" in patch:
        _require_same(patch["id"], key, "id", collection)
    if not isinstance(patch.get("properties", {}), Mapping):
        raise _no_member("properties")
    values = _values(patch, collection, key, patching=True)
    return {**values, **_placed(patch, collection, crs)}


def _feature(content: bytes, collection: Collection) -> dict[str, Any]:
    """Return a whole feature (RFC 7946, clause 3.2)."""
    feature = read_object(content)
    _require_feature(feature.get("type"))
    _require_ours(feature)
    wanted = ["properties", *(["geometry"] if collection.geometry else [])]
    for name in wanted:
        if name not in feature:
            raise _no_member(name)
    if not isinstance(feature["properties"], Mapping | None):
        raise _no_member("properties")
    return feature


def _require_feature(kind: Any) -> None:
    if kind != "Feature":
        raise malformed(
            Text("Le contenu n'est pas un objet (Feature) GeoJSON.",
                 "The content is no GeoJSON Feature."),
            '{"type": "Feature", "geometry": …, "properties": {…}}',
        )  # fmt: skip


def _require_ours(feature: Mapping[str, Any]) -> None:
    for name in _MEANINGFUL:
        if feature.get(name) is not None:
            raise EditRefused(
                Refusal.CONTENT,
                Text(f"Le membre « {name} » n'est pas compris ici.",
                     f"The member “{name}” is not understood here."),
                member=name,
                hint=Text(
                    "Donnez « geometry », et son système dans l'en-tête Content-Crs.",
                    "Give “geometry”, and its system in the header Content-Crs.",
                ),
            )  # fmt: skip


def _no_member(name: str) -> EditRefused:
    return malformed(
        Text(f"Le membre « {name} » manque, ou n'est pas un objet.",
             f"The member “{name}” is missing, or no object."),
    )  # fmt: skip


def _key_of(feature: Mapping[str, Any], key: PublishedColumn) -> Any:
    """Return the identifier that a client gives to a new feature."""
    given = feature.get("id")
    if given is None:
        raise wrong(
            key,
            Text(f"« {key.name} » manque : rien ne donne son identifiant à l'objet.",
                 f"“{key.name}” is missing: nothing gives the feature its identifier."),
        )  # fmt: skip
    if key.field.type is FieldType.INTEGER and isinstance(given, str):
        return int(given) if given.isascii() and given.isdigit() else given
    is_number = isinstance(given, int) and not isinstance(given, bool)
    as_text = is_number and key.field.type is not FieldType.INTEGER
    return str(given) if as_text else given


def _values(
    feature: Mapping[str, Any],
    collection: Collection,
    key: str = "",
    *,
    patching: bool = False,
) -> dict[str, Written]:
    """Return the values of the properties that are given."""
    known = columns_by_name(collection)
    found: dict[str, Written] = {}
    for name, value in (feature.get("properties") or {}).items():
        column = known.get(name)
        if column is None:
            raise _unknown(name, collection)
        if key and column in key_columns(collection):
            if patching or value is not None:
                _require_same(value, key, f"properties.{name}", collection)
            continue
        if _is_read_only(column, collection):
            if value is not None:
                found[column.field.name] = _sent_back(column, value, key)
            continue
        found[column.field.name] = _written(column, value, patching=patching)
    return found


def _written(column: PublishedColumn, value: Any, *, patching: bool) -> Written:
    if value is None and not column.field.nullable:
        return _missing(column, patching=patching)
    if patching and column.field.type is FieldType.JSON and isinstance(value, dict):
        bound(column, value)
        return Patch(value)
    return bound(column, value)


def _missing(column: PublishedColumn, *, patching: bool) -> Written:
    """Return what stands for no value where there has to be one."""
    if column.field.filling is Filling.DEFAULT and not patching:
        return Default.DEFAULT
    raise wrong(
        column,
        Text(f"« {column.name} » ne peut pas être sans valeur.",
             f"“{column.name}” cannot be without a value."),
    )  # fmt: skip


def _placed(
    feature: Mapping[str, Any], collection: Collection, crs: Crs
) -> dict[str, Written]:
    column = collection.geometry
    if "geometry" not in feature:
        return {}
    value = feature["geometry"]
    if column is None:
        if value is None:
            return {}
        raise wrong_geometry(
            Text("Cette collection n'a pas de géométrie.",
                 "This collection has no geometry."),
        )  # fmt: skip
    return {column.name: None if value is None else read_shape(value, column, crs)}


def _is_read_only(column: PublishedColumn, collection: Collection) -> bool:
    return is_given(collection, column) or not is_writable(column)


def _sent_back(column: PublishedColumn, value: Any, key: str) -> Unchanged:
    """Return a value that has to be the one that is there; of a new feature none is."""
    if not key:
        raise read_only(column)
    return Unchanged(column, value)


def _require_same(given: Any, key: str, member: str, collection: Collection) -> None:
    """Refuse an identifier that is not the one of the address."""
    columns = key_columns(collection)
    if read_key(quote(str(given), safe=""), columns) == read_key(key, columns):
        return
    raise EditRefused(
        Refusal.CONTENT,
        Text("L'identifiant d'un objet ne change pas.",
             "The identifier of a feature does not change."),
        member=member,
        hint=Text("Laissez-le de côté, ou écrivez celui de l'adresse.",
                  "Leave it out, or write the one of the address."),
    )  # fmt: skip


def _unknown(name: str, collection: Collection) -> EditRefused:
    known = ", ".join(columns_by_name(collection))
    return EditRefused(
        Refusal.CONTENT,
        Text(f"« {name[:80]} » n'est pas une propriété de cette collection.",
             f"“{name[:80]}” is no property of this collection."),
        member=f"properties.{name[:80]}",
        hint=Text(f"Propriétés : {known}.", f"Properties: {known}."),
    )  # fmt: skip
