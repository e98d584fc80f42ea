"""Queries for the benchmark, where no file of queries is given: counts over one database, and some across stores."""

ONE = [
    "SELECT COUNT(*) FROM coproduction.public.coproductionprocess",
    "SELECT COUNT(DISTINCT(id)) FROM coproduction.public.\"user\"",
    "SELECT COUNT(*) FROM coproduction.public.asset WHERE type LIKE 'internalasset'",
    "SELECT COUNT(DISTINCT(softwareinterlinker_id)) FROM coproduction.public.internalasset",
    "SELECT COUNT(*) FROM coproduction.public.treeitem WHERE status = 'finished'",
    "SELECT COUNT(DISTINCT(team.id)) FROM coproduction.public.team WHERE type IN ('citizen', 'public_administration')",
    "SELECT COUNT(DISTINCT(permission.team_id)) FROM coproduction.public.permission "
    "INNER JOIN coproduction.public.coproductionprocess ON permission.coproductionprocess_id = coproductionprocess.id",
    "SELECT COUNT(DISTINCT(id)) FROM coproduction.public.\"user\" WHERE id IN (SELECT user_id FROM "
    "coproduction.public.association_user_team WHERE team_id IN (SELECT id FROM coproduction.public.team))",
    "SELECT COUNT(*) FROM coproduction.public.coproductionprocess WHERE id NOT IN "
    "(SELECT coproductionprocess_id FROM coproduction.public.asset WHERE coproductionprocess_id IS NOT NULL)",
    "SELECT AVG(n) FROM (SELECT COUNT(*) AS n FROM coproduction.public.association_user_team GROUP BY team_id)",
    "SELECT COUNT(*) FROM (SELECT coproductionprocess_id, COUNT(*) AS n FROM coproduction.public.asset "
    "GROUP BY coproductionprocess_id HAVING n > 3)",
    "SELECT COUNT(DISTINCT(interlinker.id)) FROM catalogue.public.interlinker",
    "SELECT COUNT(*) FROM catalogue.public.artefact",
]
ACROSS = [
    "SELECT COUNT(DISTINCT user_id) FROM elastic2.logs.log WHERE action = 'CREATE'",
    "SELECT COUNT(*) FROM coproduction.public.coproductionprocess WHERE id IN "
    "(SELECT coproductionprocess_id FROM elastic2.logs.log WHERE action = 'CREATE')",
    "SELECT COUNT(*) FROM coproduction.public.internalasset INNER JOIN catalogue.public.softwareinterlinker "
    "ON softwareinterlinker.id = internalasset.softwareinterlinker_id",
]
