-- Deterministic noise: the same number for the same row on every machine and every version. Read by each data session.
SET synchronous_commit = off;
CREATE FUNCTION pg_temp.noise(n bigint, salt bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
  AS $$ SELECT hashint8extended(n, salt) & 9223372036854775807 $$;
CREATE FUNCTION pg_temp.word(n bigint, salt bigint) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT (ARRAY['harbour','lantern','velvet','copper','meadow','thunder','saffron','willow','granite','cobalt','ember','juniper','mosaic','quartz','raven','sparrow',
    'timber','umber','violet','walnut','anchor','bramble','cinder','dapple','elm','fennel','garnet','hazel','indigo','jasper','kestrel','lichen','marble','nettle','opal','pebble',
    'quill','russet','sorrel','thistle','urchin','vesper','wicker','yarrow','zephyr','amber','basalt','clover','drift','falcon'])[1 + (pg_temp.noise(n, salt) % 50)::integer] $$;
