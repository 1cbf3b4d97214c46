package dev.darkroom.gateway.live;

import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.store.Job;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Shows a job to one view from where it stands to its end. */
public final class EventStream {
  /** Some clients hang up after 10 s of silence. */
  private static final Duration SILENCE = Duration.ofSeconds(8);

  private static final Duration LOOK = Duration.ofSeconds(2);

  private final LiveJobs live;

  public EventStream(LiveJobs live) {
    this.live = live;
  }

  /** Where the events go. */
  public interface Sink {
    /** Sends an event; waits while the view reads slowly. */
    void send(EventForm.Sent event);

    /** Sends what only keeps the connection alive. */
    void comment();

    /** Whether the view went away. */
    boolean isClosed();
  }

  /** Sends until the job has ended or the view went away. */
  public void show(Job start, EventForm form, Sink sink) throws InterruptedException {
    Job job = start;
    Set<String> outputs = new HashSet<>();
    try (Subscription view = live.subscribe(job.id())) {
      sink.comment();
      form.state(job).forEach(sink::send);
      for (Event event : live.recent(job.id())) {
        form.event(event, start).ifPresent(sink::send);
        noteOutput(event, outputs);
      }
      long lastSent = System.nanoTime();
      long nextLook = System.nanoTime();
      while (!sink.isClosed()) {
        if (System.nanoTime() - nextLook >= 0) {
          Job now = live.look(job);
          if (now.state() != job.state() || now.attempt() != job.attempt()) {
            lastSent = send(form.state(now), sink, lastSent);
          }
          job = now;
          nextLook = System.nanoTime() + LOOK.toNanos();
        }
        if (job.state().isDone()) {
          form.end(job, outputs).forEach(sink::send);
          return;
        }
        if (System.nanoTime() - lastSent > SILENCE.toNanos()) {
          sink.comment();
          lastSent = System.nanoTime();
        }
        Optional<Subscription.Signal> signal =
            view.next(Duration.ofNanos(nextLook - System.nanoTime()));
        if (signal.isPresent()) {
          if (signal.get() instanceof Subscription.Signal.Happened(Event event)) {
            lastSent = send(form.event(event, job).stream().toList(), sink, lastSent);
            noteOutput(event, outputs);
          }
          if (LiveJobs.isWorthALook(signal.get())) {
            nextLook = System.nanoTime();
          }
        }
      }
    }
  }

  private static void noteOutput(Event event, Set<String> outputs) {
    if (event instanceof Event.OutputReady ready) {
      outputs.add(ready.file().key());
    }
  }

  private static long send(List<EventForm.Sent> events, Sink sink, long lastSent) {
    events.forEach(sink::send);
    return events.isEmpty() ? lastSent : System.nanoTime();
  }
}
