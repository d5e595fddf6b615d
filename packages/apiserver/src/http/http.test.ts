import assert from "node:assert/strict";
import { request as httpsRequest } from "node:https";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { ConfigMaps } from "@jdos/api";
import { startTestServer, type TestServer } from "../testing/index.ts";

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  bytes: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  json: any;
}

let server: TestServer;
let admin: { certPem: string; keyPem: string };

before(async () => {
  server = await startTestServer({ https: true });
  admin = await server.certificateFor({ name: "admin", groups: ["system:masters"] });
});
after(() => server.stop());

interface Call {
  body?: string | object;
  headers?: Record<string, string>;
  anonymous?: boolean;
}

function call(
  method: string,
  path: string,
  { body, headers = {}, anonymous = false }: Call = {},
): Promise<Answer> {
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const tls = {
    ca: server.caPem,
    ...(anonymous ? {} : { cert: admin.certPem, key: admin.keyPem }),
    agent: false as const,
  };
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      `${server.url}${path}`,
      {
        method,
        ...tls,
        headers: { ...(text === undefined ? {} : { "content-type": "application/json" }), ...headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => {
          const bytes = Buffer.concat(chunks);
          const answer = bytes.toString();
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            text: answer,
            bytes,
            get json() {
              return JSON.parse(answer);
            },
          });
        });
      },
    );
    sent.on("error", reject);
    sent.end(text);
  });
}

