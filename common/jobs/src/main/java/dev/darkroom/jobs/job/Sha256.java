package dev.darkroom.jobs.job;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * A SHA-256, 64 lower-case hexadecimal digits: the name of a blob, of a model version, and the
 * proof that bytes are those that were stored.
 */
public record Sha256(@JsonValue String hex) {
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{64}");

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public Sha256 {
    if (!isValid(hex)) {
      throw new DarkroomException(
          ErrorCode.INVALID_INPUT,
          "sha256: expected 64 lower-case hexadecimal digits, got \"%s\""
              .formatted(hex.substring(0, Math.min(hex.length(), 80))));
    }
  }

  /** Whether {@code text} has the form of a hash. */
  public static boolean isValid(String text) {
    return FORM.matcher(text).matches();
  }

  /** A digest to feed; {@link #of(MessageDigest)} finishes it. */
  public static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The hash of what a digest was fed; resets it. */
  public static Sha256 of(MessageDigest digest) {
    return new Sha256(HexFormat.of().formatHex(digest.digest()));
  }

  /** The hash of bytes. */
  public static Sha256 of(byte[] bytes) {
    return new Sha256(HexFormat.of().formatHex(digest().digest(bytes)));
  }

  /** The hash of a text's UTF-8 bytes. */
  public static Sha256 of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public String toString() {
    return hex;
  }
}
