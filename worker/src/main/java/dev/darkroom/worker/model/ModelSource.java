package dev.darkroom.worker.model;

import ai.djl.Device;
import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.pipeline.Precision;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Sha256;
import dev.darkroom.jobs.objects.ModelCache;

/** Models from the object store, by way of the files kept on the local disk. */
public final class ModelSource implements ModelShelf.Source<DiffusionModel> {
  private final ModelCache cache;
  private final Device device;
  private final Precision precision;
  private final DeviceLanes lanes;

  /**
   * @param device where the models will run
   * @param precision that they will compute with
   * @param lanes that compute there
   */
  public ModelSource(ModelCache cache, Device device, Precision precision, DeviceLanes lanes) {
    this.cache = cache;
    this.device = device;
    this.precision = precision;
    this.lanes = lanes;
  }

  @Override
  public ModelShelf.Loadable<DiffusionModel> find(String version) {
    // The files are held while they are read; after that the model has its weights in memory.
    ModelCache.Held held = cache.open(new Sha256(version));
    long bytes;
    try {
      bytes = DiffusionModel.bytes(held.folder());
    } catch (DiffusionException e) {
      held.close();
      throw blamed(held, e);
    } catch (RuntimeException | Error e) {
      held.close();
      throw e;
    }
    return new ModelShelf.Loadable<>() {
      @Override
      public long bytes() {
        return bytes;
      }

      @Override
      public DiffusionModel load() {
        try {
          return DiffusionModel.load(held.folder(), device, precision, lanes);
        } catch (DiffusionException e) {
          throw blamed(held, e);
        }
      }

      @Override
      public void close() {
        held.close();
      }
    };
  }

  /** Nobody but the model can be to blame for its files: a caller named no argument yet. */
  private static RuntimeException blamed(ModelCache.Held held, DiffusionException e) {
    return switch (e.kind()) {
      case BAD_CHECKPOINT, BAD_INPUT ->
          new DarkroomException(
              ErrorCode.CORRUPT_CHECKPOINT, held.blame(String.valueOf(e.getMessage())), e);
      case INTERNAL -> e;
    };
  }
}
