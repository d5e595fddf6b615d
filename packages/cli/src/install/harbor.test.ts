import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, it } from "node:test";
import { dockerConfig } from "@jdos/component-base";
import { startTestHarbor, type TestHarbor } from "@jdos/component-base/testing";
import { ensurePlatformProject, findHarbor } from "./harbor.ts";
import { completeValues, type Values } from "./values.ts";

let harbor: TestHarbor;
let strict: TestHarbor;
before(async () => {
  [harbor, strict] = await Promise.all([startTestHarbor(), startTestHarbor({ creation: "adminonly" })]);
});
after(async () => {
  await Promise.all([harbor.stop(), strict.stop()]);
});

const account = (username: string, password: string): string =>
  dockerConfig(["harbor.example.org"], { username, password });
const JDOS = account("jdos", "Jdos12345");

async function registryAt(url: string, settings: object = {}): Promise<Values["registry"]> {
  const registry = { location: "harbor.example.org", harbor: { url, ...settings } };
  return (await completeValues({ registry }, {})).registry;
}

it("findHarbor() finds its version by an account that may create projects, and changes nothing", async () => {
  const found = await findHarbor(await registryAt(harbor.url), JDOS);
  assert.deepEqual(found, { version: "v2.16.0-test", hasProject: false });
  assert.deepEqual(
    harbor.requests.filter((request) => !request.startsWith("GET ")),
    [],
  );
  assert.equal(await findHarbor(await registryAt(""), ""), undefined);
});

it("findHarbor() refuses an account that is unknown, a robot, or has too few rights", async () => {
  const refusal = async (url: string, credentials: string, settings?: object) =>
    findHarbor(await registryAt(url, settings), credentials).then(
      () => undefined,
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    );
  assert.match((await refusal(harbor.url, account("jdos", "wrong"))) ?? "", /^HarborUnauthorized: /);
  assert.match((await refusal(strict.url, JDOS)) ?? "", /^HarborForbidden: .*"jdos" may not create projects/);
  assert.equal(await refusal(strict.url, account("admin", "Harbor12345"), { quota: "system" }), undefined);
  assert.match((await refusal(harbor.url, JDOS, { quota: "system" })) ?? "", /may not set quotas/);
  assert.match((await refusal(harbor.url, "")) ?? "", /^ValuesInvalid: .*credentialsFile/);
  harbor.robots.push({ id: 7, name: "robot$ci", project: 0, secret: "s", expires: -1, actions: [] });
  assert.match((await refusal(harbor.url, account("robot$ci", "s"))) ?? "", /its account is a robot account/);
});

it("findHarbor() refuses what is no Harbor, and what does not answer", async () => {
  const other = createServer((_, response) => response.end("<html>hello</html>")).listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  await assert.rejects(findHarbor(await registryAt(url), JDOS), { code: "NotHarbor" });
  other.close();
  other.closeAllConnections();
  await assert.rejects(findHarbor(await registryAt(url), JDOS), { code: "HarborUnreachable" });
});

it("ensurePlatformProject() makes the platform's own project once, public", async () => {
  const registry = await registryAt(harbor.url);
  await ensurePlatformProject(registry, JDOS);
  await ensurePlatformProject(registry, JDOS);
  assert.deepEqual(
    harbor.projects.map(({ name, public: isPublic }) => [name, isPublic]),
    [["jdos", "true"]],
  );
  assert.equal((await findHarbor(registry, JDOS))?.hasProject, true);
  assert.deepEqual(harbor.misfits, []);
});
