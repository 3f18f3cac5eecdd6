// Every notification of the table at rsyslog: one line each, and where in the unit each one comes from.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Gateway } from '../../../cpe/gateway.ts';
import { type NotificationName, notifications, notificationText } from '../../../cpe/notifications.ts';
import { Gateways, SCRIPT } from '../../support/cpe/gateways.ts';
import { eventually } from '../../support/eventually.ts';
import { type Lab, openLab, peerSuite } from '../../support/servers/peers.ts';

const folder = new URL('../../../cpe/', import.meta.url).pathname;
const names = Object.keys(notifications) as NotificationName[];
/** Facility USER (8) with the severity of RFC 3164. */
const priorities = { Debug: 15, Info: 14, Warning: 12, Error: 11, Critical: 10 } as const;
const factOf = (name: NotificationName, fact: string): string => `${name}.${fact}`;
const factsOf = (name: NotificationName): Record<string, string> =>
  Object.fromEntries(
    [...notifications[name].text.matchAll(/\{(\w+)\}/g)].map(([, fact = '']) => [fact, factOf(name, fact)]),
  );

describe('each notification of the table', () => {
  it('is reported by a place in the unit', () => {
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts') && file !== 'notifications.ts')
      .map(file => readFileSync(`${folder}${file}`, 'utf8'));
    const silent = names.filter(name => !sources.some(text => text.includes(`'${name}'`)));
    assert.deepEqual(silent, []);
  });
});

peerSuite('notifications at rsyslog', { programs: ['rsyslogd'], lab: true }, function () {
  this.timeout(60_000);
  let lab: Lab;
  let on: Gateways;
  let gateway: Gateway;
  const lines = async (): Promise<string[]> =>
    (await readFile(join(lab.folder, 'syslog.log'), 'utf8').catch(() => '')).split('\n').filter(Boolean);

  before(async () => {
    lab = await openLab();
    await lab.start('syslog');
    on = await Gateways.open();
    gateway = await on.up();
    const services = [...new Set(names.map(name => notifications[name].service))];
    const script = [
      ...services.map(service => `${service}.MinSeverity = Debug`),
      'Nlm.SyslogRemoteHost = "127.0.0.1:15514"',
      'Nlm.InsertEvent',
      'Nlm.Events[Index=1].Criteria = "All"',
    ];
    await gateway.device.install(SCRIPT, Buffer.from(`${script.join('\n')}\n`), '');
    await eventually('rsyslog hears the unit', async () => {
      gateway.device.notify('scriptUnchanged', { origin: 'first' });
      return (await lines()).some(line => line.includes('first')) || undefined;
    });
  });
  after(async () => {
    await on?.close();
    await lab.close();
  });

  it('are one line each, with service, number, severity and text', async () => {
    for (const name of names) gateway.device.notify(name, factsOf(name) as never);
    const shown = (name: NotificationName): { tail: string; line: string | undefined } => {
      const { service, number, severity } = notifications[name];
      const text = notificationText(name, factsOf(name) as never);
      const def = gateway.device.model.services.find(one => one.name === service);
      assert.ok(def, service);
      const whole = number === 0 ? text : `${def.id}-${def.title}: ${number}-${text}`;
      return { tail: `msg=${number === 0 ? '' : ' '}${whole}`, line: `${priorities[severity]} ` };
    };
    const found = (all: readonly string[], name: NotificationName): number => {
      const { tail, line } = shown(name);
      // The notification without a number has its first word as tag.
      const end = notifications[name].number === 0 ? tail.replace(/^msg=\S+ /, ' ') : tail;
      return all.filter(one => one.endsWith(end) && one.startsWith(line ?? '')).length;
    };
    const all = await eventually('a line for each', async () => {
      const now = await lines();
      return names.every(name => found(now, name) > 0) ? now : undefined;
    }).catch(lines);
    // `restored` and the like carry no facts, and can also come from the unit itself.
    const wrong = names.filter(name => {
      const times = found(all, name);
      return Object.keys(factsOf(name)).length > 0 ? times !== 1 : times < 1;
    });
    assert.deepEqual(wrong, [], all.slice(-60).join('\n'));
  });
});
