/**
 * Writes docs/parity.md from what the last runs of the end-to-end tests left: `npm test` for the embedded engine,
 * `npm run test:kubernetes` for a real Kubernetes.
 */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parityTable } from "./parity-table.ts";
import { readResults } from "./test-results.ts";

const [embedded, kubernetes] = await Promise.all([readResults("embedded"), readResults("kubernetes")]);
if (Object.keys(embedded).length === 0 || Object.keys(kubernetes).length === 0) {
  process.stderr.write(
    "ResultsMissing: Cannot write docs/parity.md: one of the targets was not tested\nhint: Run npm test and npm run test:kubernetes first\n",
  );
  process.exit(1);
}
const file = join(resolve(import.meta.dirname, ".."), "docs/parity.md");
await writeFile(file, parityTable(embedded, kubernetes));
