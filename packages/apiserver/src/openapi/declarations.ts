import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { missingFields } from "./missing-fields.ts";

/** The type of a field. */
export type FieldType =
  | { readonly kind: "string" | "integer" | "number" | "boolean" | "int-or-string" | "any" }
  | { readonly kind: "list" | "map"; readonly of: FieldType }
  /** The full name of another definition. */
  | { readonly kind: "ref"; readonly to: string };

export interface Field {
  readonly type: FieldType;
  readonly required: boolean;
  readonly description: string;
}

/** One Kind or part of a Kind, by its name in OpenAPI: io.k8s.api.core.v1.Pod. */
export interface Definition {
  readonly name: string;
  readonly description: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** Set on definitions that are Kinds. */
  readonly apiVersion?: string;
  readonly kind?: string;
}

/** Where the names of a folder of the package kubernetes-types stand in OpenAPI. */
function prefixOf(folder: string): string {
  const dotted = folder.replaceAll("/", ".");
  if (folder.startsWith("meta/")) return `io.k8s.apimachinery.pkg.apis.${dotted}`;
  if (folder.startsWith("apiextensions/")) return `io.k8s.apiextensions-apiserver.pkg.apis.${dotted}`;
  if (folder === "runtime" || folder === "version" || folder === "api/resource") {
    return `io.k8s.apimachinery.pkg.${dotted}`;
  }
  return `io.k8s.api.${dotted}`;
}

function folderOf(prefix: string): string {
  return prefix
    .replace(
      /^io\.k8s\.(apimachinery\.pkg\.apis|apiextensions-apiserver\.pkg\.apis|apimachinery\.pkg|api)\./,
      "",
    )
    .replaceAll(".", "/");
}

const packageFolder = dirname(createRequire(import.meta.url).resolve("kubernetes-types/package.json"));

/** Reads the declarations of kubernetes-types as they are asked for, and keeps them. */
export class Declarations {
  readonly #definitions = new Map<string, Definition>();
  readonly #loaded = new Set<string>();

  /** The definition of a full name; undefined when there is none. */
  get(name: string): Definition | undefined {
    const known = this.#definitions.get(name);
    if (known !== undefined) return known;
    const folder = folderOf(name.slice(0, name.lastIndexOf(".")));
    if (!this.#loaded.has(folder)) this.#load(folder);
    return this.#definitions.get(name);
  }

  #load(folder: string): void {
    this.#loaded.add(folder);
    let text: string;
    try {
      text = readFileSync(join(packageFolder, `${folder}.d.ts`), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    for (const definition of parseDeclarations(text, folder))
      this.#definitions.set(definition.name, definition);
  }
}

/** One reading of the declarations serves the whole process. */
export const declarations = new Declarations();

/** The name by which OpenAPI knows a built-in Kind. */
export function definitionName(group: string, version: string, kind: string): string {
  const folder =
    group === "" ? "core" : group.replace(/\.(authorization|authentication)?\.?k8s\.io$|\.k8s\.io$/, "");
  return `${prefixOf(`${folder}/${version}`)}.${kind}`;
}

const IMPORT = /^import \{ ([^}]+) \} from "([^"]+)";$/;
const INTERFACE = /^export interface (\w+) \{$/;
const FIELD = /^ {4}(?:readonly )?"?([$\w-]+)"?(\?)?: (.+)$/;
const MAP_VALUE = /^ {8}\[name: string\]: (.+);$/;

/** Reads one declaration file: interfaces with doc comments, optional members, maps, lists and references. */
export function* parseDeclarations(text: string, folder: string): Generator<Definition> {
  const names = new Map<string, string>();
  const own = prefixOf(folder);
  const resolve = (name: string): string => `${names.get(name) ?? own}.${name}`;
  const lines = text.split("\n");
  let comment = "";
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const imported = IMPORT.exec(line);
    if (imported !== null) {
      const from = prefixOf(join(dirname(folder), imported[2]!));
      for (const name of imported[1]!.split(",")) names.set(name.trim(), from);
    } else if (line.startsWith("/**")) {
      [comment, at] = readComment(lines, at);
    } else if (line.startsWith("export interface")) {
      const name = INTERFACE.exec(line)![1]!;
      const [definition, end] = readInterface(lines, at + 1, {
        name: `${own}.${name}`,
        description: comment,
        resolve,
      });
      at = end;
      comment = "";
      yield definition;
    } else if (line.startsWith("export type")) comment = "";
  }
}

