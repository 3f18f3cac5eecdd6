// Time servers that ask to be left alone (RFC 4330 10).
import assert from 'node:assert/strict';
import { VirtualClock } from '../../../shared/clock.ts';
import { type TestUnit, testUnit } from '../../support/cpe/unit.ts';
import { type SntpServer, startSntpServer } from '../../support/servers/sntp.ts';

describe('time servers', () => {
  const servers: SntpServer[] = [];
  let unit: TestUnit | undefined;
  afterEach(async () => {
    await unit?.close();
    for (const server of servers.splice(0)) await server.close();
  });

  /** A server that answers every question with a kiss of death. */
  const kiss = async (reason: string): Promise<SntpServer> => {
    const server = await startSntpServer({
      clock: new VirtualClock(),
      change: (answer, question) => {
        const death = Buffer.alloc(48);
        death[0] = 0xe4;
        death.write(reason, 12, 'latin1');
        for (const at of [24, 32, 40]) question.copy(death, at, 40, 48);
        return answer && death;
      },
    });
    servers.push(server);
    return server;
  };
  const boot = async (first: SntpServer, second: SntpServer): Promise<TestUnit> => {
    unit = await testUnit({
      clockSource: 'sntp',
      parameters: {
        'Hoc.SntpConfigSource': 'Static',
        'Hoc.SntpSynchronizationPeriodOnError': '1',
        'Hoc.SntpSynchronizationPeriod': '1440',
        'Hoc.StaticSntpServers[Priority=1].HostName': `127.0.0.1:${first.port}`,
        'Hoc.StaticSntpServers[Priority=2].HostName': `127.0.0.1:${second.port}`,
      },
    });
    await unit.boot();
    return unit;
  };

  it('D8: asks a server that says DENY no more, and one that says RATE only after a pause', async () => {
    const [deny, rate] = [await kiss('DENY'), await kiss('RATE')];
    const { clock, until, logged } = await boot(deny, rate);
    const asked = () => [deny.questions(), rate.questions()];
    await until(() => asked().join() === '1,1');
    for (let minute = 0; minute < 14; minute++) await clock.advance(60_000);
    assert.deepEqual(asked(), [1, 1]);
    await clock.advance(120_000);
    await until(() => rate.questions() === 2);
    assert.equal(deny.questions(), 1);
    assert.equal(logged.filter(line => line.includes('SNTP server refuses')).length, 3);
  });

  it('D8: takes the time of the next server when the first refuses', async () => {
    const good = await startSntpServer({ clock: new VirtualClock(), offsetMs: 5000 });
    servers.push(good);
    const deny = await kiss('RSTR');
    const { until, logged } = await boot(deny, good);
    await until(() => logged.some(line => line.includes('clock set')));
    assert.deepEqual([deny.questions(), good.questions()], [1, 1]);
  });
});
