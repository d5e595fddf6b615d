/** The same expectations of kubectl as with the embedded API server: Kubernetes says whether they are right. */
import { kubectlSuite } from "../../conformance/support/kubectl-suite.ts";
import { startCluster } from "../support/cluster.ts";

kubectlSuite("the API server of Kubernetes 1.20", {
  start: () => startCluster({ controllers: false }),
  skips: {
    "get jobs -o wide prints Kubernetes' columns": "the column STATUS of Jobs came with Kubernetes 1.31",
  },
});
