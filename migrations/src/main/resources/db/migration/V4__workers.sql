-- Who is there to work, so that the dispatcher knows how much can soon be started. Nothing else
-- depends on it: jobs have leases of their own.
CREATE TABLE workers (
    name       text PRIMARY KEY,
    kind       text        NOT NULL CHECK (kind IN ('generation', 'training')),
    pool       text        NOT NULL,
    slots      integer     NOT NULL CHECK (slots > 0),
    busy       integer     NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
