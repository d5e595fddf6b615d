import type { Event, Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import {
  appFlags,
  firstPort,
  isPodReady,
  lastLines,
  stillServing,
  wantedPods,
  warningsAbout,
} from "../facts.ts";
import type { Situation } from "../situations.ts";
import type { World } from "../world.ts";

interface Failing {
  pod: Stored<Pod>;
  container: string;
  message: string;
}

/** The first running Pod whose readiness probe fails. */
function failingReadiness(world: World): Failing | undefined {
  for (const pod of wantedPods(world)) {
    if (isPodReady(pod) || pod.status?.phase !== "Running") continue;
    const event = warningsAbout(world, pod.metadata.name, "Unhealthy").find(isReadiness);
    if (event === undefined) continue;
    const container =
      pod.status.containerStatuses?.find(({ ready }) => !ready)?.name ?? pod.spec?.containers[0]?.name ?? "";
    return { pod, container, message: (event.message ?? "").replace(/^Readiness probe failed: ?/, "") };
  }
  return undefined;
}

function isReadiness({ message }: Stored<Event>): boolean {
  return message?.startsWith("Readiness probe failed") === true;
}

const REFUSED = /connection refused|ECONNREFUSED|connect: /i;
const LISTENS = /(?:listen\w*|serv\w+|running|started|ready|bound|open)\b[^\n]*?(?:\bport\s+|:)(\d{2,5})\b/i;
const LOOPBACK = /(?:127\.0\.0\.1|localhost|\[::1\]):(\d{2,5})/i;

/** What the log says about where the program listens. */
function saysItListens(
  world: World,
  { pod, container }: Failing,
): { port: number; loopback: boolean; line: string } | undefined {
  for (const line of [...lastLines(world, pod.metadata.name, container, 50)].reverse()) {
    const port = LISTENS.exec(line)?.[1];
    if (port !== undefined) return { port: Number(port), loopback: LOOPBACK.test(line), line };
  }
  return undefined;
}

export const wrongPort: Situation = (world) => {
  const failing = failingReadiness(world);
  if (failing === undefined || !REFUSED.test(failing.message)) return undefined;
  const listens = saysItListens(world, failing);
  const expected = firstPort(world);
  if (listens === undefined || listens.port === expected) return undefined;
  return {
    situation: "WrongPort",
    healthy: false,
    sentence: `The application listens on port ${listens.port}, but its traffic goes to port ${expected}, where nothing answers${stillServing(world)}`,
    evidence: [
      { from: `log of ${failing.pod.metadata.name}`, text: listens.line },
      { from: `event of Pod/${failing.pod.metadata.name}`, text: failing.message },
    ],
    nextStep: `Let it listen on the port in the variable PORT (${expected}), or set run.ports to ${listens.port}, and deploy again`,
  };
};

export const wrongAddress: Situation = (world) => {
  const failing = failingReadiness(world);
  if (failing === undefined || !REFUSED.test(failing.message)) return undefined;
  const listens = saysItListens(world, failing);
  if (listens?.loopback !== true) return undefined;
  return {
    situation: "ListensOnLoopback",
    healthy: false,
    sentence: `The application listens on the loopback address only, so that nothing outside its Pod reaches it${stillServing(world)}`,
    evidence: [
      { from: `log of ${failing.pod.metadata.name}`, text: listens.line },
      { from: `event of Pod/${failing.pod.metadata.name}`, text: failing.message },
    ],
    nextStep: "Let it listen on 0.0.0.0 (all addresses) and deploy again",
  };
};

export const readinessFails: Situation = (world) => {
  const failing = failingReadiness(world);
  if (failing === undefined) return undefined;
  const { pod, container, message } = failing;
  return {
    situation: "ReadinessFails",
    healthy: false,
    sentence: `Pod "${pod.metadata.name}" runs but ${readinessFault(message, pod, container)}${stillServing(world)}`,
    evidence: [
      { from: `event of Pod/${pod.metadata.name}`, text: `Readiness probe failed: ${message}` },
      ...lastLines(world, pod.metadata.name, container).map((text) => ({
        from: `log of ${pod.metadata.name}`,
        text,
      })),
    ],
    nextStep: readinessStep(message, world),
  };
};

function readinessFault(message: string, pod: Stored<Pod>, container: string): string {
  const probe = pod.spec?.containers.find(({ name }) => name === container)?.readinessProbe;
  const path = probe?.httpGet?.path;
  const code = /statuscode: (\d{3})/.exec(message)?.[1];
  if (code !== undefined)
    return `answers its readiness probe${path === undefined ? "" : ` "${path}"`} with HTTP ${code}`;
  if (/timeout|deadline exceeded|timed out/i.test(message))
    return "does not answer its readiness probe in time";
  if (REFUSED.test(message))
    return `nothing answers on port ${probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? "of its readiness probe"}`;
  return `its readiness probe fails: ${message}`;
}

function readinessStep(message: string, world: World): string {
  if (/statuscode: 404/.test(message))
    return "Let that path answer 200, or name the right one in run.health.path";
  if (/statuscode: 5/.test(message)) return `Read the log to see what fails: jdos logs ${appFlags(world)}`;
  if (REFUSED.test(message))
    return `Let the application listen on 0.0.0.0 and the port in the variable PORT (${firstPort(world)})`;
  return `Read the log: jdos logs ${appFlags(world)}`;
}
