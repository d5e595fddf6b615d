/**
 * A real containerd for tests, and images that need no registry.
 * @module
 */

export {
  isReady,
  NODE,
  NODE_USER,
  prepareNamespace,
  startTestKubelet,
  type TestKubelet,
  type TestPod,
  testPod,
  waitForPod,
} from "./cluster.ts";
export { startTestContainerd, type TestContainerd, type TestContainerdOptions } from "./containerd.ts";
export { TEST_IMAGE, TEST_SANDBOX_IMAGE, TEST_USER_IMAGE, writeTestImages } from "./test-image.ts";
