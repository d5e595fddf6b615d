import { setTimeout as sleep } from "node:timers/promises";
import type { Accepted, DeployRequest, ProgressEvent } from "@jdos/api";
import { SourceFileError, settingsOf } from "@jdos/api/source-file";
import { GitServerError } from "../errors.ts";
import { isAway, PlatformAway, type PlatformClient, PlatformRefusal } from "../platform/platform-client.ts";
import type { Git } from "../repositories/git.ts";
import type { Report } from "./report.ts";
import { sendCommit } from "./send-commit.ts";
import type { PushSession } from "./session.ts";
import { readSourceFile } from "./source-file.ts";

/** What of a push is deployed. */
export interface Deployable {
  /** "main" */
  ref: string;
  commit: string;
}

export interface DeployOptions {
  git: Git;
  repository: string;
  platform: PlatformClient;
  session: PushSession;
  report: Report;
  /** The platform is asked again for so long. */
  patienceSeconds: number;
  signal: AbortSignal;
}

/**
 * Sends a commit's files to the platform and asks for a deploy, as the person who pushed; settles when the platform has
 * taken it over. @throws SourceFileError, GitServerError, PlatformRefusal, PlatformAway
 */
export async function requestDeploy({ ref, commit }: Deployable, options: DeployOptions): Promise<Accepted> {
  const { git, repository, platform, session, report, signal } = options;
  const { name, token } = session;
  const folder = session.access.triggers?.path;
  const file = await readSourceFile({ git, repository, commit, path: folder });
  if (file?.app !== undefined && file.app !== name.app)
    report.line(`jdos.yaml names application "${file.app}"; this repository is that of "${name.app}"`);
  const path = folder ?? file?.path;
  const { digest } = await sendCommit({ commit, path }, options);
  const body: DeployRequest = {
    ...(file === undefined ? {} : settingsOf(file)),
    source: { bundle: { digest, revision: commit, ref } },
    requestId: session.id,
  };
  return patiently(options, () => platform.call<Accepted>("POST", "deploy", { token, name, body, signal }));
}

const TICK_MILLIS = 1000;
const TOLD_EVERY_MILLIS = 15_000;
const WATCH_SECONDS = 3600;

/** Shows a deploy to its end. The last line is the URL where it is ready. */
export async function followDeploy(accepted: Accepted, options: DeployOptions): Promise<void> {
  const { platform, session, report, signal } = options;
  const { build, generation } = accepted;
  const target: Record<string, string | number> = build === undefined ? { generation } : { build };
  const query = { ...target, timeoutSeconds: WATCH_SECONDS };
  const ticking = setInterval(() => report.tick(TOLD_EVERY_MILLIS), TICK_MILLIS);
  try {
    const end = await patiently(options, async () => {
      for await (const event of platform.stream<ProgressEvent>("progress", { ...session, query, signal })) {
        report.event(event);
        if (event.type === "ready" || event.type === "failed") return event;
      }
      throw new PlatformAway("The stream ended early");
    });
    if (end.type === "failed") return;
    const { release, seconds, url } = end.result;
    report.step(`Release ${release} is ready after ${seconds.total.toFixed(1)} s`);
    report.line(url);
  } finally {
    clearInterval(ticking);
  }
}

/** Again while the platform is away or busy, for a bounded time. */
async function patiently<T>(
  { patienceSeconds, signal, report }: DeployOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + patienceSeconds * 1000;
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isAway(error) || signal.aborted || performance.now() > deadline) throw error;
      if (tries === 2) report.line("The platform is away; waiting for it to come back ...");
      await sleep(Math.min(250 * 2 ** tries, 3000), undefined, { signal });
    }
  }
}

/** The source is too large, or its settings are none. */
const AT_FAULT: ReadonlySet<number> = new Set([400, 413, 422]);

/** Whether the same push could be deployed later: the commit is not at fault. */
export function mayPass(error: unknown): boolean {
  if (error instanceof SourceFileError) return false;
  if (error instanceof PlatformRefusal) return !AT_FAULT.has(error.status);
  return !(error instanceof GitServerError) || error.httpStatus >= 500;
}

export function sentencesOf(error: unknown): string[] {
  const { message, hint } = error as { message: string; hint?: string };
  return [message, ...(hint === undefined ? [] : [hint])];
}
