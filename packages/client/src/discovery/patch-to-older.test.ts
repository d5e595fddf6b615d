import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CronJobs, EndpointSlices, PodDisruptionBudgets } from "@jdos/api";
import { shapedKind } from "@jdos/api/older-shapes";
import { isStatus, type ResourceType } from "@jdos/apimachinery";
import type { Patch } from "../client.ts";
import { patchToOlder } from "./patch-to-older.ts";

function translated(type: ResourceType, patch: Patch): object {
  const shape = shapedKind(type)!.older[0]!;
  return patchToOlder(patch, { type: { ...type, version: shape.version }, shape }, "web").body;
}

const newest = { addresses: ["10.0.0.1"], nodeName: "n1" };
const older = { addresses: ["10.0.0.1"], topology: { "kubernetes.io/hostname": "n1" } };
const path = "/spec/jobTemplate/spec/parallelism";

describe("patchToOlder", () => {
  const said: [string, { type: ResourceType; patch: Patch; body: unknown }][] = [
    [
      "a merge patch that replaces a list",
      {
        type: EndpointSlices,
        patch: { type: "merge", body: { apiVersion: "discovery.k8s.io/v1", endpoints: [newest] } },
        body: { apiVersion: "discovery.k8s.io/v1beta1", endpoints: [older] },
      },
    ],
    [
      "a merge patch of what is the same",
      {
        type: PodDisruptionBudgets,
        patch: { type: "merge", body: { metadata: { labels: { a: null } }, spec: { minAvailable: 2 } } },
        body: { metadata: { labels: { a: null } }, spec: { minAvailable: 2 } },
      },
    ],
    [
      "an applied configuration",
      {
        type: PodDisruptionBudgets,
        patch: { type: "apply", body: { spec: { selector: {} } } },
        body: {
          spec: {
            selector: {
              matchExpressions: [
                {
                  key: "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match",
                  operator: "DoesNotExist",
                },
              ],
            },
          },
        },
      },
    ],
    [
      "JSON operations on whole items and on what is the same",
      {
        type: EndpointSlices,
        patch: {
          type: "json",
          body: [
            { op: "test", path: "/metadata/resourceVersion", value: "7" },
            { op: "replace", path: "/endpoints", value: [newest] },
            { op: "add", path: "/endpoints/-", value: newest },
            { op: "remove", path: "/endpoints/0" },
          ],
        },
        body: [
          { op: "test", path: "/metadata/resourceVersion", value: "7" },
          { op: "replace", path: "/endpoints", value: [older] },
          { op: "add", path: "/endpoints/-", value: older },
          { op: "remove", path: "/endpoints/0" },
        ],
      },
    ],
    [
      "JSON operations on what holds a member that is said in another way",
      {
        type: PodDisruptionBudgets,
        patch: {
          type: "json",
          body: [{ op: "replace", path: "/spec/selector", value: { matchLabels: { a: "b" } } }],
        },
        body: [{ op: "replace", path: "/spec/selector", value: { matchLabels: { a: "b" } } }],
      },
    ],
    [
      "any patch of a version in the same words",
      {
        type: CronJobs,
        patch: { type: "json", body: [{ op: "replace", path, value: 2 }] },
        body: [{ op: "replace", path, value: 2 }],
      },
    ],
  ];
  for (const [name, { type, patch, body }] of said)
    it(`translates ${name}`, () => assert.deepEqual(translated(type, patch), body));

  const json = (operation: { op: string; path: string; value?: unknown; from?: string }): Patch => ({
    type: "json",
    body: [operation],
  });
  const refused: [string, { type: ResourceType; patch: Patch; field: string }][] = [
    [
      "a merge with what is said in another way",
      {
        type: PodDisruptionBudgets,
        patch: { type: "merge", body: { spec: { selector: { matchLabels: { a: null } } } } },
        field: "spec.selector",
      },
    ],
    [
      "a member the older version lacks",
      {
        type: CronJobs,
        patch: { type: "strategic", body: { spec: { timeZone: "UTC" } } },
        field: "spec.timeZone",
      },
    ],
    [
      "a JSON operation that brings a member the older version lacks",
      {
        type: CronJobs,
        patch: json({ op: "add", path: "/spec", value: { timeZone: "UTC" } }),
        field: "spec.timeZone",
      },
    ],
    [
      "a JSON operation inside an item",
      {
        type: EndpointSlices,
        patch: json({ op: "add", path: "/endpoints/0/nodeName", value: "n2" }),
        field: "endpoints.0.nodeName",
      },
    ],
    [
      "a JSON operation that moves an item",
      {
        type: EndpointSlices,
        patch: json({ op: "move", from: "/endpoints/0", path: "/endpoints/1" }),
        field: "endpoints.1",
      },
    ],
    [
      "a JSON test of what is said in another way",
      {
        type: EndpointSlices,
        patch: json({ op: "test", path: "/endpoints/0", value: newest }),
        field: "endpoints.0",
      },
    ],
    [
      "a JSON operation on the whole object",
      { type: EndpointSlices, patch: json({ op: "replace", path: "", value: {} }), field: "endpoints" },
    ],
  ];
  for (const [name, { type, patch, field }] of refused)
    it(`refuses ${name}`, () => {
      assert.throws(
        () => translated(type, patch),
        (error) => {
          assert.ok(isStatus(error, "Invalid"), String(error));
          assert.equal(error.details?.causes?.[0]?.field, field);
          return true;
        },
      );
    });
});
