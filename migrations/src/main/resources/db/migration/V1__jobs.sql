-- Jobs, the truth that everything else only carries around.
--
-- An insert touches three small indexes (the key, the list and the queue); what a running job writes
-- every few seconds touches none, so that heartbeats stay heap-only updates.
CREATE TABLE jobs (
    id               text PRIMARY KEY,
    tenant           text        NOT NULL,
    kind             text        NOT NULL CHECK (kind IN ('generation', 'training')),
    pool             text        NOT NULL,
    priority         integer     NOT NULL DEFAULT 0,
    state            text        NOT NULL DEFAULT 'queued' CONSTRAINT jobs_state CHECK (state IN
                         ('queued', 'dispatched', 'running', 'succeeded', 'failed', 'canceled')),
    model            text        NOT NULL,
    version          text        NOT NULL,
    -- What the caller sent, to be shown again, and what is run: no default left to fill.
    input            json        NOT NULL,
    spec             json        NOT NULL,
    source           text        NOT NULL DEFAULT 'api',
    webhook_url      text,
    webhook_events   text[]      NOT NULL DEFAULT '{}',
    idempotency_key  text,
    idempotency_hash text,
    -- How often the dispatcher released it, and the fencing token of whoever runs it.
    release          bigint      NOT NULL DEFAULT 0,
    attempt          integer     NOT NULL DEFAULT 0,
    -- Attempts lost in a row without progress, by the death of their process and by a shortage.
    strikes          integer     NOT NULL DEFAULT 0,
    retries          integer     NOT NULL DEFAULT 0,
    worker           text,
    heartbeat_at     timestamptz,
    cancel_requested boolean     NOT NULL DEFAULT false,
    step             integer     NOT NULL DEFAULT 0,
    steps            integer     NOT NULL DEFAULT 0,
    logs             text        NOT NULL DEFAULT '',
    metrics          json        NOT NULL DEFAULT '{}',
    result           json,
    error_code       text,
    error_message    text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    dispatched_at    timestamptz,
    published_at     timestamptz,
    started_at       timestamptz,
    completed_at     timestamptz,
    CONSTRAINT jobs_done_has_end CHECK
        ((completed_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'canceled'))),
    CONSTRAINT jobs_failed_has_error CHECK ((state = 'failed') = (error_code IS NOT NULL)),
    CONSTRAINT jobs_succeeded_has_result CHECK ((state = 'succeeded') = (result IS NOT NULL)),
    CONSTRAINT jobs_running_has_heartbeat CHECK ((state = 'running') = (heartbeat_at IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

CREATE INDEX jobs_list ON jobs (tenant, kind, created_at DESC, id DESC);
CREATE INDEX jobs_queued ON jobs (kind, pool, priority DESC, created_at, id) WHERE state = 'queued';
CREATE INDEX jobs_dispatched ON jobs (kind, pool) WHERE state = 'dispatched';
CREATE INDEX jobs_running ON jobs (kind, pool) WHERE state = 'running';
CREATE INDEX jobs_completed ON jobs (completed_at) WHERE completed_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_idempotency ON jobs (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE job_attempts (
    job_id     text        NOT NULL REFERENCES jobs ON DELETE CASCADE,
    attempt    integer     NOT NULL,
    worker     text        NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at   timestamptz,
    -- How it ended: a terminal state, 'released', 'retried' or 'lost'.
    ending     text,
    error      text,
    PRIMARY KEY (job_id, attempt)
);

-- Every change of state, written by the trigger below so that no statement can forget it.
CREATE TABLE job_events (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id  text        NOT NULL REFERENCES jobs ON DELETE CASCADE,
    state   text        NOT NULL,
    attempt integer     NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX job_events_job ON job_events (job_id, id);

-- The legal moves, the same as JobState.moves(): a statement that forgot its guard fails here.
CREATE FUNCTION jobs_guard_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (
        OLD.state = 'queued' AND NEW.state IN ('dispatched', 'canceled')
        OR OLD.state = 'dispatched' AND NEW.state IN ('running', 'queued', 'canceled')
        OR OLD.state = 'running'
           AND NEW.state IN ('running', 'dispatched', 'queued', 'succeeded', 'failed', 'canceled')
    ) THEN
        RAISE EXCEPTION 'job %: no move from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'jobs_guard_move';
    END IF;
    INSERT INTO job_events (job_id, state, attempt) VALUES (NEW.id, NEW.state, NEW.attempt);
    -- Work to release, or room to release it into.
    IF NEW.state = 'queued' OR OLD.state = 'dispatched' THEN
        PERFORM pg_notify('darkroom_jobs', NEW.kind || '.' || NEW.pool);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER jobs_guard_move BEFORE UPDATE OF state ON jobs
    FOR EACH ROW WHEN (OLD.state <> NEW.state OR OLD.attempt <> NEW.attempt)
    EXECUTE FUNCTION jobs_guard_move();

-- Wakes the dispatcher: one notification a statement and pool, however many jobs it inserts.
CREATE FUNCTION jobs_notify_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('darkroom_jobs', topic)
        FROM (SELECT DISTINCT kind || '.' || pool AS topic FROM inserted) topics;
    RETURN NULL;
END $$;
CREATE TRIGGER jobs_notify_inserted AFTER INSERT ON jobs
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT
    EXECUTE FUNCTION jobs_notify_inserted();
