import type { RunCommand } from "./options.ts";
import type { StaleFlows } from "./service-table.ts";

/**
 * Forgets the tracked UDP flows of frontends whose endpoints changed: without it a client that keeps its port
 * (a resolver) goes on reaching an endpoint that is gone. Where conntrack is not installed nothing happens: the
 * flows end by their own timeout.
 */
export async function forgetFlows(run: RunCommand, stale: readonly StaleFlows[]): Promise<void> {
  for (const argv of stale.flatMap(commandsOf)) {
    // Exit code 1: no flow matched.
    await run(argv, { okExitCodes: [0, 1] }).catch((error: { code?: string }) => {
      if (error.code !== "CommandNotFound") throw error;
    });
  }
}

function commandsOf({ key, endpoints }: StaleFlows): [string, ...string[]][] {
  const parts = key.split(" . ");
  const port = parts[parts.length - 1]!;
  const frontend = parts.length === 3 ? ["--orig-dst", parts[0]!] : [];
  const base: [string, ...string[]] = ["conntrack", "-D", "-p", "udp", ...frontend, "--orig-port-dst", port];
  if (endpoints.length === 0) return [base];
  return endpoints.map((endpoint) => [...base, "--reply-src", endpoint.slice(0, endpoint.indexOf(" "))]);
}
