import { relative } from "node:path";
import { inspect } from "node:util";

/** The events of node:test that the reporter reads. */
export interface ReportedEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly file?: string;
    readonly nesting?: number;
    readonly skip?: string | boolean;
    readonly todo?: string | boolean;
    readonly message?: string;
    /** Of a file's summary. */
    readonly duration_ms?: number;
    readonly details?: { readonly type?: string; readonly duration_ms?: number; readonly error?: unknown };
  };
}

export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

interface FileReport extends Totals {
  readonly file: string;
  readonly started: number;
  readonly output: string[];
  readonly skips: Map<string, number>;
}

export interface ReporterOptions {
  root: string;
  write(text: string): void;
  now?(): number;
}

/**
 * Prints a line for each file when it ends, every failure in full with what its file printed, and keeps the
 * totals. A suite is not a test; a suite that fails because of its own hook counts as one failure.
 */
export class TestReporter {
  readonly totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  readonly #files = new Map<string, FileReport>();
  readonly #failures: string[] = [];
  readonly #options: ReporterOptions;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** `file` is the test file that runs: what a suite that lies in another file reports is counted for it. */
  take({ type, data }: ReportedEvent, file: string): void {
    const report = this.#report(file);
    if (type === "test:pass" || type === "test:fail") this.#result(report, type === "test:pass", data);
    else if ((type === "test:stdout" || type === "test:stderr") && data.message !== undefined) {
      report.output.push(data.message);
    } else if (type === "test:summary" && data.file !== undefined) {
      this.#closeFile(report, data.duration_ms);
    }
  }

  /** What fails outside of a test file counts as a test of its own. */
  fail(what: string, error: unknown): void {
    this.totals.failed++;
    this.#tell(what, error);
  }

  /** The failures again, then the line that scripts read. */
  finish(): void {
    for (const report of [...this.#files.values()]) {
      if (report.passed + report.failed + report.skipped > 0) this.#closeFile(report);
    }
    const { passed, failed, skipped } = this.totals;
    if (failed > 0)
      this.#options.write(`\nFailed:\n${this.#failures.map((title) => `  ${title}\n`).join("")}`);
    this.#options.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
  }

  #result(report: FileReport, ok: boolean, data: ReportedEvent["data"]): void {
    const skipped = skipReason(data);
    if (skipped !== undefined) {
      report.skipped++;
      report.skips.set(skipped, (report.skips.get(skipped) ?? 0) + 1);
      return;
    }
    const suite = data.details?.type === "suite";
    if (ok) {
      if (!suite) report.passed++;
      return;
    }
    const error = rootCause(data.details?.error);
    if (isOnlySubtests(data.details?.error)) return;
    report.failed++;
    const where = `${this.#name(data.file ?? "")}: ${data.name ?? ""}`;
    this.#tell(where, error);
  }

  #tell(where: string, error: unknown): void {
    this.#failures.push(where);
    this.#options.write(`\n✖ ${where}\n${indent(describe(error))}\n`);
  }

  #report(file: string): FileReport {
    let report = this.#files.get(file);
    if (report === undefined) {
      report = { file, started: this.#now(), output: [], skips: new Map(), passed: 0, failed: 0, skipped: 0 };
      this.#files.set(file, report);
    }
    return report;
  }

  #closeFile(report: FileReport, durationMillis = this.#now() - report.started): void {
    this.#files.delete(report.file);
    this.totals.passed += report.passed;
    this.totals.failed += report.failed;
    this.totals.skipped += report.skipped;
    const seconds = (durationMillis / 1000).toFixed(1);
    const counts = `${report.passed} passed${report.failed > 0 ? `, ${report.failed} failed` : ""}`;
    this.#options.write(
      `${report.failed > 0 ? "✖" : "✔"} ${this.#name(report.file)}  ${counts}, ${seconds} s\n`,
    );
    for (const [reason, count] of report.skips) this.#options.write(`    ${count} skipped: ${reason}\n`);
    if (report.failed > 0 && report.output.length > 0) {
      this.#options.write(`${indent(`it printed:\n${report.output.join("").trimEnd().slice(-8_000)}`)}\n`);
    }
  }

  #name(file: string): string {
    return relative(this.#options.root, file);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function skipReason({ skip, todo }: ReportedEvent["data"]): string | undefined {
  for (const mark of [skip, todo]) {
    if (mark !== undefined && mark !== false) return mark === true || mark === "" ? "no reason given" : mark;
  }
  return undefined;
}

interface TestError {
  readonly failureType?: string;
  readonly cause?: unknown;
}

/** A parent whose children failed says nothing new. */
function isOnlySubtests(error: unknown): boolean {
  return (error as TestError | undefined)?.failureType === "subtestsFailed";
}

function rootCause(error: unknown): unknown {
  const { failureType, cause } = (error ?? {}) as TestError;
  return failureType !== undefined && cause !== undefined ? cause : error;
}

function describe(error: unknown): string {
  if (typeof error === "string") return error;
  return inspect(error, { depth: 6, breakLength: 110 });
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "    ");
}
