package dev.darkroom.gateway.accept;

import dev.darkroom.gateway.net.BlockedAddressException;
import dev.darkroom.gateway.net.CallbackUrl;
import dev.darkroom.gateway.net.PrivateAddresses;
import dev.darkroom.gateway.wire.Links;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.objects.ObjectLayout;
import dev.darkroom.jobs.spec.Dataset;
import dev.darkroom.jobs.store.FileStore;
import dev.darkroom.jobs.store.StoredFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Base64;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Files that a request names by URL. One of the gateway's own is looked up, never fetched; another
 * is fetched once and stored, so that the job reads the same bytes whenever it runs.
 */
public final class InputFiles {
  private final FileStore store;
  private final FileIntake intake;
  private final OkHttpClient http;
  private final PrivateAddresses permitted;
  private final long maxBytes;

  public InputFiles(
      FileStore store,
      FileIntake intake,
      OkHttpClient http,
      PrivateAddresses permitted,
      long maxBytes) {
    this.store = store;
    this.intake = intake;
    this.http = http;
    this.permitted = permitted;
    this.maxBytes = maxBytes;
  }

  /**
   * The archive at a URL.
   *
   * @param field the input that names it, for the message
   */
  public Dataset dataset(String tenant, String field, String url) {
    @Nullable String id = Links.fileId(url);
    StoredFile file =
        id == null
            ? fetched(tenant, field, url)
            : store
                .find(tenant, id)
                .orElseThrow(
                    () -> invalid("%s: there is no file %s; upload it again".formatted(field, id)));
    if (file.size() == 0) {
      throw invalid("%s: expected an archive, got an empty file".formatted(field));
    }
    return new Dataset(ObjectLayout.file(file.id()), file.size(), file.sha256());
  }

  private StoredFile fetched(String tenant, String field, String url) {
    Path part = FileIntake.temporary();
    try {
      String type = url.startsWith("data:") ? decode(field, url, part) : fetch(field, url, part);
      return intake.store(
          tenant, new FileIntake.Upload(part, "input", type, FileIntake.NO_METADATA));
    } catch (BlockedAddressException e) {
      throw invalid("%s: %s".formatted(field, e.getMessage()));
    } catch (IOException e) {
      throw invalid("%s: expected a URL that answers, got %s".formatted(field, e.getMessage()));
    } finally {
      FileIntake.delete(part);
    }
  }

  private static String decode(String field, String url, Path target) throws IOException {
    int comma = url.indexOf(',');
    if (comma < 0 || !url.substring(0, comma).endsWith(";base64")) {
      throw invalid("%s: expected a data URI in base64, got another form".formatted(field));
    }
    try {
      Files.write(target, Base64.getMimeDecoder().decode(url.substring(comma + 1)));
    } catch (IllegalArgumentException e) {
      throw invalid("%s: expected base64 after the comma, got another text".formatted(field));
    }
    return url.substring("data:".length(), comma - ";base64".length());
  }

  private String fetch(String field, String url, Path target) throws IOException {
    CallbackUrl.check(field, url, permitted);
    try (Response response = http.newCall(new Request.Builder().url(url).build()).execute()) {
      if (response.code() != 200) {
        throw invalid(
            "%s: expected status 200 at that URL, got %d".formatted(field, response.code()));
      }
      long copied =
          Files.copy(
              new BoundedStream(response.body().byteStream(), maxBytes),
              target,
              StandardCopyOption.REPLACE_EXISTING);
      if (copied > maxBytes) {
        throw new DarkroomException(
            ErrorCode.TOO_LARGE,
            "%s: expected at most %d bytes, got more".formatted(field, maxBytes));
      }
      String type = response.header("Content-Type");
      return type == null ? "application/octet-stream" : type;
    }
  }

  private static DarkroomException invalid(String message) {
    return new DarkroomException(ErrorCode.INVALID_INPUT, message);
  }
}
