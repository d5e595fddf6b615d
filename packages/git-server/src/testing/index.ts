export { type FakePlatform, type FakePlatformOptions, startFakePlatform } from "./fake-platform.ts";
export { startTestGitServer, type TestGitServer } from "./start-test-git-server.ts";
export { WorkTree } from "./work-tree.ts";
