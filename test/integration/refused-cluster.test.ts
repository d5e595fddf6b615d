import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Ran, runCli } from "@jdos/cli/testing";
import {
  type CertificateRequest,
  createCertificateAuthority,
  issueCertificate,
  type KeyPair,
} from "@jdos/component-base";
import { type SimulatedCluster, startSimulatedCluster } from "./support/cluster.ts";
import {
  assertRefusal,
  type Front,
  startSilentHost,
  startTlsFront,
  startWebServer,
} from "./support/refused.ts";

const DAY_MILLIS = 24 * 3600 * 1000;
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** Every door that opens a cluster. */
const COMMANDS: readonly (readonly string[])[] = [
  ["install", "--registry", "127.0.0.1:5000"],
  ["upgrade"],
  ["uninstall", "--applications", "keep"],
  ["status"],
  ["app", "list"],
  ["logs", "--system", "demo", "--app", "hello"],
  ["exec", "--system", "demo", "--app", "hello", "--", "true"],
];

describe("a cluster that cannot be worked with is told in the same words by every command", () => {
  let cluster: SimulatedCluster;
  let authority: KeyPair;
  const fronts: Front[] = [];
  before(async () => {
    const staticTokens = new Map([["token-of-root", { name: "root", groups: ["system:masters"] }]]);
    cluster = await startSimulatedCluster({ options: { staticTokens } });
    authority = await createCertificateAuthority();
  });
  after(async () => {
    for (const front of fronts) await front.stop();
    await cluster.stop();
  });

  interface Given {
    server?: string;
    ca?: string;
    user?: object;
    /** What differs in the file. */
    change?: object;
  }

  let files = 0;
  async function kubeconfig(given: Given | string): Promise<string> {
    const path = join(cluster.directory, `kubeconfig-${++files}`);
    if (typeof given === "string") {
      await writeFile(path, given);
      return path;
    }
    const {
      server = cluster.server.url,
      ca = cluster.server.caPem,
      user = { token: "token-of-root" },
    } = given;
    const secure = server.startsWith("https:") ? { "certificate-authority-data": base64(ca) } : {};
    const config = {
      "current-context": "one",
      contexts: [{ name: "one", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server, ...secure } }],
      users: [{ name: "u", user }],
      ...given.change,
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  /** All commands at once: each is refused, and nothing is written. */
  async function assertRefused(
    path: string,
    code: string,
    words: RegExp,
    skip: string[] = [],
  ): Promise<void> {
    const before = cluster.server.revision();
    const commands = COMMANDS.filter(([name]) => !skip.includes(name!));
    const all = await Promise.all(
      commands.map(async ([name, ...rest]): Promise<Ran> => {
        const split = rest.indexOf("--");
        const [own, others] = split < 0 ? [rest, []] : [rest.slice(0, split), rest.slice(split)];
        return runCli([name!, ...own, "--kubeconfig", path, ...others], undefined);
      }),
    );
    for (const [index, { exitCode, stdout, stderr }] of all.entries()) {
      assert.deepEqual([exitCode, stdout], [1, ""], `${commands[index]}: ${stderr}`);
      assertRefusal(stderr, code, words);
    }
    assert.equal(cluster.server.revision(), before);
  }

  async function certificate(request: Partial<CertificateRequest>): Promise<KeyPair> {
    return issueCertificate(authority, {
      commonName: "kubernetes",
      ipAddresses: ["127.0.0.1"],
      usages: ["server"],
      ...request,
    });
  }

  const served: [string, Partial<CertificateRequest>, string, RegExp][] = [
    ["is over", { days: -1 }, "CertificateExpired", /its certificate has expired\nhint: .*renewed/],
    [
      "is not valid yet",
      { notBefore: new Date(Date.now() + DAY_MILLIS) },
      "CertificateNotYetValid",
      /its certificate is not valid yet\nhint: .*clocks/,
    ],
    [
      "is of another name",
      { ipAddresses: ["10.9.8.7"] },
      "CertificateRefused",
      /for another name \(IP: 127\.0\.0\.1 is not in the cert's list: 10\.9\.8\.7\)\nhint: .*tls-server-name/,
    ],
  ];
  for (const [what, request, code, words] of served)
    it(`a server whose certificate ${what}`, async () => {
      const front = await startTlsFront(await certificate(request), cluster.server);
      fronts.push(front);
      const server = `https://127.0.0.1:${front.port}`;
      await assertRefused(await kubeconfig({ server, ca: authority.certPem }), code, words);
    });

  it("a server whose certificate is of an authority that the kubeconfig does not name", async () => {
    const front = await startTlsFront(await certificate({}), cluster.server);
    fronts.push(front);
    const server = `https://127.0.0.1:${front.port}`;
    await assertRefused(
      await kubeconfig({ server }),
      "CertificateRefused",
      /not of the kubeconfig's authority \([A-Z_]+\)\nhint: .*certificate-authority-data/,
    );
    // The same front is fine for who knows the authority: what was refused above was the certificate.
    const good = await kubeconfig({ server, ca: authority.certPem });
    const { stderr } = await runCli(["status", "--kubeconfig", good], undefined);
    assertRefusal(stderr, "NotInstalled", /JDOS is not installed in the cluster/);
  });

  const shown = async (request: Partial<CertificateRequest>, key?: string): Promise<object> => {
    const { certPem, keyPem } = await certificate({ usages: ["client"], ...request });
    return { "client-certificate-data": base64(certPem), "client-key-data": base64(key ?? keyPem) };
  };
  it("a client certificate that is over, not valid yet, or without its key", async () => {
    await assertRefused(
      await kubeconfig({ user: await shown({ days: -1 }) }),
      "CertificateExpired",
      /its client certificate was valid until 20\S+Z\nhint: Get a new kubeconfig/,
    );
    await assertRefused(
      await kubeconfig({ user: await shown({ notBefore: new Date(Date.now() + DAY_MILLIS) }) }),
      "CertificateNotYetValid",
      /its client certificate is valid from 20\S+Z on\nhint: See this machine's clock/,
    );
    const other = (await certificate({})).keyPem;
    await assertRefused(
      await kubeconfig({ user: await shown({}, other) }),
      "Config",
      /client certificate and key do not belong together/,
    );
    await assertRefused(
      await kubeconfig({ user: { ...(await shown({})), "client-certificate-data": base64("no PEM") } }),
      "Config",
      /its client certificate is no PEM certificate/,
    );
  });

  it("an address where nothing listens, and a name that nobody has", async () => {
    const silent = await startSilentHost();
    await silent.stop();
    const refused = await kubeconfig({ server: `https://127.0.0.1:${silent.port}` });
    await assertRefused(
      refused,
      "ClusterUnreachable",
      /:\d+: nothing listens there \(ECONNREFUSED\)\nhint: /,
    );
    const unknown = await kubeconfig({ server: "https://no-such-host.invalid:6443" });
    await assertRefused(
      unknown,
      "ClusterUnreachable",
      /invalid:6443: (there is no host of this name|its name cannot be looked up) \(E/,
    );
  });

  it("a host that takes the connection and never answers is given up in bounded time", async () => {
    const front = await startSilentHost();
    fronts.push(front);
    const began = performance.now();
    const path = await kubeconfig({ server: `https://127.0.0.1:${front.port}` });
    await assertRefused(path, "ClusterUnreachable", /it does not answer/, ["exec"]);
    assert.ok(performance.now() - began < 20_000);
  });

  const strangers: [string, RequestListener, string, RegExp][] = [
    [
      "a web page",
      (_request, response) => response.setHeader("content-type", "text/html").end("<html>Welcome</html>"),
      "NotKubernetes",
      /no Kubernetes API answers there, but something else \(.+\)\nhint: .*clusters\[\]\.cluster\.server/,
    ],
    [
      "a web page that is not found",
      (_request, response) => response.writeHead(404).end("<html>Not Found</html>"),
      "NotKubernetes",
      /something else \(HTTP 404\)/,
    ],
    [
      "a proxy without anything behind it",
      (_request, response) => response.writeHead(502).end("<html>Bad Gateway</html>"),
      "ClusterUnreachable",
      /a proxy or load balancer before it answers HTTP 502\nhint: /,
    ],
  ];
  for (const [what, answer, code, words] of strangers)
    it(`${what} in place of an API server`, async () => {
      const front = await startWebServer(answer);
      fronts.push(front);
      await assertRefused(await kubeconfig({ server: `http://127.0.0.1:${front.port}` }), code, words);
    });

  it("plain HTTP where the kubeconfig says https", async () => {
    const front = await startWebServer((_request, response) => response.end());
    fronts.push(front);
    const path = await kubeconfig({ server: `https://127.0.0.1:${front.port}` });
    await assertRefused(path, "ClusterUnreachable", /no TLS is spoken there\nhint: .*http:\/\//);
  });

  it("a token that the cluster does not know", async () => {
    const path = await kubeconfig({ user: { token: "token-of-the-past" } });
    await assertRefused(path, "Unauthorized", /does not know these credentials\nhint: .*new kubeconfig/);
  });

  const contexts = [{ name: "one", context: { cluster: "c", user: "gone" } }];
  const broken: [string, Given | string, RegExp][] = [
    [
      "is not YAML",
      "clusters: [\n  - {",
      /Cannot read kubeconfig "[^"]+": .*\nhint: Check that it is a kubeconfig/,
    ],
    ["is a list", "- one\n- two\n", /it is not a kubeconfig\nhint: A kubeconfig is YAML/],
    ["is empty", "", /it is empty\nhint: /],
    [
      "has no current context",
      { change: { "current-context": "" } },
      /it has no current context\nhint: Choose one of: one/,
    ],
    [
      "has no such context",
      { change: { "current-context": "two" } },
      /no context "two"\nhint: Choose one of: one/,
    ],
    [
      "names no user of its own",
      { change: { contexts } },
      /context "one" names user "gone", which it does not define/,
    ],
    [
      "has a server without a scheme",
      { server: "127.0.0.1:6443" },
      /server "127\.0\.0\.1:6443" .* is no address\nhint: .*https:/,
    ],
    [
      "names a token file that is not there",
      { user: { tokenFile: "gone/token" } },
      /names the file "\/[^"]+\/gone\/token", but there is no such file\nhint: Put the file there/,
    ],
    [
      "names a credential plug-in that is not installed",
      { user: { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "no-such-plug-in" } } },
      /its credential plug-in "no-such-plug-in" is not installed\nhint: Install it/,
    ],
    [
      "names a key that is not there",
      { user: { "client-certificate": "gone.crt", "client-key": "gone.key" } },
      /gone\.(crt|key)", but there is no such file/,
    ],
  ];
  for (const [what, given, words] of broken)
    it(`a kubeconfig that ${what}`, async () => {
      await assertRefused(await kubeconfig(given), "Config", words);
    });

  it("a kubeconfig that is not there, or a directory", async () => {
    await assertRefused(
      join(cluster.directory, "gone"),
      "Config",
      /there is no such file\nhint: Check the path/,
    );
    await mkdir(join(cluster.directory, "directory"));
    await assertRefused(join(cluster.directory, "directory"), "Config", /it is a directory\nhint: /);
  });
});
