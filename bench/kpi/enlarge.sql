-- Copies every row of every table :copies times: ids become others, the same ones everywhere, so that the copies refer to
-- each other as the originals do.
SET session_replication_role = replica;
SET synchronous_commit = off;
SELECT format(
    'INSERT INTO public.%I SELECT %s FROM public.%I, generate_series(1, %s) AS n',
    relname,
    string_agg(
        CASE
            WHEN format_type(atttypid, NULL) = 'uuid' THEN format('md5(%I::text || n)::uuid', attname)
            WHEN attname IN ('user_id', 'creator_id') OR (relname = 'user' AND attname = 'id')
                THEN format('%I || ''-'' || n', attname)
            ELSE quote_ident(attname)
        END, ', ' ORDER BY attnum),
    relname,
    :copies)
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
GROUP BY relname
\gexec
ANALYZE;
