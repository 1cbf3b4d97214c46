package dev.darkroom.gateway.live;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.gateway.wire.JobView;
import dev.darkroom.gateway.wire.Links;
import dev.darkroom.gateway.wire.Prediction;
import dev.darkroom.gateway.wire.Status;
import dev.darkroom.gateway.wire.TqdmLog;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.job.OutputFile;
import dev.darkroom.jobs.job.Result;
import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.store.Job;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** How events look in a stream. */
public sealed interface EventForm {

  /** One event of a stream. */
  record Sent(String name, String data) {}

  /** What a view is shown of a job at its begin, or when its state has changed. */
  List<Sent> state(Job job);

  /** How an event looks, if this form shows it. */
  Optional<Sent> event(Event event, Job job);

  /**
   * What a view is shown when the job has ended; the stream closes after it.
   *
   * @param shown keys of the outputs that the view has seen: the job's end in Postgres can be known
   *     before the event of its last output comes
   */
  List<Sent> end(Job job, Set<String> shown);

  /**
   * Darkroom's own: {@code state, progress, preview, log, metric, output, done}, each a JSON
   * object. {@code done} carries the prediction.
   */
  record Full(JobView view, Links links) implements EventForm {
    @Override
    public List<Sent> state(Job job) {
      ObjectNode state = object(job.attempt());
      state.put("status", Status.of(job).text());
      List<Sent> sent = new ArrayList<>(List.of(new Sent("state", state.toString())));
      if (job.steps() > 0) {
        sent.add(progress(job.attempt(), job.step(), job.steps()));
      }
      return sent;
    }

    @Override
    public Optional<Sent> event(Event event, Job job) {
      return switch (event) {
        case Event.StateChanged changed -> Optional.empty();
        case Event.Progress progress ->
            Optional.of(progress(progress.attempt(), progress.step(), progress.steps()));
        case Event.LogLine line ->
            Optional.of(
                new Sent("log", object(line.attempt()).put("line", line.line()).toString()));
        case Event.Preview preview ->
            Optional.of(
                new Sent(
                    "preview",
                    object(preview.attempt())
                        .put("index", preview.index())
                        .put("step", preview.step())
                        .put(
                            "image",
                            "data:"
                                + preview.contentType()
                                + ";base64,"
                                + Base64.getEncoder().encodeToString(preview.image()))
                        .toString()));
        case Event.Metric metric -> {
          ObjectNode data = object(metric.attempt()).put("step", metric.step());
          ObjectNode values = data.putObject("values");
          metric.values().forEach(values::put);
          yield Optional.of(new Sent("metric", data.toString()));
        }
        case Event.OutputReady ready -> Optional.of(output(ready.attempt(), ready.file()));
      };
    }

    @Override
    public List<Sent> end(Job job, Set<String> shown) {
      List<Sent> sent = new ArrayList<>();
      if (job.result().orElse(null) instanceof Result.Images(List<OutputFile> files)) {
        files.stream()
            .filter(file -> !shown.contains(file.key()))
            .forEach(file -> sent.add(output(job.attempt(), file)));
      }
      sent.add(new Sent("done", Json.write(view.of(job))));
      return sent;
    }

    private Sent output(int attempt, OutputFile file) {
      ObjectNode data = object(attempt).put("index", file.index()).put("url", links.output(file));
      return new Sent("output", data.toString());
    }

    private static Sent progress(int attempt, int step, int steps) {
      return new Sent("progress", object(attempt).put("step", step).put("steps", steps).toString());
    }

    private static ObjectNode object(int attempt) {
      return JsonNodeFactory.instance.objectNode().put("attempt", attempt);
    }
  }

  /** Replicate's: {@code output, logs, error, done} and nothing else. */
  record Replicate(JobView view) implements EventForm {
    @Override
    public List<Sent> state(Job job) {
      return List.of();
    }

    @Override
    public Optional<Sent> event(Event event, Job job) {
      return switch (event) {
        case Event.LogLine line -> Optional.of(new Sent("logs", line.line() + "\n"));
        case Event.Progress progress -> {
          Instant start = job.startedAt().orElse(progress.at());
          Duration elapsed = Duration.between(start, progress.at());
          String line = TqdmLog.line(progress.step(), Math.max(1, progress.steps()), elapsed);
          yield Optional.of(new Sent("logs", line + "\n"));
        }
        case Event.StateChanged changed -> Optional.empty();
        case Event.Preview preview -> Optional.empty();
        case Event.Metric metric -> Optional.empty();
        case Event.OutputReady ready -> Optional.empty();
      };
    }

    @Override
    public List<Sent> end(Job job, Set<String> shown) {
      Prediction prediction = view.of(job);
      List<Sent> sent = new ArrayList<>();
      if (prediction.output() instanceof List<?> outputs) {
        outputs.forEach(output -> sent.add(new Sent("output", String.valueOf(output))));
      }
      switch (job.state()) {
        case FAILED -> {
          sent.add(new Sent("error", String.valueOf(prediction.error())));
          sent.add(new Sent("done", "{\"reason\":\"error\"}"));
        }
        case CANCELED -> sent.add(new Sent("done", "{\"reason\":\"canceled\"}"));
        case QUEUED, DISPATCHED, RUNNING, SUCCEEDED -> sent.add(new Sent("done", "{}"));
      }
      return sent;
    }
  }
}
