import assert from "node:assert/strict";
import { test } from "node:test";
import { isSameRepository, repositoryKey } from "./repository-url.ts";

test("repositoryKey() is the same for all forms of one repository", () => {
  for (const address of [
    "https://git.example.org/Team/shop.git",
    "https://git.example.org/team/shop",
    "https://git.example.org:443/team/shop/",
    "http://user:password@git.example.org/team/shop.git",
    "ssh://git@git.example.org/team/shop.git",
    "ssh://git@git.example.org:22/team/shop.git",
    "git@git.example.org:team/shop.git",
    "git://git.example.org/team/shop.git",
  ])
    assert.equal(repositoryKey(address), "git.example.org/team/shop", address);
  assert.equal(repositoryKey("http://10.0.0.1:3000/a/b.git"), "10.0.0.1:3000/a/b");
  assert.equal(repositoryKey("ssh://git@git.example.org:2222/a/b"), "git.example.org:2222/a/b");
});

test("repositoryKey() gives no key to what is no repository's address", () => {
  for (const address of ["", "shop", "file:///etc/passwd", "ftp://x/y", "/srv/git/shop.git"])
    assert.equal(repositoryKey(address), undefined, address);
  assert.equal(isSameRepository("", [""]), false);
  assert.equal(isSameRepository("https://a/b", ["https://a/c", "git@a:b.git"]), true);
  assert.equal(isSameRepository("https://a/b", ["https://b/b", "https://a/b/c"]), false);
});
