import { BUILD_CONTAINER, type BuildStage, type Pod, parseStageMarker } from "@jdos/api";
import { formatTime, isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";

/** The end of a log that is read for the stages: a build that writes more since the last stage began loses none but the oldest. */
const LIMIT_BYTES = 4 * 1024 * 1024;

/** The stages that a build's log tells of so far, in their order. Undefined when the log cannot be read yet. */
export async function stagesFromLog(client: Client, pod: Stored<Pod>): Promise<BuildStage[] | undefined> {
  const text = await readLog(client, pod);
  return text === undefined ? undefined : stagesOf(text);
}

/** Reads the stage markers of a log whose lines begin with their time. */
export function stagesOf(text: string): BuildStage[] {
  const stages = new Map<string, BuildStage>();
  for (const line of text.split("\n")) {
    const space = line.indexOf(" ");
    const marker = parseStageMarker(line.slice(space + 1));
    if (marker === undefined) continue;
    const startTime = stages.get(marker.stage)?.startTime ?? timeOf(line.slice(0, space));
    stages.set(marker.stage, {
      name: marker.stage,
      state: marker.state,
      ...(startTime === undefined ? {} : { startTime }),
      ...(marker.seconds === undefined ? {} : { seconds: marker.seconds }),
      ...(marker.message === undefined ? {} : { message: marker.message }),
    });
  }
  return [...stages.values()];
}

function timeOf(text: string): string | undefined {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : formatTime(time);
}

async function readLog(client: Client, pod: Stored<Pod>): Promise<string | undefined> {
  const { namespace = "", name } = pod.metadata;
  try {
    const answer = await client.raw({
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`,
      query: { container: BUILD_CONTAINER, timestamps: "true", limitBytes: String(LIMIT_BYTES) },
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    // The container has not started, the node is away, or the Pod is gone: the log tells nothing then.
    if (isStatus(error)) return undefined;
    throw error;
  }
}
