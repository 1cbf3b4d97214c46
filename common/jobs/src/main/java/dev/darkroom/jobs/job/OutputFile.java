package dev.darkroom.jobs.job;

/**
 * One file that a job made, as it lies in the object store.
 *
 * @param index its place in the job's list of outputs, from 0
 * @param key its object key
 * @param contentType its media type
 * @param size its length in bytes
 * @param sha256 the hash of its bytes
 */
public record OutputFile(int index, String key, String contentType, long size, Sha256 sha256) {}
