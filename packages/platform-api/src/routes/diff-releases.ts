import type { Release, ReleaseChange, ReleaseSpec } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

/** What two releases differ in, as paths and texts; of a variable that comes from a Secret its name and key alone. */
export function diffReleases(from: Stored<Release>, to: Stored<Release>): ReleaseChange[] {
  const [before, after] = [describe(from.spec), describe(to.spec)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)];
    if (was === is) return [];
    return [{ path, ...(was === undefined ? {} : { from: was }), ...(is === undefined ? {} : { to: is }) }];
  });
}

function describe({ image, run, routes }: DeepReadonly<ReleaseSpec>): Map<string, string> {
  const { env = [], ports, ...rest } = run;
  const said = new Map([["image", image]]);
  for (const { name, value = "", secret } of env)
    said.set(`env.${name}`, secret === undefined ? value : `(secret ${secret.name}/${secret.key})`);
  flatten("", rest, said);
  for (const [at, { name, port, protocol = "TCP" }] of (ports ?? []).entries())
    said.set(`ports[${at}]`, `${port}/${protocol}${name === undefined ? "" : ` ${name}`}`);
  if (routes?.length === 0) said.set("routes", "none");
  for (const [at, { host = "(default)", path = "/", port }] of (routes ?? []).entries())
    said.set(`routes[${at}]`, `${host}${path}${port === undefined ? "" : ` to port ${port}`}`);
  return said;
}

/** Members in the order of their names, so that both sides are told in one order. */
function flatten(prefix: string, value: object, into: Map<string, string>): void {
  for (const [key, member] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    if (member === undefined || member === null) continue;
    if (Array.isArray(member)) into.set(path, JSON.stringify(member));
    else if (typeof member === "object") flatten(path, member, into);
    else into.set(path, String(member));
  }
}
