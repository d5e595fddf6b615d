import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { readSettings } from "../settings.ts";
import { authorizationFor, authorizeAt, parseChallenge } from "./authorization.ts";
import { credentialFor, dockerConfig, readRegistryCredential } from "./credentials.ts";
import { parseRegistry, REGISTRY_SETTINGS, registryLocation } from "./location.ts";

const ann = { username: "ann", password: "se:cret" };

describe("registryLocation", () => {
  const read = (...args: string[]) => registryLocation(readSettings(REGISTRY_SETTINGS, { args, env: {} }));

  it("registryLocation() of nothing is JDOS's own registry", () => {
    assert.deepEqual(read(), {
      host: "registry.jdos.internal",
      prefix: "",
      url: "http://registry.jdos-system.svc:5000",
      access: "issued",
    });
  });

  it("registryLocation() of any other is given and speaks TLS unless its URL says otherwise", () => {
    assert.deepEqual(read("--registry=harbor.example.org:8443/team/jdos", "--registry-credentials=/etc/r"), {
      host: "harbor.example.org:8443",
      prefix: "team/jdos/",
      url: "https://harbor.example.org:8443",
      access: "given",
      credentialsFile: "/etc/r",
    });
    assert.equal(read("--registry=h:5000", "--registry-url=http://h:5000").url, "http://h:5000");
  });

  it("parseRegistry() refuses what no image reference can begin with", () => {
    for (const text of ["", "https://h", "h/", "h//x", "H/x", "h/x:1", "h/Team", "/x"])
      assert.throws(() => parseRegistry(text), { code: "InvalidOption" }, text);
  });
});

describe("credentialFor", () => {
  it("credentialFor() reads what docker, podman and kubectl write", () => {
    const auth = Buffer.from("ann:se:cret").toString("base64");
    const of = (key: string, entry: object) =>
      credentialFor("h:5000", JSON.stringify({ auths: { [key]: entry } }));
    assert.deepEqual(of("h:5000", { auth }), ann);
    assert.deepEqual(of("https://h:5000/v2/", ann), ann);
    assert.deepEqual(of("h:5000/team", { auth }), ann);
    assert.equal(of("other", { auth }), undefined);
    assert.equal(of("h:5000", {}), undefined);
    assert.equal(credentialFor("h", "no JSON"), undefined);
    assert.deepEqual(credentialFor("b", dockerConfig(["a", "b"], ann)), ann);
  });

  it("readRegistryCredential() says which file has none", () => {
    assert.throws(() => readRegistryCredential("/none/config.json", "h"), {
      code: "InvalidOption",
      message: 'Cannot read the registry\'s credentials "/none/config.json"',
    });
  });
});

describe("authorizationFor", () => {
  const asked: { url: string; authorization: string | undefined }[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    if (request.url === "/v2/") {
      response.writeHead(401, { "www-authenticate": `Bearer realm="${url()}/token",service="s"` }).end();
      return;
    }
    asked.push({ url: request.url ?? "", authorization: request.headers.authorization });
    response.writeHead(status, { "content-type": "application/json" }).end('{"access_token":"T"}');
  });
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  after(() => new Promise((resolve) => server.close(resolve)));

  it("authorizationFor() gets a token for every repository, as whom the credential names", async () => {
    const scopes = { "a/b": "pull,push", base: "pull" };
    assert.equal(await authorizeAt(url(), { scopes, credential: ann }), "Bearer T");
    const query = new URL(asked[0]!.url, url()).searchParams;
    assert.deepEqual(
      [query.getAll("scope"), query.get("service"), query.get("account")],
      [["repository:a/b:pull,push", "repository:base:pull"], "s", "ann"],
    );
    assert.equal(asked[0]!.authorization, `Basic ${Buffer.from("ann:se:cret").toString("base64")}`);
  });

  it("authorizationFor() gives the credential itself to a registry that asks for Basic, and nothing without one", async () => {
    const challenge = 'Basic realm="registry"';
    assert.match((await authorizationFor(challenge, { scopes: {}, credential: ann })) ?? "", /^Basic /);
    assert.equal(await authorizationFor(challenge, { scopes: {} }), undefined);
  });

  it("authorizationFor() tells a refusal from a token service that fails", async () => {
    status = 403;
    await assert.rejects(authorizeAt(url(), { scopes: {} }), {
      code: "RegistryRefused",
      message: /answered 403$/,
    });
    status = 503;
    await assert.rejects(authorizeAt(url(), { scopes: {} }), { message: "the token service answered 503" });
    status = 200;
  });

  it("parseChallenge() finds Bearer beside another scheme", () => {
    assert.deepEqual(parseChallenge('Basic realm="x", Bearer realm="http://t",service="s",scope="y"'), {
      realm: "http://t",
      service: "s",
    });
    assert.equal(parseChallenge('Basic realm="x"'), undefined);
    assert.equal(parseChallenge(undefined), undefined);
  });
});
