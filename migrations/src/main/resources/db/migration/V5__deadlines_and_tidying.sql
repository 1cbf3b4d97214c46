-- When a job is ended at the latest, where its owner said so.
ALTER TABLE jobs ADD COLUMN deadline timestamptz;
CREATE INDEX jobs_deadline ON jobs (deadline) WHERE deadline IS NOT NULL AND completed_at IS NULL;

-- Whether what a training keeps only while it runs is deleted from the object store.
ALTER TABLE jobs ADD COLUMN tidied boolean NOT NULL DEFAULT false;
CREATE INDEX jobs_untidied ON jobs (completed_at)
    WHERE kind = 'training' AND completed_at IS NOT NULL AND NOT tidied;
