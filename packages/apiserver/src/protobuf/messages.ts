import { fieldNumbers } from "./field-numbers.ts";

/** The fields of one message by number; a name that begins with "*" is a message written among its parent's fields. */
export type MessageFields = ReadonlyMap<number, string>;

const read = new Map<string, MessageFields | undefined>();

/** The fields of a message: "core.v1.Pod". Undefined when it is not known. */
export function messageFields(name: string): MessageFields | undefined {
  if (!read.has(name)) {
    const dot = name.lastIndexOf(".");
    const line = fieldNumbers[name.slice(0, dot)]?.[name.slice(dot + 1)];
    read.set(name, line === undefined ? undefined : parseLine(line));
  }
  return read.get(name);
}

function parseLine(line: string): MessageFields {
  const fields = new Map<number, string>();
  let number = 1;
  for (const word of line.split(" ")) {
    const [name = "", at] = word.split("=");
    if (at !== undefined) number = Number(at);
    if (name !== "-" && name !== "") fields.set(number, name);
    number++;
  }
  return fields;
}
