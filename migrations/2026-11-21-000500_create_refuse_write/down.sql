DROP FUNCTION metrics.refuse_write();
