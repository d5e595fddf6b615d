import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { ConfigMaps, Jobs, NetworkPolicies, type NetworkPolicy } from "@jdos/api";
import { rangesCheck } from "../../private-ranges.ts";
import { startTestPlatform, type TestPlatform } from "../../testing/index.ts";
import { namedAddresses } from "./named-addresses.ts";
import { BUILD_POLICY, renderBuildPolicy } from "./policy.ts";

/** Whether a policy lets its Pods connect, as a network that enforces it would decide. Source: NetworkPolicySpec. */
function lets({ spec }: Pick<NetworkPolicy, "spec">, address: string, port: number): boolean {
  return (spec?.egress ?? []).some(
    ({ to, ports }) =>
      (ports ?? [{ port }]).some((each) => each.port === port) &&
      (to ?? [{ ipBlock: { cidr: "0.0.0.0/0" } }]).some(
        ({ ipBlock }) =>
          ipBlock !== undefined &&
          rangesCheck([ipBlock.cidr])(address) &&
          !rangesCheck(ipBlock.except ?? [])(address),
      ),
  );
}

const registry = { address: "10.9.0.5", port: 5000 };
const policy = renderBuildPolicy("demo", { reach: ["10.7.0.0/16"], avoid: ["203.0.113.0/24"] }, [registry]);

const decisions: [string, string, number, boolean][] = [
  ["a public address", "93.184.216.34", 443, true],
  ["a name server", "10.96.0.10", 53, true],
  ["a cache of names on the node", "169.254.20.10", 53, true],
  ["the registry", "10.9.0.5", 5000, true],
  ["another port of the registry's machine", "10.9.0.5", 22, false],
  ["a range that is allowed", "10.7.1.1", 80, true],
  ["a Pod or a Service", "10.244.1.7", 8080, false],
  ["a node", "192.168.1.10", 10250, false],
  ["a private network of the cloud", "172.31.255.254", 443, false],
  ["the metadata of a cloud", "169.254.169.254", 80, false],
  ["Alibaba's metadata", "100.100.100.200", 80, false],
  ["Azure's agent", "168.63.129.16", 80, false],
  ["loopback", "127.0.0.1", 6443, false],
  ["this host", "0.0.0.0", 80, false],
  ["multicast", "224.0.0.251", 5353, false],
  ["broadcast", "255.255.255.255", 67, false],
  ["a public range to avoid", "203.0.113.9", 443, false],
  ["a Pod by IPv6", "2001:db8::7", 8080, false],
  ["link-local by IPv6", "fe80::1", 80, false],
];
for (const [what, address, port, allowed] of decisions)
  test(`renderBuildPolicy() ${allowed ? "lets a build reach" : "keeps a build from"} ${what}`, () =>
    assert.equal(lets(policy, address, port), allowed));

test("renderBuildPolicy() lets nobody begin a connection to a build, and speaks of no other Pod", () => {
  assert.deepEqual(policy.spec?.policyTypes, ["Ingress", "Egress"]);
  assert.equal(policy.spec?.ingress, undefined);
  assert.deepEqual(policy.spec?.podSelector, {
    matchExpressions: [{ key: "jdos.io/build", operator: "Exists" }],
  });
});

test("namedAddresses() are the private ones of what settings name, by the port of each", async () => {
  const known: Record<string, string[]> = {
    "npm.example.org": ["10.1.0.1"],
    "proxy.example.org": ["192.168.0.3", "93.184.216.34"],
    "public.example.org": ["93.184.216.34"],
  };
  const found = await namedAddresses(
    [
      "https://10.2.0.2:5000",
      "registry=https://ada:secret@npm.example.org/path\n//npm.example.org/:_authToken=x",
      "HTTPS_PROXY=http://proxy.example.org:3128\nNO_PROXY=10.3.0.3",
      "URIs: http://public.example.org/debian\nURIs: http://[fd00::1]:8080/debian http://gone.example.org",
    ],
    async (host) => known[host] ?? (/^[0-9.]+$|:/.test(host) ? [host] : []),
  );
  assert.deepEqual(found, [
    { address: "10.1.0.1", port: 443 },
    { address: "10.2.0.2", port: 5000 },
    { address: "192.168.0.3", port: 3128 },
    { address: "fd00::1", port: 8080 },
  ]);
});

let platform: TestPlatform | undefined;
before(async () => {
  const network = { reach: ["10.7.0.0/16"], avoid: [] };
  const location = {
    host: "10.9.0.5:5000",
    prefix: "",
    url: "http://10.9.0.5:5000",
    access: "given",
    mirrors: [{ prefix: "docker.io", location: "10.9.0.6/hub", url: "https://10.9.0.6" }],
  } as const;
  platform = await startTestPlatform({ registry: location, build: { network } });
});
after(() => platform?.stop());

test("a build begins when its System has the policy, which is written again when somebody took it away", async () => {
  assert.ok(platform);
  const { client } = platform;
  const key = { namespace: "demo", name: BUILD_POLICY };
  await client.create(ConfigMaps, {
    metadata: { name: "build-environment", namespace: "jdos-system" },
    data: { environment: "HTTPS_PROXY=http://10.8.0.8:3128" },
  });
  await platform.createSystem("demo");
  await platform.createApplication("app", {});
  await platform.createBuild("app", 1);
  await platform.until(Jobs, { namespace: "demo", name: "app-b1" }, () => true);
  const made = await client.get(NetworkPolicies, key);
  for (const [address, port] of [
    ["10.9.0.5", 5000],
    ["10.9.0.6", 443],
    ["10.8.0.8", 3128],
    ["10.7.0.1", 22],
  ] as const)
    assert.ok(lets(made as NetworkPolicy, address, port), address);
  await client.delete(NetworkPolicies, key);
  await platform.createBuild("app", 2);
  await platform.until(Jobs, { namespace: "demo", name: "app-b2" }, () => true);
  assert.deepEqual((await client.get(NetworkPolicies, key)).spec, made.spec);
});
