import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readValues } from "./values.ts";

describe("readValues()", () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "jdos-values-"));
  });
  after(() => rm(directory, { recursive: true }));

  async function read(text: string) {
    const file = join(directory, "values.yaml");
    await writeFile(file, text);
    return readValues({ file, registry: "registry.example.org/jdos" });
  }

  it("readValues() fills in defaults, and the command line goes before the file", async () => {
    const values = await read(
      "registry:\n  location: other.example.org\nreplicas: 3\nroutes:\n  domain: apps.example.org\n",
    );
    assert.equal(values.registry.location, "registry.example.org/jdos");
    assert.equal(values.replicas, 3);
    assert.deepEqual([values.routes.domain, values.routes.expose], ["apps.example.org", "NodePort"]);
  });

  it("readValues() takes the file of the registry's account from beside the values", async () => {
    const values = await read("registry:\n  credentialsFile: config.json\n");
    assert.equal(values.registry.credentialsFile, join(directory, "config.json"));
  });

  const refused: [string, RegExp, RegExp][] = [
    ["route: {}", /: route: there is no such setting/, /One of: registry, login, routes/],
    ["routes:\n  expose: Nodeport", /: routes\.expose: "Nodeport" is not a choice/, /One of: NodePort, /],
    ["replicas: 0", /: replicas: 0 must be >= 1/, /values\.yaml/],
    [
      "resources:\n  dns:\n    limits:\n      memory: lots",
      /: resources\.dns\.limits\.memory: "lots"/,
      /quantity/,
    ],
    ["metrics:\n  url: http://prometheus", /: metrics\.url: .* "jdos" asks no other server/, /prometheus/],
    ["metrics:\n  provider: prometheus", /: metrics\.url: it is missing/, /http:\/\/prometheus\./],
    ["metrics:\n  url: prometheus:9090", /: metrics\.url: "prometheus:9090" is not of its form/, /https/],
    ["metrics:\n  url: http://u:p@prometheus", /: metrics\.url: .* is not of its form/, /host and port/],
    ["metrics:\n  tokenFile: a\n  basicAuthFile: b", /: metrics\.tokenFile: .*basicAuthFile/, /one of them/],
    ["logs:\n  provider: elastic", /: logs\.provider: "elastic" is not a choice/, /jdos, clickhouse, none/],
    ["logs:\n  provider: clickhouse", /: logs\.url: it is missing/, /http:\/\/clickhouse\./],
    ["logs:\n  url: http://clickhouse:8123", /: logs\.url: .* "jdos" asks no ClickHouse/, /clickhouse/],
    ["logs:\n  url: clickhouse:8123", /: logs\.url: "clickhouse:8123" is not of its form/, /https/],
    ["logs:\n  limit: 1Mi", /: logs\.limit: "1Mi" is less than 64Mi/, /none/],
    ["logs:\n  days: 0", /: logs\.days: 0 must be >= 1/, /9999/],
    ["logs:\n  database: a b", /: logs\.database: "a b" is not of its form/, /database/],
    ["registry:\n  provider: jdos", /: registry\.provider: JDOS's own registry is for one machine/, /Leave/],
    ["routes:\n  provider: cluster", /: routes\.ingressClassName: it is missing/, /ingressclasses/],
    ["routes:\n  expose: HostNetwork", /: routes\.hostPort: 80 is below 1024/, /1024/],
    ["loadBalancers:\n  provider: jdos", /: loadBalancers\.provider: .* "NodePort" HAProxy/, /HostNetwork/],
    [
      "loadBalancers: {provider: jdos}\nroutes: {provider: cluster, ingressClassName: x}",
      /: loadBalancers\.provider: .* no HAProxy runs/,
      /routes\.provider: jdos/,
    ],
    ["dns:\n  provider: jdos", /: dns\.clusterIP: it is missing/, /clusterDNS/],
    ["builds: {reach: [10.1.2.0]}", /: builds\.reach\.0: "10.1.2.0" is not of its form/, /10\.1\.2\.0\/24/],
    ["builds: {reach: [10.1.2.999/24]}", /: builds: "10.1.2.999\/24" is no range/, /10\.1\.2\.0\/24/],
    ["builds: {avoid: [10.0.0.0/33]}", /: builds: "10.0.0.0\/33" is no range/, /10\.1\.2\.0\/24/],
    ["- a list", /Cannot read values ".*": it is not a mapping/, /values\.yaml/],
  ];
  for (const [text, message, hint] of refused) {
    it(`readValues() refuses ${JSON.stringify(text)} with the field and what it may be`, async () => {
      await assert.rejects(read(text), (error: { code: string; message: string; hint: string }) => {
        assert.equal(error.code, "ValuesInvalid");
        assert.match(error.message, message);
        assert.match(error.hint, hint);
        return true;
      });
    });
  }

  it("readValues() without a registry asks for it", async () => {
    await assert.rejects(readValues({}), {
      code: "ValuesInvalid",
      message: /registry\.location: it is missing/,
    });
  });
});
