import { startTestServer } from "@jdos/apiserver/testing";
import { kubectlSuite } from "./support/kubectl-suite.ts";

kubectlSuite("the embedded API server", {
  start: async () => {
    const server = await startTestServer({ https: true });
    return { kubeconfig: server.adminKubeconfig, stop: () => server.stop() };
  },
});
