import { parentPort, workerData } from "node:worker_threads";
import { Journal, type JournalEntry } from "./journal.ts";

/** The thread that writes: takes a batch, answers null when it is on disk or the error's sentence; null ends it. The first answer says that the file is open. */
const journal = new Journal((workerData as { path: string }).path);
const port = parentPort!;
port.postMessage(null);

port.on("message", (entries: readonly JournalEntry[] | null) => {
  if (entries === null) {
    journal.close();
    port.close();
    return;
  }
  try {
    journal.append(entries);
    port.postMessage(null);
  } catch (error) {
    port.postMessage(error instanceof Error ? error.message : String(error));
  }
});
