/** A client that asks one question, and a name server that says what a test wants. */
export { type Ask, ask, exchangeUdp, type Reply } from "./ask.ts";
export { type FakeUpstream, startFakeUpstream } from "./fake-upstream.ts";
