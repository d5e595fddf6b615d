import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointsObject } from "@jdos/api";
import { truncate } from "./capacity.ts";

type Subset = NonNullable<EndpointsObject["subsets"]>[number];

const addresses = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ ip: `10.0.${index >> 8}.${index & 255}` }));

const subset = (ready: number, others: number): Subset => ({
  ...(ready > 0 ? { addresses: addresses(ready) } : {}),
  ...(others > 0 ? { notReadyAddresses: addresses(others) } : {}),
  ports: [{ port: 80 }],
});

const sizes = (subsets: readonly Subset[] | undefined) =>
  subsets?.map((each) => [each.addresses?.length ?? 0, each.notReadyAddresses?.length ?? 0]);

test("truncate() leaves a thousand addresses as they are", () => {
  assert.equal(truncate([subset(600, 400)]), undefined);
});

test("truncate() keeps what is ready before what is not, and each subset its share", () => {
  assert.deepEqual(sizes(truncate([subset(600, 300), subset(200, 100)])), [
    [600, 150],
    [200, 50],
  ]);
  assert.deepEqual(sizes(truncate([subset(1500, 10), subset(500, 10)])), [
    [750, 0],
    [250, 0],
  ]);
});

test("truncate() drops a subset that is left without an address", () => {
  assert.deepEqual(sizes(truncate([subset(1000, 0), subset(0, 5)])), [[1000, 0]]);
});
