-- Tables as they are found in real silos. {host}, {port}, {database}: of this server.
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE EXTENSION IF NOT EXISTS file_fdw;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SCHEMA autre;
CREATE SCHEMA "Schéma d'été";

-- Names ----------------------------------------------------------------------
CREATE TABLE "Voirie Départementale" (
  "ID_Tronçon" integer PRIMARY KEY, "Nom de la voie" text, "état" text, "L'usage" text,
  "guillemet""double" text, "order" integer, "limit" integer, bbox text, f text,
  "select" boolean, "%s" text, "%(nom)s" text, "{{0}}" text, "$1" text, "a.b" text,
  "a,b" text, "-moins" text, "+plus" text, " bord " text, "ligne
suivante" text, "\" text, "🏛" text, t text, p text, position_0 text, feature text,
  geometry text, type text, id text, properties text, datetime date, "offset" text,
  "sortby" text, "filter" text, "crs" text, "properties.x" text, "NULL" text,
  "casei" text, geom geometry(Point, 2154));
INSERT INTO "Voirie Départementale"
SELECT i, 'voie ' || i, 'état', 'l''usage', '"', i, i, 'b' || i, 'f' || i, i % 2 = 0,
  'un', 'deux', 'trois', 'quatre', 'cinq', 'six', 'sept', 'huit', 'neuf', 'dix', 'onze',
  'douze', 't', 'p', 'pos', 'feat', 'geometrie', 'Feature', 'id' || i, '{{}}',
  date '2024-01-01' + i, 'o', 's', 'fi', 'c', 'px', 'nul', 'ca',
  ST_SetSRID(ST_MakePoint(650000 + i, 6860000), 2154)
FROM generate_series(1, 12) AS i;
CREATE TABLE "Schéma d'été"."Table ""à"" part/%s" (clé text PRIMARY KEY, v integer);
INSERT INTO "Schéma d'été"."Table ""à"" part/%s" VALUES ('à/b', 1), ('100 %', 2);
CREATE TABLE homonyme (id integer PRIMARY KEY, ou text);
CREATE TABLE autre.homonyme (id integer PRIMARY KEY, ou text, plus integer);
INSERT INTO homonyme VALUES (1, 'public');
INSERT INTO autre.homonyme VALUES (1, 'autre', 5), (2, 'autre', 6);

