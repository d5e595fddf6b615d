import type { ApplicationRun } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";

/** A port with nothing left open. */
export interface NamedPort {
  name: string;
  port: number;
  protocol: "TCP" | "UDP";
}

/** The port of an application that names none. */
export const DEFAULT_PORT = 8080;

/** The ports of an application in their order; the first is the one that routes lead to. */
export function portsOf(run: DeepReadonly<ApplicationRun>): readonly [NamedPort, ...NamedPort[]] {
  const given = run.ports === undefined || run.ports.length === 0 ? [{ port: DEFAULT_PORT }] : run.ports;
  const taken = new Set<string>();
  const named = given.map((entry: DeepReadonly<NonNullable<ApplicationRun["ports"]>[number]>, index) => {
    const wanted = entry.name ?? (index === 0 ? "http" : `port-${entry.port}`);
    const name = taken.has(wanted) ? `port-${entry.port}` : wanted;
    taken.add(name);
    return { name, port: entry.port, protocol: entry.protocol ?? "TCP" };
  });
  return named as [NamedPort, ...NamedPort[]];
}
