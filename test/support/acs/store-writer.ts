// A process that keeps changing a store, many operations at once, and says on stdout what was acknowledged: to be killed at any instant.
// Arguments: file, first serial number.
import { openSqlite } from '../../../acs/store/sqlite/store.ts';
import { systemClock } from '../../../shared/clock.ts';
import { identityOf, idOf, informOf, newYear, taskOf } from '../devices.ts';

const [file = '', from = '0'] = process.argv.slice(2);
const store = await openSqlite({ file, clock: systemClock() });
const say = (line: string): unknown => process.stdout.write(`${line}\n`);

/** One device after the other: enrolled, given a task and a parameter; each fact said once it is acknowledged. */
async function enrol(lane: number): Promise<void> {
  for (let number = Number(from) + lane; ; number += 8) {
    const serial = `S${number}`;
    const id = idOf(identityOf(serial));
    const result = await store.apply(id, 'informed', informOf(serial, newYear + number, ['0 BOOTSTRAP', '1 BOOT']));
    if (result.outcome === 'claimed') say(`device ${id} ${result.token}`);
    await store.apply(id, 'taskAdded', { task: taskOf(`t${number}`, 'Reboot', newYear) });
    say(`task t${number} queued`);
    await store.putParameters(id, [{ path: 'Device.A', value: serial, type: 'xsd:string', time: newYear }]);
    say(`parameter ${id} ${serial}`);
    if (number % 2 === 0) {
      await store.apply(id, 'taskCancelled', { id: `t${number}`, now: newYear });
      say(`task t${number} cancelled`);
    }
    say(`document ${await store.putDocument('setting', serial, number)} ${serial}`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, lane) => enrol(lane)));
