import { PLATFORM_ROUTES } from "@jdos/api";
import type { FastifyInstance } from "fastify";
import { PlatformError } from "../errors.ts";
import { grant } from "../registry-token/grant.ts";
import { basicCredentials, type IdentifyOptions, identify } from "../registry-token/identify.ts";
import type { IssuedToken, TokenIssuer } from "../registry-token/issuer.ts";
import { parseScopes } from "../registry-token/scope.ts";

interface Query {
  service?: string;
  scope?: string | string[];
  account?: string;
}

export interface RegistryTokenRouteOptions {
  issuer: TokenIssuer;
  identify: IdentifyOptions;
}

/** The token protocol that the registry sends its clients to. */
export function registryTokenRoutes(server: FastifyInstance, options: RegistryTokenRouteOptions): void {
  server.get<{ Querystring: Query }>(
    PLATFORM_ROUTES.registryToken,
    async (request, reply): Promise<IssuedToken> => {
      const { service, scope = [] } = request.query;
      const { issuer } = options;
      if (service !== undefined && service !== issuer.service) {
        throw new PlatformError(
          "BadRequest",
          `Cannot issue a token: the service "${service}" is not "${issuer.service}"`,
        );
      }
      const credentials = basicCredentials(request.headers.authorization);
      const identity = credentials === undefined ? undefined : await identify(credentials, options.identify);
      if (credentials === undefined || identity === undefined) {
        reply.header("www-authenticate", 'Basic realm="registry"');
        throw new PlatformError(
          "Unauthorized",
          "Cannot issue a token: the user name or the password is wrong",
          { hint: "Use the credentials of the application's registry Secret" },
        );
      }
      return issuer.issue(credentials.username, grant(identity, parseScopes([scope].flat())));
    },
  );
}
