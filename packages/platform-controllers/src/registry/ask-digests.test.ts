import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { registryUrl } from "./ask-digests.ts";

describe("registryUrl()", () => {
  it("registryUrl() is Docker Hub's for docker.io, TLS but on loopback", () => {
    assert.equal(registryUrl("docker.io"), "https://registry-1.docker.io");
    assert.equal(registryUrl("harbor.example.org:8443"), "https://harbor.example.org:8443");
    assert.equal(registryUrl("127.0.0.1:5000"), "http://127.0.0.1:5000");
    assert.equal(registryUrl("localhost.example.org"), "https://localhost.example.org");
  });
});
