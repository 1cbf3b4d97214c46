package dev.darkroom.local.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.minio.GetObjectArgs;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.errors.ErrorResponseException;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EmbeddedS3Test {
  @Test
  void objectComesBackAsItWasPutAlsoInParts() throws Exception {
    var s3 = TestServices.s3();
    byte[] small = "a red apple".getBytes(UTF_8);
    byte[] inParts = new byte[11 << 20];
    new Random(7).nextBytes(inParts);
    put(s3, "small", small);
    put(s3, "in/parts", inParts);
    assertArrayEquals(small, get(s3, "small"));
    assertArrayEquals(inParts, get(s3, "in/parts"));
  }

  @Test
  void objectsSurviveARestart(@TempDir Path folder) throws Exception {
    try (var s3 = EmbeddedS3.start(folder, 0, "id", "secret")) {
      put(s3, "kept", new byte[] {1, 2, 3});
    }
    try (var s3 = EmbeddedS3.start(folder, 0, "id", "secret")) {
      assertArrayEquals(new byte[] {1, 2, 3}, get(s3, "kept"));
    }
  }

  @Test
  void presignedUrlReadsWithoutCredentialsAndOnlyWithItsSignature() throws Exception {
    var s3 = TestServices.s3();
    put(s3, "shown", "pixels".getBytes(UTF_8));
    String url =
        client(s3, s3.secretKey())
            .getPresignedObjectUrl(
                GetPresignedObjectUrlArgs.builder()
                    .method(Http.Method.GET)
                    .bucket(s3.bucket())
                    .object("shown")
                    .expiry(60)
                    .build());
    assertEquals("pixels", read(url, 200));
    String signature = url.substring(url.indexOf("X-Amz-Signature=") + "X-Amz-Signature=".length());
    read(url.replace(signature, "0".repeat(64)), 403);
    read(url.substring(0, url.indexOf('?')), 403);
  }

  @Test
  void wrongSecretIsRefused() {
    var s3 = TestServices.s3();
    var refused =
        assertThrows(
            ErrorResponseException.class,
            () ->
                client(s3, "guess")
                    .getObject(GetObjectArgs.builder().bucket(s3.bucket()).object("small").build())
                    .close());
    assertEquals("SignatureDoesNotMatch", refused.errorResponse().code());
  }

  private static String read(String url, int status) throws Exception {
    try (var http = HttpClient.newHttpClient()) {
      var response =
          http.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString());
      assertEquals(status, response.statusCode());
      return response.body();
    }
  }

  private static void put(EmbeddedS3 s3, String key, byte[] bytes) throws Exception {
    client(s3, s3.secretKey())
        .putObject(
            PutObjectArgs.builder().bucket(s3.bucket()).object(key).stream(
                    new ByteArrayInputStream(bytes), -1L, 5L << 20)
                .build());
  }

  private static byte[] get(EmbeddedS3 s3, String key) throws Exception {
    try (var stream =
        client(s3, s3.secretKey())
            .getObject(GetObjectArgs.builder().bucket(s3.bucket()).object(key).build())) {
      return stream.readAllBytes();
    }
  }

  private static MinioClient client(EmbeddedS3 s3, String secret) {
    return MinioClient.builder()
        .endpoint(s3.endpoint())
        .region(s3.region())
        .credentials(s3.accessKey(), secret)
        .build();
  }
}
