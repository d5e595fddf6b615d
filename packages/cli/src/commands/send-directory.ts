import type { MissingParts, SourceUploaded } from "@jdos/api/platform-api";
import { sendSource } from "@jdos/component-base/source-upload";
import type { CommandContext } from "../command.ts";
import { CliError } from "../errors.ts";
import type { StageView } from "../output/stages.ts";
import { openDirectory } from "../pack/pack.ts";
import { ConnectionLost, type PlatformClient } from "../platform/platform-client.ts";

export interface SendDirectoryOptions {
  client: PlatformClient;
  scope: { system: string; app: string };
  view: StageView;
}

/** From this size on, how much of a source travelled is worth a line. */
const TOLD_FROM_BYTES = 8 * 1024 * 1024;
/** What a platform that restarts, or has much to do, answers. */
const PASSING = ["NotRunning", "Unavailable", "ServiceUnavailable", "TooManyRequests", "Timeout"];

/** Sends what the platform has not got of a directory. */
export async function sendDirectory(
  directory: string,
  { client, scope, view }: SendDirectoryOptions,
  { environment, signal }: CommandContext,
): Promise<SourceUploaded> {
  const source = await openDirectory(directory, environment.variables);
  const files = `${source.files} files`;
  let lastTold: string | undefined;
  const sent = await sendSource({
    read: source.read,
    signal,
    progress: ({ sizeBytes, sentBytes }) =>
      view.update({
        stage: "source",
        state: "started",
        message: `${files}, ${mebibytes(sizeBytes)} read, ${mebibytes(sentBytes)} sent`,
      }),
    waiting: (error) => {
      const told = isBusy(error)
        ? "The platform takes other uploads; waiting for a turn"
        : "The connection to the platform ended; the upload goes on when it is back";
      if (told !== lastTold) view.line(told);
      lastTold = told;
    },
    door: {
      async missing(parts) {
        const body = { parts };
        const call = { params: scope, body, signal };
        return (await client.call<MissingParts>("POST", "missingParts", call)).missing;
      },
      put: ({ digest }, bytes) =>
        client.upload("sourcePart", {
          params: { ...scope, digest },
          bytes,
          headers: { "content-type": "application/octet-stream", "content-encoding": "gzip" },
          signal,
        }),
      finish: (parts) =>
        client.call<SourceUploaded>("POST", "source", { params: scope, body: { parts }, signal }),
      mayPass: (error) =>
        error instanceof ConnectionLost || (error instanceof CliError && PASSING.includes(error.code)),
      isIncomplete: (error) => error instanceof CliError && error.code === "SourceIncomplete",
    },
  });
  if (sent.sizeBytes >= TOLD_FROM_BYTES)
    view.line(
      `Sent ${mebibytes(sent.sentBytes)} for ${sent.sentParts} of ${sent.parts} parts; the source has ${files}, ${mebibytes(sent.sizeBytes)}`,
    );
  return sent;
}

function isBusy(error: unknown): boolean {
  return error instanceof CliError && error.code === "TooManyRequests";
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
