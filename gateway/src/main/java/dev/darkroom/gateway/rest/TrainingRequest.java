package dev.darkroom.gateway.rest;

import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The body of a request for a training, for the API's description. */
@Schema(name = "TrainingRequest")
record TrainingRequest(
    @Schema(
            required = true,
            description = "owner/name of the model that gets the new version",
            examples = "me/apples")
        String destination,
    @Schema(
            required = true,
            description =
                "By TrainingInput of the version's openapi_schema; input_images is the URL that"
                    + " POST /v1/files answers with")
        Map<String, Object> input,
    @Schema(description = "A URL to call, signed by Standard Webhooks") String webhook,
    @Schema(description = "start, output, logs, completed; default output and completed")
        List<String> webhookEventsFilter) {}
