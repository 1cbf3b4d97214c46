CREATE TABLE models (
    owner       text        NOT NULL,
    name        text        NOT NULL,
    tenant      text        NOT NULL,
    description text        NOT NULL DEFAULT '',
    visibility  text        NOT NULL DEFAULT 'private' CHECK (visibility IN ('public', 'private')),
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, name)
);

-- A version is content: its id is the hash of its manifest, so to register it twice is to register
-- it once.
CREATE TABLE model_versions (
    owner      text        NOT NULL,
    name       text        NOT NULL,
    id         text        NOT NULL CHECK (id ~ '^[0-9a-f]{64}$'),
    schema     json        NOT NULL,
    size       bigint      NOT NULL,
    -- The training that made it, which may have been expired since.
    source_job text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, name, id),
    FOREIGN KEY (owner, name) REFERENCES models ON DELETE CASCADE
);
CREATE INDEX model_versions_latest ON model_versions (owner, name, created_at DESC, id);
CREATE INDEX model_versions_id ON model_versions (id);

CREATE TABLE files (
    id           text PRIMARY KEY,
    tenant       text        NOT NULL,
    name         text        NOT NULL,
    content_type text        NOT NULL,
    size         bigint      NOT NULL,
    sha256       text        NOT NULL,
    md5          text        NOT NULL,
    metadata     json        NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz
);
CREATE INDEX files_list ON files (tenant, created_at DESC, id DESC);
CREATE INDEX files_expiry ON files (expires_at) WHERE expires_at IS NOT NULL;
