// Names that are remembered: they keep nothing else of the messages that they came in.
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SecretNames } from '../../../../acs/fleet/common/secret-names.ts';
import { parseXml } from '../../../../shared/xml/read.ts';

describe('remembered names', () => {
  it('keep no message in memory', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const names = new SecretNames();
    const messages = 1000;
    const length = 50_000;
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < messages; at++) {
      const root = parseXml(Buffer.from(`<r><Name>Device.Table.Long${at}.Name</Name><V>${'x'.repeat(length)}</V></r>`));
      names.has(root.child('Name')?.text ?? '');
    }
    collect();
    const grown = process.memoryUsage().heapUsed - before;
    assert.ok(grown < (messages * length) / 5, `${Math.round(grown / 1e6)} MB of ${(messages * length) / 1e6}`);
  });
});
