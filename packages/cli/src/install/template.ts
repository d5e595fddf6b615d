import { createHash } from "node:crypto";
import type { KubeObject } from "@jdos/apimachinery";
import { parseAllDocuments } from "yaml";
import { CliError } from "../errors.ts";

/** What stands for a placeholder; lists and mappings are written in YAML's flow style. */
export type TemplateValues = Readonly<Record<string, unknown>>;

export interface TemplateOptions {
  file: string;
  values: TemplateValues;
}

/**
 * The objects of a manifest with placeholders `${name}` and lines that count only under a condition: those between
 * `# if name` (or `# unless name`) and `# end`. `${checksum}` is a hash of the file as it is filled in.
 */
export function renderTemplate(text: string, { file, values }: TemplateOptions): KubeObject[] {
  const chosen = choose(text, { file, values });
  const content = fill(chosen, { file, values: { ...values, checksum: "" } });
  const checksum = `"${createHash("sha256").update(content).digest("hex").slice(0, 16)}"`;
  const filled = fill(chosen, { file, values: { ...values, checksum } });
  return parseAllDocuments(filled).flatMap((document) => {
    if (document.errors.length > 0) throw invalid(file, document.errors[0]!.message);
    const object = document.toJS() as KubeObject | null;
    return object === null ? [] : [object];
  });
}

const BEGIN = /^\s*# (if|unless) ([\w.-]+)$/;
const END = /^\s*# end$/;

function choose(text: string, { file, values }: TemplateOptions): string {
  const open: boolean[] = [];
  const kept: string[] = [];
  for (const line of text.split("\n")) {
    const [, word, name] = BEGIN.exec(line) ?? [];
    if (name !== undefined) open.push(isSet(lookUp(name, { file, values })) === (word === "if"));
    else if (!END.test(line)) {
      if (open.every((condition) => condition)) kept.push(line);
    } else if (open.pop() === undefined) throw invalid(file, '"# end" without a beginning');
  }
  if (open.length > 0) throw invalid(file, `${open.length} conditions without "# end"`);
  return kept.join("\n");
}

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function fill(text: string, { file, values }: TemplateOptions): string {
  return text.replaceAll(/^\s*#.*$|\$\{([\w.-]+)\}/gm, (match, name: string | undefined) => {
    if (name === undefined) return match;
    const value = lookUp(name, { file, values });
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  });
}

function lookUp(name: string, { file, values }: TemplateOptions): unknown {
  const value = values[name];
  if (value === undefined) throw invalid(file, `no value "${name}"`);
  return value;
}

function invalid(file: string, state: string): CliError {
  return new CliError("ManifestInvalid", `Cannot read manifest "${file}": ${state}`, {
    hint: "Restore the file from the repository",
  });
}
