package dev.darkroom.jobs.objects;

import dev.darkroom.local.embedded.EmbeddedS3;
import dev.darkroom.local.embedded.TestServices;
import java.net.URI;

/** The object store of the test JVM. */
public final class TestObjects {
  private TestObjects() {}

  public static ObjectStore embedded() {
    return new ObjectStore(config());
  }

  static ObjectStoreConfig config() {
    EmbeddedS3 s3 = TestServices.s3();
    return new ObjectStoreConfig(
        URI.create(s3.endpoint()),
        URI.create(s3.endpoint()),
        s3.accessKey(),
        s3.secretKey(),
        s3.bucket(),
        s3.region());
  }
}
