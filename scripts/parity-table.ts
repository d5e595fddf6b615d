import type { Results, TestResult } from "./test-results.ts";

const HEAD = `# The same platform on one machine and on a cluster

Every end-to-end test, tried with the embedded engine and with a real Kubernetes 1.20.2: what came of each file when it
last ran in \`npm test\` and in \`npm run test:kubernetes\`. Written by \`node scripts/parity.ts\`, not by hand.
`;

/** The page: a table a test file, a row a test, a column a target. */
export function parityTable(embedded: Results, kubernetes: Results): string {
  const files = [...new Set([...Object.keys(embedded), ...Object.keys(kubernetes)])].sort();
  const tables = files.map((file) => fileTable(file, embedded[file] ?? [], kubernetes[file] ?? []));
  const totals = `\n${total("Embedded engine", embedded)}. ${total("Kubernetes 1.20.2", kubernetes)}.\n`;
  return `${HEAD}${totals}${tables.join("")}`;
}

function total(name: string, results: Results): string {
  const tests = Object.values(results).flat();
  const count = (state: TestResult["state"]) =>
    tests.filter((test) => test.suite !== true && test.state === state).length;
  return `${name}: ${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped one by one`;
}

function fileTable(file: string, embedded: readonly TestResult[], kubernetes: readonly TestResult[]): string {
  const tests = [...embedded, ...kubernetes].filter((test) => test.suite !== true);
  const titles = [...new Set(tests.map(({ title }) => title))];
  const rows = titles.map((title) => {
    const cells = [embedded, kubernetes].map((results) => cellOf(results, title));
    return `| ${escaped(title)} | ${cells.join(" | ")} |\n`;
  });
  if (rows.length === 0) return "";
  return `\n## ${file}\n\n| test | embedded engine | Kubernetes 1.20.2 |\n|---|---|---|\n${rows.join("")}`;
}

function cellOf(results: readonly TestResult[], title: string): string {
  const own = results.find((test) => test.suite !== true && test.title === title);
  const suite = results.find((test) => test.suite === true);
  const { state, reason } = own ?? suite ?? {};
  if (state === undefined) return "not run";
  return state === "skipped" ? `skipped: ${escaped(reason ?? "")}` : state;
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
