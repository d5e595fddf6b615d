import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { execCredential } from "./exec-credential.ts";

const apiVersion = "client.authentication.k8s.io/v1";

describe("execCredential", () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "jdos-exec-"));
  });
  after(() => rm(directory, { recursive: true }));

  async function plugIn(name: string, script: string): Promise<string> {
    await writeFile(join(directory, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(directory, name), 0o755);
    return `./${name}`;
  }

  const of = (exec: object, now = new Date()) =>
    execCredential({
      exec: { apiVersion, ...exec },
      path: join(directory, "kubeconfig"),
      env: { PATH: "/usr/bin:/bin" },
      now: () => now,
    });

  it("execCredential() runs what lies beside the kubeconfig, with its arguments and variables", async () => {
    const command = await plugIn(
      "says",
      `printf '%s' "$KUBERNETES_EXEC_INFO" > "$OUT"; printf '{"status":{"token":"%s of %s"}}' "$1" "$WHO"`,
    );
    const out = join(directory, "info");
    const env = [
      { name: "WHO", value: "ada; $(false)" },
      { name: "OUT", value: out },
    ];
    const { token } = await of({ command, args: ["token"], env });
    assert.equal(await token?.(), "token of ada; $(false)");
    assert.deepEqual(JSON.parse(await readFile(out, "utf8")), {
      apiVersion,
      kind: "ExecCredential",
      spec: { interactive: false },
    });
  });

  it("execCredential() asks again when the token has expired, and not before", async () => {
    const now = new Date("2026-01-01T00:00:00Z");
    const command = await plugIn(
      "counts",
      `n=$(cat "$0.n" 2>/dev/null || echo 0); n=$((n + 1)); echo $n > "$0.n"; [ $n = 1 ] && end=2026-01-01T00:00:10Z || end=2026-01-01T01:00:00Z; echo "{\\"status\\":{\\"token\\":\\"t$n\\",\\"expirationTimestamp\\":\\"$end\\"}}"`,
    );
    const { token } = await of({ command }, now);
    assert.deepEqual(await Promise.all([token?.(), token?.()]), ["t2", "t2"]);
    assert.equal(await token?.(), "t2");
  });

  it("execCredential() takes a certificate with its key", async () => {
    const command = await plugIn(
      "cert",
      `echo '{"status":{"clientCertificateData":"C","clientKeyData":"K"}}'`,
    );
    assert.deepEqual(await of({ command }), { cert: "C", key: "K" });
  });

  it("execCredential() says what is missing, what failed, and shows no secret", async () => {
    const refused = async (exec: object, message: RegExp, hint: RegExp): Promise<void> => {
      await assert.rejects(of(exec), { code: "Config", message, hint });
    };
    await refused({ command: "no-such-plug-in" }, /"no-such-plug-in" is not installed$/, /^Install it/);
    await refused(
      { command: "./gone", installHint: "Get it at example.org\nsoon" },
      /is not installed$/,
      /^Get it at example\.org$/,
    );
    const fails = await plugIn("fails", "echo first >&2; echo 'login first' >&2; exit 3");
    await refused({ command: fails }, /failed with exit code 3: login first$/, /by hand/);
    const odd = await plugIn("odd", "echo secret");
    await refused({ command: odd }, /gave neither a token nor a certificate with its key$/, /by hand/);
    await refused({ command: odd, apiVersion: "v1alpha1" }, /"v1alpha1" is not served/, /One of|one of/);
    await refused({ command: odd, interactiveMode: "Always" }, /asks at a terminal$/, /token/);
  });
});
