package dev.darkroom.jobs.objects;

import java.time.Instant;

/** An object as a listing or a look-up shows it. */
public record ObjectInfo(String key, long size, String etag, Instant modifiedAt) {}
