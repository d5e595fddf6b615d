import { BUILD_CONTAINER, Pods } from "@jdos/api";
import { resourcePath } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";

export interface PodLogOptions {
  client: Client;
  namespace: string;
  pod: string;
  container?: string | undefined;
  follow?: boolean | undefined;
  previous?: boolean | undefined;
  tailLines?: number | undefined;
  sinceSeconds?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface PodLogLine {
  time?: string;
  line: string;
}

/** Lines longer than this are cut into several. */
const MAX_LINE_CHARACTERS = 64 * 1024;

/** The lines of one container's log, as the API server streams them. */
export async function* readPodLog(options: PodLogOptions): AsyncGenerator<PodLogLine> {
  const { client, namespace, pod, signal } = options;
  const response = await client.raw({
    path: resourcePath(Pods, { namespace, name: pod, subresource: "log" }),
    query: {
      timestamps: "true",
      ...(options.container === undefined ? {} : { container: options.container }),
      ...(options.follow === true ? { follow: "true" } : {}),
      ...(options.previous === true ? { previous: "true" } : {}),
      ...(options.tailLines === undefined ? {} : { tailLines: String(options.tailLines) }),
      ...(options.sinceSeconds === undefined ? {} : { sinceSeconds: String(options.sinceSeconds) }),
    },
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const line of splitLines(response.body)) yield withTime(line);
}

/** The lines of a build's log: of its Pod's containers the one that tells of the build. */
export function readBuildLog(options: Omit<PodLogOptions, "container">): AsyncGenerator<PodLogLine> {
  return readPodLog({ ...options, container: BUILD_CONTAINER });
}

/** Lines of a byte stream as text, whatever the chunks; the last one may lack its line feed. */
export async function* splitLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n", start)) {
      yield rest.slice(start, end);
      start = end + 1;
    }
    rest = rest.slice(start);
    while (rest.length > MAX_LINE_CHARACTERS) {
      yield rest.slice(0, MAX_LINE_CHARACTERS);
      rest = rest.slice(MAX_LINE_CHARACTERS);
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

/** Takes the RFC 3339 time off that `timestamps=true` puts before each line. */
export function withTime(text: string): PodLogLine {
  const match = /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) ?/.exec(text);
  return match === null ? { line: text } : { time: match[1]!, line: text.slice(match[0].length) };
}
