import type { ImageVerification, SigningKeyView } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { formatTable } from "../output/table.ts";
import { scopeOf } from "../scope.ts";

/** Exits 1 when something does not fit, after it has said what. */
export const verify = {
  async run(input: Input, context: CommandContext): Promise<ImageVerification> {
    const { release } = input.options;
    const found = await (await context.platform()).call<ImageVerification>("GET", "verification", {
      params: scopeOf(input),
      ...(release === undefined ? {} : { query: { release } }),
    });
    if (!found.verified) context.exitWith(1);
    return found;
  },
  present(found: ImageVerification): string {
    const { provenance } = found;
    const facts: [string, string | undefined][] = [
      ["Image", found.image],
      ["Built by", provenance === undefined ? undefined : `${provenance.build}, ${provenance.builder}`],
      ["Asked for by", provenance?.requestedBy],
      ["Source", provenance?.source],
      ["Revision", provenance?.revision],
      ...(provenance?.materials ?? []).map((image): [string, string] => ["From", image]),
      ["Finished", provenance?.finishedOn],
      ["Key", found.keyId],
    ];
    const rows = facts.filter(([, value]) => value !== undefined);
    const checks = found.checks.map(({ name, passed, message }) => [passed ? "ok" : "FAILED", name, message]);
    const verdict = found.verified
      ? `Release ${found.release} of ${found.system}/${found.application} is what the platform built`
      : `Release ${found.release} of ${found.system}/${found.application} cannot be verified`;
    return [
      ...rows.map(([name, value]) => `${name.padEnd(13)} ${value}`),
      "",
      formatTable({ headings: ["RESULT", "CHECK", "FOUND"], rows: checks }),
      "",
      verdict,
    ].join("\n");
  },
};

export const key = {
  async run(_: Input, context: CommandContext): Promise<SigningKeyView> {
    return (await context.platform()).call<SigningKeyView>("GET", "signingKey", {});
  },
  present: ({ publicKey }: SigningKeyView): string => publicKey.trimEnd(),
};
