import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { example } from "./platform.ts";

/** A copy of an example that a test may change. */
export class Source {
  readonly path: string;

  constructor(name: string) {
    this.path = mkdtempSync(join(tmpdir(), "jdos-e2e-source-"));
    cpSync(example(name), this.path, { recursive: true });
  }

  replace(file: string, from: string, to: string): this {
    const path = join(this.path, file);
    const before = readFileSync(path, "utf8");
    if (!before.includes(from)) throw new Error(`"${from}" is not in ${file}`);
    writeFileSync(path, before.replaceAll(from, to));
    return this;
  }

  write(file: string, content: string): this {
    writeFileSync(join(this.path, file), content);
    return this;
  }

  delete(file: string): this {
    rmSync(join(this.path, file));
    return this;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
