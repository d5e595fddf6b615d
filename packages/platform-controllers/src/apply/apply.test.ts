import assert from "node:assert/strict";
import test from "node:test";
import { type Deployment, Deployments } from "@jdos/api";
import { isStatus, type Persisted, StatusError } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { apply } from "./apply.ts";

test("apply() leaves an object that it cannot write to the next run", async () => {
  const metadata = { name: "web", namespace: "demo", uid: "1", resourceVersion: "1", creationTimestamp: "" };
  const owner: Persisted<Deployment> = { apiVersion: "apps/v1", kind: "Deployment", metadata };
  const ownerReferences = [
    { apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: "1", controller: true },
  ];
  const known: Persisted<Deployment> = {
    ...owner,
    metadata: { ...metadata, ownerReferences },
  };
  let writes = 0;
  // No server refuses without end at will.
  const client = {
    get: async () => known,
    update: async () => {
      if (++writes > 10) throw new Error("without end");
      throw new StatusError("Conflict", "the object has been modified");
    },
  } as unknown as Client;
  const wanted: Deployment = { metadata: { name: "web", namespace: "demo" }, spec: undefined as never };
  await assert.rejects(apply(client, Deployments, wanted, { owner, known }), (error) =>
    isStatus(error, "Conflict"),
  );
  assert.equal(writes, 2);
});
