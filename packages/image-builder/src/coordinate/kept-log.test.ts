import assert from "node:assert/strict";
import test from "node:test";
import { KeptLog } from "./kept-log.ts";

test("KeptLog keeps the beginning and the end of a long log, and says what was cut between", () => {
  const log = new KeptLog({ headBytes: 1000, tailBytes: 2000 });
  for (let line = 0; line < 20_000; line++) log.add(`line ${line}`);
  const lines = log.text().trimEnd().split("\n");
  const numbers = lines.flatMap((line) => /Z line (\d+)$/.exec(line)?.[1] ?? []).map(Number);
  assert.equal(numbers[0], 0);
  assert.equal(numbers.at(-1), 19_999);
  const cut = lines.filter((line) => / lines \(\d+ bytes\) were cut here$/.test(line));
  assert.equal(cut.length, 1);
  assert.equal(Number(/(\d+) lines/.exec(cut[0] ?? "")?.[1]), 20_000 - numbers.length);
  assert.ok(log.text().length < 3200);
});

test("KeptLog keeps a short log whole", () => {
  const log = new KeptLog();
  log.add("a");
  log.add("");
  assert.match(log.text(), /^\S+Z a\n\S+Z \n$/);
});
