import { randomBytes } from "node:crypto";
import type { AccessFiles } from "@jdos/component-base/access-files";
import { readAccount, readText } from "./access-files.ts";
import type { Values } from "./values.ts";

/**
 * How the platform logs in to its Prometheus: by what the values name, else as before. JDOS's own has a password that is
 * made once.
 */
export async function metricsAccess(
  { provider, ...given }: Values["metrics"],
  kept: AccessFiles,
): Promise<AccessFiles> {
  if (provider === "none") return {};
  if (provider === "jdos")
    return kept.username === "jdos" && kept.password !== undefined
      ? { username: "jdos", password: kept.password }
      : { username: "jdos", password: randomBytes(32).toString("base64url") };
  const files = await readGiven(given);
  // Files are of the machine that installed; JDOS's own password was of another server.
  return Object.keys(files).length > 0 || kept.username === "jdos" ? files : kept;
}

async function readGiven({
  tokenFile,
  basicAuthFile,
  caFile,
}: Pick<Values["metrics"], "tokenFile" | "basicAuthFile" | "caFile">): Promise<AccessFiles> {
  return {
    ...(tokenFile === "" ? {} : { token: (await readText("metrics.tokenFile", tokenFile)).trim() }),
    ...(basicAuthFile === "" ? {} : await readAccount("metrics.basicAuthFile", basicAuthFile)),
    ...(caFile === "" ? {} : { "ca.crt": await readText("metrics.caFile", caFile) }),
  };
}
