import { type ContainerStatus, type Explanation, lastEndOf, type Pod, restartsOf } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import {
  appFlags,
  containerStatuses,
  isPodReady,
  lastLines,
  stillServing,
  wantedPods,
  warningsAbout,
} from "../facts.ts";
import type { Situation } from "../situations.ts";
import type { World } from "../world.ts";

interface Ended {
  pod: Stored<Pod>;
  status: DeepReadonly<ContainerStatus>;
  exitCode: number;
  reason: string | undefined;
}

/** Containers of Pods that are not ready and whose last instance ended. */
function endedContainers(world: World): Ended[] {
  return wantedPods(world)
    .filter((pod) => !isPodReady(pod))
    .flatMap((pod) =>
      containerStatuses(pod).flatMap((status) => {
        const end = lastEndOf(pod, status);
        return end === undefined ? [] : [{ pod, status, exitCode: end.exitCode, reason: end.reason }];
      }),
    );
}

function logEvidence(world: World, { pod, status }: Ended): Explanation["evidence"] {
  return lastLines(world, pod.metadata.name, status.name).map((text) => ({
    from: `log of ${pod.metadata.name}`,
    text,
  }));
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

export const outOfMemory: Situation = (world) => {
  const ended = endedContainers(world).find(({ reason }) => reason === "OOMKilled");
  if (ended === undefined) return undefined;
  const limit = ended.pod.spec?.containers.find(({ name }) => name === ended.status.name)?.resources?.limits
    ?.memory;
  return {
    situation: "OOMKilled",
    healthy: false,
    sentence: `Container "${ended.status.name}" was killed because it used more memory than its limit${limit === undefined ? "" : ` of ${limit}`} (OOMKilled, restarted ${times(restartsOf(ended.pod, ended.status))})${stillServing(world)}`,
    evidence: [
      { from: `Pod/${ended.pod.metadata.name}`, text: `OOMKilled, exit code ${ended.exitCode}` },
      ...logEvidence(world, ended),
    ],
    nextStep: `Give the application more memory (jdos deploy PATH --memory QUANTITY ${appFlags(world)}), or find what uses it`,
  };
};

export const livenessFails: Situation = (world) => {
  for (const pod of wantedPods(world).filter((candidate) => !isPodReady(candidate))) {
    const event = warningsAbout(world, pod.metadata.name, "Unhealthy").find(
      ({ message }) => message?.startsWith("Liveness probe failed") === true,
    );
    const restarts = Math.max(0, ...containerStatuses(pod).map((status) => restartsOf(pod, status)));
    if (event === undefined || restarts === 0) continue;
    return {
      situation: "LivenessFails",
      healthy: false,
      sentence: `Pod "${pod.metadata.name}" is restarted again and again because its liveness probe fails: ${event.message?.replace(/^Liveness probe failed: /, "")}${stillServing(world)}`,
      evidence: [{ from: `event of Pod/${pod.metadata.name}`, text: event.message ?? "" }],
      nextStep: `Make the probe's address answer, or give it more time; read the log: jdos logs --previous ${appFlags(world)}`,
    };
  }
  return undefined;
};

export const crashLoop: Situation = (world) => {
  const ended = endedContainers(world).find(
    ({ status, pod }) =>
      status.state?.waiting?.reason === "CrashLoopBackOff" ||
      (restartsOf(pod, status) > 0 && pod.spec?.restartPolicy !== "Never"),
  );
  if (ended === undefined) return undefined;
  const evidence = logEvidence(world, ended);
  const lastLine = evidence.at(-1)?.text;
  return {
    situation: "CrashLoop",
    healthy: false,
    sentence: `Container "${ended.status.name}" ${endWords(ended.exitCode)} and was restarted ${times(restartsOf(ended.pod, ended.status))}${lastLine === undefined ? "" : `; it said last: ${lastLine}`}${stillServing(world)}`,
    evidence: [
      {
        from: `Pod/${ended.pod.metadata.name}`,
        text: `exit code ${ended.exitCode}${ended.reason === undefined ? "" : ` (${ended.reason})`}`,
      },
      ...evidence,
    ],
    nextStep: crashStep(ended.exitCode, evidence.map(({ text }) => text).join("\n"), world),
  };
};

/** What an exit code says. 128 + n: ended by signal n. */
function endWords(exitCode: number): string {
  if (exitCode === 0) return "ends by itself with exit code 0";
  if (exitCode === 126) return "cannot execute its command (exit code 126)";
  if (exitCode === 127) return "does not find its command (exit code 127)";
  if (exitCode === 137) return "was killed (exit code 137, SIGKILL)";
  if (exitCode === 139) return "crashed (exit code 139, SIGSEGV)";
  if (exitCode === 143) return "was asked to end (exit code 143, SIGTERM)";
  return `crashes with exit code ${exitCode}`;
}

function crashStep(exitCode: number, log: string, world: World): string {
  const module = /Cannot find (?:module|package) '([^']+)'/.exec(log)?.[1];
  if (module !== undefined)
    return `Add "${module}" to the dependencies of package.json (or correct the path) and deploy again`;
  if (/EADDRINUSE/.test(log))
    return "Let only one server listen on the port within the container, and deploy again";
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN/.test(log))
    return "See that what it connects to runs and is reachable by that name, and let it try again instead of ending";
  const variable = missingVariableStep(log, world);
  if (variable !== undefined) return variable;
  if (exitCode === 0) return "Let the main process stay in the foreground: a service must not end";
  if (exitCode === 127)
    return "Correct the start command, or put the program into the image, and deploy again";
  return `Read the whole log (jdos logs --previous ${appFlags(world)}), correct it and deploy again, or return to the last release: jdos rollback`;
}

/** What to do about a variable that an application says it lacks. */
export function missingVariableStep(text: string, world: World): string | undefined {
  const variable = /\b([A-Z][A-Z0-9_]{2,}) (?:is not set|is required|must be set|missing|not defined)/.exec(
    text,
  )?.[1];
  return variable === undefined
    ? undefined
    : `Set the variable: jdos env set ${variable}=VALUE ${appFlags(world)}`;
}

/** Ended once, not restarted yet; or evicted. */
export const ended: Situation = (world) => {
  const evicted = wantedPods(world).find(({ status }) => status?.reason === "Evicted");
  if (evicted !== undefined) {
    return {
      situation: "Evicted",
      healthy: false,
      sentence: `Pod "${evicted.metadata.name}" was evicted: ${evicted.status?.message ?? "the node ran short of something"}${stillServing(world)}`,
      evidence: [{ from: `Pod/${evicted.metadata.name}`, text: evicted.status?.message ?? "Evicted" }],
      nextStep: "Nothing to do if another Pod took its place; else make room on the node",
    };
  }
  const first = endedContainers(world).find(
    ({ pod, status }) =>
      status.state?.terminated !== undefined && restartsOf(pod, status) === 0 && !isFinishedInit(status),
  );
  if (first === undefined) return undefined;
  const evidence = logEvidence(world, first);
  return {
    situation: "Ended",
    healthy: false,
    sentence: `Container "${first.status.name}" ${endWords(first.exitCode)} and is about to be restarted${stillServing(world)}`,
    evidence: [{ from: `Pod/${first.pod.metadata.name}`, text: `exit code ${first.exitCode}` }, ...evidence],
    nextStep: crashStep(first.exitCode, evidence.map(({ text }) => text).join("\n"), world),
  };
};

function isFinishedInit(status: DeepReadonly<ContainerStatus>): boolean {
  return status.ready && status.state?.terminated?.exitCode === 0;
}
