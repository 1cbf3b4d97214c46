package dev.darkroom.gateway.auth;

import jakarta.annotation.Priority;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.SecurityContext;
import jakarta.ws.rs.ext.Provider;

/**
 * Lets no request of the API pass without a token, signed URLs excepted: those carry their own
 * permission, which their resource checks. The tenant becomes the request's principal.
 */
@Provider
@Priority(Priorities.AUTHENTICATION)
public final class TokenFilter implements ContainerRequestFilter {
  private static final String API = "/v1/";

  private final TokenAuthority authority;

  TokenFilter(TokenAuthority authority) {
    this.authority = authority;
  }

  @Override
  public void filter(ContainerRequestContext request) {
    String path = request.getUriInfo().getPath();
    if (!path.startsWith(API) || path.startsWith(SignedUrls.PREFIX)) {
      return;
    }
    String tenant = authority.tenant(request.getHeaderString(HttpHeaders.AUTHORIZATION));
    boolean secure = request.getSecurityContext().isSecure();
    request.setSecurityContext(new TenantContext(tenant, secure));
  }

  private record TenantContext(String tenant, boolean isSecure) implements SecurityContext {
    @Override
    public java.security.Principal getUserPrincipal() {
      return this::tenant;
    }

    @Override
    public boolean isUserInRole(String role) {
      return false;
    }

    @Override
    public String getAuthenticationScheme() {
      return "Bearer";
    }
  }
}
