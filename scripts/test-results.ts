import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import type { ReportedEvent } from "./test-reporter.ts";

export interface TestResult {
  readonly title: string;
  readonly state: "passed" | "failed" | "skipped";
  /** Why it was skipped. */
  readonly reason?: string;
  /** A whole suite that was skipped: its tests are not told. */
  readonly suite?: true;
}

/** Of each test file, relative to the repository, what came of its tests at their last run. */
export type Results = Readonly<Record<string, readonly TestResult[]>>;

const ROOT = resolve(import.meta.dirname, "..");

/** Where the results of one target are kept between runs. */
export function resultsFile(target: string): string {
  return join(ROOT, "node_modules/.cache/jdos/e2e", `${target}.json`);
}

export async function readResults(target: string): Promise<Results> {
  try {
    return JSON.parse(await readFile(resultsFile(target), "utf8")) as Results;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return {};
  }
}

/** Keeps what came of each end-to-end test, for docs/parity.md. */
export class TestResults {
  readonly #files = new Map<string, TestResult[]>();

  take({ type, data }: ReportedEvent): void {
    if ((type !== "test:pass" && type !== "test:fail") || data.file === undefined) return;
    const suite = data.details?.type === "suite";
    const skipped = typeof data.skip === "string" ? data.skip : undefined;
    if (data.name === undefined || (suite && skipped === undefined)) return;
    const state = skipped !== undefined ? "skipped" : type === "test:pass" ? "passed" : "failed";
    const file = relative(ROOT, data.file);
    const result: TestResult = {
      title: data.name,
      state,
      ...(skipped === undefined ? {} : { reason: skipped }),
      ...(suite ? { suite } : {}),
    };
    this.#files.set(file, [...(this.#files.get(file) ?? []), result]);
  }

  files(): Results {
    return Object.fromEntries(this.#files);
  }

  /** Adds to what earlier runs left of other files. */
  async save(target: string): Promise<void> {
    if (this.#files.size === 0) return;
    const results = { ...(await readResults(target)), ...this.files() };
    await mkdir(dirname(resultsFile(target)), { recursive: true });
    await writeFile(resultsFile(target), JSON.stringify(results, null, 2));
  }
}
