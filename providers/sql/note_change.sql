DECLARE
    fresh CONSTANT bigint := hashtextextended(gen_random_uuid()::text, 0);
BEGIN
    IF current_setting('max_prepared_transactions') = '0' THEN
        -- Whoever listens looks sooner; told once, when the transaction commits. One
        -- that has told cannot be prepared: where somebody may, nobody is told.
        PERFORM pg_notify('passerelle_change', TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME);
    END IF;
    IF current_setting('transaction_isolation') = 'serializable' THEN
        -- A look at the rows of others would be a conflict with them.
        INSERT INTO passerelle.change (relation, transaction, started, weight, mark)
        VALUES (TG_RELID, pg_current_xact_id(), pg_postmaster_start_time(), 1, fresh);
        RETURN NULL;
    END IF;
    -- One row says all of a transaction: it becomes visible at once. The start of
    -- the server tells its numbers from those of a server that the log came from.
    IF EXISTS (
        SELECT FROM passerelle.change
        WHERE relation = TG_RELID AND transaction = pg_current_xact_id()
          AND started = pg_postmaster_start_time()
    ) THEN
        RETURN NULL;
    END IF;
    BEGIN
        WITH gone AS (
            DELETE FROM passerelle.change
            WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM passerelle.change
                WHERE relation = TG_RELID
                FOR UPDATE SKIP LOCKED))
            RETURNING weight, mark
        )
        INSERT INTO passerelle.change (relation, transaction, started, weight, mark)
        SELECT TG_RELID, pg_current_xact_id(), pg_postmaster_start_time(),
               coalesce(sum(weight), 0) + 1, coalesce(sum(mark), 0) + fresh
        FROM gone;
    EXCEPTION WHEN serialization_failure THEN
        -- Repeatable read, and somebody joined the rows since our snapshot.
        INSERT INTO passerelle.change (relation, transaction, started, weight, mark)
        VALUES (TG_RELID, pg_current_xact_id(), pg_postmaster_start_time(), 1, fresh);
    END;
    RETURN NULL;
END
