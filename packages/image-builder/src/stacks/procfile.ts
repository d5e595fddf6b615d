import { asArgv, noteOf } from "./command.ts";
import type { StackModule } from "./plan.ts";

export const procfile: StackModule = {
  name: "procfile",
  looksFor: "Procfile with a web process",
  recognise: (source) =>
    source.procfileWeb === undefined ? undefined : "the source has a Procfile with a web process",
  plan: (source) => {
    const start = { command: asArgv(source.procfileWeb ?? ""), why: "the web process of its Procfile" };
    return { runtime: [], own: "all", command: start.command, notes: [noteOf(start)] };
  },
};
