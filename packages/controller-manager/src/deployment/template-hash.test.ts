import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PodTemplateSpec } from "@jdos/api";
import { equalTemplates, templateHash } from "./template-hash.ts";

const template: PodTemplateSpec = {
  metadata: { labels: { app: "web", tier: "front" } },
  spec: { containers: [{ name: "c", image: "i" }] },
};

describe("templateHash", () => {
  it("templateHash() does not depend on the order of members", () => {
    const other = { spec: template.spec, metadata: { labels: { tier: "front", app: "web" } } };
    assert.equal(templateHash(template), templateHash(other));
    assert.match(templateHash(template), /^[a-z0-9]{10}$/);
  });

  it("templateHash() differs with the template and with the collision count", () => {
    const other = { ...template, spec: { containers: [{ name: "c", image: "j" }] } };
    const hashes = [
      templateHash(template),
      templateHash(other),
      templateHash(template, 1),
      templateHash(template, 2),
    ];
    assert.equal(new Set(hashes).size, 4);
  });

  it("equalTemplates() overlooks the hash label alone", () => {
    const labelled = {
      ...template,
      metadata: { labels: { ...template.metadata!.labels, "pod-template-hash": "x" } },
    };
    assert.ok(equalTemplates(template, labelled));
    const other = { ...template, metadata: { labels: { app: "web" } } };
    assert.ok(!equalTemplates(template, other));
  });
});
