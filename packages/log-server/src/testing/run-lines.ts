import type { RunLines } from "@jdos/api";

export interface RunLinesOptions {
  run: string;
  texts: readonly string[];
  /** Milliseconds since the epoch; a line a millisecond. */
  begin: number;
  system?: string;
  application?: string;
  pod?: string;
  release?: number;
}

/** What a collector gives of one run. */
export function runLines({
  run,
  texts,
  begin,
  system = "demo",
  application = "hello",
  pod = "hello-1",
  release = 1,
}: RunLinesOptions): RunLines {
  const file = new Date(begin).toISOString().replace("Z", "000000Z");
  return {
    source: { run, system, application, release, pod, container: application, node: "n1" },
    lines: texts.map((line, at) => ({
      file,
      offset: at * 100,
      time: new Date(begin + at).toISOString().replace("Z", "000000Z"),
      stream: "stdout",
      line,
    })),
    position: { file, offset: texts.length * 100 },
  };
}
