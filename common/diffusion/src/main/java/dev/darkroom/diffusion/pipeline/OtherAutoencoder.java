package dev.darkroom.diffusion.pipeline;

import dev.darkroom.diffusion.DiffusionException;
import dev.darkroom.diffusion.checkpoint.Checkpoint;
import dev.darkroom.diffusion.checkpoint.ComponentFolder;
import dev.darkroom.diffusion.checkpoint.ModelConfig;
import dev.darkroom.diffusion.checkpoint.ModelIndex;
import dev.darkroom.diffusion.schedule.SchedulerConfig;
import dev.darkroom.diffusion.singlefile.SingleFile;
import dev.darkroom.diffusion.singlefile.SingleFile.Component;
import dev.darkroom.diffusion.singlefile.SingleFile.Reading;
import dev.darkroom.diffusion.tokenizer.PromptTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model whose autoencoder is another one's.
 *
 * @param file that the weights are a view of, or null
 */
record OtherAutoencoder(
    ModelSource base,
    ModelIndex index,
    ModelConfig vaeConfig,
    Supplier<Checkpoint> vaeWeights,
    @Nullable SingleFile file)
    implements ModelSource {
  private static final String VAE = "vae";

  static OtherAutoencoder of(ModelSource base, Path vae, Reading reading) {
    if (Files.isDirectory(vae)) {
      Path folder = Files.isRegularFile(vae.resolve(ModelIndex.FILE)) ? vae.resolve(VAE) : vae;
      ModelConfig config = ComponentFolder.config(folder);
      return new OtherAutoencoder(
          base, index(base, config), config, () -> Checkpoint.open(folder), null);
    }
    SingleFile file = SingleFile.open(vae, new Reading(null, null, reading.configs(), false));
    boolean found = false;
    try {
      Component component = file.components().get(file.family().isOneComponent() ? "" : VAE);
      if (component == null || !component.kind().className().equals("AutoencoderKL")) {
        throw DiffusionException.badInput(
            "%s: expected an autoencoder, got a single file of family %s without one"
                .formatted(vae, file.family().configName()));
      }
      ModelConfig config = component.config().reader();
      found = true;
      return new OtherAutoencoder(base, index(base, config), config, component::weights, file);
    } finally {
      if (!found) {
        file.close();
      }
    }
  }

  private static ModelIndex index(ModelSource base, ModelConfig config) {
    Map<String, ModelIndex.Component> components = new LinkedHashMap<>(base.index().components());
    components.put(
        ComponentLoader.autoencoderName(base.index()),
        new ModelIndex.Component("diffusers", String.valueOf(config.className())));
    return new ModelIndex(base.index().className(), components, base.index().settings());
  }

  private boolean isAutoencoder(String component) {
    return component.equals(ComponentLoader.autoencoderName(index));
  }

  @Override
  public Path place() {
    return base.place();
  }

  @Override
  public ModelConfig config(String component) {
    return isAutoencoder(component) ? vaeConfig : base.config(component);
  }

  @Override
  public Checkpoint weights(String component) {
    return isAutoencoder(component) ? vaeWeights.get() : base.weights(component);
  }

  @Override
  public PromptTokenizer tokenizer(String name) {
    return base.tokenizer(name);
  }

  @Override
  public SchedulerConfig scheduler(String name) {
    return base.scheduler(name);
  }

  @Override
  public void close() {
    if (file != null) {
      file.close();
    }
    base.close();
  }
}
