import type { MissingParts, SourceUploaded } from "@jdos/api";
import { sendSource } from "@jdos/component-base/source-upload";
import { isAway, PlatformRefusal } from "../platform/platform-client.ts";
import { archiveOf } from "./archive.ts";
import type { DeployOptions } from "./deploy.ts";

/** Sends what the platform has not got of a commit's files, as the person who pushed. */
export async function sendCommit(
  { commit, path }: { commit: string; path: string | undefined },
  { git, repository, platform, session, report, patienceSeconds, signal }: DeployOptions,
): Promise<SourceUploaded> {
  const call = { token: session.token, name: session.name, signal };
  let isTold = false;
  return sendSource({
    read: () => archiveOf({ git, repository, commit, path, signal }),
    signal,
    patienceSeconds,
    waiting: () => {
      if (!isTold) report.line("The platform is away or busy; waiting for it ...");
      isTold = true;
    },
    door: {
      async missing(parts) {
        const body = { parts };
        return (await platform.call<MissingParts>("POST", "missingParts", { ...call, body })).missing;
      },
      put: ({ digest }, gzipped) =>
        platform.call("POST", "sourcePart", { ...call, part: { digest, gzipped } }),
      finish: (parts) => platform.call<SourceUploaded>("POST", "source", { ...call, body: { parts } }),
      mayPass: isAway,
      isIncomplete: (error) => error instanceof PlatformRefusal && error.code === "SourceIncomplete",
    },
  });
}