-- Keys -----------------------------------------------------------------------
CREATE TABLE cle_uuid AS
SELECT md5(i::text)::uuid AS id, i AS n FROM generate_series(1, 12) AS i;
ALTER TABLE cle_uuid ADD PRIMARY KEY (id);
CREATE TABLE cle_texte (id text PRIMARY KEY, n integer);
INSERT INTO cle_texte VALUES ('a/b', 1), ('%2F', 2), ('"', 3), ('''', 4), ('a?b#c&d=e', 5),
  ('é', 6), ('É', 7), ('..', 8), ('.', 9), (' ', 10), ('a b ', 11), ('items', 12),
  ('\', 13), ('a,b', 14), ('+', 15), (chr(10), 16), ('🏛', 17), ('%', 18), ('a//b', 19);
CREATE TABLE cle_grande (id bigint PRIMARY KEY, v bigint);
INSERT INTO cle_grande VALUES (9007199254740993, 1), (9007199254740992, 2),
  (9223372036854775807, 9223372036854775807), (-9223372036854775808, -1), (0, 0), (-7, 3);
CREATE TABLE cle_numerique (id numeric(30, 2) PRIMARY KEY, v text);
INSERT INTO cle_numerique VALUES (1.50, 'a'), (12345678901234567890123456.78, 'b'), (-3, 'c');
CREATE TABLE cle_reelle (id double precision PRIMARY KEY, v text);
INSERT INTO cle_reelle VALUES (0.1, 'a'), (1e300, 'b'), (-2.5, 'c'), (3, 'd');
CREATE TABLE cle_bpchar (insee char(7) PRIMARY KEY, v text);
INSERT INTO cle_bpchar VALUES ('75056', 'a'), ('2A004', 'b'), ('9300166', 'c');
CREATE TABLE cle_citext (code citext PRIMARY KEY, v text);
INSERT INTO cle_citext VALUES ('Abc', 'a'), ('abd', 'b'), ('ABE', 'c');
CREATE TYPE etat AS ENUM ('projeté', 'bon', 'à refaire');
CREATE TABLE cle_enum (etat etat PRIMARY KEY, v text);
INSERT INTO cle_enum VALUES ('projeté', 'a'), ('bon', 'b'), ('à refaire', 'c');
CREATE TABLE cle_date (jour date PRIMARY KEY, v text);
INSERT INTO cle_date VALUES ('2024-02-29', 'a'), ('infinity', 'b'), ('-infinity', 'c'),
  ('0044-03-15 BC', 'd'), ('20001-01-01', 'e');
CREATE TABLE cle_instant (moment timestamptz PRIMARY KEY, v text);
INSERT INTO cle_instant VALUES ('2024-03-31 02:30:00.000001+01', 'a'), ('infinity', 'b'), ('2024-01-01', 'c');
CREATE TABLE cle_heure_locale (moment timestamp PRIMARY KEY, v text);
INSERT INTO cle_heure_locale VALUES ('2024-03-31 02:30:00.000001', 'a'), ('2024-01-01', 'c');
CREATE TABLE cle_heure (heure time PRIMARY KEY, v text);
INSERT INTO cle_heure VALUES ('10:00', 'a'), ('24:00', 'b'), ('10:00:00.000001', 'c');
CREATE TABLE cle_booleenne (ouvert boolean PRIMARY KEY, v text);
INSERT INTO cle_booleenne VALUES (true, 'a'), (false, 'b');
CREATE TABLE cle_inet (adresse inet PRIMARY KEY, v text);
INSERT INTO cle_inet VALUES ('10.0.0.1', 'a'), ('10.0.0.0/8', 'b');
CREATE TABLE cle_octets (empreinte bytea PRIMARY KEY, v text);
INSERT INTO cle_octets VALUES ('\x00ff', 'a'), ('\x01', 'b');
CREATE TABLE cle_arbre (chemin ltree PRIMARY KEY, v text);
INSERT INTO cle_arbre VALUES ('a.b', 'a'), ('a.c', 'b');
CREATE TABLE cle_composee (
  departement char(3), numero bigint, nom text, actif boolean, jour date, v integer,
  PRIMARY KEY (numero, departement, nom, actif, jour));
INSERT INTO cle_composee
SELECT '0' || i % 3, 9007199254740992 + i, (ARRAY['a,b', 'a/b', '%2F', '', 'é'])[1 + i % 5],
  i % 2 = 0, date '2024-01-01' + i, i FROM generate_series(1, 10) AS i;
CREATE TABLE sans_cle (v integer, w text);
INSERT INTO sans_cle SELECT i % 4, 'w' || i % 3 FROM generate_series(1, 25) AS i;
CREATE TABLE cle_unique (a integer NOT NULL UNIQUE, b text);
INSERT INTO cle_unique SELECT i, 'b' || i FROM generate_series(1, 12) AS i;
CREATE TABLE cle_vide (id text PRIMARY KEY, n integer);
INSERT INTO cle_vide VALUES ('', 1), ('a', 2);

-- Kinds of relations -----------------------------------------------------------
CREATE TABLE base_kinds (id integer PRIMARY KEY, v text, jour date, geom geometry(Point, 2154));
INSERT INTO base_kinds
SELECT i, 'v' || i % 5, date '2024-01-01' + i, ST_SetSRID(ST_MakePoint(650000 + i * 10, 6860000), 2154)
FROM generate_series(1, 1200) AS i;
CREATE VIEW vue AS SELECT * FROM base_kinds WHERE id <= 30;
CREATE VIEW vue_jointe AS
SELECT b.id, b.v, u.b AS autre, b.geom FROM base_kinds AS b LEFT JOIN cle_unique AS u ON u.a = b.id
WHERE b.id <= 30;
CREATE VIEW vue_calculee AS
SELECT id, v || '!' AS texte, jour + 1 AS lendemain, ST_Buffer(geom, 5) AS geom, NULL AS rien,
  'constante' AS litteral, ARRAY[1.5, 'NaN']::float8[] AS reels FROM base_kinds WHERE id <= 12;
CREATE MATERIALIZED VIEW vue_materialisee AS SELECT * FROM base_kinds WHERE id <= 30;
CREATE MATERIALIZED VIEW vue_materialisee_cle AS SELECT * FROM base_kinds WHERE id <= 30;
CREATE UNIQUE INDEX ON vue_materialisee_cle (id);
CREATE TABLE partitionnee (id integer, an integer, v text, geom geometry(Point, 2154),
  PRIMARY KEY (id, an)) PARTITION BY LIST (an);
CREATE TABLE partitionnee_2023 PARTITION OF partitionnee FOR VALUES IN (2023);
CREATE TABLE partitionnee_2024 PARTITION OF partitionnee FOR VALUES IN (2024);
INSERT INTO partitionnee
SELECT i, 2023 + i % 2, 'v', ST_SetSRID(ST_MakePoint(650000 + i, 6860000), 2154) FROM generate_series(1, 20) AS i;
CREATE TABLE partitionnee_sans_cle (an integer, v integer) PARTITION BY LIST (an);
CREATE TABLE partitionnee_sans_cle_1 PARTITION OF partitionnee_sans_cle FOR VALUES IN (1);
CREATE TABLE partitionnee_sans_cle_2 PARTITION OF partitionnee_sans_cle FOR VALUES IN (2);
INSERT INTO partitionnee_sans_cle SELECT 1 + i % 2, i FROM generate_series(1, 30) AS i;
CREATE TABLE parente (id integer PRIMARY KEY, v text);
CREATE TABLE heritiere (w text) INHERITS (parente);
INSERT INTO parente VALUES (1, 'parent'), (2, 'parent');
INSERT INTO heritiere VALUES (3, 'enfant', 'w'), (4, 'enfant', 'w');
CREATE SERVER lointain FOREIGN DATA WRAPPER postgres_fdw
  OPTIONS (host '{host}', port '{port}', dbname '{database}');
CREATE USER MAPPING FOR CURRENT_USER SERVER lointain OPTIONS (user 'postgres');
CREATE USER MAPPING FOR {reader} SERVER lointain OPTIONS (user 'postgres', password_required 'false');
CREATE FOREIGN TABLE etrangere (id integer NOT NULL, v text, jour date, geom geometry(Point, 2154))
  SERVER lointain OPTIONS (schema_name 'public', table_name 'vue');
CREATE SERVER fichiers FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE etrangere_fichier (id integer, nom text, valeur double precision)
  SERVER fichiers OPTIONS (filename '{file}', format 'csv', header 'true');
CREATE TABLE tout_vide (id integer PRIMARY KEY, v text, jour date, geom geometry(Polygon, 2154));
CREATE TABLE vide_ouverte (v text, geom geometry);
CREATE TABLE refusee (id integer PRIMARY KEY, geom geometry(Point, 2154));
INSERT INTO refusee VALUES (1, NULL);
CREATE TABLE colonne_refusee (id integer PRIMARY KEY, v text, secret text);
INSERT INTO colonne_refusee VALUES (1, 'a', 'chut'), (2, 'b', 'chut');

-- Geometries -------------------------------------------------------------------
CREATE TABLE geo_geographie (id integer PRIMARY KEY, geog geography(Point, 4326));
INSERT INTO geo_geographie
SELECT i, ST_Point(-5 + i * 0.5, 42 + i * 0.25, 4326)::geography FROM generate_series(1, 20) AS i;
INSERT INTO geo_geographie VALUES (21, NULL), (22, 'SRID=4326;POINT EMPTY');
CREATE INDEX ON geo_geographie USING gist (geog);
CREATE TABLE geo_geographie_surface (id integer PRIMARY KEY, geog geography(Polygon, 4326));
INSERT INTO geo_geographie_surface
SELECT i, ST_MakeEnvelope(i, 45, i + 0.5, 45.5, 4326)::geography FROM generate_series(1, 9) AS i;
CREATE TABLE geo_geographie_ouverte (id integer PRIMARY KEY, geog geography);
INSERT INTO geo_geographie_ouverte VALUES (1, 'POINT(2 48)'), (2, 'LINESTRING(2 48, 3 49)');
CREATE TABLE geo_plusieurs (id integer PRIMARY KEY, centre geometry(Point, 2154),
  contour geometry(Polygon, 2154), lieu geography(Point, 4326));
INSERT INTO geo_plusieurs
SELECT i, ST_SetSRID(ST_MakePoint(650000 + i * 100, 6860000), 2154),
  ST_Buffer(ST_SetSRID(ST_MakePoint(650000 + i * 100, 6860000), 2154), 40, 2), ST_Point(2, 48)::geography
FROM generate_series(1, 12) AS i;
CREATE TABLE geo_z (id integer PRIMARY KEY, geom geometry(LineStringZ, 2154));
INSERT INTO geo_z VALUES (1, 'SRID=2154;LINESTRING Z (650000 6860000 12.5, 650010 6860010 13)');
CREATE TABLE geo_m (id integer PRIMARY KEY, geom geometry(LineStringM, 2154));
INSERT INTO geo_m VALUES (1, 'SRID=2154;LINESTRING M (650000 6860000 12.5, 650010 6860010 13)');
CREATE TABLE geo_zm (id integer PRIMARY KEY, geom geometry(PointZM, 2154));
INSERT INTO geo_zm VALUES (1, 'SRID=2154;POINT ZM (650000 6860000 12.5 7)');
CREATE TABLE geo_courbe (id integer PRIMARY KEY, geom geometry(CurvePolygon, 2154));
INSERT INTO geo_courbe VALUES (1, 'SRID=2154;CURVEPOLYGON(CIRCULARSTRING(650000 6860000, 650010 6860010, 650020 6860000, 650010 6859990, 650000 6860000))');
CREATE TABLE geo_courbe_multi (id integer PRIMARY KEY, geom geometry(MultiSurface, 2154));
INSERT INTO geo_courbe_multi VALUES (1, 'SRID=2154;MULTISURFACE(CURVEPOLYGON(COMPOUNDCURVE(CIRCULARSTRING(650000 6860000, 650010 6860010, 650020 6860000), (650020 6860000, 650000 6860000))), ((650100 6860000, 650110 6860000, 650110 6860010, 650100 6860000)))');
CREATE TABLE geo_melee (id integer PRIMARY KEY, geom geometry(Geometry, 2154));
INSERT INTO geo_melee VALUES
 (1, 'SRID=2154;POINT(650000 6860000)'), (2, 'SRID=2154;LINESTRING(650000 6860000, 650010 6860010)'),
 (3, 'SRID=2154;POLYGON((650000 6860000, 650010 6860000, 650010 6860010, 650000 6860000))'),
 (4, NULL), (5, 'SRID=2154;POINT EMPTY'), (6, 'SRID=2154;POLYGON EMPTY'), (7, 'SRID=2154;GEOMETRYCOLLECTION EMPTY'),
 (8, 'SRID=2154;GEOMETRYCOLLECTION(POINT(650000 6860000), LINESTRING(650000 6860000, 650010 6860010))'),
 (9, 'SRID=2154;GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(650000 6860000), POINT(650001 6860000)), POINT(650002 6860000))'),
 (10, 'SRID=2154;MULTIPOINT(EMPTY, 650000 6860000)'), (11, 'SRID=2154;MULTIPOINT(650000 6860000, EMPTY, 650002 6860000)'),
 (12, 'SRID=2154;CIRCULARSTRING(650000 6860000, 650010 6860010, 650020 6860000)'),
 (13, 'SRID=2154;MULTILINESTRING((650000 6860000, 650010 6860010), (650020 6860000, 650030 6860000))'),
 (14, 'SRID=2154;MULTIPOLYGON(EMPTY, ((650000 6860000, 650010 6860000, 650010 6860010, 650000 6860000)))'),
 (15, 'SRID=2154;GEOMETRYCOLLECTION(MULTIPOINT(EMPTY, 650000 6860000), CIRCULARSTRING(650000 6860000, 650010 6860010, 650020 6860000))'),
 (16, 'SRID=2154;POLYHEDRALSURFACE(((650000 6860000, 650010 6860000, 650010 6860010, 650000 6860000)))'),
 (17, 'SRID=2154;TIN(((650000 6860000, 650010 6860000, 650010 6860010, 650000 6860000)))'),
 (18, 'SRID=2154;TRIANGLE((650000 6860000, 650010 6860000, 650010 6860010, 650000 6860000))');
CREATE INDEX ON geo_melee USING gist (geom);
CREATE TABLE geo_multipoint (id integer PRIMARY KEY, geom geometry(MultiPoint, 2154));
INSERT INTO geo_multipoint VALUES (1, 'SRID=2154;MULTIPOINT(EMPTY, 650000 6860000)'), (2, 'SRID=2154;MULTIPOINT(EMPTY, EMPTY)'),
 (3, 'SRID=2154;MULTIPOINT(650000 6860000, 650002 6860000)');
CREATE TABLE geo_invalide (id integer PRIMARY KEY, geom geometry(Polygon, 2154));
INSERT INTO geo_invalide VALUES
 (1, 'SRID=2154;POLYGON((650000 6860000, 650010 6860010, 650010 6860000, 650000 6860010, 650000 6860000))'),
 (2, 'SRID=2154;POLYGON((650000 6860000, 650010 6860000, 650000 6860000, 650000 6860000))'),
 (3, 'SRID=2154;POLYGON((650000 6860000, 650010 6860000, 650010 6860010, 650000 6860010, 650000 6860000), (650020 6860020, 650030 6860020, 650030 6860030, 650020 6860020))'),
 (4, 'SRID=2154;POLYGON((650000 6860000, 650010 6860000, 650010 6860010, 650000 6860010, 650000 6860000), (650005 6860005, 650015 6860005, 650015 6860015, 650005 6860005))');
CREATE TABLE geo_sans_nombre (id integer PRIMARY KEY, nom text, geom geometry(Point, 2154));
INSERT INTO geo_sans_nombre VALUES (1, 'NaN', ST_SetSRID(ST_MakePoint('NaN', 'NaN'), 2154)),
 (2, '[NaN,NaN]', ST_SetSRID(ST_MakePoint('Infinity', 6860000), 2154)), (3, '"geometry":NaN', 'SRID=2154;POINT(650000 6860000)'),
 (4, '-Infinity', ST_SetSRID(ST_MakePoint(650000, '-Infinity'), 2154)), (5, NULL, ST_SetSRID(ST_MakePoint('NaN', 6860000), 2154));
CREATE TABLE geo_sans_nombre_ligne (id integer PRIMARY KEY, geom geometry(LineString, 2154));
INSERT INTO geo_sans_nombre_ligne VALUES
 (1, ST_SetSRID(ST_MakeLine(ARRAY[ST_MakePoint(650000, 6860000), ST_MakePoint('NaN', 'NaN'), ST_MakePoint(650010, 6860000)]), 2154)),
 (2, 'SRID=2154;LINESTRING(650000 6860000, 650010 6860010)');
CREATE TABLE geo_hors_domaine (id integer PRIMARY KEY, geom geometry(Point, 4326));
INSERT INTO geo_hors_domaine VALUES (1, 'SRID=4326;POINT(650000 6860000)'), (2, 'SRID=4326;POINT(2 48)'), (3, 'SRID=4326;POINT(48 2)'), (4, 'SRID=4326;POINT(2 95)');
CREATE TABLE geo_hors_domaine_utm (id integer PRIMARY KEY, geom geometry(Point, 2975));
INSERT INTO geo_hors_domaine_utm VALUES (1, 'SRID=2975;POINT(1e9 1e9)'), (2, 'SRID=2975;POINT(340000 7670000)'), (3, 'SRID=2975;POINT(55.5 -21.1)');
CREATE TABLE geo_srid_0 (id integer PRIMARY KEY, geom geometry(Point));
INSERT INTO geo_srid_0 VALUES (1, 'POINT(650000 6860000)'), (2, NULL);
CREATE TABLE geo_srid_mele (id integer PRIMARY KEY, geom geometry);
INSERT INTO geo_srid_mele VALUES (1, 'SRID=2154;POINT(650000 6860000)'), (2, 'SRID=4326;POINT(2 48)');
CREATE TABLE geo_srid_local (id integer PRIMARY KEY, geom geometry(Point, 990001));
INSERT INTO geo_srid_local VALUES (1, 'SRID=990001;POINT(650000 6860000)');
CREATE TABLE geo_cc49 (id integer PRIMARY KEY, geom geometry(Point, 3949));
INSERT INTO geo_cc49 SELECT i, ST_Transform(ST_Point(2 + i * 0.01, 48.8, 4326), 3949) FROM generate_series(1, 12) AS i;
CREATE TABLE geo_mercator (id integer PRIMARY KEY, geom geometry(Point, 3857));
INSERT INTO geo_mercator SELECT i, ST_Transform(ST_Point(2 + i * 0.01, 48.8, 4326), 3857) FROM generate_series(1, 12) AS i;
CREATE TABLE geo_non_declaree (id integer PRIMARY KEY, geom geometry);
INSERT INTO geo_non_declaree SELECT i, ST_SetSRID(ST_MakePoint(650000 + i, 6860000), 2154) FROM generate_series(1, 12) AS i;

-- Types ------------------------------------------------------------------------
CREATE DOMAIN reel AS double precision CHECK (VALUE IS NULL OR VALUE = VALUE OR true);
CREATE DOMAIN reel_double AS reel;
CREATE DOMAIN code_postal AS varchar(5);
CREATE DOMAIN insee AS char(5);
CREATE DOMAIN entier AS bigint;
CREATE DOMAIN montant AS numeric(12, 2);
CREATE DOMAIN quand AS timestamp;
CREATE DOMAIN liste AS text[];
CREATE TYPE adresse AS (numero integer, voie text, taux double precision);
CREATE TABLE genres AS
SELECT i AS id,
  CASE i WHEN 3 THEN NULL ELSE (i * 1.5)::numeric END AS nombre,
  CASE i WHEN 2 THEN 'NaN' WHEN 3 THEN 'Infinity' WHEN 4 THEN '-Infinity' WHEN 5 THEN NULL ELSE 12345678901234567890.123456789 * i END::numeric AS nombre_infini,
  CASE i WHEN 2 THEN 'NaN' WHEN 3 THEN 'Infinity' WHEN 4 THEN '-Infinity' WHEN 5 THEN 5e-324 WHEN 6 THEN 1.7976931348623157e308 ELSE i / 3.0 END::double precision AS reel8,
  CASE i WHEN 2 THEN 'NaN' WHEN 3 THEN 'Infinity' WHEN 4 THEN '-Infinity' WHEN 5 THEN '1e-45' WHEN 6 THEN '3.4028235e38' ELSE (i / 10.0)::text END::real AS reel4,
  CASE i WHEN 2 THEN 'NaN' WHEN 3 THEN 'Infinity' ELSE i / 3.0 END::reel AS reel_domaine,
  CASE i WHEN 2 THEN 'NaN' WHEN 3 THEN 'Infinity' ELSE i / 3.0 END::reel_double AS reel_domaine_double,
  (7500 + i)::text::code_postal AS cp, ('93' || i)::insee AS insee, (9007199254740992 + i)::entier AS grand,
  (i + 0.25)::montant AS montant, (i * 3)::smallint AS petit,
  (timestamp '2024-01-01' + i * interval '1 hour')::quand AS quand,
  CASE i WHEN 2 THEN 'infinity' WHEN 3 THEN '-infinity' WHEN 4 THEN '0044-03-15 BC' WHEN 5 THEN '20001-01-01' ELSE '2024-03-31 02:30:00.123456+01' END::timestamptz AS moment,
  CASE i WHEN 2 THEN 'infinity' WHEN 3 THEN '-infinity' WHEN 4 THEN '0044-03-15 BC' WHEN 5 THEN '20001-01-01' ELSE '2024-03-31 02:30' END::timestamp AS moment_local,
  CASE i WHEN 2 THEN 'infinity' WHEN 3 THEN '-infinity' WHEN 4 THEN '0044-03-15 BC' WHEN 5 THEN '20001-01-01' ELSE '2024-02-29' END::date AS jour,
  CASE i WHEN 2 THEN '24:00' ELSE '10:30:00.5' END::time AS heure,
  CASE i WHEN 2 THEN '24:00+02' ELSE '10:30:00.5+02' END::timetz AS heure_zone,
  (i || ' days 3 hours')::interval AS duree,
  ARRAY[i, NULL, 3] AS entiers, ARRAY['NaN', '1.5']::float8[] AS reels, ARRAY[['a', 'b"'], ['c', NULL]] AS textes, '{{}}'::date[] AS jours,
  ARRAY['x', 'y']::liste AS liste, '{{"a": [1, null, "é\n\u001e"], "a": 2}}'::json AS js, '{{"b": {{"c": 12345678901234567890}}}}'::jsonb AS jsb, 'null'::jsonb AS jsb_nul,
  (ARRAY['projeté', 'bon', 'à refaire'])[1 + i % 3]::etat AS etat, decode('00ff1e' || lpad(to_hex(i), 2, '0'), 'hex') AS octets,
  ROW(i, 'rue "de" l''Été', 'NaN')::adresse AS adresse, ARRAY[ROW(i, 'x', 1.5)]::adresse[] AS adresses,
  int4range(i, i + 5) AS plage, int4multirange(int4range(1, 3), int4range(7, 9)) AS plages, daterange('2024-01-01', NULL) AS periode,
  ('a=>' || i || ', b=>NULL')::hstore AS paires, ('haut.bas' || i)::ltree AS arbre, ('Mot' || i)::citext AS mot,
  ('10.0.0.' || i)::inet AS adresse_ip, '08:00:2b:01:02:03'::macaddr AS mac, (i || '.50')::money AS argent, B'101' AS bits,
  '<a>é</a>'::xml AS balise, i::oid AS oid_, ('c' || i)::name AS nom, 'x'::"char" AS lettre, '(1,2)'::point AS pt, to_tsvector('simple', 'un deux') AS mots,
  repeat('é"\' || chr(30) || chr(9) || chr(10), 3) AS texte, ''::text AS vide, i % 2 = 0 AS vrai, md5(i::text)::uuid AS ident, '1/1'::pg_lsn AS lsn
FROM generate_series(1, 8) AS i;
ALTER TABLE genres ADD PRIMARY KEY (id);
ALTER TABLE genres ADD COLUMN double_ integer GENERATED ALWAYS AS (id * 2) STORED;
ALTER TABLE genres ADD COLUMN rang integer GENERATED BY DEFAULT AS IDENTITY;
CREATE TABLE supprimee AS SELECT i AS id, 'x' AS ote, i AS garde FROM generate_series(1, 3) AS i;
ALTER TABLE supprimee ADD PRIMARY KEY (id);
ALTER TABLE supprimee DROP COLUMN ote;
ALTER TABLE supprimee ADD COLUMN tardive integer DEFAULT 7;
