import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatImageName, parseImageName } from "./image-name.ts";
import { mirroredImage, parseMirrors } from "./mirrors.ts";

const digest = `sha256:${"a".repeat(64)}`;

describe("parseImageName", () => {
  for (const [text, full] of [
    ["node", "docker.io/library/node:latest"],
    ["node:20", "docker.io/library/node:20"],
    ["team/app", "docker.io/team/app:latest"],
    ["docker.io/node", "docker.io/library/node:latest"],
    ["localhost/app:1", "localhost/app:1"],
    ["registry.example:5000/a/b/c:x", "registry.example:5000/a/b/c:x"],
    [`quay.io/a:1@${digest}`, `quay.io/a@${digest}`],
  ] as const)
    it(`parseImageName() reads "${text}"`, () => {
      assert.equal(formatImageName(parseImageName(text)!), full);
    });

  for (const text of ["", "Upper", "a b", "app:", "app@sha256:12", "../app", "http://x/y", "h.example/../x"])
    it(`parseImageName() refuses "${text}"`, () => assert.equal(parseImageName(text), undefined));
});

describe("mirroredImage", () => {
  const mirrors = parseMirrors({
    "docker.io": "registry.example/dockerhub",
    "docker.io/library/node": "http://registry.example:5000/mirror/node",
    "quay.io": "other.example",
  });
  const where = (text: string): string | undefined => {
    const found = mirroredImage(parseImageName(text)!, mirrors);
    return found && `${found.mirror.url} ${formatImageName(found.name)}`;
  };

  it("mirroredImage() takes the longest prefix, whole words of it", () => {
    assert.equal(where("node:20"), "http://registry.example:5000 registry.example:5000/mirror/node:20");
    assert.equal(where("node"), "http://registry.example:5000 registry.example:5000/mirror/node:latest");
    const hub = "https://registry.example registry.example/dockerhub/library/nodejs:1";
    assert.equal(where("library/nodejs:1"), hub);
    assert.equal(where(`quay.io/a/b@${digest}`), `https://other.example other.example/a/b@${digest}`);
    assert.equal(where("ghcr.io/a/b"), undefined);
    assert.equal(where("docker.io.example/a/b"), undefined);
  });

  it("parseMirrors() refuses what is no place of images", () => {
    for (const map of [[], "x", { "": "a.example" }, { "docker.io/": "a.example" }, { "docker.io": 1 }])
      assert.throws(() => parseMirrors(map), { code: "InvalidOption" }, JSON.stringify(map));
    for (const to of [
      "ftp://a.example",
      "a.example/",
      "a.example/../b",
      "user@a.example/x",
      "a.example/X",
      "",
    ])
      assert.throws(() => parseMirrors({ "docker.io": to }), { code: "InvalidOption" }, to);
  });
});