const base = "/api/v1/namespaces/default/configmaps";
const configMap = (name: string, data: Record<string, string> = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

describe("dispatch()", () => {
  it("dispatch() warns whoever creates what nothing acts on", async () => {
    const path = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";
    const kind = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" };
    const body = { ...kind, metadata: { name: "deny" }, spec: { podSelector: {} } };
    const { status, headers } = await call("POST", path, { body });
    assert.equal(status, 201);
    assert.match(String(headers.warning), /^299 - "NetworkPolicies are kept, but nothing enforces them/);
  });

  it("dispatch() creates, reads, replaces, patches and deletes", async () => {
    const made = await call("POST", base, { body: configMap("a", { k: "1" }) });
    assert.equal(made.status, 201);
    assert.equal((await call("GET", `${base}/a`)).json.data.k, "1");
    const replaced = await call("PUT", `${base}/a`, { body: { ...made.json, data: { k: "2" } } });
    assert.equal(replaced.json.data.k, "2");
    const patched = await call("PATCH", `${base}/a`, {
      body: { data: { k: "3" } },
      headers: { "content-type": "application/merge-patch+json" },
    });
    assert.equal(patched.json.data.k, "3");
    const deleted = await call("DELETE", `${base}/a`);
    assert.equal(deleted.json.status, "Success");
    assert.equal((await call("GET", `${base}/a`)).status, 404);
  });

  it("dispatch() reads YAML", async () => {
    const yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  k: v\n";
    const made = await call("POST", base, { body: yaml, headers: { "content-type": "application/yaml" } });
    assert.equal(made.status, 201);
    const read = await call("GET", `${base}/yaml`, { headers: { accept: "application/yaml" } });
    assert.match(read.text, /^data:\n {2}k: v$/m);
  });

  const refusals: [string, string, string, Call, number, RegExp][] = [
    ["malformed JSON", "POST", base, { body: "{" }, 400, /json parse error/],
    [
      "too deep a patch",
      "PATCH",
      "/api/v1/namespaces/kube-public",
      {
        body: `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`,
        headers: { "content-type": "application/merge-patch+json" },
      },
      400,
      /nested too deeply/,
    ],
    ["an unknown resource", "GET", "/api/v1/widgets", {}, 404, /could not find the requested resource/],
    ["an unknown path", "GET", "/nowhere", {}, 404, /could not find the requested resource/],
    ["a wrong method", "PUT", base, { body: {} }, 405, /does not allow this method/],
    [
      "too large a body",
      "POST",
      base,
      { body: configMap("big", { k: "x".repeat(3 * 1024 * 1024) }) },
      413,
      /too large/,
    ],
    [
      "protobuf",
      "POST",
      base,
      { body: "x", headers: { "content-type": "application/cbor" } },
      415,
      /unknown format/,
    ],
    ["an invalid name", "POST", base, { body: configMap("Not_Valid") }, 422, /metadata.name/],
    [
      "a wrong kind",
      "POST",
      base,
      { body: { ...configMap("x"), kind: "Secret" } },
      400,
      /does not match the expected kind/,
    ],
    ["a bad selector", "GET", `${base}?labelSelector=a%20b%20c`, {}, 400, /unable to parse requirement/],
  ];
  for (const [what, method, path, options, status, pattern] of refusals) {
    it(`dispatch() answers ${what} with ${status}`, async () => {
      const answer = await call(method, path, options);
      assert.equal(answer.status, status);
      assert.equal(answer.json.kind, "Status");
      assert.match(answer.json.message, pattern);
    });
  }

  it("dispatch() answers a name that is taken with 409", async () => {
    await call("POST", base, { body: configMap("taken") });
    const again = await call("POST", base, { body: configMap("taken") });
    assert.equal(again.status, 409);
    assert.equal(again.json.reason, "AlreadyExists");
  });

  it("dispatch() lists as a table", async () => {
    const answer = await call("GET", base, {
      headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" },
    });
    assert.equal(answer.json.kind, "Table");
    assert.equal(answer.json.columnDefinitions[0].name, "Name");
    assert.equal(answer.json.rows[0].object.kind, "PartialObjectMetadata");
  });

  it("dispatch() streams a watch and ends it in time", async () => {
    const start = server.revision();
    const watching = call("GET", `${base}?watch=true&timeoutSeconds=1&resourceVersion=${start}`);
    await server.adminClient().create(ConfigMaps, { metadata: { name: "seen", namespace: "default" } });
    const events = (await watching).text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      events.map(({ type, object }) => [type, object.metadata.name]),
      [["ADDED", "seen"]],
    );
  });

  it("dispatch() serves discovery in both forms", async () => {
    const list = await call("GET", "/apis/apps/v1");
    assert.equal(list.json.kind, "APIResourceList");
    assert.ok(list.json.resources.some(({ name }: { name: string }) => name === "deployments/status"));
    const aggregated = await call("GET", "/apis", {
      headers: { accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList" },
    });
    assert.equal(aggregated.json.kind, "APIGroupDiscoveryList");
    assert.match(String(aggregated.headers["content-type"]), /as=APIGroupDiscoveryList/);
    assert.equal((await call("GET", "/version")).json.gitVersion, "v1.32.0+jdos");
    assert.equal((await call("GET", "/readyz")).text, "ok");
  });

  it("dispatch() writes a long list piece by piece, whole and packed", async () => {
    const client = server.adminClient();
    const names = Array.from({ length: 1234 }, (_, index) => `many-${index}`);
    await Promise.all(
      names.map((name) => client.create(ConfigMaps, { metadata: { name, namespace: "kube-public" } })),
    );
    const plain = await call("GET", "/api/v1/namespaces/kube-public/configmaps");
    assert.equal(plain.headers["content-encoding"], undefined);
    assert.equal(plain.json.kind, "ConfigMapList");
    assert.deepEqual(
      plain.json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      names.sort(),
    );
    const packed = await call("GET", "/api/v1/namespaces/kube-public/configmaps", {
      headers: { "accept-encoding": "gzip" },
    });
    assert.equal(packed.headers["content-encoding"], "gzip");
    assert.deepEqual(JSON.parse(gunzipSync(packed.bytes).toString()), plain.json);
  });

  it("dispatch() refuses a token it does not know", async () => {
    const answer = await call("GET", base, {
      anonymous: true,
      headers: { authorization: "Bearer nonsense" },
    });
    assert.equal(answer.status, 401);
  });
});
