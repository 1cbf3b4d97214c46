package dev.darkroom.gateway.starter;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorKind;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.objects.Manifest;
import dev.darkroom.jobs.objects.ModelFiles;
import dev.darkroom.jobs.spec.TextToImageSchema;
import dev.darkroom.jobs.store.ModelRegistry;
import java.nio.file.Path;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * Registers a diffusers folder as {@code darkroom/starter}, beside the start of the gateway. What
 * is registered already is left alone. Several gateways may do so at once: blobs and version are
 * named by their content, so they write the same bytes under the same names.
 */
public final class StarterImport implements AutoCloseable {
  /** The model's name. */
  public static final ModelName NAME = new ModelName("darkroom", "starter");

  private static final Logger LOG = Logger.getLogger(StarterImport.class);
  private static final Duration PAUSE = Duration.ofSeconds(2);

  private final Path folder;
  private final String tenant;
  private final ModelFiles files;
  private final ModelRegistry registry;
  private final Thread thread;
  private volatile boolean running = true;

  /** Starts the import. */
  public StarterImport(Path folder, String tenant, ModelFiles files, ModelRegistry registry) {
    this.folder = folder;
    this.tenant = tenant;
    this.files = files;
    this.registry = registry;
    thread = Thread.ofPlatform().name("darkroom-starter").daemon().start(this::run);
  }

  /** Whether the model may be missing only because it is still on its way. */
  public boolean isRunning() {
    return running;
  }

  private void run() {
    try {
      while (!isDone()) {
        Thread.sleep(PAUSE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      running = false;
    }
  }

  /** Tries once; false where Postgres or the object store was away, so that it is worth a retry. */
  private boolean isDone() {
    try {
      TextToImageSchema schema = FolderSchema.of(folder);
      Manifest manifest = ModelFiles.scan(folder);
      if (registry.version(NAME, manifest.id()).isEmpty()) {
        LOG.infof("Importing %s as %s (%d MB)", folder, NAME, manifest.size() >> 20);
        files.upload(folder);
        registry.register(NAME, tenant, manifest.id(), schema.openApi(), manifest.size());
        LOG.infof("Imported %s as %s:%s", folder, NAME, manifest.id());
      }
      return true;
    } catch (DarkroomException e) {
      boolean passing = e.code().kind() == ErrorKind.CAPACITY;
      LOG.warnf("%s was not imported%s: %s", NAME, passing ? " yet" : "", e.getMessage());
      return !passing;
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
