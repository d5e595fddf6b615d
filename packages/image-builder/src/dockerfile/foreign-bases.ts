import type { BuildMaterial } from "@jdos/api/builder";
import { parseImageName } from "@jdos/component-base/registry";
import { runStep, StepFailure } from "../steps/run-step.ts";
import type { BuildStorage } from "./storage.ts";

/** They are told in a result of 4 KiB. */
const MAX_BASES = 4;
const MAX_NAME = 160;
const TIMEOUT_SECONDS = 30;

interface Inspecting {
  env: Readonly<Record<string, string>>;
  using: BuildStorage["using"];
  signal: AbortSignal;
}

/** The digests that images had which a build began with. A name of one of its own stages, or of nothing, is left out. */
export async function foreignBases(
  names: readonly string[],
  { env, using, signal }: Inspecting,
): Promise<BuildMaterial[]> {
  const bases: BuildMaterial[] = [];
  for (const name of names.filter(mayBeForeign)) {
    if (bases.length === MAX_BASES) break;
    const digest = await digestOf(name, { env, using, signal });
    if (digest !== undefined) bases.push({ image: fullName(name), digest });
  }
  return bases;
}

/** Neither nothing, nor the id by which buildah begins a stage on another one. */
export function mayBeForeign(name: string): boolean {
  return name !== "scratch" && !/^[a-f0-9]{64}$/.test(name) && name.length <= MAX_NAME;
}

async function digestOf(name: string, { env, using, signal }: Inspecting): Promise<string | undefined> {
  const inspect = ["buildah", "inspect", "--type", "image", "--format", "{{.FromImageDigest}}", name];
  try {
    const { lines } = await runStep(using(inspect), {
      env,
      log: () => {},
      signal,
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    return /^sha256:[a-f0-9]{64}$/.exec(lines.at(-1)?.trim() ?? "")?.[0];
  } catch (error) {
    if (error instanceof StepFailure) return undefined;
    throw error;
  }
}

/** With the host: names without one are Docker Hub's. The tag or digest stays as it is. */
export function fullName(name: string): string {
  const parsed = parseImageName(name);
  const version = /[:@][^/]*$/.exec(name)?.[0] ?? "";
  return parsed === undefined ? name : `${parsed.host}/${parsed.repository}${version}`;
}
