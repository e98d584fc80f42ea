-- UNION leaves each currency once; '' stands for none in the source.
SELECT currency
FROM (
    SELECT currency FROM public.user_company
    UNION
    SELECT currency FROM public.storage_crate
    UNION
    SELECT currency FROM public.operation_checkout
) AS named
WHERE currency <> ''
ORDER BY currency COLLATE "C"
