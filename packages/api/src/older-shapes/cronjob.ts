import { CronJobs } from "../kubernetes.ts";
import { type ShapedKind, sameWords } from "./older-shape.ts";

/** batch/v1beta1 */
export const cronJob: ShapedKind = { type: CronJobs, older: [sameWords("v1beta1", ["spec.timeZone"])] };
