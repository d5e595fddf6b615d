/** The same expectations of controllers and scheduler as of the embedded ones. */
import { workloadSuite } from "../../conformance/support/workload-suite.ts";
import { startCluster } from "../support/cluster.ts";

workloadSuite("Kubernetes 1.20", { start: () => startCluster() });
