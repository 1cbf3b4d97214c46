package dev.darkroom.jobs.job;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Pattern;

/** A model's name in the registry, {@code owner/name}. */
public record ModelName(String owner, String name) {
  private static final Pattern PART = Pattern.compile("[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?");

  public ModelName {
    if (!PART.matcher(owner).matches() || !PART.matcher(name).matches()) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "model: expected owner/name of lower-case letters, digits, dots, dashes and underscores,"
              + " each 1 to 64 long, got \"%s\"".formatted(shorten(owner + "/" + name)));
    }
  }

  /** The name of {@code owner/name}. */
  @JsonCreator
  public static ModelName parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "model: expected owner/name, got \"%s\"".formatted(shorten(text)));
    }
    return new ModelName(text.substring(0, slash), text.substring(slash + 1));
  }

  @Override
  @JsonValue
  public String toString() {
    return owner + "/" + name;
  }

  private static String shorten(String text) {
    return text.length() <= 140 ? text : text.substring(0, 140) + "…";
  }
}
