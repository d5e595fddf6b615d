import { startEmbeddedEngine } from "../../bench/support/embedded-engine.ts";
import { workloadSuite } from "./support/workload-suite.ts";

workloadSuite("the embedded engine", {
  start: startEmbeddedEngine,
  skips: {
    "an eviction that a PodDisruptionBudget forbids is told to come again":
      "the embedded engine stores PodDisruptionBudgets; one node is never drained under one",
  },
});
