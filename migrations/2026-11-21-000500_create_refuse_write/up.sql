CREATE FUNCTION metrics.refuse_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is computed by the reporter and cannot be written', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state';
END
$$;
COMMENT ON FUNCTION metrics.refuse_write() IS 'Keeps programs of the predecessor from writing through the views that have its tables'' names.';
