package dev.darkroom.gateway.live;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.darkroom.gateway.TestSite;
import dev.darkroom.gateway.auth.SignedUrls;
import dev.darkroom.gateway.wire.JobView;
import dev.darkroom.gateway.wire.Links;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.Outcome;
import dev.darkroom.jobs.job.OutputFile;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.store.AttemptStore;
import dev.darkroom.jobs.store.Claiming;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.jobs.store.Outbox;
import dev.darkroom.jobs.store.Release;
import dev.darkroom.jobs.store.Report;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A view of a job whose end Postgres knows before all its events have come through Kafka. */
class EventStreamTest {
  private TestSite site;
  private LiveJobs live;
  private EventForm form;

  @BeforeEach
  void open() {
    site = new TestSite();
    live = new LiveJobs(site.jobs);
    Links links =
        new Links(
            "http://localhost",
            new SignedUrls(() -> new byte[32], Clock.systemUTC(), Duration.ofHours(1)));
    form = new EventForm.Full(new JobView(links), links);
  }

  @AfterEach
  void close() {
    site.close();
  }

  @Test
  void showsEachOutputOnceBeforeTheEndWhateverWasHeardLive() throws Exception {
    JobId id = site.generation(Optional.empty());
    OutputFile heard = file(id, 0);
    OutputFile missed = file(id, 1);
    Job ended = succeeded(id, List.of(heard, missed));
    live.hear(new Event.OutputReady(1, id, ended.attempt(), Instant.now(), heard));

    List<EventForm.Sent> shown = new ArrayList<>();
    new EventStream(live).show(ended, form, collecting(shown));

    List<Integer> outputs =
        shown.stream()
            .filter(event -> event.name().equals("output"))
            .map(event -> Json.tree(event.data()).get("index").intValue())
            .toList();
    assertEquals(List.of(0, 1), outputs, shown::toString);
    assertEquals("done", shown.getLast().name());
    assertEquals(1, shown.stream().filter(event -> event.name().equals("done")).count());
  }

  private static OutputFile file(JobId id, int index) {
    return new OutputFile(
        index, "outputs/" + id + "/" + index + ".png", "image/png", 10, Sha256.of("image"));
  }

  private Job succeeded(JobId id, List<OutputFile> files) {
    Outbox outbox = new Outbox(site.source);
    Release release = outbox.take(JobKind.GENERATION, "default", 1).getFirst();
    AttemptStore attempts = new AttemptStore(site.source);
    Claiming.Claim claim =
        assertInstanceOf(
            Claiming.Claim.class,
            attempts.claim(id, release.number(), "worker", Duration.ofMinutes(1)));
    attempts.finish(
        id,
        claim.attempt(),
        new Outcome.Succeeded(new Result.Images(files)),
        new Report("", Map.of()));
    return site.jobs.find(id).orElseThrow();
  }

  private static EventStream.Sink collecting(List<EventForm.Sent> shown) {
    return new EventStream.Sink() {
      @Override
      public void send(EventForm.Sent event) {
        shown.add(event);
      }

      @Override
      public void comment() {}

      @Override
      public boolean isClosed() {
        return false;
      }
    };
  }
}
