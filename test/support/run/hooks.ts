// Root hooks of the whole run: every envelope that our encoders make is kept, by shape, for the schemas to judge at the end. In a process
// that plays one file after the other they run once a file.

import { endMongo } from '../acs/mongo.ts';
import { keepEnvelopes, nowRunning, shareEnvelopes } from './kept-envelopes.ts';

/** A worker of mocha plays many files, with these hooks around each. */
const playsSeveral = process.env.MOCHA_WORKER_ID !== undefined;

/** The suite that judges what was kept has to run last. */
export const LAST = 'everything that our encoders sent in this run';

function moveToEnd(suite: Mocha.Suite): void {
  let root = suite;
  while (root.parent) root = root.parent;
  const at = root.suites.findIndex(({ title }) => title === LAST);
  if (at >= 0) root.suites.push(...root.suites.splice(at, 1));
}

export const mochaHooks = {
  beforeAll(this: Mocha.Context): void {
    if (this.test?.parent) moveToEnd(this.test.parent);
    keepEnvelopes();
  },
  beforeEach(this: Mocha.Context): void {
    if (this.currentTest) nowRunning(this.currentTest.file ?? '', this.currentTest.fullTitle());
  },
  async afterAll(): Promise<void> {
    shareEnvelopes();
    if (!playsSeveral) await endMongo();
  },
};
