import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, it } from "node:test";
import type { Client } from "@jdos/client";
import { createLogger } from "@jdos/component-base";
import { startTestGitServer, type TestGitServer } from "../testing/start-test-git-server.ts";
import { WorkTree } from "../testing/work-tree.ts";
import { Git } from "./git.ts";
import { tidyUp } from "./keeper.ts";
import { Repositories } from "./repositories.ts";

let server: TestGitServer;
before(async () => {
  server = await startTestGitServer();
});
after(() => server.stop());

it("tidyUp() removes repositories of applications that are gone, and keeps the others whole", async () => {
  const tree = await WorkTree.create();
  for (const app of ["kept", "gone"]) await tree.git("push", server.remote(app), "main");
  const git = new Git({ path: process.env.PATH ?? "", hooksDirectory: "/nonexistent" });
  const uid = server.platform.applications.get("demo/kept")!.uid;
  const client = { list: async () => ({ items: [{ metadata: { uid } }], metadata: {} }) } as never;
  const options = {
    client: client as Pick<Client, "list">,
    git,
    repositories: new Repositories(server.dataDirectory, git),
    log: createLogger({ name: "test", level: "silent" }),
    signal: new AbortController().signal,
  };
  await tidyUp(options);
  assert.deepEqual(await readdir(join(server.dataDirectory, "repositories/demo")), ["kept.git"]);
  assert.match((await tree.git("ls-remote", server.remote("kept"))).stdout, /refs\/heads\/main/);
  const broken = { list: () => Promise.reject(new Error("away")) } as never;
  await assert.rejects(tidyUp({ ...options, client: broken }), /away/);
  assert.deepEqual(await readdir(join(server.dataDirectory, "repositories/demo")), ["kept.git"]);
  await tree.remove();
});
