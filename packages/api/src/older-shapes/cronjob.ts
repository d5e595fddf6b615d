import { CronJobs } from "../kubernetes.ts";
import { type OlderShape, type ShapedKind, sameWords } from "./older-shape.ts";

/** batch/v1beta1: a CronJob that is deleted leaves its Jobs behind there, unless told otherwise. */
const v1beta1: OlderShape = {
  ...sameWords("v1beta1", ["spec.timeZone"]),
  propagationPolicy: "Background",
};

export const cronJob: ShapedKind = { type: CronJobs, older: [v1beta1] };
