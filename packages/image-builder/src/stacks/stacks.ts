import { go } from "./go.ts";
import { java } from "./java.ts";
import { php } from "./php.ts";
import type { StackModule } from "./plan.ts";
import { procfile } from "./procfile.ts";
import { python } from "./python.ts";
import { ruby } from "./ruby.ts";
import { staticSite } from "./static.ts";

/** Every stack that is built from a plan, in the order in which a source is looked at. */
export const PLANNED_STACKS: readonly StackModule[] = [python, ruby, php, go, java, staticSite, procfile];
