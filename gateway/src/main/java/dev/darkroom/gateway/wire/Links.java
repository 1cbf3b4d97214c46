package dev.darkroom.gateway.wire;

import dev.darkroom.gateway.auth.SignedUrls;
import dev.darkroom.jobs.job.JobId;
import dev.darkroom.jobs.job.JobKind;
import dev.darkroom.jobs.job.ModelName;
import dev.darkroom.jobs.job.OutputFile;
import dev.darkroom.jobs.job.Sha256;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The URLs that the gateway hands out. */
public final class Links {
  /** The path of an uploaded file under any name of this gateway. */
  private static final Pattern FILE = Pattern.compile("https?://[^/?#]+/v1/files/([0-9a-z]{26})");

  private final String base;
  private final SignedUrls signed;

  /**
   * @param base of all URLs, with or without a slash at its end
   */
  public Links(String base, SignedUrls signed) {
    this.base = base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
    this.signed = signed;
  }

  /** Whether what is handed out travels encrypted. */
  public boolean isSecure() {
    return base.startsWith("https:");
  }

  /** An absolute URL. */
  public String absolute(String path) {
    return base + path;
  }

  /** Where a job is, and what can be done with it. */
  Prediction.Urls job(JobKind kind, JobId id) {
    return switch (kind) {
      case GENERATION -> {
        String self = base + "/v1/predictions/" + id;
        yield new Prediction.Urls(
            self, self + "/cancel", base + signed.sign("streams/" + id), self + "/events");
      }
      case TRAINING -> {
        String self = base + "/v1/trainings/" + id;
        yield new Prediction.Urls(self, self + "/cancel", null, self + "/events");
      }
    };
  }

  /** Where an output can be fetched. */
  public String output(OutputFile file) {
    return base + signed.sign(file.key());
  }

  /** Where an uploaded file is. */
  public String file(String id) {
    return base + "/v1/files/" + id;
  }

  /** The id in the URL of an uploaded file, or null where it is another URL. */
  public static @Nullable String fileId(String url) {
    Matcher matcher = FILE.matcher(url);
    return matcher.matches() ? matcher.group(1) : null;
  }

  /** Where a model is described. */
  String model(ModelName name) {
    return base + "/v1/models/" + name;
  }

  /** Where a version is described. */
  String version(ModelName name, Sha256 id) {
    return model(name) + "/versions/" + id;
  }
}
