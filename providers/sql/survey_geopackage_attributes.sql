-- The same of a GeoPackage without features, which needs no gpkg_geometry_columns.
SELECT
    c.table_name, c.identifier, c.description, c.last_change,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM gpkg_contents AS c
WHERE c.data_type IN ('attributes', 'aspatial')
ORDER BY c.table_name
