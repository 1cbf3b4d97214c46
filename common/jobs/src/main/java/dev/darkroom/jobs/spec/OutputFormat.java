package dev.darkroom.jobs.spec;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How a finished image is encoded. */
public enum OutputFormat {
  PNG("image/png"),
  JPG("image/jpeg"),
  WEBP("image/webp");

  private final String contentType;

  OutputFormat(String contentType) {
    this.contentType = contentType;
  }

  /** Its media type. */
  public String contentType() {
    return contentType;
  }

  /** Its name on the wire, which is also the file's extension. */
  @JsonValue
  public String extension() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The format of an {@link #extension()}, or of {@code jpeg}. */
  @JsonCreator
  public static OutputFormat of(String text) {
    return switch (text) {
      case "png" -> PNG;
      case "jpg", "jpeg" -> JPG;
      case "webp" -> WEBP;
      default ->
          throw Check.invalid(
              "output_format: expected png, jpg or webp, got \"%s\""
                  .formatted(text.substring(0, Math.min(text.length(), 40))));
    };
  }
}
