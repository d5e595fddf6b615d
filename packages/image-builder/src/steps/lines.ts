import type { Readable } from "node:stream";

/** What stands in one line at most; a longer one is taken apart. */
const MAX_LINE = 16 * 1024;

/**
 * Hands on the lines of a stream, each when the one before is dealt with: a program that writes faster than its
 * lines are taken has to wait, and no line grows without end.
 */
export function eachLine(stream: Readable, take: (line: string) => unknown): void {
  let rest = "";
  const onText = async (text: string): Promise<void> => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (; rest.length > MAX_LINE; rest = rest.slice(MAX_LINE)) lines.push(rest.slice(0, MAX_LINE));
    for (const line of lines) await take(line.endsWith("\r") ? line.slice(0, -1) : line);
  };
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    stream.pause();
    onText(text).then(
      () => stream.resume(),
      (error: Error) => stream.destroy(error),
    );
  });
  stream.once("end", () => {
    if (rest !== "") take(rest);
  });
}
