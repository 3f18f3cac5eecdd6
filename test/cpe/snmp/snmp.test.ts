// A unit's SNMP agent at the tools of Net-SNMP.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import type { SnmpAgent } from '../../../cpe/snmp/agent.ts';
import { numberingOf } from '../../../cpe/snmp/numbering.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { snmpUnit } from '../../support/console/snmp-unit.ts';
import type { TestUnit } from '../../support/cpe/unit.ts';
import { peerSuite, run } from '../../support/servers/peers.ts';

const V3 = ['-v3', '-u', 'admin', '-l', 'authNoPriv', '-a', 'MD5', '-A', 'administrator'];
const V2 = ['-v2c', '-c', 'public'];

peerSuite('SNMP agent of a unit', { programs: ['snmpget', 'snmpset', 'snmpwalk', 'snmpbulkwalk'] }, function () {
  this.timeout(60_000);
  let unit: TestUnit;
  let agent: SnmpAgent;

  before(async () => {
    ({ unit, agent } = await snmpUnit({ 'Snmp.EnableSnmpV2': 'Enable' }));
  });
  after(() => unit?.close());

  const ask = async (tool: string, security: readonly string[], ...args: string[]): Promise<string> => {
    const { stdout } = await run(
      tool,
      ['-t', '2', '-r', '1', ...security, '-m', '', '-M', '/nonexistent', '-On', agent.address, ...args],
      { maxBuffer: 2 ** 24 },
    );
    return stdout;
  };
  const refused = async (promise: Promise<string>): Promise<string> => {
    const error = await promise.then(
      text => assert.fail(text),
      (reason: { stderr?: string; stdout?: string }) => reason,
    );
    return `${error.stderr}${error.stdout}`;
  };
  const value = (name: string): string | undefined => unit.device.config.variable(name);
  const set = (name: string, text: string): Promise<0 | 1> =>
    unit.device.config.set([{ name: unit.device.config.pathOf(name) ?? '', value: text }], 'unit');

  it('reads and changes a value in versions 2c and 3', async () => {
    const oid = oidOf(unit, 'Hoc.SystemName');
    assert.match(await ask('snmpset', V3, oid, 's', 'Front desk'), /STRING: "Front desk"/);
    assert.equal(value('Hoc.SystemName'), 'Front desk');
    assert.match(await ask('snmpget', V2, oid), /STRING: "Front desk"/);
    await ask('snmpset', V2, oidOf(unit, 'SipEp.Gateway[Name=default].SecurePort'), 'u', '5071');
    assert.equal(value('SipEp.Gateway[Name=default].SecurePort'), '5071');
    assert.match(await ask('snmpget', V3, '1.3.6.1.2.1.1.1.0'), /Media5 4102S/);
  });

  it('speaks version 3 with privacy and SHA once the settings say so', async () => {
    await set('Snmp.PrivProtocol', 'Des');
    await set('Snmp.AuthProtocol', 'Sha1');
    const login = [
      '-v3',
      '-u',
      'admin',
      '-l',
      'authPriv',
      '-a',
      'SHA',
      '-A',
      'administrator',
      '-x',
      'DES',
      '-X',
      'PrivPassword',
    ];
    assert.match(await ask('snmpget', login, oidOf(unit, 'Hoc.SystemName')), /STRING/);
    await refused(ask('snmpget', V3, oidOf(unit, 'Hoc.SystemName')));
    await set('Snmp.PrivProtocol', 'None');
    await set('Snmp.AuthProtocol', 'Md5');
  });

  it('answers nothing to a wrong community or password, or a version that is off', async () => {
    const quick = ['-t', '0.5', '-r', '0'];
    const oid = oidOf(unit, 'Hoc.SystemName');
    assert.match(await refused(ask('snmpget', [...quick, '-v2c', '-c', 'wrong'], oid)), /No Response/);
    assert.match(
      await refused(ask('snmpget', [...quick, ...V3.slice(0, -1), 'wrongwrong'], oid)),
      /Authentication failure|Timeout/,
    );
    assert.match(await refused(ask('snmpget', [...quick, '-v1', '-c', 'public'], oid)), /No Response/);
    assert.match(await refused(ask('snmpget', [...quick, '-v3', '-u', '', '-l', 'noAuthNoPriv'], oid)), /./);
  });

  it('refuses what the model refuses, and changes nothing of a request with a fault', async () => {
    const name = oidOf(unit, 'Hoc.SystemName');
    const before = value('Hoc.SystemName');
    const faults: [string, string, string, RegExp][] = [
      ['Snmp.StatsGetRequest', 'u', '1', /notWritable/],
      ['Cli.InactivityTimeOut', 's', 'long', /wrongType/],
      ['Cli.InactivityTimeOut', 'u', '91', /wrongValue/],
      ['Cli.SshSecurityLevel', 'i', '7', /wrongValue/],
    ];
    for (const [variable, type, text, pattern] of faults) {
      const { length } = unit.logged;
      const said = await refused(ask('snmpset', V3, name, 's', 'Lost', oidOf(unit, variable), type, text));
      assert.match(said, pattern, `${variable} ${unit.logged.slice(length).join()}`);
      assert.match(said, /Failed object: \.1\.3/);
    }
    assert.equal(value('Hoc.SystemName'), before);
    assert.match(await refused(ask('snmpset', V3, `${name}.7`, 's', 'x')), /noCreation/);
  });

  it('shows no password', async () => {
    const oid = oidOf(unit, 'Snmp.PrivPassword');
    assert.match(await ask('snmpget', V3, oid), /""/);
    await ask('snmpset', V3, oid, 's', 'another one');
    assert.equal(value('Snmp.PrivPassword'), 'another one');
  });

  it('lets an account that is no Admin read only', async () => {
    await set('Aaa.Users[UserName=public].Password', 'observer1');
    const login = ['-v3', '-u', 'public', '-l', 'authNoPriv', '-a', 'MD5', '-A', 'observer1'];
    assert.match(await ask('snmpget', login, oidOf(unit, 'Hoc.SystemName')), /STRING/);
    assert.match(await refused(ask('snmpset', login, oidOf(unit, 'Hoc.SystemName'), 's', 'x')), /noAccess/);
  });

  it('walks all parameters with their rows, in order and fast', async () => {
    const since = performance.now();
    const bulk = await ask('snmpbulkwalk', [...V2, '-Cr50'], '1.3.6.1');
    const took = performance.now() - since;
    const lines = bulk.split('\n').filter(line => line.startsWith('.1.3.6.1.4.1.') && !line.includes('No more'));
    const { config } = unit.device;
    assert.equal(lines.length, config.read('').length);
    assert.ok(lines.length > 2000);
    assert.ok(took < 10_000, `${took} ms for ${lines.length} values`);
    const table = await ask(
      'snmpwalk',
      V3,
      oidOf(unit, 'SipEp.Gateway[Name=default].SecurePort').replace(/\.\d+$/, ''),
    );
    assert.equal(table.trim().split('\n').length, config.tree.rows('Device.X_0090F8_SipEp.Gateway.').length);
  });

  it('outlives thousands of mutated datagrams, and changes nothing by them', async () => {
    const before = JSON.stringify(unit.device.config.stored());
    const random = seededRandom(7);
    const socket = createSocket('udp4').unref();
    const request = Buffer.from(
      '302902010104067075626c6963a01c02044b5a1f2a0201000201003010300e060a2b060102010101000500',
      'hex',
    );
    const port = Number(agent.address.split(':')[1]);
    for (let at = 0; at < 5000; at++) {
      const bytes = Buffer.from(request);
      for (let change = 0; change < 1 + (at % 4); change++) {
        bytes[Math.floor(random.next() * bytes.length)] = Math.floor(random.next() * 256);
      }
      const cut = at % 5 === 0 ? bytes.subarray(0, Math.floor(random.next() * bytes.length)) : bytes;
      await new Promise<void>(resolve => socket.send(cut, port, '127.0.0.1', () => resolve()));
      if (at % 100 === 0) await new Promise(resolve => setImmediate(resolve));
    }
    socket.close();
    assert.match(await ask('snmpget', V2, '1.3.6.1.2.1.1.1.0'), /Media5/);
    assert.equal(JSON.stringify(unit.device.config.stored()), before);
  });

  it('sends a trap for a notification', async () => {
    const receiver = createSocket('udp4');
    await new Promise<void>(resolve => receiver.bind(0, '127.0.0.1', () => resolve()));
    await set('Snmp.TrapDest', `127.0.0.1:${receiver.address().port}`);
    await set('Snmp.EnableSnmpV3', 'Disable');
    await set('Scm.MinSeverity', 'Debug');
    const trap = new Promise<Buffer>(resolve => receiver.once('message', resolve));
    unit.device.notify('serviceStopped', { service: 'Moh' });
    const bytes = await trap;
    receiver.close();
    await set('Snmp.EnableSnmpV3', 'Enable');
    assert.match(bytes.toString('latin1'), /public[\s\S]*Scm[\s\S]*Moh/);
  });

  it('is closed while its service is stopped', async () => {
    await unit.gateway.device.services.command('Snmp', 'Stop');
    assert.equal(agent.address, '');
    await unit.gateway.device.services.command('Snmp', 'Start');
    assert.match(await ask('snmpget', V2, '1.3.6.1.2.1.1.5.0'), /STRING/);
  });
});

/** Object identifier of a variable, with its row. */
function oidOf({ device: { config, model } }: TestUnit, name: string): string {
  const path = config.pathOf(name) ?? '';
  const found = config.tree.find(path);
  const leaf = numberingOf(model).leaves.find(({ def }) => def === found?.def);
  if (!leaf || !found) throw new CwmpFault(9005, name);
  return [...leaf.oid, ...(leaf.depth === 0 ? [0] : found.instances)].join('.');
}

describe('numbers of the parameters', () => {
  it('are there for each, once', async () => {
    const model = await builtinModel('dgw');
    const { leaves } = numberingOf(model);
    const own = [...model.parameters.keys()].filter(path => !/^Device\.(Services|GatewayInfo)\./.test(path));
    assert.equal(new Set(leaves.map(({ oid }) => oid.join('.'))).size, own.length);
    assert.equal(
      leaves.find(({ def }) => def.script === 'Fpu.MfpUrl')?.oid.join('.'),
      '1.3.6.1.4.1.4935.1000.100.200.100.1300.1.450',
    );
  });
});
