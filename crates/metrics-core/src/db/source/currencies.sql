-- UNION leaves each currency once; '' stands for none in the source.
SELECT currency
FROM (
    SELECT currency FROM user_company
    UNION
    SELECT currency FROM storage_crate
    UNION
    SELECT currency FROM operation_checkout
) AS named
WHERE currency <> ''
ORDER BY currency COLLATE "C"
