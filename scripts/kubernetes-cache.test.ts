import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { findKubernetes, KUBERNETES_PROGRAMS, kubernetesCache } from "../test/kubernetes/build/cache.ts";

const home = mkdtempSync(join(tmpdir(), "jdos-kubernetes-cache-"));
after(() => rmSync(home, { recursive: true }));

describe("findKubernetes()", () => {
  it("kubernetesCache() lies in the user's cache folder, by version", () => {
    assert.equal(kubernetesCache({ XDG_CACHE_HOME: "/c", HOME: "/h" }).bin, "/c/jdos/kubernetes/1.20.2/bin");
    assert.equal(kubernetesCache({ HOME: "/h" }).bin, "/h/.cache/jdos/kubernetes/1.20.2/bin");
  });

  it("findKubernetes() counts a build only when every program is there", () => {
    const cache = kubernetesCache({ HOME: home });
    mkdirSync(cache.bin, { recursive: true });
    for (const program of KUBERNETES_PROGRAMS) {
      assert.equal(findKubernetes(cache), undefined);
      writeFileSync(join(cache.bin, program), "");
    }
    assert.equal(findKubernetes(cache), cache.bin);
  });
});
