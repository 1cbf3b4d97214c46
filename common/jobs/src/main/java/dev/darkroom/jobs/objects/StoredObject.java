package dev.darkroom.jobs.objects;

import dev.darkroom.jobs.job.Sha256;

/** An object that was stored. */
public record StoredObject(String key, long size, Sha256 sha256) {}
