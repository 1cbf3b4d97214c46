package dev.darkroom.gateway.rest;

import dev.darkroom.jobs.store.WebhookStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.SecurityContext;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What a client asks about the account and the machines. */
@Path("/v1")
@Tag(name = "account")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public final class AccountResource {
  private final WebhookStore webhooks;

  AccountResource(WebhookStore webhooks) {
    this.webhooks = webhooks;
  }

  /** Who holds the token. */
  public record Account(String type, String username, String name, String githubUrl) {}

  /** A sort of machine that a model can run on. */
  public record Hardware(String sku, String name) {}

  /** The key that webhooks are signed with. */
  public record SigningSecret(String key) {}

  @GET
  @Path("/account")
  @Operation(operationId = "getAccount", summary = "Whose token this is")
  public Account account(@Context SecurityContext caller) {
    String tenant = PredictionResource.tenant(caller);
    return new Account("organization", tenant, tenant, "");
  }

  @GET
  @Path("/hardware")
  @Operation(operationId = "listHardware", summary = "What models run on")
  public List<Hardware> hardware() {
    return List.of(new Hardware("cpu", "CPU"), new Hardware("gpu", "GPU"));
  }

  @GET
  @Path("/webhooks/default/secret")
  @Operation(
      operationId = "getWebhookSecret",
      summary = "The key that webhooks are signed with, by Standard Webhooks")
  public SigningSecret secret(@Context SecurityContext caller) {
    return new SigningSecret(webhooks.secret(PredictionResource.tenant(caller)));
  }
}
