package dev.darkroom.trainer.service;

import dev.darkroom.diffusion.image.ImageFormat;
import dev.darkroom.diffusion.image.RgbImage;
import dev.darkroom.jobs.message.Event;
import dev.darkroom.jobs.objects.ObjectLayout;
import dev.darkroom.jobs.objects.ObjectStore;
import dev.darkroom.jobs.run.JobContext;
import dev.darkroom.trainer.data.Picture;
import dev.darkroom.trainer.loop.TrainingListener;
import java.awt.image.BufferedImage;
import java.util.Locale;
import java.util.Map;

/** Tells of a run as the job's events, log and files. */
final class JobListener implements TrainingListener {
  private final JobContext<?> context;
  private final ObjectStore objects;
  private final TrainingMeter meter;
  private int told;

  /**
   * @param from the step that the run goes on from
   */
  JobListener(JobContext<?> context, ObjectStore objects, TrainingMeter meter, int from) {
    this.context = context;
    this.objects = objects;
    this.meter = meter;
    this.told = from;
  }

  @Override
  public void progress(int step, int steps, Map<String, Double> metrics) {
    StringBuilder line = new StringBuilder("step %d/%d:".formatted(step, steps));
    metrics.forEach(
        (name, value) -> {
          line.append(String.format(Locale.ROOT, " %s %.5g", name, value));
          context.measure(name, value);
          meter.measured(name, value);
        });
    meter.stepped(Math.max(0, step - told));
    told = Math.max(told, step);
    context.log(line.toString());
    context.metric(step, metrics);
    context.progress(step, steps);
  }

  @Override
  public void samples(int step, BufferedImage grid) {
    RgbImage image = image(grid);
    String key = ObjectLayout.sample(context.jobId(), step, ImageFormat.PNG.extension());
    objects.put(key, ImageFormat.PNG.encode(image), "image/png");
    byte[] preview = ImageFormat.JPEG.encode(image);
    if (preview.length <= Event.Preview.MAX_BYTES) {
      context.preview(0, step, "image/jpeg", preview);
    }
    context.log("step %d: samples are in %s".formatted(step, key));
  }

  private static RgbImage image(BufferedImage grid) {
    Picture picture = Picture.of(grid);
    byte[] rgb = new byte[picture.width() * picture.height() * 3];
    for (int pixel = 0; pixel < rgb.length / 3; pixel++) {
      System.arraycopy(picture.rgba(), pixel * 4, rgb, pixel * 3, 3);
    }
    return RgbImage.of(picture.width(), picture.height(), rgb);
  }

  @Override
  public void checkpointed(int step) {
    meter.checkpointed();
    context.log("step %d: checkpoint stored".formatted(step));
  }
}
