import assert from "node:assert/strict";
import { test } from "node:test";
import { packageManagerOf } from "./package-manager.ts";

const text = (facts: Parameters<typeof packageManagerOf>[0], development = false): string =>
  packageManagerOf(facts).install({ development }).join(" ");

test("packageManagerOf() goes by the lockfile, and by the version that it or package.json names", () => {
  assert.match(text({ lock: "" }), /^npm install --omit=dev /);
  assert.match(text({ lockfile: "package-lock.json", lock: "{}" }, true), /^npm ci --include=dev /);
  const pnpm = { lockfile: "pnpm-lock.yaml" } as const;
  assert.match(
    text({ ...pnpm, lock: "lockfileVersion: '6.0'\n" }),
    /=pnpm@8 -- pnpm install --frozen-lockfile --prod /,
  );
  assert.match(text({ ...pnpm, lock: "lockfileVersion: '9.0'\n" }), /=pnpm@10 /);
  assert.match(text({ ...pnpm, lock: "", packageManager: "pnpm@9.1.0+sha512.ab" }), /=pnpm@9.1.0 /);
  const yarn = { lockfile: "yarn.lock" } as const;
  assert.match(
    text({ ...yarn, lock: "# yarn lockfile v1\n" }),
    /=yarn@1.22.22 -- yarn install .* --production=true$/,
  );
  assert.match(
    text({ ...yarn, lock: "__metadata:\n" }),
    /cli-dist@4 -- yarn workspaces focus --all --production$/,
  );
  assert.match(
    text({ ...yarn, lock: "", packageManager: "yarn@3.6.0" }, true),
    /cli-dist@3.6.0 -- yarn install/,
  );
});

test("packageManagerOf() takes no version that is none", () => {
  assert.match(text({ lockfile: "yarn.lock", lock: "", packageManager: "yarn@1 --x" }), /=yarn@1.22.22 /);
});
