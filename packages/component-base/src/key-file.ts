import { readFileSync } from "node:fs";
import { ComponentError } from "./errors.ts";

const MIN_LENGTH = 16;

/** A key that nobody may guess, out of the file of a mounted Secret. @throws ComponentError InvalidOption */
export function readKeyFile(file: string, { secret }: { secret: string }): string {
  let key: string;
  try {
    key = readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new ComponentError("InvalidOption", `Cannot read "${file}": ${(cause as Error).message}`, {
      hint: `See that Secret ${secret} is mounted`,
      cause,
    });
  }
  if (key.length >= MIN_LENGTH) return key;
  throw new ComponentError(
    "InvalidOption",
    `Cannot use "${file}": it has fewer than ${MIN_LENGTH} characters`,
    { hint: "Anybody could guess it: give it 32 random bytes" },
  );
}
