-- Gives the view public.<metrics.view> the comments of the table that it shows.
DO $$
DECLARE
    view_name text := current_setting('metrics.view');
    source regclass := format('metrics.%I', view_name)::regclass;
    target regclass := format('public.%I', view_name)::regclass;
    column_name name;
    comment text;
BEGIN
    EXECUTE format('COMMENT ON VIEW %s IS %L', target, obj_description(source, 'pg_class'));
    FOR column_name, comment IN
        SELECT a.attname, col_description(source, a.attnum)
        FROM pg_attribute AS a
        JOIN pg_attribute AS b ON b.attrelid = target AND b.attname = a.attname
        WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', target, column_name, comment);
    END LOOP;
END
$$;
