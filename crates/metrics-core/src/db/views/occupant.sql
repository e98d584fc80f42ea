-- What has the name $1 in schema public; a view is ours when it reads the table of metrics with the same name.
SELECT
    CASE
        WHEN c.relkind IN ('r', 'p', 'f') THEN 'table'
        WHEN c.relkind = 'm' THEN 'materialized view'
        WHEN c.relkind = 'v' THEN 'view'
        WHEN c.relkind IS NOT NULL THEN 'relation'
    END AS kind,
    COALESCE(c.relkind = 'v', false) AND EXISTS (
        SELECT
        FROM pg_rewrite AS r
        JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        WHERE r.ev_class = c.oid
            AND d.refclassid = 'pg_class'::regclass
            AND d.refobjid = to_regclass(format('metrics.%I', $1))
    ) AS is_ours,
    has_schema_privilege(n.oid, 'CREATE') AS may_create
FROM pg_namespace AS n
LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = $1
WHERE n.nspname = 'public'
