import { readFileSync } from "node:fs";
import { ComponentError } from "@jdos/component-base";

const MIN_LENGTH = 16;

/** Of which the signing secrets of webhooks are made, out of its file. @throws ComponentError InvalidOption */
export function readMasterKey(file: string): string {
  let key: string;
  try {
    key = readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new ComponentError("InvalidOption", `Cannot read "${file}": ${(cause as Error).message}`, {
      hint: "See that Secret jdos-system/git-server-keys is mounted",
      cause,
    });
  }
  if (key.length >= MIN_LENGTH) return key;
  throw new ComponentError(
    "InvalidOption",
    `Cannot use "${file}": it has fewer than ${MIN_LENGTH} characters`,
    {
      hint: "Anybody could guess it: give it 32 random bytes",
    },
  );
}