/** The text of the comment that begins at a line, and the line on which it ends. */
function readComment(lines: readonly string[], start: number): [string, number] {
  const first = lines[start]!.trim().slice(3);
  if (first.endsWith("*/")) return [first.slice(0, -2).trim(), start];
  const parts: string[] = [];
  for (let at = start + 1; at < lines.length; at++) {
    const line = lines[at]!.trim();
    if (line === "*/") return [parts.join("\n").trim(), at];
    parts.push(line.replace(/^\* ?/, ""));
  }
  return [parts.join("\n"), lines.length];
}

interface Opening {
  name: string;
  description: string;
  resolve(name: string): string;
}

function readInterface(lines: readonly string[], start: number, opening: Opening): [Definition, number] {
  const fields = new Map<string, Field>();
  const literals: { apiVersion?: string; kind?: string } = {};
  let description = "";
  let at = start;
  for (; at < lines.length && lines[at] !== "}"; at++) {
    const line = lines[at]!;
    if (line.trimStart().startsWith("/**")) {
      [description, at] = readComment(lines, at);
      continue;
    }
    const field = FIELD.exec(line);
    if (field === null) continue;
    const [, name = "", optional, rest = ""] = field;
    let text = rest.replace(/;$/, "");
    const value = text === "{" ? MAP_VALUE.exec(lines[at + 1]!) : null;
    if (value !== null) text = `{${value[1]}}`;
    if (value !== null) at += 2;
    const literal = /^"([^"]+)"$/.exec(text);
    if (literal !== null && (name === "apiVersion" || name === "kind")) literals[name] = literal[1]!;
    const type = integerWhere(opening.name, name, typeOf(text, opening.resolve));
    fields.set(name, { type, required: optional === undefined, description });
    description = "";
  }
  for (const [name, type] of Object.entries(missingFields[opening.name] ?? {})) {
    fields.set(name, { type, required: false, description: "" });
  }
  return [{ name: opening.name, description: opening.description, fields, ...literals }, at];
}

/** TypeScript knows only numbers; those of the API are whole but for the bounds of a JSON schema. */
function integerWhere(definition: string, field: string, type: FieldType): FieldType {
  const fraction = definition.endsWith(".JSONSchemaProps") && /^(maximum|minimum|multipleOf)$/.test(field);
  return type.kind === "integer" && fraction ? { kind: "number" } : type;
}

/** Types that are written as something else than an object. */
const PLAIN: Readonly<Record<string, FieldType>> = {
  string: { kind: "string" },
  number: { kind: "integer" },
  boolean: { kind: "boolean" },
  "number | string": { kind: "int-or-string" },
  JSON: { kind: "any" },
  JSONSchemaPropsOrArray: { kind: "any" },
  JSONSchemaPropsOrBool: { kind: "any" },
  JSONSchemaPropsOrStringArray: { kind: "any" },
};

function typeOf(text: string, resolve: (name: string) => string): FieldType {
  const plain = PLAIN[text];
  if (plain !== undefined) return plain;
  if (text.startsWith('"')) return { kind: "string" };
  if (text.startsWith("{")) return { kind: "map", of: typeOf(text.slice(1, -1), resolve) };
  const list = /^Array<(.+)>$/.exec(text);
  return list === null ? { kind: "ref", to: resolve(text) } : { kind: "list", of: typeOf(list[1]!, resolve) };
}
