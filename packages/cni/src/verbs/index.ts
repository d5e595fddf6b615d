import type { CniCommand } from "@jdos/api";
import type { CniRequest } from "../request.ts";
import { cmdAdd } from "./add.ts";
import { cmdCheck } from "./check.ts";
import type { VerbContext } from "./context.ts";
import { cmdDel } from "./del.ts";
import { cmdGc } from "./gc.ts";
import { cmdStatus } from "./status.ts";
import { cmdVersion } from "./version.ts";

type Verb = (context: VerbContext, request: CniRequest) => unknown;

/** What each CNI_COMMAND runs; an answer of undefined prints nothing. */
export const VERBS: Readonly<Record<CniCommand, Verb>> = {
  ADD: cmdAdd,
  DEL: cmdDel,
  CHECK: cmdCheck,
  GC: cmdGc,
  STATUS: cmdStatus,
  VERSION: cmdVersion,
};
