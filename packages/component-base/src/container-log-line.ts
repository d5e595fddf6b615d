/** One line of a container's log as the runtime writes it: time, stream, tags, content. */
export interface ContainerLogLine {
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly stream: string;
  /** The rest of the line follows in the next one. */
  readonly partial: boolean;
  readonly content: Buffer;
}

/** Reads a line without its newline; undefined when it has another form. Source: CRI, container logs. */
export function parseContainerLogLine(line: Buffer): ContainerLogLine | undefined {
  const first = line.indexOf(0x20);
  const second = line.indexOf(0x20, first + 1);
  const third = line.indexOf(0x20, second + 1);
  if (first < 0 || second < 0) return undefined;
  const end = third < 0 ? line.length : third;
  return {
    time: line.toString("latin1", 0, first),
    stream: line.toString("latin1", first + 1, second),
    partial: line.toString("latin1", second + 1, end).split(":")[0] === "P",
    content: third < 0 ? Buffer.alloc(0) : line.subarray(third + 1),
  };
}
