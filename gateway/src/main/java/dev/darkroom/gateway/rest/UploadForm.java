package dev.darkroom.gateway.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.darkroom.gateway.accept.FileIntake;
import dev.darkroom.jobs.job.DarkroomException;
import dev.darkroom.jobs.job.ErrorCode;
import dev.darkroom.jobs.job.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.resteasy.reactive.server.multipart.FormValue;
import org.jboss.resteasy.reactive.server.multipart.MultipartFormDataInput;

/**
 * The form of an upload as three clients send it: JavaScript with metadata as a JSON part, Python
 * 1.x as a JSON field, Python 2.x as fields {@code metadata[key]} with name and type as fields of
 * their own.
 */
final class UploadForm {
  private static final int MAX_METADATA = 64 << 10;

  private UploadForm() {}

  static FileIntake.Upload read(MultipartFormDataInput form) {
    Map<String, Collection<FormValue>> parts = form.getValues();
    FormValue content =
        first(parts, "content")
            .filter(FormValue::isFileItem)
            .orElseThrow(
                () ->
                    invalid(
                        "content: expected a multipart part of that name with a filename, got none"));
    String name =
        text(parts, "filename").or(() -> Optional.ofNullable(content.getFileName())).orElse("file");
    String type =
        text(parts, "type")
            .or(() -> Optional.ofNullable(content.getHeaders().getFirst("Content-Type")))
            .orElse("application/octet-stream");
    return new FileIntake.Upload(content.getFileItem().getFile(), name, type, metadata(parts));
  }

  private static JsonNode metadata(Map<String, Collection<FormValue>> parts) {
    Optional<String> json = text(parts, "metadata");
    ObjectNode metadata = JsonNodeFactory.instance.objectNode();
    if (json.isPresent() && !json.get().isBlank()) {
      try {
        JsonNode tree = Json.mapper().readTree(json.get());
        if (tree instanceof ObjectNode object) {
          metadata = object;
        } else if (!tree.isNull()) {
          throw invalid("metadata: expected a JSON object, got another value");
        }
      } catch (JsonProcessingException e) {
        throw invalid("metadata: expected a JSON object, got a syntax error");
      }
    }
    for (Map.Entry<String, Collection<FormValue>> part : parts.entrySet()) {
      if (part.getKey().startsWith("metadata[") && part.getKey().endsWith("]")) {
        put(metadata, part.getKey(), part.getValue());
      }
    }
    return metadata;
  }

  /** Puts {@code metadata[a][b]} at a.b, and {@code metadata[a][]} into the list at a. */
  private static void put(ObjectNode metadata, String field, Collection<FormValue> values) {
    String[] keys = field.substring("metadata[".length(), field.length() - 1).split("\\]\\[", -1);
    boolean isList = keys.length > 1 && keys[keys.length - 1].isEmpty();
    int last = isList ? keys.length - 2 : keys.length - 1;
    if (last > 8) {
      throw invalid("metadata: expected at most 8 levels, got more");
    }
    ObjectNode place = metadata;
    for (int i = 0; i < last; i++) {
      place = place.get(keys[i]) instanceof ObjectNode inner ? inner : place.putObject(keys[i]);
    }
    for (FormValue value : values) {
      if (isList) {
        place.withArray("/" + keys[last].replace("~", "~0").replace("/", "~1")).add(text(value));
      } else {
        place.put(keys[last], text(value));
      }
    }
  }

  private static Optional<FormValue> first(Map<String, Collection<FormValue>> parts, String name) {
    return parts.getOrDefault(name, List.of()).stream().findFirst();
  }

  private static Optional<String> text(Map<String, Collection<FormValue>> parts, String name) {
    return first(parts, name).map(UploadForm::text);
  }

  private static String text(FormValue value) {
    if (!value.isFileItem()) {
      return value.getValue();
    }
    try {
      if (value.getFileItem().getFileSize() > MAX_METADATA) {
        throw invalid("metadata: expected at most %d bytes, got more".formatted(MAX_METADATA));
      }
      return Files.readString(value.getFileItem().getFile(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw invalid("metadata: expected text in UTF-8, got other bytes");
    }
  }

  private static DarkroomException invalid(String message) {
    return new DarkroomException(ErrorCode.INVALID_INPUT, message);
  }
}
