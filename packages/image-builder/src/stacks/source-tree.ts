import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ImageBuilderError } from "../errors.ts";

/** More than any file has that a stack reads. */
const MAX_BYTES = 4 * 1024 * 1024;

/** What stacks look at in a source: plain files and folders, never what is behind a link. */
export class SourceTree {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  has(name: string): boolean {
    return this.#kind(name) === "file";
  }

  hasFolder(name: string): boolean {
    return this.#kind(name) === "folder";
  }

  /** The first of these files that is there. */
  first(names: readonly string[]): string | undefined {
    return names.find((name) => this.has(name));
  }

  /** The text of a file; empty when there is none. */
  text(name: string): string {
    return this.bytes(name).toString("utf8");
  }

  /** What a file holds; empty when there is none, or when it is larger than any that a stack reads. */
  bytes(name: string): Buffer {
    if (!this.has(name)) return Buffer.alloc(0);
    const path = join(this.directory, name);
    return lstatSync(path).size > MAX_BYTES ? Buffer.alloc(0) : readFileSync(path);
  }

  json<T extends object>(name: string): Partial<T> {
    try {
      const value: unknown = JSON.parse(this.text(name));
      if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Partial<T>;
      throw new Error("it is no JSON object");
    } catch (error) {
      throw new ImageBuilderError("InvalidPackage", `Cannot read ${name}: ${(error as Error).message}`, {
        cause: error,
        hint: "Correct its JSON",
      });
    }
  }

  /** Names in a folder in their order; none when there is no such folder. */
  list(folder = "."): string[] {
    return folder === "." || this.hasFolder(folder) ? readdirSync(join(this.directory, folder)).sort() : [];
  }

  /** The command of a Procfile's web process. */
  get procfileWeb(): string | undefined {
    return /^web:\s*(.+)$/m.exec(this.text("Procfile"))?.[1]?.trim();
  }

  #kind(name: string): "file" | "folder" | undefined {
    let path = this.directory;
    const parts = name.split("/");
    for (const [at, part] of parts.entries()) {
      path = join(path, part);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) return undefined;
      const last = at === parts.length - 1;
      if (last && stats.isFile()) return "file";
      if (!stats.isDirectory()) return undefined;
      if (last) return "folder";
    }
    return undefined;
  }
}
