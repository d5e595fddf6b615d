import { after, it } from "node:test";

/** Title of a test -> why it is skipped. */
export type Skips = Readonly<Record<string, string>>;

/** `it` for one run of a shared suite: skips the named tests with their reason, and none that the suite lacks. */
export function skippingIt(skips: Skips): (title: string, test: () => Promise<void> | void) => void {
  const unknown = new Set(Object.keys(skips));
  after(() => {
    if (unknown.size > 0) throw new Error(`Cannot skip "${[...unknown].join('", "')}": no such test`);
  });
  return (title, test) => {
    unknown.delete(title);
    const skip = skips[title] ?? false;
    it(title, { skip }, async () => test());
  };
}
