// Calls beside 10,000 registrations that are refreshed: the share of one core, and the time of a set-up.
import { makeRow, percentile, type Row } from '../../figures.ts';
import { type Setting, WorkNotDone } from '../../measure.ts';
import { cpuMs } from '../../servers/process-cost.ts';
import { EXPIRES, registrationsOf, telephoneCount, withExchange } from './participants.ts';

const PER_MINUTE = 200;
const TALK_MS = 2000;
const SECONDS = 60;

interface CallInfo {
  state: string;
}

export async function callRows(setting: Setting): Promise<Row[]> {
  const count = telephoneCount(setting);
  const seconds = Math.min(SECONDS, setting.live ?? SECONDS);
  return await withExchange(setting, async (exchange, telephones) => {
    await telephones.register(exchange.ports, 'tls', count);
    await registrationsOf(exchange, 'tls', count);
    // A telephone refreshes at half its time.
    const refreshesPerSecond = (2 * count) / EXPIRES;
    const [before, began] = [cpuMs(exchange.pid), performance.now()];
    const running = telephones.ask({
      kind: 'calls',
      perMinute: PER_MINUTE,
      seconds,
      refreshesPerSecond,
      talkMs: TALK_MS,
    });
    const { calls } = await running;
    const share = (100 * (cpuMs(exchange.pid) - before)) / (performance.now() - began);
    const { placed = 0, up = 0, ended = 0, setupMs = [] } = calls ?? {};
    const due = Math.floor((PER_MINUTE / 60) * seconds);
    if (placed < due || up !== placed || ended !== placed)
      throw new WorkNotDone(`${placed} of ${due} calls were placed, ${up} were up, ${ended} ended`);
    const left = (await exchange.ask('calls')) as CallInfo[];
    const seen = exchange.logged('proxied call ended').filter(({ state, why }) => state === 'up' && why === 'BYE');
    if (left.length > 0 || seen.length !== placed)
      throw new WorkNotDone(`the exchange saw ${seen.length} of ${placed} calls up and ended, ${left.length} are left`);
    await registrationsOf(exchange, 'tls', count);
    const name = `${PER_MINUTE} calls a minute beside ${count} registrations over TLS`;
    return [
      makeRow({
        name: `${name}: share of one core`,
        unit: '% of one core',
        ours: [share],
        goal: { limit: 25, of: 'ours' },
        note: `${placed} calls in ${seconds} s, each up and ended; registrations refreshed at half of ${EXPIRES} s`,
      }),
      makeRow({
        name: `${name}: 99th percentile of the set-up, INVITE to 200`,
        unit: 'ms, wall clock',
        ours: [percentile(setupMs, 0.99)],
        goal: { limit: 100, of: 'ours' },
        note: `median ${percentile(setupMs, 0.5).toFixed(1)} ms; the callee answers at once`,
      }),
    ];
  });
}
