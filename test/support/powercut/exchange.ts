// A process that keeps changing the data of an exchange, and marks what was acknowledged: its disk is recorded (record.c).
// Arguments: the folder; how many rounds.
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Change } from '../../../pbx/exchange/data.ts';
import { Exchange } from '../../../pbx/exchange/exchange.ts';
import { silentLog } from '../../../shared/log.ts';
import { type ExchangeFact, LANES, rowsOfLane } from './exchange-facts.ts';

const [folder = '', rounds = '0'] = process.argv.slice(2);
const marks = openSync(join(folder, 'marks'), 'w');
const mark = (fact: ExchangeFact): unknown => writeSync(marks, `${JSON.stringify(fact)}\n`);

const exchange = await Exchange.open({ folder: join(folder, 'data'), log: silentLog, compactAfter: 25 });

/** All rows of a lane get the number in one commit. */
async function write(lane: number, number: number): Promise<void> {
  const changes = rowsOfLane(lane).map((dir): Change => {
    const row = { dir, lim: 1, csp: number, customer: 0, maxTerminals: 1 };
    return { table: 'extensions', key: dir, row: { ...row, securityException: true, thirdPartyClient: false } };
  });
  await exchange.commit(changes);
  mark({ lane, number });
}

await Promise.all(
  Array.from({ length: LANES }, async (_, lane) => {
    for (let number = 1; number <= Number(rounds); number++) await write(lane, number);
  }),
);
await exchange.close();
