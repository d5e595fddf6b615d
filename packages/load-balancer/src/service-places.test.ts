import assert from "node:assert/strict";
import { test } from "node:test";
import type { Service } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { servicePlaces } from "./service-places.ts";

function service(ports: object[], said: string[] = []): Stored<Service> {
  return {
    metadata: {
      namespace: "demo",
      name: "db",
      uid: "u",
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
    spec: { type: "LoadBalancer", ports },
    status: { loadBalancer: { ingress: said.map((ip) => ({ ip })) } },
  } as unknown as Stored<Service>;
}

const ALONE = { publishAddress: "10.0.0.9", replicas: undefined };
const POSTGRES = { backend: "tcp.demo.db.5432", port: 5432 };

test("servicePlaces() says an address only where every port is listened at under its own number", () => {
  const ports = [{ port: 5432 }];
  const at = (tcp: (typeof POSTGRES)[], wanted = ports as object[]) =>
    servicePlaces(service(wanted), { ...ALONE, desired: { tcp } }).places;
  assert.deepEqual(at([POSTGRES]), [{ ip: "10.0.0.9" }]);
  assert.deepEqual(at([{ ...POSTGRES, port: 7000 }]), [], "the annotation leads elsewhere");
  assert.deepEqual(at([POSTGRES], [...ports, { port: 10_250 }]), [], "the second port is somebody's");
  assert.deepEqual(at([POSTGRES], [...ports, { port: 5432, protocol: "UDP" }]), []);
  assert.deepEqual(at([{ ...POSTGRES, backend: "tcp.demo.other.5432" }]), []);
});

test("servicePlaces() tells the nodes whose replica listens, keeps what one that is silent said, and waits for it", () => {
  const listenings = (ports: string, all: boolean) => ({ "demo/db": { ports, all } });
  const replicas = [
    { address: "10.0.0.3", listenings: undefined },
    { address: "10.0.0.2", listenings: listenings("TCP/5432", true) },
    { address: "10.0.0.1", listenings: listenings("TCP/5432", false) },
    { address: "10.0.0.4", listenings: listenings("TCP/80", true) },
  ];
  const options = { publishAddress: "", desired: { tcp: [POSTGRES] } };
  const places = (said: string[]) => servicePlaces(service([{ port: 5432 }], said), { ...options, replicas });
  assert.deepEqual(places([]), { places: [{ ip: "10.0.0.2" }], complete: false, refused: true });
  assert.deepEqual(places(["10.0.0.1", "10.0.0.3"]).places, [{ ip: "10.0.0.2" }, { ip: "10.0.0.3" }]);
  const two = servicePlaces(service([{ port: 5432 }]), { ...options, replicas: [replicas[1]!] });
  assert.deepEqual([two.complete, two.refused], [true, false]);
});
