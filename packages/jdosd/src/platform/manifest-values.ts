import { createHash } from "node:crypto";
import type { ManifestValues } from "../manifests/read-manifests.ts";
import type { Context } from "./context.ts";

/** What the manifests' placeholders stand for on this machine. */
export function manifestValues({ names, paths, pki, credentials }: Context): ManifestValues {
  return {
    gateway: names.pods.gateway,
    platformPort: names.ports.platform,
    kubernetesPort: names.ports.kubernetes,
    routesPort: names.ports.routes,
    registryPort: names.ports.registry,
    dnsAddress: names.services.dns,
    registryAddress: names.services.registry,
    registryData: paths.registry,
    // Any secret that stays the same will do: it signs the state of uploads.
    registrySecret: createHash("sha256").update(`registry ${credentials.nodePassword}`).digest("hex"),
    registryTokenCertificate: indent(pki.registryToken.certPem, 4),
  };
}

function indent(text: string, spaces: number): string {
  return text.trimEnd().replaceAll(/^/gm, " ".repeat(spaces));
}
