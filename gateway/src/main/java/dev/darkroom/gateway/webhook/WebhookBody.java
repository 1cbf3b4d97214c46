package dev.darkroom.gateway.webhook;

import dev.darkroom.gateway.wire.JobView;
import dev.darkroom.gateway.wire.Prediction;
import dev.darkroom.jobs.job.Json;
import dev.darkroom.jobs.store.Job;
import dev.darkroom.jobs.store.WebhookEvent;
import java.nio.charset.StandardCharsets;

/** What a webhook says: the prediction, as of its event. */
public final class WebhookBody {
  private final JobView view;

  public WebhookBody(JobView view) {
    this.view = view;
  }

  /** The JSON of a job; a start that is told late still tells of a start. */
  byte[] of(Job job, WebhookEvent event) {
    Prediction prediction = view.of(job);
    Prediction told =
        switch (event) {
          case START -> prediction.asProcessing();
          case OUTPUT, LOGS, COMPLETED -> prediction;
        };
    return Json.write(told).getBytes(StandardCharsets.UTF_8);
  }
}
