-- The vector layers and attribute tables of a GeoPackage, each with its geometry
-- column and its CRS; "aspatial" is what old GDAL wrote for "attributes".
SELECT
    c.table_name, c.identifier, c.description, c.last_change,
    g.column_name, g.geometry_type_name, g.z, g.m,
    s.organization, s.organization_coordsys_id, s.definition
FROM gpkg_contents AS c
LEFT JOIN gpkg_geometry_columns AS g ON lower(g.table_name) = lower(c.table_name)
LEFT JOIN gpkg_spatial_ref_sys AS s ON s.srs_id = g.srs_id
WHERE c.data_type IN ('features', 'attributes', 'aspatial')
ORDER BY c.table_name
