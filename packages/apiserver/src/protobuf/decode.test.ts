import assert from "node:assert/strict";
import { test } from "node:test";
import protobuf from "protobufjs/minimal.js";
import { declarations } from "../openapi/index.ts";
import { decodeProtobuf } from "./decode.ts";

type Write = (writer: protobuf.Writer) => void;

/** A message field: number and body. */
function message(number: number, body: Write): Write {
  return (writer) => {
    writer.uint32((number << 3) | 2).fork();
    body(writer);
    writer.ldelim();
  };
}

function string(number: number, value: string): Write {
  return (writer) => void writer.uint32((number << 3) | 2).string(value);
}

function integer(number: number, value: number): Write {
  return (writer) => void writer.uint32(number << 3).int64(value);
}

function all(...writes: Write[]): Write {
  return (writer) => {
    for (const write of writes) write(writer);
  };
}

/** What a client sends: four bytes, then the type and the object's own bytes. */
function envelope(apiVersion: string, kind: string, body: Write): Buffer {
  const writer = protobuf.Writer.create();
  message(1, all(string(1, apiVersion), string(2, kind)))(writer);
  message(2, body)(writer);
  return Buffer.concat([Buffer.from("k8s\0"), writer.finish()]);
}

test("decodeProtobuf() reads a Deployment as its JSON would say it", () => {
  const label = message(1, all(string(1, "app"), string(2, "web")));
  const container = all(
    string(1, "web"),
    string(2, "web:1"),
    message(6, all(string(1, ""), integer(2, 0), integer(3, 80))),
    message(8, message(1, all(string(1, "cpu"), message(2, string(1, "500m"))))),
    message(
      11,
      all(
        message(
          1,
          message(2, all(string(1, "/"), message(2, all(integer(1, 1), integer(2, 0), string(3, "http"))))),
        ),
        integer(2, 0),
      ),
    ),
  );
  const pod = all(
    message(1, all(string(1, "v"), message(2, message(6, string(1, "s"))))),
    message(2, container),
  );
  const body = all(
    message(
      1,
      all(
        string(1, "web"),
        message(8, () => {}),
      ),
    ),
    message(
      2,
      all(
        integer(1, 0),
        message(2, label),
        message(3, all(message(1, message(11, all(string(1, "app"), string(2, "web")))), message(2, pod))),
      ),
    ),
  );
  assert.deepEqual(decodeProtobuf(envelope("apps/v1", "Deployment", body), declarations), {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          volumes: [{ name: "v", secret: { secretName: "s" } }],
          containers: [
            {
              name: "web",
              image: "web:1",
              ports: [{ name: "", containerPort: 80 }],
              resources: { limits: { cpu: "500m" } },
              readinessProbe: { httpGet: { path: "/", port: "http" } },
            },
          ],
        },
      },
    },
  });
});

test("decodeProtobuf() writes bytes in base64 and times in RFC 3339", () => {
  const data = message(2, (writer) =>
    writer
      .uint32(10)
      .string("a")
      .uint32(18)
      .bytes(Buffer.from([0, 255])),
  );
  const meta = message(1, all(string(1, "s"), message(8, integer(1, 1_767_225_600))));
  assert.deepEqual(decodeProtobuf(envelope("v1", "Secret", all(meta, data)), declarations), {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s", creationTimestamp: "2026-01-01T00:00:00Z" },
    data: { a: "AP8=" },
  });
});

test("decodeProtobuf() skips fields it does not know", () => {
  const body = all(message(1, all(string(1, "c"), string(99, "later"))), string(77, "later"));
  assert.deepEqual(decodeProtobuf(envelope("v1", "ConfigMap", body), declarations), {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "c" },
  });
});

const refused: readonly [string, Buffer, string][] = [
  ["bytes without the prefix", Buffer.from("{}"), "BadRequest"],
  ["a message cut short", envelope("v1", "Pod", message(1, string(1, "a"))).subarray(0, -2), "BadRequest"],
  ["a Kind it does not know", envelope("v1", "Nothing", () => {}), "UnsupportedMediaType"],
];

for (const [what, body, reason] of refused) {
  test(`decodeProtobuf() refuses ${what}`, () => {
    assert.throws(() => decodeProtobuf(body, declarations), { reason });
  });
}
