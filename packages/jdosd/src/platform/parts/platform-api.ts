import { readSigningKey } from "@jdos/component-base/attestation";
import { prometheusAccess } from "@jdos/component-base/prometheus";
import { start } from "@jdos/platform-api";
import { type ClientFactory, type Context, IDENTITIES } from "../context.ts";
import { ROUTES_DOMAIN } from "../manifest-values.ts";
import type { Part } from "../part.ts";
import { logSocket } from "./log-server.ts";

export function platformApiPart(context: Context, clientFor: ClientFactory): Part {
  const { names, options, credentials, pki, log } = context;
  return {
    name: "platform-api",
    start: async () =>
      start({
        client: await clientFor(IDENTITIES.platformApi),
        log: log.child({ component: "platform-api" }),
        listen: { host: options.listenAddress, port: names.ports.platform },
        registryTokenListen: { host: names.pods.gateway, port: names.ports.platform },
        adminToken: credentials.platformToken,
        webhookMasterKey: credentials.gitServerKey,
        signingPublicKey: readSigningKey(credentials.signingKey).publicKey,
        registry: {
          url: registryUrl(context),
          token: { certPem: pki.registryToken.certPem, keyPem: pki.registryToken.keyPem },
          nodePassword: credentials.nodePassword,
          retentionPassword: credentials.retentionPassword,
        },
        metrics: prometheusAccess(`http://${names.services.metrics}:9090`, {
          username: "jdos",
          password: credentials.metricsPassword,
        }),
        ...(options.logBytes === 0
          ? {}
          : { logs: { url: `unix:${logSocket(context)}`, key: credentials.logKeys.read } }),
        routesDomain: ROUTES_DOMAIN,
        gitUrl: `http://git.${ROUTES_DOMAIN}:${names.ports.routes}`,
        ports: {
          routes: names.ports.routes,
          kubernetes: names.ports.kubernetes,
          registry: names.ports.registry,
        },
      }),
  };
}

/** The registry as processes of the node reach it. */
export function registryUrl({ names }: Pick<Context, "names">): string {
  return `http://${names.services.registry}:5000`;
}
