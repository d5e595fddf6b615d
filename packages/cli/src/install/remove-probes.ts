import { isStatus, type KubeObject } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { keyOf, typeOf } from "./objects.ts";

const PROBES = ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] as const;
/** How a probe asks: one of these. */
const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc"] as const;

type Container = { readonly name: string } & Readonly<
  Partial<Record<(typeof PROBES)[number], Readonly<Record<string, unknown>>>>
>;

interface Removal {
  op: "test" | "remove";
  path: string;
  value?: unknown;
}

/**
 * Takes probes away that a manifest no longer has, or that now ask in another way. Server-side apply takes away what was
 * applied and leaves what the API server added to it (a scheme, a threshold), and such a rest of a probe is invalid.
 * Resolves with whether there was anything to take away.
 */
export async function removeProbes(
  client: Client,
  object: KubeObject,
  options: { fieldManager: string; signal?: AbortSignal },
): Promise<boolean> {
  const wanted = containersOf(object);
  if (wanted.length === 0) return false;
  const live = await client.get(typeOf(object), keyOf(object)).catch((error: unknown) => {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  });
  const body = containersOf(live).flatMap((container, index): Removal[] => {
    const at = `/spec/template/spec/containers/${index}`;
    const next = wanted.find(({ name }) => name === container.name);
    const gone = PROBES.filter((probe) => container[probe] !== undefined && isOther(container, next, probe));
    if (next === undefined || gone.length === 0) return [];
    return [
      { op: "test", path: `${at}/name`, value: container.name },
      ...gone.map((probe): Removal => ({ op: "remove", path: `${at}/${probe}` })),
    ];
  });
  if (body.length === 0) return false;
  await client.patch(typeOf(object), keyOf(object), { type: "json", body }, options);
  return true;
}

function isOther(container: Container, next: Container | undefined, probe: (typeof PROBES)[number]): boolean {
  const [before, after] = [container[probe], next?.[probe]];
  if (probe === "lifecycle") return after === undefined;
  return after === undefined || HANDLERS.some((handler) => handler in before! !== handler in after);
}

function containersOf(object: object | undefined): readonly Container[] {
  const { spec } = (object ?? {}) as { spec?: { template?: { spec?: { containers?: Container[] } } } };
  return spec?.template?.spec?.containers ?? [];
}
