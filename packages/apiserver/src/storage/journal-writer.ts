import { Worker } from "node:worker_threads";
import { Journal, type JournalEntry, type JournalRow } from "./journal.ts";

/** Where batches go. */
export interface JournalWriter {
  /** Resolves when batches can be written. */
  readonly ready: Promise<void>;
  /** Resolves when the batch is on disk; all of it or none. One at a time. */
  append(entries: readonly JournalEntry[]): Promise<void>;
  close(): Promise<void>;
}

export interface OpenedJournal {
  readonly writer: JournalWriter;
  readonly revision: number;
  readonly rows: readonly JournalRow[];
}

/**
 * Opens the store's file and reads it. A file is written by a thread of its own, so that the disk never holds up
 * the event loop; memory is written in place.
 */
export function openJournal(path: string): OpenedJournal {
  const journal = new Journal(path);
  const opened = { revision: journal.revision(), rows: [...journal.rows()] };
  if (path === ":memory:") return { ...opened, writer: inPlace(journal) };
  journal.close();
  return { ...opened, writer: new ThreadWriter(path) };
}

function inPlace(journal: Journal): JournalWriter {
  return {
    ready: Promise.resolve(),
    append: async (entries) => journal.append(entries),
    close: async () => journal.close(),
  };
}

interface Waiting {
  resolve(): void;
  reject(error: unknown): void;
}

class ThreadWriter implements JournalWriter {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly ready: Promise<void>;
  #waiting: Waiting | undefined;
  #failure: Error | undefined;

  constructor(path: string) {
    this.#worker = new Worker(new URL("./journal-thread.ts", import.meta.url), {
      workerData: { path },
      name: "journal",
    });
    this.ready = new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    // Whoever asks for it hears of a failure; nobody has to.
    this.ready.catch(() => {});
    // The thread alone does not keep the process alive; a batch on its way does.
    this.#worker.unref();
    this.#worker.on("message", (error: string | null) => this.#answered(error));
    this.#worker.on("error", (error: Error) => this.#fail(error));
    this.#ended = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        this.#fail(new Error("the journal's thread has ended"));
        resolve();
      });
    });
  }

  async append(entries: readonly JournalEntry[]): Promise<void> {
    await this.ready;
    if (this.#failure !== undefined) throw this.#failure;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.ref();
      this.#worker.postMessage(entries);
    });
  }

  #answered(error: string | null): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#worker.unref();
    if (error === null) waiting?.resolve();
    else waiting?.reject(new Error(error));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  async close(): Promise<void> {
    this.#worker.ref();
    this.#worker.postMessage(null);
    await this.#ended;
  }
}
