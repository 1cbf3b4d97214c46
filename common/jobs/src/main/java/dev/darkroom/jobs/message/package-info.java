/**
 * What travels in Kafka: small JSON records with a version, the topics they travel on. A golden
 * file of each stays readable for ever, so that a rolling upgrade never meets a message it cannot
 * read.
 */
@NullMarked
package dev.darkroom.jobs.message;

import org.jspecify.annotations.NullMarked;
