-- OGC 12-128r18 (GeoPackage 1.3.1), annex F.3; the ends of the names are the standard's.
CREATE TRIGGER {rtree_insert} AFTER INSERT ON {table}
WHEN (NEW.{shape} NOTNULL AND NOT ST_IsEmpty(NEW.{shape}))
BEGIN
  INSERT OR REPLACE INTO {rtree} VALUES (NEW.{fid}, ST_MinX(NEW.{shape}), ST_MaxX(NEW.{shape}),
    ST_MinY(NEW.{shape}), ST_MaxY(NEW.{shape}));
END;

CREATE TRIGGER {rtree_update1} AFTER UPDATE OF {shape} ON {table}
WHEN OLD.{fid} = NEW.{fid} AND (NEW.{shape} NOTNULL AND NOT ST_IsEmpty(NEW.{shape}))
BEGIN
  INSERT OR REPLACE INTO {rtree} VALUES (NEW.{fid}, ST_MinX(NEW.{shape}), ST_MaxX(NEW.{shape}),
    ST_MinY(NEW.{shape}), ST_MaxY(NEW.{shape}));
END;

CREATE TRIGGER {rtree_update2} AFTER UPDATE OF {shape} ON {table}
WHEN OLD.{fid} = NEW.{fid} AND (NEW.{shape} ISNULL OR ST_IsEmpty(NEW.{shape}))
BEGIN
  DELETE FROM {rtree} WHERE id = OLD.{fid};
END;

CREATE TRIGGER {rtree_update3} AFTER UPDATE ON {table}
WHEN OLD.{fid} != NEW.{fid} AND (NEW.{shape} NOTNULL AND NOT ST_IsEmpty(NEW.{shape}))
BEGIN
  DELETE FROM {rtree} WHERE id = OLD.{fid};
  INSERT OR REPLACE INTO {rtree} VALUES (NEW.{fid}, ST_MinX(NEW.{shape}), ST_MaxX(NEW.{shape}),
    ST_MinY(NEW.{shape}), ST_MaxY(NEW.{shape}));
END;

CREATE TRIGGER {rtree_update4} AFTER UPDATE ON {table}
WHEN OLD.{fid} != NEW.{fid} AND (NEW.{shape} ISNULL OR ST_IsEmpty(NEW.{shape}))
BEGIN
  DELETE FROM {rtree} WHERE id IN (OLD.{fid}, NEW.{fid});
END;

CREATE TRIGGER {rtree_delete} AFTER DELETE ON {table}
WHEN OLD.{shape} NOT NULL
BEGIN
  DELETE FROM {rtree} WHERE id = OLD.{fid};
END;
