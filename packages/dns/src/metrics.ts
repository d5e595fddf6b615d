import { Counter, type Metrics } from "@jdos/component-base";
import type { AnswerSource } from "./resolver.ts";
import { RCODE } from "./wire/constants.ts";

/** Counts answers in plain numbers; the metric takes them over when it is read. */
export function countAnswers({ registry }: Metrics): (source: AnswerSource, rcode: number) => void {
  const counts = new Map<string, { source: AnswerSource; rcode: string; value: number }>();
  const names = new Map<number, string>(Object.entries(RCODE).map(([name, code]) => [code, name]));
  new Counter({
    name: "jdos_dns_answers_total",
    help: "Answers given, by where they came from and their code",
    labelNames: ["source", "rcode"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { source, rcode, value } of counts.values()) this.inc({ source, rcode }, value);
    },
  });
  return (source, code) => {
    const rcode = names.get(code) ?? String(code);
    const key = source + rcode;
    const count = counts.get(key);
    if (count === undefined) counts.set(key, { source, rcode, value: 1 });
    else count.value++;
  };
}
