package dev.darkroom.gateway.expiry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.darkroom.gateway.TestSite;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobState;
import dev.darkroom.jobs.objects.ObjectLayout;
import dev.darkroom.jobs.store.FileStore;
import dev.darkroom.jobs.store.WorkerStore;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExpiryTest {
  private final TestSite site = new TestSite();
  private final Expiry expiry =
      new Expiry(
          site.jobs,
          new FileStore(site.source),
          new WorkerStore(site.source),
          site.objects,
          Duration.ofDays(2));

  @AfterEach
  void close() {
    site.close();
  }

  @Test
  void aJobPastItsRetentionIsDeletedWithTheOutputsOfAllItsAttempts() {
    JobId old = ended(site.generation(Optional.empty()), "3 days");
    JobId recent = ended(site.generation(Optional.empty()), "1 day");
    JobId waiting = site.generation(Optional.empty());
    for (JobId job : new JobId[] {old, recent, waiting}) {
      put(ObjectLayout.output(job, 1, 0, "png"));
      put(ObjectLayout.output(job, 2, 0, "png"));
    }
    expiry.sweep();
    assertTrue(site.jobs.find(old).isEmpty());
    assertEquals(0, site.objects.list(ObjectLayout.outputs(old)).size());
    for (JobId job : new JobId[] {recent, waiting}) {
      assertTrue(site.jobs.find(job).isPresent());
      assertEquals(2, site.objects.list(ObjectLayout.outputs(job)).size());
    }
  }

  @Test
  void anEndedTrainingLosesItsCheckpointsAndKeepsItsSamples() {
    JobId ended = ended(site.training(), "1 hour");
    JobId justEnded = ended(site.training(), "1 minute");
    JobId running = site.training();
    for (JobId job : new JobId[] {ended, justEnded, running}) {
      put(ObjectLayout.checkpoint(job, 10) + "manifest.json");
      put(ObjectLayout.sample(job, 10, "png"));
    }
    expiry.sweep();
    assertFalse(hasCheckpoints(ended));
    assertTrue(hasCheckpoints(justEnded), "its trainer may still be writing");
    assertTrue(hasCheckpoints(running), "it is resumed from them");
    assertTrue(site.objects.exists(ObjectLayout.sample(ended, 10, "png")));
    assertTrue(site.jobs.find(ended).isPresent());
  }

  @Test
  void aTrainingPastItsRetentionLeavesNothing() {
    JobId old = ended(site.training(), "3 days");
    put(ObjectLayout.checkpoint(old, 10) + "manifest.json");
    put(ObjectLayout.sample(old, 10, "png"));
    expiry.sweep();
    assertTrue(site.jobs.find(old).isEmpty());
    assertEquals(0, site.objects.list(ObjectLayout.training(old)).size());
  }

  @Test
  void aDeadlineEndsAJobThatWaitsWhicheverGatewayTookIt() {
    JobId overdue = site.lasting(Duration.ofSeconds(60));
    JobId inTime = site.lasting(Duration.ofHours(1));
    site.execute("UPDATE jobs SET deadline = deadline - interval '2 minutes'");
    new Deadlines(site.jobs, id -> site.jobs.cancel(id)).enforce();
    assertEquals(JobState.CANCELED, site.jobs.find(overdue).orElseThrow().state());
    assertTrue(site.jobs.find(overdue).orElseThrow().isAborted());
    assertEquals(JobState.QUEUED, site.jobs.find(inTime).orElseThrow().state());
  }

  private JobId ended(JobId job, String ago) {
    site.jobs.cancel(job);
    site.execute(
        "UPDATE jobs SET completed_at = now() - interval '%s' WHERE id = '%s'".formatted(ago, job));
    return job;
  }

  private boolean hasCheckpoints(JobId job) {
    return !site.objects.list(ObjectLayout.checkpoints(job)).isEmpty();
  }

  private void put(String key) {
    site.objects.put(key, new byte[] {1}, "application/octet-stream");
  }
}
