import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runCli } from "@jdos/cli/testing";
import {
  BASIC_CREDENTIAL,
  startTestRegistry,
  type TestRegistry,
  type TestRegistryOptions,
} from "@jdos/image-builder/testing";
import { type SimulatedCluster, startSimulatedCluster } from "./support/cluster.ts";
import { assertRefusal, type Front, startSilentHost, startWebServer } from "./support/refused.ts";

const PASSWORD = "pass-4711";

/** Pulls everything, pushes below team/, and is nobody without a login. */
const TEAM: TestRegistryOptions = {
  knows: (_username, password) => password === PASSWORD,
  grant: (username, repository, actions) =>
    actions.filter(
      (action) =>
        username !== undefined &&
        (action === "pull" || (username === "writer" && repository.startsWith("team/"))),
    ),
};

describe("a registry that cannot be pushed to is told before anything is changed", () => {
  let cluster: SimulatedCluster;
  const stops: (() => Promise<void>)[] = [];
  before(async () => {
    cluster = await startSimulatedCluster();
  });
  after(async () => {
    for (const stop of stops) await stop();
    await cluster.stop();
  });

  async function registry(options: TestRegistryOptions): Promise<TestRegistry> {
    const started = await startTestRegistry(options);
    stops.push(() => started.stop());
    return started;
  }

  function kept(front: Front): Front {
    stops.push(() => front.stop());
    return front;
  }

  interface Try {
    /** Where it is asked. */
    url?: string;
    /** In image references. */
    location: string;
    account?: { username: string; password: string };
  }

  let files = 0;
  async function refusalOf({ url, location, account }: Try): Promise<string> {
    const file = join(cluster.directory, `config-${++files}.json`);
    const host = location.split("/")[0]!;
    if (account !== undefined) await writeFile(file, JSON.stringify({ auths: { [host]: account } }));
    const before = cluster.server.revision();
    const { exitCode, stderr, stdout } = await runCli(
      [
        ...["install", "--kubeconfig", cluster.server.adminKubeconfig, "--registry", location],
        ...(url === undefined ? [] : ["--registry-url", url]),
        ...(account === undefined ? [] : ["--registry-credentials", file]),
      ],
      undefined,
    );
    assert.deepEqual([exitCode, stdout], [1, ""], stderr);
    assert.equal(cluster.server.revision(), before);
    assert.doesNotMatch(stderr, new RegExp(`${PASSWORD}|wrong-password`), "no password is shown");
    return stderr;
  }

  const hostOf = ({ url }: { url: string }): string => new URL(url).host;

  it("one that wants the account itself (Basic): none given, and a wrong password", async () => {
    const basic = await registry({ basic: true });
    const at = { url: basic.url, location: `${hostOf(basic)}/team` };
    assertRefusal(
      await refusalOf(at),
      "RegistryRefused",
      /it asks for a login, and none was given\nhint: Give its account with --registry-credentials FILE/,
    );
    const account = { ...BASIC_CREDENTIAL, password: "wrong-password" };
    assertRefusal(
      await refusalOf({ ...at, account }),
      "RegistryRefused",
      /it does not take the user name and password of "robot"\nhint: Log in anew \(docker login /,
    );
    await assertEmpty(basic);
  });

  it("one with a token service: no login, a wrong password, an account that may only pull, another path", async () => {
    const team = await registry(TEAM);
    const at = { url: team.url, location: `${hostOf(team)}/team` };
    assertRefusal(await refusalOf(at), "RegistryRefused", /it asks for a login, and none was given\nhint: /);
    assertRefusal(
      await refusalOf({ ...at, account: { username: "writer", password: "wrong-password" } }),
      "RegistryRefused",
      /does not take the user name and password of "writer"\nhint: /,
    );
    assertRefusal(
      await refusalOf({ ...at, account: { username: "reader", password: PASSWORD } }),
      "RegistryRefused",
      /user "reader" may not push to "team\/jdos\/platform"\nhint: See that the registry has path "team", and let "reader" push there/,
    );
    assertRefusal(
      await refusalOf({
        url: team.url,
        location: `${hostOf(team)}/others`,
        account: { username: "writer", password: PASSWORD },
      }),
      "RegistryRefused",
      /user "writer" may not push to "others\/jdos\/platform"\nhint: .*path "others".*another path with --registry/,
    );
  });

  it("one that is away: nothing listens, no such host, and one that never answers", async () => {
    const gone = await startSilentHost();
    await gone.stop();
    assertRefusal(
      await refusalOf({ location: `127.0.0.1:${gone.port}/team` }),
      "RegistryUnreachable",
      /nothing listens there \(ECONNREFUSED\)\nhint: /,
    );
    assertRefusal(
      await refusalOf({ location: "no-such-host.invalid/team" }),
      "RegistryUnreachable",
      /at https:\/\/no-such-host\.invalid: (there is no host of this name|its name cannot be looked up)/,
    );
    const silent = kept(await startSilentHost());
    assertRefusal(
      await refusalOf({ location: "127.0.0.1:5000", url: `http://127.0.0.1:${silent.port}` }),
      "RegistryUnreachable",
      /it does not answer in 15 s\nhint: /,
    );
  });

  it("one that speaks HTTP where HTTPS was asked for, and the other way round", async () => {
    const plain = await registry({});
    assertRefusal(
      await refusalOf({ location: `${hostOf(plain)}/team` }),
      "RegistryUnreachable",
      new RegExp(`no TLS is spoken there\\nhint: .*--registry-url ${plain.url}\\n`),
    );
    const secure = await registry({ tls: true });
    assertRefusal(
      await refusalOf({ location: `${hostOf(secure)}/team`, url: `http://${hostOf(secure)}` }),
      "NotARegistry",
      /no registry answers at http:\S+ \(it speaks TLS\)\nhint: .*https/,
    );
    assertRefusal(
      await refusalOf({ location: `${hostOf(secure)}/team` }),
      "RegistryUntrusted",
      /of an authority that this machine does not know \([A-Z_]+\)\nhint: .*NODE_EXTRA_CA_CERTS=FILE/,
    );
    await assertEmpty(plain);
  });

  it("something that is no registry, and one that is for reading", async () => {
    const page = kept(
      await startWebServer((_request, response) =>
        response.writeHead(404, { "content-type": "text/html" }).end("<html>"),
      ),
    );
    assertRefusal(
      await refusalOf({ location: "127.0.0.1:5000", url: `http://127.0.0.1:${page.port}` }),
      "NotARegistry",
      /no registry answers at http:\S+ \(HTTP 404\)\nhint: /,
    );
    const mirror = kept(
      await startWebServer((request, response) => {
        response.setHeader("docker-distribution-api-version", "registry/2.0");
        response.writeHead(request.method === "GET" ? 200 : 405).end("{}");
      }),
    );
    assertRefusal(
      await refusalOf({ location: "127.0.0.1:5000/team", url: `http://127.0.0.1:${mirror.port}` }),
      "RegistryRefused",
      /it answers HTTP 405 to a push to "team\/jdos\/platform"\nhint: See that path "team" exists/,
    );
  });

  it("an address that is none", async () => {
    const { stderr, exitCode } = await runCli(
      ["install", "--kubeconfig", cluster.server.adminKubeconfig, "--registry", "https://h/team"],
      undefined,
    );
    assert.equal(exitCode, 1);
    assertRefusal(
      stderr,
      "ValuesInvalid",
      /registry\.location: "https:\/\/h\/team" is not of its form\nhint: It is HOST/,
    );
  });

  /** Nothing came there but the attempt. */
  async function assertEmpty({ url }: TestRegistry): Promise<void> {
    const { username, password } = BASIC_CREDENTIAL;
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const response = await fetch(`${url}/v2/_catalog`, { headers: { authorization } });
    assert.deepEqual(await response.json(), { repositories: [] });
  }
});
