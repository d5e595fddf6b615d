import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutCacheLocks } from "./cache-locks.ts";

test("withoutCacheLocks() takes out the locks of cache mounts and nothing else", () => {
  const text = `RUN --mount=type=cache,target=/a,sharing=locked --mount=sharing=locked,type=cache,target=/b \\
  --mount=type=cache,sharing=private,target=/c echo sharing=locked
`;
  assert.equal(
    withoutCacheLocks(text),
    `RUN --mount=type=cache,target=/a --mount=type=cache,target=/b \\
  --mount=type=cache,sharing=private,target=/c echo sharing=locked
`,
  );
});
