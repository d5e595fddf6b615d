import { HorizontalPodAutoscalers } from "../kubernetes.ts";
import { type ShapedKind, sameWords } from "./older-shape.ts";

/** autoscaling/v2beta2 became v2 as it was. */
export const horizontalPodAutoscaler: ShapedKind = {
  type: HorizontalPodAutoscalers,
  older: [sameWords("v2beta2")],
};
