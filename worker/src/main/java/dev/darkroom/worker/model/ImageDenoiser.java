package dev.darkroom.worker.model;

import dev.darkroom.diffusion.pipeline.Row;
import dev.darkroom.worker.engine.Denoiser;
import dev.darkroom.worker.engine.GroupKey;
import java.util.ArrayList;
import java.util.List;

/**
 * One U-Net forward for all rows of a group. The first part of the batch is every row with its
 * prompt, the second the rows that are guided, again, with their negative prompt.
 */
public final class ImageDenoiser implements Denoiser<ImageRow> {

  @Override
  public List<ImageRow> step(GroupKey key, List<ImageRow> rows) {
    List<Row> batch = new ArrayList<>(2 * rows.size());
    for (ImageRow row : rows) {
      batch.add(entry(row, row.prompt()));
    }
    for (ImageRow row : rows) {
      if (isGuided(row)) {
        batch.add(entry(row, row.negativePrompt()));
      }
    }
    List<float[]> predictions = rows.getFirst().model().predict(batch, key.shape());
    List<ImageRow> next = new ArrayList<>(rows.size());
    int unconditional = rows.size();
    for (int i = 0; i < rows.size(); i++) {
      ImageRow row = rows.get(i);
      float[] conditional = predictions.get(i);
      next.add(
          row.after(
              isGuided(row)
                  ? row.guidance().apply(predictions.get(unconditional++), conditional)
                  : conditional));
    }
    return next;
  }

  private static boolean isGuided(ImageRow row) {
    return row.guidance().isOnAt(row.step(), row.steps());
  }

  private static Row entry(ImageRow row, float[] context) {
    return new Row(
        row.sampler().modelInput(row.state()), row.sampler().timestep(row.step()), context);
  }
}
