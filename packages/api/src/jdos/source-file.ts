import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { parseDocument } from "yaml";
import { applicationName } from "./schema/run.ts";
import { DNS_LABEL, RELATIVE_PATH } from "./schema/schema.ts";
import { closedSchema, SETTINGS_SCHEMA } from "./settings-schema.ts";
import { SOURCE_FILE, type SourceFile } from "./source-settings.ts";

export { SOURCE_FILE, type SourceFile, settingsOf } from "./source-settings.ts";

export const MAX_SOURCE_FILE_BYTES = 256 * 1024;

/** The person's fault: what is wrong with the file, and where. */
export class SourceFileError extends Error {
  override readonly name = "SourceFileError";
  readonly code = "SourceFileInvalid";
  readonly hint: string;
  /** "run.ports[0].port"; "" for the whole file. */
  readonly field: string;

  constructor(message: string, { hint, field = "" }: { hint: string; field?: string }) {
    super(message);
    this.hint = hint;
    this.field = field;
  }
}

/** Reads a source file; an empty one says nothing. @throws SourceFileError */
export function parseSourceFile(text: string): SourceFile {
  if (Buffer.byteLength(text) > MAX_SOURCE_FILE_BYTES)
    throw new SourceFileError(
      `Cannot read ${SOURCE_FILE}: it is larger than ${MAX_SOURCE_FILE_BYTES / 1024} KiB`,
      {
        hint: "It holds settings alone: move other data elsewhere",
      },
    );
  const value = parse(text) ?? {};
  validate ??= new Ajv({ strict: false, verbose: true }).compile(schema());
  if (!validate(value)) throw refusalOf(validate.errors![0]!);
  return value as SourceFile;
}

let validate: ValidateFunction | undefined;

function schema(): object {
  const { deployPolicy, ...settings } = SETTINGS_SCHEMA;
  return closedSchema({
    type: "object",
    properties: {
      system: { type: "string", pattern: DNS_LABEL, maxLength: 63, description: "The system it belongs to." },
      app: applicationName,
      path: {
        type: "string",
        pattern: RELATIVE_PATH,
        maxLength: 1024,
        description: "The folder that is deployed.",
      },
      ...settings,
      deploy: deployPolicy,
    },
  });
}

function parse(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined)
    throw new SourceFileError(
      `Cannot read ${SOURCE_FILE}: ${error.message.split("\n")[0]?.replace(/:$/, "")}`,
      {
        hint: "It is YAML: a mapping of names to values",
      },
    );
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new SourceFileError(`Cannot read ${SOURCE_FILE}: ${(cause as Error).message}`, {
      hint: "Write the values out instead of repeating them by aliases",
    });
  }
}

function refusalOf({
  keyword,
  instancePath,
  params,
  message,
  parentSchema,
  data,
}: ErrorObject): SourceFileError {
  const { description, properties } = (parentSchema ?? {}) as { description?: string; properties?: object };
  const path = fieldOf(instancePath);
  if (keyword === "additionalProperties") {
    const field = [path, String(params.additionalProperty)].filter((part) => part !== "").join(".");
    return new SourceFileError(`Cannot read ${SOURCE_FILE}: ${field}: there is no such setting`, {
      hint: `One of: ${Object.keys(properties ?? {}).join(", ")}`,
      field,
    });
  }
  const choices = keyword === "enum" ? `: ${(params.allowedValues as unknown[]).join(", ")}` : "";
  const shown = JSON.stringify(data) ?? "nothing";
  return new SourceFileError(
    `Cannot read ${SOURCE_FILE}: ${path === "" ? "" : `${path}: `}${shown.slice(0, 80)} ${message}${choices}`,
    { hint: description ?? `See "jdos deploy --help"`, field: path },
  );
}

/** "/run/ports/0/port" as "run.ports[0].port" */
function fieldOf(pointer: string): string {
  return pointer
    .slice(1)
    .replaceAll(/\/(\d+)(?=\/|$)/g, "[$1]")
    .replaceAll("/", ".")
    .replaceAll("~1", "/")
    .replaceAll("~0", "~");
}
