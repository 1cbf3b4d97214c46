package dev.darkroom.gateway.rest;

import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The body of a request for a prediction, for the API's description. */
@Schema(name = "PredictionRequest")
record PredictionRequest(
    @Schema(
            description = "owner/name, owner/name:id or an id; not with /models/{owner}/{name}",
            examples = "darkroom/starter")
        String version,
    @Schema(
            required = true,
            description = "By the model version's openapi_schema",
            examples = "{\"prompt\": \"a red apple\"}")
        Map<String, Object> input,
    @Schema(description = "A URL to call, signed by Standard Webhooks") String webhook,
    @Schema(description = "start, output, logs, completed; default output and completed")
        List<String> webhookEventsFilter) {}
