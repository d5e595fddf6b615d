import { createHash } from "node:crypto";
import { readSigningKey } from "@jdos/component-base/attestation";
import type { ManifestValues } from "../manifests/read-manifests.ts";
import { codeStamp, GIT_SERVER_CODE } from "./code-stamp.ts";
import type { Context } from "./context.ts";
import { haproxyDirectory } from "./parts/load-balancer.ts";
import { metricsDirectory } from "./parts/metrics.ts";

/** Names below it lead to this machine, in every program that knows RFC 6761. */
export const ROUTES_DOMAIN = "jdos.localhost";

/** What the manifests' placeholders stand for on this machine. */
export async function manifestValues(context: Context): Promise<ManifestValues> {
  const { names, paths, pki, credentials, options } = context;
  return {
    gateway: names.pods.gateway,
    platformPort: names.ports.platform,
    platformTokenBase64: Buffer.from(credentials.platformToken).toString("base64"),
    gitServerKeyBase64: Buffer.from(credentials.gitServerKey).toString("base64"),
    signingPublicKeyBase64: Buffer.from(readSigningKey(credentials.signingKey).publicKey).toString("base64"),
    kubernetesPort: names.ports.kubernetes,
    routesPort: names.ports.routes,
    registryPort: names.ports.registry,
    dnsAddress: names.services.dns,
    registryAddress: names.services.registry,
    haproxyDirectory: haproxyDirectory(context),
    routesProbeAddress: options.listenAddress === "0.0.0.0" ? "127.0.0.1" : options.listenAddress,
    repository: options.repository,
    routesDomain: ROUTES_DOMAIN,
    gitData: paths.git,
    gitServerCode: await codeStamp(options.repository, GIT_SERVER_CODE),
    registryData: paths.registry,
    metricsAddress: names.services.metrics,
    metricsData: paths.metrics,
    metricsTargets: metricsDirectory(context),
    metricsPasswordBase64: Buffer.from(credentials.metricsPassword).toString("base64"),
    // Their certificates are signed by the machine's own authority.
    kubeletsUnverified: "false",
    // Any secret that stays the same will do: it signs the state of uploads.
    registrySecret: createHash("sha256").update(`registry ${credentials.nodePassword}`).digest("hex"),
    registryTokenCertificate: indent(pki.registryToken.certPem, 4),
  };
}

function indent(text: string, spaces: number): string {
  return text.trimEnd().replaceAll(/^/gm, " ".repeat(spaces));
}
