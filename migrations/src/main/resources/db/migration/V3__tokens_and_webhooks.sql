-- Only the hash: a copy of the database opens no door.
CREATE TABLE tokens (
    hash         text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
    tenant       text        NOT NULL,
    name         text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    revoked_at   timestamptz
);

-- The key that signs a tenant's webhooks. It must be readable: a signature needs it.
CREATE TABLE webhook_secrets (
    tenant     text PRIMARY KEY,
    secret     text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Endpoints that answered 410 Gone and are not called again.
CREATE TABLE webhook_endpoints (
    tenant      text        NOT NULL,
    url         text        NOT NULL,
    disabled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, url)
);

-- The id is made of the job and the event: whatever happens twice is delivered under one id.
CREATE TABLE webhook_deliveries (
    id           text PRIMARY KEY,
    job_id       text        NOT NULL REFERENCES jobs ON DELETE CASCADE,
    tenant       text        NOT NULL,
    event        text        NOT NULL CHECK (event IN ('start', 'output', 'logs', 'completed')),
    url          text        NOT NULL,
    state        text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts     integer     NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL DEFAULT now(),
    created_at   timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_job ON webhook_deliveries (job_id);

CREATE TABLE webhook_attempts (
    delivery_id text        NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
    attempt     integer     NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The receiver's status, or none where it never answered.
    status      integer,
    error       text,
    PRIMARY KEY (delivery_id, attempt)
);

CREATE FUNCTION webhook_deliveries_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM inserted) THEN
        PERFORM pg_notify('darkroom_webhooks', '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_deliveries_notify AFTER INSERT ON webhook_deliveries
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT
    EXECUTE FUNCTION webhook_deliveries_notify();
