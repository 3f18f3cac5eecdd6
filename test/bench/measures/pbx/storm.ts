// A new policy reaches all telephones: each is told to read its configuration, its registration ends, and it registers anew.
import { makeRow, type Row } from '../../figures.ts';
import { type Setting, WorkNotDone } from '../../measure.ts';
import { FIRST_NUMBER } from '../../servers/pbx/exchange.ts';
import { cpuMs } from '../../servers/process-cost.ts';
import { registrationsOf, telephoneCount, withExchange } from './participants.ts';

const WITHIN_MS = 180_000;
const GOAL_SECONDS = 60;

/** Rows of the tables that let a secure terminal of an extension without exception in. */
const rowBefore = 'Table 1 row 3';
const rowAfter = 'Table 2 row 3';

export async function policyStormRows(setting: Setting): Promise<Row[]> {
  const count = telephoneCount(setting);
  return await withExchange(setting, async (exchange, telephones) => {
    await telephones.register(exchange.ports, 'tls', count);
    const rows = async (row: string): Promise<void> => {
      const others = (await registrationsOf(exchange, 'tls', count)).filter(one => one.row !== row);
      if (others.length > 0)
        throw new WorkNotDone(`${others.length} registrations by '${others[0]?.row}', not '${row}'`);
    };
    await rows(rowBefore);
    await exchange.shell('media_encryption_enable -type extension');
    await exchange.shell('sec_policy -set 1');
    // Those who are logged on stay so.
    await rows(rowBefore);
    await telephones.ask({ kind: 'await-notify' });
    const [before, began] = [cpuMs(exchange.pid), performance.now()];
    const settled = telephones.ask({ kind: 'settled', withinMs: WITHIN_MS });
    await exchange.shell(`extension_unregistration -d ${FIRST_NUMBER}..${FIRST_NUMBER + count - 1}`);
    const { notified, registered } = await settled;
    const seconds = (performance.now() - began) / 1000;
    const cpu = (cpuMs(exchange.pid) - before) / count;
    if (notified !== count || registered !== count)
      throw new WorkNotDone(`${notified} of ${count} telephones were told, ${registered} registered anew`);
    await rows(rowAfter);
    const name = `${count} telephones register anew after a change of policy, over TLS`;
    return [
      makeRow({
        name: `${name}: until all have settled`,
        unit: 's, wall clock',
        ours: [seconds],
        goal: { limit: GOAL_SECONDS, of: 'ours' },
        note: 'sec_policy -set 1 and extension_unregistration of all; each is told, ends, and is let in by its new row',
      }),
      makeRow({
        name: `${name}: told, ended and registered`,
        unit: 'ms server CPU / telephone',
        ours: [cpu],
      }),
    ];
  });
}
