package dev.darkroom.gateway.live;

import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.message.Event;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a view that comes late is shown first: the newest progress, metrics and previews of each job
 * that runs, and the end of its log. Bounded in jobs and in bytes; the job heard of longest ago
 * goes first.
 */
final class RecentEvents {
  private static final int MAX_JOBS = 4096;
  private static final int MAX_LINES = 100;
  private static final long MAX_PREVIEW_BYTES = 16 << 20;

  private final Map<JobId, Recent> jobs = new LinkedHashMap<>(64, 0.75f, true);
  private long previewBytes;

  private static final class Recent {
    int attempt;
    Event.@Nullable Progress progress;
    Event.@Nullable Metric metric;
    final Map<Integer, Event.Preview> previews = new TreeMap<>();
    final Map<Integer, Event.OutputReady> outputs = new TreeMap<>();
    final Deque<Event.LogLine> lines = new ArrayDeque<>();

    long bytes() {
      return previews.values().stream().mapToLong(p -> p.image().length).sum();
    }
  }

  /** Takes an event in; false where it is of an attempt that another has replaced. */
  synchronized boolean add(Event event) {
    Recent known = jobs.get(event.jobId());
    if (known != null && event.attempt() < known.attempt) {
      return false;
    }
    if (event instanceof Event.StateChanged changed && changed.state().isDone()) {
      forget(event.jobId());
      return true;
    }
    if (known == null || event.attempt() > known.attempt) {
      forget(event.jobId());
      known = new Recent();
      known.attempt = event.attempt();
      jobs.put(event.jobId(), known);
    }
    long before = known.bytes();
    switch (event) {
      case Event.StateChanged changed -> {}
      case Event.Progress progress -> known.progress = progress;
      case Event.Metric metric -> known.metric = metric;
      case Event.Preview preview -> known.previews.put(preview.index(), preview);
      case Event.OutputReady ready -> known.outputs.put(ready.file().index(), ready);
      case Event.LogLine line -> {
        known.lines.addLast(line);
        if (known.lines.size() > MAX_LINES) {
          known.lines.removeFirst();
        }
      }
    }
    previewBytes += known.bytes() - before;
    shrink();
    return true;
  }

  /** What is known of a job, in the order in which a view shows it. */
  synchronized List<Event> of(JobId job) {
    Recent recent = jobs.get(job);
    if (recent == null) {
      return List.of();
    }
    List<Event> events = new ArrayList<>(recent.lines);
    if (recent.metric != null) {
      events.add(recent.metric);
    }
    if (recent.progress != null) {
      events.add(recent.progress);
    }
    events.addAll(recent.previews.values());
    events.addAll(recent.outputs.values());
    return events;
  }

  synchronized void forget(JobId job) {
    Recent old = jobs.remove(job);
    if (old != null) {
      previewBytes -= old.bytes();
    }
  }

  private void shrink() {
    Iterator<Recent> oldest = jobs.values().iterator();
    while ((jobs.size() > MAX_JOBS || previewBytes > MAX_PREVIEW_BYTES) && oldest.hasNext()) {
      previewBytes -= oldest.next().bytes();
      oldest.remove();
    }
  }
}
