package dev.darkroom.gateway.accept;

import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** What a file is, by its first bytes: clients often say application/octet-stream. */
final class MediaTypes {
  private static final Pattern FORM =
      Pattern.compile(
          "[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}");

  private MediaTypes() {}

  static String of(Path file, String claimed) {
    String head = head(file);
    if (head.startsWith("\u0089PNG\r\n\u001a\n")) {
      return "image/png";
    }
    if (head.startsWith("\u00ff\u00d8\u00ff")) {
      return "image/jpeg";
    }
    if (head.startsWith("RIFF") && head.startsWith("WEBP", 8)) {
      return "image/webp";
    }
    if (head.startsWith("GIF8")) {
      return "image/gif";
    }
    if (head.startsWith("PK\u0003\u0004") || head.startsWith("PK\u0005\u0006")) {
      return "application/zip";
    }
    if (head.startsWith("\u001f\u008b")) {
      return "application/gzip";
    }
    // Anything else is downloaded, never shown: a page of a stranger's must not run here.
    int semicolon = claimed.indexOf(';');
    String type = (semicolon < 0 ? claimed : claimed.substring(0, semicolon)).strip();
    boolean shows = type.startsWith("text/html") || type.contains("xml") || type.contains("script");
    return FORM.matcher(type).matches() && !shows ? type : "application/octet-stream";
  }

  private static String head(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(16), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new DarkroomException(
          ErrorCode.OUT_OF_DISK, "The uploaded file cannot be read back; try again later.", e);
    }
  }
}
