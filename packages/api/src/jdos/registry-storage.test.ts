import assert from "node:assert/strict";
import { it } from "node:test";
import { isRegistryLimit, readRegistryStorage, registrySpace } from "./registry-storage.ts";

it("isRegistryLimit() takes a share of the disk or a quantity", () => {
  for (const text of ["80%", "1%", "100%", "50Gi", "500M", "1000000"])
    assert.equal(isRegistryLimit(text), true, text);
  for (const text of ["", "0%", "101%", "Gi", "-1", "1.5Gi", "0", "80 %"])
    assert.equal(isRegistryLimit(text), false, text);
});

it("readRegistryStorage() says nothing of a ConfigMap that says nothing", () => {
  assert.equal(readRegistryStorage(undefined), undefined);
  assert.equal(readRegistryStorage({ data: { state: "?" } }), undefined);
  const data = { state: "Full", usedBytes: "1073741824", limitBytes: "2147483648" };
  assert.equal(registrySpace(readRegistryStorage({ data })!), "1.0 GiB of 2.0 GiB");
});
