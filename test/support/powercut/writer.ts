// A process that keeps changing a store and its data directory, and marks what was acknowledged: its disk is recorded (record.c).
// Arguments: the folder; how many rounds.
import { createHash } from 'node:crypto';
import { openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openData } from '../../../acs/server/data-directory.ts';
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../acs/store/store.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { putBytes } from '../contents.ts';
import { identityOf, idOf, informOf, newYear, taskOf } from '../devices.ts';
import { contentOf, type DiskFact } from './facts.ts';

const [folder = '', rounds = '0'] = process.argv.slice(2);
const marks = openSync(join(folder, 'marks'), 'w');
const mark = (fact: DiskFact): unknown => writeSync(marks, `${JSON.stringify(fact)}\n`);
const LANES = 8;

/** The one place that stores the bytes of a file. */
async function putFile(store: Store, name: string, bytes: Buffer): Promise<void> {
  await putBytes(store, name, bytes);
}

async function enrol(store: Store, number: number, lane: number): Promise<void> {
  const serial = `S${number}`;
  const id = idOf(identityOf(serial));
  const result = await store.apply(id, 'informed', informOf(serial, newYear + number, ['0 BOOTSTRAP', '1 BOOT']));
  if (result.outcome !== 'claimed') throw new Error(`${id} is ${result.outcome}`);
  const { token } = result;
  mark({ kind: 'device', id, fence: token });
  const args = { CommandKey: `t${number}` };
  await store.apply(id, 'taskAdded', { task: taskOf(`t${number}`, 'Reboot', newYear, { args }) });
  mark({ kind: 'task', id: `t${number}`, state: 'queued' });
  const values = Array.from({ length: 20 }, (_, index) => ({
    path: `Device.P.${index}`,
    value: `${serial} ${index}`,
    type: 'xsd:string',
    time: newYear,
  }));
  await store.putParameters(id, values);
  mark({ kind: 'parameters', id, values: values.map(({ value }) => value) });
  if (number % 4 === 0) {
    await store.apply(id, 'taskCancelled', { id: `t${number}`, now: newYear });
    mark({ kind: 'task', id: `t${number}`, state: 'cancelled' });
  } else {
    await store.apply(id, 'taskSent', { token, id: `t${number}`, now: newYear });
    mark({ kind: 'task', id: `t${number}`, state: 'sent' });
  }
  await store.putDocument('setting', `lane${lane}`, number);
  mark({ kind: 'document', name: `lane${lane}`, number });
  if (number % 3 === 0) {
    const name = `file${lane}`;
    await putFile(store, name, contentOf(number));
    mark({ kind: 'file', name, number });
  }
  const entry = { id: `a${number}`, time: newYear, who: 'x', what: 'y', target: id, status: 200 };
  await store.appendAudit([entry]);
  mark({ kind: 'audit', id: entry.id });
  if (number % 5 === 0) {
    await store.apply(id, 'informed', informOf(serial, newYear + number + 1, ['1 BOOT', `M Reboot:t${number}`]));
    if (number % 4 !== 0) mark({ kind: 'task', id: `t${number}`, state: 'done' });
  }
}

const clock = systemClock();
const data = await openData(folder, clock, systemRandom());
mark({
  kind: 'key',
  sha: createHash('sha256')
    .update(readFileSync(join(folder, 'server-key')))
    .digest('hex'),
});
const { cert } = await data.authority();
mark({ kind: 'ca', cert });
mark({ kind: 'token', token: (await data.adminToken()).token });
const store = await openSqlite({ file: join(folder, 'tandem.db'), clock });
await Promise.all(
  Array.from({ length: LANES }, async (_, lane) => {
    for (let round = 0; round < Number(rounds); round++) await enrol(store, round * LANES + lane, lane);
  }),
);
mark({ kind: 'closing' });
await store.close();
mark({ kind: 'closed' });
