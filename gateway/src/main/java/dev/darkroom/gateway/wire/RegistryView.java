package dev.darkroom.gateway.wire;

import dev.darkroom.jobs.store.ModelVersion;
import dev.darkroom.jobs.store.StoredFile;
import java.util.Locale;
import java.util.function.Function;

/** Shows what is registered and uploaded as Replicate's clients read it. */
public final class RegistryView {
  private final Links links;

  public RegistryView(Links links) {
    this.links = links;
  }

  /** A model with its newest version. */
  public Model of(dev.darkroom.jobs.store.Model model) {
    return new Model(
        links.model(model.name()),
        model.name().owner(),
        model.name().name(),
        model.description(),
        model.visibility().name().toLowerCase(Locale.ROOT),
        null,
        null,
        null,
        0,
        null,
        null,
        model.latest().map(this::of).orElse(null),
        model.createdAt());
  }

  /** A version. */
  public Model.Version of(ModelVersion version) {
    return new Model.Version(
        version.id().hex(), version.createdAt(), Model.Version.COG_VERSION, version.schema());
  }

  /** A file. */
  public UploadedFile of(StoredFile file) {
    return new UploadedFile(
        file.id(),
        file.name(),
        file.contentType(),
        file.size(),
        file.sha256().hex(),
        new UploadedFile.Checksums(file.sha256().hex(), file.md5()),
        file.metadata(),
        file.createdAt(),
        file.expiresAt().orElse(null),
        new UploadedFile.Urls(links.file(file.id())));
  }

  /** A page of a list at {@code path}, each row shown by {@code view}. */
  public <S, T> Page<T> page(
      dev.darkroom.jobs.store.Page<S> page, String path, Function<S, T> view) {
    return new Page<>(
        page.next().map(c -> cursor(path, c.text())).orElse(null),
        page.previous().map(c -> cursor(path, c.text())).orElse(null),
        page.items().stream().map(view).toList());
  }

  private String cursor(String path, String text) {
    return links.absolute(path + (path.indexOf('?') < 0 ? '?' : '&') + "cursor=" + text);
  }
}
